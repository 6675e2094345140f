#!/bin/sh
# As a container's entrypoint, with a network: there is none of the jail's own, so its init stops what reaches out, and
# real programs that know a proxy, and those that know none, are judged by the same rules.
. "$(dirname "$0")/../world-lib.sh"
world_enter "$0"
. "$(dirname "$0")/../lib.sh"
world_begin
echo 'hello from www' >"$world/www/hello.txt"
world_nginx || skip_all 'nginx is missing: contrib/need check installs it as root'
pid1=--pid1
[ "$(id -u)" = 0 ] || pid1=
bare='env -u HTTP_PROXY -u HTTPS_PROXY -u ALL_PROXY -u http_proxy -u https_proxy -u all_proxy'
for uid in $(each_user); do
	h=$room/home$uid seen=0
	home "$h" "$uid"
	world_forget
	cp "$world/ca.pem" "$h/work/"
	echo '{ "reeve": "profile/1", "extends": "entrypoint", "network": { "ports": [80, 443], "udp": [9999] } }' \
		>"$h/etc/profile.json"
	cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "web", "then": "allow", "when": { "host": ["www.test", "private.test", "meta.test"], "port": [80, 443] } },
  { "id": "packets", "then": "allow", "when": { "host": "www.test", "port": 9999, "scheme": "udp" } } ] }
J
	contain() {
		cd "$h/work" || exit 99
		# shellcheck disable=SC2086
		exec env -i HOME="$h" PATH="$room/bin:$PATH" LANG=C.UTF-8 XDG_STATE_HOME="$h/state" XDG_RUNTIME_DIR="$h/run" \
			XDG_CONFIG_HOME="$h/config" "$room/bin/docker_like" $pid1 --user "$uid" "$@"
	}
	run() {
		(contain timeout 120 "$reeve" run --without=namespaces,names --profile ../etc/profile.json \
			--policy ../etc/policy.json -- "$@" 2>"$room/stderr")
		status=$?
		grep -v 'new ledger\|verifier key' "$room/stderr"
		return $status
	}
	# new: what the ledger says since the last time.
	new() {
		settled "$h"
		records "$h" >"$room/all"
		tail -n +$((seen + 1)) "$room/all" >"$room/new"
		seen=$(wc -l <"$room/all")
	}
	inside() { says "uid $uid: $1" "$2" "$(run sh -c "$3" 2>&1)"; new; }
	left() { says "uid $uid: in the ledger: $1" "$2" "$(cat "$room/new")"; }

	inside 'a program that knows a proxy' '^hello from www$' 'curl -sS --max-time 20 http://www.test/hello.txt'
	left 'it came by the proxy' '"kind":"intent".*"way":"http"|"way":"http".*"kind":"intent"'
	inside 'by TLS' '^hello from www$' 'curl -sS --cacert ca.pem --max-time 20 https://www.test/hello.txt'
	left 'it came by the proxy too' '"way":"connect"'
	inside 'one that knows none' '^hello from www$' "$bare curl -sS --max-time 20 http://www.test/hello.txt"
	left 'init stopped it' '"way":"notify"'
	left 'by its name' '"host":"www.test"'
	left 'and what it came to' '"kind":"outcome".*"status":"ok"|"status":"ok".*"kind":"outcome"'
	inside 'by TLS' '^hello from www$' "$bare curl -sS --cacert ca.pem --max-time 20 https://www.test/hello.txt"
	left 'to the port of TLS' '"port":443'
	inside 'a name that no rule allows has no address' 'resolve host: evil.test' "$bare curl -sS --max-time 20 http://evil.test/"
	left 'it is said' '"action":"net.resolve"'
	inside 'an address is refused, and the program hears so' 'Permission denied|connect to 93.184.216.66' \
		"$bare curl -sv --max-time 20 http://93.184.216.66/"
	left 'that too' '"host":"93.184.216.66"'
	inside 'a name that leads inward' 'connect to private.test' "$bare curl -sS --max-time 20 http://private.test/"
	inside 'the metadata of a cloud' 'connect to meta.test' "$bare curl -sS --max-time 20 http://meta.test/"
	inside 'a port that the profile does not name' 'connect to www.test' "$bare curl -sS --max-time 20 http://www.test:8000/"
	left 'which is a call that was refused' '"call":"connect".*"errno":"EACCES"'
	inside 'TLS for another name' 'hello' "$bare curl -sS --cacert ca.pem --max-time 20 --connect-to api.test:443:www.test:443 https://api.test/hello.txt || echo hello: it was ended"
	left 'is ended' '"sni":"api.test"'
	equal "uid $uid: nobody else heard a word" '' "$(world_heard)"

	cat >"$h/work/fetch.py" <<'P'
import asyncio, os, socket, ssl, sys, urllib.request
for name in list(os.environ):
    if name.lower().endswith("_proxy"): del os.environ[name]
print(urllib.request.urlopen("http://www.test/hello.txt", timeout=20).read().decode().strip(), "1")
tls = ssl.create_default_context(cafile="ca.pem")
print(urllib.request.urlopen("https://www.test/hello.txt", timeout=20, context=tls).read().decode().strip(), "2")
async def one(n):
    r, w = await asyncio.open_connection("www.test", 443, ssl=tls)
    w.write(b"GET /hello.txt HTTP/1.0\r\nHost: www.test\r\n\r\n")
    said = await r.read()
    w.close()
    return said.endswith(b"hello from www\n")
async def many():
    return await asyncio.gather(*[one(n) for n in range(20)])
print("many", asyncio.run(many()).count(True))
server = socket.create_server(("", 0))
client = socket.create_connection(("127.0.0.1", server.getsockname()[1]))
heard, _ = server.accept()
heard.sendall(b"own")
print(client.recv(3).decode(), server.getsockname()[0])
P
	said=$(run python3 fetch.py 2>&1)
	says "uid $uid: python, with a timeout" '^hello from www 1$' "$said"
	says "uid $uid: by TLS" '^hello from www 2$' "$said"
	says "uid $uid: many at once, none of which waits" '^many 20$' "$said"
	says "uid $uid: its own server, and only its own" '^own 127.0.0.1$' "$said"
	new
	if command -v node >/dev/null; then
		cat >"$h/work/fetch.mjs" <<'J'
import http from "node:http";
http.get("http://www.test/hello.txt", { agent: new http.Agent() }, (r) => r.on("data", (d) => console.log("node: " + d)));
J
		inside 'node' '^node: hello from www$' "$bare node fetch.mjs"
	else
		skip "uid $uid: node" 'none here'
	fi
	equal "uid $uid: as many outcomes as intents" "$(grep -c '"kind":"intent"' "$room/all")" "$(grep -c '"kind":"outcome"' "$room/all")"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
