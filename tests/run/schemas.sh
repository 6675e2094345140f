#!/bin/sh
# The JSON Schemas by which editors complete and check policies, profiles and catalogues say of each what reeve says.
. "$(dirname "$0")/../lib.sh"
python3 -c 'import jsonschema' 2>/dev/null || skip_all 'python3-jsonschema is missing: contrib/need check installs it as root'
mkdir -p "$room/reviewers"
for name in a@b leads cfo; do
	ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$room/key-$name"
	echo "$name $(cut -d' ' -f1,2 "$room/key-$name.pub")" >>"$room/reviewers/allowed_signers"
done
sed -i 's/^leads /a /; s/^cfo /b /' "$room/reviewers/allowed_signers"
echo '{ "reeve": "reviewers/1", "groups": { "leads": ["a", "b"], "cfo": ["b"] } }' >"$room/reviewers/reviewers.json"
XDG_CONFIG_HOME=$room/config REEVE_PROFILES=$story/profiles python3 "$top/tests/tools/schemas.py" "$top" "$reeve" "$room" >"$room/said" 2>&1
while read -r line; do
	case "$line" in
	'ok '*) ok "${line#ok }" ;;
	'not ok '*) not_ok "${line#not ok }" ;;
	esac
done <"$room/said"
says 'to the end' '^done$' "$(cat "$room/said")"
finish
