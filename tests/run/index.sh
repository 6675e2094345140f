#!/bin/sh
# Questions by an index, of ledgers as real runs leave them: every answer is the one that reading everything gives, whatever
# was done to the index; and what was done to it is said.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v python3 >/dev/null && command -v ssh-keygen >/dev/null || skip_all 'no python3 or no ssh-keygen for a house to be made'
uid=$(id -u) h=$room/home
[ "$uid" != 0 ] || uid=65534 # ssh-keygen works for no user without a line in /etc/passwd
home "$h" "$uid"
cp "$top/tests/tools/generate" "$top/tests/tools/asker.py" "$top/tests/tools/forge_index.py" "$room/bin/"
made=$(as "$uid" "$h" generate "$room/bin" "$h" 5000)
equal 'a house was made: each of its runs was answered' 15 "$(echo "$made" | grep -cE ': run [1-5], (501|126) calls')"
says 'one call was approved' 'and approve: .*answer' "$made"
says 'and one denied' 'and deny: .*denied it' "$made"
says 'the recorder was killed once' 'its recorder was killed' "$made"
says 'a day of payloads is gone, of each class' '^acme: 3 days destroyed' "$made"
ledgers=$h/state/reeve/ledgers acme=$h/state/reeve/ledgers/acme cache=$h/.cache/reeve
for tenant in acme beta default; do
	holds "$tenant is whole" "$room/bin/reeve-audit" verify "$ledgers/$tenant" --key "$h/state/reeve/keys/$tenant.pub"
done
says 'and its tool server wrote down the same calls' ' matched, 0 missing there, 0 missing here, 0 differ' \
	"$("$room/bin/reeve-audit" reconcile "$acme" --key "$h/state/reeve/keys/acme.pub" --with "$h/calls-acme" --map "$h/map.json" 2>&1)"

