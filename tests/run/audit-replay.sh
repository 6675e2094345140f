#!/bin/sh
# A run as its agent lived it: what it asked and got, from the vault while that is kept, each held against what its record
# committed to; and every decision judged again by the policy of that day, though the operator's is another by now.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
h=$room/home
uid=$(id -u)
home "$h" "$uid"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "pay": { "kind": "exec", "payloads": true, "tools": {
  "refund": { "description": "d", "argv": ["echo", "paid", "{to}"], "resource": "/to", "params": { "to": { "type": "string" } } } } } } }
J
policy() {
	cat >"$h/etc/policy.json" <<J
{ "reeve": "policy/1", "rules": [ { "id": "pay", "then": "allow", "when": { "tool": "pay/refund", "args": { "/to": { "equal": "$1" } } } } ] }
J
}
run() {
	as "$uid" "$h" reeve run --policy ../etc/policy.json --tools ../etc/tools.json -- sh -c \
		'for to in ann "$(printf "\033[31mred")"; do reeve-call tool pay/refund "$(printf "%s" "$to" | jq -Rs "{to: .}")"; done' >"$room/out" 2>&1
	settled "$h"
}
replay() { as "$uid" "$h" reeve audit replay "$@" 2>&1; }
policy ann
run
first=$(records "$h" | jq -r 'select(.kind == "run").n')
policy nobody

said=$(replay "$first" --why 'ticket 4711')
says 'what was asked' 'asked .*"arguments":\{"to":"ann"\}' "$said"
says 'and what came back' 'got .*paid ann' "$said"
says 'what was refused is there, too' 'refuse' "$said"
says 'judged again by the policy of that day' 'by the policy of that day: [12] decided alike, 0 otherwise' "$said"
says 'with the ledger proved first' '3 payloads shown, 0 not.*proved: reeve.local/default/' "$(echo "$said" | tr '\n' ' ')"
silent 'what an agent wrote does nothing to the terminal' "$(printf '\033')\\[31m" "$said"
settled "$h"
equal 'that payloads were looked at is recorded, and why' 'ticket 4711' "$(records "$h" | jq -r 'select(.kind == "access").why' | head -n 1)"
says 'the last run is found by that word' 'paid ann' "$(replay last)"
equal 'as JSON: one line a record, with its payload' 3 "$(replay "$first" --json | grep -c '^{"record":.*"payload":')"
fails 'what is no run says so' 3 replay $((first + 1))
says 'and how' 'there is no run' "$(replay $((first + 1)))"

# An outsider gets the ledger and the payloads, and believes neither.
settled "$h"
ledger=$(ledger_of "$h")
last=$(records "$h" | tail -n 1 | jq .n)
as "$uid" "$h" reeve ledger reveal "$first-$last" --why 'for the auditor' --json >"$room/payloads" 2>&1
settled "$h"
audit() { "$room/bin/reeve-audit" replay "$ledger" "$first" --payloads "$1" --key "$h/state/reeve/keys/default.pub" 2>&1; }
says 'the auditor holds them against their commitments' '3 payloads shown, 0 not' "$(audit "$room/payloads")"
sed 's/paid ann/paid bob/' "$room/payloads" >"$room/forged"
says 'a payload that was altered' 'its bytes: NOT what the record committed to' "$(audit "$room/forged")"
fails 'is exit 1' 1 audit "$room/forged"
sed 's/"salt":"../"salt":"00/' "$room/payloads" >"$room/salted"
says 'under another salt' 'NOT what the record committed to' "$(audit "$room/salted")"
sed 1d "$room/payloads" >"$room/less"
says 'one that was not given' 'not given' "$(audit "$room/less")"
echo '{"record":"x"}' >"$room/wrong"
says 'what is no such file' 'line 1: expected what reeve ledger reveal --json prints' "$(audit "$room/wrong")"

# For who may know that something was asked, and not with which words.
redacted=$(as "$uid" "$h" reeve ledger reveal "$first-$last" --why 'for the press' --redact --show /params/name)
settled "$h"
says 'redacted: its shape, the name that was asked for, and sizes' '"params":\{.*"name":"refund".*"to":"\[3 bytes\]"' "$redacted"
says 'an answer that is no JSON is its size' '"redacted":"\[0 bytes\]","size":9' "$redacted"
silent 'no word, and no salt by which a dictionary could find it' 'ann|paid|salt' "$redacted"
fails 'what is left is asked for by a pointer' 2 as "$uid" "$h" reeve ledger reveal 1 --why x --redact --show name
fails 'and only where something is taken out' 2 as "$uid" "$h" reeve ledger reveal 1 --why x --show /params

# The policy that was kept is believed by its digest alone.
kept=$(ls "$h"/state/reeve/policies/*.json | head -n 1)
as "$uid" "$h" sed -i 's/ann/eve/' "$kept"
says 'a kept policy that was altered' 'altered: it is not the policy that the ledger names' "$(replay "$first")"
rm "$kept"
says 'one that is gone' 'is not kept here' "$(replay "$first")"

# What cannot be kept could not be judged again: then there is no run.
mv "$h/state/reeve/policies" "$h/state/reeve/policies.away"
as "$uid" "$h" touch "$h/state/reeve/policies"
fails 'no run whose policy cannot be kept' 125 as "$uid" "$h" reeve run --policy ../etc/policy.json -- true
says 'and it is said why' 'keep the policy: ' "$(as "$uid" "$h" reeve run --policy ../etc/policy.json -- true 2>&1)"
rm "$h/state/reeve/policies"
mv "$h/state/reeve/policies.away" "$h/state/reeve/policies"

as "$uid" "$h" reeve ledger purge --before 2200-01-01 >"$room/purged" 2>&1
says 'what was purged is told as purged' 'its bytes: its key was destroyed' "$(replay "$first")"
finish
