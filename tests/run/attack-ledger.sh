#!/bin/sh
# The ledger against an editor without its key, and against a first run that was interrupted.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
uid=$(id -u) h=$room/home
home "$h"
run() { as "$uid" "$h" "$reeve" run "$@" 2>/dev/null; }
audit() { "$room/bin/reeve-audit" "$@"; }

# damage TENANT [lost]: eight runs, then a byte of record 12 changed or taken out, and head set back to what
# stands before it. A tenant of 25 letters makes the signed checkpoints of 10 to 99 records exactly 256 bytes long.
damage() {
	for _ in 1 2 3 4 5 6 7 8; do run --tenant "$1" -- true; done
	ledger=$h/state/reeve/ledgers/$1 key=$h/state/reeve/keys/$1.pub
	at=$(grep -abo '"n":12,' "$ledger/journal" | head -n 1 | cut -d: -f1)
	if [ "${2:-}" = lost ]; then
		{ head -c "$at" "$ledger/journal"; tail -c +$((at + 2)) "$ledger/journal"; } >"$story/lost"
		cat "$story/lost" >"$ledger/journal"
	else
		printf X | dd of="$ledger/journal" bs=1 seek=$((at + 1)) conv=notrunc 2>/dev/null
	fi
	printf '%020d\n' 11 >"$ledger/head"
}
for name in aaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaa 'a lost'; do
	# shellcheck disable=SC2086
	damage $name
	name=${name%% *}
	cp "$ledger/journal" "$story/before"
	size=${#name}
	fails "tenant of $size letters: damage before signed records is damage, not a tail" 1 audit verify "$ledger" --key "$key"
	fails "tenant of $size letters: and no run continues it" 125 run --tenant "$name" -- true
	fails "tenant of $size letters: nor changes it" 0 cmp -s "$story/before" "$ledger/journal"
done

# A first run that was interrupted (a crash, a full disk). ledger-first.sh does so at every step.
run --tenant begun -- true
ledger=$h/state/reeve/ledgers/begun key=$h/state/reeve/keys/begun
mv "$ledger/journal" "$ledger/journal.new"
mv "$key.key" "$key.key.new"
mv "$key.epoch" "$key.epoch.new"
rm "$ledger"/vault* "$key.vault" # a vault is made when both have their names
fails 'before either has its name: the next run begins again' 0 run --tenant begun -- true
fails 'and its ledger is whole' 0 audit verify "$ledger" --key "$key.pub" --head 4
mv "$key.key" "$key.key.new"
fails 'before the key has its name: the next run ends it' 0 run --tenant begun -- true
fails 'and its ledger is whole and the same' 0 audit verify "$ledger" --key "$key.pub" --head 6
rm "$key.key" "$key.epoch"
fails 'a ledger without its key gets no new key' 125 run --tenant begun -- true
fails 'and no key file' 1 test -e "$key.key"
run --tenant half -- true
rm "$h/state/reeve/ledgers/half/journal" "$h/state/reeve/ledgers/half/head"
fails 'a key without its ledger starts no new ledger' 125 run --tenant half -- true
fails 'and leaves no journal' 1 test -e "$h/state/reeve/ledgers/half/journal"

# What an editor may try, one ledger each.
fresh() {
	run --tenant "$1" -- true
	run --tenant "$1" -- true
	settled "$h" "$1"
	ledger=$h/state/reeve/ledgers/$1 key=$h/state/reeve/keys/$1.pub
}
fresh turned
at=$(grep -abo '"n":2,' "$ledger/journal" | head -n 1 | cut -d: -f1)
printf X | dd of="$ledger/journal" bs=1 seek="$at" conv=notrunc 2>/dev/null
fails 'a changed record is found' 1 audit verify "$ledger" --key "$key"
says 'and named' 'record 2' "$(audit verify "$ledger" --key "$key")"
fresh first
printf X | dd of="$ledger/journal" bs=1 seek=100 conv=notrunc 2>/dev/null
fails 'damage at record 0 is found' 1 audit verify "$ledger" --key "$key"
says 'and named' 'record 0' "$said"
says 'and what follows is not called a tail' '^tail +unknown +not judged' "$said"
printf '%s' "$said" >"$story/first"
silent 'nor is a cut announced' 'cuts' "$(cat "$story/first"; audit verify "$ledger" --key "$h/state/reeve/keys/turned.pub")"
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
chmod 644 "$h/state/reeve/keys/open.epoch"
fails 'a key that others may read is not used' 125 run --tenant open -- true
fresh swapped
cp "$h/state/reeve/keys/other.epoch" "$h/state/reeve/keys/swapped.epoch"
fails 'a swapped key does not continue the ledger' 125 run --tenant swapped -- true
fresh words
as "$uid" "$h" "$reeve" run --tenant words --task "$(printf 'a\033[31m\n\302\233\342\200\256b')" -- true 2>/dev/null
silent 'show prints no control character and no turned text' "$(printf '\033|\302\233|\342\200\256')" "$(audit show "$ledger")"
fails 'and the ledger is whole' 0 audit verify "$ledger" --key "$key"
finish
