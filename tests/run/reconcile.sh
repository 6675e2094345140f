#!/bin/sh
# Two records that were made independently: the ledger, and what a tool wrote of its own calls. What only one of them knows,
# and what they say differently, is found; what cannot be told is a word of its own.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
h=$room/home
uid=$(id -u)
home "$h" "$uid"
sed "s|@HOME|$h|g" <<'J' | tools_file "$h"
{ "reeve": "tools/1", "servers": { "pay": { "kind": "exec", "workspace": "write", "read": ["@HOME/tool"], "tools": {
  "refund": { "description": "d", "argv": ["sh", "@HOME/tool/refund.sh", "{to}"],
    "resource": "/to", "params": { "to": { "type": "string" } } } } } } }
J
mkdir "$h/tool"
cat >"$h/tool/refund.sh" <<'S'
printf '{"time":"%s","tool":"refund","to":"%s","size":7}\n' "$(date -u +%FT%T.%3NZ)" "$1" >>pay.jsonl
echo refunded
S
chmod -R a+rX "$h/tool"
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "pay", "then": "allow", "when": { "server": "pay" } } ] }
J
as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- sh -c \
	'for to in ann ben ann cid; do reeve-call tool pay/refund "{\"to\":\"$to\"}"; done' >"$room/out" 2>&1
settled "$h"
log=$h/work/pay.jsonl
[ -f "$log" ] || log=$(find "$h" -name pay.jsonl)
says 'its calls were made' refunded "$(cat "$room/out")"
equal 'the tool kept a log of its own' 4 "$(wc -l <"$log")"
cat >"$room/map.json" <<'J'
{ "reeve": "map/1", "calls": ["server=pay"], "lines": { "json": { "at": "/time", "tool": "/tool", "to": "/to", "size": "/size" } },
  "time": { "column": "at", "format": "%Y-%m-%dT%H:%M:%S.%fZ", "within": 30 }, "match": { "tool": "tool", "resource": "to" } }
J
key=$h/state/reeve/keys/default.pub
hold() { "$room/bin/reeve-audit" reconcile "$(ledger_of "$h")" --key "$key" --with "$1" --map "${2:-$room/map.json}" 2>&1; }
says 'both say the same, call by call' '^reeve-audit: 4 matched, 0 missing there, 0 missing here, 0 differ reeve-audit: 0 cannot verify ' "$(hold "$log" | tr '\n' ' ')"
fails 'and that is exit 0' 0 hold "$log"
says 'as it comes down a pipe, too' ': 4 matched' "$(hold - <"$log")"
sed 3d "$log" >"$room/less.jsonl"
says 'a call that the other side does not know' '^missing-there record [0-9]+ +refund ann$' "$(hold "$room/less.jsonl")"
fails 'is exit 1' 1 hold "$room/less.jsonl"
{ cat "$log"; sed -n 2p "$log"; } >"$room/more.jsonl"
says 'a call that reeve does not know, though one like it' '^missing-here +line 5 +refund ben$' "$(hold "$room/more.jsonl")"
sed 's/"to":"cid"/"to":"dan"/' "$log" >"$room/other.jsonl"
equal 'another call in its place is missing on both sides' 2 "$(hold "$room/other.jsonl" | grep -c '^missing-.* refund \(cid\|dan\)$')"
sed 's/"match".*/"match": { "tool": "tool" }, "compare": { "resource": "to" } }/' "$room/map.json" >"$room/compare.json"
says 'or differs, if the map says that it is the same call' '^differs +record [0-9]+ +line 4 +refund: here cid, there dan$' "$(hold "$room/other.jsonl" "$room/compare.json")"
{ cat "$log"; echo 'not JSON'; } >"$room/odd.jsonl"
says 'a line that cannot be read is not passed over' '1 lines, the first of them line 5,.*cannot verify' "$(hold "$room/odd.jsonl" | tr '\n' ' ')"
fails 'and that is exit 6' 6 hold "$room/odd.jsonl"
{ cat "$log"; head -c 200000 /dev/zero | tr '\0' x; } >"$room/long.jsonl"
says 'nor is one that never ends' '1 lines, the first of them line 5,.*cannot verify' "$(hold "$room/long.jsonl" | tr '\n' ' ')"
sed 's/"time":"20/"time":"19/' "$log" >"$room/old.jsonl"
equal 'lines of another time are no proof of these calls' 4 "$(hold "$room/old.jsonl" | grep -c '^missing-there')"
says 'for programs' '^\{"found":"matched","call":"refund ann","here":"","there":"","record":[0-9]+,"line":1\}' "$("$room/bin/reeve-audit" reconcile "$(ledger_of "$h")" --with "$log" --map "$room/map.json" --json)"
printf '{"time":"\033[31m","tool":"\033]0;x\007"}\n' >"$room/hostile.jsonl"
equal 'its lines fit a terminal' '' "$(hold "$room/odd.jsonl" | awk 'length > 80')"
silent 'nothing of a log acts on a terminal' "$(printf '\033')" "$(hold "$room/hostile.jsonl")"
for map in maps/*.json; do
	silent "$map can be read" 'expected|no such' "$("$room/bin/reeve-audit" reconcile "$(ledger_of "$h")" --with /dev/null --map "$map" 2>&1)"
done
wrong() {
	sed "$1" "$room/map.json" >"$room/wrong.json"
	says "a map with $2" "wrong.json:[0-9]+:[0-9]+: .*$3" "$(hold "$log" "$room/wrong.json")"
	fails "a map with $2 is exit 2" 2 hold "$log" "$room/wrong.json"
}
wrong 's/"tool": "tool"/"toool": "tool"/' 'a field that no record has' 'no record has'
wrong 's/"resource": "to"/"resource": "too"/' 'a column that no line has' 'no such column'
wrong 's/"within": 30/"within": -1/' 'a time before it began' 'expected seconds'
wrong 's/"calls": \["server=pay"\]/"calls": ["serverpay"]/' 'a question that is none' 'NAME=PATTERN'
wrong 's/"match"/"matches"/' 'a member that maps do not have' 'matches'
wrong 's/"json": {[^}]*}/"pattern": "(", "columns": []/' 'a pattern that is none' 'pattern'
fails 'no map' 2 "$room/bin/reeve-audit" reconcile "$(ledger_of "$h")" --with "$log"
fails 'no such log' 3 hold "$room/none"
finish
