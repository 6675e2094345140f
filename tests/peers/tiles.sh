#!/bin/sh
# What is published, checked by golang.org/x/mod's own note and tlog, as Debian packages them: no code of ours.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"

source=$(cd "$(dirname "$0")/../tools" && pwd)/tiles.go
x_mod=/usr/share/gocode
command -v go >/dev/null && [ -d "$x_mod/src/golang.org/x/mod/sumdb/tlog" ] ||
	skip_all 'needs golang-go and golang-golang-x-mod-dev (450 MB): contrib/need peers'
tiles=$bin/tools/tiles
[ -n "$(find "$tiles" -newer "$source" 2>/dev/null)" ] ||
	GOCACHE=$work/cache GOPATH=$x_mod GO111MODULE=off GOFLAGS='' go build -o "$tiles" "$source"

view=$work/view trust=$work/trust
publish() { "$bin/reeve-audit" publish "$ledger" "${1:-$view}" --key "$pub" >/dev/null; }
grow() {
	serve
	printf '%s\n' open attach "$@" close | client >/dev/null
	ended
}
go_says() { "$tiles" "$@" 2>"$work/go-said"; }
all_hold() { go_says view "$1" "$trust" >"$work/records" && "$bin/reeve-audit" show "$ledger" --json | cmp - "$work/records"; }

init
"$bin/reeve-audit" trust --key "$pub" >"$trust"
to_size() {	# by one run: its own record and its close, two records for each of a burst, one for a refusal
	more=$(($1 - have - 2)) have=$1
	set --
	[ $((more % 2)) = 0 ] || set -- refusal
	[ "$more" -lt 2 ] || set -- "$@" "burst $((more / 2))"
	grow "$@"
}
# Sizes at which a tile is begun, full, begun again, all but full, one further, full.
told='' have=2
for size in 2 4 256 258 511 513 768 900; do
	[ "$size" = 2 ] || to_size "$size"
	rm -f "$work/before"
	[ ! -e "$view/checkpoint" ] || cp "$view/checkpoint" "$work/before"
	publish || told="$told publish:$size"
	all_hold "$view" || told="$told view:$size"
	[ ! -e "$work/before" ] || go_says grown "$work/before" "$view" "$trust" >/dev/null || told="$told grown:$size"
	[ "$(sed -n 2p "$view/checkpoint")" = "$size" ] || told="$told size:$size"
	cp "$view/checkpoint" "$work/checkpoint.$size"
done
is "signature, root, and every record's bytes and inclusion, at each of eight sizes, each grown from the last" "$told" ""
told=
for size in 2 4 256 258 511 513 768; do
	go_says grown "$work/checkpoint.$size" "$view" "$trust" >/dev/null || told="$told $size"
done
is "the last is consistent with all of them, and their readers find all tiles" "$told" ""
told=
for n in 0 1 100 255 256 511 512 800; do
	"$bin/reeve-audit" proof "$ledger" $n --key "$pub" >"$work/$n.tlog-proof"
	[ "$(go_says proof "$work/$n.tlog-proof" "$trust" "$view")" = "$("$bin/reeve-audit" show "$ledger" --json | sed -n $((n + 1))p)" ] ||
		told="$told $n"
done
is "proofs of single records hold" "$told" ""

hurt() {	# hurt WHAT COMMAND...: in a copy of the view; both find it
	what=$1; shift
	rm -rf "$work/hurt"; cp -a "$view" "$work/hurt"
	(cd "$work/hurt" && "$@")
	told=
	go_says view "$work/hurt" "$trust" >/dev/null && told="unseen by Go"
	publish "$work/hurt" 2>/dev/null && told="$told unseen by publish"
	is "$what: found by both" "$told" ""
}
last=$(cd "$view" && ls tile/entries/003.p)
hurt "a changed tile" flip tile/0/001 77
hurt "a changed tile further up" flip tile/1/000.p/3 40
hurt "a changed record" flip tile/entries/001 1000
hurt "a changed checkpoint" sed -i '3s/^./x/' checkpoint
hurt "a changed signature" sed -i '5s/.....$/AAAA=/' checkpoint
hurt "a changed handover" sed -i '2s/A/B/' epochs/1
hurt "a missing handover" rm epochs/1
hurt "a shortened bundle" truncate -s -1 "tile/entries/003.p/$last"
hurt "a missing tile" rm tile/0/002
hurt "a missing bundle" rm "tile/entries/003.p/$last"
sed '4s/^./x/' "$work/256.tlog-proof" >"$work/damaged"
ok "a changed proof is refused" sh -c '! "$1" proof "$2" "$3" "$4" 2>/dev/null' - "$tiles" "$work/damaged" "$trust" "$view"
cp "$work/checkpoint.513" "$work/hurt/checkpoint"
ok "a view rolled back is seen by who knows a later checkpoint" sh -c '! "$1" grown "$2" "$3" "$4" 2>/dev/null >&2' - \
	"$tiles" "$view/checkpoint" "$work/hurt" "$trust"

