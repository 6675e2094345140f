#!/bin/sh
# Who watches is killed or stopped: what is inside stops too, and nothing is done unrecorded. (Launcher and broker:
# tests/run/signals.sh; in the middle of calls: tests/run/crash.sh.) THREATS 24.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'

# inside OUT: a run whose processes ignore everything and hold OUT open, in sessions of their own.
inside() {
	become "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- sh -c '
		trap "" HUP INT TERM; setsid sh -c "trap \"\" HUP INT TERM; echo up; while :; do :; done" & while :; do :; done' >"$1" 2>/dev/null &
	pid=$!
}
init_of() { pgrep -P "$1" -x "reeve|reeve-init" | head -n 1; }
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$room/bin/mcp_client" "$h/work/"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "log": { "kind": "command", "workspace": "write",
  "argv": ["@TOOLS/mcp_server"], "env": { "LOG": "$WORKSPACE/log" }, "read": ["@TOOLS"], "resources": { "log": "/id" } } } }
J
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "log", "then": "allow", "when": { "tool": "log/log" } } ] }' >"$h/etc/policy.json"
	mkfifo "$h/said"
	for victim in init recorder; do
		inside "$h/said"
		{
			read -r _
			case $victim in
			init) kill -9 "$(init_of "$pid")" ;;
			recorder) kill -9 "$(pgrep -f "^reeve-recorder serve $(ledger_of "$h") ")" ;;
			esac
			timeout 30 cat >/dev/null # until nobody inside holds it
			gone=$?
		} <"$h/said"
		wait "$pid"
		status=$?
		equal "uid $uid: $victim killed: everything inside is gone" 0 "$gone"
		equal "uid $uid: $victim killed: its status" "$([ $victim = init ] && echo 137 || echo 125)" "$status"
	done

	# The recorder stands still: what is asked for waits with it, and is neither done nor answered.
	become "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- \
		sh -c './mcp_client /run/reeve/log.sock 1 1 log before; echo up; read -r go; ./mcp_client /run/reeve/log.sock 1 1 log after; echo answered' \
		<"$h/said" >"$h/work/out" 2>/dev/null &
	pid=$!
	exec 9>"$h/said"
	tail -f -n +1 "$h/work/out" 2>/dev/null | sed '/^up/q' >/dev/null
	recorder=$(pgrep -f "^reeve-recorder serve $(ledger_of "$h") ")
	kill -STOP "$recorder"
	echo go >&9
	timeout 1 sh -c 'tail -f -n +1 "$0" | sed "/^answered/q" >/dev/null' "$h/work/out"
	equal "uid $uid: recorder stopped: no answer and no effect" '124 1' "$? $(wc -l <"$h/work/log")"
	kill -CONT "$recorder"
	exec 9>&-
	wait "$pid"
	equal "uid $uid: and goes on: both" '0 2' "$? $(wc -l <"$h/work/log")"

	# Killed at any moment of its start, the launcher leaves nothing behind.
	round=0
	while [ $round -lt 15 ]; do
		become "$uid" "$h" "$reeve" run -- sh -c 'echo up; while :; do :; done' >"$h/said" 2>/dev/null &
		pid=$!
		{
			i=0
			while [ $i -lt $((round * 60)) ]; do i=$((i + 1)); done
			kill -9 "$pid"
			timeout 30 cat >/dev/null || break
		} <"$h/said"
		wait "$pid" 2>/dev/null
		round=$((round + 1))
	done
	equal "uid $uid: launcher killed while it starts: nothing is left" 15 "$round"
	fails "uid $uid: the next run closes what was left" 0 as "$uid" "$h" "$reeve" run -- true
	equal "uid $uid: every run is closed" "$(records "$h" | grep -c '"kind":"run"')" "$(records "$h" | grep -c '"kind":"close"')"
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
