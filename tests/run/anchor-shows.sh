#!/bin/sh
# What a second record is for: a ledger that was rolled back, deleted, written anew or given another key shows against the
# spine and against a log, whole and signed as it is.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v python3 >/dev/null || skip_all 'no python3'
audit=$room/bin/reeve-audit
sink=
trap '[ -z "$sink" ] || kill $sink; rm -rf "$story"' EXIT
uid=$(id -u)
h=$room/home
home "$h" "$uid"
mkdir -p "$h/config/reeve"
all=$h/state/reeve/ledgers keys=$h/state/reeve/keys
echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }' >"$h/etc/policy.json"
echo "{ \"reeve\": \"config/1\", \"second\": { \"journal\": \"$h/journal.sock\", \"syslog\": \"$h/log.sock\", \"spine\": true } }" >"$h/config/reeve/config.json"
run() { as "$uid" "$h" "$reeve" run --tenant "$1" --policy ../etc/policy.json -- true 2>/dev/null; settled "$h" "$1"; settled "$h" spine; }
mkfifo "$story/up"
become "$uid" "$h" python3 "$top/tests/tools/sink.py" "$h/journal.sock" "$h/journal.got" "$h/log.sock" "$h/log.got" >"$story/up" &
sink=$!
read -r _ <"$story/up"
spine() { "$audit" spine "$all/spine" --key "$keys/spine.pub" 2>&1; }
second() { "$audit" verify "$all/one" --key "$keys/one.pub" --second "$story/$1" 2>&1; }
# back [TENANT ...]: all is as it was when it was kept; the spine is not.
back() { rm -f "$keys"/*.place; for t; do rm -rf "${all:?}/$t" "${keys:?}/$t.pub"; cp -a "$story/kept/ledgers/$t" "$all/$t"; cp -a "$story/kept/keys/$t.pub" "$keys/"; done; }

run one
run two
cp -a "$h/state/reeve" "$story/yesterday"
run one
run three
cp -a "$h/state/reeve" "$story/kept"
while read -r line; do echo "$line" | base64 -d; echo; done <"$h/log.got" >"$story/syslog"
# As journalctl -o json would have it of the one, and a file of somebody's own.
while read -r line; do echo "$line" | base64 -d; done <"$h/journal.got" | python3 -c 'import json, re, sys
for m in re.findall(rb"reeve-checkpoint [^\n]+", sys.stdin.buffer.read()):
    print(json.dumps({"MESSAGE": m.decode(), "PRIORITY": "5", "SYSLOG_IDENTIFIER": "reeve"}))' >"$story/journal.json"
origin() { "$audit" show "$all/$1" --json | sed -n '1s/.*"ledger":"\([^"]*\)".*/\1/p'; }
one=$(origin one) two=$(origin two)

holds 'against the spine all is well' spine
says 'each ledger is named' "^$one  ok  nothing is missing up to [0-9]+, by the spine, record [0-9]+" "$(spine)"
equal 'and no other' 3 "$(spine | wc -l)"
holds 'against syslog too' second syslog
says 'with what it has seen' "completeness +ok +nothing is missing up to [0-9]+, by $story/syslog, line [0-9]+, of [0-9]+$" "$(second syslog)"
holds 'and against the journal' second journal.json
says 'a verdict says who knows how much' '^second record +ok +(journal|syslog) told of [0-9]+, (journal|syslog) told of [0-9]+' "$(second syslog)"

# Yesterday's copy of one.
rm -rf "$all/one"
cp -a "$story/yesterday/ledgers/one" "$all/one"; rm "$keys/one.place"
holds 'yesterday'\''s copy is whole, by itself' "$audit" verify "$all/one" --key "$keys/one.pub"
fails 'against the spine it is not' 5 spine
says 'by name' "^$one  FAILED  rolled back from [0-9]+ to [0-9]+ records, by the spine, record [0-9]+" "$(spine)"
says 'the others are well' "^$two  ok" "$(spine)"
fails 'nor against syslog' 5 second syslog
says 'which says the line' "completeness +FAILED +rolled back from [0-9]+ to [0-9]+ records, by $story/syslog, line [0-9]+" "$(second syslog)"
fails 'nor against the journal' 5 second journal.json
# And it goes on from there: another history, as long as the first.
run one
run one
fails 'grown on, it is another history' 1 spine
says 'by name' "^$one  FAILED  another history: the first [0-9]+ records are not those of the spine, record [0-9]+" "$(spine)"
fails 'so it is against syslog' 1 second syslog
says 'which says the line' "integrity +FAILED +another history: the first [0-9]+ records are not those of $story/syslog, line [0-9]+" "$(second syslog)"
back one spine

rm -rf "$all/two"
fails 'a ledger that is deleted' 5 spine
says 'is named' "^$two  FAILED  vanished: it had [0-9]+ records, by record [0-9]+ of the spine" "$(spine)"
# Made anew under the same name: the old one is missing, and this one is of another origin.
rm -f "$keys"/two.*
as "$uid" "$h" "$reeve" init --tenant two >/dev/null 2>&1
says 'also when there is a new one in its place' "^$two  FAILED  vanished" "$(spine)"
says 'which nobody has heard of' '^reeve.local/two/[0-9a-f]{16}  unknown  the spine has never heard of it' "$(spine)"
cp -a "$story/kept/keys/." "$keys/"
back two spine

# Another ledger in its place.
rm -rf "$all/one"
cp -a "$story/kept/ledgers/two" "$all/one"; rm -f "$keys/one.place"
says 'another ledger in its place does not hide that it is gone' "^$one  FAILED  vanished" "$(spine)"
back one

# Lines that anybody can write.
forged=$(sed -n "s|.*\(reeve-checkpoint $one\) [0-9]* .*|\1 99999 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= $(printf '%092d' 0)|p" "$story/syslog" | head -1)
{ cat "$story/syslog"; echo "x $forged"; echo 'reeve-checkpoint'; echo "reeve-checkpoint $one 18446744073709551616 x y"; } >"$story/forged"
holds 'a line without its signature raises no alarm' second forged
says 'and is counted' 'completeness +ok .*; 1 more of its checkpoints there are not by its key' "$(second forged)"
: >"$story/empty"
holds 'a log that knows nothing shows nothing' second empty
says 'and that is said' "completeness +unknown +$story/empty has no checkpoint of it" "$(second empty)"
fails 'a log that is not there is an error' 3 second none
fails 'a ledger that is no spine is none' 3 "$audit" spine "$all/one" --key "$keys/one.pub"
fails 'without a key there is no answer' 2 "$audit" spine "$all/spine"
fails 'nor by another' 4 "$audit" spine "$all/spine" --key "$keys/one.pub"
# The ledger's key changes; and then from a copy of before it is sealed anew by other keys, under the same root.
cp -a "$h/state/reeve" "$story/before"
rotate() { as "$uid" "$h" "$room/bin/rotate" "$all/one" "$keys/one.key" "$1"; }
rotate 2
run one
holds 'a ledger whose key has changed is well against the spine' spine
end=$("$audit" show "$all/one" --json | sed -n 's/.*"kind":"close".*"n":\([0-9]*\),.*/\1/p' | tail -1)
says 'up to its end' "^$one  ok  nothing is missing up to $((end + 1)), by the spine" "$(spine)"
rm -rf "$all/one" "$keys"/one.*
cp -a "$story/before/ledgers/one" "$all/one"; cp -a "$story/before/keys"/one.* "$keys/"; rm -f "$keys"/*.place
holds 'a copy of before its key changed verifies' "$audit" verify "$all/one" --key "$keys/one.pub"
says 'the spine knows that it was longer' "^$one  FAILED  rolled back" "$(spine)"
rotate 3
holds 'sealed anew by other keys of the same root it verifies' "$audit" verify "$all/one" --key "$keys/one.pub"
run one
fails 'the spine knows that this is another history' 1 spine
says 'by name' "^$one  FAILED  another history: the first [0-9]+ records are not those of the spine" "$(spine)"
# Its key changes, also while no recorder is there, and it is rolled back to before that: the log's own lines say by whom the
# later ones are signed.
: >"$h/log.got"
turn() { as "$uid" "$h" "$room/bin/rotate" "$all/four" "$keys/four.key" "$1"; }
four() { "$audit" verify "$all/four" --key "$keys/four.pub" --second "$1" 2>&1; }
run four
cp -a "$h/state/reeve" "$story/first"
turn 2
run four
cp -a "$h/state/reeve" "$story/third"
turn 1
run four
as "$uid" "$h" "$reeve" run --tenant four --policy ../etc/policy.json -- sh -c 'echo up >up; read -r _ <go' 2>/dev/null &
mkfifo "$h/work/go"; chown "$uid" "$h/work/go"
until [ -s "$h/work/up" ]; do :; done
holds 'a key changes while a run goes on' as "$uid" "$h" "$reeve" ledger rotate --tenant four
echo >"$h/work/go"
wait $!
settled "$h" four
while read -r line; do echo "$line" | base64 -d; echo; done <"$h/log.got" >"$story/turned"
equal 'each handover is a line of the log, from the root on' 5 "$(grep -c '^<85>1 .* reeve-checkpoint reeve.local/four/[^ ]* [0-9]* [^ ]*= [^ ]*,[^ ]* [^ ]* [^ ]*=$' "$story/turned")"
end=$("$audit" show "$all/four" --json | sed -n 's/.*"kind":"close".*"n":\([0-9]*\),.*/\1/p' | tail -1)
says 'the ledger is well against it' "nothing is missing up to $((end + 1)), by $story/turned, line [0-9]+, of [0-9]+$" "$(four "$story/turned")"
for kept in first:4:1 third:2:3; do
	of=${kept%%:*} more=${kept#*:}
	rm -rf "$all/four" "$keys"/four.*
	cp -a "$story/$of/ledgers/four" "$all/four"; cp -a "$story/$of/keys"/four.* "$keys/"; rm -f "$keys"/*.place
	fails "rolled back past ${more%:*} changes of its key" 5 four "$story/turned"
	says 'which is said, and of no line that it is not by its key' \
		"rolled back from $((end + 1)) to [0-9]+ records, past ${more%:*} changes of its key, from epoch 5 to ${more#*:}, by $story/turned, line [0-9]+$" "$(four "$story/turned")"
done
grep -v ' reeve-checkpoint [^ ]* [0-9]* [^ ]*= [^ ]*,[^ ]* ' "$story/turned" >"$story/lines"
says 'without the lines of handovers only the last key would be known' 'more of its checkpoints there are not by its key' "$(four "$story/lines")"
# A real rsyslog, with the form of file that it has by default, is a second record as it stands.
log=$story/rsyslog
mkdir -m 755 "$log"
cat >"$log/conf" <<C
global(workDirectory="$log")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$log/log" UseSpecialParser="off")
action(type="omfile" file="$log/messages")
C
if command -v rsyslogd >/dev/null; then
	rsyslogd -n -f "$log/conf" -i "$log/pid" >"$log/said" 2>&1 &
	syslog=$!
	sink="$sink $syslog"
	while kill -0 $syslog 2>/dev/null && [ ! -S "$log/log" ]; do :; done
	echo "{ \"reeve\": \"config/1\", \"second\": { \"syslog\": \"$log/log\" } }" >"$h/config/reeve/config.json"
	run two
	until [ -s "$log/messages" ] || ! kill -0 $syslog; do :; done
	says 'the file of a real rsyslog is evidence as it is' "completeness +ok +nothing is missing up to [0-9]+, by $log/messages, line 1, of [0-9]+$" \
		"$("$audit" verify "$all/two" --key "$keys/two.pub" --second "$log/messages" 2>&1)"
else
	skip 'rsyslog' 'there is no rsyslogd: contrib/need check installs it as root'
fi
finish
