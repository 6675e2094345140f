#!/bin/sh
# Every fact about the kernel that reeve relies on, proved as each user. The facts are in the programs.
. "$(dirname "$0")/../lib.sh"
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	for program in $(grep -l '"platform.h"' "$(dirname "$0")"/*.c); do
		topic=$(basename "$program" .c)
		planned=
		as "$uid" "$h" timeout 60 "$room/bin/$topic" >"$story/told" 2>&1
		status=$?
		while read -r line; do
			fact=${line#*- }
			case $line in
			'ok '*'# SKIP '*) skip "uid $uid: $topic: ${fact% # SKIP *}" "${fact#*# SKIP }" ;;
			'ok '*) ok "uid $uid: $topic: $fact" ;;
			'not ok '*) not_ok "uid $uid: $topic: $fact" ;;
			'1..'*) planned=${line#1..} ;;
			*) echo "$line" ;;
			esac
		done <"$story/told"
		equal "uid $uid: $topic: every fact was looked at" "$planned" "$(grep -cE '^(not )?ok ' "$story/told")"
		[ "$status" -le 1 ] || not_ok "uid $uid: $topic ended with status $status"
	done
done
finish
