"""An agent that says what is in a file, line by line, and waits for the answer to each that wants one.

era_agent.py SOCKET LINES OUT: a line "@" begins another connection; in a line, @STATE@ is the requestState of the
answer before, %ENV% the envelope of the newer era. What the server asks is answered with what stands behind "< METHOD ".
"""
import json
import socket
import sys

ENVELOPE = ('"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",'
            '"io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}')
replies, state, conversation = {}, "", None


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    return s.makefile("rw", encoding="utf-8", newline="\n")


def hear(out):
    """Up to the answer; questions on the way are answered."""
    global state
    while True:
        line = conversation.readline()
        out.write(line)
        if not line:
            return
        heard = json.loads(line)
        if "method" in heard and "id" in heard:
            conversation.write(json.dumps({"jsonrpc": "2.0", "id": heard["id"], "result": replies[heard["method"]]}) + "\n")
            conversation.flush()
        elif "id" in heard:
            state = heard.get("result", {}).get("requestState", state)
            return


with open(sys.argv[2], encoding="utf-8") as lines, open(sys.argv[3], "w", encoding="utf-8") as told:
    conversation = connect()
    for each in lines.read().splitlines():
        if each == "@":
            conversation = connect()
        elif each.startswith("< "):
            _, method, result = each.split(" ", 2)
            replies[method] = json.loads(result)
        else:
            conversation.write(each.replace("%ENV%", ENVELOPE).replace("@STATE@", json.dumps(state)[1:-1]) + "\n")
            conversation.flush()
            if '"id"' in each:
                hear(told)
