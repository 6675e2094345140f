#!/bin/sh
# A container's seccomp file as it is: programs run under it, what it refuses is recorded, ours holds beneath.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
debian=/usr/share/containers/seccomp.json
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	mkdir -p "$h/config/reeve/profiles"
	run() { as "$uid" "$h" "$reeve" run "$@"; }
	inside() { says "uid $uid: $1" "$2" "$(run --profile ../etc/p.json -- sh -c "$3" 2>&1)"; }
	list() { cat >"$h/etc/list.json"; }
	echo "{ \"reeve\": \"profile/1\", \"extends\": \"$story/profiles/agent.json\", \"seccomp\": { \"oci\": \"list.json\" } }" >"$h/etc/p.json"
	chown -R "$uid:$uid" "$h"
	as "$uid" "$h" sh -c 'git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first'

	if [ -r "$debian" ]; then
		cp "$debian" "$h/etc/list.json"
		inside 'a shell runs under the file of Debian' '^6$' 'echo $((1 + 2 + 3)) | cat'
		inside 'and git' '^second$' 'echo x >f; git add f; git -c user.name=a -c user.email=a@b commit -q -m second; git log --format=%s -1'
		command -v node >/dev/null && inside 'and node' '^node 42$' 'node -e "setTimeout(() => console.log(\"node\", 42), 1)"'
		inside 'and python, with threads' '^done$' 'python3 -c "import threading; t = threading.Thread(target=print, args=(\"done\",)); t.start(); t.join()"'
		inside 'what it allows and ours does not is refused' 'EPERM' 'python3 -c "
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
print(libc.unshare(0), errno.errorcode[ctypes.get_errno()])"'
		says "uid $uid: and recorded" '"call":"unshare".*"errno":"EPERM"' "$(records "$h")"
		out=$(run --profile ../etc/p.json -- python3 -c 'import ctypes; ctypes.CDLL(None).personality(7)' 2>&1)
		says "uid $uid: what only it refuses is recorded" '"args":\["0x7",.*"call":"personality".*"errno":"ENOSYS"' "$(records "$h" | tail -3)"
		out=$(as "$uid" "$h" "$reeve" profile import --name boxed --extends "$story/profiles/agent.json" "$debian" 2>"$h/said" | tee "$h/config/reeve/profiles/boxed.json")
		says "uid $uid: import prints a profile" '"oci": "/usr/share/containers/seccomp.json"' "$out"
		says "uid $uid: and says what is left out" '^35 entries, 13 of them left out' "$(cat "$h/said")"
		says "uid $uid: what is no call here" 'skipped: .*s390_pci_mmio_read' "$(cat "$h/said")"
		says "uid $uid: and what is refused all the same" '^still refused, whatever it says:.* unshare' "$(cat "$h/said")"
		says "uid $uid: which can be used by its name" '^imported$' "$(run --profile boxed -- echo imported 2>&1)"
		says "uid $uid: and is in the record" '"profile":"boxed sha256:' "$(records "$h" | tail -2)"
	else
		skip "uid $uid: the file of Debian" "$debian is not there: contrib/need check installs it"
	fi

	# Names are protected and x32 is refused beneath a list that allows everything.
	list <<'J'
{ "defaultAction": "SCMP_ACT_ALLOW", "architectures": [ "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_X86" ] }
J
	inside 'a list that allows all: names stay protected' 'cannot create .envrc' 'echo x >.envrc'
	inside 'and namespaces' 'not permitted' 'unshare -U true'
	inside 'and the terminal' 'Errno 1' 'python3 -c "
import fcntl
try: fcntl.ioctl(0, 0x5412, b\"x\")
except OSError as e: print(e)" </dev/null'
	inside 'and no file lends our uid to whoever runs it outside' '^-1 -1 0 no$' 'python3 -c "
import ctypes, os
libc = ctypes.CDLL(None)
open(\"lent\", \"w\").close()
print(libc.syscall(452, -100, b\"lent\", 0o4755, 0), libc.chmod(b\"lent\", 0o4755), libc.syscall(452, -100, b\"lent\", 0o700, 0),
      \"yes\" if os.stat(\"lent\").st_mode & 0o4000 else \"no\")"'
	[ "$(uname -m)" != x86_64 ] || inside 'and foreign entry' '^-1 38$' 'python3 -c "
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(0x40000027), ctypes.get_errno())"'
	inside 'what ours merely does not know it may allow' '^0$' 'python3 -c "
import ctypes
print(ctypes.CDLL(None).syscall(453 + 9, 0, 0, 0))"'

	# A list that kills.
	list <<'J'
{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
  { "names": [ "getpriority" ], "action": "SCMP_ACT_KILL" }, { "names": [ "sethostname" ], "action": "SCMP_ACT_TRAP" },
  { "names": [ "unshare", "socket" ], "action": "SCMP_ACT_KILL_PROCESS" } ] }
J
	inside 'what it kills is killed' '^159$' 'nice -n 0 true; nice >/dev/null; echo $?'
	inside 'what it traps is trapped' '^159$' 'python3 -c "import ctypes; ctypes.CDLL(None).sethostname(b\"x\", 1)"; echo $?'
	inside 'and all else goes on' '^fine$' 'echo fine'

	# What is wrong is told with its place, and nothing starts.
	bad() {
		out=$(run --profile ../etc/p.json -- touch started 2>&1)
		got=$?
		equal "uid $uid: $1: nothing started" "2 no" "$got $([ -e "$h/work/started" ] && echo yes || echo no)"
		says "uid $uid: $1: where" "$2" "$out"
	}
	echo '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": [ "read" ], "action": "SCMP_ACT_NOTIFY" } ] }' | list
	bad 'a listener' 'list.json:1:85: SCMP_ACT_NOTIFY'
	echo '{ "defaultAction": "SCMP_ACT_ALLOW" ' | list
	bad 'half a file' 'list.json:2:1: expected'
	rm "$h/etc/list.json"
	bad 'no file' 'p.json:1:[0-9]*: expected a seccomp file that can be read'
	fails "uid $uid: import of no file" 2 as "$uid" "$h" "$reeve" profile import nowhere.json
	cp "$debian" "$h/work/list.json" 2>/dev/null || echo '{ "defaultAction": "SCMP_ACT_ALLOW" }' >"$h/work/list.json"
	sed -i 's|"list.json"|"../work/list.json"|' "$h/etc/p.json"
	bad 'a list that the agent could change' 'by which the agent is judged'
	verify "$h" >/dev/null
	equal "uid $uid: the ledger is whole" 0 $?
done
finish
