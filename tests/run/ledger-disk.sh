#!/bin/sh
# Disks that are full, read-only or failing; key files that others can read.
set -eu
[ "${1:-}" = inside ] || unshare -Urm true 2>/dev/null || { echo "1..0 # SKIP user namespaces are missing"; exit 0; }
[ "${1:-}" = inside ] || exec unshare -Urm sh "$0" inside
. "$(dirname "$0")/../ledger-lib.sh"

mkdir "$work/disk"
mount -t tmpfs -o size=2m tmpfs "$work/disk"
ledger=$work/disk/l/t
init
serve
mkfifo "$work/in" "$work/out"
client <"$work/in" >"$work/out" & pids="$pids $!"
exec 7>"$work/in" 8<"$work/out"
say() { echo "$1" >&7; read -r got <&8; }
say open; say attach; say intent
is "an intent while there is room" "$got" "RECEIPT 3"
dd if=/dev/zero of="$work/disk/full" bs=64k 2>/dev/null || :
say until-halt
like "without room intents get no receipt, and the launcher hears why" "$got" "HALT no space*"
like "who only says that he takes records away gets none of the reserve" "$(PYTHONPATH="$(dirname "$0")/../tools" timeout 60 python3 - "$sock" 2>&1 <<'P'
import sys
from review_wire import *
peer = Peer(sys.argv[1])
peer.say("LOOK")
got = [peer.hear()[::2] for _ in range(64) if peer.say("ACCESS", text("audit.export") + text("w" * 256))]
print({name for name, _ in got}, Reader(got[0][1]).text().decode())
P
)" "{'TURNED_AWAY'} no room in the ledger*"
say refusal
like "a refusal still fits in the reserve" "$got" "RECEIPT *"
say close
like "and so does the close" "$got" "NOTED *"
exec 7>&- 8<&-
ended
is "the recorder ends cleanly" "$status" 0
audit verify "$ledger" --key "$pub"
is "what was written is whole" "$status" 0

# A broker of somebody's own: of what is kept for ends it gets a part for its refusals.
rm "$work/disk/full"
mount -o remount,size=4m tmpfs "$work/disk"
serve
is "who only ever refuses leaves room for outcomes and closes on a full disk" "$(PYTHONPATH="$(dirname "$0")/../tools" timeout 60 python3 - "$sock" "$work/disk/full" 2>&1 <<'P'
import sys
from review_wire import *
run = Run(sys.argv[1]).attach()
open_ = run.intent(b"x")
with open(sys.argv[2], "wb", 0) as f:
    try:
        while f.write(b"x" * 4096):
            pass
    except OSError:
        pass
run.broker.socket.settimeout(1)
refused = 0
try:
    while refused < 9000:
        run.broker.say("COMMIT", text(record("refusal", reason="rule", action="tool.call", resource="r" * 200)))
        if run.broker.hear()[0] != "RECEIPT":
            break
        refused += 1
except TimeoutError:
    pass
run.broker.socket.settimeout(20)
print("some" if 8 < refused < 9000 else refused, run.outcome(open_), run.launcher.hear()[0], end=" ")
run.launcher.say("CLOSE", record("close", status="0"))
print(run.launcher.hear()[0])
P
)" "some RECEIPT HALT NOTED"
ended
audit verify "$ledger" --key "$pub"
is "and the ledger is whole" "$status" 0
rm -f "$work/disk/full"

mount -o remount,ro tmpfs "$work/disk"
serve
like "on a read-only disk no recorder starts" "$said" "*Read-only file system*"
mount -o remount,rw tmpfs "$work/disk"
epoch=${key%.key}.epoch
chmod 644 "$epoch"; serve
like "a key that others can read is refused" "$said" "*must be 0600*"
chmod 600 "$epoch"
mv "$epoch" "$epoch.away"; serve
like "without its key no recorder starts" "$said" "*the key of epoch 1 is not there*"
mv "$epoch.away" "$epoch"; rm "$ledger/head"; serve
like "without its head neither" "$said" "*head*missing*"
ended # it has said why, and may still hold the disk

# A first run on a disk with room for so many pages, from none on until they suffice.
umount "$work/disk"
pages=1 works=0 kept=
while [ "$works" = 0 ] && [ "$pages" -lt 40 ]; do
	mount -t tmpfs -o size=$((pages * 4))k tmpfs "$work/disk"
	ledger=$work/disk/l/t key=$work/disk/k/t.key pub=$work/disk/k/t.pub
	if init 2>/dev/null; then works=$pages; fi
	mount -o remount,size=2m tmpfs "$work/disk"
	init 2>>"$work/stderr" || kept="$kept $pages:init"
	serve
	printf '%s\n' open close | client >/dev/null; ended
	audit verify "$ledger" --key "$pub" --head 4
	[ "$said $status" = "ready 0" ] || kept="$kept $pages:$said:$told"
	umount "$work/disk"
	pages=$((pages + 1))
done
is "a first run that a full disk stops anywhere works once there is room" "$kept" ""
ok "and full it was, in more than one place" [ "$works" -gt 2 ]

# A disk that fails once under a running recorder: nobody knows what is on it now.
ledger=$work/l/eio key=$work/k/eio.key pub=$work/k/eio.pub
init
serve 3
answers=$(printf '%s\n' open attach intent 'outcome 3' hear | client | tr '\n' ';')
is "after a failed fdatasync there is no receipt and the run is told" "$answers" \
	"NOTED 2;NOTED 2;RECEIPT 3;gone;HALT the disk did not take the journal (fdatasync): Input/output error;"
ended
is "the recorder ends and says that it could not" "$status" 3
serve
is "the ledger opens again" "$said" ready
echo | client; ended
audit verify "$ledger" --key "$pub" --head 5
is "whole, with all that was acknowledged" "$status" 0
done_testing
