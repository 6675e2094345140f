#!/usr/bin/env python3
"""tests/tools/remote.py - a remote MCP server over HTTP or HTTPS on loopback, honest and hostile by its path.

usage: remote.py PORTFILE LOG [CERT KEY]

Writes its port to PORTFILE when it listens, and a line for each request to LOG. Tools: echo {"text"}, headers {} (what
it was sent), ask {} (asks the client a ping on its GET stream before it answers), cut {} (ends its stream and goes on
when asked to resume). The path says how it misbehaves; see PATHS.
"""
import base64, json, ssl, sys, threading, time, queue, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

portfile, logfile = sys.argv[1], sys.argv[2]
sessions, streams, lock, resumed = {}, {}, threading.Lock(), {}
over = threading.Event()


def log(text):
    with lock, open(logfile, "a") as f:
        f.write(text + "\n")


TOOLS = ["echo", "headers", "ask", "cut", "redirect", "html", "huge", "long", "flood", "slow", "silent", "batch",
         "garbage", "newline", "twice", "other", "lost", "five", "empty", "split", "raw"]


ROUTED = {"name": "routed", "description": "says where to in headers", "inputSchema": {"type": "object", "properties": {
    "region": {"type": "string", "x-mcp-header": "Region"}, "note": {"type": "string", "x-mcp-header": "Note"},
    "at": {"type": "object", "properties": {"shard": {"type": "integer", "x-mcp-header": "Shard"},
                                            "dry": {"type": "boolean", "x-mcp-header": "Dry"}}}}}}
