/*
 * What hostile code meets inside. This program is its own prisoner: each row is executed in a fresh jail
 * as "test_jail_agent ROW PORT UPTIME", and its exit status is the errno it met, 0 for success.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "jail_stage.h"

enum { SPARE_FD = 77 };

static int port;
static long uptime_outside;	/* the machine's uptime when the test began, in seconds */

static int opens(const char *path, int flags)
{
	return told(open(path, flags | O_CLOEXEC, 0600));
}

static int reach(int family, int type, int protocol)
{
	return told(socket(family, type, protocol));
}

static int steer_tty(void)	{ return told(ioctl(0, TIOCSTI, "x")); }
static int steer_tty_high(void)	{ return told(syscall(SYS_ioctl, 0, 0xffffffff00000000ul | TIOCSTI, "x")); }
static int steer_console(void)	{ return told(syscall(SYS_ioctl, 0, 0x10000541cul, "x")); }
static int is_a_tty(void)	{ return told(ioctl(0, TCGETS, (char[64]){ 0 })); }
static int x32_number(void)	{ return told(syscall(0x40000000 | SYS_getpid)); }
static int space_unshared(void)	{ return told(unshare(CLONE_NEWUSER)); }
static int space_cloned(void)	{ return told(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)); }
static int space_cloned3(void)	{ return told(syscall(SYS_clone3, NULL, 0)); }
static int ring(void)		{ return told(syscall(SYS_io_uring_setup, 1, NULL)); }
static int traced(void)		{ return told(syscall(SYS_ptrace, 0, 0, 0, 0)); }
static int keyring(void)	{ return told(syscall(SYS_keyctl, 0, -3, 0, 0, 0)); }
static int mounts(void)		{ return told(mount("none", "/tmp", "tmpfs", 0, NULL)); }
static int program_in_kernel(void) { return told(syscall(SYS_bpf, 0, NULL, 0)); }
static int faults(void)		{ return told(syscall(SYS_userfaultfd, 0)); }
static int persona(void)	{ return told(syscall(SYS_personality, 8)); }
static int persona_asked(void)	{ return told(syscall(SYS_personality, 0xffffffff)); }
static int family_unix(void)	{ return reach(AF_UNIX, SOCK_STREAM, 0); }
static int family_inet(void)	{ return reach(AF_INET, SOCK_STREAM, 0); }
static int family_inet6(void)	{ return reach(AF_INET6, SOCK_DGRAM, IPPROTO_UDP); }
static int family_route(void)	{ return reach(AF_NETLINK, SOCK_RAW, 0); }
static int family_audit(void)	{ return reach(AF_NETLINK, SOCK_RAW, 9); }
static int family_vsock(void)	{ return reach(AF_VSOCK, SOCK_STREAM, 0); }
static int family_alg(void)	{ return reach(AF_ALG, SOCK_SEQPACKET, 0); }
static int family_packet(void)	{ return reach(AF_PACKET, SOCK_RAW, 0); }
static int family_mptcp(void)	{ return reach(AF_INET, SOCK_STREAM, 262); }
static int family_icmp(void)	{ return reach(AF_INET, SOCK_DGRAM, IPPROTO_ICMP); }
static int home_keys(void)	{ return opens("/root/.ssh", O_RDONLY); }
static int home_written(void)	{ return opens("/home/prisoner/note", O_WRONLY | O_CREAT); }
static int usr_written(void)	{ return opens("/usr/reeve-was-here", O_WRONLY | O_CREAT); }
static int root_written(void)	{ return opens("/reeve-was-here", O_WRONLY | O_CREAT); }
static int tmp_written(void)	{ return opens("/tmp/note", O_WRONLY | O_CREAT); }
static int core_pattern(void)	{ return opens("/proc/sys/kernel/core_pattern", O_WRONLY); }
static int sysrq(void)		{ return opens("/proc/sysrq-trigger", O_WRONLY) ? EPERM : 0; }	/* may be absent */
static int shadow(void)		{ return opens("/etc/shadow", O_RDONLY); }
static int init_memory(void)	{ return opens("/proc/1/mem", O_RDONLY); }
static int init_root(void)	{ return opens("/proc/1/root/", O_RDONLY); }
static int init_killed(void)	{ return told(kill(1, SIGKILL)); }
static int inherited(void)	{ return told(fcntl(SPARE_FD, F_GETFD)); }
static int handle(void)		{ return told(syscall(SYS_open_by_handle_at, -1, NULL, 0)); }
static int renamed(void)	{ return told(sethostname("x", 1)); }
static int sees_null(void)	{ return opens("/dev/null", O_RDWR); }

static int int80(void)
{
#ifdef __x86_64__
	long rc;

	__asm__ volatile("int $0x80" : "=a"(rc) : "a"(20L) : "memory");
	return rc < 0 ? (int)-rc : 0;
#else
	return ENOSYS;
#endif
}

static int forks(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return told(child);
}

static int host_loopback(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return told(connect(fd, (struct sockaddr *)&at, sizeof(at)));
}

