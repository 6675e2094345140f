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
	echo "{ \"reeve\": \"tools/1\", \"servers\": { $(hostile h 2s), $(hostile held 3s), $(hostile deaf 1s), $(hostile mute 1s), $(hostile d1 2s), $(hostile d2 2s), $(hostile d3 2s), $(hostile d4 2s), $(hostile other 20s) } }" | tools_file "$h"
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "all", "then": "allow", "when": { "tool": ["*/do", "*/echo", "*/hang"] } } ] }' >"$h/etc/policy.json"
	# tell WHAT SEND JUDGE: one run of the agent, and what is to be said of it.
	tell() {
		before=$(records "$h" 2>/dev/null | wc -l)
		as "$uid" "$h" timeout 300 "$reeve" run --timeout 250 --policy ../etc/policy.json --tools ../etc/tools.json -- \
			"$python" -B server_agent.py "$2" out /run/reeve >"$room/said" 2>&1
		equal "uid $uid: $1: the agent got through" 0 "$?"
		records "$h" | tail -n +$((before + 1)) >"$room/records"
		"$python" -B "$top/tests/hostile/server_agent.py" "$3" "$h/work/out" "$room/records" >"$room/judged" 2>&1
		equal "uid $uid: $1: all were judged" 0 "$?"
		while read -r word what; do
			if [ "$word" = ok ]; then ok "uid $uid: $what"; else not_ok "uid $uid: $word $what"; fi
		done <"$room/judged"
	}
	tell acts send judge
	names=$("$python" -B -c 'import sys; sys.path.insert(0, sys.argv[1]); import server_starts; print(*server_starts.NAMES)' "$top/tests/hostile")
	start() { printf '%s"%s": { "kind": "command", "argv": ["%s", "-B", "@TOOLS/server.py"], "read": ["@TOOLS"], "deadline": "20s", "env": { "START": "%s" } }' "$2" "$1" "$python" "$1"; }
	{
		echo '{ "reeve": "tools/1", "servers": {'
		comma=
		for name in $names; do start "$name" "$comma"; comma=,; done
		echo '} }'
	} | tools_file "$h"
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "all", "then": "allow", "when": { "tool": "*/*" } } ] }' >"$h/etc/policy.json"
	tell starts starts judge-starts
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
