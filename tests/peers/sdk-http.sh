#!/bin/sh
# The official client by HTTP: every answer must be the one it gets by stdio through reeve-call, which sdk.sh holds
# against the one got without reeve.
. "$(dirname "$0")/../lib.sh"
here=$top/tests/peers
have_userns || skip_all 'no user namespaces for this user'
command -v node >/dev/null || skip_all 'node is missing: make check installs it as root'

modules=$top/build/peers
if ! cmp -s "$here/package-lock.json" "$modules/installed"; then
	mkdir -p "$modules"
	cp "$here/package.json" "$here/package-lock.json" "$modules/"
	(cd "$modules" && npm ci --no-audit --no-fund --ignore-scripts >"$room/npm.log" 2>&1) ||
		skip_all "npm cannot install the peers: $(grep -m 1 -iE "reason:|err(or)?.* code" "$room/npm.log")"
	cp "$here/package-lock.json" "$modules/installed"
fi

fresh() {
	rm -rf "$1/work"
	mkdir -p "$1/work/data"
	cp -al "$1/tools/node_modules" "$1/work/"
	cp "$here"/*.mjs "$here"/*.json "$1/work/"
	cp "$here/policy.json" "$1/etc/"
	tools_file "$1" <"$here/tools.json"
	printf 'one line\nanother line\n' >"$1/work/data/poem.txt"
	printf 'Grüße\n' >"$1/work/data/ünïcode 漢字.txt"
	printf '[1, 2.5, 1e3]\n' >"$1/work/data/numbers.json"
	printf '\211PNG\r\n\032\n' >"$1/work/data/dot.png"
	chown -R "$2:$2" "$1/work"
}
timeless() { sed "s/created at [0-9:]* [AP]M/created at TIME/g" "$1"; }
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
		equal "uid $uid: $server: tools and answers are those got by stdio" "$(timeless "$room/by-stdio")" "$(timeless "$room/by-http")"
		new=$(records "$h" | tail -n +$((before + 1)))
		calls=$(grep -c '^  \[' "$here/$server.json")
		equal "uid $uid: $server: an intent for each of $calls calls" "$calls" "$(echo "$new" | grep '"kind":"intent"' | grep -c '"action":"tool.call"')"
		equal "uid $uid: $server: an outcome for each intent" "$(echo "$new" | grep -c '"kind":"intent"')" "$(echo "$new" | grep -c '"kind":"outcome"')"
		silent "uid $uid: $server: nothing was turned away" 'bad-http' "$new"
	done
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
