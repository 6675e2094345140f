"""A small MCP server of the newer era, or one that is odd about eras: era_server.py MODE.

modern   speaks 2026-07-28 alone        silent   never answers what it does not know, and greets
dies     ends at what it does not know  late     answers server/discover only when it is asked to greet
foreign  speaks a revision of the future
asker    of the older era; its tool form asks its client, and early has done before it is answered
"""
import json
import sys

MODE = sys.argv[1]
META = "io.modelcontextprotocol/"
FORM = {"method": "elicitation/create", "params": {"message": "who?", "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}}}}
STATE = "\u202e\x1b[31m\U000e0041s/\"\\\u00e9 \u2028 {\"x\":1} =?base64?Zm8=?="
late = []
waiting = []


def say(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def text(words, **more):
    return {"content": [{"type": "text", "text": words}], **more}


def ask(params, requests, state=STATE):
    given = params.get("inputResponses")
    if given is None:
        return {"resultType": "input_required", "inputRequests": requests, "requestState": state}
    return text(json.dumps([given, params.get("requestState") == state]), resultType="complete")


TOOLS = {
    "echo": lambda p: text(json.dumps(p["_meta"], sort_keys=True), resultType="complete"),
    "form": lambda p: ask(p, {"who": FORM}),
    "sample": lambda p: ask(p, {"m": {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}}}),
    "shell": lambda p: ask(p, {"m": {"method": "tools/call", "params": {"name": "x"}}}),
    "odd": lambda p: {"resultType": "perhaps", "content": []},
    "again": lambda p: {"resultType": "input_required", "requestState": "more"},
    "plain": lambda p: text("no type"),
}


def tools():
    return [{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]


def modern(message):
    params, method = message.get("params", {}), message["method"]
    meta = params.get("_meta", {})
    if meta.get(META + "protocolVersion") != "2026-07-28" or META + "clientCapabilities" not in meta:
        return {"error": {"code": -32602, "message": "no envelope"}}
    if method == "server/discover":
        versions = ["2030-01-01"] if MODE == "foreign" else ["2026-07-28"]
        return {"result": {"supportedVersions": versions, "capabilities": {"tools": {}}, "resultType": "complete", "ttlMs": 0, "cacheScope": "public"}}
    if method == "tools/list":
        return {"result": {"tools": tools(), "resultType": "complete", "ttlMs": 60000, "cacheScope": "public"}}
    if method == "tools/call":
        return {"result": TOOLS[params["name"]](params)}
    return {"error": {"code": -32601, "message": "no such method"}}


def older(message):
    method = message["method"]
    if method == "initialize":
        return {"result": {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "old", "version": "1"}}}
    if method == "tools/list":
        return {"result": {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in ("echo", "form", "early")]}}
    if method == "tools/call" and MODE == "asker" and message["params"]["name"] != "echo":
        waiting.append(message["id"])
        say({"id": "q%d" % len(waiting), **FORM})
        return {"result": text("done without it")} if message["params"]["name"] == "early" else None
    if method == "tools/call":
        return {"result": text("from the older era")}
    if MODE == "dies":
        sys.exit(3)
    return None


def answer(message):
    if MODE in ("modern", "foreign"):
        return modern(message)
    if MODE != "late":
        return older(message)
    if message["method"] == "server/discover" and not late:
        late.append(message)
        return None
    if message["method"] == "initialize":
        say({"id": late[0]["id"], **modern(late[0])})
    return modern(message)


for line in sys.stdin:
    heard = json.loads(line)
    if "method" not in heard:
        say({"id": waiting[int(heard["id"][1:]) - 1], "result": text(json.dumps(heard, sort_keys=True))})
    if "id" in heard and "method" in heard:
        said = answer(heard)
        if said:
            say({"id": heard["id"], **said})
