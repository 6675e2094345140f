/* Landlock: what each ABI gives, and what none does. */
#include <linux/landlock.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "platform.h"

/* Debian 12's header knows ABI 3. */
struct ruleset { uint64_t fs, net, scoped; };
struct net_rule { uint64_t allowed, port; };

#define REFER		(1ull << 13)
#define TRUNCATE	(1ull << 14)
#define IOCTL_DEV	(1ull << 15)
#define CONNECT_TCP	(1ull << 1)
#define ABSTRACT	(1ull << 0)
#define SIGNALS		(1ull << 1)
#define READ		(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE		(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)

static long abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static int ruleset(uint64_t fs, uint64_t net, uint64_t scoped)
{
	const struct ruleset r = { fs, net, scoped };

	return (int)syscall(SYS_landlock_create_ruleset, &r, scoped ? 24 : net ? 16 : 8, 0);
}

static int allow(int rules, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights, .parent_fd = open(path, O_PATH) };

	return (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

static int restrict_by(int rules)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, rules, 0);
}

/* A folder of our own with "a/file" and "b" in it, which we enter. */
static bool room(void)
{
	char name[] = "/tmp/reeve-platform-XXXXXX";
	int fd;

	if (!mkdtemp(name) || chdir(name) < 0 || mkdir("a", 0700) < 0 || mkdir("b", 0700) < 0)
		return false;
	fd = open("a/file", O_CREAT | O_WRONLY, 0600);
	return fd >= 0 && write(fd, "text", 4) == 4 && close(fd) == 0;
}

static void leave(void)
{
	char cwd[64];

	if (!getcwd(cwd, sizeof(cwd)))
		return;
	unlink("a/file"), unlink("b/file"), unlink("a/new"), rmdir("a"), rmdir("b"), rmdir(cwd);
}

/* The body in a child, so that its restriction is not what cleans up. */
static int in_room(int (*body)(void), long needs)
{
	int is;

	if (abi() < needs)
		return LACKS;
	if (!room())
		return DIFFERS;
	is = fate(body);
	leave();
	return is;
}

static int child_keeps(void)
{
	int rules = ruleset(READ | WRITE, 0, 0);

	expect(allow(rules, ".", READ | WRITE) == 0);
	expect(allow(rules, "a", READ) == 0);
	expect(restrict_by(rules) == 0);
	expect(open("a/file", O_RDWR) >= 0);
	return HOLDS;
}

static int second_layer_takes(void)
{
	int first = ruleset(READ | WRITE, 0, 0), second = ruleset(READ | WRITE, 0, 0);

	expect(allow(first, ".", READ | WRITE) == 0 && restrict_by(first) == 0);
	expect(allow(second, ".", READ) == 0 && allow(second, "b", READ | WRITE) == 0 && restrict_by(second) == 0);
	expect(open("a/file", O_RDONLY) >= 0);
	expect(open("a/file", O_RDWR) < 0 && errno == EACCES);
	expect(open("b/file", O_CREAT | O_WRONLY, 0600) >= 0);
	return HOLDS;
}

/* What was opened before, and whatever way leads to it: making and writing are refused all the same. */
static int known_ways(void)
{
	int rules = ruleset(READ | WRITE, 0, 0), dir = open("a", O_RDONLY | O_DIRECTORY), path = open("a/file", O_PATH);
	int readable = open("a/file", O_RDONLY);
	char name[64];

	expect(chdir("a") == 0 && allow(rules, "/", READ) == 0 && restrict_by(rules) == 0);
	expect(openat(dir, "new", O_CREAT | O_WRONLY, 0600) < 0 && errno == EACCES);
	expect(open("new", O_CREAT | O_WRONLY, 0600) < 0 && errno == EACCES);
	expect(open(".", O_TMPFILE | O_RDWR, 0600) < 0 && errno == EACCES);
	expect(openat(dir, "file", O_WRONLY) < 0 && errno == EACCES);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", path);
	expect(open(name, O_WRONLY) < 0 && errno == EACCES);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", readable);
	expect(open(name, O_RDWR) < 0 && errno == EACCES);
	expect(unlinkat(dir, "file", 0) < 0 && errno == EACCES);
	return chdir("..");
}

