#!/bin/sh
# What a person sees of a run's connections: while it goes on and after it, on a screen and as JSON; what was
# refused with the rule that is missing, which then allows it; and nothing that a terminal would obey.
. "$(dirname "$0")/../world-lib.sh"
world_enter "$0"
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
world_begin
echo 'hello from www' >"$world/www/hello.txt"
echo 'hello from beneath' >"$world/www/more.txt"
world_nginx || skip_all 'nginx is missing: contrib/need check installs it as root'

cat >"$room/agent.sh" <<'S'
curl -s http://www.test/hello.txt
curl -s --cacert ca.pem https://www.test/hello.txt
curl -s http://www.test/more.txt | grep beneath
curl -s -o /dev/null --cacert ca.pem --proxy socks5h://127.0.0.1:7339 https://api.test/
curl -s -o /dev/null --noproxy '*' --max-time 5 http://nobody.test/
printf 'GET http://www.test/%b HTTP/1.1\r\nHost: www.test\r\n\r\n' '\033]0;x\007\0302\0233' |
	timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/7339; cat >&3; cat <&3' >/dev/null
echo "$1"
read -r _
S
# json EXPRESSION: of all, the connections on standard input.
json() { python3 -c 'import json, sys; all = [json.loads(l) for l in sys.stdin]; print(eval(sys.argv[1]))' "$1"; }
log() { as "$uid" "$h" "$reeve" net log "$@" 2>&1; }
run() {
	as "$uid" "$h" "$reeve" run --profile ../etc/profile.json --policy ../etc/policy.json -- \
		bash agent.sh "$1" <"$room/in" >"$room/out" 2>"$room/stderr" &
	exec 3>"$room/in" 4<"$room/out"
	said=
	while read -r line <&4; do
		said="$said$line
"
		[ "$line" != "$1" ] || return 0
	done
	not_ok "uid $uid: the run comes to its end" "$(cat "$room/stderr")"
	finish
}
over() {
	echo go >&3
	exec 3>&- 4<&-
	wait $!
}
mkfifo "$room/in" "$room/out"
chmod 666 "$room/in" "$room/out"
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$world/ca.pem" "$room/agent.sh" "$h/work/"
	echo '{ "reeve": "profile/1", "extends": "agent", "network": true }' >"$h/etc/profile.json"
	cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "rules": [
{ "id": "www", "then": "allow", "when": { "host": "www.test", "port": 443 } },
{ "id": "read", "then": "allow", "when": { "host": "www.test", "port": 80, "method": "GET", "path": "/hello.txt" } } ] }
J
	chmod 644 "$h/etc"/*.json
	run first
	equal "uid $uid: what is allowed is had, what is not is not" 'hello from www
hello from www
first' "${said%?}"
	said=$(log last)
	says "uid $uid: while the run goes on: a request, and what its rule is" '^[0-9:]{8}  allow   http      www.test:80 GET /hello.txt$' "$said"
	says "uid $uid: where it led, and the bytes" '^          93.184.216.10:80, [0-9.]+ K?i?B sent, [0-9.]+ K?i?B received, [0-9.]+ m?s, policy:read$' "$said"
	says "uid $uid: a tunnel" '  allow   connect   www.test:443$' "$said"
	says "uid $uid: what no rule allows" '  refuse  http      www.test:80 GET /more.txt$' "$said"
	says "uid $uid: where a rule is missing" '^          no-rule; this rule in policy.json would allow it:$' "$said"
	rule='{"id":"www.test-80","then":"allow","when":{"host":"www.test","port":80,"method":"GET","path":"/more.txt"}}'
	equal "uid $uid: the smallest that would do" "$rule" "$(printf '%s\n' "$said" | grep 'more.txt.*}}')"
	says "uid $uid: by SOCKS" '  refuse  socks     api.test:443$' "$said"
	says "uid $uid: a name that was only asked for" '  refuse  dns       nobody.test$' "$said"
	says "uid $uid: what is no request" '^          bad-connect$' "$said"
	says "uid $uid: and how much it was" '^2 allowed, 4 refused, 0 failed; ' "$said"
	equal "uid $uid: nothing a terminal would obey" '' "$(printf '%s' "$said" | tr -d '[:print:]\n')"
	equal "uid $uid: 80 columns, but for rules" yes "$([ "$(printf '%s\n' "$said" | grep -v '^{' | wc -L)" -le 80 ] && echo yes)"
	over
	silent "uid $uid: --refused shows nothing else" '^[0-9:]{8}  (allow|failed)' "$(log --refused last)"
	said=$(log --json last)
	equal "uid $uid: JSON: an object a connection" 6 "$(printf '%s\n' "$said" | json 'len([c["verdict"] for c in all])')"
	equal "uid $uid: JSON: what went by" '[True, True]' "$(printf '%s\n' "$said" | json '[c["sent"] > 0 and c["received"] > 0 and c["address"] != "" for c in all if c["verdict"] == "allow"]')"
	equal "uid $uid: JSON: the missing rule" "$rule" "$(printf '%s\n' "$said" | json '[json.dumps(c["smallest"], separators=(",", ":")) for c in all if c.get("path") == "/more.txt"][0]')"
	says "uid $uid: reeve show counts them apart" '^connections +2 allowed, 4 refused; reeve net log [0-9]+ shows them$' "$(as "$uid" "$h" "$reeve" show last 2>&1)"
	ledger=$(find "$h" -name journal -printf '%h\n' | head -n 1)
	said=$(as "$uid" "$h" "$reeve" audit show "$ledger" 2>&1)
	says "uid $uid: the timeline tells where" ' allow +http  www.test:80  GET /hello.txt  policy:read$' "$said"
	says "uid $uid: and what went by" 'ok.*, 93.184.216.10:80, [0-9]+ bytes sent, [0-9]+ received' "$said"

	sed -i "2i $rule," "$h/etc/policy.json"
	run second
	over
	says "uid $uid: with the rule that was missing it is had" '^hello from beneath$' "$said"
	says "uid $uid: the last run is the one shown" '  allow   http      www.test:80 GET /more.txt$' "$(log last)"
	number=$(log --json last | json 'all[0]["run"]')
	equal "uid $uid: which is so by its number" "$(log last)" "$(log "$number")"
	fails "uid $uid: a run that is not there" 3 log $((number + 1))
	fails "uid $uid: no number" 2 log first
	fails "uid $uid: a ledger that is not there" 3 as "$uid" "$h" env -u XDG_RUNTIME_DIR "$reeve" net log --tenant nobody last
	says "uid $uid: is said to be none yet" '^reeve: .*/nobody: nothing has run yet' "$said"
done
finish
