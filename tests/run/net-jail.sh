#!/bin/sh
# What a jail is told of the network and may reach by it: a service of this machine that the profile names, by every
# way; nothing of it where the profile, the project's file or the operator does not want it.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'

# A service on our loopback, by TCP and by a socket: it says one line and hangs up.
cat >"$story/service.py" <<'P'
import os, socket, sys, threading
def serve(s):
	while True:
		c, _ = s.accept()
		if s.family == socket.AF_INET: c.recv(4096)
		c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n"); c.close()
tcp = socket.create_server(("127.0.0.1", 0)); unix = socket.socket(socket.AF_UNIX)
unix.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o666); unix.listen()
threading.Thread(target=serve, args=(unix,), daemon=True).start()
print(tcp.getsockname()[1], flush=True); serve(tcp)
P
mkfifo "$story/told"
mkdir -m 755 "$story/service"
python3 "$story/service.py" "$story/service/s.sock" >"$story/told" &
service=$!
trap 'kill $service; rm -rf "$story"' EXIT
read -r port <"$story/told"

# Each way to it, a line each: the way, and what came of it.
cat >"$story/ways.py" <<'P'
import os, socket, sys, urllib.request
host, port, path = "127.0.0.1", int(sys.argv[1]), sys.argv[2]
def word(f):
	try: return "hello" if b"hello" in f() else "nothing"
	except OSError as e: return os.strerror(e.errno) if e.errno else str(e)
def direct(at, family=socket.AF_INET):
	s = socket.socket(family); s.settimeout(20); s.connect(at)
	s.sendall(b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % (b"x" if family == socket.AF_UNIX else b"%s:%d" % (at[0].encode(), at[1])))
	return b"".join(iter(lambda: s.recv(4096), b""))
def proxied():
	open_ = urllib.request.build_opener(urllib.request.ProxyHandler({"http": os.environ.get("http_proxy", "")}))
	return open_.open("http://%s:%d/" % (host, port), timeout=20).read()
def udp():
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20); s.connect(("203.0.113.1", 443)); s.send(b"?"); return s.recv(9)
print("direct:", word(lambda: direct((host, port))))
print("elsewhere:", word(lambda: direct(("203.0.113.1", port))))
print("other port:", word(lambda: direct(("203.0.113.1", 81))))
print("proxied:", word(proxied))
print("unix:", word(lambda: direct(path, socket.AF_UNIX)))
print("udp:", word(udp))
P
try() { as "$uid" "$h" timeout 120 "$reeve" run --profile ../etc/profile.json --policy ../etc/policy.json "$@" 2>"$room/stderr"; }
gives() { says "uid $uid: $1" "$2" "$told"; }

for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$story/ways.py" "$h/work/"
	echo sesame >"$h/etc/key" && chown "$uid" "$h/etc/key" && chmod 600 "$h/etc/key"
	cat >"$h/etc/profile.json" <<J
{ "reeve": "profile/1", "extends": "agent", "network": {
  "ports": [$port], "private": { "127.0.0.1": "the service" }, "unix": ["$story/service/s.sock"] } }
J
	cat >"$h/etc/policy.json" <<J
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "service", "then": "allow", "when": { "host": "127.0.0.1", "port": $port } },
  { "id": "socket", "then": "allow", "when": { "scheme": "unix", "path": "$story/service/s.sock" } } ] }
J
	chmod -R a+rX "$h/etc/profile.json" "$h/etc/policy.json"
	told=$(try -- python3 ways.py "$port" "$story/service/s.sock")
	gives 'a port of an address, by who knows no proxy' '^direct: hello$'
	gives 'another address is not allowed' '^elsewhere: (Connection reset by peer|nothing)$'
	gives 'a port that is not heard is refused' '^other port: Connection refused$'
	gives 'by the proxy' '^proxied: hello$'
	gives 'by a socket of the host' '^unix: hello$'
	gives 'QUIC is refused, so that programs fall back' '^udp: Connection refused$'
	records "$h" >"$room/all"
	says "uid $uid: the ledger tells of the socket" "\"kind\":\"intent\".*\"resource\":\"$story/service/s.sock\"|\"resource\":\"$story/service/s.sock\".*" "$(grep net.connect "$room/all")"
	says "uid $uid: and of what was refused" '"host":"203.0.113.1"' "$(grep '"kind":"refusal"' "$room/all")"

	told=$(try -- sh -c 'env | sort; cat /etc/resolv.conf; grep localhost /etc/hosts')
	gives 'programs are told of the proxy' '^https_proxy=http://127.0.0.1:7339$'
	gives 'and of what is near' '^NO_PROXY=localhost,127.0.0.1,::1$'
	gives 'names are asked of reeve' '^nameserver 127.0.0.1$'
	equal "uid $uid: and of nobody else" 1 "$(printf '%s\n' "$told" | grep -c ^nameserver)"

	mkdir -p "$h/work/.reeve"
	echo '{ "reeve": "profile/1", "network": false }' >"$h/work/.reeve/profile.json"
	told=$(try -- python3 ways.py "$port" "$story/service/s.sock")
	gives 'the project may take the network away' '^elsewhere: Network is unreachable$'
	gives 'and with it the socket' '^unix: No such file or directory$'
	echo '{ "reeve": "profile/1", "network": true }' >"$h/work/.reeve/profile.json"
	fails "uid $uid: but not give it" 2 try -- true
	rm -r "$h/work/.reeve"

	sed -i 's|"reeve": "profile/1"|&, "environment": { "pass": ["HTTPS_PROXY"] }|' "$h/etc/profile.json"
	fails "uid $uid: whoever sets a proxy himself hears that" 2 try -- true
	says "uid $uid: with its place" "profile.json:1:[0-9]+: HTTPS_PROXY is reeve's own" "$(cat "$room/stderr")"

	# What is used for the agent is not the agent's to read, nor is the file it lies in.
	cat >"$h/etc/profile.json" <<J
{ "reeve": "profile/1", "extends": "agent", "read": ["$h/etc"], "network": { "inspect": ["api.test"],
  "credentials": [{ "name": "key", "host": "api.test", "variable": "API_KEY", "file": "$h/etc/key" }] } }
J
	fails "uid $uid: no jail holds the file of a credential" 2 try -- true
	says "uid $uid: and it is said why" 'none may hold ledgers and keys, the file of a secret or' "$(cat "$room/stderr")"

	echo '{ "reeve": "profile/1", "extends": "agent" }' >"$h/etc/profile.json"
	told=$(try -- sh -c "env; ls /etc/resolv.conf; python3 ways.py $port /s")
	silent "uid $uid: without it nobody is told of a proxy" '_(PROXY|proxy)=' "$told"
	gives 'and nothing is reached' '^elsewhere: Network is unreachable$'
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
