#!/bin/sh
# Two eras of MCP on either side: the official clients and server of both lines must get the same answers and be asked
# the same questions through reeve as directly, whichever era each of them speaks.
. "$(dirname "$0")/../lib.sh"
here=$top/tests/peers
have_userns || skip_all 'no user namespaces for this user'
command -v node >/dev/null || skip_all 'node is missing: make check installs it as root'
. "$top/tests/peers-lib.sh"

uid=$(id -u) h=$room/home
home "$h"
cp -r "$modules/node_modules" "$here/fixture.mjs" "$h/tools/"
cp -r "$modules/node_modules" "$here"/*.mjs "$h/work/"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": {
  "new": { "kind": "command", "pins": "none", "argv": ["node", "@TOOLS/fixture.mjs", "stdio"], "read": ["@TOOLS"], "deadline": "20s" },
  "old": { "kind": "command", "pins": "none", "argv": ["node", "@TOOLS/fixture.mjs", "legacy"], "read": ["@TOOLS"], "deadline": "20s" } } }
J
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "all", "then": "allow", "when": { "tool": ["new/*", "old/*"] } },
  { "id": "more", "then": "allow", "when": { "action": ["resource.read", "prompt.get", "completion.complete", "sampling.create", "elicitation.create", "roots.list"] } } ] }
J
# Numbers of the fixture's additions and the order of members are not part of an answer.
plain() { node -e '
	const sorted = (x) => Array.isArray(x) ? x.map(sorted) : x && typeof x === "object" ? Object.fromEntries(Object.keys(x).sort().map((k) => [k, sorted(x[k])])) : x
	for (const line of require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n"))
		console.log(JSON.stringify(sorted(JSON.parse(line))))' "$1"; }
# through ERA SERVER: the newer line's client in the jail.
through() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- \
	node client2.mjs "out.$1.$2" "$1" reeve-call mcp "$2" >"$room/log" 2>&1 || not_ok "a client of era $1 and $2" "$(cat "$room/log")"; }

as "$uid" "$h" node client2.mjs direct auto node ../tools/fixture.mjs stdio >"$room/log" 2>&1 || not_ok 'directly' "$(cat "$room/log")"
plain "$h/work/direct" >"$room/truth"
says 'the newer client speaks the newer era' '2026-07-28' "$(cat "$room/log")"
for era in legacy pin; do
	for server in new old; do
		before=$(records "$h" 2>/dev/null | wc -l)
		through "$era" "$server"
		want=2026-07-28
		[ "$era" = pin ] || want=2025-11-25
		says "a client of era $era and the $server server: reeve speaks its era" "speaks $want" "$(cat "$room/log")"
		plain "$h/work/out.$era.$server" >"$room/found"
		equal "a client of era $era and the $server server: what it gets and is asked is what it is directly" '' "$(diff "$room/truth" "$room/found")"
		new=$(records "$h" | tail -n +$((before + 1)))
		equal "a client of era $era and the $server server: an outcome for each intent" "$(echo "$new" | grep -c '"kind":"intent"')" "$(echo "$new" | grep -c '"kind":"outcome"')"
		equal "a client of era $era and the $server server: what was asked of it is recorded" "$(grep -c '"asked":"elicitation/create"' "$room/truth")" "$(echo "$new" | grep '"kind":"intent"' | grep -c '"action":"elicitation.create"')"
	done
done
holds 'the ledger is whole' verify "$h"
finish
