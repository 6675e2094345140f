#!/bin/sh
# An agent that tries to reach whom it may not, through the proxy and around it: nobody hears it whom the policy did not
# mean, no name of its own leaves the machine, whatever a rule says no private address is reached, and the ledger tells.
. "$(dirname "$0")/../world-lib.sh"
world_enter "$0"
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
world_begin
echo 'hello from www' >"$world/www/hello.txt"
world_nginx || skip_all 'nginx is missing: contrib/need check installs it as root'

# counted WHO OUTPUT: what net_hostile.py says becomes our lines; it must have come to its end.
counted() {
	while read -r line; do
		case "$line" in
		'ok '*) ok "$1: ${line#ok }" ;;
		'not ok '*) not_ok "$1: ${line#not ok }" ;;
		esac
	done <<-L
	$2
	L
	says "$1: to the end" '^done$' "$2"
}
# Its records since the last time are in $room/new.
part() {
	world_forget
	counted "uid $uid: $1" "$(as "$uid" "$h" timeout 400 "$reeve" run --profile ../etc/profile.json --policy ../etc/policy.json -- \
		python3 net_hostile.py "$1" 2>"$room/stderr"; grep -v 'new ledger\|verifier key' "$room/stderr")"
	settled "$h"
	records "$h" >"$room/all"
	tail -n +$((seen + 1)) "$room/all" >"$room/new"
	seen=$(wc -l <"$room/all")
	equal "uid $uid: $1: an outcome for each intent" "$(grep -c '"kind":"intent"' "$room/new")" "$(grep -c '"kind":"outcome"' "$room/new")"
	# Whoever is no api.test and heard something. It is the one allowed host that listens to what it is told.
	silent "uid $uid: $1: no private address heard a word" '"at": *"(10|172|192|100|169|168|198|127|f|::|64)' "$(world_heard)"
	silent "uid $uid: $1: and no resolver, whatever its port" '"at": *"[^"]* (53|853)"' "$(world_heard)"
	silent "uid $uid: $1: nor did a name of the attacker leave" 'evil|deadbeef|example|internal|xxxx|aaaa|"type": *(16|255|15|10|252)' "$(world_asked)"
}
# left PATTERN WHAT: a refusal, or an outcome that failed, says so.
left() { says "uid $uid: in the ledger: $2" "$1" "$(grep '"kind":"refusal"\|"kind":"outcome"\|"kind":"intent"' "$room/new")"; }

for uid in $(each_user); do
	h=$room/home$uid seen=0
	home "$h" "$uid"
	cp "$top/tests/tools/net_hostile.py" "$world/ca.pem" "$h/work/"
	echo '{ "reeve": "profile/1", "extends": "agent", "network": { "ports": [80, 443], "udp": [9999] } }' >"$h/etc/profile.json"
	# What is allowed here that no one should: so that it is not the policy that says no.
	cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "web", "then": "allow", "when": { "host": ["www.test", "api.test"], "port": [80, 443], "scheme": ["tcp", "tls", "http", "https"] } },
  { "id": "lures", "then": "allow", "when": { "port": [80, 443], "host": ["loop.test", "loop6.test", "private.test", "private6.test", "meta.test",
    "meta6.test", "azure.test", "carrier.test", "documents.test", "mapped.test", "nat64.test", "zero.test", "both.test", "rebind.test",
    "rebind-loop.test", "10.9.8.7.nip.test", "nowhere.test", "localhost"] } },
  { "id": "addresses", "then": "allow", "when": { "cidr": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "100.64.0.0/10",
    "168.63.129.16/32", "198.51.100.0/24", "198.18.0.0/15", "0.0.0.0/8", "224.0.0.0/3", "fc00::/7", "fe80::/10", "::/3"] } } ] }
J
	part heads
	left '"reason":"bad-connect"' 'what could not be read'
	silent "uid $uid: nothing of it was connected" '"kind":"intent"' "$(cat "$room/new")"
	silent "uid $uid: and nobody heard of it" . "$(world_heard)"
	part smuggled
	silent "uid $uid: the second host was never asked about, nor heard" 'evil' "$(cat "$room/new"; world_heard)"
	part hosts
	left 'private.test' 'a name that leads inward'
	left 'private address|private-address|loopback|metadata|link-local' 'and why'
	left '"host":"169.254.169.254"|169[.]254[.]169[.]254' 'the address itself'
	part socks
	left '"way":"socks"' 'SOCKS'
	part tls
	left '"sni":"evil.test"' 'the name that TLS asked for'
	equal "uid $uid: whose TLS was for another heard nothing" '' "$(world_heard | grep -v 'honest\|"bytes": ""')"
	part direct
	left '"way":"direct"' 'connections without a proxy'
	left '"action":"net.resolve"' 'names that were asked for'
	part around
	equal "uid $uid: nobody heard of it" '' "$(world_heard)"
	part names
	part datagrams
	equal "uid $uid: nobody heard a datagram" '' "$(world_heard)"
	part flood
	left '"count":[0-9]+' 'the flood, by number'
	holds "uid $uid: which is not a record each" test "$(wc -l <"$room/new")" -lt 300
	holds "uid $uid: the ledger is whole" verify "$h"
done
# Time is what this takes, so once.
uid=$(id -u) h=$room/home$(id -u)
seen=$(records "$h" | wc -l)
part crowds
finish
