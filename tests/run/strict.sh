#!/bin/sh
# Whatever the agent writes: one JSON-RPC answer, one record, and the session goes on.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
uid=$(id -u) h=$room/home
home "$h"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "t": { "kind": "command", "workspace": "write",
  "argv": ["@TOOLS/mcp_server"], "env": { "LOG": "$WORKSPACE/log" }, "read": ["@TOOLS"], "deadline": "5s", "resources": { "log": "/id" } } } }
J
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "all", "then": "allow", "when": { "tool": "t/*" } },
  { "id": "never", "then": "refuse", "when": { "tool": "t/fail", "args": { "/id": { "equal": "no" } } }, "why": "because\u001b[31m" } ] }
J
init='{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}'
ask() { printf '%s\n%s\n' "$init" "$1" >"$h/work/in"; printf '%s\n' '{"jsonrpc":"2.0","id":"end","method":"ping"}' >>"$h/work/in"; talk; }
talk() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- sh -c 'reeve-call mcp t <in' 2>"$room/stderr"; }
# sends WHAT LINE ANSWER-PATTERN RECORD-PATTERN
sends() {
	before=$(records "$h" 2>/dev/null | wc -l)
	answers=$(ask "$2")
	new=$(records "$h" | tail -n +$((before + 1)))
	says "$1: the answer" "$3" "$answers"
	says "$1: the record" "$4" "$new"
	says "$1: the session goes on" '"id":"end","result"' "$answers"
}
call() { printf '{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"%s","arguments":%s}}' "$1" "$2" "$3"; }

answers=$(printf '%s\n' "$init" >"$h/work/in"; talk)
says 'initialize answers the revision asked for' '"protocolVersion":"2025-06-18"' "$answers"
sends 'not JSON' '{nope' '"code":-32700' '"reason":"bad-json"'
sends 'a batch' "[$(call 1 echo '{}')]" '"code":-32600' '"reason":"bad-message"'
sends 'a key twice' '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}' '"code":-32700' '"reason":"bad-json"'
sends 'an argument twice' "$(call 1 echo '{"a":1,"a":2}')" '"code":-32700' '"reason":"bad-json"'
sends 'an argument twice, escaped' "$(call 1 echo '{"a":1,"\u0061":2}')" '"code":-32700' '"reason":"bad-json"'
sends 'a key in another case' '{"jsonrpc":"2.0","id":1,"Method":"ping","method":"ping"}' '"code":-32600' '"reason":"bad-message"'
sends 'a member nobody knows' '{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}' '"code":-32600' '"reason":"bad-message"'
sends 'not UTF-8' "$(printf '{"jsonrpc":"2.0","id":1,"method":"\377"}')" '"code":-32700' '"reason":"bad-json"'
sends 'a lone surrogate' "$(call 1 echo '{"text":"\ud800"}')" '"code":-32700' '"reason":"bad-json"'
sends 'a NUL' "$(call 1 echo '{"text":"\u0000"}')" '"code":-32700' '"reason":"bad-json"'
sends 'a number beyond 2^53' "$(call 1 echo '{"n":9007199254740993}')" '"code":-32700' '"reason":"bad-json"'
sends 'a number beyond a double' "$(call 1 echo '{"n":1e400}')" '"code":-32700' '"reason":"bad-json"'
sends 'depth 70' "$(call 1 echo "{\"a\":$(printf '[%.0s' $(seq 70))$(printf ']%.0s' $(seq 70))}")" '"code":-32700' '"reason":"bad-json"'
sends 'an id that is null' '{"jsonrpc":"2.0","id":null,"method":"ping"}' '"code":-32600' '"reason":"bad-message"'
sends 'an id that is a real' '{"jsonrpc":"2.0","id":1.5,"method":"ping"}' '"code":-32600' '"reason":"bad-message"'
sends 'another jsonrpc' '{"jsonrpc":"1.0","id":1,"method":"ping"}' '"code":-32600' '"reason":"bad-message"'
sends 'an unknown method' '{"jsonrpc":"2.0","id":1,"method":"tools/destroy"}' '"code":-32601' '"reason":"no-method"'
sends 'params of another shape' '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[1]}' '"code":-3260[02]' '"reason":"bad-(params|message)"'
sends 'a call with no name' '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{}}}' '"code":-32602' '"reason":"bad-params"'
sends 'a call with an extra member' '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","Arguments":{},"arguments":{}}}' '"code":-32602' '"reason":"bad-params"'
sends 'arguments that are no object' "$(call 1 echo '[1]')" '"code":-32602' '"reason":"bad-params"'
sends 'an id in flight' "$(call 7 hang '{}')
$(call 7 echo '{"text":"x"}')" '"code":-32600' '"reason":"id-reused"'
sends 'a line of 5 MiB' "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$(head -c 5242880 /dev/zero | tr '\0' a)\"}" '"code":-32600' '"reason":"too-long"'

answers=$(ask '{"jsonrpc":"2.0","id":3,"result":{}}')
says 'an answer nobody asked for is recorded' '"reason":"unsolicited"' "$(records "$h")"
says 'and the session goes on' '"id":"end"' "$answers"
answers=$(printf '%s\n' "$(call 1 echo '{}')" >"$h/work/in"; talk)
says 'a call before initialize is refused' '"error"' "$answers"
says 'and recorded' '"reason":"not-ready"' "$(records "$h")"

# What a policy refuses is a result that the agent can read; what the server says wrong is not passed on.
answers=$(ask "$(call 0 fail '{"id":"no"}')")
says 'a refusal is a result with isError' '"id":0,"result":\{.*"isError":true' "$answers"
says 'it names the rule' 'policy:never' "$answers"
silent 'and ids 0 and "0" are not mixed up' '"id":"0"' "$answers"
answers=$(ask "$(call '"a"' garbage '{}')")
says 'garbage of a server is dropped, its answer passes' '"id":"a","result"' "$answers"
silent 'garbage does not reach the agent' 'not json' "$answers"
answers=$(ask "$(call 5 spoof '{}')")
says 'a spoofed answer is dropped, the real one passes' '"id":5,"result"' "$answers"
silent 'the spoofed one does not reach the agent' '987654321' "$answers"
equal 'an answer given twice arrives once' 1 "$(ask "$(call 6 twice '{}')" | grep -c '"id":6')"
sends 'a server that never answers' "$(call 8 hang '{}')" '"id":"end"' '"status":"(timeout|unknown)"'
sends 'a server that dies' "$(call 9 die '{}')" '"id":"end"' '"status":"(failed|unknown)"'
answers=$(ask "$(call 10 rpc_error '{}')")
says 'an error of the server is passed on' '"code":-32050' "$answers"

fails 'the ledger is whole' 0 verify "$h"
finish
