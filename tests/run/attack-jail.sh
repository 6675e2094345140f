#!/bin/sh
# What a hostile program breaks or leaves behind; single calls are rows of tests/threats.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	# Killing everything it can reach ends the run, and leaves nothing behind and the ledger whole.
	as "$uid" "$h" "$reeve" run -- sh -c 'setsid sh -c "while :; do :; done" & kill -9 -1' 2>/dev/null
	equal "uid $uid: kill -9 -1 leaves no process of the jail" '' "$(pgrep -u "$uid" -f 'while :; do :; done' | grep -vx $$)"
	# A device, a FIFO and a socket in the workspace stop nobody's next run.
	as "$uid" "$h" "$reeve" run -- sh -c 'mkfifo .git; ln -s / root; ln -s /proc/self/root up' 2>/dev/null
	fails "uid $uid: odd names in the workspace do not stop the next run" 0 as "$uid" "$h" "$reeve" run -- true
	fails "uid $uid: nor lead out of it" 1 as "$uid" "$h" "$reeve" run -- sh -c "ls up$h/state root$h/state 2>/dev/null || exit 1"
	# An init that no longer does what it is told does not outlive the run's time. (Stopped from outside: nothing inside can.)
	as "$uid" "$h" mkfifo lines
	{ as "$uid" "$h" timeout --foreground -k 1 30 "$reeve" run --timeout 1 --status-fd 7 -- sleep 1000 7>"$h/work/lines" 2>/dev/null; echo "$?" >"$h/status"; } &
	waiter=$!
	{
		init=
		while [ -z "$init" ] && read -r line; do
			init=$(printf '%s\n' "$line" | sed -n 's/.*"event":"ready".*"pid":\([0-9]*\).*/\1/p')
		done
		[ -n "$init" ] && kill -STOP "$init"
		last=$(tail -n 1)
	} <"$h/work/lines"
	wait "$waiter"
	says "uid $uid: a jail whose init is deaf ends when its time is over" '"reason":"timeout","status":124|"status":124,"reason":"timeout"' "$last"
	equal "uid $uid: with the status of that" 124 "$(cat "$h/status")"
	says "uid $uid: and its close" '"kind":"close".*"status":"timeout"' "$(records "$h" | tail -n 1)"
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
