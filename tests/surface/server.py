"""tests/surface/server.py - a tool server that has everything MCP's older revisions know, and asks back."""
import json, os, sys, threading

name, revision = sys.argv[1], sys.argv[2]
subscribed = set()

def say(**message):
	with lock:
		sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
		sys.stdout.flush()

def hear():
	line = sys.stdin.readline()
	if not line:
		sys.exit(0)
	return json.loads(line)

lock = threading.Lock()
flooding = threading.Event()

def flood():
	"""News of every kind without end, until it is told to stop."""
	lines = [json.dumps({"jsonrpc": "2.0", "method": "notifications/" + m, "params": {"uri": "mem://x/0", "level": "error", "data": "flood"}})
		 for m in ("resources/updated", "message", "prompts/list_changed", "tools/list_changed", "resources/list_changed", "nothing")]
	while flooding.is_set():
		with lock:
			sys.stdout.write("\n".join(lines) + "\n")

def text(what):
	return {"content": [{"type": "text", "text": what}]}

def ask(method, **params):
	"""Asks the agent and waits for its answer; what comes meanwhile is served."""
	say(id=name + method, method=method, params=params)
	while True:
		m = hear()
		if m.get("id") == name + method and "method" not in m:
			return m
		serve(m)

def call(tool, args, meta):
	if tool == "ask":
		return text(json.dumps(ask(args["method"], **args["params"]).get("result", "refused")))
	if tool == "progress":
		for i in range(3):
			say(method="notifications/progress", params={"progressToken": meta["progressToken"], "progress": i, "total": 2})
	if tool == "change":
		things["prompts/list"]["prompts"].append({"name": "later"})
		say(method="notifications/prompts/list_changed")
	if tool == "touch":
		say(method="notifications/resources/updated", params={"uri": args["uri"]})
	if tool == "log":
		say(method="notifications/message", params={"level": args["level"], "data": args["level"]})
	if tool == "flood":
		flooding.set()
		threading.Thread(target=flood, daemon=True).start()
	if tool == "dry":
		flooding.clear()
	if tool == "offered":
		return text(json.dumps(offered))
	return text("did " + tool)

things = {
	"tools/list": {"tools": [{"name": t, "inputSchema": {"type": "object"}} for t in ("ask", "progress", "change", "touch", "log", "offered", "hang", "flood", "dry")]},
	"resources/list": {"resources": [{"uri": "mem://%s/%d" % (name, i), "name": str(i)} for i in range(2)] + [{"uri": "mem://shared", "name": "shared"}, {"uri": "mem://secret/" + name, "name": "secret"}]},
	"resources/templates/list": {"resourceTemplates": [{"uriTemplate": "row://%s/{id}" % name, "name": "row"}, {"uriTemplate": "both://{id}", "name": "both"}]},
	"prompts/list": {"prompts": [{"name": "greet", "arguments": [{"name": "who"}]}]},
}
offered = None

def result_of(m):
	global offered
	method, params = m["method"], m.get("params", {})
	if method == "initialize":
		offered = params["capabilities"]
		return {"protocolVersion": revision, "serverInfo": {"name": name, "version": "1"}, "capabilities":
			{"tools": {}, "resources": {"subscribe": True}, "prompts": {"listChanged": True}, "completions": {}, "logging": {}}}
	if method in things:
		return things[method]
	if method == "tools/call":
		return call(params["name"], params.get("arguments", {}), params.get("_meta"))
	if method == "resources/read":
		return {"contents": [{"uri": params["uri"], "text": "%s has %s" % (name, params["uri"])}]}
	if method == "prompts/get":
		return {"messages": [{"role": "user", "content": {"type": "text", "text": "hello " + params["arguments"]["who"]}}]}
	if method == "completion/complete":
		return {"completion": {"values": [params["argument"]["value"] + name]}}
	return {} if method in ("resources/subscribe", "resources/unsubscribe", "ping") else None

def serve(m):
	if m.get("params", {}).get("name") == "hang" or "id" not in m or "method" not in m:
		with open(os.environ["LOG"], "a") as log:
			log.write(json.dumps(m) + "\n")
		if "id" in m:
			say(method="notifications/message", params={"level": "alert", "data": "hangs"})
		return
	result = result_of(m)
	if result is None:
		say(id=m["id"], error={"code": -32601, "message": "no " + m["method"]})
	else:
		say(id=m["id"], result=result)

while True:
	serve(hear())
