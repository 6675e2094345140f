#!/bin/sh
# A ledger as anyone may have it: published, grown, interrupted, tampered with; proofs of single records.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"

view=$work/view
publish() { audit publish "$ledger" "$view" --key "$pub"; }
grow() {	# grow WORDS...: by a run that does so
	serve
	printf '%s\n' open attach "$@" close | client >/dev/null
	ended
}
# The records in the bundles, one a line, and the signed root over them, with nothing but this file and python.
unpack() {
	python3 - "$1" <<'PYTHON'
import base64, hashlib, os, sys
view = sys.argv[1]
origin, size, root = open(view + "/checkpoint").read().split("\n")[:3]
def path(n, width):
    return f"{view}/tile/entries/{n:03d}" + ("" if width == 256 else f".p/{width}")
def tree(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + tree(leaves[:half]) + tree(leaves[half:])).digest()
leaves = []
while len(leaves) < int(size):
    width = min(256, int(size) - len(leaves))
    name = path(len(leaves) // 256, width)
    short = os.path.exists(name)    # else the full bundle is there in its place
    data = open(name if short else path(len(leaves) // 256, 256), "rb").read()
    for _ in range(width):
        end = 2 + int.from_bytes(data[:2], "big")
        leaves.append(hashlib.sha256(b"\x00" + data[2:end]).digest())
        print(data[2:end].decode())
        data = data[end:]
    assert not data or not short
assert base64.b64encode(tree(leaves)).decode() == root, "another root"
PYTHON
}
same_records() { unpack "$view" >"$work/unpacked" && "$bin/reeve-audit" show "$ledger" --json | cmp -s - "$work/unpacked"; }
sums() { (cd "$1" && find . -type f -exec sha256sum {} + | sort); }

init
grow intent refusal 'outcome 3' 'burst 300'
before=$(sums "$ledger")
publish
is "a ledger is published" "$status" 0
like "and how much of it is told" "$told" "607 records of reeve.local/t/*: 8 files made, 0 kept"
ok "the bundles hold every record, byte for byte, and lead to the signed root" same_records
is "nothing of the ledger was written" "$(sums "$ledger")" "$before"
audit verify "$ledger" --key "$pub" --checkpoint "$view/checkpoint"
is "what is published as checkpoint is one of the ledger's own" "$status" 0
is "each tile is as wide as its name says" "$(cd "$view" && stat -c '%s %n' tile/0/000 tile/0/001 tile/0/002.p/95 tile/1/000.p/2 | tr '\n' ' ')" \
	"8192 tile/0/000 8192 tile/0/001 3040 tile/0/002.p/95 64 tile/1/000.p/2 "
publish
like "again: all is there, and kept" "$told" "* 0 files made, 8 kept"

# --- proofs of single records ---

told=
for n in 0 1 255 256 511 512 605 606; do
	"$bin/reeve-audit" proof "$ledger" $n --key "$pub" >"$work/$n.proof"
	"$bin/reeve-audit" proof "$view" $n --key "$pub" | cmp -s - "$work/$n.proof" || told="$told view $n"
	"$bin/reeve-audit" proof --check "$work/$n.proof" --key "$pub" --epochs "$view" --json >"$work/one" || told="$told check $n"
	"$bin/reeve-audit" show "$ledger" --json | sed -n $((n + 1))p | cmp -s - "$work/one" || told="$told record $n"
done
is "records at every edge are proven, by the ledger and by its view alike" "$told" ""
for n in 254 255 256 257; do "$bin/reeve-audit" proof "$view" $n --key "$pub"; done >"$work/singly"
"$bin/reeve-audit" proof "$view" 254-257 --key "$pub" >"$work/many"
ok "many at once are those of each, one after another" cmp -s "$work/singly" "$work/many"
audit proof "$view" 600-607 --key "$pub"
is "not beyond the last record" "$status $(echo "$told" | grep -c '^index ')" "2 7"
damaged() {	# damaged WHAT STATUS SED: such a change to a proof is found
	sed "$3" "$work/256.proof" >"$work/damaged"
	audit proof --check "$work/damaged" --key "$pub" --epochs "$view"
	ok "a proof with $1 is refused, and the sentence names it" [ "$status $(echo "$told" | grep -c damaged)" = "$2 1" ]
}
damaged "another record in it" 1 '2s/extra ..../extra eyJi/;2s/I\([A-Za-z]\)/J\1/3'
damaged "another index" 1 's/^index 256/index 257/'
damaged "an index that nobody signed" 1 's/^index 256/index 607/'
damaged "another hash" 1 '4s/^./x/'
damaged "a hash too few" 1 '4d'
damaged "another root" 4 '/^607$/{n;s/^./x/;}'
damaged "another size" 4 's/^607$/608/'
damaged "no checkpoint" 4 '/^607$/d'
damaged "another first line" 1 '1s/v1/v2/'
damaged "no record" 1 '2d'
damaged "a leading zero" 1 's/^index /index 0/'
head -c 300 "$work/256.proof" >"$work/damaged"; audit proof --check "$work/damaged" --key "$pub" --epochs "$view"
is "one that is cut off is no proof" "$status" 1
ledger=$work/l/o key=$work/k/o.key pub=$work/k/o.pub
init
audit proof --check "$work/256.proof" --key "$pub"
is "nor is a good one under another key" "$status" 4
audit publish "$work/l/t" "$view" --key "$pub"
is "and nothing is published under another key" "$status" 4
audit publish "$ledger" "$view" --key "$pub"
is "nor one ledger over another's view" "$status" 4
ledger=$work/l/t key=$work/k/t.key pub=$work/k/t.pub
audit proof "$ledger" 607 --key "$pub"
is "a record that is not there is wrong usage" "$status" 2
audit trust --key "$pub"
is "trust is the key as a policy" "$told" "log $(cat "$pub")
quorum none"

# --- it grows; what an interrupted publish left is made good ---

cp -a "$view" "$work/old"; cp -a "$ledger" "$work/old-ledger"
grow 'burst 300'
publish
like "a grown ledger keeps what is full" "$told" "1,209 records of *: 7 files made, 5 kept"
ok "a tile's shorter form goes once the full one is there" [ -f "$view/tile/0/002" -a ! -e "$view/tile/0/002.p" ]
ok "and the bundles hold every record" same_records
if strace -o /dev/null true 2>/dev/null; then
	told=
	for at in syncfs:1 renameat:1 renameat:4 renameat:7 unlinkat:1 syncfs:2 renameat:8 fsync:2 write:3; do
		rm -rf "$view"; cp -a "$work/old" "$view"
		strace -f -o /dev/null -e "inject=${at%:*}:signal=KILL:when=${at#*:}" \
			"$bin/reeve-audit" publish "$ledger" "$view" --key "$pub" >/dev/null 2>&1 && told="$told not-killed:$at"
		unpack "$view" >/dev/null 2>&1 || told="$told unreadable:$at"
		"$bin/reeve-audit" publish "$ledger" "$view" --key "$pub" >/dev/null 2>&1 || told="$told not-mended:$at"
		same_records || told="$told wrong:$at"
		[ -z "$(find "$view" -name '*.new')" ] || told="$told left-over:$at"
	done
	is "killed at any point, a view serves what its checkpoint says, and is made good" "$told" ""
else
	count=$((count + 1)); echo "ok $count - killed at any point # SKIP strace may not trace here"
fi
flock "$view" "$bin/reeve-audit" publish "$ledger" "$view" --key "$pub" >/dev/null 2>&1 && status=0 || status=$?
is "while one publishes there, another does not" "$status" 3

# --- what lies there is not what should ---

hurt() {	# hurt WHAT STATUS NAMED COMMAND...: in a copy of the view
	what=$1 want=$2 named=$3; shift 3
	rm -rf "$work/hurt"; cp -a "$view" "$work/hurt"
	(cd "$work/hurt" && "$@")
	audit publish "$ledger" "$work/hurt" --key "$pub"
	is "$what: found" "$status $(echo "$told" | grep -c "$named")" "$want 1"
}
hurt "a changed tile" 1 hurt/tile/0/001: flip tile/0/001 77
hurt "a changed tile further up" 1 hurt/tile/1/000.p/4: flip tile/1/000.p/4 40
hurt "a changed record" 1 hurt/tile/entries/003: flip tile/entries/003 1000
hurt "a changed shorter form" 1 hurt/tile/1/000.p/2: flip tile/1/000.p/2 1
hurt "a shortened tile" 1 hurt/tile/0/000: truncate -s 8160 tile/0/000
hurt "a shortened bundle" 1 hurt/tile/entries/000: truncate -s 1000 tile/entries/000
hurt "a tile that grew without end" 1 hurt/tile/0/000: truncate -s 1T tile/0/000
hurt "a missing tile" 1 hurt/tile/0/002: rm tile/0/002
hurt "a missing bundle" 1 hurt/tile/entries/004.p/185: rm -r tile/entries/004.p
hurt "a changed root in the checkpoint" 4 hurt/checkpoint: sed -i '3s/^./x/' checkpoint
hurt "a changed size in the checkpoint" 4 hurt/checkpoint: sed -i '2s/^./2/' checkpoint
hurt "a swapped signature" 4 hurt/checkpoint: cp "$work/k/o.pub" checkpoint
hurt "a changed handover" 1 hurt/epochs/1: sed -i '2s/A/B/' epochs/1
hurt "a missing handover" 4 hurt/checkpoint: rm epochs/1
hurt "a handover too many" 1 hurt/epochs/2: cp epochs/1 epochs/2
hurt "a tile beyond the ledger" 1 hurt/tile/0/005: cp tile/0/000 tile/0/005
hurt "a foreign file" 1 hurt/tile/0/notes.txt: touch tile/0/notes.txt
hurt "a foreign folder" 1 hurt/more: mkdir more
hurt "a name in another form" 1 hurt/tile/0/x000/001: sh -c 'mkdir tile/0/x000 && cp tile/0/001 tile/0/x000/'
hurt "a link for a tile" 1 hurt/tile/0/000: sh -c 'mv tile/0/000 tile/zero; mv tile/zero ../zero; ln -s ../../../zero tile/0/000'
hurt "a link for a folder" 1 hurt/tile/0: sh -c 'rm -rf ../out; mv tile/0 ../out; ln -s ../../out tile/0'
is "nothing was written through it" "$(sums "$work/out")" "$(sums "$view/tile/0")"
hurt "a link for the checkpoint" 1 hurt/checkpoint: sh -c 'mv checkpoint ../elsewhere; ln -s ../elsewhere checkpoint'
hurt "a FIFO for a tile" 1 hurt/tile/0/000: sh -c 'rm tile/0/000; mkfifo tile/0/000'
deep() { i=0; while [ $i -lt 40 ]; do mkdir x000 && cd x000; i=$((i + 1)); done; }
hurt "folders without end" 1 'no published ledger' eval 'cd tile/0 && deep'

audit proof "$work/old" 606 --key "$pub"
is "an old view still proves" "$status" 0
cp -a "$work/old" "$work/linked"
mv "$work/linked/tile/0" "$work/linked/elsewhere"; ln -s ../elsewhere "$work/linked/tile/0"
audit proof "$work/linked" 606 --key "$pub"
like "not through a link" "$status $told" "1 *: a link*"
flip "$work/old/tile/0/002.p/95" 77
audit proof "$work/old" 606 --key "$pub"
is "not so with a changed tile" "$status" 1
audit proof "$work/old" 500-606 --key "$pub"
is "nor many at once" "$status $(echo "$told" | grep -c '^index ')" "1 0"
rm "$work/old/tile/0/002.p/95"
audit proof "$work/old" 606 --key "$pub"
like "a missing tile is named" "$status $told" "1 *tile/0/002: missing"

# --- a ledger that is not whole ---

audit publish "$work/old-ledger" "$view" --key "$pub"
like "a ledger shorter than its view was rolled back" "$status $told" "5 *rolled back from 1209 to 607*"
cp -a "$ledger" "$work/bent"
at=$(grep -abo '"time"' "$work/bent/journal" | sed -n '20s/:.*//p')
flip "$work/bent/journal" "$((at + 2))"
audit publish "$work/bent" "$work/none" --key "$pub"
is "of a damaged ledger nothing is published" "$status $(find "$work/none" -type f | wc -l)" "1 0"
audit publish "$ledger" "$ledger" --key "$pub"
like "a ledger is not published into itself" "$status $told" "1 *"
is "which changes nothing there" "$(find "$ledger" -name checkpoint -o -name tile | wc -l)" 0

# --- a ledger at work, and one that was left ---

serve
mkfifo "$work/to" "$work/from"
client <"$work/to" >"$work/from" & pids="$pids $!"
exec 7>"$work/to" 8<"$work/from"
for word in open attach intent; do echo $word >&7; read -r got <&8; done
publish
is "a ledger is published while its recorder works, open intents and all" "$status $(sed -n 2p "$view/checkpoint")" "0 $((${got#* } + 1))"
cp "$view/checkpoint" "$work/live"
kill -9 "$recorder"; wait "$recorder" 2>/dev/null || :
exec 7>&- 8<&-
publish
is "with no recorder, not before the next run has closed them" "$status" 6
ok "and what was published stays" cmp -s "$view/checkpoint" "$work/live"
serve; echo | client; ended
publish
is "then it is" "$status" 0
ok "with every record" same_records

for words in "publish $ledger" "publish $ledger $work/none" "publish $ledger $work/none --key $pub --head 5" \
	"proof $ledger --key $pub" "proof $ledger x --key $pub" "proof $ledger -1 --key $pub" "proof $ledger 1-2 --key $pub" "proof $view 2-1 --key $pub" "proof $view 1- --key $pub" "proof --key $pub" \
	"proof $ledger 1 --check $work/256.proof --key $pub" "trust" "publish a b c --key $pub"; do
	# shellcheck disable=SC2086
	audit $words
	is "wrong usage: ${words%% *} $(echo "${words#* }" | tr ' ' '\n' | grep -c .)" "$status $(echo "$told" | wc -l)" "2 1"
done
# --- live: while it grows, with an intent open ---

mkfifo "$work/feed"
"$bin/reeve-audit" publish "$ledger" "$work/fed" --key "$pub" --follow >"$work/feed" 2>/dev/null &
live=$!
exec 8<"$work/feed"
IFS= read -r told <&8
size=$(sed -n 2p "$work/fed/checkpoint")
like "tiles that follow begin with what there is" "$told" "[0-9]* records of *"
serve
printf '%s\n' open attach intent | client >/dev/null
while IFS= read -r told <&8 && [ "$(sed -n 2p "$work/fed/checkpoint")" -lt $((size + 2)) ]; do :; done
ok "and go on, while an intent stands open" [ "$(sed -n 2p "$work/fed/checkpoint")" -ge $((size + 2)) ]
ended
kill "$live"
wait "$live" 2>/dev/null || :
exec 8<&-
like "a view that followed can be gone on with" "$(audit publish "$ledger" "$work/fed" --key "$pub"; echo "$status $told")" "0 *"

# --- and read meanwhile by who has never seen reeve, from a server of plain files ---

cat >"$work/files.py" <<'END'
import http.server, sys
class Quiet(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *more): super().__init__(*more, directory=sys.argv[1])
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
print("http://127.0.0.1:%d" % server.server_address[1], flush=True)
server.serve_forever()
END
mkfifo "$work/where"
python3 "$work/files.py" "$work/fed" >"$work/where" & pids="$pids $!"
read -r url <"$work/where"
"$bin/reeve-audit" publish "$ledger" "$work/fed" --key "$pub" --follow >/dev/null 2>&1 &
live=$! pids="$pids $!"
size=$(sed 's/^0*//' "$ledger/head")
timeout 60 python3 "$(dirname "$0")/../tools/tail_tiles.py" "$url" $((size + 900)) >"$work/read" 2>&1 & reader=$!
serving=epoch-records=100
for _ in 1 2 3; do grow 'burst 60' 'burst 60' 'burst 60'; done
wait "$reader" || :
like "who reads it meanwhile over HTTP has all of each checkpoint, also over changes of keys" "$(cat "$work/read")" "* checkpoints, each with all its records, the last of enough"
kill "$live"
wait "$live" 2>/dev/null || :
serving=
publish
like "and what was published before goes on over them" "$status $told" "0 *"
is "a handover for each" "$(find "$view/epochs" -type f | wc -l)" "$("$bin/reeve-audit" show "$ledger" --json | grep -c '"kind":"epoch"')"
ok "with every record" same_records

done_testing
