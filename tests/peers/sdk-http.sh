#!/bin/sh
# The official client by HTTP: every answer must be the one it gets by stdio through reeve-call, which sdk.sh holds
# against the one got without reeve.
. "$(dirname "$0")/../lib.sh"
here=$top/tests/peers
have_userns || skip_all 'no user namespaces for this user'
command -v node >/dev/null || skip_all 'node is missing: make check installs it as root'
. "$top/tests/peers-lib.sh"

# client OUT SERVER HOW: by reeve-call, or by a URL.
client() {
	fresh "$h" "$uid"
	if [ "$3" = http ]; then set -- "$1" "$2" "http://127.0.0.1:7338/mcp/$2"; else set -- "$1" "$2" reeve-call mcp "$2"; fi
	out=$1 server=$2
	shift 2
	as "$uid" "$h" "$reeve" run --http --policy ../etc/policy.json --tools ../etc/tools.json -- \
		node client.mjs out "$server.json" "$@" >"$room/log" 2>&1 || not_ok "$server by $1" "$(cat "$room/log")"
	cp "$h/work/out" "$out"
}

for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp -r "$modules/node_modules" "$h/tools/"
	# One is enough as root: what differs there is not HTTP.
	[ "$uid" = 0 ] && servers=memory || servers="filesystem everything memory"
	for server in $servers; do
		client "$room/by-stdio" "$server" stdio
		before=$(records "$h" | wc -l)
		client "$room/by-http" "$server" http
		same "uid $uid: $server: tools and answers are those got by stdio" "$room/by-stdio" "$room/by-http"
		new=$(records "$h" | tail -n +$((before + 1)))
		calls=$(grep -c '^  \[' "$here/$server.json")
		equal "uid $uid: $server: a record of each of $calls calls" "$calls" "$(asked "$new")"
		equal "uid $uid: $server: an outcome for each intent" "$(echo "$new" | grep -c '"kind":"intent"')" "$(echo "$new" | grep -c '"kind":"outcome"')"
		silent "uid $uid: $server: nothing was turned away" 'bad-http' "$new"
	done
	holds "uid $uid: the ledger is whole" verify "$h"
done

# The client of the newer line, in either era: asked the same questions, and given the same answers.
uid=$(id -u) h=$room/fixture
home "$h"
cp -r "$modules/node_modules" "$here/fixture.mjs" "$h/tools/"
cp -al "$h/tools/node_modules" "$h/work/"
cp "$here"/*.mjs "$h/work/"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": {
  "fix": { "kind": "command", "pins": "none", "argv": ["node", "@TOOLS/fixture.mjs", "stdio"], "read": ["@TOOLS"], "deadline": "20s" } } }
J
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "all", "then": "allow", "when": { "tool": "fix/*" } },
  { "id": "more", "then": "allow", "when": { "action": ["resource.read", "prompt.get", "completion.complete", "sampling.create", "elicitation.create", "roots.list"] } } ] }
J
# The client forgets whose progress it was once it reads the answer, and looks at progress a turn later: what comes in
# one read with its answer, as it can by stdio, it does not tell. So progress is not compared.
through() {
	out=$1
	shift
	as "$uid" "$h" "$reeve" run --http --policy ../etc/policy.json --tools ../etc/tools.json -- \
		node client2.mjs out "$@" >"$room/log" 2>&1 || not_ok "client2 $*" "$(cat "$room/log")"
	grep -v '"progress"' "$h/work/out" >"$out"
}
for era in legacy pin; do
	through "$room/by-stdio" $era reeve-call mcp fix
	through "$room/by-http" $era http://127.0.0.1:7338/mcp/fix
	says "the newer client, era $era: it speaks" "speaks 202$([ $era = pin ] && echo 6-07-28 || echo 5-11-25)" "$(cat "$room/log")"
	equal "the newer client, era $era: answers and questions are those it gets by stdio" "$(cat "$room/by-stdio")" "$(cat "$room/by-http")"
	says "the newer client, era $era: its calls were answered" 'This is a simple text response|"content"' "$(cat "$room/by-http")"
done
says 'and it was asked something' '"asked":"elicitation/create"' "$(cat "$room/by-http")"
silent 'nothing was turned away' 'bad-http' "$(records "$h")"
holds 'the ledger of both eras is whole' verify "$h"
finish
