#!/bin/sh
# The second record: journal, syslog and the spine are told of the ledger, what comes of it is in the ledger, and an outage of
# one of them is one record, holds nothing up, and ends.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v python3 >/dev/null || skip_all 'no python3'
audit=$room/bin/reeve-audit
sinks=
trap '[ -z "$sinks" ] || kill $sinks; rm -rf "$story"' EXIT
# sink HOME NAME: something hears at HOME/NAME.sock from when this returns, and keeps what comes in HOME/NAME.got
sink() {
	rm -f "$1/$2.sock"
	mkfifo "$1/$2.up"
	become "$uid" "$1" python3 "$top/tests/tools/sink.py" "$1/$2.sock" "$1/$2.got" >"$1/$2.up" &
	sinks="$sinks $!"
	read -r _ <"$1/$2.up"
	rm "$1/$2.up"
}
said() { while read -r line; do echo "$line" | base64 -d; echo; done <"$1" | tr -d '\000'; }
mkdir "$story/wire"
told=$(python3 "$top/tests/tools/anchor_attack.py" "$bin" "$story/wire" 2>&1)
equal 'anchors that were taken over, and what would be another thing in the same bytes' "$(echo "$told" | grep -c '^ok')" "$(echo "$told" | sed -n 's/^1\.\.//p')"
silent 'of which none gets through' '^not ok|Error' "$told"
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	mkdir -p "$h/config/reeve"
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }' >"$h/etc/policy.json"
	set_to() { echo "{ \"reeve\": \"config/1\", \"second\": $1 }" >"$h/config/reeve/config.json"; }
	run() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json -- true; settled "$h"; settled "$h" spine; }
	spine=$h/state/reeve/ledgers/spine
	of_spine() { "$audit" show "$spine" --json; }
	kinds() { records "$h" | grep -o "\"kind\":\"$1\"" | wc -l; }

	set_to "{ \"journal\": \"$h/journal.sock\", \"syslog\": \"$h/log.sock\", \"spine\": true }"
	sink "$h" journal
	sink "$h" log
	holds "uid $uid: a run with a second record" run
	says 'a new ledger is in the spine, with its key, before its first run' '"key":"reeve.local/default/.*"kind":"anchor".*"of":"reeve.local/default/.*"upto":2}' "$(of_spine | sed -n 3p)"
	says 'and where it came to' '"of":"reeve.local/default/.*"upto":4}' "$(of_spine | tail -1)"
	origin=$(records "$h" | sed -n '1s/.*"ledger":"\([^"]*\)".*/\1/p')
	root=$(of_spine | sed -n '$s/.*"root":"\([^"]*\)".*/\1/p')
	holds 'with the root that the ledger has' "$audit" verify "$(ledger_of "$h")" --key "$h/state/reeve/keys/default.pub" --head "4:$root"
	root=$(echo "$root" | sed 's/+/[+]/g')
	got=$(said "$h/journal.got")
	says 'the journal has it by fields' "^REEVE_SIZE=4$" "$got"
	says 'and under its name' "^REEVE_LEDGER=$origin$" "$got"
	says 'with its root' "^REEVE_ROOT=$root$" "$got"
	says 'with the message a line' "reeve-checkpoint $origin 4 $root [A-Za-z0-9+/=]{92,}$" "$got"
	says 'syslog has it by RFC 5424' "^<85>1 [0-9T:.-]*Z [^ ]+ reeve [0-9]+ checkpoint - reeve-checkpoint $origin 4 $root [A-Za-z0-9+/=]{92,}$" "$(said "$h/log.got")"
	says 'that the journal has it is a record' "\"root\":\"$root\".*\"upto\":4,\"witness\":\"journal\"}" "$(records "$h")"
	says 'and that syslog has' '"upto":4,"witness":"syslog"}' "$(records "$h")"
	equal 'no more than that: of these records nobody is told' '2 6' "$(kinds anchor) $(records "$h" | wc -l)"
	says 'the whole is whole' '^integrity +ok' "$(verify "$h")"
	holds 'so is the spine' "$audit" verify "$spine" --key "$h/state/reeve/keys/spine.pub"
	says 'and people can read it' 'anchor +journal was told of 4 records' "$("$audit" show "$(ledger_of "$h")")"

	# Out of the way: nothing fails, and it is one record, not one a run.
	rm "$h/log.sock"
	holds "uid $uid: a log that is not there fails no run" run
	run
	run
	equal 'it is one gap, over three runs' 1 "$(kinds gap)"
	says 'with what was seen, and since when' '"kind":"gap".*"since":4,.*"why":"[^"]*log.sock: [^"]*","witness":"syslog"}' "$(records "$h")"
	says 'people can read it' 'gap +syslog cannot be told, since record 4' "$("$audit" show "$(ledger_of "$h")")"
	gap=$(records "$h" | sed -n 's/.*"kind":"gap".*"n":\([0-9]*\),.*/\1/p')
	sink "$h" log
	run
	says 'when it is back, the next anchor says that this gap is over' "\"former\":$gap,\"kind\":\"anchor\".*\"witness\":\"syslog\"}" "$(records "$h")"
	equal 'and that was that' "1 1" "$(kinds gap) $(records "$h" | grep -c '"former":')"
	holds 'all of it verifies' verify "$h"

	# The one that tells them is killed while a run goes on: there is another one before it ends.
	mkfifo "$h/work/go"
	chown "$uid" "$h/work/go"
	keeper() { pgrep -o -f "^reeve-anchor keep [^ ]* $h/state/reeve/ledgers/default "; }
	become "$uid" "$h" "$reeve" run --policy ../etc/policy.json -- sh -c 'echo up >up; read -r _ <go' &
	one=$!
	while [ ! -e "$h/work/up" ] && kill -0 $one 2>/dev/null; do :; done
	pid=$(keeper)
	kill -9 "$pid"
	until next=$(keeper) && [ "$next" != "$pid" ] && [ "$(pgrep -c -f "^reeve-anchor keep [^ ]* $h/")" -gt 3 ] || ! kill -0 $one 2>/dev/null; do :; done
	echo >"$h/work/go"
	wait $one
	equal "uid $uid: a run whose reeve-anchor was killed ends as it would" 0 $?
	settled "$h"
	says 'and the ledger says so' '"kind":"gap".*"witness":"reeve-anchor"}' "$(records "$h")"
	says 'the same run has another one, which tells of its end' "\"kind\":\"anchor\".*\"upto\":$(($(records "$h" | sed -n '/"kind":"close"/h;${x;s/.*"n":\([0-9]*\),.*/\1/p}') + 1))," "$(records "$h" | tail -1)"
	says 'the spine has it, too' "\"of\":\"reeve.local/default/.*\"upto\":$(($(records "$h" | sed -n '/"kind":"close"/h;${x;s/.*"n":\([0-9]*\),.*/\1/p}') + 1))}" "$(of_spine | tail -1)"
	silent 'its processes went with it' . "$(pgrep -f "^reeve-anchor keep [^ ]* $h/")"
done
finish
