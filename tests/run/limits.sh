#!/bin/sh
# What a jail may use up, and that using it up ends inside: the agent is told or ended, the run ends as any run
# does, its ledger is whole, and nobody outside notices.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python=/usr/bin/python3
[ -x "$python" ] || skip_all 'no python3'
release=$(uname -r)
major=${release%%.*} minor=${release#*.}
minor=${minor%%[!0-9]*}
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$top/tests/tools/exhaust.py" "$h/work/"
	profile() {
		printf '{ "reeve": "profile/1", "read": ["/usr"], "maybe_read": ["/bin", "/lib", "/lib64"],\n"limits": { %s } }\n' "$2" >"$h/etc/$1.json"
		chmod 644 "$h/etc/$1.json"
	}
	profile all '"processes": 310, "open_files": 32, "file_size": "1M", "tmp": "4M", "shm": "2M", "files": 200, "memory": "512M", "cpu": 50'
	profile space '"tmp": "4M", "shm": "2M"'
	profile memory '"address_space": "512M"'
	profile none '"open_files": 4096'
	profile require '"memory": "512M", "require": "cgroup"'
	run() { as "$uid" "$h" "$reeve" run --profile "$h/etc/$1.json" $3 -- "$python" -B exhaust.py "$2" 2>&1 </dev/null; }
	takes() { says "uid $uid: $1" "$2" "$(run "$3" "$4" ''; echo "status $?")"; }

	takes 'descriptors end with EMFILE' '^2[0-9] then EMFILE$' all descriptors
	takes 'names in /tmp end with ENOSPC' '^19[0-9] then ENOSPC$' all files
	takes '/dev/shm ends with ENOSPC' '^32 then ENOSPC$' space shm
	takes '/tmp ends with ENOSPC' '^64 then ENOSPC$' space tmp
	takes 'a file in the workspace ends with EFBIG' '^16 then EFBIG$' all file
	takes 'memory that one process reserves ends' 'then MemoryError$' memory memory
	takes 'and without a limit does not' '^2048 and more$' none memory
	takes 'nor do descriptors' '^[0-9]{4} then EMFILE$' none descriptors
	profile small '"tmp": "1M", "shm": "1M"'
	takes '/tmp alone' '^16 then ENOSPC$' small tmp
	takes '$HOME alone' '^16 then ENOSPC$' small home
	takes '/tmp has a bound that nobody gave it' '^status 0$' none tmp

	# Processes: all there may be, then somebody outside starts one, then the end.
	mkfifo "$h/work/in"
	for limits in all none; do
		(become "$uid" "$h" "$reeve" run --profile "$h/etc/$limits.json" -- "$python" -B exhaust.py processes <"$h/work/in" >"$h/work/out" 2>/dev/null) &
		exec 9>"$h/work/in"
		until grep -q full "$h/work/out" 2>/dev/null || ! kill -0 $! 2>/dev/null; do :; done
		if [ $limits = all ]; then fails "uid $uid: outside there is room" 0 as "$uid" "$h" sh -c 'for i in 1 2 3 4 5 6 7 8; do (: | :); done'; fi
		exec 9>&-
		wait $!
		cat "$h/work/out" >"$h/work/$limits.out"
		rm "$h/work/out"
	done
	holder=$(records "$h" | sed -n 's/.*"limits":\[[^]]*"processes \([a-z_]*\)".*/\1/p' | tail -n 1)
	case $holder in
	none) skip "uid $uid: processes end with EAGAIN" "nothing holds uid 0 to a number of processes: no cgroup, and Linux $release has one pid_max for all" ;;
	*) says "uid $uid: processes end with EAGAIN ($holder)" '^(2[0-9][0-9]|30[0-9]) then EAGAIN$' "$(cat "$h/work/all.out")" ;;
	esac
	says "uid $uid: and without a limit do not" '^1000 and more$' "$(cat "$h/work/none.out")"
	if [ "$major" -gt 6 ] || { [ "$major" = 6 ] && [ "$minor" -ge 14 ]; }; then
		says "uid $uid: the pid namespace or a cgroup holds processes" '^(pid_max|cgroup)$' "$holder"
	fi
	before=$(cat /proc/sys/kernel/pid_max)
	mark=bomb-$$-$uid
	fails "uid $uid: a fork bomb ends with the run" 124 as "$uid" "$h" "$reeve" run --profile "$h/etc/all.json" --timeout 1 -- "$python" -B exhaust.py bomb $mark
	equal "uid $uid: and nothing of it is left" '' "$(pgrep -f "^$python .*$mark")"
	equal "uid $uid: the machine's own bound is as it was" "$before" "$(cat /proc/sys/kernel/pid_max)"

	mark=deaf-$$-$uid
	fails "uid $uid: out of time, deaf to SIGTERM, and many" 124 as "$uid" "$h" "$reeve" run --timeout 1 -- sh -c 'trap "" TERM; for i in 1 2 3 4; do sh -c "trap \"\" TERM; while :; do :; done" '$mark' & done; while :; do :; done'
	equal "uid $uid: and none of them is left" '' "$(pgrep -f "^sh -c.*$mark")"

	# The cgroup: for real where one was delegated to whoever runs this.
	said=$(records "$h" | grep '"limits":\[.*"cpu ' | tail -n 1)
	says "uid $uid: the record says who holds memory" '"memory (cgroup|none)"' "$said"
	says "uid $uid: who holds cpu" '"cpu (cgroup|none)"' "$said"
	says "uid $uid: and who holds the rest" '"open_files rlimit","file_size rlimit","tmp tmpfs","files tmpfs","shm tmpfs"' "$said"
	case $said in
	*'"memory cgroup"'*)
		fails "uid $uid: memory of many together ends the jail" 137 as "$uid" "$h" "$reeve" run --profile "$h/etc/all.json" -- "$python" -B exhaust.py together
		fails "uid $uid: what is required is there" 0 as "$uid" "$h" "$reeve" run --profile "$h/etc/require.json" -- true
		equal "uid $uid: no group is left" '' "$(find /sys/fs/cgroup -maxdepth 6 -name 'reeve-run-*' 2>/dev/null)"
		;;
	*)
		skip "uid $uid: memory of many together ends the jail" 'no cgroup v2 with the memory controller was delegated to us'
		said=$(as "$uid" "$h" "$reeve" run --profile "$h/etc/require.json" -- touch started 2>&1; echo "status $?")
		says "uid $uid: what is required and cannot be had stops the run" 'limits: the profile requires a cgroup, but .*: start reeve with' "$said"
		says "uid $uid: with status 125" '^status 125$' "$said"
		equal "uid $uid: before anything started" no "$([ -e "$h/work/started" ] && echo yes || echo no)"
		;;
	esac
	says "uid $uid: the ledger is whole" 'whole|ok|true' "$(verify "$h" 2>&1)"
done
finish
