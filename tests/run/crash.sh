#!/bin/sh
# Kill -9 of broker, recorder and launcher at random moments of a stream of calls. Afterwards every line
# in the tool's own log has its intent in the ledger, the ledger opens, and every intent is closed.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
rounds=${CRASH_ROUNDS:-200}
h=$room/home
home "$h"
cp "$room/bin/mcp_client" "$h/work/"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "log": { "kind": "command", "workspace": "write",
  "argv": ["@TOOLS/mcp_server"], "env": { "LOG": "$WORKSPACE/log" }, "read": ["@TOOLS"], "resources": { "log": "/id" } } } }
J
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1",
  "rules": [ { "id": "log", "then": "allow", "when": { "tool": "log/log" }, "why": "test" } ] }
J
mkfifo "$h/said"
uid=$(id -u)

# The processes of this story, by the ledger or the parent they belong to.
victim() {
	case $1 in
	launcher) echo "$launcher" ;;
	broker) pgrep -P "$launcher" -x reeve-broker ;;
	recorder) pgrep -f "^reeve-recorder serve $(ledger_of "$h") " ;;
	esac
}

early=0
round=1
while [ "$round" -le "$rounds" ]; do
	case $((round % 3)) in 0) who=launcher ;; 1) who=broker ;; 2) who=recorder ;; esac
	calls=$(awk -v seed="$round" 'BEGIN { srand(seed * 7919); print int(rand() * 40) }')
	become "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- \
		./mcp_client /run/reeve/log.sock 4000 $((1 + round % 5)) log "r$round" >"$h/said" 2>>"$room/stderr" &
	launcher=$!
	{
		n=0
		while [ "$n" -le "$calls" ] && read -r _; do n=$((n + 1)); done
		pid=$(victim "$who")
		[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
		cat >/dev/null	# until nobody who inherited the pipe lives any more: the jail is gone
	} <"$h/said"
	wait "$launcher"
	status=$?
	case $who:$status in launcher:137 | broker:125 | recorder:125) ;; *) early=$((early + 1)) ;; esac
	round=$((round + 1))
done
equal "each of $rounds kills ended its run as it should" 0 "$early"

# One more run opens the ledger, and so closes what was left open.
fails 'after all that a run works' 0 as "$uid" "$h" "$reeve" run -- true
records "$h" >"$room/records"
sed -n 's/.*"kind":"intent".*"resource":"\(r[^"]*\)".*/\1/p' "$room/records" | sort >"$room/intended"
sort "$h/work/log" >"$room/done"
equal 'no effect without an intent' '' "$(comm -13 "$room/intended" "$room/done" | head)"
equal 'and effects there were' yes "$([ "$(wc -l <"$room/done")" -gt "$rounds" ] && echo yes)"
sed -n 's/.*"kind":"intent".*"n":\([0-9]*\).*/\1/p' "$room/records" | sort >"$room/opened"
sed -n 's/.*"intent":\([0-9]*\),.*"kind":"outcome".*/\1/p' "$room/records" | sort >"$room/closed"
equal 'every intent is closed, and once' "$(cat "$room/opened")" "$(cat "$room/closed")"
equal 'every run is closed' "$(grep -c '"kind":"run"' "$room/records")" "$(grep -c '"kind":"close"' "$room/records")"
says 'what was in flight is unknown' '"status":"unknown"' "$(cat "$room/records")"
fails 'the ledger is whole' 0 verify "$h"
finish
