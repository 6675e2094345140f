#!/bin/sh
# Names that run later outside: by every way there is, in every moment, and looked at from outside afterwards.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../threats-lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v git >/dev/null || skip_all 'no git'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	lay_out
	for family in protected notify_toctou mediated; do
		trusted >"$story/before"
		as "$uid" "$h" cp "$room/bin/$family" .
		attack "$family" "$reeve" run -- "./$family"
		rm "$h/work/$family"
		trusted >"$story/after"
		equal "uid $uid: $family: outside all is as it was" '' "$(diff "$story/before" "$story/after")"
	done
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
