#!/bin/sh
# Runs of one tenant at the same time join one recorder and share one ledger; other tenants do not.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
uid=$(id -u) h=$room/home
home "$h"
mkfifo "$h/work/gate"
run() { as "$uid" "$h" "$reeve" run "$@" 2>>"$room/stderr"; }
recorders() { pgrep -fc "^reeve-recorder serve $h/"; }

run -- true
pids=
for i in 1 2 3 4; do
	become "$uid" "$h" "$reeve" run --task "t$i" -- sh -c 'echo ready; cat gate >/dev/null' >"$h/out$i" 2>>"$room/stderr" &
	pids="$pids $!"
done
become "$uid" "$h" "$reeve" run --tenant other -- sh -c 'echo ready; cat gate >/dev/null' >"$h/out5" 2>>"$room/stderr" &
pids="$pids $!"
for i in 1 2 3 4 5; do
	until grep -q ready "$h/out$i"; do kill -0 "${pids##* }" || break; done
done
equal 'four runs share one recorder, another tenant has its own' 2 "$(recorders)"
fails 'a ledger can be verified while it is written' 0 verify "$h"
fails 'a second recorder is turned away' 75 "$room/bin/reeve-recorder" serve "$(ledger_of "$h")" \
	"$h/state/reeve/keys/default.key" "$h/run/second" 3>/dev/null
exec 9<>"$h/work/gate"
exec 9>&-
for pid in $pids; do wait "$pid" || not_ok "run $pid ended with $?"; done
equal 'five runs in the ledger' 5 "$(records "$h" | grep -c '"kind":"run"')"
equal 'five closes' 5 "$(records "$h" | grep -c '"kind":"close"')"
fails 'the ledger is whole' 0 verify "$h"
equal 'the other tenant has one run' 1 "$("$room/bin/reeve-audit" show "$h/state/reeve/ledgers/other" --json | grep -c '"kind":"run"')"
finish
