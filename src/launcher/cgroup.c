/*
 * The folder's descriptor stays open and locked: whoever finds a folder of ours unlocked knows that
 * its run was killed, and removes it.
 */
#include "launcher/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

enum { TRIES = 80 /* this process's own groups are locked too */, EMPTY_SECONDS = 5 };

static const char PREFIX[] = "reeve-run-", LEAF[] = "reeve-self-";
static const uint64_t SECOND = 1000000000;

unsigned cgroup_need(const struct bounds *b)
{
	return (b->memory ? CGROUP_MEMORY : 0u) | (b->processes ? CGROUP_PIDS : 0u) |
	       (b->cpu ? CGROUP_CPU : 0u);
}

static int write_at(int dir, const char *name, const char *text)
{
	scoped(fd) int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

static int write_in(const char *dir, const char *name, const char *text)
{
	scoped(fd) int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : write_at(fd, name, text);
}

/* cgroup.events is readable "urgently" when it changes; a tree without that file is a test's. */
static void await_empty(int dir)
{
	uint64_t deadline = clock_mono_ns() + EMPTY_SECONDS * SECOND;
	scoped(fd) int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd changed = { .fd = fd, .events = POLLPRI };
	char text[256];
	ssize_t size;

	while (fd >= 0 && clock_left_ms(deadline) > 0) {
		size = pread(fd, text, sizeof(text) - 1, 0);
		text[size > 0 ? size : 0] = '\0';
		if (!strstr(text, "populated 1"))
			return;
		(void)poll(&changed, 1, clock_left_ms(deadline));
	}
}

static void kill_and_remove(int dir, const char *path)
{
	(void)!write_at(dir, "cgroup.kill", "1");
	await_empty(dir);
	(void)rmdir(path);
}

/* Of earlier runs that were killed; one that lives has its folder locked. */
static void clean(const char *parent)
{
	DIR *all = opendir(parent);
	char path[PATH_MAX + 300];
	struct dirent *one;

	while (all && (one = readdir(all))) {
		scoped(fd) int dir = -1;

		if (strncmp(one->d_name, PREFIX, sizeof(PREFIX) - 1) != 0 &&
		    strncmp(one->d_name, LEAF, sizeof(LEAF) - 1) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", parent, one->d_name);
		dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0 || flock(dir, LOCK_EX | LOCK_NB) < 0)
			continue;
		if (strncmp(one->d_name, PREFIX, sizeof(PREFIX) - 1) == 0)
			kill_and_remove(dir, path);
		else
			(void)rmdir(path); /* a recorder may still be in it */
	}
	if (all)
		closedir(all);
}

/* Between our mkdir and our lock another run may have taken it for a dead one's. */
static int make_locked(int *out, char path[PATH_MAX], const char *parent, const char *prefix,
		       struct err *e)
{
	struct stat here, there;
	int i;

	for (i = 0; i < TRIES; i++) {
		scoped(fd) int dir = -1;

		if (snprintf(path, PATH_MAX, "%s/%s%d-%d", parent, prefix, getpid(), i) >= PATH_MAX)
			return err_set(e, ERR_LIMIT, "too long a name of a cgroup");
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return err_sys(e, "cgroup %s", path);
		dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0 || flock(dir, LOCK_EX | LOCK_NB) < 0 || fstat(dir, &here) < 0 ||
		    stat(path, &there) < 0 || here.st_ino != there.st_ino)
			continue;
		*out = fd_take(&dir);
		return 0;
	}
	return err_set(e, ERR_SYSTEM, "cgroup %s cannot be kept", path);
}

/* Processes and controllers do not go together in one group: first aside, then the controllers. */
static int step_aside(struct cgroup *c, struct err *e)
{
	scoped(fd) int leaf = -1;
	char us[32];

	snprintf(us, sizeof(us), "%d", getpid());
	if (make_locked(&leaf, c->leaf, c->at.own, LEAF, e) < 0)
		return -1;
	if (write_at(leaf, "cgroup.procs", us) < 0)
		return err_sys(e, "step into %s", c->leaf);
	return 0;
}

static void step_back(struct cgroup *c)
{
	char us[32];

	if (!c->leaf[0])
		return;
	snprintf(us, sizeof(us), "%d", getpid());
	(void)!write_in(c->at.own, "cgroup.subtree_control", "-memory");
	(void)!write_in(c->at.own, "cgroup.subtree_control", "-pids");
	(void)!write_in(c->at.own, "cgroup.subtree_control", "-cpu");
	(void)!write_in(c->at.own, "cgroup.procs", us);
	(void)rmdir(c->leaf);
	c->leaf[0] = '\0';
}

/* One by one: a group may have been given some controllers and not others. */
static void enable(struct cgroup *c)
{
	static const struct {
		unsigned bit;
		const char *word;
	} rows[] = { { CGROUP_MEMORY, "+memory" },
		     { CGROUP_PIDS, "+pids" },
		     { CGROUP_CPU, "+cpu" } };
	size_t i;

	for (i = 0; i < count_of(rows); i++)
		if ((c->holds & rows[i].bit) &&
		    write_in(c->at.own, "cgroup.subtree_control", rows[i].word) < 0)
			c->holds &= ~rows[i].bit;
}

/* Swap first, or what memory.max pushes out goes there; a kernel without swap has no such file. */
static bool bound_memory(int dir, uint64_t most)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)most);
	if (write_at(dir, "memory.swap.max", "0") < 0 && errno != ENOENT)
		return false;
	return write_at(dir, "memory.max", text) == 0 &&
	       write_at(dir, "memory.oom.group", "1") == 0;
}

static bool bound_processes(int dir, uint64_t most)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)most);
	return write_at(dir, "pids.max", text) == 0;
}

static bool bound_cpu(int dir, uint64_t per_cent)
{
	char text[64];

	snprintf(text, sizeof(text), "%llu 100000", (unsigned long long)per_cent * 1000);
	return write_at(dir, "cpu.max", text) == 0;
}

static void bound(struct cgroup *c, const struct bounds *b)
{
	if ((c->holds & CGROUP_MEMORY) && b->memory && !bound_memory(c->dir, b->memory))
		c->holds &= ~(unsigned)CGROUP_MEMORY;
	if ((c->holds & CGROUP_PIDS) && b->processes && !bound_processes(c->dir, b->processes))
		c->holds &= ~(unsigned)CGROUP_PIDS;
	if ((c->holds & CGROUP_CPU) && b->cpu && !bound_cpu(c->dir, b->cpu))
		c->holds &= ~(unsigned)CGROUP_CPU;
}

int cgroup_make(struct cgroup *out, const struct cgroup_layout *at, const struct bounds *b,
		struct err *e)
{
	struct cgroup c = { .at = *at, .dir = -1, .holds = at->holds };

	clean(at->parent);
	if ((at->leave && step_aside(&c, e) < 0) ||
	    make_locked(&c.dir, c.path, at->parent, PREFIX, e) < 0) {
		step_back(&c);
		return -1;
	}
	if (at->leave)
		enable(&c);
	bound(&c, b);
	*out = c;
	return 0;
}

void cgroup_end(struct cgroup *c)
{
	if (c->dir >= 0)
		kill_and_remove(c->dir, c->path);
	fd_close(&c->dir);
	c->path[0] = '\0';
	step_back(c);
}
