/*
 * Every layer is tried from inside, by the process that will become the program: what a run's first
 * record calls tested did not merely fail to fail when it was set up. A layer that does not hold
 * ends the jail, also where it was dispensable: half a layer is worse than a known hole.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/reaching.h"

/* true: it was tried, and it held. */
struct probe {
	enum jail_layer layer;
	const char *broken;
	bool (*holds)(const struct inside *in);
};

static bool space_is_new(const struct inside *in, enum jail_layer l)
{
	return in->here[l] != 0 && in->here[l] != in->outer[l];
}

static bool user_holds(const struct inside *in)
{
	return space_is_new(in, LAYER_USER);
}

static bool ipc_holds(const struct inside *in)
{
	return space_is_new(in, LAYER_IPC);
}

static bool cgroup_holds(const struct inside *in)
{
	return space_is_new(in, LAYER_CGROUP);
}

/* The root is ours, has nothing above it, and takes no new names. */
static bool mount_holds(const struct inside *in)
{
	struct stat root, above;

	(void)in;
	return stat("/", &root) == 0 && stat("/..", &above) == 0 && root.st_dev == in->own[0] &&
	       root.st_ino == above.st_ino && root.st_dev == above.st_dev &&
	       mkdir("/reeve-probe", 0700) < 0;
}

/* Our parent must be the first process there is, and its number 1. */
static bool pid_holds(const struct inside *in)
{
	(void)in;
	return getppid() == 1;
}

/*
 * TEST-NET-1: no packet leaves for a connected datagram socket, but a route is looked for. Where there are ears it
 * is found, and leads back: who is sent there comes from 127.0.0.1, which leaves by no other interface.
 */
static bool net_holds(const struct inside *in)
{
	scoped(fd) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in away = { .sin_family = AF_INET, .sin_port = htons(9) }, from = { 0 };
	socklen_t size = sizeof(from);
	int rc;

	away.sin_addr.s_addr = htonl(0xc0000201);
	rc = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&away, sizeof(away));
	if (fd < 0 || in->spec->ear_count == 0)
		return fd >= 0 && rc < 0 && errno == ENETUNREACH;
	return rc == 0 && getsockname(fd, (struct sockaddr *)&from, &size) == 0 &&
	       from.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
}

/* A namespace of its own, in which the machine has only just been started. */
static bool time_holds(const struct inside *in)
{
	struct timespec boot;

	return space_is_new(in, LAYER_TIME) && clock_gettime(CLOCK_BOOTTIME, &boot) == 0 &&
	       (uint64_t)boot.tv_sec * 1000000000 + (uint64_t)boot.tv_nsec < in->booted_ns;
}

static bool uts_holds(const struct inside *in)
{
	struct utsname name;

	return space_is_new(in, LAYER_UTS) && uname(&name) == 0 &&
	       strcmp(name.nodename, in->spec->hostname ? in->spec->hostname : "reeve") == 0;
}

/* The mode of the file lets us read it, so only Landlock can say no; without a root of ours, that of the folder
 * in which our private places lie. */
static bool file_is_denied(const struct inside *in)
{
	int fd = in->layers[LAYER_MOUNT].obtained ? open(JAIL_DENIED, O_RDONLY | O_CLOEXEC)
						  : open(in->spec->apart, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool held = fd < 0 && errno == EACCES;

	fd_close(&fd);
	return held;
}

/* Port 1 of ourselves, where nobody listens: refused by Landlock or by init, not for want of a listener. */
static bool port_is_denied(void)
{
	scoped(fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in self = { .sin_family = AF_INET, .sin_port = htons(1) };

	self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd < 0 || (connect(fd, (struct sockaddr *)&self, sizeof(self)) < 0 && (errno == EACCES || errno == EPERM));
}

/* In the host's network with no ports named all may be connected to; otherwise port 1 is refused unless it is named. */
static bool ports_are_limited(const struct inside *in)
{
	const uint16_t *port = in->spec->connect;

	if (in->layers[LAYER_NET].obtained || (in->spec->host_net && !port))
		return false;
	while (port && *port && *port != 1)
		port++;
	return !port || *port == 0;
}

/* As far as this kernel's ABI goes: a file; TCP where there is no network of our own; a signal to init. */
static bool landlock_holds(const struct inside *in)
{
	uint32_t abi = in->layers[LAYER_LANDLOCK].detail;

	if (!file_is_denied(in))
		return false;
	if (abi >= 4 && ports_are_limited(in) && !port_is_denied())
		return false;
	return abi < 6 || (kill(getppid(), 0) < 0 && errno == EPERM);
}

/* Every set, and what could fill one again: raising what is permitted, ambient, or by becoming root. */
static bool capabilities_hold(const struct inside *in)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[2] = { { 0 } };
	int cap;

	if (syscall(SYS_capget, &head, have) < 0 ||
	    capabilities_bounding() != in->layers[LAYER_CAPABILITIES].detail)
		return false;
	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) != 0 ||
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) == 0)
			return false;
	if (in->layers[LAYER_CAPABILITIES].detail == 0 &&
	    (!capabilities_locked() || prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) == 0))
		return false;
	return (have[0].effective | have[1].effective | have[0].permitted | have[1].permitted |
		have[0].inheritable | have[1].inheritable) == 0;
}

