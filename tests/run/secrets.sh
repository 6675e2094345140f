#!/bin/sh
# A secret that reeve holds for a tool server leaves by no door: not in what an agent sends, in whatever form, not in
# what the server says, not in the ledger; and no policy can allow it.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python=/usr/bin/python3
[ -x "$python" ] || skip_all 'no python3'
doors=$top/tests/hostile/secret_doors.py
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$top/tests/hostile/leaky.py" "$h/tools/"
	: >"$h/tools/log"
	: >"$h/tools/log2"
	"$python" -B "$doors" secret >"$h/etc/token"
	"$python" -B "$doors" ask s >"$h/work/ask"
	printf 'short' >"$h/etc/short"
	chmod 600 "$h/etc/token" "$h/etc/short"
	[ "$uid" = "$(id -u)" ] || chown "$uid:$uid" "$h/etc/token" "$h/etc/short" "$h/tools/log" "$h/tools/log2" "$h/work/ask"
	tools_file "$h" <<J
{ "reeve": "tools/1", "servers": {
  "s": { "kind": "command", "argv": ["$python", "-B", "@TOOLS/leaky.py"], "read": ["@TOOLS/leaky.py"], "write": ["@TOOLS/log"], "pins": "none",
         "env": { "LOG": "@TOOLS/log" }, "secrets": { "TOKEN": { "file": "$h/etc/token" } } },
  "m": { "kind": "command", "argv": ["$python", "-B", "@TOOLS/leaky.py"], "read": ["@TOOLS/leaky.py"], "write": ["@TOOLS/log2"], "pins": "none",
         "env": { "LOG": "@TOOLS/log2", "MODERN": "1" }, "secrets": { "TOKEN": { "file": "$h/etc/token" } } },
  "f": { "kind": "command", "argv": ["$python", "-B", "@TOOLS/leaky.py"], "read": ["@TOOLS/leaky.py"], "pins": "none",
         "env": { "REFUSES": "1" }, "secrets": { "TOKEN": { "file": "$h/etc/token" } } },
  "x": { "kind": "exec", "secrets": { "TOKEN": { "file": "$h/etc/token" } },
         "tools": { "print": { "description": "prints", "argv": ["sh", "-c", "echo it is \$TOKEN"], "params": {} },
         "encode": { "description": "prints", "argv": ["sh", "-c", "printf %s \"\$TOKEN\" | base64"], "params": {} } } } } }
J
	sed "s|$h/etc/token|$h/etc/short|" "$h/etc/tools.json" >"$h/etc/short.json"
	cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "all", "then": "allow", "when": { "action": "*" } } ] }
J
	run() { as "$uid" "$h" timeout 100 "$reeve" run --timeout 90 --policy ../etc/policy.json --tools "$@"; }
	run ../etc/tools.json -- sh -c 'reeve-call mcp s <ask' >"$room/out" 2>"$room/err"
	equal "uid $uid: the agent has all its answers" 0 $?
	[ ! -s "$room/err" ] || sed 's/^/# /' "$room/err"
	out=$(run ../etc/tools.json -- reeve-call tool x/print '{}' 2>&1)
	says "uid $uid: what an exec tool prints is cleaned" 'it is \[secret [sfx]/TOKEN removed by reeve\]' "$out"
	out=$(run ../etc/tools.json -- reeve-call tool x/encode '{}' 2>&1)
	says "uid $uid: its encoding too" '^\[secret [sfx]/TOKEN removed by reeve\]' "$out"
	out=$(run ../etc/tools.json -- reeve-call tool f/tell '{}' 2>&1)
	says "uid $uid: why a server does not start is cleaned" 'did not start: who comes with \[secret [sfmx]/TOKEN removed by reeve\]' "$out"
	silent "uid $uid: and is not told with it" 'tok-9f' "$out"
	records "$h" >"$room/records"
	"$python" -B "$doors" judge "$room/out" "$h/tools/log" "$room/records" >"$room/judged" 2>&1
	equal "uid $uid: all doors were judged" 0 $?
	while read -r word what; do
		if [ "$word" = ok ]; then ok "uid $uid: $what"; else not_ok "uid $uid: $what"; fi
	done <"$room/judged"
	# In the newer era the questions are a result, and the answers to them a part of the next call.
	for how in ask state answer back; do
		"$python" -B "$doors" modern $how >"$h/work/$how"
		chmod a+r "$h/work/$how"
	done
	out=$(run ../etc/tools.json -- sh -c 'reeve-call mcp m <ask' 2>/dev/null)
	says "uid $uid: in what a server asks in return" 'is it \[secret [sfmx]/TOKEN removed by reeve\]\?' "$out"
	out=$(run ../etc/tools.json -- sh -c 'reeve-call mcp m <state' 2>/dev/null)
	says "uid $uid: in the state it wants back" '"requestState":"\[secret' "$out"
	out=$(run ../etc/tools.json -- sh -c 'reeve-call mcp m <answer' 2>/dev/null)
	says "uid $uid: in the answer to it" 'which reeve keeps' "$out"
	out=$(run ../etc/tools.json -- sh -c 'reeve-call mcp m <back' 2>/dev/null)
	says "uid $uid: in a state that the server never gave" 'which reeve keeps' "$out"
	silent "uid $uid: which was not sent" 'tok-9f' "$(cat "$h/tools/log2")"
	says "uid $uid: though the questions were" '2026-07-28' "$(cat "$h/tools/log2")"
	out=$(run ../etc/short.json -- true 2>&1)
	equal "uid $uid: what cannot be guarded is not begun with" 2 $?
	says "uid $uid: and it says why" 'secret TOKEN of tool server s: it has 5 bytes' "$out"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
