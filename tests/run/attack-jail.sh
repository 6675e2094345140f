#!/bin/sh
# Calls a hostile program makes from inside, by number where libc would be polite.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python=/usr/bin/python3
[ -x "$python" ] || skip_all 'no python3'
[ "$(uname -m)" = x86_64 ] || skip_all 'numbers of x86_64'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cat >"$h/work/try.py" <<'P'
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    ctypes.set_errno(0)
    got = libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    print(name, "worked" if got >= 0 else errno.errorcode[ctypes.get_errno()])
    return got
def sock(name, *args):
    try: socket.socket(*args); print(name, "worked")
    except OSError as e: print(name, errno.errorcode[e.errno])
text = lambda v: ctypes.create_string_buffer(v)
call("TIOCSTI", 16, 0, 0x5412, text(b"x"))
call("TIOCSTI-high", 16, 0, 0x5412 | (7 << 32), text(b"x"))
call("TIOCLINUX-high", 16, 0, 0x541c | (1 << 40), text(b"\3"))
call("ptrace", 101, 16, 1, 0, 0)
call("process_vm_readv", 310, 1, 0, 0, 0, 0, 0)
call("pidfd_getfd", 438, 0, 0, 0)
call("unshare", 272, 0x10000000)
call("clone-newuser", 56, 0x10000000 | 17, 0, 0, 0, 0)
call("clone-newuser-high", 56, 0x10000000 | 17 | (1 << 33), 0, 0, 0, 0)
call("clone3", 435, text(bytes(88)), 88)
call("setns", 308, 0, 0)
call("mount", 165, text(b"none"), text(b"/tmp"), text(b"tmpfs"), 0, 0)
call("umount2", 166, text(b"/proc"), 2)
call("open_tree", 428, -100, text(b"/"), 1)
call("mount_setattr", 442, -100, text(b"/usr"), 0, text(bytes(32)), 32)
call("chroot", 161, text(b"/tmp"))
call("io_uring_setup", 425, 8, text(bytes(120)))
call("bpf", 321, 0, text(bytes(128)), 128)
call("userfaultfd", 323, 1)
call("perf_event_open", 298, text(bytes(120)), 0, -1, -1, 0)
call("keyctl", 250, 0, -3, 0)
call("open_by_handle_at", 304, -100, text(bytes(64)), 0)
call("x32-getpid", 0x40000000 | 39)
call("personality", 135, 8)
call("kexec_load", 246, 0, 0, 0, 0)
call("init_module", 175, 0, 0, text(b""))
call("mknod-device", 133, text(b"dev"), 0o60600, 0x800)
call("prlimit-raise", 302, 0, 4, text((1).to_bytes(8, "little") * 2), 0)
call("setuid", 105, 1)
call("kill-init", 62, 1, 9); call("stop-init", 62, 1, 19)
call("sethostname", 170, text(b"x"), 1)
sock("AF_VSOCK", 40, 1, 0); sock("AF_ALG", 38, 5, 0); sock("AF_PACKET", 17, 3, 0); sock("AF_XDP", 44, 3, 0)
sock("AF_TIPC", 30, 5, 0); sock("MPTCP", 2, 1, 262); sock("SCTP", 2, 1, 132); sock("ICMP", 2, 2, 1); sock("RAW", 2, 3, 255)
sock("UEVENT", 16, 3, 15); sock("SCTP-by-0", 2, 5, 0)
for p in ("/proc/1/environ", "/proc/1/mem", "/proc/1/maps", "/proc/1/root/etc", "/proc/1/fd/3", "/proc/1/cwd"):
    try: os.listdir(p) if p.endswith(("etc", "cwd")) else open(p, "rb").read(1); print(p, "worked")
    except OSError as e: print(p, errno.errorcode[e.errno])
for p in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/usr/x", "/x", "/dev/x", "/run/reeve/bin/reeve-call", "/proc/self/oom_score_adj"):
    try: open(p, "wb").write(b"x"); print(p, "written")
    except OSError as e: print(p, errno.errorcode[e.errno])
print("init", open("/proc/1/cmdline", "rb").read().strip(b"\0"))
print("end")
P
	[ "$uid" = "$(id -u)" ] || chown "$uid" "$h/work/try.py"
	told=$(as "$uid" "$h" "$reeve" run -- "$python" -B try.py 2>/dev/null)
	no() { says "uid $uid: $1 is refused" "^$1 E[A-Z]+$" "$told"; }
	for what in TIOCSTI TIOCSTI-high TIOCLINUX-high ptrace process_vm_readv pidfd_getfd unshare clone-newuser \
		clone-newuser-high clone3 setns mount umount2 open_tree mount_setattr chroot io_uring_setup bpf userfaultfd \
		perf_event_open keyctl open_by_handle_at x32-getpid personality kexec_load init_module mknod-device \
		prlimit-raise setuid sethostname AF_VSOCK AF_ALG AF_PACKET AF_XDP AF_TIPC MPTCP SCTP ICMP RAW UEVENT \
		SCTP-by-0 /proc/1/environ /proc/1/mem /proc/1/maps /proc/1/root/etc /proc/1/fd/3 /proc/1/cwd \
		/proc/sys/kernel/core_pattern /proc/sysrq-trigger /usr/x /x /dev/x /run/reeve/bin/reeve-call; do
		no "$what"
	done
	says "uid $uid: init shows no words" "^init b''$" "$told"
	says "uid $uid: and init still lives" '^end$' "$told"

	# Killing everything it can reach ends the run, and leaves nothing behind and the ledger whole.
	as "$uid" "$h" "$reeve" run -- sh -c 'setsid sh -c "while :; do :; done" & kill -9 -1' 2>/dev/null
	equal "uid $uid: kill -9 -1 leaves no process of the jail" '' "$(pgrep -u "$uid" -f 'while :; do :; done' | grep -vx $$)"
	# A device, a FIFO and a socket in the workspace stop nobody's next run.
	as "$uid" "$h" "$reeve" run -- sh -c 'mkfifo .git; ln -s / root; ln -s /proc/self/root up' 2>/dev/null
	fails "uid $uid: odd names in the workspace do not stop the next run" 0 as "$uid" "$h" "$reeve" run -- true
	fails "uid $uid: nor lead out of it" 1 as "$uid" "$h" "$reeve" run -- sh -c "ls up$h/state root$h/state 2>/dev/null || exit 1"
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
