#!/bin/sh
# The official servers, pinned: what they offer can be accepted and enforced, what they answer fits what they declare,
# and the catalogues that come with reeve speak about every tool they have.
. "$(dirname "$0")/../lib.sh"
here=$top/tests/peers
have_userns || skip_all 'no user namespaces for this user'
command -v node >/dev/null || skip_all 'node is missing: make check installs it as root'
. "$top/tests/peers-lib.sh"

uid=$(each_user | tr ' ' '\n' | tail -n 1)
h=$room/home
home "$h" "$uid"
cp -r "$modules/node_modules" "$h/tools/"
sed -e "s|@TOOLS|$h/tools|g" -e 's/"pins": "none", //' "$here/tools.json" >"$h/etc/tools.json"
cp -r "$here/policy.json" "$top/policies/catalogue" "$h/etc/"
cp "$here"/*.mjs "$here"/*.json "$h/work/"
cp -r "$modules/node_modules" "$h/work/"
mkdir "$h/work/data"
printf 'one line\nanother line\n' >"$h/work/data/poem.txt"
chown -R "$uid:$uid" "$h"
tool() { as "$uid" "$h" "$reeve" tools "$@" --policy ../etc/policy.json --tools ../etc/tools.json 2>&1; }
call() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- reeve-call tool "$@" 2>&1; }

for server in filesystem memory everything; do
	holds "$server is pinned" tool pin "$server" --yes
	out=$(tool list "$server")
	silent "$server: every tool of it is" 'not pinned|changed' "$out"
	silent "$server: and has a class" '^  tool +[^ ]+ +- ' "$out"
done
says 'what it offers fits what it is pinned as' 'another line' "$(call filesystem/read_text_file '{"path":"'"$h"'/work/data/poem.txt"}')"
says 'so does what it answers with a structure' 'Ada' "$(call memory/create_entities '{"entities":[{"name":"Ada","entityType":"person","observations":[]}]}')"
says 'what does not fit is told with its place' '/a: must be of type number, not a string' "$(call everything/get-sum '{"a":"1","b":2}')"
echo >>"$h/tools/node_modules/@modelcontextprotocol/sdk/LICENSE"
says 'a dependency that changed is noticed' "the server's program" "$(call memory/read_graph '{}')"
holds 'the ledger is whole' verify "$h"
finish
