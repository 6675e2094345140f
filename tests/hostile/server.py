#!/usr/bin/python3
"""tests/hostile/server.py - a tool server that misbehaves as it is asked to.

Its tool "do" takes {"act": NAME} and does what server_acts.py says of NAME; "echo" gives its argument
"text" back; "hang" never answers. Every line it is sent is written down in the file LOG, as it came. START names
a row of server_starts.py that it follows from the beginning.
"""
import json, os, sys
import server_acts, server_starts

log = open(os.environ["LOG"], "ab", buffering=0) if os.environ.get("LOG") else None
out = sys.stdout.buffer

def say(*lines):
	for line in lines:
		out.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
	out.flush()

def answer(id, **result):
	return {"jsonrpc": "2.0", "id": id, "result": result}

def text(id, words):
	return answer(id, content=[{"type": "text", "text": words}])

TOOLS = [{"name": name, "description": name, "inputSchema": {"type": "object"}} for name in ("do", "echo", "hang", "mark", "no")]

first, lists, *_ = server_starts.STARTS.get(server_starts.NAMES.get(os.environ.get("START")), (None, None))

for line in sys.stdin.buffer:
	if log:
		log.write(line)
	message = json.loads(line)
	method, id, params = message.get("method"), message.get("id"), message.get("params", {})
	if method == "initialize" and first:
		say({"jsonrpc": "2.0", "id": id, **first})
	elif method == "tools/list" and lists:
		say({"jsonrpc": "2.0", "id": id, **lists(params.get("cursor"))})
	elif method == "initialize":
		say(answer(id, protocolVersion=params["protocolVersion"], capabilities={"tools": {"listChanged": True}}, serverInfo={"name": "hostile", "version": "1"}))
	elif method == "tools/list":
		say(answer(id, tools=TOOLS))
	elif method == "tools/call" and params["name"] == "do":
		say(*server_acts.ACTS[params["arguments"]["act"]](id))
	elif method == "tools/call" and params["name"] != "hang":
		say(text(id, params.get("arguments", {}).get("text", params["name"])))
	elif id is not None and method and method != "tools/call":
		say({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "no"}})
