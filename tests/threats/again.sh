#!/bin/sh
# reeve inside reeve, its own programs turned on its ledger, and what an agent leaves in the workspace for the next
# run to stumble over. THREATS: "Also".
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	# A profile that puts reeve itself inside: the operator works on reeve.
	echo '{ "reeve": "profile/1", "extends": "agent", "read": ["'"$room/bin"'", "'"$story/profiles"'"] }' >"$h/etc/with-reeve.json"
	run() { as "$uid" "$h" "$reeve" run --profile ../etc/with-reeve.json "$@"; }
	fails "uid $uid: reeve is there" 0 run -- "$room/bin/reeve" --version
	fails "uid $uid: but starts nothing inside itself" 0 run -- sh -c \
		"! $room/bin/reeve run --profile $story/profiles/minimal.json -- touch nested 2>said"
	says "uid $uid: and says why" 'run: agent jail: namespaces|sealed copy' "$(cat "$h/work/said")"
	equal "uid $uid: nothing was run" no "$([ -e "$h/work/nested" ] && echo yes || echo no)"
	before=$(as "$uid" "$h" "$room/bin/reeve-audit" show "$(ledger_of "$h")" --json | head -n 3 | sha256sum)
	run -- sh -c "$room/bin/reeve-recorder init $(ledger_of "$h") $h/state/reeve/keys/default.key default
		$room/bin/reeve-recorder serve $(ledger_of "$h") $h/state/reeve/keys/default.key $h/run/x.sock
		$room/bin/reeve init; $room/bin/reeve-audit verify $(ledger_of "$h"); rm -rf $h/state" >/dev/null 2>&1
	equal "uid $uid: its own programs do not reach the ledger" "$before" \
		"$(as "$uid" "$h" "$room/bin/reeve-audit" show "$(ledger_of "$h")" --json | head -n 3 | sha256sum)"

	# Names that the next run, or git, or reeve itself might open: a FIFO waits for ever, a device or link leads away.
	run -- sh -c 'mkdir -p d .git; for f in .reeve .mcp.json .envrc .git/config .git/HEAD .git/hooks .gitignore Makefile package.json d/.git reeve.json; do
		rm -rf $f; mkfifo $f; done; for f in core policy.json tools.json; do ln -s /proc/self/fd/0 $f; done; ln -s . loop; ln -s loop/loop/loop way' >/dev/null 2>&1
	fails "uid $uid: FIFOs in the workspace stop no run" 0 timeout 30 env -C "$h/work" true
	fails "uid $uid: nor hold it up" 0 as "$uid" "$h" timeout 30 "$reeve" run -- true
	printf '{ "reeve": "tools/1", "servers": { "f": { "kind": "command", "argv": ["%s/work/Makefile"] } } }' "$h" >"$h/etc/fifo.json"
	fails "uid $uid: a tool server that is a FIFO of the agent's is refused" 2 as "$uid" "$h" timeout 30 "$reeve" run --tools ../etc/fifo.json -- true
	fails "uid $uid: so is a program that is one" 126 as "$uid" "$h" timeout 30 "$reeve" run -- ./Makefile
	chmod 700 "$h/work/Makefile"
	fails "uid $uid: also an executable one" 126 as "$uid" "$h" timeout 30 "$reeve" run -- ./Makefile

	# Of a copy too: what is left in it is looked at by the operator's own program.
	echo '{ "reeve": "profile/1", "extends": "agent", "workspace": "cow" }' >"$h/etc/cow.json"
	fails "uid $uid: nor a run in a copy of it" 0 as "$uid" "$h" timeout 30 "$reeve" run --profile ../etc/cow.json -- \
		sh -c 'mkfifo new; rm -f package.json; mkfifo package.json; ln -s / root; ln -s /proc/self/fd/0 in; echo x >file'
	number=$(records "$h" | sed -n '/"kind":"run"/s/.*"n":\([0-9]*\).*/\1/p' | tail -n 1)
	as "$uid" "$h" timeout 30 "$reeve" workspace diff "$number" >"$story/changes" 2>&1
	silent "uid $uid: nor who looks at what it did" '^(124|137)$' "$?"
	says "uid $uid: and it is told" 'file' "$(cat "$story/changes")"

	# The workspace's parent turned while a run starts: it is the place that was checked, or no run.
	mkdir -p "$h/turn/good" "$h/turn/empty"
	echo mine >"$h/turn/good/mark"
	[ "$uid" = "$(id -u)" ] || chown -R "$uid:$uid" "$h/turn"
	ln -s good "$h/turn/now"
	sh -c 'while [ -d "$0" ]; do ln -s "$1" "$0/new"; mv -T "$0/new" "$0/now"; ln -s good "$0/new"; mv -T "$0/new" "$0/now"; done' \
		"$h/turn" "$h/state/reeve" 2>/dev/null &
	turner=$!
	round=0 seen=
	while [ $round -lt 30 ]; do
		seen=$seen$(as "$uid" "$h" "$reeve" run --workspace "$h/turn/now" -- sh -c 'ls; ls ledgers keys 2>/dev/null' 2>/dev/null)
		round=$((round + 1))
	done
	mv "$h/turn" "$h/turned"
	wait "$turner"
	silent "uid $uid: a workspace turned while runs start never shows the ledgers" 'ledgers|keys|default' "$seen"
	says "uid $uid: and some of them started" 'mark' "$seen"
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
