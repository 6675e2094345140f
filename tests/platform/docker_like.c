/*
 * tests/platform/docker_like.c - the situation in which a container engine starts a program: its default
 * seccomp profile in force, fourteen capabilities, process 1 of a pid namespace, part of /proc masked. For
 * stories where no engine is at hand.
 *
 *   docker_like [--pid1] [--user UID] COMMAND...
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const int kept[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FSETID, CAP_FOWNER, CAP_MKNOD, CAP_NET_RAW, CAP_SETGID,
			    CAP_SETUID, CAP_SETFCAP, CAP_SETPCAP, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_KILL,
			    CAP_AUDIT_WRITE };

/* What the engines' default profile does not allow without CAP_SYS_ADMIN and its like. */
static const char *const refused[] = {
	"acct", "add_key", "bpf", "delete_module", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick",
	"get_mempolicy", "init_module", "io_uring_setup", "io_uring_enter", "io_uring_register", "kcmp", "kexec_load", "keyctl",
	"mbind", "mount", "mount_setattr", "move_mount", "move_pages", "open_by_handle_at", "open_tree",
	"perf_event_open", "pidfd_getfd", "pivot_root", "process_madvise", "quotactl", "reboot", "request_key", "set_mempolicy", "setns", "settimeofday",
	"swapoff", "swapon", "syslog", "umount2", "unshare", "userfaultfd", "vhangup",
};

static void die(const char *what)
{
	fprintf(stderr, "docker_like: %s: %s\n", what, strerror(errno));
	exit(99);
}

static int is_kept(int cap)
{
	size_t i;

	for (i = 0; i < COUNT(kept); i++)
		if (kept[i] == cap)
			return 1;
	return 0;
}

static void filter(void)
{
	static const unsigned long spaces[] = { CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
						CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP };
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	size_t i;
	int call;

	/* As the engines do: set with privilege, so that setuid programs in the container still work. */
	if (getuid() == 0)
		seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	for (i = 0; i < COUNT(refused); i++) {
		call = seccomp_syscall_resolve_name(refused[i]);
		if (call != __NR_SCMP_ERROR)
			seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), call, 0);
	}
	for (i = 0; i < COUNT(spaces); i++)
		seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
				 SCMP_A0(SCMP_CMP_MASKED_EQ, spaces[i], spaces[i]));
	seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (seccomp_load(ctx) < 0)
		die("seccomp");
	seccomp_release(ctx);
}

static void drop(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { { 0 } };
	int cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (!is_kept(cap) && prctl(PR_CAPBSET_DROP, cap) < 0)
			die("bounding set");
	for (cap = 0; cap < 32; cap++)
		if (is_kept(cap))
			sets[0].permitted |= 1u << cap;
	sets[0].effective = sets[0].permitted;
	if (syscall(SYS_capset, &head, sets) < 0)
		die("capset");
}

/* What is sent to us goes to the one inside, as an engine's "stop" does. */
static void stand_in(pid_t child)
{
	sigset_t all;
	int sig, status;

	sigfillset(&all);
	for (;;) {
		if (sigwait(&all, &sig) != 0)
			continue;
		if (sig != SIGCHLD)
			kill(child, sig);
		else if (waitpid(child, &status, WNOHANG) == child)
			exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	}
}

/* A namespace of processes and of mounts, its own /proc with a part masked: a fresh one cannot be mounted. */
static void contain(void)
{
	sigset_t all, before;
	pid_t child;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
		die("unshare");
	child = fork();
	if (child < 0)
		die("fork");
	if (child > 0)
		stand_in(child);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ||
	    mount("/dev/null", "/proc/timer_list", NULL, MS_BIND, NULL) < 0)
		die("proc");
}

int main(int argc, char **argv)
{
	uid_t user = getuid();
	int pid1 = 0, i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--pid1") == 0)
			pid1 = 1;
		else if (strcmp(argv[i], "--user") == 0 && i + 1 < argc)
			user = (uid_t)atoi(argv[++i]);
		else
			return 2;
	}
	if (i >= argc)
		return 2;
	if (pid1)
		contain();
	filter();
	if (getuid() == 0)
		drop();
	if (user != getuid() && (setgroups(0, NULL) < 0 || setgid(user) < 0 || setuid(user) < 0))
		die("user");
	execvp(argv[i], argv + i);
	die(argv[i]);
	return 99;
}
