#!/bin/sh
# What is taken out of a ledger, put back, moved or made anew, by who can write all its files: verify names it, or says
# what it would have needed from elsewhere to notice.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"
command -v python3 >/dev/null || skip_all "python3 is missing"
frames=$(dirname "$0")/../tools/frames.py

grow() {	# grow WORDS...: by a run that does so
	serve
	printf '%s\n' open attach "$@" close | client >/dev/null
	ended
}
again() { rm -rf "$ledger"; cp -r "$work/kept" "$ledger"; }
# shows WHAT STATUS PATTERN ARGUMENTS...: so verify ends, and that is what it says.
shows() {
	what=$1 want=$2 pattern=$3
	shift 3
	audit verify "$ledger" --key "$pub" "$@"
	like "$what" "$status $told" "$want *$pattern*"
}

init
grow intent 'outcome 3' refusal
cp -r "$ledger" "$work/older"
audit publish "$ledger" "$work/view-older" --key "$pub"
grow intent refusal
cp -r "$ledger" "$work/kept"
size=$(sed 's/^0*//' "$ledger/head")
audit publish "$ledger" "$work/view" --key "$pub"
own=$work/view/checkpoint
root=$(sed -n 3p "$own")
shows "nothing is missing, and who looked kept a checkpoint" 0 "nothing is missing up to the given head $size, of $size" --checkpoint "$own"

# An older state, whole and signed.
rm -r "$ledger"; cp -r "$work/older" "$ledger"
old=$(sed 's/^0*//' "$ledger/head")
shows "rolled back with its head: by itself it is whole, and verify says what it lacks" 0 \
	"completeness*unknown*rollback*--head*--checkpoint*spine*witness"
shows "with a head that was kept it shows" 5 "rolled back from $size to $old records" --head "$size"
shows "with a checkpoint too" 5 "rolled back from $size to $old records" --checkpoint "$own"
cp "$work/kept/head" "$ledger/head"
shows "rolled back without its head, its own head says so" 5 "rolled back from $size to $old records, by the ledger's own head"
again; rm "$ledger/head"
"$frames" "$ledger/journal" cut "$old"
shows "with its head gone, only who kept one can tell" 0 "completeness*unknown*--head"
shows "as this one" 5 "rolled back from $size to $old" --head "$size"
rm -r "$ledger"
shows "the whole tenant gone" 3 "no ledger*spine*witness" --head "$size"

# Another history by who holds its key: from an older copy on.
cp -r "$work/older" "$ledger"
rm "${key%.key}.place"
grow refusal intent
now=$(sed 's/^0*//' "$ledger/head")
ok "a fork is as long as what it is to replace" [ "$now" = "$size" ]
shows "a fork is whole by itself, and verify says what it lacks" 0 "completeness*unknown*another history*--checkpoint*witness"
shows "its length tells nothing, which is said" 0 "nothing is missing*a fork would not show" --head "$size"
shows "its root does" 1 "another history: the first $size records" --head "$size:$root"
shows "and a checkpoint" 1 "another history: the first $size records" --checkpoint "$own"
shows "unless it is from before the fork" 0 "nothing is missing up to the given head $old, of $now" --checkpoint "$work/view-older/checkpoint"
audit publish "$ledger" "$work/view" --key "$pub"
like "nor does it go on what was published" "$status $told" "1 *checkpoint*"

# Records moved, taken out, and signed parts of elsewhere; every frame's sum is right.
again; "$frames" "$ledger/journal" swap 4 5
shows "two records have changed places" 1 "record 4: *"
again; "$frames" "$ledger/journal" drop 4
shows "a record is gone and all move up" 1 "record [34] *"
again; "$bin/reeve-recorder" init "$work/o/t" "$work/o/k.key" t >/dev/null
"$frames" "$ledger/journal" commit 2 "$work/o/t/journal"
shows "a checkpoint of another ledger in its place" 4 "checkpoint at size 2: *no good signature by"
again
"$frames" "$ledger/journal" commit "$old" "$work/older/journal"
shows "its own, put back: nothing has changed" 0 "integrity*ok" --checkpoint "$own"
cp "$work/o/t/journal" "$ledger/journal"; cp "$work/o/t/head" "$ledger/head"
shows "another ledger in its place" 4 "no good signature by" --checkpoint "$own"
again; pub=$work/o/k.pub
shows "another's key vouches for nothing" 4 "no good signature by"
pub=$work/k/t.pub
audit verify "$ledger" --key "$pub" --checkpoint "$work/o/t/journal"
is "what is no checkpoint of this ledger is no head" "$status" 3

# What was published.
victim=$(cd "$work/view" && find tile -type f | sort | head -n 1)
mv "$work/view/$victim" "$work/tile"
audit publish "$ledger" "$work/view" --key "$pub"
like "a tile that is gone is named" "$status $told" "1 *$victim*"
audit proof "$work/view" 0 --key "$pub"
like "also by who only reads there" "$status $told" "[13] *tile*missing*"
mv "$work/tile" "$work/view/$victim"; flip "$work/view/$victim" 5
audit publish "$ledger" "$work/view" --key "$pub"
like "and one that is changed" "$status $told" "1 *$victim*"
done_testing
