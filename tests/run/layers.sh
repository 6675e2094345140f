#!/bin/sh
# Nothing is silently weaker: a layer that cannot be had stops the run, unless it was named as
# dispensable, and then the ledger says so. Layers are made scarce in a user namespace of our own.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
h=$room/home uid=$(id -u)
home "$h"
unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_uts_namespaces' 2>/dev/null || skip_all 'namespaces cannot be made scarce here'

# scarce LAYER ARG...: reeve run where no namespace of that kind is left.
scarce() {
	kind=$1
	shift
	(cd "$h/work" && unshare -Ur sh -c 'echo 0 >"/proc/sys/user/max_$1_namespaces"; shift; exec "$@"' sh "$kind" \
		env -i HOME="$h" PATH="$room/bin:$PATH" XDG_STATE_HOME="$h/state" XDG_RUNTIME_DIR="$h/run" "$reeve" run "$@")
}
for layer in uts ipc cgroup net time; do
	rm -f "$h/work/started"
	fails "without $layer to be had no agent starts" 125 scarce $layer -- touch started
	says "and it says how to go on" 'without|raise' "$said"
	equal "and nothing was done" no "$([ -e "$h/work/started" ] && echo yes || echo no)"
done
for layer in uts ipc cgroup time; do
	fails "with --without=$layer it does" 0 scarce $layer --without=$layer -- true
	says "and the ledger says that it is missing" "\"$layer given-up untested\"" "$(records "$h" | grep '"kind":"run"' | tail -n 1)"
done
fails 'another layer named does not help' 125 scarce uts --without=ipc -- true
fails 'what can be had is had, also when it was named' 0 as "$uid" "$h" "$reeve" run --without=uts -- true
says 'and the ledger says so' '"uts obtained tested"' "$(records "$h" | grep '"kind":"run"' | tail -n 1)"
fails 'a layer nobody knows' 2 as "$uid" "$h" "$reeve" run --without=magic -- true
fails 'the ledger is whole' 0 verify "$h"
finish
