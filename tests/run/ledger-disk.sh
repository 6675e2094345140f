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
is "an intent while there is room" "$got" "RECEIPT 2"
dd if=/dev/zero of="$work/disk/full" bs=64k 2>/dev/null || :
say until-halt
like "without room intents get no receipt, and the launcher hears why" "$got" "HALT no space*"
say refusal
like "a refusal still fits in the reserve" "$got" "RECEIPT *"
say close
like "and so does the close" "$got" "NOTED *"
exec 7>&- 8<&-
ended
is "the recorder ends cleanly" "$status" 0
audit verify "$ledger" --key "$pub"
is "what was written is whole" "$status" 0

mount -o remount,ro "$work/disk"
serve
like "on a read-only disk no recorder starts" "$said" "*Read-only file system*"
mount -o remount,rw "$work/disk"
chmod 644 "$key"; serve
like "a key that others can read is refused" "$said" "*must be 0600*"
chmod 600 "$key"
mv "$key" "$key.away"; serve
like "without its key no recorder starts" "$said" "*No such file*"
mv "$key.away" "$key"; rm "$work/disk/full"
rm "$ledger/head"; serve
like "without its head neither" "$said" "*head*missing*"
done_testing
