/* Namespaces and processes: what ends what, and what a namespace does not hold. */
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>

#include "platform.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* Process 1 of a new pid namespace runs `body`; its status is ours. */
static int as_first(int (*body)(void))
{
	pid_t child;
	int status;

	if (!enter_user_space(CLONE_NEWPID | CLONE_NEWNS))
		return LACKS;
	child = fork();
	if (child == 0) {
		status = getpid() == 1 ? body() : DIFFERS;
		fflush(stdout);
		_exit(status);
	}
	if (waitpid(child, &status, 0) != child)
		return DIFFERS;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A pipe that closes when the last of a jail is gone. */
static int dies(int (*body)(void), int as)
{
	int pipes[2], is;
	char byte;

	if (pipe(pipes) < 0)
		return DIFFERS;
	is = as_first(body);
	close(pipes[1]);
	return is == LACKS ? LACKS : is == as && read(pipes[0], &byte, 1) == 0 ? HOLDS : DIFFERS;
}

static void stay(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setsid();
	for (;;)
		pause();
}

/* Sessions, orphans, blocked signals: nothing of it helps. */
static int leaves_orphans(void)
{
	int i;

	for (i = 0; i < 8; i++)
		if (fork() == 0) {
			if (fork() == 0)
				stay();
			stay();
		}
	return 7;
}

static int end_of_first_is_end_of_all(void)
{
	return dies(leaves_orphans, 7);
}

static int kills_parent(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		kill(1, SIGKILL);
		kill(1, SIGSTOP);
		kill(1, SIGTERM);
		_exit(0);
	}
	expect(waitpid(child, &status, 0) == child);
	return HOLDS;
}

static int first_is_immune(void)
{
	return as_first(kills_parent);
}

static int unknown_parent(void)
{
	expect(getppid() == 0 && kill(getppid() + 100000, 0) < 0 && errno == ESRCH);
	return HOLDS;
}

static int nobody_above(void)
{
	return as_first(unknown_parent);
}

static int parent_death(void)
{
	int pipes[2];
	char byte;
	pid_t parent;

	expect(pipe(pipes) == 0);
	parent = fork();
	if (parent == 0) {
		int up[2];

		(void)!pipe(up);
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			(void)!write(up[1], "x", 1);
			stay();
		}
		(void)!read(up[0], &byte, 1);
		_exit(0);
	}
	close(pipes[1]);
	expect(waitpid(parent, NULL, 0) == parent && read(pipes[0], &byte, 1) == 0);
	return HOLDS;
}

static bool give_up(int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[2];

	if (syscall(SYS_capget, &head, have) < 0)
		return false;
	have[0].effective &= ~(1u << cap), have[0].permitted &= ~(1u << cap);
	return syscall(SYS_capset, &head, have) == 0;
}

static int root_needs_setfcap(void)
{
	if (geteuid() != 0)
		return LACKS;
	expect(give_up(CAP_SETFCAP));
	expect(unshare(CLONE_NEWUSER) == 0);
	expect(write(open("/proc/self/uid_map", O_WRONLY), "0 0 1", 5) < 0 && errno == EPERM);
	return HOLDS;
}

static int files_of_not_dumpable(void)
{
	if (geteuid() == 0)
		return LACKS;
	expect(prctl(PR_SET_DUMPABLE, 0) == 0);
	if (unshare(CLONE_NEWUSER) < 0)
		return LACKS;
	expect(open("/proc/self/uid_map", O_WRONLY) < 0 && errno == EACCES);
	expect(prctl(PR_SET_DUMPABLE, 1) == 0 && open("/proc/self/uid_map", O_WRONLY) >= 0);
	return HOLDS;
}

static int groups_must_be_denied(void)
{
	if (geteuid() == 0 || unshare(CLONE_NEWUSER) < 0)
		return LACKS;
	expect(write(open("/proc/self/gid_map", O_WRONLY), "0 54321 1", 9) < 0 && errno == EPERM);
	return HOLDS;
}

static unsigned long long space(const char *kind)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static int time_is_for_children(void)
{
	unsigned long long before = space("time");
	pid_t child;
	int status;

	if (!before || !enter_user_space(CLONE_NEWTIME))
		return LACKS;
	expect(space("time") == before && space("time_for_children") != before);
	child = fork();
	if (child == 0)
		_exit(space("time") != before ? 0 : 1);
	expect(waitpid(child, &status, 0) == child && status == 0);
	return HOLDS;
}

static int vsock_everywhere(void)
{
	int before = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (before < 0 || !enter_user_space(CLONE_NEWNET))
		return LACKS;
	expect(socket(AF_VSOCK, SOCK_STREAM, 0) >= 0);
	return HOLDS;
}

static int abstract_per_net(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(at.sun_family) + 1 + (socklen_t)snprintf(at.sun_path + 1, 64, "reeve-fact-%d", getpid());
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	expect(bind(fd, (struct sockaddr *)&at, size) == 0 && listen(fd, 1) == 0);
	expect(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, size) == 0);
	if (!enter_user_space(CLONE_NEWNET))
		return LACKS;
	expect(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, size) < 0 && errno == ECONNREFUSED);
	return HOLDS;
}

