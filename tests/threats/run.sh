#!/bin/sh
# Every family of hostile attempts, inside a jail, as each user: what it meets, and what the ledger says of it.
# The rows are in the programs; threat.h says how they are printed.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
families=$(cd "$(dirname "$0")" && echo *.c | sed 's/\.c//g; s/\boutside\b//')

# rows FILE: each line of a program as a row of ours.
rows() {
	while read -r line; do
		case $line in
		'ok '*) ok "uid $uid: $family: ${line#ok }" ;;
		'not ok '*) not_ok "uid $uid: $family: ${line#not ok }" ;;
		'skip '*) skip "uid $uid: $family: ${line#skip }" 'the machine has none' ;;
		esac
	done <"$1"
}
# The refused calls that the last run's records name: "CALL ERRNO ARCH".
recorded() {
	records "$h" | sed -n '/"kind":"syscall"/p' | sed -n "/\"run\":$1,/p" | while read -r line; do
		for member in call errno arch; do
			printf '%s ' "$(printf '%s' "$line" | sed -n "s/.*\"$member\":\"\([^\"]*\)\".*/\1/p")"
		done
		echo
	done | sed 's/ $//' | sort -u
}
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	for family in $families; do
		cp "$room/bin/$family" "$h/work/$family"
		as "$uid" "$h" timeout 60 "$room/bin/outside" "$reeve" run -- "./$family" >"$story/told" 2>"$story/stderr"
		status=$?
		equal "uid $uid: $family: its rows were tried" "0 1" "$status $(grep -c '^end ' "$story/told")"
		rows "$story/told"
		rm "$h/work/$family"
	done
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
