#!/bin/sh
# MCP by HTTP: an honest client is served by the rules of its revision; whatever else comes is answered once,
# closed, and in the ledger, and the next request is served.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
run() { as "$uid" "$h" "$reeve" run "$@" --policy ../etc/policy.json --tools ../etc/tools.json -- python3 http_agent.py $parts 2>"$room/stderr"; }
# counted: what http_agent.py says becomes our lines; it must have come to its end.
counted() {
	while read -r line; do
		case "$line" in
		'ok '*) ok "uid $uid: ${line#ok }" ;;
		'not ok '*) not_ok "uid $uid: ${line#not ok }" ;;
		esac
	done <<-L
	$1
	L
	says "uid $uid: $parts: to the end" '^done$' "$1"
}
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$top/tests/tools/http_agent.py" "$h/work/"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "t": { "kind": "command", "workspace": "write",
  "argv": ["@TOOLS/mcp_server"], "env": { "LOG": "$WORKSPACE/log" }, "read": ["@TOOLS"], "deadline": "20s" } } }
J
	cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "all", "then": "allow", "when": { "tool": "t/*" } },
  { "id": "no", "then": "refuse", "when": { "tool": "t/fail" }, "why": "not by HTTP either" } ] }
J
	parts=
	for parts in alone framing strangers forms sessions streams crowds mirror stateless; do
		counted "$(run --http)"
		silent "uid $uid: $parts: no complaint" "." "$(grep -vE "^reeve: (new ledger|its verifier)|tool server t answered" "$room/stderr")"
	done
	all=$(records "$h")
	for why in 'Content-Length and Transfer-Encoding together' 'a NUL, or a CR or LF alone, in the head' 'Origin is not of' \
		'Host must be' 'a head of more than 16 KiB' 'a body that ends early' 'no such path' 'Mcp-Method is missing' \
		'Mcp-Name is not what the body says' 'this id is in flight' 'no such session' 'no such Mcp-Protocol-Version'; do
		says "uid $uid: in the ledger: $why" '"action":"message".*"kind":"refusal"' "$(echo "$all" | grep -F "\"why\":\"$why")"
	done
	says "uid $uid: a body that is no JSON is bad-json" '"reason":"bad-json"' "$(echo "$all" | grep 'the body is not one strict')"
	says "uid $uid: who hung up without a session has cancelled" '"status":"cancelled".*the agent took it back|the agent took it back.*"status":"cancelled"' "$all"
	# Several of them can come in one message of the porter: the first then with those after it, the 10th too.
	says "uid $uid: 25 alike are told at once, at 10 and at the end" '^[1-9] 1[0-9] 25 $' "$(echo "$all" | grep 'no such path' | tail -n 3 |
		sed 's/.*"count":\([0-9]*\).*/\1/' | tr '\n' ' ')"
	equal "uid $uid: an outcome for each intent" "$(echo "$all" | grep -c '"kind":"intent"')" "$(echo "$all" | grep -c '"kind":"outcome"')"
	holds "uid $uid: the ledger is whole" verify "$h"

	# Refused is nobody before it is recorded: with the recorder stopped, nothing is heard.
	parts=held
	mkfifo "$h/work/ready" "$h/work/go" "$h/work/back"
	chown "$uid" "$h/work/ready" "$h/work/go" "$h/work/back"
	{
		read -r _ <"$h/work/ready"
		kill -STOP "$(pgrep -f "^reeve-recorder serve $h/state/reeve/ledgers/default ")" && echo go >"$h/work/go"
		read -r _ <"$h/work/back"
		kill -CONT "$(pgrep -f "^reeve-recorder serve $h/state/reeve/ledgers/default ")"
	} 2>/dev/null &
	counted "$(run --http)"
	kill $! 2>/dev/null
	wait $!
	rm "$h/work/ready" "$h/work/go" "$h/work/back"

	# Nobody has it who did not ask; who cannot have it is told before anything starts.
	parts='none'
	says "uid $uid: without --http there is no URL" 'KeyError' "$(run; cat "$room/stderr")"
	equal "uid $uid: and nothing listens" 111 "$(as "$uid" "$h" "$reeve" run -- python3 -c 'import socket
print(socket.socket().connect_ex(("127.0.0.1", 7338)))' 2>/dev/null)"
	fails "uid $uid: not without a network of its own" 2 as "$uid" "$h" "$reeve" run --http --without=net -- true
	says "uid $uid: and it says what to do" 'leave out --without=net' "$said"
	echo '{ "reeve": "profile/1", "extends": "agent", "http": 18080 }' >"$h/etc/url.json"
	equal "uid $uid: a profile can ask for it, at another port" http://127.0.0.1:18080/mcp \
		"$(as "$uid" "$h" "$reeve" run --profile ../etc/url.json -- sh -c 'echo "$REEVE_MCP_URL"' 2>/dev/null)"
	says "uid $uid: and profile show tells" '127.0.0.1:18080/mcp' "$(as "$uid" "$h" "$reeve" profile show ../etc/url.json)"
	for http in 80 '"yes"' 65536 1.5 null; do
		echo "{ \"reeve\": \"profile/1\", \"extends\": \"agent\", \"http\": $http }" >"$h/etc/bad.json"
		fails "uid $uid: \"http\": $http is an error" 2 as "$uid" "$h" "$reeve" run --profile ../etc/bad.json -- true
	done

	# It is confined; and if it ends, so does the run.
	mkfifo "$h/work/hold"
	become "$uid" "$h" "$reeve" run --http -- sh -c 'echo up; read -r x <hold' >"$room/up" 2>"$room/stderr" &
	run=$!
	until grep -q up "$room/up" 2>/dev/null; do kill -0 $run 2>/dev/null || break; done
	porter=$(pgrep -P $run reeve-porter)
	says "uid $uid: the porter is under seccomp" 'Seccomp:.*2' "$(cat "/proc/$porter/status")"
	says "uid $uid: and has no capability" 'CapEff:.*0000000000000000' "$(cat "/proc/$porter/status")"
	kill -KILL "$porter"
	wait $run
	equal "uid $uid: when it ends, the run ends" 125 $?
	says "uid $uid: and says why" 'the porter ended' "$(cat "$room/stderr")"
	rm "$h/work/hold"
	holds "uid $uid: the ledger is whole after that" verify "$h"
done
# Time is what these take, so once.
uid=$(id -u) h=$room/home$(id -u) parts=slow
counted "$(run --http)"
says 'a slow head is in the ledger' 'a head that does not come in time' "$(records "$h")"
says 'and a slow body' 'a body that does not come in time' "$(records "$h")"
finish
