#!/bin/sh
# An agent that is hostile: every row of tests/hostile/agent_rows.py gets its answer and its record, the
# session goes on, and what the tool server was sent is what was judged. THREATS 2.1.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python=/usr/bin/python3
[ -x "$python" ] || skip_all 'no python3'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$top"/tests/hostile/*.py "$h/tools/"
	cp "$top"/tests/hostile/agent*.py "$h/work/"
	tools_file "$h" <<J
{ "reeve": "tools/1", "servers": { "h": { "kind": "command", "workspace": "write", "argv": ["$python", "-B", "@TOOLS/server.py"], "read": ["@TOOLS"],
  "env": { "LOG": "\$WORKSPACE/log" }, "deadline": "3s", "resources": { "mark": "/text", "echo": "/text" } } } }
J
	cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "some", "then": "allow", "when": { "tool": ["h/do", "h/echo", "h/hang", "h/mark"] } },
  { "id": "never", "then": "refuse", "when": { "tool": "h/do", "args": { "/act": { "equal": "never" } } } } ] }
J
	as "$uid" "$h" timeout 300 "$reeve" run --timeout 250 --policy ../etc/policy.json --tools ../etc/tools.json -- \
		"$python" -B agent.py send out /run/reeve/h.sock >"$room/said" 2>&1
	equal "uid $uid: the agent got through its rows" 0 "$?"
	[ ! -s "$room/said" ] || sed 's/^/# /' "$room/said"
	records "$h" >"$room/records"
	"$python" -B "$top/tests/hostile/agent.py" judge "$h/work/out" "$room/records" "$h/work/log" >"$room/judged" 2>&1
	equal "uid $uid: all of them were judged" 0 "$?"
	while read -r word what; do
		if [ "$word" = ok ]; then ok "uid $uid: $what"; else not_ok "uid $uid: $word $what"; fi
	done <"$room/judged"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
