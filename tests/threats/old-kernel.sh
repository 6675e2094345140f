#!/bin/sh
# The same promises where Landlock is older than here, or is not there at all: a kernel that lies about it. Nothing is
# silently weaker: what cannot be had stops the run, or is named by the operator and stands in the ledger.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../threats-lib.sh"
have_userns || skip_all 'no user namespaces for this user'
[ "$(id -u)" = 0 ] || skip_all 'to trace who is not dumpable takes root'
[ "$(uname -m)" = x86_64 ] || skip_all 'registers of x86_64'
uid=0 h=$room/home
home "$h"
old() {
	abi=$1
	shift
	as "$uid" "$h" timeout -k 2 60 "$room/bin/older" "$abi" "$reeve" run "$@"
}
fails 'the lie itself changes nothing' 0 old 6 -- true
says 'and is believed' '"landlock abi-6 obtained tested"' "$(records "$h" | grep '"kind":"run"' | tail -n 1)"
cp "$room/bin/emptied" "$h/work/"
mkdir "$h/work/1" "$h/work/2" "$h/work/3" "$h/work/4" "$h/work/5" "$h/work/6" "$h/work/7"
for abi in 1 2 3 5; do
	for i in 1 2 3 4 5 6 7; do echo layout >"$h/work/$i/.envrc"; done
	attack "emptied, ABI $abi" "$room/bin/older" $abi "$reeve" run -- ./emptied
	says "ABI $abi: the ledger says which" "\"landlock abi-$abi obtained tested\"" "$(records "$h" | grep '"kind":"run"' | tail -n 1)"
	equal "ABI $abi: every file is as it was" 7 "$(cat "$h"/work/[1-7]/.envrc | grep -c '^layout$')"
done
if command -v git >/dev/null; then
	rm -rf "$h/work"
	mkdir "$h/work"
	lay_out
	trusted >"$story/before"
	cp "$room/bin/protected" "$h/work/"
	attack 'protected, ABI 2' "$room/bin/older" 2 "$reeve" run -- ./protected
	trusted >"$story/after"
	equal 'ABI 2: outside all is as it was' '' "$(diff "$story/before" "$story/after")"
else
	skip 'protected names beneath ABI 2' 'no git'
fi
fails 'without Landlock no agent starts' 125 old 0 -- touch started
says 'and it says how to go on' 'lsm=landlock|--without' "$said"
fails 'nor by giving up Landlock alone: names lean on it' 125 old 0 --without=landlock -- touch started
says 'and it says so' '--without=names' "$said"
equal 'nothing was done' no "$([ -e "$h/work/started" ] && echo yes || echo no)"
fails 'giving up both it does' 0 old 0 --without=landlock --without=names -- true
says 'and the ledger says that both are missing' '"landlock given-up untested".*"names given-up untested"' "$(records "$h" | grep '"kind":"run"' | tail -n 1)"
fails 'the ledger is whole' 0 verify "$h"
finish
