#!/bin/sh
# What calls were made with: sealed, shown to the owner, held, destroyed, and gone; and the ledger as good as before.
. "$(dirname "$0")/../lib.sh"
command -v ssh-keygen >/dev/null || skip_all 'there is no ssh-keygen'
h=$story/h
home "$h"
state=$h/state/reeve vault=$h/state/reeve/ledgers/default/vault
fails 'a ledger that is not there has no payloads' 3 as "$(id -u)" "$h" reeve ledger purge
as "$(id -u)" "$h" reeve init >/dev/null 2>&1
equal 'its key lies beside the one that signs, for nobody else' 600 "$(stat -c %a "$state/keys/default.vault")"
mkdir -p "$h/run/reeve" && chmod 700 "$h/run/reeve"
plain='' same='' pii='' nothing='' none='' large='' held='' other='' # all by vault.py, and these are used later
# shellcheck disable=SC2046
eval $(as "$(id -u)" "$h" python3 "$top/tests/tools/vault.py" "$bin/reeve-recorder" "$(ledger_of "$h")" "$state/keys/default.key" "$h/run/reeve/default.sock" "$h/tmp" | tr '\n' ' ')
# shellcheck disable=SC2154 # all by vault.py
{
equal 'a reviewer sees what is held' True "$seen"
equal 'and sees it after the recorder was killed' True "$seen_again"
says 'but not what is of class none: that was in memory alone' 'not here' "$none_again"
says 'nothing is shown without a reason' 'say why' "$unsaid"
says 'nor what is not there yet' 'no payload' "$beyond"
says 'there is no class none to destroy' 'no such class' "$no_class"
equal 'more than 4 MiB and 64 KiB is no payload' gone "$too_much"
}
ledger() { as "$(id -u)" "$h" reeve ledger "$@"; }
said=$(verify "$h")
equal 'the ledger verifies' 0 $?
says 'with its payloads' '^payloads +ok +6 as they were sealed, 0 purged' "$said"
published() { "$room/bin/reeve-audit" publish "$(ledger_of "$h")" "$room/view" --key "$state/keys/default.pub"; }
holds 'it is published' published
silent 'no payload lies in the clear' '.' "$(grep -rlaE 'secret of record|Anna Muster|never on a disk' "$state")"
member() { records "$h" | jq -r "select(.n == $1).$2"; }
equal 'the same payload twice has two commitments' 2 "$(for n in "$plain" "$same"; do member "$n" commitment; done | sort -u | grep -c hmac-sha256:)"
says 'a record says where its payload lies' "^pii $(date -u +%Y-%m-%d) [0-9]+$" "$(member "$pii" vault)"
equal 'what brought none says nothing' null "$(member "$nothing" vault)"
equal 'nor does what is of class none' null "$(member "$none" vault)"