static int broker_socket(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "/run/reeve/all.sock" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return told(connect(fd, (struct sockaddr *)&at, sizeof(at)));
}

/* Every set zero, nothing to regain by a setuid program. */
static int powerless(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[2] = { { 0 } };
	struct statvfs usr;
	int cap;

	if (syscall(SYS_capget, &head, have) < 0 || have[0].effective || have[0].permitted || have[1].effective)
		return 1;
	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_READ, cap) != 0)
			return 2;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || statvfs("/usr", &usr) < 0)
		return 3;
	return (usr.f_flag & ST_NOSUID) ? 0 : 4;
}

/* Seconds since the jail began, not since the machine did: less than what this test was given. */
static int uptime(void)
{
	struct timespec boot;

	return clock_gettime(CLOCK_BOOTTIME, &boot) < 0 || boot.tv_sec >= uptime_outside ? 1 : 0;
}

static int uptime_file(void)
{
	double up = -1;
	FILE *f = fopen("/proc/uptime", "r");

	return !f || fscanf(f, "%lf", &up) != 1 || up < 0 || up >= (double)uptime_outside;
}

/* Rules that make uid 0 special again, a raised ambient set, a bounding set that is not empty. */
static int capable_again(void)
{
	if (prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) == 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 0, 0) == 0)
		return 0;
	return EPERM;
}

static int limit_raised(void)
{
	const struct rlimit more = { 4096, 4096 };

	return told(setrlimit(RLIMIT_NOFILE, &more));
}

static int says_seven(void)
{
	return 7;
}

static int dies_of_term(void)
{
	return raise(SIGTERM);
}

static const struct {
	const char *what;
	int (*does)(void);
	int meets;
} rows[] = {
	{ "typing into the terminal",			steer_tty,		EPERM },
	{ "the same with high bits set",		steer_tty_high,		EPERM },
	{ "the console's paste",			steer_console,		EPERM },
	{ "other requests reach the descriptor",	is_a_tty,		ENOTTY },
	{ "an x32 number",				x32_number,		ENOSYS },
	{ "i386 entry",					int80,			ENOSYS },
	{ "unshare",					space_unshared,		EPERM },
	{ "clone of a user namespace",			space_cloned,		EPERM },
	{ "clone3 falls back",				space_cloned3,		ENOSYS },
	{ "fork works",					forks,			0 },
	{ "io_uring falls back",			ring,			ENOSYS },
	{ "ptrace",					traced,			EPERM },
	{ "keyctl",					keyring,		EPERM },
	{ "mount",					mounts,			EPERM },
	{ "bpf",					program_in_kernel,	EPERM },
	{ "userfaultfd",				faults,			EPERM },
	{ "another personality",			persona,		EPERM },
	{ "asking for the personality",			persona_asked,		0 },
	{ "open by handle",				handle,			EPERM },
	{ "sethostname",				renamed,		EPERM },
	{ "AF_UNIX",					family_unix,		0 },
	{ "AF_INET",					family_inet,		0 },
	{ "AF_INET6 datagrams",				family_inet6,		0 },
	{ "rtnetlink",					family_route,		0 },
	{ "the audit netlink",				family_audit,		EAFNOSUPPORT },
	{ "AF_VSOCK",					family_vsock,		EAFNOSUPPORT },
	{ "AF_ALG",					family_alg,		EAFNOSUPPORT },
	{ "AF_PACKET",					family_packet,		EAFNOSUPPORT },
	{ "MPTCP",					family_mptcp,		EAFNOSUPPORT },
	{ "ping sockets",				family_icmp,		EAFNOSUPPORT },
	{ "the operator's keys are not there",		home_keys,		ENOENT },
	{ "the private home is writable",		home_written,		0 },
	{ "/usr is read-only",				usr_written,		EROFS },
	{ "the root takes no names",			root_written,		EROFS },
	{ "/tmp is writable",				tmp_written,		0 },
	{ "kernel.core_pattern",			core_pattern,		EROFS },
	{ "sysrq",					sysrq,			EPERM },
	{ "host files not mounted are not there",	shadow,			ENOENT },
	{ "/dev/null works",				sees_null,		0 },
	{ "the memory of init",				init_memory,		EACCES },
	{ "the root of init",				init_root,		EACCES },
	{ "killing init",				init_killed,		EPERM },
	{ "an inherited descriptor",			inherited,		EBADF },
	{ "a listener on the host's loopback",		host_loopback,		ECONNREFUSED },
	{ "the broker's socket answers",		broker_socket,		0 },
	{ "no capability anywhere",			powerless,		0 },
	{ "the host's uptime",				uptime,			0 },
	{ "the clock counts from boot, as read in /proc",	uptime_file,	0 },
	{ "becoming capable again",			capable_again,		EPERM },
	{ "limits stay",				limit_raised,		EPERM },
	{ "its own status is the jail's",		says_seven,		7 },
	{ "death by signal n is 128+n",			dies_of_term,		128 + SIGTERM },
};