audit() { as "$uid" "$h" reeve-audit "$@" 2>&1; }
answer() { as "$uid" "$h" reeve-audit query "$acme" "$@" 2>/dev/null; }
# shellcheck disable=SC2069 # what is said, without the answer
why() { as "$uid" "$h" reeve-audit query "$acme" "$@" 2>&1 >/dev/null; }
# same WHAT LEAST OPTION...: by the index as without, and not fewer than so many.
same() {
	what=$1 least=$2
	shift 2
	want=$(answer "$@" --no-index) got=$(answer "$@")
	if [ "$got" = "$want" ] && [ "$(echo "$want" | wc -l)" -ge "$least" ]; then ok "$what"; else not_ok "$what" "without: $(echo "$want" | head -n 3)
with: $(echo "$got" | head -n 3)"; fi
}
fails 'there is no index before it is needed' 1 test -e "$cache"
says 'it is used at once, and the answer says so' 'the first [0-9,]+ records by the index' "$(why --where guard=admin-role)"
index=$(ls "$cache"/*.index)
equal 'it is for nobody else' '600 600 700' "$(stat -c %a "$index" "$cache/index.key" "$cache" | xargs)"
equal 'nothing was written beside the ledger' "$(find "$acme" -newer "$cache/index.key")" ''

same 'a value' 2 --where guard=admin-role
same 'of the run' 100 --where agent=agent-1
same 'of the run, by a pattern, and of the call' 20 --where 'task=work * of agent-2' --where resource='/srv/project-1*'
same 'of the other half' 20 --where status=tool-error
same 'and what it is not' 20 --where 'status!=ok' --where verdict=allow
same 'a verdict' 20 --where verdict=refuse
same 'a verdict by a pattern' 20 --where 'verdict=re*'
same 'no verdict' 1 --where verdict= --where kind=close
same 'what people said' 2 --where reviewer=alice@example.com --where kind=decision
same 'a tool as policies write it' 100 --where tool=t/env
same 'and by patterns' 100 --where 'tool=*/e*o'
same 'another with them' 100 --where 'tool=t/*' --where 'tool=*env'
same 'no such tool' 0 --where tool=u/env
same 'a list' 20 --where controls=HOUSE-2
same 'a list by a pattern' 20 --where 'layers_said=*refuse*no-etc'
same 'a number' 20 --where 'size<100'
same 'a great number' 1 --where 'duration>99' --limit 3
same 'numbers by a pattern' 20 --where 'size=1*' --where kind=outcome
same 'a digest' 1 --where "digest=$(answer --where resource=project-7 --limit 1 --json | sed 's/.*"digest":"\([^"]*\)".*/\1/')"
same 'part of a digest' 1 --where 'digest=sha256:00*'
same 'kinds' 1000 --where 'kind=*' --where environment=staging
same 'what the crash left' 1 --where status=unknown --where kind=outcome
same 'a text' 3 --text project-39/doc
same 'a short one' 20 --text /e
same 'one that is nowhere' 0 --text 'no such text at all'
same 'pages' 10 --where agent=agent-1 --after 700 --limit 10
same 'a member that is not there' 20 --where guard= --where verdict=refuse
same 'places' 5 --where 'n<30' --where 'kind=*'
middle=$(answer --where 'kind=*' --after 2500 --limit 1 --json | sed 's/.*"time":"\([^"]*\)Z".*/\1/')
same 'since a time' 100 --where 'kind=*' --from "$middle"
same 'until a time' 100 --where 'kind=*' --to "$middle"
same 'quotes' 0 --where "resource=\"'; DROP TABLE part; --"
same 'quotes as a text' 0 --text "' OR 1=1 --\""
same 'what other globs know is nothing here' 0 --where 'resource=/srv/project-[0-9]?%_'
same 'stars' 100 --where 'resource=**/***project*'
same 'control characters' 0 --where "$(printf 'resource=\001\n\r\033[2J*')"
same 'and as a text' 0 --text "$(printf '\001\n\033\177\302\200')"
same 'no UTF-8' 0 --text "$(printf '\377\376\300\200')"
same 'a pattern as long as the line' 0 --where "resource=$(head -c 100000 /dev/zero | tr '\0' '*')x"
equal 'did' "$(audit did "$acme" agent-2 --no-index | head -n 50)" "$(audit did "$acme" agent-2 | head -n 50)"
equal 'who' "$(audit who "$acme" 1500 --no-index | sed '/^  this/,$d')" "$(audit who "$acme" 1500 | sed '/^  this/,$d')"
equal 'stats of a window' "$(audit stats "$acme" --from "$middle" --json --no-index 2>&1 | head -n 1)" "$(audit stats "$acme" --from "$middle" --json 2>&1 | head -n 1)"
fails 'absent needs a key, index or not' 2 audit absent "$acme" --where guard=none --index "$h/tmp/x"
says 'with a key there is none, and it is a proof' 'records 0 to [0-9]+: none missing or altered$' "$(why --where guard=admin-role --key "$h/state/reeve/keys/acme.pub")"
for wrong in 2026-02-30 9999-99-99 '' "$(printf '2026-01-01\001')"; do
	fails "--from '$wrong' is refused" 2 audit query "$acme" --from "$wrong"
done

# --- whatever was done to it ---
holds 'all of it is as the ledger says' audit index "$acme"
forge() { as "$uid" "$h" python3 "$room/bin/forge_index.py" "$@"; }
all='--where verdict=refuse'
# shellcheck disable=SC2086
mended() { says "$1" 'records by the index' "$(why $all --index "$index")"; }
for how in head row row-gone row-huge row-text swapped; do
	forge $how "$index"
	# shellcheck disable=SC2086
	same "$how: answered" 20 $all --index "$index"
	mended "$how: and made anew"
	forge $how "$index"
	# shellcheck disable=SC2086
	says "$how: which is said" 'does not hold: .*removed or changed|too big|malformed' "$(why $all --index "$index")"
	mended "$how: and made anew"
done
for how in schema trigger view; do
	forge $how "$index"
	# shellcheck disable=SC2086
	same "$how: answered" 20 $all --index "$index"
	holds "$how: and made anew" audit index "$acme" --index "$index"
done
forge head-gone "$index"
# shellcheck disable=SC2086
same 'a block that is not there is read' 20 $all
forge row-more "$index"
fails 'a row too many is found by the check' 1 audit index "$acme" --index "$index"
holds 'which mends it' audit index "$acme" --index "$index"
truncate -s 100000 "$index"
# shellcheck disable=SC2086
same 'cut: answered' 20 $all
holds 'and mended' audit index "$acme"
dd if=/dev/urandom of="$index" bs=4096 seek=4 count=20 conv=notrunc status=none
# shellcheck disable=SC2086
same 'overwritten: answered' 20 $all
audit index "$acme" >/dev/null
holds 'and mended' audit index "$acme"
rm "$index"
# shellcheck disable=SC2086
same 'deleted: answered' 20 $all
holds 'and made' test -s "$index"

# Who has the key can seal what he likes: that is what the check, and --no-index, are for.
guard=$(python3 -c "
import re
names = re.findall(r'^FIELD\((\w+)', open('$top/src/model/fields.def').read(), re.M)
print(2 * names.index('GUARD'))")
before=$(answer --where guard=admin-role | wc -l)
forge sealed "$index" "$guard" "$cache/index.key"
fails 'a forged index with a good seal leaves something out' 1 test "$(answer --where guard=admin-role | wc -l)" = "$before"
equal 'but not without an index' "$before" "$(answer --where guard=admin-role --no-index | wc -l)"
fails 'and the check finds it' 1 audit index "$acme"
same 'and mends it' 2 --where guard=admin-role
forge sealed "$index" "$guard" /dev/null
same 'without the key the seal is no good' 2 --where guard=admin-role
mended 'and it is made anew'

# --- of another ledger; of another user; no index at all ---
cp "$index" "$h/tmp/foreign"
chown "$uid" "$h/tmp/foreign"
of_beta() { audit query "$ledgers/beta" --where verdict=refuse "$@" | grep -v ^reeve-audit; }
equal 'the index of another ledger' "$(of_beta --no-index)" "$(of_beta --index "$h/tmp/foreign")"
cp "$index" "$h/tmp/foreign"
says 'is said to be one' 'of another ledger, or of another history' "$(audit query "$ledgers/beta" --where verdict=refuse --index "$h/tmp/foreign")"
rm "$cache/index.key"
# shellcheck disable=SC2086
says 'an index that somebody else has sealed' 'the head of block 0 was removed or changed' "$(why $all --index "$index")"
mended 'is made anew'
echo 'my own notes' >"$h/tmp/notes"
chown "$uid" "$h/tmp/notes"
says 'a file that is no index' 'is no index of reeve, and is left alone' "$(why --where guard=admin-role --index "$h/tmp/notes")"
equal 'is left alone' 'my own notes' "$(cat "$h/tmp/notes")"
python3 -c "import sqlite3; c = sqlite3.connect('$h/tmp/other.db'); c.execute('create table part(place, bytes)'); c.commit()"
chown "$uid" "$h/tmp/other.db"
sum=$(sha256sum "$h/tmp/other.db")
says 'so is another database' 'is no index of reeve' "$(why --where guard=admin-role --index "$h/tmp/other.db")"
equal 'to the last byte' "$sum" "$(sha256sum "$h/tmp/other.db")"
ln -s "$index" "$h/tmp/link"
says 'a link is not followed' 'symbolic|links' "$(why --where guard=admin-role --index "$h/tmp/link")"
mkfifo "$h/tmp/pipe"
chown "$uid" "$h/tmp/pipe"
says 'a pipe is no file' 'not a file' "$(why --where guard=admin-role --index "$h/tmp/pipe")"
: >"$index-journal"
says 'nor is a journal believed that lies beside it' 'which reeve never makes' "$(why --where guard=admin-role)"
rm "$index-journal"
chmod 666 "$index"
says 'or a file that others may write' 'only you can write' "$(why --where guard=admin-role)"
chmod 600 "$index"
says 'an index in the ledger'\''s folder is refused' 'does not belong into' "$(why --where guard=admin-role --index "$acme/index")"
fails 'and not made' 1 test -e "$acme/index"

# --- no room, no right, many at once, and a ledger that grows ---
rm "$index"
said=$( (
	ulimit -f 100
	trap '' XFSZ
	why --where guard=admin-role
))
says 'no room' 'disk|full|I/O' "$said"
same 'is no harm' 2 --where guard=admin-role
chmod 500 "$cache"
chmod 400 "$index"
same 'a cache that cannot be written is used' 2 --where guard=admin-role
says 'as it is' 'records by the index' "$(why --where guard=admin-role)"
chmod 700 "$cache"
rm -f "$index"
chmod 500 "$cache"
same 'or done without' 2 --where guard=admin-role
chmod 700 "$cache"
for i in 1 2 3 4; do answer --where verdict=refuse >"$story/many.$i" & done
wait
want=$(answer --where verdict=refuse --no-index)
for i in 1 2 3 4; do equal "one of four at once" "$want" "$(cat "$story/many.$i")"; done
as "$uid" "$h" "$reeve" run --tenant acme --policy ../etc/policy.json --tools ../etc/tools.json -- ./workload /run/reeve/t.sock 3000 64 7 >/dev/null 2>&1 &
grows=$!
last=0
while kill -0 "$grows" 2>/dev/null; do
	now=$(answer --where verdict=refuse | wc -l)
	[ "$now" -ge "$last" ] || break
	last=$now
done
wait "$grows"
equal 'a ledger that grows is answered for as far as it had come' 0 $?
fails 'and never less than before' 1 test "$now" -lt "$last"
settled "$h" acme
same 'at last all of it' $((last > 0 ? last : 1)) --where verdict=refuse
holds 'and the index with it' audit index "$acme"
# Rolled back: the index knows records that the ledger has no more.
cp "$acme/journal" "$story/journal"
as "$uid" "$h" cp -r "$acme" "$h/tmp/short"
as "$uid" "$h" reeve-audit query "$h/tmp/short" --where verdict=refuse >/dev/null 2>&1
truncate -s $(($(stat -c %s "$acme/journal") / 2)) "$h/tmp/short/journal"
of_short() { audit query "$h/tmp/short" --where verdict=refuse "$@" | grep -v ^reeve-audit; }
equal 'a ledger that is shorter than its index' "$(of_short --no-index)" "$(of_short)"
# A record that was changed behind the index, with its frame's sum: it is not under the checkpoint any more.
as "$uid" "$h" cp -r "$acme" "$h/tmp/changed"
at=$(as "$uid" "$h" reeve-audit query "$h/tmp/changed" --where guard=admin-role --limit 1 2>/dev/null | awk '{ print $1 }')
python3 "$room/bin/forge_index.py" record "$h/tmp/changed/journal" "$at"
fails 'a record that was changed since is not told' 3 audit query "$h/tmp/changed" --where guard=admin-role
says 'but named' "record $at is not the one under the checkpoint behind it; run verify" "$(audit query "$h/tmp/changed" --where guard=admin-role)"
fails 'as verify does' 1 audit verify "$h/tmp/changed" --key "$h/state/reeve/keys/acme.pub"
finish
