#!/bin/sh
# What the agent finds, and what it does not, whoever started it. THREATS: out of the jail.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	mkdir -p "$h/.ssh" "$h/.aws"
	echo secret-key >"$h/.ssh/id_ed25519"
	echo secret-aws >"$h/.aws/credentials"
	chown -R "$uid:$uid" "$h/.ssh" "$h/.aws"
	# inside WHAT STATUS|"" PATTERN SCRIPT: what the script says in the jail matches.
	inside() { says "uid $uid: $1" "$2" "$(SECRET=leaked as "$uid" "$h" env TOKEN=leaked "$reeve" run -- sh -c "$3" 2>&1)"; }
	without() { silent "uid $uid: $1" "$2" "$(as "$uid" "$h" env TOKEN=leaked "$reeve" run --task do-not-tell -- sh -c "$3" 2>&1)"; }

	inside 'no ssh keys' 'No such file' 'cat ~/.ssh/id_ed25519'
	without 'no credentials anywhere in reach' 'secret-' 'cat ~/.aws/* ~/.ssh/* 2>&1; grep -rs secret- "$HOME" /run /tmp /etc 2>/dev/null'
	without 'nothing of the operator'"'"'s environment' 'leaked' 'env; cat /proc/*/environ 2>/dev/null | tr "\0" "\n"'
	inside 'the workspace can be written' 'wrote' 'echo x >file && echo wrote'
	inside 'a private home' 'wrote' 'echo x >~/.config-of-agent && echo wrote'
	equal "uid $uid: which leaves nothing outside" no "$([ -e "$h/.config-of-agent" ] && echo yes || echo no)"
	inside 'a private /tmp' 'wrote' 'echo x >/tmp/reeve-test-file && echo wrote'
	equal "uid $uid: which leaves nothing outside" no "$([ -e /tmp/reeve-test-file ] && echo yes || echo no)"
	inside 'the system is read-only' 'Read-only|denied' 'echo x >/usr/bin/x'
	inside 'no new file in the root' 'Read-only|denied' 'echo x >/x'
	inside 'no way to the ledger' 'No such file' "ls $h/state"
	inside 'no way up from the workspace' '^(work|tmp|run)?$' 'ls ..'
	inside 'core_pattern cannot be set' 'Read-only|denied' 'echo x >/proc/sys/kernel/core_pattern'
	inside 'sysrq-trigger cannot be used' 'Read-only|denied|No such|nonexistent' 'echo h >/proc/sysrq-trigger'
	inside 'only a handful of processes' '^[2-6]$' 'ls -d /proc/[0-9]* | wc -l'
	without 'no words of the operator' 'do-not-tell' "cat /proc/[0-9]*/cmdline"
	without 'no process of the host' 'reeve-broker|reeve-recorder' 'cat /proc/[0-9]*/comm'
	inside 'init cannot be traced' 'denied|not permitted|No such' 'cat /proc/1/mem 2>&1 | head -c 10; ls -l /proc/1/exe'
	inside 'only lo' '^lo$' 'sed -n "s/^ *\([a-z0-9]*\):.*/\1/p" /proc/net/dev | sort | tr -d " "'
	inside 'no way out of lo' 'unreachable' 'bash -c "echo >/dev/tcp/192.0.2.1/80"'
	inside 'no descriptor but the three' '^0 1 2$' 'echo $(ls /proc/self/fd | grep -vx 3)'
	inside 'no capability' '^CapEff:.0000000000000000$' 'grep CapEff /proc/self/status'
	inside 'none in the bounding set' '^CapBnd:.0000000000000000$' 'grep CapBnd /proc/self/status'
	inside 'no new privileges' '^NoNewPrivs:.1$' 'grep NoNewPrivs /proc/self/status'
	inside 'a seccomp filter' '^Seccomp:.2$' 'grep Seccomp: /proc/self/status'
	inside 'no new namespaces' 'not permitted|denied|not implemented' 'unshare -Ur true'
	inside 'no mounts' 'not permitted|denied|permission|superuser' 'mount -t tmpfs x /tmp'
	inside 'the sockets of the broker' 'all.sock' 'ls /run/reeve'
	inside 'reeve within reeve does not start' '(not found|No such|reeve:)' "$room/bin/reeve run -- true || reeve run -- true"
	without 'and has nothing to run' 'ran' "$room/bin/reeve run -- echo ran 2>/dev/null"
	fails "uid $uid: a stray descriptor does not get in" 0 as "$uid" "$h" sh -c 'exec 7</etc/hostname; exec "$0" run -- sh -c "[ ! -e /proc/self/fd/7 ]"' "$reeve"

	layers=$(records "$h" | grep '"kind":"run"' | head -n 1)
	for layer in user mount pid net ipc uts cgroup time landlock capabilities no_new_privs seccomp limits; do
		says "uid $uid: the first record says that $layer was obtained and tested" "\"$layer( abi-[0-9]+)? obtained tested\"" "$layers"
	done
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
