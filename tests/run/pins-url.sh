#!/bin/sh
# A remote server is pinned with its origin: the same words from somewhere else are another server.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
abi=$("$reeve" doctor 2>/dev/null | sed -n 's/.*[Ll]andlock.*[^0-9]\([0-9][0-9]*\).*/\1/p' | head -n 1)
[ "${abi:-0}" -ge 6 ] || skip_all "Landlock is of ABI ${abi:-none}: a network takes 6"
command -v python3 >/dev/null || skip_all 'python3 is missing'
servers=
# shellcheck disable=SC2154
trap 'for p in $servers; do kill "$p" 2>/dev/null; done; rm -rf "$story"' EXIT
# listen NAME: starts one, and sets port_NAME.
listen() {
	python3 "$top/tests/tools/remote.py" "$room/$1.port" "$room/$1.log" 2>"$room/$1.err" &
	servers="$servers $!"
	while [ ! -e "$room/$1.port" ]; do kill -0 $! 2>/dev/null || { not_ok "the server $1 starts" "$(cat "$room/$1.err")"; finish; }; read -r _ <"/proc/$!/stat"; done
	eval "port_$1=\$(cat \"\$room/$1.port\")"
}
listen here
listen there
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	at() { printf '{ "reeve": "tools/1", "servers": { "r": { "kind": "url", "url": "http://127.0.0.1:%s/mcp", "deadline": "5s",
		"headers": { "Authorization": "Bearer ${TOKEN}" }, "secrets": { "TOKEN": { "command": ["echo", "sesame-open-%s"] } } } } }' "$1" "$uid" >"$h/etc/tools.json"; }
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "all", "then": "allow", "when": { "tool": "*/*" } } ] }' >"$h/etc/policy.json"
	# shellcheck disable=SC2154
	at "$port_here"
	call() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- reeve-call tool r/echo '{"text":"hello"}' 2>&1; }
	chown -R "$uid:$uid" "$h/etc"
	says "uid $uid: unpinned it is refused" 'nobody has accepted' "$(call)"
	holds "uid $uid: it is accepted" as "$uid" "$h" "$reeve" tools pin r --yes --policy ../etc/policy.json --tools ../etc/tools.json
	says "uid $uid: which is asked with its secret too" "Bearer sesame-open-$uid" "$(cat "$room/here.err" "$room/here.log")"
	says "uid $uid: with its origin, and who it says it is" "\"origin\": \"http://127.0.0.1:$port_here\"" "$(cat "$h/etc/catalogue/r.pin.json")"
	says "uid $uid: and is called" '^hello' "$(call)"
	# shellcheck disable=SC2154
	at "$port_there"
	says "uid $uid: the same from another origin is not" "not what was accepted: the server's program" "$(call)"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
