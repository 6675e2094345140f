#!/bin/sh
# What the jail refuses of the kernel is in the ledger: each kind once at once, a flood in a few counts.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
cat >"$room/asks.py" <<'P'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
secret = ctypes.create_string_buffer(b"PASSWORD-IN-MEMORY")
asked = [(425, 8, 0), (428, 0, 0), (438, 3, 4), (999, 0x1122334455667788, 6)]
for call in asked * int(sys.argv[1]):
    libc.syscall(call[0], *(ctypes.c_uint64(word) for word in call[1:]), secret)
libc.unshare(0x10000000)
libc.socket(40, 1, 0)
print("alive", flush=True)
P
chmod 644 "$room/asks.py"
# refusals HOME: the records of its last run, one a line: call errno count [path] [server].
refusals() {
	records "$1" | python3 -c '
import json, sys
every = [json.loads(line) for line in sys.stdin]
last = [r["n"] for r in every if r["kind"] == "run"][-1]
for r in every:
    if r["kind"] == "syscall" and r["run"] == last:
        print(r["call"], r.get("errno", "-"), r["count"], *(r[k] for k in ("path", "server") if k in r))'
}
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	run() { as "$uid" "$h" "$reeve" run "$@"; }
	cp "$room/asks.py" "$h/work/"

	out=$(run -- python3 asks.py 1 2>&1)
	says "uid $uid: nobody dies of a refusal" '^alive$' "$out"
	equal "uid $uid: each is recorded, with what it was answered" 'io_uring_setup ENOSYS 1
open_tree EPERM 1
pidfd_getfd EPERM 1
999 ENOSYS 1
unshare EPERM 1
socket EAFNOSUPPORT 1' "$(refusals "$h")"
	says "uid $uid: with its registers" '"args":\["0x1122334455667788","0x6","0x[0-9a-f]+","0x[0-9a-f]+","0x[0-9a-f]+","0x[0-9a-f]+"\].*"call":"999"' "$(records "$h")"
	silent "uid $uid: and never what they point to" PASSWORD "$(records "$h" | grep '"syscall"')"
	says "uid $uid: for people in one line" 'refused io_uring_setup  ENOSYS$' "$("$room/bin/reeve-audit" show "$(ledger_of "$h")")"

	out=$(run -- python3 asks.py 57 2>&1)
	says "uid $uid: again and again" '^alive$' "$out"
	equal "uid $uid: is folded, and nothing is lost" 'open_tree EPERM 1
open_tree EPERM 10
open_tree EPERM 57' "$(refusals "$h" | grep open_tree)"

	out=$(run -- sh -c 'echo x >.envrc; echo x >.envrc; echo alive' 2>&1)
	says "uid $uid: a protected name" '^alive$' "$out"
	equal "uid $uid: is named" 'openat EPERM 1 .envrc
openat EPERM 2 .envrc' "$(refusals "$h")"

	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "helper": { "kind": "exec", "workspace": "read", "tools": {
  "leave": { "description": "leaves", "argv": ["unshare", "-U", "true"], "params": {} } } } } }
J
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "a", "then": "allow", "when": { "tool": "helper/*" } } ] }' >"$h/etc/policy.json"
	out=$(run --policy ../etc/policy.json --tools ../etc/tools.json -- sh -c 'reeve-call tool helper/leave "{}"; unshare -U true' 2>&1)
	equal "uid $uid: a tool server's carries its name" 'unshare EPERM 1 helper
unshare EPERM 1' "$(refusals "$h")"
	says "uid $uid: for people too" 'refused unshare  EPERM  in helper' "$("$room/bin/reeve-audit" show "$(ledger_of "$h")")"
	verify "$h" >/dev/null
	equal "uid $uid: the ledger is whole" 0 $?
done

# The last of these users floods.
cat >"$h/work/flood.py" <<'P'
import ctypes
libc = ctypes.CDLL(None)
for turn in range(1000000):
    libc.unshare(0)
P
before=$(stat -c %s "$(ledger_of "$h")/journal")
out=$(run -- sh -c 'python3 flood.py & n=0; while [ $n -lt 100 ]; do cat flood.py >copy && n=$((n + 1)); done; echo "worked $n"; kill -0 $! && echo meanwhile; wait; echo alive' 2>&1)
says 'beside a flood others work' '^worked 100$' "$out"
says 'while it goes on' '^meanwhile$' "$out"
says 'a million refusals end' '^alive$' "$out"
equal 'and are seven records' 'unshare EPERM 1
unshare EPERM 10
unshare EPERM 100
unshare EPERM 1000
unshare EPERM 10000
unshare EPERM 100000
unshare EPERM 1000000' "$(refusals "$h")"
after=$(stat -c %s "$(ledger_of "$h")/journal")
equal 'which take less than 32 KiB' yes "$([ $((after - before)) -lt 32768 ] && echo yes || echo $((after - before)))"
cat >"$h/work/kinds.py" <<'P'
import ctypes
libc = ctypes.CDLL(None)
for turn in range(40000):
    libc.syscall(600 + turn % 20000, turn)
P
run -- python3 kinds.py >/dev/null 2>&1
equal 'twenty thousand kinds are no more than its table, and the rest together' yes "$([ "$(refusals "$h" | wc -l)" -lt 300 ] && refusals "$h" | grep -q '^other - 39[0-9]*$' && echo yes)"
verify "$h" >/dev/null
equal 'the ledger is whole' 0 $?

# What cannot be recorded ends the run, as for an intent.
if unshare -Urm mount -t tmpfs reeve /mnt 2>/dev/null; then
	home "$room/full" "$uid"
	h=$room/full
	cat >"$h/work/more.py" <<'P'
import ctypes
libc = ctypes.CDLL(None)
print("up", flush=True)
for turn in range(900):
    libc.syscall(600 + turn % 90, turn)
P
	# A recorder takes space ahead. One run keeps it alive; others use that up, on a disk that gives no more.
	cat >"$h/full.sh" <<J
mount -t tmpfs -o size=7m,mode=700 reeve $h/state || exit 99
cd $h/work
run() { HOME=$h XDG_STATE_HOME=$h/state XDG_RUNTIME_DIR=$h/run XDG_CONFIG_HOME=$h/config $reeve run --timeout 60 -- "\$@"; }
mkfifo hold
run sh -c 'echo up >up; cat' <hold 2>$h/first &
exec 9>hold
until [ -e up ]; do kill -0 \$! || exit 98; done
dd if=/dev/zero of=$h/state/full bs=4k 2>/dev/null
turns=0 status=0
until [ \$status != 0 ] || [ \$turns = 40 ]; do
	run python3 more.py >$h/said 2>$h/stderr 9>&-
	status=\$? turns=\$((turns + 1))
done
exec 9>&-
wait
$room/bin/reeve-audit verify $h/state/reeve/ledgers/default --key $h/state/reeve/keys/default.pub >/dev/null || exit 97
exit \$status
J
	mkdir -p "$h/state"
	chown -R "$uid:$uid" "$h"
	(if [ "$uid" = "$(id -u)" ]; then unshare -Urm sh "$h/full.sh"; else setpriv --reuid "$uid" --regid "$uid" --clear-groups unshare -Urm sh "$h/full.sh"; fi)
	equal 'on a full disk a refusal ends the run' 125 $?
	says 'and it says why' 'space|full' "$(cat "$h/stderr")"
	says 'which had begun' '^up$' "$(cat "$h/said")"
else
	skip 'on a full disk a refusal ends the run' 'no mounts in a user namespace'
fi
finish
