/* A new namespace, a mount, a key, a program in the kernel: THREATS 22. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "threat.h"


enum { CLONE3 = 435 };

static int unshares(const char *on)	{ return told(unshare((int)strtoul(on, NULL, 16))); }
static int clones(const char *on)
{
	return told(syscall(SYS_clone, strtoul(on, NULL, 16) | SIGCHLD, 0, 0, 0, 0));
}
static int clones3(const char *on)
{
	unsigned long args[11] = { strtoul(on, NULL, 16), 0, 0, 0, SIGCHLD };

	return told(syscall(CLONE3, args, sizeof(args)));
}
static int joins(const char *on)	{ return told(setns(open(on, O_RDONLY), 0)); }
/* A call by number, whose arguments are worth nothing: it must be refused before they are looked at. */
static int calls(const char *on)	{ return told(syscall(strtol(on, NULL, 10), -1, 0, 0, 0, 0, 0)); }
static int mounts(const char *on)	{ return told(mount("none", on, "tmpfs", 0, NULL)); }
static int binds(const char *on)	{ return told(mount("/usr", on, NULL, MS_BIND, NULL)); }
static int remounts(const char *on)	{ return told(mount(NULL, on, NULL, MS_REMOUNT | MS_BIND, NULL)); }
static int unmounts(const char *on)	{ return told(umount2(on, MNT_DETACH)); }
static int roots(const char *on)	{ return told(chroot(on)); }
static int pivots(const char *on)	{ return told(syscall(SYS_pivot_root, on, on)); }


static const struct attempt attempts[] = {
	{ "unshare user", unshares, "10000000", EPERM, 0, "unshare", NULL },
	{ "unshare mount", unshares, "20000", EPERM, 0, "unshare", NULL },
	{ "unshare pid", unshares, "20000000", EPERM, 0, "unshare", NULL },
	{ "unshare net", unshares, "40000000", EPERM, 0, "unshare", NULL },
	{ "unshare time", unshares, "80", EPERM, 0, "unshare", NULL },
	{ "unshare nothing", unshares, "0", EPERM, 0, "unshare", NULL },
	{ "clone user", clones, "10000000", EPERM, 0, "clone", NULL },
	{ "clone user and mount", clones, "10020000", EPERM, 0, "clone", NULL },
	{ "clone user with high bits set", clones, "210000000", EPERM, 0, "clone", NULL },
	{ "clone pid", clones, "20000000", EPERM, 0, "clone", NULL },
	{ "clone cgroup", clones, "2000000", EPERM, 0, "clone", NULL },
	{ "clone3 user", clones3, "10000000", ENOSYS, 0, NULL, NULL },
	{ "clone3 of nothing special, so that libc falls back", clones3, "0", ENOSYS, 0, NULL, NULL },
	{ "setns to its own user namespace", joins, "/proc/self/ns/user", EPERM, 0, "setns", NULL },
	{ "setns to init's", joins, "/proc/1/ns/mnt", EPERM, 0, "setns", NULL },
	{ "mount", mounts, "/tmp", EPERM, 0, "mount", NULL },
	{ "mount, bound", binds, "/tmp", EPERM, 0, "mount", NULL },
	{ "mount again, writable", remounts, "/usr", EPERM, 0, "mount", NULL },
	{ "umount", unmounts, "/proc", EPERM, 0, "umount2", NULL },
	{ "chroot", roots, "/tmp", EPERM, 0, "chroot", NULL },
	{ "pivot_root", pivots, "/tmp", EPERM, 0, "pivot_root", NULL },
	{ "fsopen", calls, "430", EPERM, 0, "fsopen", NULL },
	{ "fsconfig", calls, "431", EPERM, 0, "fsconfig", NULL },
	{ "fsmount", calls, "432", EPERM, 0, "fsmount", NULL },
	{ "fspick", calls, "433", EPERM, 0, "fspick", NULL },
	{ "open_tree", calls, "428", EPERM, 0, "open_tree", NULL },
	{ "move_mount", calls, "429", EPERM, 0, "move_mount", NULL },
	{ "keyctl", calls, "250", EPERM, 0, "keyctl", NULL },
	{ "add_key", calls, "248", EPERM, 0, "add_key", NULL },
	{ "request_key", calls, "249", EPERM, 0, "request_key", NULL },
	{ "userfaultfd", calls, "323", EPERM, 0, "userfaultfd", NULL },
	{ "bpf", calls, "321", EPERM, 0, "bpf", NULL },
	{ "perf_event_open", calls, "298", EPERM, 0, "perf_event_open", NULL },
	{ "kexec_load", calls, "246", EPERM, 0, "kexec_load", NULL },
	{ "kexec_file_load", calls, "320", EPERM, 0, "kexec_file_load", NULL },
	{ "init_module", calls, "175", EPERM, 0, "init_module", NULL },
	{ "finit_module", calls, "313", EPERM, 0, "finit_module", NULL },
	{ "delete_module", calls, "176", EPERM, 0, "delete_module", NULL },
	{ "lookup_dcookie", calls, "212", EPERM, 0, "lookup_dcookie", NULL },
	{ "reboot", calls, "169", EPERM, 0, "reboot", NULL },
	{ "swapon", calls, "167", EPERM, 0, "swapon", NULL },
	{ "the kernel's log", calls, "103", EPERM, 0, "syslog", NULL },
	{ "ports of the processor", calls, "172", EPERM, 0, "iopl", NULL },
	{ "segments of the processor", calls, "154", EPERM, 0, "modify_ldt", NULL },
	{ "fanotify", calls, "300", EPERM, 0, "fanotify_init", NULL },
	{ "the host's name", calls, "170", EPERM, 0, "sethostname", NULL },
	{ "the clock", calls, "227", EPERM, 0, "clock_settime", NULL },
	{ "secret memory", calls, "447", ENOSYS, 0, "memfd_secret", NULL },
	{ "mounts by number", calls, "458", ENOSYS, 0, "listmount", NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}