/* Their names are files: only the mount namespace hides them. */
static int pathname_not_per_net(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), good;

	snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/reeve-fact-%d", getpid());
	expect(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 1) == 0);
	if (!enter_user_space(CLONE_NEWNET)) {
		unlink(at.sun_path);
		return LACKS;
	}
	good = connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof(at));
	unlink(at.sun_path);
	expect(good == 0);
	return HOLDS;
}

static int net_is_only_lo(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct if_nameindex *all;

	if (!enter_user_space(CLONE_NEWNET))
		return LACKS;
	at.sin_addr.s_addr = htonl(0xc0000201);
	expect(connect(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&at, sizeof(at)) < 0 && errno == ENETUNREACH);
	all = if_nameindex();
	expect(all && strcmp(all[0].if_name, "lo") == 0);
	return HOLDS;
}

static int forks_against(rlim_t most)
{
	const struct rlimit limit = { most, most };
	pid_t child;

	if (setrlimit(RLIMIT_NPROC, &limit) < 0)
		return -1;
	child = fork();
	if (child == 0)
		_exit(0);
	if (child > 0)
		waitpid(child, NULL, 0);
	return child < 0 ? errno : 0;
}

/* Root is held to no number of processes, so a jail of root's needs another bound. */
static int root_not_held(void)
{
	if (geteuid() != 0)
		return LACKS;
	expect(forks_against(0) == 0);
	return HOLDS;
}

static int user_held(void)
{
	if (geteuid() == 0)
		return LACKS;
	expect(forks_against(0) == EAGAIN);
	return HOLDS;
}

static int forks_to_the_end(void)
{
	pid_t children[400];
	int fd, count = 0;

	expect(mount("proc", "/proc", "proc", 0, NULL) == 0);
	fd = open("/proc/sys/kernel/pid_max", O_WRONLY);
	if (fd < 0 || write(fd, "320", 3) != 3)
		return LACKS;
	while (count < 400 && (children[count] = fork()) > 0)
		count++;
	if (count < 400 && children[count] == 0)
		stay();
	expect(count < 400 && errno == EAGAIN);
	return HOLDS;
}

/* Until Linux 6.14 it was one number for the whole machine: then this must not be tried. */
static int pids_per_space(void)
{
	char before[16] = { 0 }, after[16] = { 0 };
	struct utsname name;
	int is, major = 0, minor = 0;

	if (uname(&name) < 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2 || major * 100 + minor < 614)
		return LACKS;
	(void)!read(open("/proc/sys/kernel/pid_max", O_RDONLY), before, 15);
	is = as_first(forks_to_the_end);
	(void)!read(open("/proc/sys/kernel/pid_max", O_RDONLY), after, 15);
	expect(strcmp(before, after) == 0);
	return is;
}

static int end_by_descriptor(void)
{
	siginfo_t end = { 0 };
	struct pollfd in = { .events = POLLIN };
	pid_t child;
	int pidfd = -1;

	child = (pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, NULL);
	if (child == 0)
		_exit(33);
	in.fd = pidfd;
	expect(child > 0 && poll(&in, 1, 5000) == 1);
	expect(waitid(3, (id_t)pidfd, &end, WEXITED) == 0 && end.si_status == 33);
	expect(syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0 && errno == ESRCH);
	return HOLDS;
}

static int memory_of_not_dumpable(void)
{
	char path[64];
	int up[2];
	char byte;
	pid_t child;

	expect(pipe(up) == 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_DUMPABLE, 0);
		(void)!write(up[1], "x", 1);
		stay();
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	expect(read(up[0], &byte, 1) == 1);
	expect(geteuid() == 0 || (open(path, O_RDONLY) < 0 && errno == EACCES));
	expect(kill(child, SIGKILL) == 0);
	return geteuid() == 0 ? LACKS : HOLDS;
}

static const struct fact facts[] = {
	{ "process 1 of a pid namespace ends: all in it end, whatever they block", end_of_first_is_end_of_all, "user namespaces" },
	{ "no signal from inside ends or stops process 1", first_is_immune, "user namespaces" },
	{ "process 1 has no parent, and names nobody outside", nobody_above, "user namespaces" },
	{ "a process can be killed with its parent", parent_death, NULL },
	{ "uid 0 is mapped only by who has CAP_SETFCAP", root_needs_setfcap, "root" },
	{ "who is not dumpable cannot write its own maps", files_of_not_dumpable, "an ordinary user and user namespaces" },
	{ "a gid map wants setgroups denied", groups_must_be_denied, "an ordinary user and user namespaces" },
	{ "unshare of the time namespace is for children", time_is_for_children, "time and user namespaces" },
	{ "AF_VSOCK is in no namespace", vsock_everywhere, "AF_VSOCK" },
	{ "abstract sockets belong to a network namespace", abstract_per_net, "user namespaces" },
	{ "sockets with a path do not", pathname_not_per_net, "user namespaces" },
	{ "a new network namespace has lo, which is down, and no route", net_is_only_lo, "user namespaces" },
	{ "RLIMIT_NPROC does not hold uid 0", root_not_held, "root" },
	{ "it holds others", user_held, "an ordinary user" },
	{ "pid_max is a pid namespace's own", pids_per_space, "Linux 6.14" },
	{ "a pidfd tells the end, and never means another process", end_by_descriptor, NULL },
	{ "the memory of who is not dumpable", memory_of_not_dumpable, "an ordinary user" },
};

int main(void)
{
	return facts_main(facts, count_of(facts));
}
