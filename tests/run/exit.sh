#!/bin/sh
# How a run ends: the agent's own status, and the contract 124-127, 128+n. As root and as a user.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	run() { as "$uid" "$h" "$reeve" run "$@"; }
	fails "uid $uid: true" 0 run -- true
	fails "uid $uid: the agent's own status" 7 run -- sh -c 'exit 7'
	fails "uid $uid: not found" 127 run -- no-such-program
	fails "uid $uid: not executable" 126 run -- /etc/passwd
	fails "uid $uid: killed by signal 9" 137 run -- sh -c 'kill -9 $$'
	fails "uid $uid: ended by signal 15" 143 run -- sh -c 'kill -15 $$'
	fails "uid $uid: out of time" 124 run --timeout 1 -- sh -c 'while :; do :; done'
	equal "uid $uid: stdin and stdout are the operator's pipes" 'HELLO' "$(echo hello | run -- tr a-z A-Z 2>/dev/null)"
	equal "uid $uid: arguments arrive as they are" "a b|c" "$(run -- sh -c 'printf "%s|%s" "$1" "$2"' sh 'a b' c 2>/dev/null)"
	mkfifo "$h/gone"
	exec 9<>"$h/gone" 8>"$h/gone" 9<&-	# a pipe that nobody reads any more
	equal "uid $uid: whoever reads stderr may go away" 'done, 0' "$(run -- printf 'done' 2>&8; echo ", $?")"
	exec 8>&-
	equal "uid $uid: the agent has no ignored signals of ours" '0000000000000000' "$(run -- sed -n 's/^SigIgn:.//p' /proc/self/status 2>/dev/null)"
	fails "uid $uid: no command" 2 run
	fails "uid $uid: an unknown option" 2 run --nonsense -- true
	fails "uid $uid: the ledger is whole" 0 verify "$h"
	equal "uid $uid: a close for every run" "$(records "$h" | grep -c '"kind":"run"')" "$(records "$h" | grep -c '"kind":"close"')"
done
{ printf 'reeve-journal/1\n'; head -c 65536 /dev/zero; } >"$room/empty"
fails 'a journal without a record is nothing to show' 1 "$reeve" audit show "$room/empty"
fails 'and neither is a folder without a journal' 3 "$reeve" audit show "$room"
finish
