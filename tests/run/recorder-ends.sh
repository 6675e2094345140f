#!/bin/sh
# A recorder ends after its last run. Who has just connected to it then, and was not heard any more, finds the next one.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/review-lib.sh"
have_userns || skip_all 'no user namespaces for this user'
needs_python
# Listens as a recorder does, and ends when somebody has connected, who is never heard.
cat >"$room/ending.py" <<'P'
import os, select, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1])
s.listen(8)
print("there", flush=True)
select.select([s], [], [], 60)
P
chmod a+r "$room/ending.py"
for uid in $(each_user); do
	h=$room/home$uid
	desk "$h" "$uid"
	key "$h" alice
	signers "$h" alice
	own "$h" "$uid"
	settled "$h"
	# ending COMMAND...: it connects to such a recorder first.
	ending() {
		rm -f "$h/there" "$socket"
		mkfifo "$h/there"
		as "$uid" "$h" python3 "$room/ending.py" "$socket" >"$h/there" &
		read -r _ <"$h/there"
		as "$uid" "$h" "$@" 2>&1
		status=$?
		wait $!
		settled "$h"
		return "$status"
	}
	# Where a recorder of this ledger listens.
	mkfifo "$h/until"
	become "$uid" "$h" "$reeve" run -- cat <"$h/until" >/dev/null 2>&1 &
	exec 5>"$h/until"
	socket=
	while [ -z "$socket" ]; do socket=$(find "$h/run" "$h/state" -type s -name '*.sock'); done
	exec 5>&-
	wait $!
	settled "$h"
	holds 'a run begins with the next recorder' ending "$reeve" run -- true
	said=$(ending "$reeve" review list)
	says 'a reviewer asks the next recorder' 'nothing is held' "$said"
	silent 'and is not told to' 'hung up' "$said"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
