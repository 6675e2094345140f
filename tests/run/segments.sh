#!/bin/sh
# A journal of many segments: one ledger for whoever reads it, while it is written too; one that is missing, short, of
# elsewhere or in another's place is named by its records.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"
second=$(dirname "$0")/../../contrib/verify.py

init
serving=segment-bytes=16384
serve
# As fast as both can: 4000 intents with their outcomes, and verifiers until they are there.
printf '%s\n' open attach 'burst 4000' close open | client >"$work/answers" & writer=$!
alarms='' looks=0
while kill -0 $writer 2>/dev/null; do
	audit verify "$ledger" --key "$pub"
	looks=$((looks + 1))
	[ "$status" = 0 ] || alarms="$alarms
$status: $told"
done
wait $writer
ended
is "while a recorder writes and makes segments, nobody is alarmed" "$alarms" ""
ok "by many a look" [ $looks -gt 5 ]
is "the recorder ends well" "$status" 0
set -- "$ledger"/journal.*
ok "a burst is many segments" [ $# -gt 15 ]
audit verify "$ledger" --key "$pub" --head 8000
is "which are one ledger" "$status" 0
like "with all records" "$told" "*8,0*records, each hashed*"
is "also for who joins the files" "$(mkdir "$work/one"; cat "$ledger"/journal "$ledger"/journal.* >"$work/one/journal"
	cp "$ledger/head" "$ledger"/vault* "$work/one"; "$bin/reeve-audit" verify "$work/one" --key "$pub" --head 8000)" "$told"
if command -v python3 >/dev/null; then
	is "and for the second verifier" "$(python3 "$second" "$ledger" --key "$pub" 2>&1)" "whole: $(sed 's/^0*//' "$ledger/head") records"
fi
is "each record is shown" "$("$bin/reeve-audit" show "$ledger" --json | wc -l)" "$(sed 's/^0*//' "$ledger/head")"

# What is wrong with one: verify says which records, no recorder opens it, and the second verifier agrees. What is
# within a segment of the right size a recorder sees that has no state, and reads all.
cp -r "$ledger" "$work/kept"
set -- "$ledger"/journal.*
shift 5
hurt=$1 next=$2
again() { rm -rf "$ledger" "${key%.key}.place"; cp -r "$work/kept" "$ledger"; }
wrong() {	# wrong WHAT PATTERN [without states]
	audit verify "$ledger" --key "$pub"
	is "$1: verify fails" "$status" 1
	like "$1: and names it" "$told" "$2"
	[ -z "${3:-}" ] || rm "$ledger"/state.*
	before=$(cat "$ledger"/* | cksum)
	serve
	like "$1: no recorder opens it" "$said" "*damaged at record*"
	ended
	is "$1: and none changes it" "$(cat "$ledger"/* | cksum)" "$before"
	if command -v python3 >/dev/null; then
		code=0; python3 "$second" "$ledger" --key "$pub" >/dev/null 2>&1 || code=$?
		is "$1: the second verifier says so too" "$code" 1
	fi
	again
}
first=$("$bin/reeve-audit" show "$work/kept" --json | wc -l)
range='*FAILED*records [0-9]* to [0-9]* are missing*'
rm "$hurt"; wrong "deleted" "$range"
mv "$hurt" "$ledger/journal.00000000000099999992"; wrong "renamed" "$range"
mv "$hurt" "$ledger/old"; wrong "renamed to what is no segment" "$range"
truncate -s -4000 "$hurt"; wrong "truncated" "$range"
: >"$hurt"; wrong "emptied" "$range"
rm "$hurt"; mkfifo "$hurt"
audit verify "$ledger" --key "$pub"
like "a FIFO in its place: nobody waits for it" "$status $told" "1*are missing*"
rm "$hurt"; cp "$work/kept/${hurt##*/}" "$hurt"
rm "$ledger/journal"
audit verify "$ledger" --key "$pub"
like "the first one deleted" "$status $told" "1*records 0 to [0-9]* are missing*"
cp "$work/kept/journal" "$ledger/journal"
cat "$next" >>"$hurt"; wrong "longer than it was" '*damaged on disk*goes on where*'
cp "$next" "$hurt"; wrong "in another's place" '*FAILED*record*' stateless
"$bin/reeve-recorder" init "$work/o/t" "$work/o/k" t >/dev/null
cp "$work/o/t/journal" "$hurt"; wrong "of another ledger" '*FAILED*record*'
cp "$next" "$ledger/journal.00000000000099999992"; wrong "one too many, and far behind" '*FAILED*'
flip "$hurt" 700; wrong "one byte of it" '*FAILED*record [0-9]*: damaged on disk*' stateless

# The last one is taken away: that is a rollback, and its own head shows it.
set -- "$ledger"/journal.*
shift $(($# - 1))
rm "$1"
audit verify "$ledger" --key "$pub"
like "without its last segment it is rolled back" "$status $told" "5*rolled back from $first to*"
again

# Killed wherever it stands, the next one goes on.
n=0
while [ $n -lt 4 ]; do
	serve
	printf '%s\n' open attach 'burst 2000' | client >/dev/null 2>&1 & writer=$!
	until [ "$(ls "$ledger" | wc -l)" -gt $((40 + 8 * n)) ] || ! kill -0 $writer 2>/dev/null; do :; done
	kill -9 "$recorder"; wait "$recorder" 2>/dev/null || :
	wait $writer || :
	n=$((n + 1))
done
serve
is "a ledger whose recorders were killed while they made segments opens" "$said" ready
echo | client; ended
audit verify "$ledger" --key "$pub"
is "and is whole" "$status" 0

# Without room for the next one's reserve, this one goes on.
touch "$work/x"
if unshare -Urm true 2>/dev/null; then
	is "on a full disk the segment goes on" "$(unshare -Urm sh -c '
		set -e
		mkdir "$1/disk"; mount -t tmpfs -o size=1500k tmpfs "$1/disk"
		"$2/reeve-recorder" init "$1/disk/t" "$1/disk/k" t >/dev/null
		mkfifo "$1/r"
		"$2/reeve-recorder" serve "$1/disk/t" "$1/disk/k" "$1/disk/s" segment-bytes=65536 3>"$1/r" &
		read said <"$1/r"
		dd if=/dev/zero of="$1/disk/full" bs=64k 2>/dev/null || :
		printf "%s\n" open attach "burst 150" close open | "$2/tools/recorder_client" "$1/disk/s" >"$1/full-answers" || :
		wait
		ls "$1/disk/t" | grep -c "^journal"
		"$2/reeve-audit" verify "$1/disk/t" --key "$1/disk/k.pub" >/dev/null; echo $?' sh "$work" "$bin" 2>&1 | tail -n 2 | tr '\n' ' ')" "1 0 "
fi
done_testing
