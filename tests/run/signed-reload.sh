#!/bin/sh
# A policy that has to be signed is read again while a run goes on only as somebody signed it; else the old one stays.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v ssh-keygen >/dev/null || skip_all 'no ssh-keygen: contrib/need check installs openssh-client as root'
for uid in $(each_user); do
	h=$room/home$uid c=$room/home$uid/config/reeve
	home "$h" "$uid"
	mkdir -p "$c/policies" "$h/keys"
	d=$c/policies
	# rule THEN: the one file of the policy.  sign WHO: the folder, as it is.
	rule() { echo "{ \"reeve\": \"policy/1\", \"rules\": [ { \"id\": \"r\", \"then\": \"$1\", \"when\": { \"tool\": \"say/*\" } } ] }" >"$d/p.json"; }
	sign() {
		as "$(id -u)" "$h" "$reeve" policy sign "$d" --key "$h/keys/$1" >/dev/null 2>&1
		chmod -R a+rX "$d"
	}
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "say": { "kind": "exec", "tools": { "hello": { "description": "x", "argv": ["echo", "hello"] } } } } }
J
	for who in kim rob; do ssh-keygen -q -t ed25519 -N '' -C '' -f "$h/keys/$who"; done
	echo "kim namespaces=\"policy@reeve\" $(cat "$h/keys/kim.pub")" >"$c/allowed_signers"
	rule allow
	sign kim
	chmod -R a+rX "$h/etc" "$h/config"
	rm -f "$h/asks" "$h/said" "$h/told"
	mkfifo "$h/asks" "$h/said" "$h/told"
	become "$uid" "$h" "$reeve" run --signed --tools ../etc/tools.json -- \
		sh -c 'while read -r _; do reeve-call tool say/hello "{}" 2>&1; done; exit 0' <"$h/asks" >"$h/said" 2>"$h/told" &
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
	equal "uid $uid: a call is done by the policy that was signed" hello "$(ask)"
	rule refuse
	says 'one that was altered since is not taken' 'the old one stays in force: .*is not what was signed: p.json was altered' "$(again)"
	equal 'and the signed one is in force' hello "$(ask)"
	sign rob
	says 'nor one that somebody signed who may not' 'the old one stays in force: .*(is not a key of kim|no key of anybody who may sign)' "$(again)"
	equal 'and the signed one is in force still' hello "$(ask)"
	sign kim
	says 'one that who may has signed is taken' 'read again, and is in force' "$(again)"
	silent 'and what it refuses is not done' '^hello$' "$(ask)"
	rm "$d/policy.manifest.sig"
	says 'one without its signature is not' 'the old one stays in force: .*is not signed' "$(again)"
	silent 'and nothing is done' '^hello$' "$(ask)"
	exec 5>&-
	cat <&6 >/dev/null
	cat <&7 >/dev/null
	wait $pid
	equal "uid $uid: the run went on to its end" 0 $?
	settled "$h"
	says 'the record of the one that was taken says who signed it' '"policy_by":"kim SHA256:' "$(records "$h" | grep '"kind":"policy".*"status":"adopted"')"
	silent 'that of one that was not, nothing of it' 'policy_by' "$(records "$h" | grep '"kind":"policy".*"status":"kept"')"
	equal 'each time is a record' 4 "$(records "$h" | grep -c '"kind":"policy"')"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
