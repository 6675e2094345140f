#!/bin/sh
# The root revokes from where it is kept, an ssh-agent or a folder of credentials; an agent that cannot or will not, or
# lies, changes nothing; and nobody is given the root while runs go on.
. "$(dirname "$0")/../lib.sh"
command -v ssh-agent >/dev/null && command -v ssh-add >/dev/null || skip_all 'no ssh-agent: contrib/need check installs openssh-client as root'
command -v python3 >/dev/null || skip_all 'no python3 for agents that lie'
have_userns || skip_all 'no user namespaces for this user'
agents='' h='' uid=''
# shellcheck disable=SC2154 # in the trap
trap 'for p in $agents; do kill "$p" 2>/dev/null; done; wait; rm -rf "$story"' EXIT
# The key that agent_liar.py says it has, RFC 8032, test 1, as ssh-add(1) reads it.
python3 - >"$room/root" <<'END2'
import base64, struct
s = lambda b: struct.pack(">I", len(b)) + b
seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
own = bytes(8) + s(b"ssh-ed25519") + s(key) + s(seed + key) + s(b"root")
own += bytes(range(1, 1 + -len(own) % 8))
whole = b"openssh-key-v1\0" + s(b"none") + s(b"none") + s(b"") + struct.pack(">I", 1) + s(s(b"ssh-ed25519") + s(key)) + s(own)
print("-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64.encodebytes(whole).decode() + "-----END OPENSSH PRIVATE KEY-----")
END2
chmod 600 "$room/root"
ssh-keygen -q -t ed25519 -N '' -C other -f "$room/other"
ask=$room/bin/ask
printf '#!/bin/sh\necho word\n' >"$ask"
printf '#!/bin/sh\nexit 1\n' >"$room/bin/no"
cp "$top/tests/tools/agent_liar.py" "$room/bin"
chmod 755 "$room"/bin/*

# starts SOCKET COMMAND...: an agent of this user, there when this returns.
starts() {
	at=$1
	shift
	rm -f "$at"
	become "$uid" "$h" "$@" >/dev/null 2>&1 &
	agents="$agents $!"
	until [ -S "$at" ]; do kill -0 "${agents##* }" || break; done
}
add() { as "$uid" "$h" env SSH_AUTH_SOCK="$h/sock" SSH_ASKPASS="$ask" SSH_ASKPASS_REQUIRE=force ssh-add "$@" >/dev/null 2>&1; }
revoke() { sock=$1; shift; as "$uid" "$h" env SSH_AUTH_SOCK="$sock" "$reeve" ledger rotate --revoke "${since:-all}" --why stolen --root "$@" 2>&1; }
run() { as "$uid" "$h" "$reeve" run -- true >/dev/null 2>&1; settled "$h"; }
bytes() { cat "$(ledger_of "$h")"/journal "$(ledger_of "$h")"/head | tr -d '\0' | cksum; }	# blocks may have been taken
secrets() { tr '\0' '\n' <"$h/state/reeve/keys/default.epoch" | grep -c '^PRIVATE'; }
# refused WHAT PATTERN SOCKET ROOT: one sentence, status 3, and the ledger is what it was.
refused() {
	was=$(bytes)
	said=$(revoke "$3" "$4")
	equal "$1: nothing is revoked" "$? $(printf '%s\n' "$said" | wc -l)" '3 1'
	says "$1: it says so" "$2" "$said"
	equal "$1: the ledger is what it was" "$(bytes)" "$was"
}
second() { python3 "$top/contrib/verify.py" "$(ledger_of "$h")" --key "$h/state/reeve/keys/default.pub" >/dev/null 2>&1; }

for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	for k in root other; do cp "$room/$k" "$h/$k"; chown "$uid" "$h/$k"; done
	starts "$h/sock" env SSH_ASKPASS="$room/bin/no" SSH_ASKPASS_REQUIRE=force ssh-agent -D -a "$h/sock"
	add "$h/root"
	as "$uid" "$h" env SSH_AUTH_SOCK="$h/sock" "$reeve" init --root ssh-agent >"$h/root.vkey" 2>/dev/null
	run
	refused "uid $uid: without an agent" 'SSH_AUTH_SOCK is not set' '' ssh-agent
	add -x
	refused 'an agent that is locked' 'no ed25519 key SHA256:.*unlock the agent' "$h/sock" ssh-agent
	add -X
	add -D; add "$h/other"
	refused 'an agent with another key' 'no ed25519 key SHA256:' "$h/sock" ssh-agent
	refused 'that key by its name' 'not the root key of reeve.local/default' "$h/sock" "ssh-agent:$(ssh-keygen -lf "$room/other.pub" | cut -d' ' -f2)"
	add -c "$h/root"
	refused 'somebody who says no' 'refuses: ' "$h/sock" ssh-agent
	run
	equal 'and of a key that did not begin nothing is kept' "$(secrets)" 1
	add -d "$h/root.pub"; add -D; add "$h/other"; add "$h/root"

	# A run goes on: the key can be taken out of use, the root is not brought to who serves.
	mkfifo "$h/work/gate"
	become "$uid" "$h" "$reeve" run -- sh -c 'echo ready; cat gate >/dev/null' >"$h/out" 2>&1 &
	running=$!
	until grep -q ready "$h/out"; do kill -0 "$running" || break; done
	says 'while a run goes on an epoch ends when its owner says so' '^epoch 2 began' "$(as "$uid" "$h" "$reeve" ledger rotate 2>&1)"
	said=$(since=3 revoke "$h/sock" ssh-agent)
	equal 'but nothing is revoked' $? 3
	says 'and it says what to do' 'a recorder serves this ledger.*end its runs.*ledger rotate takes its key out of use' "$said"
	exec 9<>"$h/work/gate"
	exec 9>&-
	wait "$running"
	equal 'and the run ends well' $? 0
	settled "$h"
	holds 'all of it holds' verify "$h"
	said=$(since=3 revoke "$h/sock" ssh-agent)
	equal 'behind it the root revokes' $? 0
	says 'by the one key of the agent that is the root' '^epoch 3 began with record' "$said"
	run
	fails 'verify says so' 10 verify "$h"
	says 'and what that key vouched for' 'signed by epoch 1' "$(verify "$h")"
	second
	equal 'and so does the second verifier' $? 10
	rm "$h/state/reeve/keys/default.epoch"
	says 'a key that is lost is replaced too' '^epoch 4 began' "$(since=end revoke "$h/sock" "ssh-agent:$(ssh-keygen -lf "$h/root" | cut -d' ' -f2)")"
	run
	says 'and runs go on' '"kind":"close"' "$(records "$h" | tail -1)"
done

# Agents that lie, of a ledger whose root is the key that they say they have.
for how in other kind short tail empty ends refuses hangs; do
	starts "$h/liar" python3 "$room/bin/agent_liar.py" "$h/liar" $how "$h/asked"
	case $how in
	ends) say='hung up|reset' ;;
	refuses) say='refuses: ' ;;
	hangs) say='does not answer' ;;
	*) say="not the key's signature" ;;
	esac
	refused "an agent of the kind \"$how\"" "$say" "$h/liar" ssh-agent
done
run
equal 'of all these keys that did not begin none is there' "$(secrets)" 1

# A folder of credentials.
recorder() { env CREDENTIALS_DIRECTORY="$room/creds" "$room/bin/reeve-recorder" "$@" 2>&1 3>&-; }
mkdir -m 700 "$room/creds"
for k in first second; do recorder init "$room/$k/l" "$room/$k/k/t.key" t >"$room/$k.vkey"; cp "$room/$k/k/t.key" "$room/creds/$k"; done
mv "$room/first/k/t.key" "$room/carried"
by() { recorder revoke "$room/first/l" "$room/first/k/t.key" "$@"; }
check() { "$room/bin/reeve-audit" verify "$room/first/l" --key "$room/first.vkey"; }
chmod 640 "$room/creds/first"
says 'a credential that others could read revokes nothing' 'must be 0400' "$(by credential:first all stolen)"
chmod 400 "$room"/creds/*
says 'nor another root' 'not the root key of reeve.local/t/' "$(by credential:second all stolen)"
says 'nor one that is not there' 'credential third' "$(by credential:third all stolen)"
holds 'and the ledger is what it was' check
says 'the right one does' '^epoch 2 began' "$(by credential:first all stolen read=group)"
holds 'nothing had been signed by that key alone' check
finish
