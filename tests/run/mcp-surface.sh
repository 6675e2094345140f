#!/bin/sh
# Resources, prompts, completion, progress, news, and what tool servers ask back: two tool servers of
# different revisions, agents of each revision, and the ledger of it.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python=/usr/bin/python3
[ -x "$python" ] || skip_all 'no python3'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$top/tests/surface/server.py" "$h/tools/"
	cp "$top/tests/surface/agent.py" "$h/work/"
	tools_file "$h" <<J
{ "reeve": "tools/1", "servers": {
  "x": { "kind": "command", "workspace": "write", "argv": ["$python", "-B", "@TOOLS/server.py", "x", "2025-11-25"], "read": ["@TOOLS"], "env": { "LOG": "\$WORKSPACE/log" }, "deadline": "10s" },
  "y": { "kind": "command", "workspace": "write", "argv": ["$python", "-B", "@TOOLS/server.py", "y", "2024-11-05"], "read": ["@TOOLS"], "env": { "LOG": "\$WORKSPACE/log" }, "deadline": "10s" } } }
J
	cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "tools", "then": "allow", "when": { "tool": "*/*" } },
  { "id": "read", "then": "allow", "when": { "action": "resource.read", "tool": ["*/mem://x*", "*/mem://y*", "*/mem://shared", "*/row://*", "*/both://*"] } },
  { "id": "ask", "then": "allow", "when": { "action": ["prompt.get", "completion.complete"] } },
  { "id": "model", "then": "allow", "when": { "action": "sampling.create", "args": { "/maxTokens": { "at_most": 100 } } } },
  { "id": "user", "then": "allow", "when": { "action": "elicitation.create" } } ] }
J
	said=$(as "$uid" "$h" timeout 120 "$reeve" run --timeout 100 --policy ../etc/policy.json --tools ../etc/tools.json -- \
		"$python" -B agent.py 2>"$room/stderr")
	equal "uid $uid: the agent got through: $(tail -n 3 "$room/stderr")" 0 "$?"
	echo "$said" >"$room/said"
	while read -r word what; do
		if [ "$word" = ok ]; then ok "uid $uid: $what"; else not_ok "uid $uid: $word $what"; fi
	done <"$room/said"
	all=$(records "$h")
	for action in resource.read prompt.get completion.complete sampling.create elicitation.create; do
		says "uid $uid: $action has an intent" yes "$(echo "$all" | grep '"kind":"intent"' | grep -q "\"action\":\"$action\"" && echo yes)"
	done
	says "uid $uid: the URI stands in the record" '"action":"resource.read".*"resource":"mem://y/1"' "$all"
	says "uid $uid: what was refused of sampling, too" '"action":"sampling.create".*"kind":"refusal".*"reason":"no-rule"' "$all"
	says "uid $uid: and of roots" '"action":"roots.list".*"kind":"refusal"' "$all"
	says "uid $uid: a call taken back has its outcome" '"status":"cancelled"' "$all"
	equal "uid $uid: an outcome for each intent" "$(echo "$all" | grep -c '"kind":"intent"')" "$(echo "$all" | grep -c '"kind":"outcome"')"
	says "uid $uid: its tool server was told, by the id it knows" '"method": "notifications/cancelled"' "$(cat "$h/work/log")"
	silent "uid $uid: and not why" 'SECRET' "$(cat "$h/work/log")"
	says "uid $uid: an update that nobody waits for is dropped and recorded" '"kind":"dropped".*"reason":"unsolicited".*"server":"x"' "$all"
	says "uid $uid: of a flood the count is recorded" '"count":10.*"kind":"dropped".*"reason":"flooding"' "$all"
	equal "uid $uid: in few records" yes "$([ "$(echo "$all" | grep -c '"kind":"dropped"')" -lt 40 ] && echo yes)"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