# What a witness of ours has cosigned.
cp "$trust" "$work/logs"
wkey=$("$bin/reeve-witness" init --key "$work/w.key" --state "$work/states" --logs "$work/logs" --name witness.example/w 2>/dev/null)
mkfifo "$work/where"
"$bin/reeve-witness" serve --key "$work/w.key" --state "$work/states" --logs "$work/logs" --listen 127.0.0.1:0 >"$work/where" &
pids="$pids $!"
read -r _ _ at <"$work/where"
"$bin/reeve-audit" growth "$ledger" 0 --epoch 1 --key "$pub" >"$work/body"
curl -s --data-binary "@$work/body" -o "$work/handed" "http://$at/add-epoch"
"$bin/reeve-audit" growth "$ledger" 2 --key "$pub" >"$work/body"
curl -s --data-binary "@$work/body" "http://$at/add-checkpoint" >"$work/cosignature"
sed '1,/^$/d' "$work/body" | cat - "$work/cosignature" >"$work/cosigned"
like "a cosigned checkpoint" "$(go_says cosigned "$work/cosigned" "$trust" "$wkey" "$view")" '1[0-9]*'
sed '2s/$/0/' "$work/cosigned" >"$work/damaged"
ok "a changed one is refused" sh -c '! "$1" cosigned "$2" "$3" "$4" "$5" >/dev/null 2>&1' - "$tiles" "$work/damaged" "$trust" "$wkey" "$view"
sed '$s/....$/AAA=/' "$work/cosigned" >"$work/damaged"
ok "and one with a forged cosignature" sh -c '! "$1" cosigned "$2" "$3" "$4" "$5" >/dev/null 2>&1' - "$tiles" "$work/damaged" "$trust" "$wkey" "$view"

# Another key of the same name signs another history: what an owner could do.
ledger=$work/l/o key=$work/k/o.key pub=$work/k/o.pub
init; grow 'burst 3'; publish "$work/other"
ok "another key is refused" sh -c '! "$1" view "$2" "$3" >/dev/null 2>&1' - "$tiles" "$work/other" "$trust"

ledger=$work/l/t key=$work/k/t.key pub=$work/k/t.pub
grow 'burst 33000'; publish
ok "a ledger of three levels of tiles holds" all_hold "$view"
is "grown from the first size" "$(go_says grown "$work/checkpoint.2" "$view" "$trust")" "2 grew to 66902"
"$bin/reeve-audit" proof "$view" 65536 --key "$pub" >"$work/deep.tlog-proof"
like "and so does a proof from its tiles" "$(go_says proof "$work/deep.tlog-proof" "$trust" "$view")" '*"n":65536,*'
# While it grows, over changes of keys: each checkpoint that is met is whole, and a beginning of the next.
cp "$view/checkpoint" "$work/before"
"$bin/reeve-audit" publish "$ledger" "$view" --key "$pub" --follow >/dev/null 2>&1 &
live=$! pids="$pids $!"
serving=epoch-records=64
size=$(sed 's/^0*//' "$ledger/head")
{ for _ in 1 2 3 4; do grow 'burst 80' 'burst 80'; done; : >"$work/grown"; } &
pids="$pids $!"
told='' met=0
while now=$(sed -n 2p "$view/checkpoint"); [ ! -e "$work/grown" ] || [ "$now" -lt "$(sed 's/^0*//' "$ledger/head")" ]; do
	[ "$now" != "$(sed -n 2p "$work/before")" ] || continue
	met=$((met + 1))
	go_says view "$view" "$trust" >/dev/null || told="$told view:$now:$(cat "$work/go-said")"
	go_says grown "$work/before" "$view" "$trust" >/dev/null || told="$told grown:$now:$(cat "$work/go-said")"
	cp "$view/checkpoint" "$work/before"
done
kill "$live"; wait "$live" 2>/dev/null || :
is "it is whole whenever it is read ($met times) while it grows" "$told" ""
ok "all of it" all_hold "$view"
ok "with new keys" [ "$(find "$view/epochs" -type f | wc -l)" -gt 10 ]

# A thousand tiles: their names have a folder more.
ledger=$work/l/m key=$work/k/m.key pub=$work/k/m.pub view=$work/many
init
"$bin/reeve-audit" trust --key "$pub" >"$trust"
"$bin/tools/fill" "$ledger" "$key" 257000 1024 >/dev/null
publish "$view"
ok "a view of more than a thousand tiles holds" all_hold "$view"
ok "by these names" [ -f "$view/tile/0/x001/000" -a -f "$view/tile/entries/x001/000" -a -d "$view/tile/0/x001/003.p" -a -f "$view/tile/2/000.p/3" ]
done_testing
