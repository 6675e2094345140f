#!/bin/sh
# The two eras of MCP: which one each side speaks is found out, whatever it does; and what a tool server of one era wants
# of an agent of the other is asked, judged and answered, once, and for the call that it is for.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v python3 >/dev/null || skip_all 'python3 is missing: make check installs it as root'
uid=$(id -u) h=$room/home
home "$h"
cp "$top/tests/tools/era_server.py" "$h/tools/"
cp "$top/tests/tools/era_agent.py" "$h/work/"
{
	echo '{ "reeve": "tools/1", "servers": {'
	for mode in modern silent dies late asker; do
		echo "\"$mode\": { \"kind\": \"command\", \"pins\": \"none\", \"argv\": [\"python3\", \"@TOOLS/era_server.py\", \"$mode\"], \"read\": [\"@TOOLS\"], \"deadline\": \"20s\" },"
	done
	echo '"foreign": { "kind": "command", "pins": "none", "argv": ["python3", "@TOOLS/era_server.py", "foreign"], "read": ["@TOOLS"] } } }'
} | tools_file "$h"
rules() { printf '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [\n  { "id": "all", "then": "allow", "when": { "tool": "*/*" } }%s ] }\n' "$1" >"$h/etc/policy.json"; }
rules ',
  { "id": "ask", "then": "allow", "when": { "action": ["elicitation.create", "sampling.create"] } }'
# talk SERVER: the lines on standard input; what is heard.
talk() {
	cat >"$h/work/in"
	as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- \
		timeout 60 python3 era_agent.py "/run/reeve/$1.sock" in out >"$room/log" 2>&1 || not_ok "a talk with $1" "$(cat "$room/log")"
	cat "$h/work/out"
}
new() { records "$h" | tail -n +$((before + 1)); }
mark() { before=$(records "$h" 2>/dev/null | wc -l); }
old='{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},"clientInfo":{"name":"x","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
< elicitation/create {"action":"accept","content":{"name":"bob"}}'
call() { printf '{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"%s"%s}}\n' "$1" "$2" "${3:-}"; }
modern() { call "$1" "$2" "${3:-},%ENV%"; }

# --- which era a server speaks ---
for server in silent dies; do
	mark
	says "a server that $server is greeted" 'from the older era' "$(modern 1 echo | talk "$server")"
done
equal 'one that ended at the question was started once more' 2 "$(new | grep '"kind":"intent"' | grep -c '"action":"server.start"')"
says 'and the ledger says why' 'ended when it was asked' "$(new | grep '"kind":"outcome"')"
says 'one that tells late is heard' 'protocolVersion' "$(modern 1 echo | talk late)"
says 'one of another revision is not served' 'speaks no MCP revision that reeve knows' "$(modern 1 echo | talk foreign)"

# --- which era an agent speaks ---
lines=$( { printf '{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{%s}}\n' '%ENV%'; echo "$old"; call 2 plain; } | talk modern)
says 'to look who is there decides nothing' '"id":2,"result":{"content"' "$lines"
says 'what it finds is one revision' '"supportedVersions":\["2026-07-28"\]' "$lines"
silent 'an agent of the older era sees nothing of the newer one' 'resultType|ttlMs|cacheScope' "$(echo "$lines" | tail -n 1)"
lines=$( { modern 1 plain; echo '{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}'
	for method in initialize ping logging/setLevel resources/subscribe resources/unsubscribe; do
		printf '{"jsonrpc":"2.0","id":"%s","method":"%s","params":{%s}}\n' "$method" "$method" '%ENV%'
	done
	echo '{"jsonrpc":"2.0","id":8,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2099-01-01"}}}'
	echo '{"jsonrpc":"2.0","id":9,"method":"tools/list","params":{%ENV%}}'; } | talk modern)
says 'a result says that it is complete' '"id":1,.*"resultType":"complete"' "$lines"
says 'a request without its envelope is refused' '"id":2,"error":{"code":-32602' "$lines"
for method in initialize ping logging/setLevel resources/subscribe resources/unsubscribe; do
	says "the newer era has no $method" "\"id\":\"$method\",\"error\":{\"code\":-32601" "$lines"
done
says 'another revision is refused, and told which there is' '"id":8,"error":{"code":-32022,.*"supported":\["2026-07-28"\],"requested":"2099-01-01"' "$lines"
says 'a list is this agent'"'"'s own, and never fresh' '"id":9,.*"ttlMs":0,"cacheScope":"private"' "$lines"

