#!/usr/bin/python3
"""tests/hostile/showy.py - a tool server whose words hide or act: in results, errors, lists, logs and questions.

"show" {"text": T} gives T back in every part of a result; "error" as an error's message; "log" as a message, "ask" as
a question to the agent's user; "long" {"size": N} a text, "image" {"size": N} data; "link" {"uri": U} a link.
"""
import json, sys

def say(message):
	sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
	sys.stdout.flush()

BAD = "a\u202eb\x1b[31mc\U000e0041\u200b"
def text(words):
	return {"type": "text", "text": words}

for line in sys.stdin:
	message = json.loads(line)
	method, id, params = message.get("method"), message.get("id"), message.get("params", {})
	args, name = params.get("arguments", {}), params.get("name")
	if method == "initialize":
		say({"id": id, "result": {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}, "logging": {}}, "serverInfo": {"name": "showy", "version": "1"}}})
	elif method == "tools/list":
		say({"id": id, "result": {"tools": [{"name": n, "description": "d " + BAD, "title": BAD, "inputSchema": {"type": "object", "description": BAD}}
			for n in ("show", "error", "log", "ask", "long", "image", "link", "structure")]}})
	elif method != "tools/call":
		if id is not None and method:
			say({"id": id, "result": {}})
	elif name == "show":
		say({"id": id, "result": {"content": [text(args["text"])], "structuredContent": {"k" + args["text"]: [args["text"]]}, "_meta": {"m/n": args["text"]}}})
	elif name == "error":
		say({"id": id, "error": {"code": -32050, "message": args["text"], "data": args["text"]}})
	elif name == "log":
		say({"method": "notifications/message", "params": {"level": "error", "logger": "l", "data": {"d": args["text"]}}})
		say({"method": "notifications/progress", "params": {"progressToken": params.get("_meta", {}).get("progressToken"), "progress": 1, "message": args["text"]}})
		say({"id": id, "result": {"content": []}})
	elif name == "ask":
		say({"id": 7, "method": "elicitation/create", "params": {"message": args["text"], "requestedSchema": {"type": "object", "properties": {}}}})
		say({"id": id, "result": {"content": []}})
	elif name == "long":
		say({"id": id, "result": {"content": [text(args.get("of", "x") * args["size"]), text("end")]}})
	elif name == "image":
		say({"id": id, "result": {"content": [{"type": "image", "mimeType": "image/png", "data": "A" * args["size"]}]}})
	elif name == "structure":
		say({"id": id, "result": {"content": [text("see")], "structuredContent": {"a": "x" * args["size"]}}})
	elif name == "link":
		say({"id": id, "result": {"content": [{"type": "resource_link", "uri": args["uri"], "name": "n"}]}})
