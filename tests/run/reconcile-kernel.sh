#!/bin/sh
# What the kernel saw leave, held against the ledger: every connection that reeve let through is there, and one that was
# made without reeve is found.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
[ "$(id -u)" = 0 ] || skip_all 'only root has the kernel tell of connections'
for tool in conntrack nft ip curl python3; do command -v $tool >/dev/null || skip_all "no $tool: contrib/need check"; done
ns=reeve-$$
ip netns add "$ns" 2>/dev/null || skip_all 'no network namespaces here'
pids=
# shellcheck disable=SC2086
trap 'kill $pids 2>/dev/null; ip netns del "$ns"; rm -rf "$room"' EXIT
within() { ip netns exec "$ns" "$@"; }
within ip link set lo up
within nft -f - 2>"$room/nft" <<'N' || skip_all "no connection tracking here: $(head -n 1 "$room/nft")"
table inet t {
	chain o {
		type filter hook output priority 0;
		ct state new counter
	}
}
N
within stdbuf -oL conntrack -E -e NEW -o timestamp >"$room/seen" 2>/dev/null &
pids="$pids $!"
cat >"$room/server.py" <<'P'
import http.server, sys
class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "3"); self.end_headers(); self.wfile.write(b"hi\n")
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
print(s.server_port, flush=True)
s.serve_forever()
P
mkfifo "$room/port"
within python3 "$room/server.py" >"$room/port" &
pids="$pids $!"
read -r port <"$room/port"
# It listens to the kernel once it has told of a connection of ours.
until grep -q "dport=$port " "$room/seen"; do within curl -s -o /dev/null "http://127.0.0.1:$port/"; done
before=$(grep -c "dport=$port " "$room/seen")
h=$room/home
home "$h" 0
cat >"$h/etc/profile.json" <<J
{ "reeve": "profile/1", "extends": "$story/profiles/agent.json", "network": { "private": ["127.0.0.1/32"], "ports": [$port] } }
J
cat >"$h/etc/policy.json" <<J
{ "reeve": "policy/1", "rules": [ { "id": "web", "then": "allow", "when": { "host": "127.0.0.1", "port": $port } } ] }
J
(become 0 "$h" ip netns exec "$ns" "$reeve" run --profile ../etc/profile.json --policy ../etc/policy.json -- \
	sh -c "for i in 1 2 3; do curl -s -m 20 http://127.0.0.1:$port/; done; curl -s -m 20 http://127.0.0.1:1/") >"$room/out" 2>&1
settled "$h"
# Each is asked for directly first, and then, when it turns out to be HTTP in clear, once more by request.
equal 'three requests by reeve' 3 "$(grep -c '^hi$' "$room/out")"
within curl -s -o /dev/null "http://127.0.0.1:$port/" # and one that passes it by
until [ "$(grep -c "dport=$port " "$room/seen")" -ge $((before + 7)) ]; do :; done
grep "dport=$port " "$room/seen" | tail -n +$((before + 1)) >"$room/log"
hold() { "$room/bin/reeve-audit" reconcile "$(ledger_of "$h")" --key "$h/state/reeve/keys/default.pub" --with "$1" --map "$top/maps/conntrack.json" 2>&1; }
says 'reeve'"'"'s are matched, the other is found' ': 6 matched, 0 missing there, 1 missing here, 0 differ reeve-audit: 0 cannot verify ' "$(hold "$room/log" | tr '\n' ' ')"
says 'by where it went' "^missing-here +line 7 +127.0.0.1:$port\$" "$(hold "$room/log")"
head -n 6 "$room/log" >"$room/ours"
fails 'without it both say the same' 0 hold "$room/ours"
sed "2s/dport=$port /dport=9 /" "$room/ours" >"$room/moved"
says 'a connection to somewhere else is none of these' ': 5 matched, 1 missing there, 1 missing here' "$(hold "$room/moved")"
sed 's/"{dst}:{dport}"/"{dst}:{dort}"/' "$top/maps/conntrack.json" >"$room/wrong.json"
says 'a map that joins what is not there' 'wrong.json:[0-9]+:[0-9]+: "joined": expected' "$("$room/bin/reeve-audit" reconcile "$(ledger_of "$h")" --with "$room/log" --map "$room/wrong.json" 2>&1)"
finish
