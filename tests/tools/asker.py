"""asker.py CALL... - an agent for tests: makes each call ({"name", "arguments", "_meta"}) and prints what it is told.

Each call has a progress token. A line of output is "progress TEXT", or "answer TEXT", "error TEXT". With "cancel" in
place of a call the one before is not waited for, but cancelled once there was progress.
"""
import json
import os
import socket
import sys

sock = socket.socket(socket.AF_UNIX)
sock.connect(os.environ["REEVE_SOCKET"])
lines = sock.makefile("r")


def send(**message):
    sock.sendall((json.dumps({"jsonrpc": "2.0", **message}) + "\n").encode())


def hear(number, cancels):
    while True:
        line = lines.readline()
        if not line:
            sys.exit("the broker hung up")
        m = json.loads(line)
        if m.get("method") == "notifications/progress":
            print("progress", m["params"].get("message", ""), flush=True)
            if cancels:
                send(method="notifications/cancelled", params={"requestId": number})
                return {}
        if m.get("id") == number:
            return m


def ask(number, call, cancels):
    call.setdefault("_meta", {})["progressToken"] = "p%d" % number
    send(id=number, method="tools/call", params=call)
    m = hear(number, cancels)
    if cancels:
        print("cancelled", flush=True)
    elif "error" in m:
        print("error", m["error"]["message"], flush=True)
    else:
        print("error" if m["result"].get("isError") else "answer", m["result"]["content"][0]["text"], flush=True)


send(id=0, method="initialize", params={"protocolVersion": "2025-06-18", "capabilities": {},
                                        "clientInfo": {"name": "asker", "version": "1"}})
hear(0, False)
send(method="notifications/initialized")
words = sys.argv[1:]
for i, word in enumerate(words):
    if word != "cancel":
        ask(i + 1, json.loads(word), words[i + 1:i + 2] == ["cancel"])
