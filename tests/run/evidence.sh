#!/bin/sh
# What shows that a control operated, for who has no reeve: every record with a proof that leads to the key, and a
# folder that was touched is found out. What a pack asks wrongly is said before anything is asked.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v openssl >/dev/null && command -v python3 >/dev/null || skip_all 'openssl or python3 is missing: contrib/need check'
h=$room/home
uid=$(id -u)
home "$h" "$uid"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "pay": { "kind": "exec", "tools": {
  "refund": { "description": "d", "argv": ["echo", "{to}"], "resource": "/to", "params": { "to": { "type": "string" } } } } } } }
J
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "pay", "then": "allow", "when": { "tool": "pay/refund", "resource": { "glob": "a*" } }, "controls": ["TEST:1"] } ] }
J
for _ in 1 2; do
	as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json --environment test -- sh -c \
		'for to in ann ben al; do reeve-call tool pay/refund "{\"to\":\"$to\"}"; done' >"$room/out" 2>&1
	settled "$h"
done
says 'two runs were made' ann "$(cat "$room/out")"
key=$h/state/reeve/keys/default.pub ledger=$(ledger_of "$h")
audit() { "$room/bin/reeve-audit" "$@" 2>&1; }

packs=$(audit controls --packs "$top/controls")
for pack in "$top"/controls/*.json; do
	name=${pack##*/}
	says "pack $name can be read, every question in it" "^${name%.json} +[0-9]+ items" "$packs"
	fails "and asked of a ledger: ${name%.json}" 0 audit controls "$ledger" --packs "$top/controls" --control "${name%.json}" --key "$key" --from 2001-01-01
done
says 'what an item asks is shown' '"item":"10.2.1.4".*"where":\["verdict=refuse"\]' "$(audit controls --packs "$top/controls" --control PCI-DSS-4.0.1 --json)"

mkdir "$room/packs"
cat >"$room/packs/TEST.json" <<'J'
{ "reeve": "controls/1", "pack": "TEST", "name": "for this test", "items": [
  { "id": "1", "about": "Refunds are judged.", "shows": [
    { "about": "refunds that were let through", "expect": "some", "where": ["tool=refund", "verdict=allow"] },
    { "about": "refunds that were refused", "expect": "some", "where": ["tool=refund", "verdict=refuse"] },
    { "about": "refunds to eve", "expect": "none", "where": ["tool=refund", "resource=eve"] } ] },
  { "id": "2", "about": "Nothing is refused.", "shows": [
    { "about": "refusals", "expect": "none", "where": ["verdict=refuse"] } ] } ] }
J
evidence() { audit evidence "$ledger" "$@" --packs "$room/packs" --key "$key"; }
says 'an item that is met' 'as expected: 12 records with their proofs' "$(evidence "$room/one" --control TEST:1)"
equal 'its records are there, with those they belong to' 12 "$(wc -l <"$room/one/records.jsonl")"
says 'its page says what was asked and found' 'refunds that were refused: found 2, expected some' "$(cat "$room/one/README.md")"
says 'and that the whole ledger was proved' 'proved: reeve.local/default/' "$(cat "$room/one/README.md")"
says 'an outsider checks it without reeve' "^12 records of the first [0-9]+ of reeve.local/default/.*, each proved" "$(python3 "$room/one/check.py" "$(cat "$key")" 2>&1)"
fails 'an item that is not met is exit 1' 1 evidence "$room/two" --control TEST:2
says 'and told so' 'refusals: found 2, expected none -- NOT AS EXPECTED' "$(cat "$room/two/README.md")"
says 'a time in which nothing was done has no records' 'NOT as expected: 0 records' "$(evidence "$room/none" --control TEST:1 --to 2001-01-01)"
one=$(find "$room/one/proofs" -type f | sort | head -n 1)
audit proof --check "$one" --key "$key" --epochs "$room/one" >"$room/proof"
says 'reeve checks one of them, too' 'record [0-9]+ of the first' "$(cat "$room/proof")"

