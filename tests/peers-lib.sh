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
