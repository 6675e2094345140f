#!/bin/sh
# The official conformance suite against one server, directly and through reeve: no check may turn from pass to fail.
# The runner is the agent in the jail and speaks HTTP to reeve; the server is the fixture, in the era that each
# requirement set asks for and in the other one; but questions of a server of the older era have no names, which the
# newer set asks for by name (tests/peers/eras.sh has that pair).
. "$(dirname "$0")/../lib.sh"
here=$top/tests/peers
have_userns || skip_all 'no user namespaces for this user'
command -v node >/dev/null || skip_all 'node is missing: make check installs it as root'
. "$top/tests/peers-lib.sh"
peers=$modules
suite_install
suite=$modules

uid=$(id -u) h=$room/home
home "$h"
cp -r "$peers/node_modules" "$here/fixture.mjs" "$h/tools/"
cp -r "$suite/node_modules" "$h/work/"
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
runner=node_modules/@modelcontextprotocol/conformance/dist/index.js

(cd "$h/tools" && exec node fixture.mjs http >"$room/url" 2>"$room/fixture.log") &
fixture=$!
until [ -s "$room/url" ]; do kill -0 "$fixture" 2>/dev/null || { not_ok 'the fixture starts' "$(cat "$room/fixture.log")"; finish; }; done
for revision in 2025-11-25 2026-07-28; do
	(cd "$h/work" && timeout 120 "$node22" "$runner" server --url "$(cat "$room/url")" --requirements "$revision" -o "direct-$revision" >"$room/direct-$revision.log" 2>&1)
done
kill "$fixture"
for revision in 2025-11-25 2026-07-28; do
	for server in new old; do
		[ "$revision/$server" != 2026-07-28/old ] || continue
		as "$uid" "$h" timeout 170 "$reeve" run --http --policy ../etc/policy.json --tools ../etc/tools.json -- \
			sh -c '"$0" "$1" server --url "$REEVE_MCP_URL/$2" --requirements "$3" -o "$2-$3"' "./$node22" "$runner" "$server" "$revision" >"$room/$server-$revision.log" 2>&1
		turned=$(cd "$h/work" && node "$here/checks.mjs" "direct-$revision" "$server-$revision" 2>&1)
		says "$revision, $server server: the checks were made" 'compared [0-9]*, passing directly [1-9][0-9]' "$turned"
		equal "$revision, $server server: no check turns from pass to fail" '' "$(echo "$turned" | grep '^worse')"
		echo "$turned" | sed -n 's/^better/# better/p; s/^compared/# compared/p'
	done
done
holds 'the ledger is whole' verify "$h"
finish