# Whoever hands it over may have touched it.
touched() {
	rm -rf "$room/t"
	cp -r "$room/one" "$room/t"
	(cd "$room/t" && eval "$2")
	says "touched: $1" '^check.py: ' "$(cd "$room/t" && python3 check.py "$(cat "$key")" 2>&1)"
}
for file in checkpoint records.jsonl key.pub trust answers.json; do
	touched "$file, in its middle" "dd if=/dev/zero of=$file bs=1 count=1 conv=notrunc status=none seek=\$((\$(stat -c %s $file) / 2))"
	touched "no $file" "rm $file"
	touched "$file is a link" "mv $file x; ln -s x $file"
done
touched 'no page: it is not whole' 'rm README.md'
touched 'a record and its proof are gone, and the list is without it' 'set -- proofs/*; n=${1#*/}; rm "$1"; sed -i "/\"n\":$n,/d" records.jsonl'
touched 'a record counts twice' 'set -- proofs/*; n=${1#*/}; cp "$1" "proofs/0$n"; sed -i "/\"n\":$n,/p" records.jsonl'
touched 'who is to check it executes something else' "echo 'print(\"12 records\"); raise SystemExit' | tee json.py base64.py hashlib.py os.py re.py >/dev/null; rm checkpoint"
touched 'what it says is no command for a terminal' 'printf "a\\033[2Jb" >proofs/x; rm checkpoint'
touched 'a record in the list' "sed -i s/refund/refunx/ records.jsonl"
touched 'a record that was left out of the list' "sed -i 1d records.jsonl"
touched 'a proof under another number' 'set -- proofs/*; mv "$1" proofs/999'
touched 'a hash beside' 'set -- proofs/*; python3 - "$1" <<P
import sys; t = open(sys.argv[1]).read().split("\n"); t[3] = "A" * 43 + "="; open(sys.argv[1], "w").write("\n".join(t))
P'
touched 'the checkpoint' "sed -i '2s/.*/3/' checkpoint"
touched 'the record and its proof, to match' 'set -- proofs/*; python3 - "$1" <<P
import base64, sys
t = open(sys.argv[1]).read().split("\n")
t[1] = "extra " + base64.b64encode(base64.b64decode(t[1][6:]).replace(b"refund", b"refunx")).decode()
open(sys.argv[1], "w").write("\n".join(t))
P
sed -i s/refund/refunx/ records.jsonl'
# noted WHAT CODE: the checkpoint's lines altered, in all proofs as well.
noted() {
	touched "$1" "python3 - <<P
import base64, glob, hashlib
note = open('checkpoint').read()
text, mark, lines = note.partition('\\n\\n')
name, sig = text.split('\\n')[0], lines.split()[2]
$2
for file in ['checkpoint'] + glob.glob('proofs/*'):
    all = open(file).read()
    open(file, 'w').write(all.replace(note, text + mark + lines))
P"
}
noted 'a line behind the signature that is none' "lines += 'what is this\\n'"
noted 'a name with a plus in it' "lines += lines.replace(name, 'a+b')"
noted 'its own line, and a bad one before it' "lines = lines.replace(sig, sig[:30] + ('A' if sig[30] != 'A' else 'B') + sig[31:]) + lines"
noted 'its own line, and one that is cut before it' "lines = lines.replace(sig, sig[:40]) + lines"
noted 'a signature in base64 of another form' "i = len(sig) - sig.count('=') - 1; lines = lines.replace(sig, sig[:i] + chr(ord(sig[i]) + 1) + sig[i + 1:]) if '=' in sig else ''"
touched 'a hash beside in base64 of another form' 'set -- proofs/*; python3 - "$1" <<P
import sys; t = open(sys.argv[1]).read().split("\n"); t[3] = t[3][:-2] + chr(ord(t[3][-2]) + 1) + "="; open(sys.argv[1], "w").write("\n".join(t))
P'
# A key for which anybody can sign: the point that adds nothing.
cp -r "$room/one" "$room/weak"
(cd "$room/weak" && rm -rf epochs && python3 - <<'P'
import base64, glob, hashlib
note = open("checkpoint").read()
text, raw = note.split("\n\n")[0] + "\n", b"\1" + b"\1" + 31 * b"\0"
name = text.split("\n")[0]
ident = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
weak = text + "\n\u2014 %s %s\n" % (name, base64.b64encode(ident + raw[1:] + 32 * b"\0").decode())
key = "%s+%s+%s\n" % (name, ident.hex(), base64.b64encode(raw).decode())
for file in ["checkpoint"] + glob.glob("proofs/*"):
    all = open(file).read()
    open(file, "w").write(all.replace(note, weak))
open("key.pub", "w").write(key)
open("trust", "w").write("log " + key + "quorum none\n")
P
)
says 'a key for which anybody can sign' '^check.py: not an Ed25519 verifier key' "$(cd "$room/weak" && python3 check.py 2>&1)"
rm -rf "$room/t"
cp -r "$room/one" "$room/t"
mkdir -p "$room/t/$(dirname "$(cat "$key")")"
echo other >"$room/t/$(cat "$key")"
says 'a file that is named as the key is stands for no other' '^12 records' "$(cd "$room/t" && python3 check.py "$(cat "$key")" 2>&1)"
"$room/bin/reeve-recorder" init "$room/other" "$room/other.key" default >"$room/other.pub" 2>&1
says 'by another key it is nobody'"'"'s' 'no good signature' "$(python3 "$room/one/check.py" "$(cat "$room/other.pub")" 2>&1)"

