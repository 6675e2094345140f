#!/bin/sh
# SIGHUP reads the policy again while a run goes on: all of it, or the old one stays; recorded either way.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	mkdir -p "$h/etc/policy"
	# rule THEN: the one file of the policy.
	rule() { echo "{ \"reeve\": \"policy/1\", \"layer\": \"action\", \"version\": \"1\", \"rules\": [ { \"id\": \"r\", \"then\": \"$1\", \"when\": { \"tool\": \"say/*\" } } ] }" >"$h/etc/policy/p.json"; }
	digest() { printf 'p sha256:%s\n' "$(sha256sum <"$h/etc/policy/p.json" | cut -d' ' -f1)" | sha256sum | cut -d' ' -f1; }
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "say": { "kind": "exec", "tools": { "hello": { "description": "x", "argv": ["echo", "hello"] } } } } }
J
	rule allow
	first=$(digest)
	chmod -R a+rX "$h/etc"
	rm -f "$h/asks" "$h/said" "$h/told"
	mkfifo "$h/asks" "$h/said" "$h/told"
	become "$uid" "$h" "$reeve" run --policy ../etc/policy --tools ../etc/tools.json -- \
		sh -c 'while read -r _; do reeve-call tool say/hello "{}" 2>&1; done' <"$h/asks" >"$h/said" 2>"$h/told" &
	pid=$!
	exec 5>"$h/asks" 6<"$h/said" 7<"$h/told"
	# ask: what the agent is answered.  again: SIGHUP, and the line that the operator is told.
	ask() {
		echo >&5
		read -r line <&6
		echo "$line"
	}
	again() {
		kill -HUP "$pid"
		while read -r line <&7; do
			case $line in *'policy was read again'*) echo "$line"; break ;; esac
		done
	}
	equal "uid $uid: a call is done by the policy of the start" hello "$(ask)"
	rule refuse
	second=$(digest)
	says 'a policy that was changed is in force when it was read again' 'read again, and is in force' "$(again)"
	silent 'and what it refuses is not done' '^hello$' "$(ask)"
	echo '{ "reeve": "policy/1", "layer": "action", ' >"$h/etc/policy/p.json"
	says 'one that cannot be read changes nothing' 'the old one stays in force: .*p.json:2:1' "$(again)"
	silent 'and the one before it still refuses' '^hello$' "$(ask)"
	rule wish
	says 'nor does one that is wrong' 'the old one stays in force: .*p.json:1:[0-9]+' "$(again)"
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "r", "then": "review", "review": { "by": ["nobody"], "within": "1m" }, "when": { "tool": "say/*" } } ] }' >"$h/etc/policy/p.json"
	says 'nor does one that asks somebody who is not there' 'the old one stays in force: .*p.json:1:' "$(again)"
	rule allow
	says 'what was wrong can be mended' 'read again, and is in force' "$(again)"
	equal 'and the call is done again' hello "$(ask)"
	exec 5>&-
	cat <&6 >/dev/null
	cat <&7 >/dev/null
	wait $pid
	equal "uid $uid: the run went on to its end" 0 $?
	settled "$h"
	policies=$(records "$h" | grep '"kind":"policy"')
	equal 'each time is a record' 5 "$(printf '%s\n' "$policies" | wc -l)"
	says 'of the one that was taken, its digest' "\"policy\":\"sha256:$second\"" "$(printf '%s\n' "$policies" | sed -n 1p)"
	says 'of the one that was not, why' '"why":".*p.json:2:1' "$(printf '%s\n' "$policies" | sed -n 2p)"
	says 'and of the last, the first' "\"policy\":\"sha256:$first\"" "$(printf '%s\n' "$policies" | sed -n 5p)"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
