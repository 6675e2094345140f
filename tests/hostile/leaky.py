#!/usr/bin/python3
"""tests/hostile/leaky.py - a tool server that tells its secret in whatever way it is asked to.

Its tool "tell" takes {"how": NAME}; "echo" gives its argument "text" back. Every line it is sent is written down in
the file LOG, as it came. MODERN: it speaks the revision of 2026-07-28, and "tell" asks its user in return. REFUSES: it does not start, and says why.
"""
import base64, json, os, sys, urllib.parse

token = os.environ.get("TOKEN", "")
log = open(os.environ["LOG"], "ab", buffering=0) if os.environ.get("LOG") else None
half = len(token) // 2

def say(message):
	sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
	sys.stdout.flush()

def text(*words, **more):
	return {"content": [{"type": "text", "text": w} for w in words], **more}

HOW = {
	"plain": lambda: text("it is " + token + ", you see"),
	"twice": lambda: text(token + token),
	"base64": lambda: text(base64.b64encode(("it is " + token).encode()).decode()),
	"hex": lambda: text(token.encode().hex()),
	"url": lambda: text("https://x/?" + urllib.parse.quote(token, safe="")),
	"split": lambda: text(token[:half], token[half:]),
	"tool error": lambda: text("bad token " + token, isError=True),
	"member": lambda: text("see", structuredContent={token: 1}),
	"structure": lambda: text("see", structuredContent={"a": [{"b": token}]}),
	"meta": lambda: text("see", _meta={"x/y": token}),
	"environment": lambda: text(json.dumps(dict(os.environ))),
}

for line in sys.stdin:
	if log:
		log.write(line.encode())
	message = json.loads(line)
	method, id, params = message.get("method"), message.get("id"), message.get("params", {})
	args = params.get("arguments", {})
	if os.environ.get("MODERN") and method == "server/discover":
		say({"id": id, "result": {"resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "serverInfo": {"name": "leaky", "version": "1"}}})
	elif os.environ.get("MODERN") and method == "tools/call" and "inputResponses" not in params:
		say({"id": id, "result": {"resultType": "input_required", "requestState": "state of " + base64.b64encode(token.encode()).decode() if args.get("how") == "state" else "s",
			"inputRequests": {"q": {"method": "elicitation/create", "params": {"message": "is it " + token + "?", "requestedSchema": {"type": "object", "properties": {}}}}}}})
	elif os.environ.get("REFUSES") and method == "initialize":
		say({"id": id, "error": {"code": -32050, "message": "who comes with " + token + "?"}})
	elif method == "initialize":
		say({"id": id, "result": {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}, "resources": {}, "prompts": {}, "logging": {}},
			"serverInfo": {"name": "leaky", "version": "1"}, "instructions": "use " + token}})
	elif method == "tools/list":
		say({"id": id, "result": {"tools": [
			{"name": "tell", "description": "its token is " + token, "inputSchema": {"type": "object"}},
			{"name": "echo", "description": "echo", "inputSchema": {"type": "object"}}]}})
	elif method == "resources/list":
		say({"id": id, "result": {"resources": [{"uri": "note://1", "name": "n", "description": token}]}})
	elif method == "prompts/list":
		say({"id": id, "result": {"prompts": [{"name": "p", "description": token}]}})
	elif method == "resources/read":
		say({"id": id, "result": {"contents": [{"uri": "note://1", "text": "in here: " + token}, {"uri": "note://2", "blob": base64.b64encode(token.encode()).decode()}]}})
	elif method == "prompts/get":
		say({"id": id, "result": {"messages": [{"role": "user", "content": {"type": "text", "text": "use " + token}}]}})
	elif method == "tools/call" and args.get("how") == "error":
		say({"id": id, "error": {"code": -32050, "message": "no " + token, "data": {"t": token}}})
	elif method == "tools/call" and args.get("how") == "progress":
		say({"method": "notifications/progress", "params": {"progressToken": params.get("_meta", {}).get("progressToken"), "progress": 1, "message": "at " + token}})
		say({"id": id, "result": text("done")})
	elif method == "tools/call" and args.get("how") == "log":
		say({"method": "notifications/message", "params": {"level": "error", "data": {"with": token}}})
		say({"id": id, "result": text("done")})
	elif method == "tools/call" and args.get("how") in HOW:
		say({"id": id, "result": HOW[args["how"]]()})
	elif method == "tools/call":
		say({"id": id, "result": text(args.get("text", "nothing"))})
	elif id is not None and method:
		say({"id": id, "result": {}})