# A ledger that is not whole is not asked, and makes no folder.
cp -r "$ledger" "$room/bad"
sed -i '0,/refund/s/refund/refunx/' "$room/bad/journal"
silent 'a damaged ledger gives no evidence' 'with their proofs' "$(audit evidence "$room/bad" "$room/three" --control TEST:1 --packs "$room/packs" --key "$key")"
fails 'and no folder' 1 test -e "$room/three"

(trap '' XFSZ; ulimit -f 4; evidence "$room/full" --control TEST:1) >"$room/said" 2>&1
says 'a disk that is full: the folder is said not to be whole' 'full is not whole: it has no README.md: .*File too large' "$(cat "$room/said")"
fails 'and looks it' 1 test -e "$room/full/README.md"
says 'a folder that is there is left alone' 'is there already' "$(evidence "$room/one" --control TEST:1)"
says 'an item that is not there' 'pack TEST has no item "9"' "$(evidence "$room/x" --control TEST:9)"
says 'a pack that is not there' 'there is no pack NOPE' "$(evidence "$room/x" --control NOPE:1)"
fails 'is a wrong usage' 2 evidence "$room/x" --control NOPE:1
says 'no pack by a path' 'is no name of a pack' "$(evidence "$room/x" --control ../TEST:1)"
wrong() {
	sed "$2" "$room/packs/TEST.json" >"$room/packs/WRONG.json"
	sed -i 's/"TEST"/"WRONG"/' "$room/packs/WRONG.json"
	says "a wrong pack: $1" "WRONG.json:$3" "$(audit evidence "$ledger" "$room/x" --control WRONG:1 --packs "$room/packs" --key "$key")"
}
wrong 'a field that is none' 's/tool=refund/tol=refund/' '[0-9]+:[0-9]+: .*tol'
wrong 'a word that expects nothing' 's/"some"/"many"/' '[0-9]+:[0-9]+: "expect": expected some, none or any'
wrong 'a member too many' 's/"about": "refusals"/"abuot": "x", &/' '[0-9]+:[0-9]+: .*abuot'
wrong 'another name inside' 's/"TEST"/"OTHER"/' '[0-9]+:[0-9]+: expected "WRONG"'
finish
