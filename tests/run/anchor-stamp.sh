#!/bin/sh
# A time-stamping authority over the published checkpoint: the commands of reeve-anchor(8), word for word, against one made here.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for tool in python3 openssl curl; do command -v $tool >/dev/null || skip_all "no $tool"; done
server=
trap '[ -z "$server" ] || kill $server; rm -rf "$story"' EXIT
uid=$(id -u)
h=$room/home
home "$h" "$uid"
echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }' >"$h/etc/policy.json"
run() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json -- true 2>/dev/null; settled "$h"; }
run
mkdir "$story/tsa"
cd "$story/tsa" || exit 99
cat >conf <<C
[tsa]
default_tsa = one
[one]
serial = $story/tsa/serial
signer_cert = $story/tsa/tsa.pem
signer_key = $story/tsa/key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
C
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out tsa.pem -subj /CN=tsa -days 9 \
	-addext extendedKeyUsage=critical,timeStamping 2>/dev/null
echo 01 >serial
mkfifo up
python3 "$top/tests/tools/tsa.py" conf >up &
server=$!
read -r port <up

# said WHAT: the commands that the page says under that comment, with what stands for places and names put in.
said() {
	sed -n "/^# $1\$/,/^\\(# \\|\\.Ed\\)/p" "$top/docs/man/reeve-anchor.8" | grep -v '^#\|^\.' |
		sed "s|LEDGER|$(ledger_of "$h")|g; s|KEY|$h/state/reeve/keys/default.pub|g; s|https://tsa.example|http://127.0.0.1:$port|g; s|\\\\e|\\\\|g" >"$story/words"
	[ -s "$story/words" ] && PATH="$room/bin:$PATH" sh -e "$story/words" 2>&1
}
cd "$story" || exit 99
mkdir view
cp tsa/tsa.pem .
holds 'a checkpoint is published, and stamped' said 'now and then'
says 'the stamp holds' 'Verification: OK' "$(said 'the auditor: it was there at that time')"
says 'and says when' '^Time stamp: ' "$(said 'the auditor: when')"
holds 'the ledger goes on from what was stamped' said 'the auditor: the ledger goes on from it'
run
holds 'also when it has grown' said 'the auditor: the ledger goes on from it'
for n in "$story"/stamps/*.checkpoint; do sed -i '2s/^/9/' "$n"; done
silent 'another checkpoint under that stamp is refused' 'Verification: OK' "$(said 'the auditor: it was there at that time')"
fails 'nor does the ledger go on from that' 3 said 'the auditor: the ledger goes on from it'
finish
