#!/bin/sh
# Ways out of a container's entrypoint, which has no network of its own: what each meets, and what the ledger says of it.
# The same where Landlock knows neither ports nor scopes: nothing of it rests on Landlock.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../threats-lib.sh"
[ "$(id -u)" = 0 ] || skip_all 'making the situation takes root'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$room/bin/reach" "$h/work/"
	echo '{ "reeve": "profile/1", "extends": "entrypoint", "network": { "ports": [80] } }' >"$h/etc/profile.json"
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }' >"$h/etc/policy.json"
	for abi in '' 3; do
		[ -z "$abi" ] || [ "$(uname -m)" = x86_64 ] || continue
		# shellcheck disable=SC2086
		(
			cd "$h/work" || exit 99
			exec env -i HOME="$h" PATH="$room/bin:$PATH" LANG=C.UTF-8 XDG_STATE_HOME="$h/state" XDG_RUNTIME_DIR="$h/run" \
				XDG_CONFIG_HOME="$h/config" timeout -k 2 120 "$room/bin/outside" ${abi:+"$room/bin/older" $abi} \
				"$room/bin/docker_like" --user "$uid" "$reeve" run --without=namespaces,names \
				--profile ../etc/profile.json --policy ../etc/policy.json -- ./reach
		) >"$story/told" 2>"$story/stderr"
		status=$?
		name="reach${abi:+, ABI $abi}"
		equal "uid $uid: $name: every row was tried" '0 1' "$status $(grep -c '^end ' "$story/told")"
		[ "$status" = 0 ] || sed 's/^/# /' "$story/stderr"
		rows "$name" "$story/told"
		equal "uid $uid: $name: what was refused is in the ledger" "$(sed -n 's/^record //p' "$story/told" | sort -u)" "$(refused)"
		says "uid $uid: $name: on the kernel it is meant for" "\"landlock abi-${abi:-[4-9]} obtained tested\"" \
			"$(records "$h" | grep '"kind":"run"' | tail -n 1)"
	done
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