# --- what a server is told ---
meta=$(printf '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":{"x":"smuggled","io.modelcontextprotocol/clientInfo":{"name":"me","version":"9"},"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{},"roots":{},"extensions":{"a/b":{}}}}}}\n' | talk modern)
says 'what the policy could allow the server to ask is declared to it' 'clientCapabilities.*elicitation.*form' "$meta"
silent 'nothing else that the agent said there is passed on' 'smuggled|extensions|roots|"me' "$meta"

# --- input: an agent of the older era ---
mark
lines=$( { echo "$old"; call 1 form; } | talk modern)
says 'it is asked by a request' '"method":"elicitation/create"' "$lines"
says 'the server gets the answer, and its state to the letter' 'bob.*, true\]' "$lines"
equal 'the call and its retry are two intents of one request' 2 "$(new | grep '"action":"tool.call"' | grep -c '"request":"1"')"
equal 'the question is one of its own' 1 "$(new | grep '"kind":"intent"' | grep -c '"action":"elicitation.create"')"
says 'the first outcome says why' '"status":"input-required"' "$(new)"
says 'what it cannot do it is not asked' 'asks its client for what that cannot do' "$( { echo "$old"; call 1 sample; } | talk modern)"
says 'what no client is asked, neither' 'asks its client for something that MCP does not know' "$( { echo "$old"; call 1 shell; } | talk modern)"
says 'a result of another kind is none' 'a kind of result that MCP does not have' "$( { echo "$old"; call 1 odd; } | talk modern)"
says 'who asks again and again is not answered for ever' 'asked the agent again and again' "$( { echo "$old"; call 1 again; } | talk modern)"

# --- input: an agent of the newer era ---
lines=$( { modern 1 form; modern 2 form ',"inputResponses":{"who":{"action":"accept"}},"requestState":"@STATE@"'; } | talk modern)
says 'it gets the result as it is' '"id":1,.*"resultType":"input_required"' "$lines"
says 'and the server its own state back, to the letter' '"id":2,.*accept.*, true\]' "$lines"
answer=',"inputResponses":{"input-1":{"action":"accept","content":{"name":"eve"}}}'
mark
lines=$( { modern 1 form; modern 2 form "$answer,\"requestState\":\"@STATE@\""; } | talk asker)
says 'what a server of the older era asks it gets as a result' '"id":1,.*"input_required".*"input-1".*"requestState":"[0-9a-f]{32}"' "$lines"
says 'and its answer reaches the server' '"id":2,.*q1.*eve' "$lines"
equal 'both calls, the question and the start are intents' 4 "$(new | grep -c '"kind":"intent"')"
equal 'and have their outcomes' 4 "$(new | grep -c '"kind":"outcome"')"
lines=$( { modern 1 form; echo @; modern 1 form "$answer,\"requestState\":\"@STATE@\""; } | talk asker)
says 'it may come back on another connection' '"id":1,.*eve' "$(echo "$lines" | tail -n 1)"
mark
lines=$( { modern 1 form; modern 2 form "$answer,\"requestState\":\"00000000000000000000000000000000\""; modern 3 form "$answer,\"requestState\":\"\""
	modern 4 form "$answer"; modern 5 echo "$answer,\"requestState\":\"@STATE@\""; modern 6 form ",\"arguments\":{\"other\":1}$answer,\"requestState\":\"@STATE@\""
	modern 7 form "$answer,\"requestState\":\"@STATE@\""; modern 8 form "$answer,\"requestState\":\"@STATE@\""; } | talk asker)
for id in 2 3 4 5 6; do
	says "a state that is none, or of another call, is refused ($id)" "\"id\":$id,\"error\":.\"code\":-32602" "$lines"
done
says 'its own still holds' '"id":7,.*eve' "$lines"
says 'but only once' '"id":8,"error":.*-32602' "$lines"
equal 'each refusal is recorded' 6 "$(new | grep '"kind":"refusal"' | grep -c 'requestState is none')"
lines=$( { modern 1 form; modern 2 form ',"inputResponses":{"input-1":{"action":"perhaps"},"other":{}},"requestState":"@STATE@"'; modern 3 form "$answer,\"requestState\":\"@STATE@\""; } | talk asker)
says 'who answers what was not asked is asked again' '"id":2,.*"input_required"' "$lines"
says 'and can still answer' '"id":3,.*eve' "$lines"
lines=$( { modern 1 early; modern 2 early "$answer,\"requestState\":\"@STATE@\""; } | talk asker)
says 'an answer that the server gave before is kept, or was quicker than the question' 'done without it' "$lines"
rules ''
mark
says 'what no rule allows is not asked' 'reeve refused|cannot do' "$( { echo "$old"; call 1 form; } | talk modern)"
silent 'nor declared' 'elicitation' "$(modern 1 echo | talk modern)"
holds 'the ledger is whole' verify "$h"
finish
