#!/bin/sh
# A run with a network: what is allowed is connected and its end recorded, what is not is refused with a sentence
# and recorded; whoever of its processes is killed, the run ends and no intent stays open.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for tool in curl python3; do command -v $tool >/dev/null || skip_all "no $tool"; done

# A web server on the host's loopback; "/hang" is never answered.
cat >"$story/server.py" <<'P'
import http.server, socketserver, sys, threading
class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/hang":
            threading.Event().wait()
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")
    def log_message(self, *a): pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer): daemon_threads = True
s = Server(("127.0.0.1", 0), Web)
print(s.server_port, flush=True)
s.serve_forever()
P
mkfifo "$story/port"
python3 "$story/server.py" >"$story/port" &
server=$!
trap 'kill $server; rm -rf "$story"' EXIT
read -r port <"$story/port"

for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cat >"$h/etc/profile.json" <<J
{ "reeve": "profile/1", "extends": "$story/profiles/agent.json",
  "network": { "private": ["127.0.0.1/32"], "ports": [$port] } }
J
	cat >"$h/etc/policy.json" <<J
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "web", "then": "allow", "when": { "host": "127.0.0.1", "port": $port } },
  { "id": "meta", "then": "allow", "when": { "host": "169.254.169.254" } },
  { "id": "bad", "then": "refuse", "when": { "host": "bad.test" }, "why": "it is bad" } ] }
J
	run() { as "$uid" "$h" "$reeve" run --profile ../etc/profile.json --policy ../etc/policy.json "$@" 2>&1; }
	proxied='env no_proxy= NO_PROXY= curl -s -m 20 --noproxy ""'

	says "uid $uid: a program that knows no proxy" '^hello$' "$(run -- curl -s -m 20 --noproxy '*' "http://127.0.0.1:$port/")"
	says "uid $uid: by the proxy" '^hello$' "$(run -- sh -c "$proxied http://127.0.0.1:$port/a?q=notkept")"
	says "uid $uid: by CONNECT" '^hello$' "$(run -- sh -c "$proxied -p http://127.0.0.1:$port/")"
	says "uid $uid: by SOCKS" '^hello$' "$(run -- sh -c "$proxied --proxy socks5h://127.0.0.1:7339 http://127.0.0.1:$port/")"
	out=$(run -- sh -c "$proxied -w '%{http_code}' http://other.test/; $proxied -w '%{http_code}' http://bad.test/; $proxied http://169.254.169.254/x")
	says "uid $uid: what no rule allows is refused, with the rule that would" 'other.test:80: no rule allows it.*To allow it: \{"id":"other.test-80"' "$out"
	says "uid $uid: what a rule refuses, with its reason" 'bad.test:80: rule policy:bad: it is bad' "$out"
	says "uid $uid: with the status of it" '403' "$out"
	says "uid $uid: and the operator is told where to look" '^reeve: connections: 2 refused, 1 failed\. .*reeve net log [0-9]+$' "$out"
	says "uid $uid: also of another ledger" 'reeve net log --tenant other [0-9]+$' "$(run --tenant other -- sh -c "$proxied http://other.test/")"
	silent "uid $uid: but not where there was nothing" 'net log' "$(run -- true)"
	says "uid $uid: a program that shows no more than the first line shows why" \
		'^HTTP/1.1 403 reeve refused a connection to bad.test:443: rule policy:bad: it is bad.$' \
		"$(run -- sh -c "$proxied -i -p http://bad.test:443/" | tr '\r' '.')"
	says "uid $uid: an address that is nobody's business is not connected to, whatever a rule allows" 'could not connect to 169.254.169.254' "$out"
	settled "$h"
	all=$(records "$h")
	for way in direct http connect socks; do
		intent=$(printf '%s\n' "$all" | grep '"kind":"intent"' | grep "\"way\":\"$way\"" | head -1)
		says "uid $uid: way $way: its intent says where to" "\"host\":\"127.0.0.1\",.*\"port\":$port,.*\"rule\":\"policy:web\"" "$intent"
		n=$(printf '%s\n' "$intent" | sed 's/.*"n":\([0-9]*\),.*/\1/')
		went='"received":0,.*"sent":0,"status":"ok",.*"why":"HTTP in clear: its request is judged by itself"'
		[ "$way" != http ] || went='"received":[1-9][0-9]*,.*"sent":[1-9][0-9]*,"status":"ok"'
		says "uid $uid: way $way: its outcome says how it went" "\"address\":\"127.0.0.1:$port\",.*$went" \
			"$(printf '%s\n' "$all" | grep "\"intent\":$n,")"
	done
	says "uid $uid: a request's path is kept" '"method":"GET",.*"path":"/a"' "$all"
	silent "uid $uid: and its query is not" 'notkept' "$(printf '%s\n' "$all" | grep -v '"kind":"run"')"
	says "uid $uid: refusals are recorded" '"host":"other.test","kind":"refusal",.*"reason":"no-rule"' "$all"
	says "uid $uid: an outcome says why there was no connection" '"kind":"outcome",.*"status":"failed",.*"why":' "$all"
	silent "uid $uid: nothing ended unknown" '"status":"unknown"' "$all"
	holds "uid $uid: the ledger holds" verify "$h"

	printf '{ "reeve": "profile/1", "extends": "%s/profiles/agent.json" }\n' "$story" >"$h/etc/profile.json"
	fails "uid $uid: a run without a network has none" 7 run -- curl -s -m 20 --noproxy '*' "http://127.0.0.1:$port/"
done

# Killed while a connection is open. The story waits for the intent in the ledger, then for the run.
h=$room/killed
home "$h"
cat >"$h/etc/profile.json" <<J
{ "reeve": "profile/1", "extends": "$story/profiles/agent.json",
  "network": { "private": ["127.0.0.1/32"], "ports": [$port] } }
J
printf '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "all", "then": "allow", "when": { "host": "127.0.0.1" } } ] }\n' >"$h/etc/policy.json"
opens() { records "$h" 2>/dev/null | grep -c '"kind":"intent"'; }
expect=0
for who in reeve-proxy reeve-dialer reeve-broker; do
	expect=$((expect + 2)) # the connection, and the request on it
	become "$(id -u)" "$h" "$reeve" run --profile ../etc/profile.json --policy ../etc/policy.json -- \
		curl -s -m 100 --noproxy '*' "http://127.0.0.1:$port/hang" >"$story/said" 2>&1 &
	run=$!
	while kill -0 $run 2>/dev/null && [ "$(opens)" != $expect ]; do :; done
	kill -9 "$(pgrep -P $run -x "$who")"
	wait $run
	equal "killed $who: the run ends, and says so by its status" 125 $?
	settled "$h"
	equal "killed $who: its intent is closed" "$expect" "$(records "$h" | grep -c '"kind":"outcome"')"
	says "killed $who: nobody knows how it went" '"kind":"outcome",.*"status":"unknown"' "$(records "$h" | tail -2)"
	equal "killed $who: and none of its processes is left" '' "$(pgrep -P $run)"
done
holds 'killed: the ledger holds' verify "$h"
finish