# --- shown ---
fails 'a payload is shown for a reason' 2 ledger reveal "$pii"
equal 'to the owner' 'Anna Muster, 4929 1234' "$(ledger reveal "$pii" --why 'case 17')"
equal 'and that is on record' "case 17 $pii $pii $(id -u)" "$(records "$h" | jq -r 'select(.kind == "access") | "\(.why) \(.vault) \(.uid)"')"
equal 'a large one comes whole' "$(python3 -c "import hashlib; print(hashlib.sha256(bytes(range(256)) * (((4 << 20) + 65536) // 256)).hexdigest())")" "$(ledger reveal "$large" --why size | sha256sum | cut -d' ' -f1)"
equal 'a range comes as lines' "$held $plain $pii $large $same $other" "$(ledger reveal "1-$other" --why all --json | jq -r .record | xargs)"
equal 'with one record of it' "1 $other" "$(records "$h" | jq -r 'select(.why == "all").vault')"
fails 'of a record without one there is nothing' 3 ledger reveal "$nothing" --why x

# --- changed behind our back ---
settled "$h"
cp -r "$(ledger_of "$h")" "$h/tmp/before"
at=$(member "$pii" vault | cut -d' ' -f3)
flipped=$(dd if="$vault" bs=1 skip=$((at + 150)) count=1 status=none | od -An -tu1)
# shellcheck disable=SC2059
printf "\\$(printf %o $(((flipped + 1) % 256)))" | dd of="$vault" bs=1 seek=$((at + 150)) conv=notrunc status=none
said=$(verify "$h")
equal 'a changed payload is a verdict of its own' 9 $?
says 'that names the record' "payloads +FAILED +1 missing or changed though due, first is that of record $pii" "$said"
says 'and is not shown' 'damaged' "$(ledger reveal "$pii" --why x 2>&1)"
settled "$h"
mv "$vault" "$h/tmp/gone"
said=$(verify "$h")
equal 'so is a vault that is gone' 9 $?
says 'and what an auditor without it is to give' 'did not come along, give the journal itself$' "$said"
says 'and no recorder starts beside it' 'vault.*missing' "$(ledger hold list 2>&1)"
rm -f "$vault" # what looks for it may leave an empty one
cp "$h/tmp/before/vault" "$vault"

# --- held ---
today=$(date -u +%Y-%m-%d) tomorrow=$(date -u -d "tomorrow" +%Y-%m-%d)
fails 'a hold says what it is for' 2 ledger hold add --from "$today" --to "$today"
hold=$(ledger hold add --class pii --from 2020-01-01 --to "$today" --why 'case 17' | cut -d' ' -f1)
equal 'a hold is on record' "held pii 2020-01-01 $today" "$(records "$h" | jq -r "select(.n == $hold) | \"\(.status) \(.vault)\"")"
equal 'and listed' "$hold pii case 17" "$(ledger hold list --json | jq -r '"\(.hold) \(.class) \(.why)"')"

# --- destroyed ---
n=$(records "$h" | wc -l)
says 'a day that is not over is not yet destroyed' '^0 days destroyed, 0 held' "$(ledger purge --keep 0)"
says 'nor is what the classes keep' '^0 days destroyed, 0 held' "$(ledger purge)"
equal 'a dry run says what would be' "compliance $today due, operational $today due, pii $today held $hold," "$(ledger purge --before "$tomorrow" --dry-run | sed '$d' | tr -s ' ' | sort | sed 's/$/,/' | xargs)"
equal 'and all that records nothing' "$n" "$(records "$h" | wc -l)"
ledger purge --before "$tomorrow" --class operational --why 'the month is over' >/dev/null
equal 'a purge is recorded before and after' "begins operational $today 1 the month is over, done operational $today 1 null," "$(records "$h" | jq -r 'select(.kind == "purge" and .status != "held") | "\(.status) \(.vault) \(.count) \(.why),"' | xargs)"
says 'what it destroyed is not shown' 'destroyed' "$(ledger reveal "$plain" --why x 2>&1)"
ledger purge --before "$tomorrow" >/dev/null
equal 'what is held stays' 'Anna Muster, 4929 1234' "$(ledger reveal "$pii" --why 'case 17')"
ledger hold remove "$hold" --why closed >/dev/null
fails 'a hold that is over cannot be removed' 3 ledger hold remove "$hold"
equal 'until the hold is over' "pii $today destroyed" "$(ledger purge --before "$tomorrow" --json | jq -r '"\(.class) \(.day) \(.fate)"')"
settled "$h"
said=$(verify "$h")
equal 'the ledger verifies as before' 0 $?
says 'and knows that its payloads were purged' '^payloads +ok +0 as they were sealed, 6 purged' "$said"
holds 'what was published goes on over a purge' published
holds 'every record can still be proved' "$room/bin/reeve-audit" proof "$(ledger_of "$h")" "$pii" --key "$state/keys/default.pub"
equal 'an old copy of the data opens with nothing that is left' 0 "$(cp "$h/tmp/before/vault" "$vault"; ledger reveal "1-$other" --why x --json | jq -r 'select(.payload or .base64)' | wc -l)"
fails 'but with an old copy of the keys: a backup of those is one of the payloads' 0 sh -c "settled() { :; }; cp '$h/tmp/before/vault.keys' '$vault.keys'"
equal 'that opens it' 'Anna Muster, 4929 1234' "$(settled "$h"; ledger reveal "$pii" --why 'restored')"
settled "$h"
silent 'what is exported holds no payload' 'Anna Muster|secret of record' "$("$room/bin/reeve-audit" export "$(ledger_of "$h")")"
finish
