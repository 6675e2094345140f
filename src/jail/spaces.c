/* The namespaces that need more than a clone(2) flag. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static int write_text(const char *path, const char *text, struct err *e)
{
	scoped(fd) int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return err_sys(e, "%s", path);
	return 0;
}

/* Files in /proc/self belong to root while we are not dumpable, which a careful launcher is not. */
static int write_own(const char *path, const char *text, struct err *e)
{
	int rc;

	if (prctl(PR_SET_DUMPABLE, 1) < 0)
		return err_sys(e, "dumpable");
	rc = write_text(path, text, e);
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? err_sys(e, "dumpable") : rc;
}

/*
 * The same ids inside as outside, and only these: files keep their owner. Being dumpable is lifted for as
 * long as it takes; nobody is inside yet to use it.
 */
int spaces_enter_user(struct inside *in, struct err *e)
{
	char map[64];

	snprintf(map, sizeof(map), "%u %u 1", in->uid, in->uid);
	if (write_own("/proc/self/uid_map", map, e) < 0)
		return err_in(e, "%s",
			      in->uid == 0
				      ? "mapping uid 0 takes CAP_SETFCAP: keep it, or run as a user"
				      : "allow unprivileged user namespaces: reeve doctor says how");
	if (write_own("/proc/self/setgroups", "deny", e) < 0)
		return -1;
	snprintf(map, sizeof(map), "%u %u 1", in->gid, in->gid);
	return write_own("/proc/self/gid_map", map, e);
}

/*
 * clone(2) has no room for this flag: init stays where it is, and what it forks is born in there. How long
 * the host is up is none of the agent's business, and tells hosts apart: the clocks that count from boot
 * begin anew. Whole seconds, so that they never stand below zero.
 */
int spaces_enter_time(struct inside *in, struct err *e)
{
	struct timespec mono, boot;
	char offsets[96];

	(void)in;
	if (unshare(CLONE_NEWTIME) < 0)
		return err_sys(e, "%s",
			       errno == ENOSPC ? "raise user.max_time_namespaces"
					       : "the kernel gives no time namespace (Linux 5.6, CONFIG_TIME_NS)");
	if (clock_gettime(CLOCK_MONOTONIC, &mono) < 0 || clock_gettime(CLOCK_BOOTTIME, &boot) < 0)
		return err_sys(e, "clocks");
	snprintf(offsets, sizeof(offsets), "monotonic -%lld 0\nboottime -%lld 0\n",
		 (long long)mono.tv_sec, (long long)boot.tv_sec);
	return write_own("/proc/self/timens_offsets", offsets, e);
}

int spaces_set_hostname(struct inside *in, struct err *e)
{
	const char *name = in->spec->hostname ? in->spec->hostname : "reeve";

	if (sethostname(name, strlen(name)) < 0)
		return err_sys(e, "%s", name);
	return 0;
}

/* Programs talk to themselves over 127.0.0.1; there is no other interface to raise. */
int spaces_raise_loopback(struct inside *in, struct err *e)
{
	scoped(fd) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = { .ifr_name = "lo" };

	(void)in;
	lo.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		return err_sys(e, "raise lo");
	return 0;
}
