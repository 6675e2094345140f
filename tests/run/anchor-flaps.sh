#!/bin/sh
# A witness, a log and the process that tells one come and go while one run lasts: each time is one gap, told when it begins and
# over when it ends, and nothing of what happened meanwhile stays untold.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v python3 >/dev/null || skip_all 'no python3'
servers=
trap '[ -z "$servers" ] || kill $servers 2>/dev/null; rm -rf "$story"' EXIT
uid=$(id -u)
h=$room/home
home "$h" "$uid"
mkdir -p "$h/config/reeve"
echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }' >"$h/etc/policy.json"
ours=$h/state/reeve/keys/default.pub
as "$uid" "$h" "$reeve" init >/dev/null 2>&1
"$room/bin/reeve-audit" trust --key "$ours" | grep '^log' >"$story/logs"
witness() { word=$1; shift; exec "$room/bin/reeve-witness" "$word" --key "$story/key" --state "$story/states" --logs "$story/logs" "$@"; }
heard() {	# heard COMMAND...: started as $server; its first line is $first
	mkfifo "$story/up"
	"$@" >"$story/up" &
	server=$!
	servers="$servers $server"
	read -r first <"$story/up"
	rm "$story/up"
}
key=$(witness init --name witness.example/1)
heard witness serve --listen 127.0.0.1:0
address=${first#listening on } w=$server
heard become "$uid" "$h" python3 "$top/tests/tools/sink.py" "$h/log.sock" "$h/log.got"
echo "{ \"reeve\": \"config/1\", \"second\": { \"every\": 1, \"syslog\": \"$h/log.sock\", \"witnesses\": [ { \"url\": \"http://$address\", \"key\": \"$key\" } ] } }" >"$h/config/reeve/config.json"

mkfifo "$h/work/go"
chown "$uid" "$h/work/go"
become "$uid" "$h" "$reeve" run --policy ../etc/policy.json -- sh -c 'read -r _ <go' &
one=$!
of() { records "$h" 2>/dev/null | grep "\"kind\":\"$1\".*\"witness\":\"$2\""; }
# until WHAT N: so many there are, or the run has ended.
have() { while [ "$("$@" | wc -l)" != "$n" ] && kill -0 $one 2>/dev/null; do :; done; }
over() { of anchor "$1" | grep '"former":'; }
turn() { as "$uid" "$h" "$reeve" ledger rotate >/dev/null; }
n=1
have of anchor witness.example/1
for n in 1 2 3; do
	kill "$w"
	mv "$h/log.sock" "$h/away"
	turn
	have of gap witness.example/1
	have of gap syslog
	mv "$h/away" "$h/log.sock"
	heard witness serve --listen "$address"
	w=$server
	have over witness.example/1
	have over syslog
done
for name in witness.example/1 syslog; do
	equal "$name was away three times, which are three gaps" 3 "$(of gap "$name" | grep -c '"count":1,')"
	equal 'each over by an anchor that names it' "$(of gap "$name" | sed 's/.*"n":\([0-9]*\),.*/\1/')" "$(over "$name" | sed 's/.*"former":\([0-9]*\),.*/\1/')"
done

# The processes that tell them are killed: others take their place.
below() { for p in "$@"; do pgrep -P "$p" -f '^reeve-anchor keep '; done; }
# shellcheck disable=SC2046 # several
pids=$(below $(below $(below $one)))	# of a place's two processes the one that is confined
n=4
# shellcheck disable=SC2086 # several
kill -9 $pids
for name in witness.example/1 syslog; do
	have of gap "$name"
	says "$name: a process that was killed is one more" '"why":"the process that tells it ended"' "$(of gap "$name" | tail -1)"
done
turn
for name in witness.example/1 syslog; do
	have over "$name"
	equal 'and the next one takes it up in the same run' 4 "$(over "$name" | wc -l)"
done
echo 1<>"$h/work/go"	# waits for no reader: the run may have ended
wait $one
equal 'all that while nothing was held up' 0 $?
settled "$h"
equal 'no more gaps than these' '4 4 8' "$(of gap witness.example/1 | wc -l) $(of gap syslog | wc -l) $(records "$h" | grep -c '"kind":"gap"')"
says 'the witness has followed the key through all of it' '"cosignature":' "$(of anchor witness.example/1 | tail -1)"
holds 'all of it verifies' verify "$h"
while read -r line; do echo "$line" | base64 -d; echo; done <"$h/log.got" >"$story/log"
handed() { grep -o 'reeve-checkpoint [^ ]* [0-9]* [^ ]* [^ ]*,[^ ]* .*' "$story/log"; }
equal 'the log has each handover, once' '5 5' "$(handed | wc -l) $(handed | sort -u | wc -l)"
says 'verify says what there was' 'second record +ok +.*witness.example/1 told of [0-9]+ .4 outages, over.' "$(verify "$h")"
finish