# Headers that cannot be: such tools are left out.
MISROUTED = [{"name": name, "inputSchema": {"type": "object", "properties": {"good": {"type": "string", "x-mcp-header": "Good"},
                                                                             "bad": {"type": type_, "x-mcp-header": header}}}}
             for name, type_, header in (("no-token", "string", "a b"), ("no-name", "string", ""), ("no-text", "string", 5),
                                         ("taken", "string", "gOOD"), ("fraction", "number", "N"), ("parts", "object", "O"))]


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self, body=b""):
        h = self.headers
        log(json.dumps({"method": self.command, "path": self.path, "headers": dict(h.items()),
                        "body": body.decode("utf-8", "replace")[:400]}))

    def answer(self, status, body=b"", kind=None, **more):
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def events(self, **more):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, message, ident=None, text=None):
        out = "id: %s\n" % ident if ident else ""
        for line in (text or json.dumps(message)).split("\n"):
            out += "data: " + line + "\n"
        self.wfile.write((out + "\n").encode())
        self.wfile.flush()

    def do_DELETE(self):
        self.note()
        self.answer(200)

    def do_GET(self):
        self.note()
        last = self.headers.get("Last-Event-ID")
        if last and last in resumed:
            self.events()
            self.event({"jsonrpc": "2.0", "id": resumed[last], "result": {"content": [
                {"type": "text", "text": "resumed after " + last}]}})
            return
        if not self.path.startswith("/events"):
            self.answer(405)
            return
        self.events()
        q = streams.setdefault(self.headers.get("Mcp-Session-Id", ""), queue.Queue())
        while True:
            item = q.get()
            self.event(item, "s1")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.note(body)
        message = json.loads(body)
        if "method" not in message or "id" not in message:
            if message.get("result") is not None and message.get("id") == "asked":
                for q in sessions.values():
                    q.put(message)
            self.answer(202)
            return
        method, ident, params = message["method"], message["id"], message.get("params", {})
        if self.path.startswith("/modern") and not self.is_modern(method, ident, params):
            return
        if method == "initialize":
            self.initialize(ident, params)
        elif method == "tools/list":
            self.result(ident, {"tools": [{"name": t, "description": t, "inputSchema": {"type": "object"}}
                                          for t in TOOLS] + MISROUTED + [ROUTED]})
        elif method == "tools/call":
            self.call(ident, params["name"], params.get("arguments", {}))
        elif method == "server/discover" and self.path.startswith("/modern"):
            self.result(ident, {"resultType": "complete", "supportedVersions": ["2026-07-28"],
                                "capabilities": {"tools": {}}, "serverInfo": {"name": "remote", "version": "1"},
                                "ttlMs": 0, "cacheScope": "private"})
        else:
            self.reply({"jsonrpc": "2.0", "id": ident, "error": {"code": -32601, "message": "no such method"}})

    def is_modern(self, method, ident, params):
        """2026-07-28: no session, and what the headers say is what the body says."""
        h, version = self.headers, params.get("_meta", {}).get("io.modelcontextprotocol/protocolVersion")
        name = params.get("name", params.get("uri")) if method in ("tools/call", "prompts/get", "resources/read") else None
        said = h.get("Mcp-Name")
        if said and said.startswith("=?base64?"):
            said = base64.b64decode(said[9:-2]).decode()
        if h.get("Mcp-Session-Id") or not version or h.get("MCP-Protocol-Version") != version or \
                h.get("Mcp-Method") != method or said != name:
            self.answer(400, json.dumps({"jsonrpc": "2.0", "id": ident, "error": {
                "code": -32020, "message": "headers and body differ"}}).encode(), "application/json")
            return False
        return True

    def initialize(self, ident, params):
        result = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                  "serverInfo": {"name": "remote", "version": "1"}}
        session = "session-%d" % (len(sessions) + 1)
        sessions[session] = queue.Queue()
        if self.path.startswith("/redirect"):
            self.answer(307, Location="https://localhost:1/elsewhere")
        elif self.path.startswith("/bad-session"):
            self.reply({"jsonrpc": "2.0", "id": ident, "result": result}, Mcp_Session_Id="a\tb")
        else:
            self.reply({"jsonrpc": "2.0", "id": ident, "result": result}, Mcp_Session_Id=session)

    def reply(self, message, **more):
        if self.path.startswith("/events"):
            self.events(**more)
            self.event(message)
        else:
            self.answer(200, json.dumps(message).encode(), "application/json", **more)

    def result(self, ident, result):
        if self.path.startswith("/modern"):
            result = dict({"resultType": "complete"}, **result)
        self.reply({"jsonrpc": "2.0", "id": ident, "result": result})

    def text(self, ident, text):
        self.result(ident, {"content": [{"type": "text", "text": text}]})

    def call(self, ident, name, args):
        good = {"jsonrpc": "2.0", "id": ident, "result": {"content": [{"type": "text", "text": "late"}]}}
        if name == "echo":
            self.text(ident, args.get("text", ""))
        elif name == "headers":
            self.text(ident, json.dumps(dict(self.headers.items())))
        elif name == "routed":
            self.text(ident, " ".join("%s=%s" % (n, self.headers.get("Mcp-Param-" + n, "-"))
                                      for n in ("Region", "Note", "Shard", "Dry", "Missing")))
        elif name == "raw":
            self.result(ident, args.get("result"))
        elif name == "ask":
            streams.setdefault(self.headers.get("Mcp-Session-Id", ""), queue.Queue()).put(
                {"jsonrpc": "2.0", "id": "asked", "method": "ping"})
            answer = sessions[self.headers["Mcp-Session-Id"]].get(timeout=20)
            self.text(ident, "the client answered " + json.dumps(answer["result"]))
        elif name == "cut":
            resumed["e7"] = ident
            self.events()
            self.wfile.write(b"id: e7\nretry: 10\ndata:\n\n")
        elif name == "redirect":
            self.answer(302, Location="http://169.254.169.254/\x1b[2J")
        elif name == "html":
            self.answer(200, b"<html>hello</html>", "text/html")
        elif name == "huge":  # more than 16 MiB in events that are each small enough
            self.events()
            note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {
                "level": "info", "data": "x" * 1000000}}
            for _ in range(20):
                self.event(note)
            self.event(good)
        elif name == "long":  # one message over 4 MiB
            self.result(ident, {"content": [{"type": "text", "text": "x" * (5 << 20)}]})
        elif name == "flood":
            self.events()
            for i in range(3000):
                self.wfile.write(b": nothing\n\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/flood\"}\n\n")
            self.event(good)
        elif name == "slow":  # headers, and then a byte now and then, until nobody listens
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "100000")
            self.end_headers()
            try:
                while not over.wait(0.05):
                    self.wfile.write(b" ")
                    self.wfile.flush()
            except OSError:
                log('{"slow":"was hung up on"}')
            self.close_connection = True
        elif name == "silent":
            over.wait(60)
        elif name == "batch":
            self.answer(200, json.dumps([good]).encode(), "application/json")
        elif name == "garbage":
            self.answer(200, b'{"jsonrpc":"2.0","id":1,"id":2}', "application/json")
        elif name == "newline":  # several data lines: one message
            self.events()
            self.event(None, text=json.dumps(good, indent=1))
        elif name == "twice":
            self.events()
            self.event(good)
            self.event(good)
        elif name == "other":
            self.answer(200, json.dumps(dict(good, id=987654)).encode(), "application/json")
        elif name == "lost":
            self.answer(404, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}',
                        "application/json")
        elif name == "five":
            self.answer(500, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"out of \\u001b[31mpaper"}}',
                        "application/json")
        elif name == "empty":
            self.events()
        elif name == "split":  # a bare CR, a folded line and a NUL in headers
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\rX: y\r\n folded\r\n"
                             b"Mcp-Session-Id: evil\x00\r\nContent-Length: 2\r\n\r\n{}")
            self.close_connection = True


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
server.daemon_threads = True
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(portfile + ".new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(portfile + ".new", portfile)
server.serve_forever()
