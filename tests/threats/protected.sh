#!/bin/sh
# Names that run later outside: by every way there is, in every moment, and looked at from outside afterwards.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../threats-lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v git >/dev/null || skip_all 'no git'
# try FAMILY WHAT ARG...: in a run with these arguments, and nothing of what is trusted has changed outside.
try() {
	family=$1 what=$2
	shift 2
	trusted >"$story/before"
	as "$uid" "$h" cp "$room/bin/$family" .
	attack "$what" "$reeve" run "$@" -- "./$family"
	rm "$h/work/$family"
	trusted >"$story/after"
	equal "uid $uid: $what: outside all is as it was" '' "$(diff "$story/before" "$story/after")"
}
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	lay_out
	# In a copy of the workspace, and beneath a list of calls that allows everything of its own.
	echo '{ "reeve": "profile/1", "extends": "agent", "workspace": "cow" }' >"$h/etc/cow.json"
	echo '{ "defaultAction": "SCMP_ACT_ALLOW" }' >"$h/etc/all.json"
	echo '{ "reeve": "profile/1", "extends": "agent", "seccomp": { "oci": "all.json" } }' >"$h/etc/oci.json"
	try protected 'protected in a copy' --profile ../etc/cow.json
	try protected protected
	rm -rf "$h/work/b1" "$h/work/b2" "$h/work/b3" "$h/work/b4" "$h/work/x.git" "$h/work/.git/objects/ff" "$h/work/.git/config.lock"
	try protected 'protected beneath an open list' --profile ../etc/oci.json
	try notify_toctou notify_toctou
	try mediated mediated
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
