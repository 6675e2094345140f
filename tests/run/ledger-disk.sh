#!/bin/sh
# Disks that are full, read-only or failing; key files that others can read.
set -eu
[ "${1:-}" = inside ] || unshare -Urm true 2>/dev/null || { echo "1..0 # SKIP user namespaces are missing"; exit 0; }
[ "${1:-}" = inside ] || exec unshare -Urm sh "$0" inside
. "$(dirname "$0")/ledger-lib.sh"

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
n=0
while say 'burst 100'; [ "$got" = "burst 100" ] && [ "$n" -lt 40 ]; do
	n=$((n + 1))
	# A burst whose intents get no receipt would wait for ever: one at a time near the end.
	[ "$n" -lt 6 ] || break
done
ok "the reserve of space taken ahead is used" [ "$n" -gt 0 ]
halted=
i=0
while [ "$i" -lt 2000 ]; do
	i=$((i + 1))
	free=$(($(stat -c %s "$ledger/journal") - $("$bin/reeve-audit" show "$ledger" --json | wc -c)))
	say silent-intent
	say refusal
	case $got in RECEIPT*) ;; *) break;; esac
	[ "$free" -gt 0 ] || break
	[ $((i % 50)) -ne 0 ] || { "$bin/reeve-audit" show "$ledger" --json | tail -n 2 | grep -q '"kind":"intent"' || { halted=yes; break; }; }
done
is "without room, intents get no receipt" "$halted" yes
say heed
like "and the launcher is told to halt, and why" "$got" "HALT no space*"
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
