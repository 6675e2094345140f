#!/bin/sh
# One recorder writes a ledger, and one ledger is written: a second one, a copy, a backup and another machine's disk are
# refused before anything is changed, with a sentence that says what to do.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"

init
serve
first=$recorder second=0	# it waits for its first client, so it is there
"$bin/reeve-recorder" serve "$ledger" "$key" "$work/s2" 3>"$work/second" 2>/dev/null || second=$?
is "a second recorder is refused" "$second" 75
like "and says so" "$(cat "$work/second")" "*held by another recorder*"
printf '%s\n' open attach intent 'outcome 2' | client >/dev/null
recorder=$first; ended
grow() { serve; [ "$said" != ready ] || printf '%s\n' open close | client >/dev/null; ended; }

unchanged() {	# unchanged WHAT FOLDER: neither it nor what is said is other than before
	is "$1" "$(cat "$2"/* | cksum)" "$before"
}
own=$ledger
cp -a "$ledger" "$work/copy"
ledger=$work/copy before=$(cat "$work/copy"/* | cksum)
grow
like "a copy of the folder, with the same key, is refused" "$said" "*copy or a backup*two histories*remove*"
unchanged "and nothing in it is changed" "$ledger"
ledger=$own
grow
is "the ledger itself goes on" "$said" ready
mv "$ledger" "$work/moved"; ledger=$work/moved
grow
is "it may be moved" "$said" ready
rm -r "$ledger"; grow
like "one that is gone is told from one that is not there yet" "$said" "*journal is gone, and its key is there: bring the ledger back*"
cp -r "$work/copy" "$ledger"; before=$(cat "$ledger"/* | cksum)
grow
like "a backup in its place is refused too" "$said" "*copy or a backup*"
unchanged "and nothing in it is changed" "$ledger"
rm "${said##*remove }"
grow
is "until the operator says that it is the one" "$said" ready
mkdir "$work/away"; cp -a "$work/k" "$work/moved" "$work/away"
ledger=$work/away/moved key=$work/away/k/t.key pub=$work/away/k/t.pub
grow
like "a copy of folder and keys, as of one machine on another, is refused" "$said" "*copy or a backup*"

ledger=$work/moved key=$work/k/t.key pub=$work/k/t.pub before=$(cat "$work/moved"/* | cksum)
for type in 6969 ff534d42 65735546; do
	export LD_PRELOAD="$bin/tools/netfs.so" REEVE_NETFS=$type
	serve
	unset LD_PRELOAD REEVE_NETFS
	like "on file system $type no recorder writes" "$said" "*local disk*"
	ended
	code=0
	env LD_PRELOAD="$bin/tools/netfs.so" REEVE_NETFS=$type "$bin/reeve-recorder" init "$work/n$type/l" "$work/n$type/k" t \
		2>"$work/why" || code=$?
	like "nor is a ledger made there" "$code $(cat "$work/why")" "3 *local disk*"
done
unchanged "and nothing is changed" "$ledger"
audit verify "$ledger" --key "$pub"
is "what is left is whole" "$status" 0
done_testing
