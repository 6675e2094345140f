#!/bin/sh
# Alerts: each is a record before anybody is told, then the operator's hook and a line of syslog; once, and over runs.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'

# Who hears what is logged: each datagram is a line of a file.
cat >"$story/log.py" <<'P'
import socket, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind(sys.argv[1])
print("ready", flush=True)
with open(sys.argv[2], "ab", buffering=0) as out:
	while True:
		out.write(log.recv(65536) + b"\n")
P
mkfifo "$story/ready"
# An agent that asks all the time, of what it may and of what no agent may, to be lost in it.
cat >"$story/flood.py" <<'P'
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(os.environ["REEVE_SOCKET"]); f = s.makefile("r")
s.sendall(b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}\n')
f.readline(); s.sendall(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
answers = 0
for i in range(500):
	text = sys.argv[1] if i % 40 == 0 else "same" if i % 2 else str(i)
	s.sendall(json.dumps({"jsonrpc": "2.0", "id": i + 1, "method": "tools/call", "params": {"name": "x__echo", "arguments": {"text": text}}}).encode() + b"\n")
	answers += '"id"' in f.readline()
print(answers, "answers")
P
listeners=
# shellcheck disable=SC2154 # in the trap
trap 'for p in $listeners; do kill "$p"; done; rm -rf "$story"' EXIT
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	mkdir -p "$h/config/reeve"
	python3 "$story/log.py" "$h/run/log" "$h/logged" >"$story/ready" &
	listeners="$listeners $!"
	read -r _ <"$story/ready"
	chmod 666 "$h/run/log"
	: >"$h/hooked"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "x": { "kind": "exec", "tools": {
  "echo": { "description": "x", "argv": ["echo", "{text}"], "params": { "text": { "type": "string" } } } } } } }
J
	mkdir "$h/etc/policies"
	echo '{ "reeve": "policy/1", "rules": [ { "id": "all", "then": "allow", "when": { "tool": "x/*" } } ] }' >"$h/etc/policies/all.json"
	cat >"$h/etc/policies/watch.json" <<'J'
{ "reeve": "policy/1", "layer": "runtime", "unmatched": "pass", "rules": [
    { "id": "no", "then": "refuse", "when": { "args": { "/text": { "equal": "no" } } } } ], "alerts": [
    { "id": "burst", "when": { "rate": { "within": "1h", "above": 5 } }, "quiet": "1h", "why": "quick\u001b[2J\n<108>1 forged" },
    { "id": "lost", "when": { "refused": { "within": "1h", "above": 1 } }, "quiet": "1h", "why": "it is łost" },
    { "id": "stuck", "of": { "tool": "x/echo" }, "when": { "duplicates": { "within": "1h", "above": 3 } }, "quiet": "1h" },
    { "id": "new", "when": { "first": "tool" }, "quiet": "1h" } ] }
