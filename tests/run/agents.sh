#!/bin/sh
# Who an agent is stands in the operator's file: an id that stays, an owner who answers for it, users who may run it.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	mkdir -p "$h/config/reeve"
	# agents OWNER [MORE]: the file, with one agent that this user may run and one that nobody may.
	agents() {
		echo "{ \"reeve\": \"agents/1\", \"agents\": {
  \"coder\": { \"owner\": \"$1\", \"users\": [$uid], \"department\": \"engineering\", \"model\": \"m-3\", \"scopes\": [\"repo.read\", \"repo.write\"]${2:-} },
  \"other\": { \"owner\": \"eve\", \"users\": [4294967] } } }" >"$h/config/reeve/agents.json"
		chown -R "$uid:$uid" "$h/config"
	}
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "m", "then": "allow", "when": { "model": "m-*" } } ] }' >"$h/etc/policy.json"
	run() { as "$uid" "$h" "$reeve" run "$@" -- true 2>&1; }
	last() { records "$h" | grep '"kind":"run"' | tail -n 1; }

	holds "uid $uid: without a file anybody is anybody" run --agent whoever --owner them
	says 'and the record says that this was only said' '"agent":"whoever".*"owner":"them","owner_by":"said"' "$(last)"
	agents ada
	holds "uid $uid: an agent that is in the file runs" run --agent coder
	record=$(last)
	says 'with the owner that the file names' '"owner":"ada","owner_by":"agents"' "$record"
	says 'its department, model and scopes' '"department":"engineering".*"model":"m-3".*"scopes":\["repo.read","repo.write"\]' "$record"
	says 'and the digest of the file' "\"agents\":\"sha256:$(sha256sum <"$h/config/reeve/agents.json" | cut -d' ' -f1)\"" "$record"
	before=$(records "$h" | wc -l)
	fails "uid $uid: one that is not in it does not" 2 run --agent whoever
	says 'and is told where it belongs' 'has no agent "whoever": add it there' "$(run --agent whoever)"
	fails "uid $uid: nor one that is another user's" 2 run --agent other
	says 'and whose it is' "uid $uid may not run agent other, which is eve's" "$(run --agent other)"
	fails "uid $uid: nobody takes another owner" 2 run --agent coder --owner eve
	fails "uid $uid: nor another department" 2 run --agent coder --department finance
	holds 'what the file says already may be said again' run --agent coder --owner ada
	equal 'what was refused left nothing in the ledger' "$((before + 2))" "$(records "$h" | wc -l)"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "t": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"] } } }
J
	says "uid $uid: a policy may ask for the model" '^said$' "$(as "$uid" "$h" "$reeve" run --agent coder --policy ../etc/policy.json --tools ../etc/tools.json -- reeve-call tool t/echo '{"text":"said"}')"
	settled "$h"
	for of in model=m-3 scopes=repo.read; do
		equal "uid $uid: its calls are found by $of" 1 "$("$room/bin/reeve-audit" query "$(ledger_of "$h")" --where "$of" --where action=tool.call 2>/dev/null | wc -l)"
	done
	# Delegated: whatever the file says of an owner, what a call does is done as the user whose run it is, and as nobody else.
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": {
  "who": { "kind": "exec", "tools": { "ami": { "description": "who", "argv": ["sh", "-c", "id -u; cat /proc/self/uid_map"] } } },
  "t": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"] } } }
