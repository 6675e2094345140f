#!/bin/sh
# The official client, as the agent in the jail, drives the official servers through reeve: every answer
# must be the one got without reeve, and every call must have its intent and its outcome.
. "$(dirname "$0")/../lib.sh"
here=$top/tests/peers
have_userns || skip_all 'no user namespaces for this user'
command -v node >/dev/null || skip_all 'node is missing: make check installs it as root'
. "$top/tests/peers-lib.sh"

# The same work folder for both ways, because its path is part of the answers.
fresh() {
	rm -rf "$1/work"
	mkdir -p "$1/work/data"
	cp -r "$modules/node_modules" "$here"/*.mjs "$here"/*.json "$1/work/"
	cp "$here/policy.json" "$1/etc/"
	tools_file "$1" <"$here/tools.json"
	printf 'one line\nanother line\n' >"$1/work/data/poem.txt"
	printf 'Grüße\n' >"$1/work/data/ünïcode 漢字.txt"
	printf '[1, 2.5, 1e3]\n' >"$1/work/data/numbers.json"
	printf '\211PNG\r\n\032\n' >"$1/work/data/dot.png"
	chown -R "$2:$2" "$1/work"
}
# One resource of the everything server tells the time; and what fits no schema reeve says in its own words.
timeless() {
	sed -e "s/created at [0-9:]* [AP]M/created at TIME/g" \
		-e 's/"text":"\(MCP error -32602: Input validation error\|reeve refused [a-z]*\/[a-z_-]*\): [^"]*"/"text":"INVALID"/' "$1"
}
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
		equal "uid $uid: $server: tools and answers are those got directly" "$(timeless "$h/tmp/direct")" "$(timeless "$h/work/out")"
		calls=$(grep -c '^  \[' "$here/$server.json")
		new=$(records "$h" | tail -n +$((before + 1)))
		equal "uid $uid: $server: an intent or a refusal for each of $calls calls" "$calls" "$(echo "$new" | grep -E '"kind":"(intent|refusal)"' | grep -c '"action":"tool.call"')"
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
