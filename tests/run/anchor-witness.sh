#!/bin/sh
# Witnesses: one that does as C2SP says cosigns each run's last checkpoint; one that is away, lies, hangs or has seen more than
# the ledger now holds is named in it, and holds up nothing.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v python3 >/dev/null || skip_all 'no python3'
servers=
trap '[ -z "$servers" ] || kill $servers 2>/dev/null; rm -rf "$story"' EXIT
uid=$(id -u)
h=$room/home
home "$h" "$uid"
mkdir -p "$h/config/reeve" "$story/w"
echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }' >"$h/etc/policy.json"
run() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json -- true; status=$?; settled "$h"; return $status; }
ours=$h/state/reeve/keys/default.pub
# heard FIFO COMMAND...: start it, and return its first line in $first.
heard() {
	mkfifo "$story/up"
	"$@" >"$story/up" &
	server=$!
	servers="$servers $server"
	read -r first <"$story/up"
	rm "$story/up"
}
second() { echo "{ \"reeve\": \"config/1\", \"second\": { \"witnesses\": [ { \"url\": \"$1\", \"key\": \"$key\" } ] } }" >"$h/config/reeve/config.json"; }
last() { records "$h" | grep "\"kind\":\"$1\"" | tail -1; }

as "$uid" "$h" "$reeve" init >/dev/null 2>&1
"$room/bin/reeve-audit" trust --key "$ours" | grep '^log' >"$story/logs"
witness() { "$room/bin/reeve-witness" "$@" --key "$story/w/key" --state "$story/w/state" --logs "$story/logs"; }
serve() { exec "$room/bin/reeve-witness" serve --key "$story/w/key" --state "$story/w/state" --logs "$story/logs" --listen "$1"; }
key=$(witness init --name witness.example/1)
heard serve 127.0.0.1:0
address=${first#listening on }
second "http://$address"
holds 'a run with a witness' run
says 'which has cosigned where it came to' '"cosignature":"— witness.example/1 [A-Za-z0-9+/=]{104}","kind":"anchor".*"witness":"witness.example/1"' "$(last anchor)"
run
run
says 'and again, by what shows that the ledger only grew' '"cosignature":' "$(last anchor)"
equal 'three runs, three anchors, no gap' '3 0' "$(records "$h" | grep -c '"kind":"anchor"') $(records "$h" | grep -c '"kind":"gap"')"
holds 'all of it verifies' verify "$h"
printf '%s\nwitness w %s\nquorum w\n' "$(cat "$story/logs")" "$key" >"$story/trust"
holds 'and by the witness' "$room/bin/reeve-audit" verify "$(ledger_of "$h")" --key "$ours" --trust "$story/trust"
cp -a "$h/state" "$story/yesterday"

kill "$server"
wait "$server" 2>/dev/null
holds 'a run whose witness is away' run
says 'says so, once' '"kind":"gap".*"why":"[^"]*[Cc]onnect[^"]*","witness":"witness.example/1"' "$(last gap)"
run
equal 'and not again' 1 "$(records "$h" | grep -c '"kind":"gap"')"
gap=$(last gap | sed 's/.*"n":\([0-9]*\),.*/\1/')
heard serve "$address"
run
says 'when it is back, it cosigns, and the gap is over' "\"cosignature\":.*\"former\":$gap,\"kind\":\"anchor\"" "$(last anchor)"

# Its key changes while no witness hears: four times, then once more. Who is behind is shown each handover, in order.
before=$(records "$h" | grep -c '"kind":"gap"')
as "$uid" "$h" "$room/bin/rotate" "$(ledger_of "$h")" "${ours%.pub}.key" 4
run
says 'a witness that is four keys behind follows' '"cosignature":' "$(records "$h" | tail -1)"
as "$uid" "$h" "$room/bin/rotate" "$(ledger_of "$h")" "${ours%.pub}.key" 2
rm "$h/state/reeve/runs/default/second.known"
run
says 'also when nobody remembers where it was' '"cosignature":' "$(records "$h" | tail -1)"
equal 'no gap' "$before" "$(records "$h" | grep -c '"kind":"gap"')"
holds 'all of it verifies, by its witness too' "$room/bin/reeve-audit" verify "$(ledger_of "$h")" --key "$ours" --trust "$story/trust"
cp -a "$h/state" "$story/today"
rm -rf "$h/state"
cp -a "$story/yesterday" "$h/state"; rm "$h"/state/reeve/keys/*.place
run
says 'rolled back to before these keys, its next run says that it is not believed' '"kind":"gap".*"why":"it does not believe the key that signs this ledger .403., nor a handover' "$(last gap)"
rm -rf "$h/state" "$story/yesterday"
mv "$story/today" "$h/state"; rm "$h"/state/reeve/keys/*.place
run
cp -a "$h/state" "$story/yesterday"
run
run

# Rolled back, whole: nothing in the ledger shows it, but the witness has seen more.
rm -rf "$h/state"
cp -a "$story/yesterday" "$h/state"; rm "$h"/state/reeve/keys/*.place
holds 'a ledger that was rolled back with all that lies beside it verifies' verify "$h"
cosigned=$(records "$h" | grep -c '"cosignature":')
run
says 'but its next run says what the witness has seen' '"kind":"gap".*"why":"it has seen [0-9]+ records of this ledger, which has [0-9]+: it was rolled back"' "$(last gap)"
i=0
while [ $i -lt 4 ]; do
	run
	i=$((i + 1))
done
says 'also when it has grown longer again' '"why":"it (has seen|does not believe that)' "$(records "$h" | grep '"kind":"gap"' | tail -1)"
equal 'and nothing of it is cosigned' "$cosigned" "$(records "$h" | grep -c '"cosignature":')"
kill "$server"

# Whatever it answers.
heard python3 "$top/tests/tools/bad_witness.py" "$story/mode"
second "http://127.0.0.1:$first"
before=$(records "$h" | grep -c '"cosignature":')
while read -r mode why; do
	echo "$mode" >"$story/mode"
	rm -f "$h/state/reeve/runs/default/second.known"
	holds "a witness that answers \"$mode\" fails no run" run
	says 'and is named for it' "\"kind\":\"gap\".*\"why\":\"$why" "$(last gap)"
done <<X
nothing what it answers is not its signature
forged what it answers is signed by another key than its own
text what it answers is not its signature
echo what it answers is not its signature
huge Failed writing
unknown it does not know this ledger
other-key it does not believe the key
no it does not believe that this ledger only grew
size it says another size
same it has seen another history
ahead it has seen 1000000 records of this ledger
word it answers 409 without a size
wrap it has seen 18446744073709551615 records
away it answers with status 302
error it answers with status 500
heads Failure when receiving
line Out of memory
early Failure when receiving
squeezed Failed writing
hang it does not answer in time
X
equal 'nothing of that is taken for a signature' "$before" "$(records "$h" | grep -c '"cosignature":')"
holds 'all of it verifies' verify "$h"
finish
