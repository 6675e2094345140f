#!/bin/sh
# A tool server that is hostile: whatever it says, the agent gets the one answer that is due and nothing
# else, the session goes on, another server is not harmed, and the call has its outcome. THREATS 2.2.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python=/usr/bin/python3
[ -x "$python" ] || skip_all 'no python3'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$top"/tests/hostile/*.py "$h/tools/"
	cp "$top"/tests/hostile/*.py "$h/work/"
	hostile() { printf '"%s": { "kind": "command", "argv": ["%s", "-B", "@TOOLS/server.py"], "read": ["@TOOLS"], "deadline": "%s", "resources": { "do": "/act" } }' "$1" "$python" "$2"; }
	echo "{ \"reeve\": \"tools/1\", \"servers\": { $(hostile h 2s), $(hostile deaf 1s), $(hostile mute 1s), $(hostile other 20s) } }" | tools_file "$h"
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "all", "then": "allow", "when": { "tool": ["*/do", "*/echo"] } } ] }' >"$h/etc/policy.json"
	as "$uid" "$h" timeout 300 "$reeve" run --timeout 250 --policy ../etc/policy.json --tools ../etc/tools.json -- \
		"$python" -B server_agent.py send out /run/reeve >"$room/said" 2>&1
	equal "uid $uid: the agent got through the acts" 0 "$?"
	[ ! -s "$room/said" ] || sed 's/^/# /' "$room/said"
	records "$h" >"$room/records"
	"$python" -B "$top/tests/hostile/server_agent.py" judge "$h/work/out" "$room/records" >"$room/judged" 2>&1
	equal "uid $uid: all of them were judged" 0 "$?"
	while read -r word what; do
		if [ "$word" = ok ]; then ok "uid $uid: $what"; else not_ok "uid $uid: $word $what"; fi
	done <"$room/judged"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
