#!/bin/sh
# A second verifier, in another language and of other hands than reeve's: both must say the same of every ledger,
# whole, cut, changed or with a byte lost at any place.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"
second=$(dirname "$0")/../../contrib/verify.py
command -v python3 >/dev/null || skip_all "python3 is missing: make check installs it as root"
ok "it is below 300 lines" [ "$(wc -l <"$second")" -lt 300 ]

init
serve
printf '%s\n' open attach intent refusal 'outcome 3' 'burst 20' close open | client >/dev/null
ended
size=$(sed 's/^0*//' "$ledger/head")
both() {	# both WHAT EXPECTED [head]: the exit status of one and the other
	told=0; "$bin/reeve-audit" verify "$ledger" --key "$pub" ${3:+--head "$3"} >/dev/null 2>&1 || told=$?
	said=0; python3 "$second" "$ledger" --key "$pub" ${3:+--head "$3"} >/dev/null 2>&1 || said=$?
	[ "$2" = same ] || is "$1" "$told $said" "$2 $2"
}
both "a whole ledger" 0
both "up to a head from elsewhere" 0 "$size"
both "short of a head from elsewhere" 5 $((size + 1))
"$bin/reeve-recorder" init "$work/o" "$work/o.key" t >/dev/null
mv "$pub" "$work/mine"; cp "$work/o.pub" "$pub"
both "under another ledger's key" 4
mv "$work/mine" "$pub"

# Every 389th byte changed, lost, or the last one left: what one says the other says.
cp "$ledger/journal" "$work/whole"
used=$(tr -d '\0' <"$work/whole" | wc -c) differ='' tried=0 at=5
echo 00000000000000000002 >"$ledger/head"
compare() {
	tried=$((tried + 1))
	both x same
	[ "$told" = "$said" ] || differ="$differ $1-$at:$told-$said"
}
while [ $at -lt "$used" ]; do
	cp "$work/whole" "$ledger/journal"
	printf '\377' | dd of="$ledger/journal" bs=1 seek=$at conv=notrunc 2>/dev/null
	compare changed
	{ head -c $at "$work/whole"; tail -c +$((at + 2)) "$work/whole"; } >"$ledger/journal"
	compare lost
	head -c $at "$work/whole" >"$ledger/journal"
	compare cut
	at=$((at + 389))
done
is "both say the same of $tried damaged ledgers" "$differ" ""
ok "which were many" [ $tried -gt 60 ]
done_testing
