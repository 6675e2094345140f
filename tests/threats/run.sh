#!/bin/sh
# Every family of hostile attempts, inside a jail, as each user: what it meets, and what the ledger says of it.
# The rows are in the programs; threat.h says how they are told.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../threats-lib.sh"
have_userns || skip_all 'no user namespaces for this user'

# What an operator's session may hold: each value one that must not be found inside.
loaded="env LD_PRELOAD=$room/bin/eio.so LD_LIBRARY_PATH=/from-outside LD_AUDIT= GLIBC_TUNABLES= NODE_OPTIONS=from-outside
	BUN_OPTIONS=from-outside PYTHONSTARTUP=from-outside PYTHONPATH=from-outside BASH_ENV=from-outside ENV=from-outside
	GIT_SSH_COMMAND=from-outside GIT_CONFIG_COUNT=0 GIT_EXEC_PATH=from-outside PERL5OPT=from-outside
	RUBYOPT=from-outside JAVA_TOOL_OPTIONS=from-outside ALL_PROXY=socks5://from-outside HTTPS_PROXY=from-outside
	SSH_AUTH_SOCK=from-outside DBUS_SESSION_BUS_ADDRESS=from-outside DISPLAY=from-outside
	AWS_SECRET_ACCESS_KEY=from-outside"

# Programs with privilege of their own, where this user can make them.
leave_privileged() {
	cp "$room/bin/privilege" "$h/work/setuid"
	chmod 6755 "$h/work/setuid"
	cp "$room/bin/privilege" "$h/work/capable"
	setcap all+eip "$h/work/capable" 2>/dev/null || rm "$h/work/capable"
}
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	leave_privileged
	for program in $(grep -l threat_main "$(dirname "$0")"/*.c); do
		family=$(basename "$program" .c)
		case $family in
		protected | notify_toctou | mediated | emptied | reach) continue ;; # stories of their own
		environment) with=$loaded ;;
		*) with= ;;
		esac
		heard=
		[ "$family" = network ] && heard=--network
		as "$uid" "$h" cp "$room/bin/$family" .
		# shellcheck disable=SC2086
		attack "$family" $with "$room/bin/outside" "$reeve" run $heard -- "./$family"
		rm "$h/work/$family"
	done
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
