#!/bin/sh
# Two of four: of the witnesses that a ledger asks one lies and one is down, and the ledger's key changes meanwhile. Who trusts
# two of the four has their word all the same; who wants three has not.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v python3 >/dev/null || skip_all 'no python3'
servers=
trap '[ -z "$servers" ] || kill $servers 2>/dev/null; rm -rf "$story"' EXIT
uid=$(id -u)
h=$room/home
audit=$room/bin/reeve-audit
home "$h" "$uid"
mkdir -p "$h/config/reeve"
echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }' >"$h/etc/policy.json"
run() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json -- true; status=$?; settled "$h"; return $status; }
as "$uid" "$h" "$reeve" init >/dev/null 2>&1
ours=$h/state/reeve/keys/default.pub
"$audit" trust --key "$ours" | grep '^log' >"$story/logs"
witness() { n=$1 word=$2; shift 2; exec "$room/bin/reeve-witness" "$word" --key "$story/$n.key" --state "$story/$n" --logs "$story/logs" "$@"; }
heard() {	# heard COMMAND...: started; its first line is $first
	mkfifo "$story/up"
	"$@" >"$story/up" &
	servers="$servers $!"
	read -r first <"$story/up"
	rm "$story/up"
}
all=
cp "$story/logs" "$story/two"
for n in 1 2 3 4; do
	key=$(witness $n init --name "witness.example/$n")
	echo "witness w$n $key" >>"$story/two"
	case $n in
	1|2) heard witness $n serve --listen 127.0.0.1:0; at=http://${first#listening on } ;;
	3) echo forged >"$story/mode"; heard python3 "$top/tests/tools/bad_witness.py" "$story/mode"; at=http://127.0.0.1:$first ;;
	4) at=http://127.0.0.1:1 ;;
	esac
	all="$all${all:+, }{ \"url\": \"$at\", \"key\": \"$key\" }"
done
for k in 2:two 3:three; do
	grep -v '^quorum' "$story/two" >"$story/trust"
	printf 'group most %s w1 w2 w3 w4\nquorum most\n' "${k%:*}" | cat "$story/trust" - >"$story/${k#*:}.trust"
done
echo "{ \"reeve\": \"config/1\", \"second\": { \"witnesses\": [ $all ], \"quorum\": 2 } }" >"$h/config/reeve/config.json"
trusted() { "$audit" verify "$(ledger_of "$h")" --key "$ours" --trust "$story/$1.trust" 2>&1; }

holds 'a run with two good witnesses of four' run
for n in 1 2; do says "$n cosigned" "\"cosignature\":\"— witness.example/$n [^\"]*\",.*\"upto\":[0-9]+," "$(records "$h")"; done
silent 'the one that lies is believed nothing' '"cosignature":"— witness.example/[34] ' "$(records "$h")"
holds 'who trusts two of the four has that' trusted two
says 'and it is said' '^witnesses +ok +the first [0-9]+ records, by the quorum most; [0-9]+ since then are unwitnessed' "$(trusted two)"
fails 'who wants three has not' 11 trusted three
as "$uid" "$h" "$room/bin/rotate" "$(ledger_of "$h")" "${ours%.pub}.key" 3
holds 'its key changes three times, and it goes on' run
equal 'both have followed' "2 2" "$(for n in 1 2; do records "$h" | grep -c "\"cosignature\":\"— witness.example/$n "; done | xargs)"
holds 'and who trusts two has that' trusted two
says 'up to the end of the run' "the first $(records "$h" | sed -n 's/.*"kind":"anchor".*"upto":\([0-9]*\),.*/\1/p' | tail -1) records" "$(trusted two)"
says 'why a third has not is in the ledger' '"kind":"gap".*"why":"what it answers is not its signature[^"]*","witness":"witness.example/3"' "$(records "$h")"
says 'and why a fourth' '"kind":"gap".*"why":"[^"]*[Cc]onnect[^"]*","witness":"witness.example/4"' "$(records "$h")"

# The one that lies, with its own key at hand: by another key, of another root, and of what it had signed before.
mkdir "$story/forged"
sed -i 's/"quorum": 2/"quorum": 3/' "$h/config/reeve/config.json"	# so that all are waited for
cp -a "$h" "$story/fork"; rm -f "$story/fork"/state/reeve/keys/*.place
echo '{ "reeve": "config/1" }' >"$story/fork/config/reeve/config.json"
forge() {	# forge KEY LEDGER: what a witness with that key that knows nothing says of that ledger, in $story/mode.answer
	cp "$1" "$story/forged/key"; rm -rf "$story/forged/states"
	(forger init) >/dev/null 2>&1
	heard forger serve --listen 127.0.0.1:0
	at=${first#listening on } known=0 e=1
	while "$audit" growth "$2" "$known" --epoch $e --key "$ours" >"$story/body" 2>/dev/null; do
		curl -s --data-binary @"$story/body" "http://$at/add-epoch" >/dev/null
		known=$(($(sed -n 's/^index //p' "$story/body") + 1)) e=$((e + 1))
	done
	"$audit" growth "$2" "$known" --key "$ours" | curl -s --data-binary @- "http://$at/add-checkpoint" >"$story/mode.answer"
}
forger() { word=$1; shift; exec "$room/bin/reeve-witness" "$word" --key "$story/forged/key" --state "$story/forged/states" --logs "$story/logs" "$@"; }
lies() {	# lies WHAT WHY
	before=$(records "$h" | wc -l)
	run
	says "$1 is named" "\"kind\":\"gap\".*\"why\":\"$2\",\"witness\":\"witness.example/3\"" "$(records "$h" | grep '"kind":"gap".*witness.example/3"' | tail -1)"
	silent 'and believed nothing' '"cosignature":"— witness.example/3' "$(records "$h" | tail -n +$((before + 1)))"
	holds 'two of four suffice' trusted two
}
(witness 3f init --name witness.example/3) >/dev/null 2>&1
forget() { sed -i '/^witness.example.3 /d' "$h/state/reeve/runs/default/second.known"; }
forget; forge "$story/3f.key" "$(ledger_of "$h")"; echo file >"$story/mode"
lies 'a signature by another key' 'what it answers is signed by another key than its own'
as "$uid" "$story/fork" "$reeve" run --policy ../etc/policy.json -- true 2>/dev/null; settled "$story/fork"
forget; forge "$story/3.key" "$(ledger_of "$story/fork")"
lies 'one of another root' 'what it answers is its signature of something else: another root, or another size'
heard witness 3 serve --listen 127.0.0.1:0
echo "pass ${first#listening on }" >"$story/mode"
forget; run
holds 'once it has told the truth, three are enough for who wants three' trusted three
echo file >"$story/mode"
had=$(sed -n 's/^witness.example.3 \([0-9]*\) .*/\1/p' "$h/state/reeve/runs/default/second.known")
lies 'the signature of before, once more' "what it answers is its signature of $had records once more, an older checkpoint"
holds 'all of it verifies' verify "$h"
finish
