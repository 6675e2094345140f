#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

/* Hard and soft alike, and never above what we have: a limit that was lower outside stays lower. */
static int limit_one(int resource, uint64_t most, struct err *e)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
		return err_sys(e, "limit %d", resource);
	if (now.rlim_max > most)
		now.rlim_max = most;
	now.rlim_cur = now.rlim_max;
	if (setrlimit((__rlimit_resource_t)resource, &now) < 0)
		return err_sys(e, "limit %d to %llu", resource, (unsigned long long)most);
	return 0;
}

/* Core files first: whatever the profile says, memory is not written to the workspace. */
int limits_apply(struct inside *in, struct err *e)
{
	size_t i;

	if (limit_one(RLIMIT_CORE, 0, e) < 0)
		return -1;
	for (i = 0; i < in->spec->limit_count; i++)
		if (limit_one(in->spec->limits[i].resource, in->spec->limits[i].most, e) < 0)
			return -1;
	return 0;
}

/* Before Linux 6.14 this one number was the whole machine's, and root inside could have set it. */
static bool has_own_pid_max(void)
{
	struct utsname system;
	unsigned long major;
	char *rest;

	if (uname(&system) < 0)
		return false;
	major = strtoul(system.release, &rest, 10);
	return major > 6 || (major == 6 && *rest == '.' && strtoul(rest + 1, NULL, 10) >= 14);
}

/*
 * RLIMIT_NPROC does not hold uid 0. A pid namespace's own largest number holds everybody in it; it
 * counts no lower than 301. Who cannot set it says so, and the record names who holds the limit.
 */
int limits_hold_processes(struct inside *in, struct err *e)
{
	static const uint64_t least = 301, largest = 4194304;
	scoped(fd) int fd = -1;
	uint64_t most = 0;
	char text[32];
	size_t i;
	int size;

	(void)e;
	for (i = 0; i < in->spec->limit_count; i++)
		if (in->spec->limits[i].resource == RLIMIT_NPROC)
			most = in->spec->limits[i].most;
	if (most == 0 || most > largest || !in->layers[LAYER_PID].obtained || !has_own_pid_max())
		return 0;
	fd = open("/proc/sys/kernel/pid_max", O_WRONLY | O_CLOEXEC);
	size = snprintf(text, sizeof(text), "%llu", (unsigned long long)(most < least ? least : most));
	if (fd >= 0 && write(fd, text, (size_t)size) == size)
		in->layers[LAYER_LIMITS].detail = JAIL_PROCESSES_HELD;
	return 0;
}
