#!/bin/sh
# Signals go through to the agent; what dies takes its dependants with it.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	for signal in TERM INT USR1 USR2 QUIT; do
		rm -f "$h/said"
		mkfifo "$h/said"
		become "$uid" "$h" "$reeve" run -- sh -c "trap 'echo got $signal; exit 33' $signal; echo up; while :; do :; done" >"$h/said" 2>/dev/null &
		pid=$!
		{
			read -r _
			kill -$signal $pid
			read -r line
		} <"$h/said"
		wait $pid
		equal "uid $uid: SIG$signal reaches the agent, and its status comes back" "got $signal 33" "$line $?"
	done
	# To the whole process group, as a terminal and timeout(1) do: only the agent decides.
	for signal in INT TERM; do
		rm -f "$h/said"
		mkfifo "$h/said"
		become "$uid" "$h" setsid --wait env --default-signal="$signal" sh -c 'echo $$ >pid; exec "$@"' sh \
			"$reeve" run -- sh -c "trap 'echo got $signal; exit 33' $signal; echo up; while :; do :; done" >"$h/said" 2>/dev/null &
		pid=$!
		{
			read -r _
			kill -s "$signal" -- "-$(cat "$h/work/pid")"
			read -r line
		} <"$h/said"
		wait $pid
		equal "uid $uid: SIG$signal to the process group reaches the agent" "got $signal 33" "$line $?"
	done
	for victim in launcher broker; do
		rm -f "$h/said"
		mkfifo "$h/said"
		become "$uid" "$h" "$reeve" run -- sh -c 'echo up; setsid cat /dev/zero >/dev/null & exec cat /dev/zero >/dev/null' >"$h/said" 2>/dev/null &
		pid=$!
		{
			read -r _
			inside=$(pgrep -f -u "$uid" '^cat /dev/zero')
			case $victim in launcher) kill -9 $pid ;; broker) kill -9 "$(pgrep -P $pid -x reeve-broker)" ;; esac
		} <"$h/said"
		wait $pid
		status=$?
		equal "uid $uid: $victim killed: its status" "$([ $victim = launcher ] && echo 137 || echo 125)" "$status"
		for p in $inside; do
			tail --pid="$p" -f /dev/null
		done
		ok "uid $uid: $victim killed: nothing inside lives on"
	done
	fails "uid $uid: the next run closes what was left" 0 as "$uid" "$h" "$reeve" run -- true
	equal "uid $uid: every run is closed" "$(records "$h" | grep -c '"kind":"run"')" "$(records "$h" | grep -c '"kind":"close"')"
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
