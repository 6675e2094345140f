/*
 * Which layers this kernel will not give, found by asking for each alone, in a process that ends at once.
 * For `reeve doctor`, which must name the one that is missing where a whole jail only fails.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static bool writes(const char *path, const char *text)
{
	scoped(fd) int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) > 0;
}

/*
 * Where a namespace can be made but not used, as AppArmor may have it, it is the map that is refused.
 * The group too: whose group has no number inside can make no file there.
 */
static bool enters_user(void)
{
	char users[64], groups[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	snprintf(users, sizeof(users), "%u %u 1", uid, uid);
	snprintf(groups, sizeof(groups), "%u %u 1", gid, gid);
	return unshare(CLONE_NEWUSER) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0 &&
	       writes("/proc/self/uid_map", users) && writes("/proc/self/setgroups", "deny") &&
	       writes("/proc/self/gid_map", groups);
}

static bool can_have(enum jail_layer l)
{
	unsigned long flag = l == LAYER_TIME ? CLONE_NEWTIME : layer_flag(l);
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(!enters_user() || (l != LAYER_USER && unshare((int)flag) < 0));
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool lays_over(void)
{
	static const char *const made[] = { "/tmp/lower", "/tmp/upper", "/tmp/work", "/tmp/merged" };
	size_t i;

	if (!enters_user() || unshare(CLONE_NEWNS) < 0 || mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0)
		return false;
	for (i = 0; i < count_of(made); i++)
		if (mkdir(made[i], 0700) < 0)
			return false;
	return mount("overlay", made[3], "overlay", 0,
		     "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work,userxattr") == 0;
}

bool jail_can_overlay(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(!lays_over());
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

uint32_t jail_missing(void)
{
	uint32_t missing = 0;
	enum jail_layer l;

	for (l = LAYER_USER; l <= LAYER_TIME; l++)
		if (!can_have(l))
			missing |= 1u << l;
	if (jail_landlock_abi() < 1)
		missing |= 1u << LAYER_LANDLOCK;
	return missing;
}
