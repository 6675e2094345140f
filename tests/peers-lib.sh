# tests/peers-lib.sh - install the peers that a lock names, once. Sourced, not run; needs $here, sets $modules.
# shellcheck shell=sh
# peers_install LOCK'S-FOLDER INTO
peers_install() {
	modules=$2
	cmp -s "$1/package-lock.json" "$modules/installed" && return
	mkdir -p "$modules"
	cp "$1/package.json" "$1/package-lock.json" "$modules/"
	(cd "$modules" && npm ci --no-audit --no-fund --ignore-scripts >"$room/npm.log" 2>&1) ||
		skip_all "npm cannot install the peers: $(grep -m 1 -iE "reason:|err(or)?.* code" "$room/npm.log")"
	cp "$1/package-lock.json" "$modules/installed"
}
# suite_install: the conformance suite, and $node22, the node it needs, as it lies in its folder.
suite_install() {
	peers_install "$here/suite" "$top/build/suite"
	node22=$(cd "$modules" && echo node_modules/node-linux-*/bin/node)
	[ -x "$modules/$node22" ] || skip_all 'the conformance suite needs node 22, which npm has not for this machine'
}
peers_install "$here" "$top/build/peers"

# One resource of the everything server tells the time; arguments that do not fit are refused in other words than
# the server's own.
timeless() {
	sed -E 's/created at [0-9:]* [AP]M/created at TIME/g
		s/"text":"([^"\\]|\\.)*(Input validation error|reeve refused)([^"\\]|\\.)*"/"text":"MISFIT"/' "$1"
}
# same WHAT ONE OTHER: what differs is told, not both of them.
same() {
	timeless "$2" >"$room/one"
	timeless "$3" >"$room/other"
	equal "$1" "" "$(diff "$room/one" "$room/other")"
}
# asked RECORDS: how many tool calls were recorded, as intents and as what did not fit.
asked() { echo "$1" | grep '"action":"tool.call"' | grep -c '"kind":"intent"\|"reason":"bad-params"'; }
# fresh HOME UID: the same work folder for both ways, because its path is part of the answers.
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
