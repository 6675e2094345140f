#!/bin/sh
# The official client drives the official server over Streamable HTTP, through the courier: every answer must be the
# one that the same server gives over stdio.
. "$(dirname "$0")/../lib.sh"
here=$top/tests/peers
have_userns || skip_all 'no user namespaces for this user'
command -v node >/dev/null || skip_all 'node is missing: make check installs it as root'
abi=$("$reeve" doctor 2>/dev/null | sed -n 's/.*[Ll]andlock.*[^0-9]\([0-9][0-9]*\).*/\1/p' | head -n 1)
[ "${abi:-0}" -ge 6 ] || skip_all "Landlock is of ABI ${abi:-none}: a network takes 6"

. "$top/tests/peers-lib.sh"
everything=node_modules/@modelcontextprotocol/server-everything/dist/index.js
port=$(node -e 'const s = require("net").createServer(); s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
PORT=$port node "$modules/$everything" streamableHttp >"$room/server.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$story"' EXIT
until grep -qi 'listening' "$room/server.log"; do kill -0 $server 2>/dev/null || { not_ok 'the server starts' "$(cat "$room/server.log")"; finish; }; done

for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp -r "$modules/node_modules" "$h/tools/"
	cp -al "$h/tools/node_modules" "$h/work/"
	cp "$here"/*.mjs "$here"/*.json "$h/work/"
	chown -R "$uid:$uid" "$h/work"
	tools_file "$h" <<J
{ "reeve": "tools/1", "servers": {
  "near": { "kind": "command", "argv": ["node", "@TOOLS/$everything"], "read": ["@TOOLS"], "pins": "none" },
  "far": { "kind": "url", "url": "http://127.0.0.1:$port/mcp", "pins": "none" } } }
J
	printf '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "all", "then": "allow", "when": { "tool": "*/*" } },
  { "id": "rest", "then": "allow", "when": { "action": ["resource.read", "prompt.get", "completion.complete"] } } ] }\n' >"$h/etc/policy.json"
	for s in near far; do
		as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- \
			node client.mjs out everything.json reeve-call mcp $s >"$room/log" 2>&1 || not_ok "uid $uid: $s" "$(cat "$room/log")"
		timeless "$h/work/out" >"$room/$s"
	done
	holds "uid $uid: tools and answers are those got over stdio" diff "$room/near" "$room/far"
	says "uid $uid: and there are some" 'echo' "$(cat "$room/far")"
	says "uid $uid: the session was ended" 'DELETE|terminat' "$(cat "$room/server.log")"
	equal "uid $uid: an outcome for each intent" "$(records "$h" | grep -c '"kind":"intent"')" "$(records "$h" | grep -c '"kind":"outcome"')"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