static bool no_new_privs_holds(const struct inside *in)
{
	(void)in;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

/* Read back, and tried: what was lowered may not be raised. */
static bool limits_hold(const struct inside *in)
{
	struct rlimit core, now;
	const struct rlimit more = { .rlim_cur = 1, .rlim_max = 1 };
	size_t i;

	if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max != 0)
		return false;
	for (i = 0; i < in->spec->limit_count; i++)
		if (getrlimit((__rlimit_resource_t)in->spec->limits[i].resource, &now) < 0 ||
		    now.rlim_max > in->spec->limits[i].most)
			return false;
	return !in->layers[LAYER_CAPABILITIES].obtained || setrlimit(RLIMIT_CORE, &more) < 0;
}

/* unshare(0) does nothing and always succeeds, where it exists; no list but ours knows these families. */
static const struct {
	int call;
	uint64_t args[6];
	int error;
} refused[] = {
	{ SYS_unshare, { 0 }, EPERM },
	{ SYS_socket, { AF_VSOCK, SOCK_STREAM }, EAFNOSUPPORT },
};

/* What it answers here: the profile's own list is asked before ours. */
static int refusal_of(const struct inside *in, size_t i)
{
	int theirs = in->spec->calls
			     ? jail_calls_answer(in->spec->calls, refused[i].call, refused[i].args)
			     : 0;

	return theirs ? theirs : refused[i].error;
}

/* A list that kills for the question leaves nobody to hear the answer. */
static bool seccomp_can_be_tried(const struct inside *in)
{
	size_t i;

	for (i = 0; i < count_of(refused); i++)
		if (refusal_of(in, i) < 0)
			return false;
	return true;
}

/*
 * A socket without a file, which only init refuses so; and a datagram, which is not sent. Init must be able to look
 * at us, as it will at the program.
 */
static bool reach_holds(const struct inside *in)
{
	const struct sockaddr_un nowhere = { .sun_family = AF_UNIX, .sun_path = "\0" NAMES_PROBE };
	const uint64_t made[6] = { AF_UNIX, SOCK_STREAM };
	scoped(fd) int stream = -1, datagrams = -1;
	bool held;

	if (in->spec->calls && (jail_calls_answer(in->spec->calls, SYS_connect, made) ||
				jail_calls_answer(in->spec->calls, SYS_socket, made)))
		return true; /* the profile's own list leaves nothing to reach out with */
	prctl(PR_SET_DUMPABLE, 1);
	stream = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	held = connect(stream, (const struct sockaddr *)&nowhere, sizeof(nowhere)) < 0 && errno == EACCES;
	datagrams = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	held = held && datagrams >= 0 &&
	       sendto(datagrams, "", 0, MSG_NOSIGNAL, (const struct sockaddr *)&nowhere, sizeof(nowhere)) < 0 &&
	       errno == EPIPE;
	prctl(PR_SET_DUMPABLE, 0);
	return held;
}

static bool seccomp_holds(const struct inside *in)
{
	size_t i;

	for (i = 0; i < count_of(refused); i++)
		if (syscall(refused[i].call, refused[i].args[0], refused[i].args[1], 0) >= 0 ||
		    errno != refusal_of(in, i))
			return false;
	return !in->reach || reach_holds(in);
}

/* Init must be able to read our memory, as it will the program's: so we are what a program is after execve(2). */
static bool names_hold(const struct inside *in)
{
	char path[PATH_MAX];
	bool held = in->layers[LAYER_LANDLOCK].obtained;
	size_t i;
	int fd;

	prctl(PR_SET_DUMPABLE, 1);
	for (i = 0; held && i < in->names->zone_count; i++) {
		if (!in->names->zones[i].judged)
			continue;
		snprintf(path, sizeof(path), "%s/" NAMES_PROBE, in->names->zones[i].path);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		held = fd < 0 && errno == EPERM;
		if (fd >= 0)
			unlink(path);
		fd_close(&fd);
	}
	prctl(PR_SET_DUMPABLE, 0);
	return held;
}

static const struct probe before[] = {
	{ LAYER_USER, "still in the launcher's user namespace", user_holds },
	{ LAYER_MOUNT, "the old root can be reached", mount_holds },
	{ LAYER_PID, "other processes can be seen", pid_holds },
	{ LAYER_NET, "there is a way out", net_holds },
	{ LAYER_IPC, "still in the launcher's ipc namespace", ipc_holds },
	{ LAYER_UTS, "still has the launcher's name", uts_holds },
	{ LAYER_CGROUP, "still in the launcher's cgroup namespace", cgroup_holds },
	{ LAYER_TIME, "the host's uptime can be read", time_holds },
	{ LAYER_LANDLOCK, "what is denied works", landlock_holds },
	{ LAYER_CAPABILITIES, "a capability is left", capabilities_hold },
	{ LAYER_NO_NEW_PRIVS, "setuid programs would still work", no_new_privs_holds },
	{ LAYER_LIMITS, "a limit can be raised", limits_hold },
};

static const struct probe after[] = {
	{ LAYER_SECCOMP, "a refused call works", seccomp_holds },
	{ LAYER_NAMES, "a protected name can be made", names_hold },
};

static int try_each(struct inside *in, const struct probe *probes, size_t count, struct err *e)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!in->layers[probes[i].layer].obtained ||
		    (probes[i].layer == LAYER_SECCOMP && !seccomp_can_be_tried(in)))
			continue;
		if (!probes[i].holds(in))
			return err_set(e, ERR_SYSTEM, "%s: %s", jail_layer_word(probes[i].layer),
				       probes[i].broken);
		in->layers[probes[i].layer].tested = true;
	}
	return 0;
}

int probes_before(struct inside *in, struct err *e)
{
	return try_each(in, before, count_of(before), e);
}

int probes_after(struct inside *in, struct err *e)
{
	return try_each(in, after, count_of(after), e);
}
