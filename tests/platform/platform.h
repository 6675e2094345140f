/*
 * tests/platform/platform.h - facts about the kernel that reeve relies on, one row each, tried in a child of its own.
 * A fact that does not hold here, where the kernel is older than it or has been told otherwise, is skipped with that
 * reason; a fact that holds otherwise than we believe is "not ok".
 */
#ifndef PLATFORM_PLATFORM_H
#define PLATFORM_PLATFORM_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define count_of(a) (sizeof(a) / sizeof((a)[0]))

enum { HOLDS, DIFFERS, LACKS };	/* what a child's exit status says of its fact */

struct fact {
	const char *what;
	int (*is)(void);
	const char *needs;	/* said if LACKS */
};

/* The line of a DIFFERS, to find it by. */
#define expect(cond)								\
	do {									\
		if (!(cond)) {							\
			printf("# line %d: %s (%s)\n", __LINE__, #cond, strerrorname_np(errno));	\
			fflush(stdout);						\
			return DIFFERS;						\
		}								\
	} while (0)

static inline int fate(int (*body)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		errno = 0;
		status = body();
		fflush(stdout);
		_exit(status);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return DIFFERS;
	return WEXITSTATUS(status);
}

static inline int facts_main(const struct fact *facts, size_t count)
{
	size_t i;
	int is, wrong = 0;

	printf("1..%zu\n", count);
	for (i = 0; i < count; i++) {
		fflush(stdout);
		is = fate(facts[i].is);
		if (is == LACKS)
			printf("ok %zu - %s # SKIP needs %s\n", i + 1, facts[i].what, facts[i].needs);
		else
			printf("%s %zu - %s\n", is == HOLDS ? "ok" : "not ok", i + 1, facts[i].what);
		wrong += is == DIFFERS;
	}
	return wrong != 0;
}

/* The same ids inside a new user namespace, with all capabilities in it; false: there are none to be had. */
static inline bool enter_user_space(int more)
{
	const uid_t uid = getuid();
	const gid_t gid = getgid();
	char map[64];
	int fd;

	if (unshare(CLONE_NEWUSER | more) < 0)
		return false;
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	fd = open("/proc/self/uid_map", O_WRONLY);
	if (write(fd, map, strlen(map)) < 0)
		return false;
	close(fd);
	fd = open("/proc/self/setgroups", O_WRONLY);
	if (fd < 0 || write(fd, "deny", 4) < 0)
		return false;
	close(fd);
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	fd = open("/proc/self/gid_map", O_WRONLY);
	if (write(fd, map, strlen(map)) < 0)
		return false;
	close(fd);
	return true;
}

#endif
