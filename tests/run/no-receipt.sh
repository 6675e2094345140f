#!/bin/sh
# No receipt, no effect: where nothing can be recorded no agent starts, and a running one is stopped.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
uid=$(id -u)
h=$room/home
new() { rm -rf "$h"; home "$h"; }
run() { as "$uid" "$h" "$reeve" run "$@"; }
nothing() { equal "$1: nothing was done" no "$([ -e "$h/work/started" ] && echo yes || echo no)"; }

new
run -- true 2>/dev/null
settled "$h"
chmod 644 "$h/state/reeve/keys/default.epoch"
fails 'a key that others may read' 125 run -- touch started
says 'it says what to do' 'chmod 600|0600' "$said"
nothing 'a key that others may read'

new
run -- true 2>/dev/null
settled "$h"
rm "$h/state/reeve/keys/default.epoch"
fails 'a ledger whose key is gone' 125 run -- touch started
nothing 'a ledger whose key is gone'

new
run -- true 2>/dev/null
settled "$h"
mv "$(ledger_of "$h")" "$h/elsewhere"
fails 'a key whose ledger is gone' 125 run -- touch started
nothing 'a key whose ledger is gone'

new
mkdir -p "$h/state/reeve/ledgers"
echo x >"$(ledger_of "$h")"
fails 'a file where the ledger should be' 125 run -- touch started
nothing 'a file where the ledger should be'

new
run -- true 2>/dev/null
settled "$h"
size=$(stat -c %s "$(ledger_of "$h")/journal")
truncate -s $((size - 200)) "$(ledger_of "$h")/journal"
fails 'a ledger cut by hand' 125 run -- touch started
says 'it names the index' '[0-9]' "$said"
nothing 'a ledger cut by hand'

# A disk of its own, in a mount namespace of its own, that fills up under a running agent.
if unshare -Urm true 2>/dev/null; then
	new
	cp "$room/bin/mcp_client" "$h/work/"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "log": { "kind": "command", "workspace": "write",
  "argv": ["@TOOLS/mcp_server"], "env": { "LOG": "$WORKSPACE/log" }, "read": ["@TOOLS"], "resources": { "log": "/id" } } } }
J
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "log", "then": "allow", "when": { "tool": "log/log" } } ] }' >"$h/etc/policy.json"
	cat >"$h/full.sh" <<J
mkdir -p $h/state && mount -t tmpfs -o size=7m,mode=700 reeve $h/state || exit 99
cd $h/work
env -i HOME=$h PATH=$room/bin:$PATH XDG_STATE_HOME=$h/state XDG_RUNTIME_DIR=$h/run $reeve run \\
	--policy ../etc/policy.json --tools ../etc/tools.json -- ./mcp_client /run/reeve/log.sock 100000 8 log full >$h/answers
echo \$? >$h/status
cp -r $h/state/reeve $h/copy
J
	unshare -Urm sh "$h/full.sh" 2>"$h/stderr"
	equal 'a disk that fills up stops the run' 125 "$(cat "$h/status")"
	says 'it says why' 'space|full' "$(cat "$h/stderr")"
	mkdir -p "$h/state/reeve"
	cp -r "$h/copy"/* "$h/state/reeve/"
	"$room/bin/reeve-audit" show "$(ledger_of "$h")" --json >"$room/records"
	sed -n 's/.*"kind":"intent".*"resource":"\(full[^"]*\)".*/\1/p' "$room/records" | sort >"$room/intended"
	sort "$h/work/log" >"$room/done"
	equal 'no effect without an intent' '' "$(comm -13 "$room/intended" "$room/done" | head -3)"
	equal 'and effects there were' yes "$([ "$(wc -l <"$room/done")" -gt 100 ] && echo yes)"
	says 'the close found room in the reserve' '"kind":"close"' "$(tail -n 1 "$room/records")"
	fails 'and the ledger is whole' 0 verify "$h"
	new
	mkdir -p "$h/state"
	cat >"$h/tiny.sh" <<J
mount -t tmpfs -o size=64k,mode=700 reeve $h/state || exit 99
cd $h/work
env -i HOME=$h PATH=$PATH XDG_STATE_HOME=$h/state XDG_RUNTIME_DIR=$h/run $reeve run -- touch started
J
	fails 'a disk that is full from the first' 125 unshare -Urm sh "$h/tiny.sh"
	nothing 'a disk that is full from the first'
	sed -i 's/size=64k/ro/' "$h/tiny.sh"
	fails 'a read-only state directory' 125 unshare -Urm sh "$h/tiny.sh"
	nothing 'a read-only state directory'
else
	skip 'a disk that fills up' 'no mount namespace for this user'
fi
finish
