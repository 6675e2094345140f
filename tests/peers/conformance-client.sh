#!/bin/sh
# The official conformance suite as the tool server, at its URL: an agent that calls what it finds, directly and through
# reeve; no check may turn from pass to fail. Scenarios that ask for an agent who logs in are about agents, not servers of
# reeve.
. "$(dirname "$0")/../lib.sh"
here=$top/tests/peers
have_userns || skip_all 'no user namespaces for this user'
command -v node >/dev/null || skip_all 'node is missing: make check installs it as root'
abi=$("$reeve" doctor 2>/dev/null | sed -n 's/.*[Ll]andlock.*[^0-9]\([0-9][0-9]*\).*/\1/p' | head -n 1)
[ "${abi:-0}" -ge 6 ] || skip_all "Landlock is of ABI ${abi:-none}: a network takes 6"
. "$top/tests/peers-lib.sh"
peers=$modules
suite_install

# shellcheck disable=SC2034
uid=$(id -u) h=$room/home
home "$h"
cp -r "$peers/node_modules" "$here/caller.mjs" "$h/work/"
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "all", "then": "allow", "when": { "tool": "s/*" } },
  { "id": "more", "then": "allow", "when": { "action": ["sampling.create", "elicitation.create", "roots.list"] } } ] }
J
# The suite starts these with an era and its URL.
cat >"$room/direct" <<J
#!/bin/sh
cd "$h/work" && exec node caller.mjs "\$1" "\$2"
J
cat >"$room/through" <<J
#!/bin/sh
printf '{ "reeve": "tools/1", "servers": { "s": { "kind": "url", "pins": "none", "url": "%s", "deadline": "10s" } } }' "\$2" >"$h/etc/tools.json"
cd "$h/work" && exec env -i PATH="$room/bin:$PATH" HOME="$h" XDG_STATE_HOME="$h/state" XDG_RUNTIME_DIR="$h/run" \\
	"$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- node caller.mjs "\$1" reeve-call mcp s
J
chmod +x "$room/direct" "$room/through"
# try REVISION ERA SCENARIO...
try() {
	revision=$1 era=$2
	shift 2
	for scenario; do
		for how in direct through; do
			(cd "$modules" && timeout 60 "$node22" node_modules/@modelcontextprotocol/conformance/dist/index.js client --command "$room/$how $era" \
				--scenario "$scenario" --spec-version "$revision" -o "$room/$how-$revision") >"$room/log" 2>&1
		done
	done
	turned=$(node "$here/checks.mjs" "$room/direct-$revision" "$room/through-$revision" 2>&1)
	says "$revision: the checks were made" 'compared [0-9]*, passing directly [1-9]' "$turned"
	equal "$revision: no check turns from pass to fail" '' "$(echo "$turned" | grep '^worse')"
	echo "$turned" | sed -n 's/^better/# better/p; s/^compared/# compared/p'
}
try 2025-11-25 legacy initialize tools_call elicitation-sep1034-client-defaults sse-retry
try 2026-07-28 auto tools_call request-metadata sep-2322-client-request-state http-standard-headers http-custom-headers http-invalid-tool-headers json-schema-ref-no-deref
holds 'the ledger is whole' verify "$h"
finish
