#!/bin/sh
# What no policy can allow: under one that allows everything, through a tool server's own tool, one that nobody has
# classified, and an exec tool. The same calls pass where they say nothing of the kind, so it is the guard that refuses.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": {
  "t": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"], "pins": "none" },
  "x": { "kind": "exec", "tools": { "admin": { "description": "runs", "argv": ["/bin/echo", "{what}"],
    "params": { "what": { "type": "string" } } } } } } }
J
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "all", "then": "allow", "when": { "action": "*" } } ] }' >"$h/etc/policy.json"
	chown -R "$uid:$uid" "$h"
	call() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- reeve-call tool "$@" 2>&1; }
	last() { records "$h" | grep '"action":"tool.call"' | tail -n 1; }
	# guarded WORD TOOL ARGUMENTS: refused by that guard; recorded; and never executed.
	guarded() {
		out=$(call "$2" "$3")
		says "uid $uid: $1 refuses $2 $3" 'No agent may' "$out"
		says 'and the record names it' "\"action\":\"tool.call\".*\"guard\":\"$1\".*\"kind\":\"refusal\".*\"reason\":\"guard\"" "$(last)"
		silent 'and no rule' '"rule":' "$(last)"
	}
	passes() { silent "uid $uid: $1 $2 passes" 'No agent may' "$(call "$1" "$2")"; }

	guarded admin-role t/echo '{"text":"x","role":"Global Administrator"}'
	guarded admin-role t/echo '{"text":"{\"role\":\"roles/owner\"}"}'
	guarded admin-role t/echo '{"text":"Q2x1c3Rlci1BZG1pbg==","more":"arn:aws:iam::aws:policy/AdministratorAccess"}'
	guarded second-factor t/echo '{"text":"x","mfa_enabled":false}'
	guarded own-state t/echo "{\"text\":\"$h/state/reeve/keys/default.key\"}"
	guarded own-state t/echo "{\"text\":\"$h/work/../etc/policy.json\"}"
	guarded own-state t/echo '{"text":".reeve/profile.json"}'
	guarded admin-role x/admin '{"what":"usermod -aG sudo bob"}'
	passes t/echo '{"text":"x","role":"reader","mfa_enabled":true}'
	passes t/echo '{"text":"please ask who is Global Administrator here"}'
	passes x/admin '{"what":"usermod -aG staff bob"}'
	settled "$h"
	holds "uid $uid: the ledger is whole" verify "$h"
done
out=$("$reeve" policy explain --args '{"role":"Global Administrator"}' "$top/policies/helpdesk.json" directory/assign_role)
says 'explain names the guard' '^refuse guard=admin-role  directory/assign_role$' "$out"
says 'and what no rule could change' 'refuses it before any rule is asked' "$out"
finish
