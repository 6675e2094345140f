#!/bin/sh
# Installed below any prefix, and found from there: no path of the building machine is compiled in.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
said=$(make -s -C "$top" install PREFIX="$story/prefix" 2>&1)
equal 'make install' '' "$said"
says 'with the packs of controls, which its auditor finds' '^SOC2 ' "$("$story/prefix/bin/reeve" audit controls 2>&1)"
for word in reeve-audit reeve-witness; do
	says "$word can be typed as the pages have it" "reeve-(audit|witness)" "$("$story/prefix/bin/$word" --help 2>&1)"
done
says 'and finds the packs by that name, too' '^SOC2 ' "$("$story/prefix/bin/reeve-audit" controls 2>&1)"
equal 'with the profile for AppArmor' "$(cat "$top/contrib/apparmor/reeve")" "$(cat "$story/prefix/share/reeve/apparmor/reeve")"
for kind in policy profile catalogue; do
	equal "and the schema of a $kind" "$(cat "$top/docs/schema/$kind.json")" "$(cat "$story/prefix/share/reeve/schema/$kind.json")"
done
chmod -R a+rX "$story/prefix"
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	equal "uid $uid: an installed reeve runs" 'inside' "$(as "$uid" "$h" "$story/prefix/bin/reeve" run -- echo inside 2>/dev/null)"
	fails "uid $uid: and finds its auditor" 0 as "$uid" "$h" "$story/prefix/bin/reeve" audit verify \
		"$(ledger_of "$h")" --key "$h/state/reeve/keys/default.pub"
done
silent 'no setuid or setgid bit anywhere' '.' "$(find "$story/prefix" -perm /6000)"
silent 'no path of this checkout in the programs' "$top" "$(grep -alF "$top/build" "$story"/prefix/bin/* "$story"/prefix/libexec/reeve/* | grep -v debug)"
finish
