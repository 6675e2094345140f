#!/bin/sh
# An owner ends an epoch, and has the root take back a key that was stolen or lost; whoever checks the ledger starts from
# the root's verifier all along, and is told what the stolen key has signed.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	keys=$h/state/reeve/keys
	ledger() { as "$uid" "$h" reeve ledger rotate "$@" 2>&1; }
	run() { as "$uid" "$h" "$reeve" run -- true >/dev/null 2>&1; settled "$h"; }
	run
	says "uid $uid: the next epoch begins" '^epoch 2 began with record [0-9]+: reeve.local/default/' "$(ledger)"
	settled "$h"
	says 'and it is said what to do with the root' 'carry .*default.key away: it is needed to revoke only' "$(ledger --tenant default)"
	settled "$h"
	mv "$keys/default.key" "$h/root"
	run
	says 'for programs, and with the root carried away' '^\{"epoch":4,"record":[0-9]+,"key":"reeve.local' "$(ledger --json)"
	settled "$h"
	says 'all of it holds' '^keys +ok +epoch 4, each handed over from the root on' "$(verify "$h")"
	says 'the root has to be there to revoke' 'bring it, or say by --root where it is' "$(ledger --revoke all --why stolen)"
	fails 'and a reason' 2 ledger --revoke all --root ../root
	says 'a key of another ledger is no root' 'signing key|root' "$("$room/bin/reeve-recorder" init "$room/o$uid" "$room/o$uid.key" default >/dev/null 2>&1
		chmod a+r "$room/o$uid.key"; cp "$room/o$uid.key" "$h/other"; chmod 600 "$h/other"; chown "$uid" "$h/other" 2>/dev/null; ledger --revoke all --why stolen --root ../other)"
	run
	said=$(ledger --revoke all --why 'stolen on Monday' --root ../root)
	says 'then the root takes it back' '^epoch 5 began with record' "$said"
	says 'and is to be carried away again' 'carry the root.s key away again' "$said"
	run
	fails 'verify says so by its exit' 10 verify "$h"
	says 'and which records that key has signed' '^keys +FAILED +records [0-9]+ to [0-9]+ are signed by epoch 4' "$(verify "$h")"
	python3 "$top/contrib/verify.py" "$(ledger_of "$h")" --key "$keys/default.pub" >"$room/py" 2>&1
	equal 'the second verifier says the same' 10 $?
	rm "$keys/default.epoch"
	fails 'a key that was lost: nothing runs' 125 as "$uid" "$h" "$reeve" run -- true
	says 'until the root begins another' '^epoch 6 began' "$(ledger --revoke end --why 'lost with its disk' --root ../root)"
	run
	says 'and then it does' '"kind":"close"' "$(records "$h" | tail -1)"
done
finish
