#!/bin/sh
# The ledger against an editor without its key, and against a first run that was interrupted.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
uid=$(id -u) h=$room/home
home "$h"
run() { as "$uid" "$h" "$reeve" run "$@" 2>/dev/null; }
audit() { "$room/bin/reeve-audit" "$@"; }

# damage TENANT: eight runs, then one bit of record 12 turned, and head set back to what stands before it.
# A tenant of 25 letters makes the signed checkpoints of 10 to 99 records exactly 256 bytes long.
damage() {
	for _ in 1 2 3 4 5 6 7 8; do run --tenant "$1" -- true; done
	ledger=$h/state/reeve/ledgers/$1 key=$h/state/reeve/keys/$1.pub
	at=$(grep -abo '"n":12,' "$ledger/journal" | head -n 1 | cut -d: -f1)
	printf X | dd of="$ledger/journal" bs=1 seek=$((at + 1)) conv=notrunc 2>/dev/null
	printf '%020d\n' 11 >"$ledger/head"
}
for name in aaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaa; do
	damage "$name"
	cp "$ledger/journal" "$story/before"
	size=${#name}
	fails "tenant of $size letters: damage before signed records is damage, not a tail" 1 audit verify "$ledger" --key "$key"
	fails "tenant of $size letters: and no run continues it" 125 run --tenant "$name" -- true
	fails "tenant of $size letters: nor changes it" 0 cmp -s "$story/before" "$ledger/journal"
done

# Interrupted between the key and the first commit (a crash, a full disk): nothing was ever recorded.
run --tenant half -- true
rm "$h/state/reeve/ledgers/half/journal" "$h/state/reeve/ledgers/half/head"
fails 'a key without its ledger starts no new ledger' 125 run --tenant half -- true
fails 'and leaves no journal' 1 test -e "$h/state/reeve/ledgers/half/journal"

# What an editor may try, one ledger each.
fresh() {
	run --tenant "$1" -- true
	run --tenant "$1" -- true
	ledger=$h/state/reeve/ledgers/$1 key=$h/state/reeve/keys/$1.pub
}
fresh turned
at=$(grep -abo '"n":2,' "$ledger/journal" | head -n 1 | cut -d: -f1)
printf X | dd of="$ledger/journal" bs=1 seek="$at" conv=notrunc 2>/dev/null
fails 'a changed record is found' 1 audit verify "$ledger" --key "$key"
says 'and named' 'record 2' "$(audit verify "$ledger" --key "$key")"
fresh short
truncate -s 2000 "$ledger/journal"
fails 'fewer records than head are found' 5 audit verify "$ledger" --key "$key"
fails 'and not continued' 125 run --tenant short -- true
fresh headless
rm "$ledger/head"
fails 'without head it is not continued' 125 run --tenant headless -- true
fresh other
fails 'the key of another ledger vouches for nothing' 4 audit verify "$ledger" --key "$h/state/reeve/keys/turned.pub"
fresh linked
mv "$ledger/journal" "$ledger/away"
ln -s away "$ledger/journal"
fails 'a journal that is a link is not written' 125 run --tenant linked -- true
fresh open
chmod 644 "$h/state/reeve/keys/open.key"
fails 'a key that others may read is not used' 125 run --tenant open -- true
fresh swapped
cp "$h/state/reeve/keys/other.key" "$h/state/reeve/keys/swapped.key"
fails 'a swapped key does not continue the ledger' 125 run --tenant swapped -- true
fresh words
as "$uid" "$h" "$reeve" run --tenant words --task "$(printf 'a\033[31m\n\302\233\342\200\256b')" -- true 2>/dev/null
silent 'show prints no control character and no turned text' "$(printf '\033|\302\233|\342\200\256')" "$(audit show "$ledger")"
fails 'and the ledger is whole' 0 audit verify "$ledger" --key "$key"
finish
