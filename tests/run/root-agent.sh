#!/bin/sh
# A ledger whose root key an ssh-agent holds: it begins by one signature, goes on without, and believes no agent.
. "$(dirname "$0")/../lib.sh"
command -v ssh-agent >/dev/null && command -v ssh-add >/dev/null && command -v ssh-keygen >/dev/null || skip_all 'no ssh-agent: contrib/need check installs openssh-client as root'
command -v python3 >/dev/null || skip_all 'no python3 for agents that lie'
uid=$(id -u) h=$room/home agent=''
home "$h"
echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }' >"$h/etc/policy.json"
# shellcheck disable=SC2154 # in the trap
trap 'for p in $agent; do kill "$p" 2>/dev/null; done; wait; rm -rf "$story"' EXIT
for k in one two; do ssh-keygen -q -t ed25519 -N '' -C "$k" -f "$room/$k"; done
ssh-keygen -q -t rsa -b 2048 -N '' -C rsa -f "$room/rsa"
ssh-agent -D -a "$room/sock" >/dev/null 2>&1 &
agent=$!
until SSH_AUTH_SOCK=$room/sock ssh-add -q "$room/rsa" 2>/dev/null; do kill -0 $agent || break; done
add() { SSH_AUTH_SOCK=$room/sock ssh-add -q "$@" 2>/dev/null; }
print_of() { ssh-keygen -lf "$room/$1.pub" | cut -d' ' -f2; }
# init SOCKET WORD...: both outputs.
init() { sock=$1; shift; as "$uid" "$h" env SSH_AUTH_SOCK="$sock" "$reeve" init "$@" 2>&1; }
ledgers=$h/state/reeve/ledgers
none_made() { if [ ! -e "$ledgers/default/journal" ]; then ok "$1: no ledger was made"; else not_ok "$1: no ledger was made"; fi; }

says 'without an agent it says so' 'SSH_AUTH_SOCK is not set' "$(init '' --root ssh-agent)"
says 'nor one that is not there' 'No such file' "$(init "$room/nowhere" --root ssh-agent)"
says 'other words are refused' 'expected ssh-agent' "$(init "$room/sock" --root ssh)"
says 'an agent with keys of other kinds only has none' 'no ed25519 key' "$(init "$room/sock" --root ssh-agent)"
add "$room/one"; add "$room/two"
says 'of two one must be named' 'has 2 such keys: name one' "$(init "$room/sock" --root ssh-agent)"
says 'and one that it has not got is not taken' 'no ed25519 key SHA256:AAAA' "$(init "$room/sock" --root ssh-agent:SHA256:AAAA)"
says 'nor one of another kind' 'no ed25519 key SHA256' "$(init "$room/sock" --root "ssh-agent:$(print_of rsa)")"
none_made 'by any of these'

for how in other kind short tail empty more less many low megabyte ends refuses; do
	rm -f "$room/liar"
	mkfifo "$room/pipe"
	python3 "$top/tests/tools/agent_liar.py" "$room/liar" $how "$room/asked" >"$room/pipe" &
	agent="$agent $!"
	read -r _ <"$room/pipe"
	rm "$room/pipe"
	case $how in
	other | kind | short | tail | empty) say="not the key's signature" ;;
	more | many | less) say='list of keys cannot be read' ;;
	low) say="the ssh-agent's key" ;;
	megabyte) say='answers 1048576 bytes' ;;
	ends) say='hung up|reset' ;;
	refuses) say='refuses' ;;
	esac
	says "an agent of the kind \"$how\" makes no ledger" "$say" "$(init "$room/liar" --root ssh-agent)"
	[ $how != other ] || equal 'it was asked once for its keys and once for a signature' "$(xargs <"$room/asked")" '11 13'
done
none_made 'by any of those'

init "$room/sock" --root "ssh-agent:$(print_of two)" >"$room/said"
verifier=$(tail -n 1 "$room/said")
echo "$verifier" >"$room/root.pub"
says 'a ledger begins by the one that is named' '^reeve\.local/default/[0-9a-f]{16}\+' "$verifier"
equal 'its root is that key' "$(echo "$verifier" | cut -d+ -f3- | base64 -d | tail -c 32 | base64)" "$(cut -d' ' -f2 "$room/two.pub" | base64 -d | tail -c 32 | base64)"
[ ! -e "$h/state/reeve/keys/default.key" ] && ok 'no root key lies on the machine' || not_ok 'no root key lies on the machine'
equal 'its verifier key does' "$(cat "$h/state/reeve/keys/default.pub")" "$verifier"
kill "${agent%% *}"
wait "${agent%% *}" 2>/dev/null
equal 'with the agent gone init finds it' "$(init '' 2>/dev/null | tail -n 1)" "$verifier"
if have_userns; then
	as "$uid" "$h" "$reeve" run --policy ../etc/policy.json -- true >"$room/log" 2>&1 && ok 'and runs go on' || not_ok 'and runs go on' "$(cat "$room/log")"
	settled "$h"
	says 'which are recorded' '"close"' "$(records "$h")"
else
	skip 'runs go on' 'no user namespaces for this user'
	skip 'which are recorded' 'no user namespaces for this user'
fi
audit() { word=$1; shift; "$room/bin/reeve-audit" "$word" "$(ledger_of "$h")" "$@" --key "$room/root.pub"; }
holds 'the ledger is checked by the root alone' audit verify
holds 'published' audit publish "$room/site"
audit report >"$room/report.html" && grep -q '</html>' "$room/report.html" && ok 'and reported' || not_ok 'and reported'
"$room/bin/reeve-recorder" init "$room/o/l" "$room/o/k/t.key" t 3>&- >"$room/root.pub"
fails 'and by another root it is not' 4 audit verify
says 'a ledger that has its root in a file has no other' 'root in a file' "$("$room/bin/reeve-recorder" init "$room/o/l" "$room/o/k/t.key" t root=ssh-agent 2>&1 </dev/null)"
says 'and no recorder serves by an agent' 'is for init' "$("$room/bin/reeve-recorder" serve "$room/o/l" "$room/o/k/t.key" "$room/s" root=ssh-agent 2>&1 3>/dev/null </dev/null)"
finish