static int send_one(int to, int fd)
{
	union { struct cmsghdr head; char space[CMSG_SPACE(sizeof(int))]; } with = { 0 };
	struct iovec part = { "x", 1 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &with, .msg_controllen = sizeof(with) };

	with.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&with.head), &fd, sizeof(fd));
	return (int)sendmsg(to, &m, 0);
}

static int receive_one(int from)
{
	union { struct cmsghdr head; char space[CMSG_SPACE(sizeof(int))]; } with = { 0 };
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &with, .msg_controllen = sizeof(with) };
	int fd = -1;

	if (recvmsg(from, &m, 0) == 1)
		memcpy(&fd, CMSG_DATA(&with.head), sizeof(fd));
	return fd;
}

/* A right is checked when a file is opened, and stays with the descriptor whoever holds it. */
static int descriptors_carry(void)
{
	int rules = ruleset(READ | WRITE | TRUNCATE, 0, 0), pair[2], fd;
	pid_t free;

	expect(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	free = fork();
	if (free == 0) {
		char go;

		_exit(read(pair[1], &go, 1) == 1 && send_one(pair[1], open("a/file", O_RDWR)) == 1 ? 0 : 1);
	}
	expect(allow(rules, "/", READ) == 0 && restrict_by(rules) == 0);
	expect(open("a/file", O_RDWR) < 0 && write(pair[0], "g", 1) == 1);
	fd = receive_one(pair[0]);
	expect(fd >= 0 && write(fd, "by another", 10) == 10 && ftruncate(fd, 0) == 0);
	return HOLDS;
}

static int refer_absent(void)
{
	int rules = ruleset(WRITE, 0, 0);

	expect(allow(rules, ".", WRITE) == 0 && restrict_by(rules) == 0);
	expect(rename("a/file", "b/file") < 0 && errno == EXDEV);
	expect(rename("a/file", "a/new") == 0);
	return HOLDS;
}

static int refer_given(void)
{
	int rules = ruleset(WRITE | REFER, 0, 0);

	expect(allow(rules, ".", WRITE | REFER) == 0 && restrict_by(rules) == 0);
	expect(rename("a/file", "b/file") == 0);
	return HOLDS;
}

/* To where more would be allowed than where it came from: refused, or rights would be had by moving. */
static int refer_gains_nothing(void)
{
	int rules = ruleset(WRITE | REFER | LANDLOCK_ACCESS_FS_EXECUTE, 0, 0);

	expect(allow(rules, "a", WRITE | REFER) == 0);
	expect(allow(rules, "b", WRITE | REFER | LANDLOCK_ACCESS_FS_EXECUTE) == 0 && restrict_by(rules) == 0);
	expect(rename("a/file", "b/file") < 0 && errno == EXDEV);
	expect(link("a/file", "b/file") < 0 && errno == EXDEV);
	return HOLDS;
}

static int truncate_handled(void)
{
	int without = ruleset(WRITE, 0, 0), with = ruleset(TRUNCATE, 0, 0);

	expect(allow(without, ".", LANDLOCK_ACCESS_FS_WRITE_FILE) == 0 && restrict_by(without) == 0);
	expect(truncate("a/file", 1) == 0);
	expect(restrict_by(with) == 0 && truncate("a/file", 0) < 0 && errno == EACCES);
	expect(open("a/file", O_WRONLY | O_TRUNC) < 0 && errno == EACCES);
	return HOLDS;
}

static int ioctl_of_devices(void)
{
	int rules = ruleset(IOCTL_DEV, 0, 0), before = open("/dev/null", O_RDWR), after, pipes[2], bytes;

	expect(ioctl(before, TCGETS, NULL) < 0 && errno == ENOTTY);
	expect(restrict_by(rules) == 0 && pipe(pipes) == 0);
	after = open("/dev/null", O_RDWR);
	expect(ioctl(after, TCGETS, NULL) < 0 && errno == EACCES);
	expect(ioctl(before, TCGETS, NULL) < 0 && errno == ENOTTY);
	expect(ioctl(pipes[0], FIONREAD, &bytes) == 0);
	return HOLDS;
}

static int modes_not_covered(void)
{
	int rules = ruleset((1ull << 13) - 1, 0, 0);

	expect(restrict_by(rules) == 0);
	expect(chmod("a/file", 0640) == 0 && chmod("a/file", 0600) == 0);
	expect(open("a/file", O_PATH) >= 0);
	return HOLDS;
}

static int memory_not_covered(void)
{
	int rules = ruleset((1ull << 13) - 1, 0, 0), fd;
	char name[64];

	expect(restrict_by(rules) == 0);
	fd = memfd_create("x", 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	expect(fd >= 0 && open(name, O_RDWR) >= 0);
	return HOLDS;
}

static int rules_add(void)	{ return in_room(child_keeps, 1); }
static int layers_take(void)	{ return in_room(second_layer_takes, 1); }
static int all_ways(void)	{ return in_room(known_ways, 1); }
static int carried(void)	{ return in_room(descriptors_carry, 3); }
static int refer_1(void)	{ return in_room(refer_absent, 1); }
static int refer_2(void)	{ return in_room(refer_given, 2); }
static int refer_3(void)	{ return in_room(refer_gains_nothing, 2); }
static int truncates(void)	{ return in_room(truncate_handled, 3); }
static int ioctls(void)		{ return in_room(ioctl_of_devices, 5); }
static int modes(void)		{ return in_room(modes_not_covered, 1); }
static int memory(void)		{ return in_room(memory_not_covered, 1); }

static int tcp_ports(void)
{
	struct net_rule one = { CONNECT_TCP, 9 };
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(9) };
	int rules = ruleset(0, CONNECT_TCP, 0), stream, datagram;

	if (abi() < 4)
		return LACKS;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	expect(syscall(SYS_landlock_add_rule, rules, 2, &one, 0) == 0 && restrict_by(rules) == 0);
	stream = socket(AF_INET, SOCK_STREAM, 0);
	expect(connect(stream, (struct sockaddr *)&at, sizeof(at)) < 0 && errno == ECONNREFUSED);
	at.sin_port = htons(10);
	expect(connect(stream, (struct sockaddr *)&at, sizeof(at)) < 0 && errno == EACCES);
	/* By fast open, by MPTCP and by datagram it is not asked: seccomp and the network namespace say no. */
	datagram = socket(AF_INET, SOCK_DGRAM, 0);
	expect(connect(datagram, (struct sockaddr *)&at, sizeof(at)) == 0 || abi() >= 10);
	return HOLDS;
}

static int fast_open_unasked(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(10) };
	int rules = ruleset(0, CONNECT_TCP, 0), stream;

	if (abi() < 4)
		return LACKS;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	expect(restrict_by(rules) == 0);
	stream = socket(AF_INET, SOCK_STREAM, 0);
	expect(sendto(stream, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&at, sizeof(at)) < 0);
	if (errno == EACCES)
		return LACKS; /* closed in this kernel */
	expect(errno == ECONNREFUSED || errno == EINPROGRESS);
	return HOLDS;
}