static int run_jail(const char *self, const char *row, const char *argv0)
{
	const struct jail_mount m[] = {
		{ .kind = JAIL_PROC, .target = "/proc" },
		{ .kind = JAIL_DEV, .target = "/dev" },
		{ .kind = JAIL_TMPFS, .target = "/tmp" },
		{ .kind = JAIL_TMPFS, .target = "/home/prisoner", .mode = 0700 },
		{ .kind = JAIL_READ, .source = "/usr", .target = "/usr" },
		{ .kind = JAIL_LINK, .source = "usr/lib", .target = "/lib" },
		{ .kind = JAIL_LINK, .source = "usr/lib64", .target = "/lib64" },
		{ .kind = JAIL_READ, .source = "/nowhere/at/all", .target = "/nowhere", .maybe = true },
		{ .kind = JAIL_READ, .source = self, .target = "/run/reeve/bin/test" },
	};
	char number[16], up[24];
	const char *argv[] = { argv0, row, number, up, NULL };
	const char *env[] = { "PATH=/run/reeve/bin:/usr/bin", NULL };
	const struct jail_limit limits[] = { { RLIMIT_NOFILE, 256 } };
	struct jail_spec spec = { .name = "test", .mounts = m, .mount_count = count_of(m), .limits = limits,
				  .limit_count = count_of(limits), .argv = argv, .env = env, .cwd = "/tmp",
				  .sockets = { "/run/reeve/all.sock" }, .stdio = { -1, 1, 2 }, .new_session = true };
	struct err e = { .kind = ERR_NONE };
	struct jail j = JAIL_NONE;
	struct pollfd end;
	int status = NO_JAIL, i;

	snprintf(number, sizeof(number), "%d", port);
	snprintf(up, sizeof(up), "%ld", uptime_outside);
	if (jail_start(&j, &spec, &e) < 0 || jail_go(&j, &e) < 0) {
		fprintf(stderr, "# %s\n", e.text);
		return NO_JAIL;
	}
	for (i = 0; i < LAYERS; i++)
		if (j.layers[i].asked && (!j.layers[i].obtained || !j.layers[i].tested)) {
			fprintf(stderr, "# %s: not obtained, or not tested\n", jail_layer_word((enum jail_layer)i));
			return NO_JAIL;
		}
	end = (struct pollfd){ .fd = j.pidfd, .events = POLLIN };
	while (!jail_ended(&j, &status))
		poll(&end, 1, 5000);
	jail_end(&j);
	jail_end(&j);
	return status;
}

static int run_as(uid_t uid, const char *self, const char *row, const char *argv0)
{
	pid_t child = fork_as(uid);

	if (child == 0) {
		_exit(run_jail(self, row, argv0));
	}
	return status_of(child);
}

static void try_rows(uid_t uid)
{
	char self[PATH_MAX] = { 0 }, row[16];
	int met, wrong = 0;
	size_t i;

	need_namespaces(uid);
	copy_self(self);
	assert_int_equal(run_as(uid, self, "-1", "test"), 0);
	for (i = 0; i < count_of(rows); i++) {
		snprintf(row, sizeof(row), "%zu", i);
		met = run_as(uid, self, row, "test");
		if (met != rows[i].meets)
			print_message("# %s: %d, not %d\n", rows[i].what, met, rows[i].meets);
		wrong += met != rows[i].meets;
	}
	wrong += run_as(uid, self, "0", "no-such-program") != 127;
	wrong += run_as(uid, self, "0", "/usr") != 126;
	unlink(self);
	assert_int_equal(wrong, 0);
}

static void test_failures_name_the_step(void **state)
{
	const struct jail_mount m[] = { { .kind = JAIL_READ, .source = "/nowhere", .target = "/nowhere" } };
	const char *argv[] = { "/bin/true", NULL };
	struct jail_spec spec = { .name = "agent", .mounts = m, .mount_count = 1, .argv = argv, .stdio = { -1, -1, -1 } };
	struct err e = { .kind = ERR_NONE };
	struct jail j = JAIL_NONE;

	(void)state;
	if (!have_namespaces(geteuid()))
		skip();
	assert_int_equal(jail_start(&j, &spec, &e), -1);
	assert_int_equal(j.init, -1);
	assert_string_equal(e.text, "agent jail: root: take sources: /nowhere: No such file or directory");
}

static int listen_on_host(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) < 0)
		return -1;
	dup2(fd, SPARE_FD);
	return ntohs(at.sin_port);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_we_are),
		cmocka_unit_test(test_as_ordinary_user),
		cmocka_unit_test(test_failures_name_the_step),
	};
	struct timespec boot = { 0 };
	long row;

	if (argc == 4) {
		row = strtol(argv[1], NULL, 10);
		uptime_outside = strtol(argv[3], NULL, 10);
		port = (int)strtol(argv[2], NULL, 10);
		return row >= 0 && row < (long)count_of(rows) ? rows[row].does() : 0;
	}
	port = listen_on_host();
	clock_gettime(CLOCK_BOOTTIME, &boot);
	uptime_outside = boot.tv_sec;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
