#!/bin/sh
# An hour of a ledger of many segments, by a clock that was set back: what is signed to be of other times is not read,
# and the answer is the same; states of somebody else change nothing.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"

# day SECONDS...: a recorder for each, whose time of day is so far from ours, with a run of 300 calls.
day() {
	for by; do
		rm -f "$work/ready"; mkfifo "$work/ready"
		# shellcheck disable=SC2086
		env LD_PRELOAD="$bin/tools/clock.so" REEVE_CLOCK="$by" \
			"$bin/reeve-recorder" serve "$ledger" "$key" "$sock" $serving 3>"$work/ready" 2>>"$work/stderr" &
		recorder=$!; pids="$pids $recorder"
		read -r _ <"$work/ready" || :
		printf '%s\n' open attach 'burst 300' close | client >/dev/null; ended
	done
}
ago() { date -u -d "@$((now - $1))" +%FT%T; }
answer() { "$bin/reeve-audit" "$@" 2>/dev/null; }
# shellcheck disable=SC2069 # what is said, without the answer
why() { "$bin/reeve-audit" query "$ledger" --no-index "$@" 2>&1 >/dev/null; }
# same WHAT OPTIONS...: all words say the same with signed times and without.
same() {
	what=$1 differ=; shift
	for word in 'query --json' 'query' 'stats --json' 'export --as jsonl' 'did'; do
		agent=; [ "$word" != did ] || agent=a
		# shellcheck disable=SC2086
		[ "$(answer $word "$ledger" $agent --no-index "$@")" = "$(answer $word "$ledger" $agent --no-index --no-states "$@")" ] ||
			differ="$differ $word"
	done
	is "$what" "$differ" ""
}

now=$(date +%s)
LD_PRELOAD="$bin/tools/clock.so" REEVE_CLOCK=-90000 init
serving="segment-bytes=32768 epoch-records=700"
day -86400 -72000 -57600 -64800 -43200 -28800 -36000 -14400
set -- "$ledger"/journal.*
ok "a day is many segments" [ $# -gt 30 ]
same 'an hour in the middle' --from "$(ago 43500)" --to "$(ago 42600)"
same 'one that the clock had twice' --from "$(ago 65000)" --to "$(ago 57000)"
same 'up to a time' --to "$(ago 72100)"
same 'from a time on' --from "$(ago 28900)"
same 'a time of which there is nothing' --from "$(ago 80000)" --to "$(ago 79000)"
same 'a page of it' --from "$(ago 57700)" --after 900 --limit 7
same 'all of it'
like 'the last line says what was not read' "$(why --from "$(ago 43500)" --to "$(ago 42600)")" "*not proved*[0-9],[0-9]* not read: of other times, as was signed"
is 'with --no-states all of it is' "$(why --no-states --from "$(ago 43500)" | grep -c 'not read')" 0
is 'and with --key' "$("$bin/reeve-audit" query "$ledger" --key "$pub" --from "$(ago 43500)" 2>&1 >/dev/null | grep -c 'not read')" 0
like 'where there can be no index, signed times are used' "$(HOME=/dev/null XDG_CACHE_HOME=/dev/null/x \
	"$bin/reeve-audit" query "$ledger" --from "$(ago 43500)" --to "$(ago 42600)" 2>&1 >/dev/null)" "*not read*"
is 'its lines fit a terminal' "$("$bin/reeve-audit" did "$ledger" a --key "$pub" --from "$(ago 43500)" 2>&1 >/dev/null | awk 'length > 80')" ""

# What is not read may as well be gone; who reads all of it sees that.
cp -r "$ledger" "$work/kept"
late() { answer query "$ledger" --no-index --json --from "$(ago 14500)"; }
want=$(late) hurt=0
for segment in "$ledger"/journal.*; do
	flip "$segment" 9000
	if [ "$(late)" = "$want" ]; then hurt=$((hurt + 1)); else cp "$work/kept/${segment##*/}" "$segment"; fi
done
ok "$hurt segments are damaged, and the answer is the same" [ "$hurt" -gt 20 ]
audit verify "$ledger" --key "$pub"
is "which a proof would not have borne" "$status" 1
rm -rf "$ledger"; cp -r "$work/kept" "$ledger"

# States of somebody else: of another ledger, of another place, altered, cut, no file at all.
"$bin/reeve-recorder" init "$work/o/t" "$work/o/t.key" t >/dev/null
set -- "$ledger"/state.*
shift 5
sed 's/^[0-9-]*T[0-9:.]*Z$/2000-01-01T00:00:00.000000Z/' "$1" >"$work/lie"
for hostile in "cp $work/lie $1" "cp $2 $1" "truncate -s 100 $1" "ln -sf /dev/zero $1" "rm $1 $3"; do
	$hostile
	same "after '$(echo "$hostile" | sed "s|$work||g")'" --from "$(ago 86500)" --to "$(ago 64000)"
	rm -rf "$ledger"; cp -r "$work/kept" "$ledger"
done
# A state of nobody's that begins behind the last commit, where records stand that no checkpoint is over.
last=$(for segment in "$ledger"/journal.*; do echo "$segment"; done | tail -n 1)
python3 - "$last" <<'P'
import struct, sys
path = sys.argv[1]
data, at, last, folder, begin = open(path, "rb").read(), 0, 0, path.rsplit("/", 1)[0], int(path.rsplit(".", 1)[1])
while any(data[at:at + 40]):
    size, kind = struct.unpack_from("<I28xH", data, at)
    last = at if kind == 0xFFFF else last
    at += 40 + (size + 7) // 8 * 8
open(path, "wb").write(data[:last])
end = begin + last
open(folder + "/state.%020d" % (end + 8), "w").write("reeve-state/1\no\n%d 9999 %d 0\n%s=\n-\n-\nx\n\n\u2014 o AAAAAAAAAAAA\n" % (end + 8, end, "A" * 43))
P
same 'what no checkpoint is over is no answer, whatever a state says'
rm -rf "$ledger"; cp -r "$work/kept" "$ledger"
set -- "$ledger"/state.*
for state; do [ -e "$ledger/journal.${state##*.}" ] || echo "$state"; done >"$work/middle"
ok "of states in the middle of a segment no more than one is left" [ "$(wc -l <"$work/middle")" -le 1 ]

# Two by one cursor.
flock "$work/cursor.lock" "$bin/reeve-audit" export "$ledger" --as jsonl --cursor "$work/cursor" >"$work/out" 2>"$work/said" || status=$?
is "who exports by a cursor that is in use ends at once" "$status $(wc -c <"$work/out") $(sed 's/.*cursor: //' "$work/said")" \
	"3 0 another reeve-audit is exporting by this cursor"
answer export "$ledger" --as jsonl --cursor "$work/cursor" >"$work/out"
is "and when it is free gets all of it" "$(wc -l <"$work/out")" "$(sed 's/^0*//' "$ledger/head")"
done_testing
