#!/bin/sh
# Many names stand behind one address. Whatever way a program takes to it, HTTP in clear is heard only by the host that was
# judged, and the request is judged by itself.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v python3 >/dev/null || skip_all 'no python3'

# One address, and whoever is named in Host answers; what it heard is in a file.
cat >"$story/server.py" <<'P'
import http.server, socketserver, sys
class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        said = f'{self.headers["Host"]} {self.path}\n'
        with open(sys.argv[1], 'a') as heard: heard.write(said)
        self.send_response(200)
        self.send_header('Content-Length', str(len(said)))
        self.end_headers()
        self.wfile.write(said.encode())
    def log_message(self, *a): pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer): daemon_threads = True
s = Server(('127.0.0.1', 0), Web)
print(s.server_port, flush=True)
s.serve_forever()
P
# The agent: by each way, requests; the statuses and bodies that came.
cat >"$story/agent.py" <<'P'
import socket, sys
port, = map(int, sys.argv[1:])
def connect():
    s = socket.create_connection(('127.0.0.1', 7339))
    s.sendall(f'CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n'.encode())
    got = b''
    while not got.endswith(b'\r\n\r\n'): got += s.recv(1)
    return s
def socks():
    s = socket.create_connection(('127.0.0.1', 7339))
    s.sendall(b'\5\1\0')
    s.recv(2)
    s.sendall(b'\5\1\0\1\x7f\0\0\1' + port.to_bytes(2, 'big'))
    s.recv(10)
    return s
def direct(): return socket.create_connection(('127.0.0.1', port))
def get(path, host): return f'GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n'.encode()
own = f'127.0.0.1:{port}'
rows = {
    'its own': get('/own', own), 'another': get('/front', 'evil.test'), 'no port': get('/noport', '127.0.0.1'),
    'then another': get('/first', own) + get('/second', 'evil.test'),
    'of HTTP/1.0': b'GET /old HTTP/1.0\r\nHost: evil.test\r\n\r\n', 'of HTTP/0.9': b'GET http://evil.test/nine\r\n',
    'by bare LF': b'GET /lf HTTP/1.1\nHost: evil.test\n\n', 'behind an empty line': b'\r\n' + get('/line', 'evil.test'),
}
for way in connect, socks, direct:
    for what, said in rows.items():
        s, got = way(), b''
        try:
            s.sendall(said)
            while some := s.recv(4096): got += some
        except ConnectionError: pass
        print(way.__name__, what, got[9:12].decode() or 'cut off', got.count(b'HTTP/1.'), got.split(b'\r\n\r\n')[-1].decode().strip()[:90], flush=True)
P
mkfifo "$story/port"
python3 "$story/server.py" "$story/heard" >"$story/port" &
server=$!
trap 'kill $server; rm -rf "$story"' EXIT
read -r port <"$story/port"

for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$story/agent.py" "$h/work/"
	cat >"$h/etc/profile.json" <<J
{ "reeve": "profile/1", "extends": "$story/profiles/agent.json",
  "network": { "private": ["127.0.0.1/32"], "ports": [$port] } }
J
	cat >"$h/etc/policy.json" <<J
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "web", "then": "allow", "when": { "host": "127.0.0.1", "port": $port } } ] }
J
	: >"$story/heard"
	out=$(as "$uid" "$h" timeout 120 "$reeve" run --profile ../etc/profile.json --policy ../etc/policy.json -- python3 agent.py "$port" 2>&1)
	settled "$h"
	for way in connect socks direct; do
		says "uid $uid: $way: for whom was judged" "^$way its own 200 1 127.0.0.1:$port /own\$" "$out"
		says "uid $uid: $way: for another" "^$way another 400 1 .*Host does not say" "$out"
		says "uid $uid: $way: for another port" "^$way no port 400 1 .*Host does not say" "$out"
		says "uid $uid: $way: the second goes nowhere" "^$way then another 200 1 127.0.0.1:$port /first\$" "$out"
		says "uid $uid: $way: HTTP/1.0" "^$way of HTTP/1.0 400 " "$out"
		says "uid $uid: $way: HTTP/0.9" "^$way of HTTP/0.9 400 " "$out"
		says "uid $uid: $way: lines that end otherwise" "^$way by bare LF 400 1 " "$out"
		says "uid $uid: $way: a line before it" "^$way behind an empty line 400 1 " "$out"
	done
	equal "uid $uid: nobody else heard a word" '' "$(grep -v "^127.0.0.1:$port /own$\|^127.0.0.1:$port /first$" "$story/heard")"
	equal "uid $uid: who did, once" 6 "$(wc -l <"$story/heard" | tr -d ' ')"
	all=$(records "$h")
	says "uid $uid: the request has an intent of its own" '"kind":"intent".*"method":"GET".*"path":"/own"' "$all"
	says "uid $uid: what was refused afterwards says why" '"kind":"outcome".*"status":"refused".*"why":"Host does not say' "$all"
	equal "uid $uid: an outcome for each intent" "$(printf '%s\n' "$all" | grep -c '"kind":"intent"')" \
		"$(printf '%s\n' "$all" | grep -c '"kind":"outcome"')"
	holds "uid $uid: the ledger holds" verify "$h"
done
finish
