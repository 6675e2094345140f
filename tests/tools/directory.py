"""directory.py - a tool server of a helpdesk over stdio, for tests: what it is told to do it writes to the file DONE."""
import json
import os
import sys

TOOLS = ["get_user", "reset_password", "assign_license", "assign_role", "update_user", "echo"]


def answer(m):
    if m["method"] == "initialize":
        return {"protocolVersion": m["params"]["protocolVersion"], "capabilities": {"tools": {}},
                "serverInfo": {"name": "directory", "version": "1"}}
    if m["method"] == "tools/list":
        return {"tools": [{"name": name, "description": name, "inputSchema": {"type": "object"}} for name in TOOLS]}
    if m["method"] == "tools/call":
        with open(os.environ["DONE"], "a") as done:
            done.write(m["params"]["name"] + " " + json.dumps(m["params"].get("arguments", {}), sort_keys=True) + "\n")
        return {"content": [{"type": "text", "text": "done: " + m["params"]["name"]}]}
    return {}


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message and "method" in message:
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": answer(message)}), flush=True)
