#!/bin/sh
# What a call leaves behind is in the ledger and nowhere else: launcher, broker and recorder hold no more
# memory after many calls than after the first. (make bench does this with 10^6.)
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
calls=${MEMORY_CALLS:-20000}
h=$room/home
home "$h"
cp "$room/bin/mcp_client" "$h/work/"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "t": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"] } } }
J
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "t", "then": "allow", "when": { "tool": ["t/echo", "t/fail"] } } ] }
J
mkfifo "$h/work/done" "$h/work/go"
# Calls that are done, that fail and that are refused: each three has its own way to the ledger.
cat >"$h/work/agent" <<'S'
stream() { for tool in echo fail die; do ./mcp_client /run/reeve/t.sock "$1" 32 $tool m >/dev/null || { echo failed >done; exit 9; }; done; }
stream 1000; echo warm >done; read -r _ <go
stream "$1"; echo many >done; read -r _ <go
S
become "$(id -u)" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- sh agent $((calls / 3)) 2>"$room/stderr" &
launcher=$!
# memory PID: KiB of its own, without what is shared with files
memory() { sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"; }
all() { for pid in $launcher $broker $recorder; do memory "$pid"; done | tr '\n' ' '; }
read -r _ <"$h/work/done"
broker=$(pgrep -P "$launcher" -x reeve-broker)
recorder=$(pgrep -f "^reeve-recorder serve $(ledger_of "$h") ")
warm=$(all)
echo on >"$h/work/go"
read -r _ <"$h/work/done"
many=$(all)
echo on >"$h/work/go"
wait "$launcher"
equal 'the run ends well' 0 $?
says 'three processes were measured, twice' '^([1-9][0-9]* ){6}$' "$warm$many"
equal "after $calls calls none holds 256 KiB more than after 3000 ($warm-> $many)" '' "$(echo "$warm$many" |
	awk '{ for (i = 1; i <= 3; i++) if ($(i + 3) - $i > 256) printf "%d KiB more; ", $(i + 3) - $i }')"
equal 'and every call is in the ledger' $((3 * (calls / 3) + 3000)) "$(records "$h" |
	grep -cE '"action":"tool.call".*"kind":"(intent|refusal)"')"
fails 'which is whole' 0 verify "$h"
finish
