# tests/peers-lib.sh - install the peers that the lock names, once. Sourced, not run; needs $here, sets $modules.
# shellcheck shell=sh
modules=$top/build/peers
if ! cmp -s "$here/package-lock.json" "$modules/installed"; then
	mkdir -p "$modules"
	cp "$here/package.json" "$here/package-lock.json" "$modules/"
	(cd "$modules" && npm ci --no-audit --no-fund --ignore-scripts >"$room/npm.log" 2>&1) ||
		skip_all "npm cannot install the peers: $(grep -m 1 -iE "reason:|err(or)?.* code" "$room/npm.log")"
	cp "$here/package-lock.json" "$modules/installed"
fi
