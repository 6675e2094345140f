#!/bin/sh
# Ten thousand calls that were really made, judged again by other policies: exactly the decisions that change.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
h=$story/h
home "$h"
cp "$room/bin/mcp_client" "$h/work/"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "t": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"], "payloads": true },
  "u": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"] } } }
J
mkdir "$h/etc/old" "$h/etc/new" "$h/etc/same"
policy() { printf '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ %s ] }\n' "$2" >"$h/etc/$1/p.json"; }
all='{ "id": "all", "then": "allow", "when": { "tool": ["t/*", "u/*"] } }'
policy old "$all, { \"id\": \"no\", \"then\": \"refuse\", \"when\": { \"tool\": \"t/echo\", \"args\": { \"/id\": { \"glob\": \"m-*13\" } } } }"
policy same "$all, { \"id\": \"not\", \"then\": \"refuse\", \"when\": { \"tool\": \"t/echo\", \"args\": { \"/id\": { \"glob\": \"*-*13\" } } } }"
policy new "$all, { \"id\": \"few\", \"then\": \"refuse\", \"when\": { \"tool\": \"t/echo\", \"args\": { \"/id\": { \"glob\": \"m-*77\" } } } }"
as "$(id -u)" "$h" reeve run --policy ../etc/old --tools ../etc/tools.json -- ./mcp_client /run/reeve/t.sock 10000 32 echo m >"$h/said" 2>"$h/stderr"
equal 'ten thousand calls are made' 10000 "$(grep -c '^m-' "$h/said")"
as "$(id -u)" "$h" reeve run --policy ../etc/old --tools ../etc/tools.json -- ./mcp_client /run/reeve/u.sock 5 1 echo n >/dev/null 2>&1
settled "$h"
replay() { as "$(id -u)" "$h" reeve policy replay --json "$@"; }
equal 'some of them refused' 100 "$(records "$h" | jq -r 'select(.kind == "refusal").n' | wc -l)"
says 'their payloads are kept, arguments and answers' '^payloads +ok +19[0-9]* as they were sealed' "$(verify "$h")"
replay --with ../etc/old >"$h/old"
equal 'by the same policy nothing changes; what was not kept cannot be told' '0 {"same":10000,"changed":0,"unknown":5}' "$? $(cat "$h/old")"
equal 'nor by another that says the same' '{"same":10000,"changed":0,"unknown":5}' "$(replay --with ../etc/same)"
replay --with ../etc/new >"$h/new"
equal 'by another some change' '1 {"same":9800,"changed":200,"unknown":5}' "$? $(tail -1 "$h/new")"
records "$h" | jq -r 'select(.action == "tool.call" and .server == "t") | .n' | sort -n >"$h/numbers"
equal 'a hundred that were refused are allowed' '100 p:all' "$(jq -r 'select(.was == "refuse" and .now == "allow").rule' "$h/new" | sort | uniq -c | xargs)"
equal 'a hundred that were allowed are refused' '100 p:few' "$(jq -r 'select(.was == "allow" and .now == "refuse").rule' "$h/new" | sort | uniq -c | xargs)"
# shellcheck disable=SC2016
equal 'and these are the ones' '' "$(jq -r 'select(.record).record' "$h/new" | while read -r n; do echo "$n"; done >"$h/changed"
	as "$(id -u)" "$h" reeve ledger reveal "1-$(tail -1 "$h/numbers")" --why test --json | jq -r 'select(.payload | contains("tools/call")) | "\(.record) \(.payload | fromjson.params.arguments.id)"' | awk '$2 ~ /(77|13)$/ { print $1 }' | sort -n | diff - "$h/changed")"
says 'that payloads were looked at is on record' 'policy replay' "$(records "$h" | jq -r 'select(.kind == "access").why')"
run=$(records "$h" | jq -r 'select(.kind == "run").n' | tail -1)
equal 'of one run only its own' '{"same":0,"changed":0,"unknown":5}' "$(replay --with ../etc/new --run "$run")"
as "$(id -u)" "$h" reeve ledger purge --before "$(date -u -d tomorrow +%Y-%m-%d)" >/dev/null
equal "what was purged cannot be told" "{\"same\":0,\"changed\":0,\"unknown\":10005}
0" "$(replay --with ../etc/new; echo $?)"
settled "$h"
holds 'the ledger verifies' verify "$h"
finish
