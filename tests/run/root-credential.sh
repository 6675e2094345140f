#!/bin/sh
# The root key from a folder of systemd's credentials: a ledger begins by it and goes on without, and a file that others
# could have read or laid there is none.
. "$(dirname "$0")/../lib.sh"
# lists FILE TAG ID: an access list as systemd makes it, with one entry more for a user (2) or a group (8).
lists() {
	python3 -c 'import os, struct, sys
e = [(1, 4, 2**32 - 1), (int(sys.argv[2]), 4, int(sys.argv[3])), (4, 0, 2**32 - 1), (16, 4, 2**32 - 1), (32, 0, 2**32 - 1)]
os.setxattr(sys.argv[1], "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *x) for x in e))' "$@" 2>/dev/null
}
creds=$room/creds
recorder() { env ${given:+"CREDENTIALS_DIRECTORY=$given"} "$room/bin/reeve-recorder" "$@" 2>&1; }
# made NAME: a ledger there by the credential.
made() { recorder init "$room/$1/l" "$room/$1/k/t.key" t root=credential:reeve.root; }
refused() { what=$1 say=$2; out=$(made never) && out="done: $out"; says "$what" "$say" "$out"; }
check() { "$room/bin/reeve-audit" verify "$room/$1/l" --key "$room/root.pub"; }

recorder init "$room/other/l" "$room/other/k/t.key" t >/dev/null
recorder init "$room/first/l" "$room/first/k/t.key" t >"$room/root.pub"
mkdir "$creds"
cp "$room/first/k/t.key" "$creds/reeve.root"
chmod 400 "$creds/reeve.root"
chmod 500 "$creds"
given=''
refused 'without systemd there is none' 'LoadCredential'
given=relative
refused 'nor in a folder that is nowhere' 'LoadCredential'
given=$creds
equal 'a ledger begins by the credential' "$(made new)" "$(cat "$room/root.pub")"
holds 'and whoever has its verifier key can check it' check new
[ ! -e "$room/new/k/t.key" ] && [ ! -e "$room/new/k/t.key.new" ] && ok 'no root key lies beside it' || not_ok 'no root key lies beside it'
given=''
equal 'found again, it needs no root' "$(recorder init "$room/new/l" "$room/new/k/t.key" t root=credential:reeve.root)" "$(cat "$room/root.pub")"
given=$creds
rm -f "$room/first/k/t.key" "$room/first/k/t.epoch"
says 'an epoch that is lost is not begun again by it' 'epoch 1 is not there' "$(recorder serve "$room/first/l" "$room/first/k/t.key" "$room/s" root=credential:reeve.root 3>/dev/null)"

chmod 700 "$creds"
for mode in 600 440 444 404 4400; do
	chmod "$mode" "$creds/reeve.root"
	refused "a file of mode $mode is refused" 'must be 0400'
done
chmod 400 "$creds/reeve.root"
if lists "$creds/reeve.root" 2 "$(id -u)"; then
	equal 'one that an access list lets only us read is taken' "$(made listed)" "$(cat "$room/root.pub")"
	lists "$creds/reeve.root" 2 "$user"
	[ "$(id -u)" = "$user" ] || refused 'one that it lets another user read is not' 'must be 0400'
	lists "$creds/reeve.root" 8 "$user"
	refused 'nor one for a group' 'must be 0400'
	python3 -c 'import os, sys; os.removexattr(sys.argv[1], "system.posix_acl_access")' "$creds/reeve.root"
	chmod 400 "$creds/reeve.root"
else
	skip 'access lists' 'no python3, or none on this file system'
fi
mv "$creds/reeve.root" "$creds/else"
ln -s else "$creds/reeve.root"
refused 'a link is refused' 'credential reeve.root'
rm "$creds/reeve.root"
mkfifo -m 400 "$creds/reeve.root"
refused 'a pipe is refused' 'not a regular file'
rm -f "$creds/reeve.root"
echo 'PRIVATE+KEY+none' >"$creds/reeve.root"
chmod 400 "$creds/reeve.root"
refused 'what is no key is refused' 'not a key file'
rm -f "$creds/reeve.root"
mv "$creds/else" "$creds/reeve.root"
chmod 770 "$creds"
refused 'a folder in which others write is refused' 'others could write'
chmod 500 "$creds"
for name in ../creds/reeve.root .hidden '' a/b; do
	says "no credential is named \"$name\"" 'name of a credential' "$(recorder init "$room/never/l" "$room/never/k/t.key" t "root=credential:$name")"
done
[ ! -e "$room/never/l/journal" ] && ok 'and none of these made a ledger' || not_ok 'and none of these made a ledger'

if [ "$(id -u)" = 0 ]; then
	chown "$user" "$creds/reeve.root"
	refused 'a file of another user is refused' 'belongs to uid|Permission denied'
	chown 0 "$creds/reeve.root"
	chmod 755 "$creds"; chmod 400 "$creds/reeve.root"
	mkdir "$room/theirs"; chown "$user" "$room/theirs"
	says 'and who is neither root nor named in its list reads none' 'Permission denied' \
		"$(setpriv --reuid "$user" --regid "$user" --clear-groups env CREDENTIALS_DIRECTORY="$creds" "$room/bin/reeve-recorder" init "$room/theirs/l" "$room/theirs/k/t.key" t root=credential:reeve.root 2>&1)"
fi
# What systemd itself encrypts, with a key of this machine that is made for this, and decrypts as it does for a unit.
cat >"$room/seal.sh" <<'END'
cd "$1" && mount -t tmpfs none /var/lib/systemd && systemd-creds encrypt --with-key=host --name=reeve.root "$2/reeve.root" sealed.cred &&
	! grep -q PRIVATE sealed.cred && systemd-creds decrypt --name=reeve.root sealed.cred opened/reeve.root
END
mkdir -m 700 "$room/opened"
out=''
if [ "$(id -u)" = 0 ] && command -v systemd-creds >/dev/null && out=$(unshare -m sh "$room/seal.sh" "$room" "$creds" 2>&1); then
	chmod 400 "$room/opened/reeve.root"
	given=$room/opened
	equal 'one that systemd-creds has encrypted and decrypted is taken' "$(made sealed)" "$(cat "$room/root.pub")"
else
	skip 'systemd-creds' "${out:-not root, or not installed}"
fi
finish