static int abstract_scope(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int rules = ruleset(0, 0, ABSTRACT), outer = socket(AF_UNIX, SOCK_STREAM, 0), fd;
	socklen_t size = sizeof(at.sun_family) + 1 + (socklen_t)snprintf(at.sun_path + 1, 64, "reeve-fact-%d", getpid());

	if (abi() < 6)
		return LACKS;
	expect(bind(outer, (struct sockaddr *)&at, size) == 0 && listen(outer, 1) == 0 && restrict_by(rules) == 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	expect(connect(fd, (struct sockaddr *)&at, size) < 0 && errno == EPERM);
	return HOLDS;
}

static int signal_scope(void)
{
	int rules = ruleset(0, 0, SIGNALS);
	pid_t child;

	if (abi() < 6)
		return LACKS;
	expect(restrict_by(rules) == 0);
	expect(kill(getppid(), 0) < 0 && errno == EPERM);
	child = fork();
	if (child == 0)
		pause();
	expect(kill(child, SIGKILL) == 0);
	return HOLDS;
}

/* The launcher's limits may be lowered by who is inside its signal scope: the scope is of signals only. */
static int limits_not_scoped(void)
{
	int rules = ruleset(0, 0, SIGNALS);

	if (abi() < 6)
		return LACKS;
	expect(restrict_by(rules) == 0);
	expect(syscall(SYS_prlimit64, getppid(), 7, NULL, (uint64_t[2]){ 0 }) == 0);
	return HOLDS;
}

/* So bits and members must be subtracted by ABI, or nothing is enforced at all. */
static int unknown_is_refused(void)
{
	const struct { struct ruleset r; uint64_t later; } longer = { { READ, 0, 0 }, 1 }, zero = { { READ, 0, 0 }, 0 };

	if (abi() < 1)
		return LACKS;
	expect(ruleset(1ull << 63, 0, 0) < 0 && errno == EINVAL);
	expect(syscall(SYS_landlock_create_ruleset, &longer, sizeof(longer), 0) < 0 && (errno == E2BIG || errno == EINVAL));
	expect(syscall(SYS_landlock_create_ruleset, &zero, sizeof(zero), 0) >= 0);
	return HOLDS;
}

static int needs_no_new_privs(void)
{
	int rules = ruleset(READ, 0, 0);

	if (abi() < 1)
		return LACKS;
	if (geteuid() == 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return LACKS;
	expect(syscall(SYS_landlock_restrict_self, rules, 0) < 0 && errno == EPERM);
	expect(enter_user_space(0) && syscall(SYS_landlock_restrict_self, rules, 0) == 0);
	return HOLDS;
}

static const struct fact facts[] = {
	{ "rules only add: what a parent allows, no child forbids", rules_add, "Landlock" },
	{ "a second layer takes away", layers_take, "Landlock" },
	{ "no descriptor of a folder, path or reader leads to making or writing", all_ways, "Landlock" },
	{ "a descriptor opened elsewhere carries its rights in", carried, "Landlock ABI 3" },
	{ "ABI 1: nothing moves between folders unless REFER is handled", refer_1, "Landlock" },
	{ "ABI 2: REFER", refer_2, "Landlock ABI 2" },
	{ "ABI 2: moving and linking gain no right", refer_3, "Landlock ABI 2" },
	{ "ABI 3: TRUNCATE", truncates, "Landlock ABI 3" },
	{ "ABI 4: TCP by port, datagrams not asked before ABI 10", tcp_ports, "Landlock ABI 4" },
	{ "ABI 4: TCP fast open is not asked", fast_open_unasked, "a Landlock that overlooks fast open" },
	{ "ABI 5: requests to devices opened since", ioctls, "Landlock ABI 5" },
	{ "ABI 6: abstract sockets of others", abstract_scope, "Landlock ABI 6" },
	{ "ABI 6: signals to others", signal_scope, "Landlock ABI 6" },
	{ "ABI 6: limits of others are not signals", limits_not_scoped, "Landlock ABI 6" },
	{ "modes and O_PATH are not covered", modes, "Landlock" },
	{ "memory files are not covered", memory, "Landlock" },
	{ "bits and members it does not know are refused", unknown_is_refused, "Landlock" },
	{ "it needs no_new_privs or CAP_SYS_ADMIN", needs_no_new_privs, "an ordinary user without it" },
};

int main(void)
{
	return facts_main(facts, count_of(facts));
}
