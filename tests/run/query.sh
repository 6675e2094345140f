#!/bin/sh
# An auditor's questions, of a ledger that real runs made: what matches, who it was, that something is not there; and what
# answers are worth when somebody has altered or cut the ledger.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ledger-lib.sh"
have_userns || skip_all 'no user namespaces for this user'
h=$room/home
uid=$(id -u)
home "$h" "$uid"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "t": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"], "resources": { "echo": "/text" } } } }
J
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "echo", "then": "allow", "when": { "tool": "t/echo" }, "controls": ["HOUSE-1"] },
  { "id": "no-etc", "then": "refuse", "when": { "tool": "t/echo", "args": { "/text": { "prefix": "/etc/" } } }, "why": "not there" } ] }
J
run() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json "$@" >/dev/null 2>&1; }
run --agent alpha --task 'say "hi", =1+1' -- sh -c 'reeve-call tool t/echo "{\"text\":\"one\"}"; reeve-call tool t/echo "{\"text\":\"/etc/passwd\"}"'
run --agent beta --environment prod -- sh -c 'for i in 1 2 3; do reeve-call tool t/echo "{\"text\":\"/etc/shadow\"}"; done; reeve-call tool t/fail'
settled "$h"
ledger=$(ledger_of "$h") key=$h/state/reeve/keys/default.pub
audit() { "$room/bin/reeve-audit" "$@" 2>&1; }
rows() { "$room/bin/reeve-audit" query "$ledger" "$@" 2>/dev/null; }

equal 'every allowed call, once, with its outcome' 1 "$(rows --where action=tool.call --where verdict=allow | wc -l)"
says 'with what became of it' 'allow +alpha +t/echo +one +ok +policy:echo' "$(rows --where action=tool.call --where verdict=allow)"
equal 'by the agent, which only the run names' 3 "$(rows --where agent=beta --where verdict=refuse --where resource=/etc/shadow | wc -l)"
equal 'by a pattern' 4 "$(rows --where 'resource=/etc/*' | wc -l)"
equal 'by what it is not' 1 "$(rows --where 'resource=*' --where 'resource!=/etc/*' | wc -l)"
equal 'by what is not there' 0 "$(rows --where agent= --where action=tool.call | wc -l)"
equal 'by an item of a list' 1 "$(rows --where controls=HOUSE-1 | wc -l)"
equal 'by a text anywhere, the command of its run too' 4 "$(rows --text /etc/shadow | wc -l)"
equal 'a tool as policies write it, too' 1 "$(rows --where tool=t/echo --where verdict=allow | wc -l)"
equal 'or its name alone' 1 "$(rows --where tool=echo --where verdict=allow | wc -l)"
equal 'and not another server'\''s' 0 "$(rows --where 'tool=u/*' | wc -l)"
says 'a member that no record has: which there are' 'no record has that. .*reeve-ledger\(5\)' "$(audit query "$ledger" --where control=x)"
says 'what an answer is worth stands behind it' '^reeve-audit: not proved: ' "$(audit query "$ledger" --limit 1 | tail -n 1)"
equal 'by the environment of its run' 4 "$(rows --where environment=prod --where action=tool.call | wc -l)"
equal 'by a number' "$(records "$h" | grep -c '"n":[0-5],')" "$(rows --where 'kind=*' --where 'n<6' | wc -l)"
equal 'by time: nothing before it began' 0 "$(rows --to 2001-01-01 | wc -l)"
equal 'and all of it since' "$(records "$h" | wc -l)" "$(rows --where 'kind=*' --from 2001-01-01T00:00:00Z | wc -l)"
equal 'kinds as they stand' "$(records "$h" | grep -c '"kind":"outcome"')" "$(rows --where kind=outcome | wc -l)"
first=$(rows --text /etc/shadow --limit 1 | awk '{ print $1 }')
says 'a page' "^\{\"record\":.*\"n\":$first," "$(rows --text /etc/shadow --json --limit 1)"
equal 'and the next' 3 "$(rows --text /etc/shadow --after "$first" | wc -l)"
says 'JSON has the stored bytes' "^\{\"record\":$(records "$h" | grep '"kind":"intent"' | grep tool.call | sed 's/[][\.*^$+?(){}|]/\\&/g'),\"outcome\":\{" "$(rows --where verdict=allow --where action=tool.call --json)"
says 'CSV is quoted, and holds no formula' "^\"[0-9]+\",\"[0-9T:.Z-]+\",\"allow\",\"intent\"" "$(rows --where verdict=allow --where action=tool.call --csv)"
says 'CSV has its names first' '^n,time,verdict,kind,run,agent' "$(rows --csv | head -n 1)"

n=$(rows --where verdict=allow --where action=tool.call --json | sed 's/.*"n":\([0-9]*\),"pin.*/\1/')
out=$(audit who "$ledger" "$n" --key "$key")
says 'who: an AI' 'by +an AI agent' "$out"
says 'which one' 'agent +alpha' "$out"
says 'who is accountable, and how that is known' "known by +uid" "$out"
says 'by which rule' 'rule +policy:echo' "$out"
says 'what became of it' 'status +ok' "$out"
says 'and that it is proved' 'this +proved: ' "$out"
equal 'who: its lines fit a terminal' '' "$(printf '%s\n' "$out" | sed -n '/^  this/,$p' | awk 'length > 80')"
says 'without a key it says that nothing is' 'this +not proved' "$(audit who "$ledger" "$n")"
out=$(audit trace "$ledger" $((n + 1)) --key "$key")
says 'trace: the whole call from any of its records' "^call $n of run" "$out"
says 'trace: what every layer said' 'layers +action allow policy:echo' "$out"
says 'trace: that what was judged was executed' 'judged: yes, the same bytes' "$out"
says 'trace: what came next' 'refuse +alpha +t/echo +/etc/passwd' "$out"
says 'trace: that it is proved' '^proved: ' "$out"
equal 'trace: its lines fit a terminal' '' "$(printf '%s\n' "$out" | sed -n '/^proved: /,$p' | awk 'length > 80')"
for word in stats "who $n" "trace $n"; do
	# shellcheck disable=SC2086
	set -- $word
	says "$1 for programs says what it is worth, too" '^reeve-audit: not proved: ' "$("$room/bin/reeve-audit" "$1" "$ledger" ${2:+"$2"} --json 2>&1 >/dev/null)"
