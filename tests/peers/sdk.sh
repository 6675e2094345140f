#!/bin/sh
# The official client, as the agent in the jail, drives the official servers through reeve: every answer
# must be the one got without reeve, and every call must have its intent and its outcome.
. "$(dirname "$0")/../lib.sh"
here=$top/tests/peers
have_userns || skip_all 'no user namespaces for this user'
command -v node >/dev/null || skip_all 'node is missing: make check installs it as root'
. "$top/tests/peers-lib.sh"

script() { sed -n "s|.*\"@TOOLS/\(node_modules/[^\"]*server-$1/[^\"]*\)\".*|\1|p" "$here/tools.json"; }

for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp -r "$modules/node_modules" "$h/tools/"
	for server in filesystem everything memory; do
		arg=
		[ "$server" != filesystem ] || arg=$h/work
		fresh "$h" "$uid"
		as "$uid" "$h" env MEMORY_FILE_PATH="$h/work/memory.jsonl" node client.mjs "$h/tmp/direct" "$server.json" \
			node "$h/tools/$(script $server)" ${arg:+"$arg"} >"$room/log" 2>&1 || not_ok "$server directly" "$(cat "$room/log")"
		fresh "$h" "$uid"
		before=$(records "$h" 2>/dev/null | wc -l)
		as "$uid" "$h" env SECRET=do-not-leak "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- \
			node client.mjs out "$server.json" reeve-call mcp "$server" >"$room/log" 2>&1 || not_ok "$server in the jail" "$(cat "$room/log")"
		same "uid $uid: $server: tools and answers are those got directly" "$h/tmp/direct" "$h/work/out"
		calls=$(grep -c '^  \[' "$here/$server.json")
		new=$(records "$h" | tail -n +$((before + 1)))
		equal "uid $uid: $server: a record of each of $calls calls" "$calls" "$(asked "$new")"
		equal "uid $uid: $server: an outcome for each intent" "$(echo "$new" | grep -c '"kind":"intent"')" "$(echo "$new" | grep -c '"kind":"outcome"')"
	done
	echo '[["everything__get-env", {}]]' >"$h/work/env.json"
	as "$uid" "$h" env SECRET=do-not-leak "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- \
		node client.mjs env-out env.json reeve-call mcp >"$room/log" 2>&1 || not_ok 'get-env' "$(cat "$room/log")"
	says "uid $uid: the joined socket lists every server" 'memory__read_graph' "$(cat "$h/work/env-out")"
	silent "uid $uid: no variable of the operator reaches a tool server" 'do-not-leak' "$(cat "$h/work/env-out")"
	says "uid $uid: but the server's environment was seen" 'PATH' "$(tail -n 1 "$h/work/env-out")"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
