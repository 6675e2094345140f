#!/bin/sh
# A ledger of before there were epochs goes on with them: its root hands over once, and all of it is checked by that root,
# by three programs that share nothing.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"
second=$(dirname "$0")/../../contrib/verify.py
[ -x "$bin/tools/before" ] || skip_all 'before is not built'

mkdir -p "$ledger" "${key%/*}"
chmod 700 "$ledger" "${key%/*}"
"$bin/tools/before" "$ledger" "$key" 40 >"$pub"
"$bin/reeve-audit" trust --key "$pub" >"$work/trust"
# There where tests/peers/tiles.sh has been run.
tiles=$(find "$bin/tools/tiles" -newer "$(dirname "$0")/../tools/tiles.go" 2>/dev/null || :)
go_holds() { "$tiles" view "$work/view" "$work/trust" >/dev/null; }
# whole WHAT: reeve-audit, the second verifier, and Go's own library over what is published say so.
whole() {
	audit verify "$ledger" --key "$pub"
	is "$1: it verifies" "$status" 0
	! command -v python3 >/dev/null || is "$1: the second verifier agrees" \
		"$(python3 "$second" "$ledger" --key "$pub" 2>&1)" "whole: $(sed 's/^0*//' "$ledger/head") records"
	rm -rf "$work/view"
	"$bin/reeve-audit" publish "$ledger" "$work/view" --key "$pub" >/dev/null 2>&1 || :
	[ -z "$tiles" ] || ok "$1: and so does a program on Go's library" go_holds
}
epochs() { "$bin/reeve-audit" show "$ledger" --json | grep -c '"kind":"epoch"' || :; }

is "a ledger of before has no epoch" "$(epochs)" 0
whole "before"
cp "$ledger/journal" "$work/before"
was=$(sed 's/^0*//' "$ledger/head")
mv "$key" "$work/root"
serve; ended
like "without its root no recorder opens it" "$status $said" "3 *the root key is needed*"
ok "and nothing is changed" cmp -s "$work/before" "$ledger/journal"
mv "$work/root" "$key"
serve
is "with it one serves" "$said" ready
printf '%s\n' open attach 'burst 20' close | client >/dev/null; ended
is "and ends well" "$status" 0
is "the first epoch has begun" "$(epochs)" 1
ok "behind all that was there, of which no byte is another" cmp -s -n "$(stat -c %s "$work/before")" "$work/before" "$ledger/journal"
whole "after"
audit verify "$ledger" --key "$pub" --head "$was"
is "a head of before still holds" "$status" 0
mv "$key" "$work/root"
serving=epoch-records=10; serve
is "and the root may go" "$said" ready
printf '%s\n' open attach 'burst 100' close | client >/dev/null; ended
ok "epochs follow" [ "$(epochs)" -gt 3 ]
whole "later"
code=0; "$bin/reeve-recorder" revoke "$ledger" "$key" "$work/root" end 'lost' >/dev/null || code=$?	# no pipe: a terminal is none either
is "the root begins another" "$code" 0
whole "and after the root has begun another"
done_testing
