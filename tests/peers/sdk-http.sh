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
	for server in filesystem everything memory; do
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
finish