J
	echo '{ "reeve": "config/1", "alerts": { "syslog": "'"$h/run/log"'" },
		"hooks": { "alert": ["sh", "-c", "cat >>\"$HOME/hooked\""] } }' >"$h/config/reeve/config.json"
	echo 'for i; do reeve-call tool x/echo "{\"text\":\"$i\"}"; done' >"$h/work/ask.sh"
	chown -R "$uid:$uid" "$h"
	ask() {
		as "$uid" "$h" "$reeve" run --policy ../etc/policies --tools ../etc/tools.json --agent bot -- sh ask.sh "$@" >"$h/said" 2>&1
	}
	ask a b c
	settled "$h"
	equal "uid $uid: a tool that is new is told, and no more" '"alert":"watch:new"' "$(records "$h" | grep -o '"alert":"[^"]*"')"
	says 'behind the call that raised it' '"kind":"intent"' "$(records "$h" | grep -B1 '"kind":"alert"' | head -1)"
	equal 'its hook had the record' 1 "$(grep -c '"event":"alert".*"alert":"watch:new".*"agent":"bot".*"tool":"echo"' "$h/hooked")"
	n=$(records "$h" | sed -n 's/.*"kind":"alert".*"n":\([0-9]*\).*/\1/p')
	says 'and its number' "\"n\":${n}[,}]" "$(cat "$h/hooked")"
	says "uid $uid: and syslog a line, as RFC 5424 has it" \
		"^<108>1 20[0-9-]*T[0-9:.]*Z [^ ]+ reeve [0-9]+ alert \[reeve@32473 n=\"$n\" run=\"[0-9]+\"\] watch:new: a tool that the agent had never used \{" "$(cat "$h/logged")"

	ask a a a a a a no no no
	settled "$h"
	equal "uid $uid: each is raised once in a run, and what is used is not new in the next" 'watch:burst watch:lost watch:new watch:stuck' \
		"$(records "$h" | sed -n 's/.*"alert":"\([^"]*\)".*/\1/p' | sort | tr '\n' ' ' | sed 's/ $//')"
	says 'with how often, within what, and why' '"count":2,.*"why":"it is łost \(2 calls that were refused within 3600 s\)","within":3600' "$(records "$h" | grep watch:lost)"
	says 'and the rule that refused' '"rule":"watch:no"' "$(records "$h" | grep watch:lost)"
	ask a a a a a a no no no
	settled "$h"
	equal "uid $uid: and not in the run after, while it is quiet" 4 "$(records "$h" | grep -c '"kind":"alert"')"
	equal 'nor is a hook told' 4 "$(grep -c '"event":"alert"' "$h/hooked")"
	silent 'of which each is one line, whatever a policy says in it' '^<108>1 forged' "$(cat "$h/logged")"
	equal 'nor syslog' 4 "$(grep -c reeve@32473 "$h/logged")"
	equal 'what was refused was refused by the rule alone' 6 "$(records "$h" | grep '"kind":"refusal"' | grep -c '"rule":"watch:no"')"
	holds "uid $uid: the ledger is whole" verify "$h"
	holds 'and read by the other program, too' python3 "$top/contrib/verify.py" "$(ledger_of "$h")" --key "$h/state/reeve/keys/default.pub"
	says 'it is counted' '^ +1  watch:stuck' "$("$room/bin/reeve-audit" stats "$(ledger_of "$h")" 2>/dev/null | sed -n '/^alert/,$p')"
	says 'it is asked for' 'alert +x/echo +watch:stuck' "$("$room/bin/reeve-audit" query "$(ledger_of "$h")" --no-index --where 'alert=*:stuck' 2>/dev/null)"
	says 'it is shown' 'alert +watch:stuck +x/echo' "$("$room/bin/reeve-audit" show "$(ledger_of "$h")")"

	# When the hook is executed, the record stands in the ledger; and a guard's refusal is told, whatever else was tried.
	cp "$h/etc/policies/watch.json" "$h/etc/watch.before"
	cat >"$h/etc/policies/watch.json" <<'J'
{ "reeve": "policy/1", "layer": "runtime", "unmatched": "pass", "rules": [ { "id": "none", "then": "refuse", "when": {} } ], "alerts": [
    { "id": "guard", "when": { "guard": "own-*" }, "quiet": "7d" }, { "id": "flood", "when": { "rate": { "within": "1h", "above": 100 } }, "quiet": "7d" },
    { "id": "alike", "when": { "duplicates": { "within": "1h", "above": 2 } }, "quiet": "7d" } ] }
J
	cat >"$h/etc/hook.sh" <<'H'
told=$(cat)
n=$(printf '%s' "$told" | sed 's/.*"n":\([0-9]*\).*/\1/')
echo "$(printf '%s' "$told" | sed 's/.*"alert":"\([^"]*\)".*/\1/') $(reeve-audit show "$1" --json | grep -c "\"kind\":\"alert\".*\"n\":$n,")" >>"$HOME/found"
H
	cp "$story/flood.py" "$h/work/"
	echo '{ "reeve": "config/1", "alerts": { "syslog": false }, "hooks": { "alert": ["sh", "'"$h/etc/hook.sh"'", "'"$(ledger_of "$h")"'"] } }' >"$h/config/reeve/config.json"
	before=$(records "$h" | grep -c '"kind":"alert"')
	as "$uid" "$h" "$reeve" run --policy ../etc/policies --tools ../etc/tools.json --agent mad -- python3 flood.py "$h/state/reeve/ledgers/default/journal" >"$h/said" 2>&1
	settled "$h"
	says "uid $uid: an agent asks five hundred times, and again and again" '^500 answers$' "$(cat "$h/said")"
	equal 'each alert is raised once for all of it, after its record was durable' 'watch:alike 1 watch:flood 1 watch:guard 1' "$(sort "$h/found" | tr '\n' ' ' | sed 's/ $//')"
	says 'the last in the record as all that came' '"alert":"watch:guard".*"count":[0-9]{2}' "$(records "$h" | grep watch:guard | tail -n 1)"
	equal 'which stands in the ledger besides, when the run has ended' $((before + 4)) "$(records "$h" | grep -c '"kind":"alert"')"

	echo '{ "reeve": "config/1", "alerts": { "syslog": "'"$h/run/none"'" }, "hooks": { "alert": ["false"] } }' >"$h/config/reeve/config.json"
	sed 's/"1h"/"1s"/g' "$h/etc/watch.before" >"$h/etc/policies/watch.json"
	sed -i 's/"above": [0-9]*/"above": 1/' "$h/etc/policies/watch.json"
	ask one two three no no
	settled "$h"
	says "uid $uid: the call goes on whoever hears of it" '^three$' "$(cat "$h/said")"
	equal 'that nobody hears is said once' 1 "$(grep -c 'alerts are not in syslog: .*/none: No such file' "$h/said")"
	says 'and that a hook fails' 'the hook false ended with status 1. This is said once; the ledger has every alert' "$(cat "$h/said")"
done
finish
