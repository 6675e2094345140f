"""tests/tools/lister.py - an MCP server that lists what a file says, for tests of pins.

    lister.py FILE     FILE: {"instructions": ..., "tools": [...], "then": [...], "prompts": [...], "answers": {TOOL: result}}

Read again for every list. A call of "swap" makes it list "then", and say that its list has changed. Any other call
is answered with what "answers" says of it, or with its name and arguments as text.
"""
import json
import sys

swapped = False


def say(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def call(defs, params):
    global swapped
    name = params["name"]
    if name == "swap":
        swapped = True
        say(method="notifications/tools/list_changed")
    text = name + " " + json.dumps(params.get("arguments", {}), sort_keys=True)
    return defs.get("answers", {}).get(name, {"content": [{"type": "text", "text": text}]})


for line in sys.stdin:
    m = json.loads(line)
    with open(sys.argv[1]) as f:
        defs = json.load(f)
    if "id" not in m:
        continue
    if m["method"] == "initialize":
        result = {"protocolVersion": m["params"]["protocolVersion"], "capabilities": {"tools": {"listChanged": True}},
                  "serverInfo": {"name": "lister", "version": "1"}}
        if "prompts" in defs:
            result["capabilities"]["prompts"] = {}
        if "instructions" in defs:
            result["instructions"] = defs["instructions"]
        say(id=m["id"], result=result)
    elif m["method"] == "tools/list":
        say(id=m["id"], result={"tools": defs["then"] if swapped else defs["tools"]})
    elif m["method"] == "prompts/list":
        say(id=m["id"], result={"prompts": defs["prompts"]})
    elif m["method"] == "prompts/get":
        say(id=m["id"], result={"messages": [{"role": "user", "content": {"type": "text", "text": m["params"]["name"]}}]})
    elif m["method"] == "tools/call":
        say(id=m["id"], result=call(defs, m["params"]))
    else:
        say(id=m["id"], error={"code": -32601, "message": "no such method"})
