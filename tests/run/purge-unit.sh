#!/bin/sh
# The timer that destroys what is kept no longer: systemd reads both units as they stand, and what the service executes,
# executed as it stands, purges a day that is old enough and leaves the others.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
h=$room/home
uid=$(id -u)
home "$h" "$uid"
service=$top/contrib/systemd/reeve-purge.service timer=$top/contrib/systemd/reeve-purge.timer
if command -v systemd-analyze >/dev/null; then
	mkdir "$room/units"
	sed "s|^ExecStart=reeve |ExecStart=$reeve |" "$service" >"$room/units/reeve-purge.service"
	cp "$timer" "$room/units"
	silent 'systemd finds nothing wrong with the units' 'reeve-purge' "$(systemd-analyze verify --man=no "$room"/units/reeve-purge.* 2>&1)"
	says 'and goes by them once a day' 'Next elapse: .* 00:10:00 UTC|Next elapse' "$(systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$timer")" 2>&1)"
else
	skip 'systemd finds nothing wrong with the units' 'there is no systemd-analyze'
fi
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "pay": { "kind": "exec", "payloads": true, "tools": {
  "refund": { "description": "d", "argv": ["echo", "paid"], "params": {} } } } } }
J
echo '{ "reeve": "policy/1", "rules": [ { "id": "pay", "then": "allow", "when": { "tool": "pay/refund" } } ] }' >"$h/etc/policy.json"
as "$uid" "$h" reeve run --policy ../etc/policy.json --tools ../etc/tools.json -- reeve-call tool pay/refund '{}' >"$room/out" 2>&1
settled "$h"
unit() {
	# shellcheck disable=SC2046
	as "$uid" "$h" sh -c "$(sed -n 's/^ExecStart=//p' "$service") $*"
}
says 'what is young is kept' '^payloads +ok +2 as they were sealed, 0 purged' "$(unit >/dev/null 2>&1; settled "$h"; verify "$h")"
unit --before "$(date -u -d tomorrow +%F)" >"$room/purged" 2>&1
settled "$h"
says 'what is old enough is destroyed' 'destroyed$' "$(cat "$room/purged")"
says 'with the reason of the unit' 'what its class keeps is over' "$(records "$h" | jq -r 'select(.kind == "purge").why')"
says 'and the ledger verifies' '^payloads +ok +0 as they were sealed, 2 purged' "$(verify "$h")"
finish
