#!/bin/sh
# The table of reeve-audit(1), WHAT SHOWS: what can be done to a ledger by who can write all its files, or has its keys too,
# against what an auditor has from elsewhere. Each row is done, and each cell is what then verify, or the spine, ends with.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"
for need in python3 curl; do command -v $need >/dev/null || skip_all "$need is missing"; done
top=$(cd "$(dirname "$0")/../.." && pwd)
frames=$top/tests/tools/frames.py

grow() {	# grow WORDS...: by a run that does so
	serve
	printf '%s\n' open attach "$@" close | client >/dev/null
	ended
}
rotate() { "$bin/tools/rotate" "$ledger" "$key" "$1"; }
# put COPY: that state of ledger and keys; as who owns both can.
put() {
	rm -rf "$work/l/t" "$work/k"
	cp -r "$work/$1/t" "$work/l/t"; cp -r "$work/$1/k" "$work/k"
	rm -f "$work/k"/*.place
}
keep() { mkdir "$work/$1"; cp -r "$ledger" "$work/$1/t"; cp -r "$work/k" "$work/$1/k"; }
last_segment() { find "$ledger" -name 'journal.[0-9]*' | sort | tail -n 1; }
# back SIZE: what stands behind that checkpoint is gone, and head does not know of it.
back() {
	cat "$ledger"/journal "$ledger"/journal.[0-9]* >"$work/one"
	"$frames" "$work/one" cut "$1"
	rm "$ledger"/journal*; mv "$work/one" "$ledger/journal"
	printf '%020d\n' "$1" >"$ledger/head"
}
member() { "$bin/reeve-audit" show "$ledger" --json | sed -n "s/.*\"kind\":\"$1\".*\"n\":\([0-9]*\),.*/\1/p"; }

init
serving='segment-bytes=4096'
grow intent 'outcome 3' refusal
keep first
rotate 1
grow 'burst 12'
grow 'burst 12'
keep older
grow refusal intent
rotate 1
grow 'burst 12'
keep now

# What others have of it: a published checkpoint, a spine, a witness's cosignature, and a log of its lines.
audit publish "$ledger" "$work/view" --key "$pub"
own=$work/view/checkpoint
"$bin/reeve-recorder" init "$work/l/spine" "$work/sp/spine.key" spine >/dev/null
rm -f "$work/ready"; mkfifo "$work/ready"
"$bin/reeve-recorder" serve "$work/l/spine" "$work/sp/spine.key" "$work/spine.sock" 3>"$work/ready" 2>>"$work/stderr" & recorder=$!; pids="$pids $!"
read -r _ <"$work/ready"
"$bin/reeve-anchor" enter "$ledger" "$work/spine.sock" "$pub" || :
ended
audit trust --key "$pub"; echo "$told" >"$work/logs"
wkey=$("$bin/reeve-witness" init --key "$work/w.key" --state "$work/states" --logs "$work/logs" --name witness.example/w 2>/dev/null)
mkfifo "$work/where"
"$bin/reeve-witness" serve --key "$work/w.key" --state "$work/states" --logs "$work/logs" --listen 127.0.0.1:0 >"$work/where" & pids="$pids $!"
read -r _ _ at <"$work/where"
seen=0
for epoch in $(cd "$work/view/epochs" && ls | sort -n); do
	"$bin/reeve-audit" growth "$ledger" $seen --epoch "$epoch" --key "$pub" >"$work/body"
	curl -s --data-binary "@$work/body" "http://$at/add-epoch" >/dev/null
	seen=$(($(sed -n 's/^index //p' "$work/view/epochs/$epoch") + 1))
done
"$bin/reeve-audit" growth "$ledger" "$seen" --key "$pub" >"$work/body"
curl -s --data-binary "@$work/body" "http://$at/add-checkpoint" | cat "$own" - >"$work/cosigned"
{ sed '$d' "$work/logs"; echo "witness w $wkey"; echo 'quorum w'; } >"$work/trust"
for note in "$work"/view/epochs/* "$own"; do
	awk '/^extra / { record = $2; n = -2 } /^index / { n = -1; next } n == -1 && NF { path = path (path ? "," : "") $0 } n == -1 && !NF { n = 0; next }
		n >= 0 && /^\342\200\224 / { by = by (by ? "," : "") $3; next } n >= 0 && NF { line[n++] = $0 }
		END { print "reeve-checkpoint", line[0], line[1], line[2], by (record ? " " record " " path : "") }' "$note"
done >"$work/log"

does() {	# does WHAT: $says is what a verdict by the ledger alone has to say of it
	says='completeness*unknown*rollback*another history*--head*--checkpoint*spine*witness'
	case $1 in
	'an older copy of it') put older ;;
	'an older copy, beside its head of now') put older; cp "$work/now/t/head" "$ledger/head"; says='rolled back from*the ledger'\''s own head' ;;
	'a segment deleted') rm "$(find "$ledger" -name 'journal.[0-9]*' | sort | head -n 1)"; says='records [0-9]* to [0-9]* are missing*journal' ;;
	'its first segment deleted') rm "$ledger/journal"; says='record*missing*journal' ;;
	'its last segment deleted') rm "$(last_segment)"; says='rolled back from*the ledger'\''s own head' ;;
	'its last segment gone, head set back') rm "$(last_segment)"; back "$(member epoch | tail -n 1 | { read -r n; echo $((n + 1)); })" ;;
	'its last epoch gone, head set back') back "$(member epoch | tail -n 1)" ;;
	"an epoch's record taken out") cat "$ledger"/journal "$ledger"/journal.[0-9]* >"$work/one"; rm "$ledger"/journal.[0-9]*; mv "$work/one" "$ledger/journal"
		"$frames" "$ledger/journal" drop "$(member epoch | sed -n 2p)"; says='integrity*FAILED*record [0-9]*' ;;
	'all of it deleted') rm -r "$ledger"; says='no ledger*spine*witness' ;;
	'another history from an older copy on') put older; grow refusal refusal; rotate 1; grow 'burst 20' ;;
	'its epochs made anew by the root') put first; rotate 2; grow 'burst 40'; grow 'burst 12' ;;
	'two records exchanged') "$frames" "$ledger/journal" swap 4 5; says='integrity*FAILED*record 4' ;;
	"another ledger's checkpoint in it") "$frames" "$ledger/journal" commit 2 "$work/other/t/journal"; says='signatures*FAILED*size 2*no good signature' ;;
	'another ledger in its place') rm -r "$ledger"; cp -r "$work/other/t" "$ledger"; says='signatures*FAILED*no good signature' ;;
	'another ledger, and its key believed') rm -r "$ledger"; cp -r "$work/other/t" "$ledger"; pub=$work/other/k/t.pub ;;
	*) return 1 ;;
	esac
}
(ledger=$work/other/t key=$work/other/k/t.key pub=$work/other/k/t.pub; init; serving=; grow 'burst 50')

# by COLUMN: its exit status into $status.
by() {
	case $1 in
	alone) audit verify "$ledger" --key "$pub" ;;
	head) audit verify "$ledger" --key "$pub" --checkpoint "$own" ;;
	spine) audit spine "$work/l/spine" "$work/l" --key "$work/sp/spine.pub" ;;
	witness) audit verify "$ledger" --trust "$work/trust" --checkpoint "$work/cosigned" ;;
	log) audit verify "$ledger" --key "$pub" --second "$work/log" ;;
	esac
}
got=
for column in alone head spine witness log; do by $column; got="$got $status"; done
is "while nothing is done, all is well by all" "$got" ' 0 0 0 0 0'

sed -n '/^\.Sh WHAT SHOWS/,/^\.El/s/^\.It \(.* Ta .*\)/\1/p' "$top/docs/man/reeve-audit.1" | sed 1d >"$work/rows"
while read -r row; do
	what=${row%% Ta *} want=$(echo "${row#* Ta }" | sed 's/ Ta / /g')
	put now
	does "$what" || { is "a row that nobody has done: $what" 1 0; continue; }
	by alone; alone=$told got=$status
	for column in head spine witness log; do by $column; got="$got $status"; done
	is "$what" "$got" "$want"
	like "of which verify says, by itself" "$alone" "*$says*"
	pub=$work/k/t.pub
done <"$work/rows"
is "all rows are there" "$(wc -l <"$work/rows")" "$(grep -c '^	'\''[^)]*) \|^	"[^)]*) ' "$0")"
done_testing