done
fails 'trace: what is no call' 3 audit trace "$ledger" 0
fails 'who: no such record' 3 audit who "$ledger" 100000
says 'did: all of an agent, and what the answer is worth' 'records 0 to [0-9]+: none missing or altered$' "$(audit did "$ledger" beta --key "$key")"
silent 'and nobody else' 'alpha' "$(audit did "$ledger" beta --key "$key")"
head=$(records "$h" | wc -l)
holds 'absent: nothing was written to /etc, and that is proved' audit absent "$ledger" --key "$key" --head "$head" --where 'resource=/etc/*' --where verdict=allow
fails 'absent: but it was asked for' 1 audit absent "$ledger" --key "$key" --where 'resource=/etc/*'
fails 'absent takes a key' 2 audit absent "$ledger" --where 'resource=/etc/*'
out=$(audit stats "$ledger" --key "$key")
says 'stats: what is refused again and again' '3 +beta: t/echo /etc/shadow' "$out"
says 'stats: controls that worked' '1 +HOUSE-1' "$out"
says 'stats as JSON' '"refused because":\{' "$(audit stats "$ledger" --json)"

feed() { "$room/bin/reeve-audit" export "$ledger" "$@" 2>/dev/null; }
equal 'export as it is stored' "$(records "$h")" "$(feed --as jsonl)"
equal 'and the rest of it, from anywhere' "$(records "$h" | tail -n +6)" "$(feed --as jsonl --after 4)"
equal 'CEF: a line each' "$(records "$h" | wc -l)" "$(feed --as cef | wc -l)"
says 'CEF: what was refused weighs more' '^CEF:0\|reeve\|reeve\|[0-9.]+\|refusal\|echo\|6\|rt=[0-9]{13} act=refuse ' "$(feed --as cef)"
equal 'CEF: when, in milliseconds' "$(records "$h" | head -n 1 | sed 's/.*"time":"\([^"]*\)".*/\1/' | date -u -f - +%s%3N)" "$(feed --as cef | sed -n '1s/.*rt=\([0-9]*\) .*/\1/p')"
says 'CEF: who and by which rule' 'suser=[^ ]+ .*request=/etc/shadow reason=rule-refuses .*cs1=beta cs2Label=rule cs2=policy:no-etc ' "$(feed --as cef)"
says 'syslog: RFC 5424' "^<108>1 20[0-9T:.-]+Z - reeve $(rows --where kind=run --where agent=beta | awk '{ print $1 }') refusal \[reeve@32473 leaf=\"[0-9a-f]{64}\" verdict=\"refuse\" " "$(feed --as syslog)"
says 'and the record behind it' '\] \{"action":"tool.call".*\}$' "$(feed --as syslog)"
leaf=$(printf '\000%s' "$(records "$h" | tail -n 1)" | sha256sum | cut -d' ' -f1)
says 'the leaf hash is that of RFC 6962' "leaf=\"$leaf\"" "$(feed --as syslog | tail -n 1)"
mkfifo "$room/feed"
"$room/bin/reeve-audit" export "$ledger" --as jsonl --follow >"$room/feed" 2>/dev/null &
feeder=$!
exec 8<"$room/feed"
i=0
while [ "$i" -lt "$head" ] && IFS= read -r line <&8; do i=$((i + 1)); done
run --agent 'gam"m]a=\\' -- true
settled "$h"
all=$(records "$h" | wc -l)
while [ "$i" -lt "$all" ] && IFS= read -r line <&8; do i=$((i + 1)); done
equal 'export --follow goes on with what comes' "$(records "$h" | tail -n 1)" "$line"
kill "$feeder"
exec 8<&-
wait "$feeder" 2>/dev/null
mkfifo "$room/answers"
"$room/bin/reeve-audit" query "$ledger" --where kind=run --follow --json >"$room/answers" 2>/dev/null &
feeder=$!
exec 8<"$room/answers"
i=0
runs=$(records "$h" | grep -c '"kind":"run"')
while [ "$i" -lt "$runs" ] && IFS= read -r line <&8; do i=$((i + 1)); done
run --agent delta -- true
settled "$h"
IFS= read -r line <&8
all=$(records "$h" | wc -l)
says 'query --follow goes on with what matches, and with nothing else' '"agent":"delta".*"kind":"run"' "$line"
kill "$feeder"
exec 8<&-
wait "$feeder" 2>/dev/null
fails 'absent follows nothing' 2 audit absent "$ledger" --key "$h/state/reeve/keys/default.pub" --where agent=x --follow
fails 'export: a form there is not' 2 audit export "$ledger" --as xml
for wrong in nothing=x agent 'n<x' 'agent<3' =x 'n!3'; do
	fails "--where $wrong is refused, with what would be right" 2 audit query "$ledger" --where "$wrong"
done
for wrong in 2026-02-30 2026-13-01 yesterday 2026-11-21T25:00 2026-11-21T04:30+01:00 ''; do
	fails "--from '$wrong' is refused" 2 audit query "$ledger" --from "$wrong"
done
fails 'from behind to' 2 audit query "$ledger" --from 2026-01-02 --to 2026-01-01
as "$uid" "$h" "$reeve" init --tenant other >/dev/null 2>&1
# One byte changed, one record fewer: not asked.
cp -r "$ledger" "$room/altered"
at=$(grep -abo '/etc/shadow' "$room/altered/journal" | head -n 1 | cut -d: -f1)
flip "$room/altered/journal" "$at"
fails 'an altered ledger is not asked' 1 audit query "$room/altered" --key "$key"
fails 'nor is absence proved by a ledger that is shorter than what was seen' 5 audit absent "$ledger" --key "$key" --head $((all + 1)) --text nothing-like-it
fails 'nor by one that another key signed' 4 audit absent "$ledger" --key "$h/state/reeve/keys/other.pub" --text x
finish