J
	who=$(as "$uid" "$h" "$reeve" run --agent coder --policy ../etc/policy.json --tools ../etc/tools.json -- reeve-call tool who/ami '{}')
	says "uid $uid: a tool runs as the user who runs the agent" "^$uid$" "$who"
	says 'and there is no other uid that it could become' "^ +$uid +$uid +1$" "$who"
	agents bob
	holds "uid $uid: a new owner" run --agent coder
	settled "$h"
	owners=$("$room/bin/reeve-audit" query "$(ledger_of "$h")" --where kind=run --where agent=coder --csv 2>/dev/null | sed 1d | cut -d, -f7 | tr '\n' ' ')
	equal "uid $uid: the history of the agent goes on, with who answered when" '"ada" "ada" "ada" "ada" "bob" ' "$owners"
	# Its own record: once, and again when something of it changes.
	said() { records "$h" | grep '"kind":"agent"'; }
	equal "uid $uid: who it is was written down for each owner" 2 "$(said | wc -l)"
	says 'the second names the first' "\"former\":$(said | sed -n 's/.*"n":\([0-9]*\),.*/\1/p' | head -n 1),.*\"owner\":\"bob\"" "$(said | tail -n 1)"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "t": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"], "secrets": { "TOKEN": { "env": "T_KEY" } } } } }
J
	with() { as "$uid" "$h" env T_KEY="$1" "$reeve" run --agent coder --tools ../etc/tools.json -- true 2>&1; }
	holds "uid $uid: an agent with a credential" with first-secret
	holds 'the same again' with first-secret
	settled "$h"
	equal 'is one record more' 3 "$(said | wc -l)"
	says 'which has its name and a version' '"credentials":\["t/TOKEN [0-9a-f]{12}"\]' "$(said | tail -n 1)"
	holds 'a credential that was changed' with other-secret
	settled "$h"
	equal 'is another' 4 "$(said | wc -l)"
	equal 'with another version' 2 "$(said | tail -n 2 | grep -o 't/TOKEN [0-9a-f]*' | sort -u | wc -l)"
	silent 'and neither secret stands in the ledger, nor its hash' "first-secret|other-secret|$(printf first-secret | sha256sum | cut -c1-12)" "$(records "$h")"
	agents bob ', "credentials": { "t/TOKEN": "2026-11", "model-key": "v7" }'
	holds "uid $uid: the operator's own words for versions" with other-secret
	settled "$h"
	says 'stand in their place, and of what reeve does not keep too' '"credentials":\["t/TOKEN 2026-11","model-key v7"\]' "$(said | tail -n 1)"
	holds "uid $uid: the ledger is whole" verify "$h"
	# wrong TEXT WHERE: refused with line and column.
	wrong() {
		echo "$1" >"$h/config/reeve/agents.json"
		says "uid $uid: $1 is refused" "agents.json:$2" "$(run --agent coder)"
		fails 'and nothing is started' 2 run --agent coder
	}
	wrong '{ "reeve": "agents/2", "agents": {} }' '1:12: expected "agents/1"'
	wrong '{ "reeve": "agents/1", "agents": { "coder": { "owner": "a" } } }' '1:45: .*users'
	wrong '{ "reeve": "agents/1", "agents": { "coder": { "owner": "a", "users": [] } } }' '1:70: expected at least one uid'
	wrong '{ "reeve": "agents/1", "agents": { "coder": { "owner": "a", "users": ["root"] } } }' '1:71: expected the number of a user'
	wrong '{ "reeve": "agents/1", "agents": { "coder": { "owner": "a b", "users": [1] } } }' '1:56: expected a word'
	wrong '{ "reeve": "agents/1", "agents": { "Coder": { "owner": "a", "users": [1] } } }' '1:34: "Coder"'
	wrong '{ "reeve": "agents/1", "agents": { "coder": { "owner": "a", "users": [1], "shell": "x" } } }' '1:75: unknown member "shell"'
	wrong '{ "reeve": "agents/1", "agents": { "a": {}, "a": {} } }' '1:45: .*"a"'
	wrong '{ "reeve": "agents/1", "agents": { "coder": { "owner": "a", "users": [1], "credentials": ["x"] } } }' '1:90: .*credentials'
	wrong '{ "reeve": "agents/1", "agents": { "coder": { "owner": "a", "users": [1], "credentials": { "a b": "1" } } } }' '1:90: "a b": a credential.s name'
	wrong '{ "reeve": "agents/1", "agents": { "coder": { "owner": "a", "users": [1], "credentials": { "k": 1 } } } }' '1:90: "k": a credential.s name'
	wrong 'nothing' '1:1: '
done
finish
