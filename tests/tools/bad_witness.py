"""bad_witness.py FILE - a witness on a free port of 127.0.0.1, written to standard output, that answers as the first line of FILE says.
"pass HOST:PORT": what a witness there does, and a signature is kept in FILE.answer; "file": what is in FILE.answer."""
import http.client, http.server, sys, threading

PQ = "— witness.example/3 " + "qqqq" * 811 + "\n"  # as ML-DSA-44 would sign: 4 + 8 + 2420 bytes
# What comes once, and what comes again and again until nobody listens any more.
ENDLESS = {
    "heads": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 1000), "line": (b"HTTP/1.1 200 OK\r\nX: ", b"a" * 65536),
    "early": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" * 1000),
    "extension": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a" * 65536),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", b"X-A: b\r\n" * 1000),
    "squeezed": (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"\0" * 4096 + b"\r\n"),
}
LINE = "— witness.example/1 " + "A" * 104 + "\n"


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def endless(self, once, again):
        self.close_connection = True
        self.wfile.write(once)
        try:
            while True:
                self.wfile.write(again)
        except OSError:
            pass

    def do_POST(self):
        mode = open(sys.argv[1]).readline().strip()
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        old = int(body.split("\n")[0].split()[1])
        if mode == "hang":
            threading.Event().wait()
        if mode in ENDLESS:
            return self.endless(*ENDLESS[mode])
        if mode.startswith("pass "):
            there = http.client.HTTPConnection(mode[5:], timeout=9)
            there.request("POST", self.path, body.encode())
            answer = there.getresponse()
            status, text = answer.status, answer.read().decode()
            if status == 200:
                text = PQ + text + PQ
                open(sys.argv[1] + ".answer", "w").write(text)
        elif mode == "file":
            status, text = 200, open(sys.argv[1] + ".answer").read()
        else:
            status, text = self.canned(mode, body, old)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        data = text.encode()
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    @staticmethod
    def canned(mode, body, old):
        return {
            "nothing": (200, ""), "forged": (200, LINE), "text": (200, "yes\n"), "huge": (200, LINE * 1000),
            "echo": (200, body.split("\n\n", 1)[1]), "unknown": (404, ""), "other-key": (403, ""), "no": (422, ""),
            "size": (409, f"{old + 1}\n"), "same": (409, f"{old}\n"), "ahead": (409, "1000000\n"), "word": (409, "many\n"),
            "wrap": (409, "99999999999999999999999\n"), "away": (302, ""), "error": (500, ""),
        }[mode]


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
