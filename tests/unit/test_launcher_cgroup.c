/* Where a cgroup may be made, on trees of plain files; and, where this machine lets us, made for real. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/cgroup.h"

enum { ALL = CGROUP_MEMORY | CGROUP_PIDS | CGROUP_CPU, FAILS = -1 };

#define V1 "9:name=systemd:/\n4:memory:/process_api/x\n"

/* One folder of a tree: its name below the mount, what it may hand on, what it hands on, who is in it; NULL: no such file. */
struct group {
	const char *name, *controllers, *subtree, *procs;
	enum { PLAIN, ROOT, DELEGATED } kind;
};

static const struct {
	const char *what, *self, *mount_root;
	struct group groups[4];
	const char *parent;	/* below the mount; NULL: expect `why` */
	bool leave;
	unsigned holds;
	const char *why;
} rows[] = {
	{ "a hybrid machine: no controller worth having", V1 "0::/\n", "/",
	  { { "", "hugetlb\n", "hugetlb\n", "1\n", ROOT } }, "", false, 0, NULL },
	{ "the true root, with controllers handed on", "0::/\n", "/",
	  { { "", "cpu memory pids\n", "memory pids\n", "1\n", ROOT } },
	  "", false, CGROUP_MEMORY | CGROUP_PIDS, NULL },
	{ "the true root keeps its controllers: not ours to change", "0::/\n", "/",
	  { { "", "cpu memory pids\n", "\n", "1\n", ROOT } }, "", false, 0, NULL },
	{ "delegated, and nobody but us", "0::/user/run.scope\n", "/",
	  { { "", "memory pids\n", "memory pids\n", "", PLAIN }, { "/user", "memory pids\n", "memory pids\n", "", PLAIN },
	    { "/user/run.scope", "memory pids cpu\n", "", "@\n", DELEGATED } },
	  "/user/run.scope", true, ALL, NULL },
	{ "delegated, but somebody else is there too: beside it", "0::/user/run.scope\n", "/",
	  { { "", "memory pids\n", "memory pids\n", "", PLAIN }, { "/user", "memory pids\n", "memory pids\n", "", PLAIN },
	    { "/user/run.scope", "memory pids cpu\n", "", "@\n999999\n", DELEGATED } },
	  "/user", false, CGROUP_MEMORY | CGROUP_PIDS, NULL },
	{ "nowhere to stand beside", "0::/user/run.scope\n", "/",
	  { { "", "memory\n", "memory\n", "", PLAIN }, { "/user", "memory\n", "memory\n", NULL, PLAIN },
	    { "/user/run.scope", "memory\n", "", "@\n999999\n", DELEGATED } },
	  NULL, false, 0, "is not delegated to this user" },
	{ "the top of a container, shared", "0::/\n", "/",
	  { { "", "memory\n", "memory\n", "@\n999999\n", DELEGATED } },
	  NULL, false, 0, "is shared with other processes" },
	{ "a mount that shows a part of the tree", "0::/a/b/c\n", "/a/b",
	  { { "", "memory\n", "memory\n", "", PLAIN }, { "/c", "memory\n", "", "@\n", DELEGATED } },
	  "/c", true, CGROUP_MEMORY, NULL },
	{ "and not the part we are in", "0::/a/bc\n", "/a/b", { { "", "memory\n", "", "", PLAIN } },
	  NULL, false, 0, "not below the one mounted" },
	{ "a namespace that leads out", "0::/../x\n", "/", { { "", "memory\n", "", "", PLAIN } },
	  NULL, false, 0, "outside of what is mounted" },
	{ "version 1 alone", V1, "/", { { "", "memory\n", "", "", PLAIN } }, NULL, false, 0, "in no cgroup v2" },
	{ "nothing mounted", "0::/\n", NULL, { { "", "memory\n", "", "", PLAIN } }, NULL, false, 0,
	  "no cgroup v2 is mounted" },
};

static void put(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX + 64], full[256] = "";
	struct err e = { 0 };
	scoped(fd) int fd = -1;

	if (!text)
		return;
	if (text[0] == '@')
		snprintf(full, sizeof(full), "%d%s", getpid(), text + 1);
	else
		snprintf(full, sizeof(full), "%s", text);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, full, strlen(full), &e), 0);
}

static void build_group(const char *top, const struct group *g)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/mnt%s", top, g->name);
	assert_int_equal(mkdir(dir, 0755), 0);
	put(dir, "cgroup.controllers", g->controllers);
	put(dir, "cgroup.subtree_control", g->subtree);
	put(dir, "cgroup.procs", g->procs);
	if (g->kind != ROOT)
		put(dir, "cgroup.type", "domain\n");
	if (g->kind == DELEGATED && geteuid() == 0)
		assert_int_equal(setxattr(dir, "user.delegate", "1", 1, 0), 0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static void test_layouts(void **state)
{
	char top[] = "/tmp/reeve-cgroup-XXXXXX", self[64], mounts[64], line[256], want[PATH_MAX];
	size_t i, g;

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(self, sizeof(self), "%s/self", top);
	snprintf(mounts, sizeof(mounts), "%s/mounts", top);
	for (i = 0; i < count_of(rows); i++) {
		struct cgroup_layout at = { 0 };
		struct err e = { 0 };
		int got;

		for (g = 0; g < count_of(rows[i].groups) && rows[i].groups[g].name; g++)
			build_group(top, &rows[i].groups[g]);
		put(top, "self", rows[i].self);
		snprintf(line, sizeof(line),
			 "24 1 0:22 / /proc rw shared:1 - proc proc rw\n"
			 "30 1 0:26 %s %s/mnt rw,relatime shared:9 - %s cgroup rw\n",
			 rows[i].mount_root ? rows[i].mount_root : "/", top,
			 rows[i].mount_root ? "cgroup2" : "cgroup");
		put(top, "mounts", line);
		got = cgroup_look(&at, &(struct cgroup_view){ self, mounts }, ALL, &e);
		snprintf(want, sizeof(want), "%s/mnt%s", top, rows[i].parent ? rows[i].parent : "");
		if ((got == 0) != (rows[i].parent != NULL) || (got < 0 && !strstr(e.text, rows[i].why)) ||
		    (got == 0 && (strcmp(at.parent, want) != 0 || at.leave != rows[i].leave ||
				  at.holds != rows[i].holds)))
			fail_msg("%s: %s, parent %s, leave %d, holds %u", rows[i].what, e.text, at.parent,
				 at.leave, at.holds);
		snprintf(want, sizeof(want), "%s/mnt", top);
		nftw(want, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	}
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void same(const char *dir, const char *name, const char *want)
{
	char path[PATH_MAX + 64];
	scoped(mem) char *text = NULL;
	struct err e = { 0 };
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(fd_read_file(&text, &size, path, 4096, &e), 0);
	assert_string_equal(text, want);
}

static const struct bounds bounds = { .memory = 1 << 30, .processes = 100, .cpu = 150 };

/* A folder that stands already, because plain folders do not fill themselves. */
static void test_bounds_are_written(void **state)
{
	static const char *const files[] = { "memory.max", "memory.swap.max", "memory.oom.group", "pids.max",
					     "cpu.max",	   "cgroup.kill" };
	char top[] = "/tmp/reeve-cgroup-XXXXXX", dir[PATH_MAX];
	struct cgroup_layout at = { .holds = ALL };
	struct cgroup c = CGROUP_NONE;
	struct err e = { 0 };
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(at.own, sizeof(at.own), "%s", top);
	snprintf(at.parent, sizeof(at.parent), "%s", top);
	snprintf(dir, sizeof(dir), "%s/reeve-run-%d-0", top, getpid());
	assert_int_equal(mkdir(dir, 0755), 0);
	for (i = 0; i < count_of(files); i++)
		put(dir, files[i], "");
	assert_int_equal(cgroup_make(&c, &at, &bounds, &e), 0);
	assert_int_equal(c.holds, ALL);
	same(dir, "memory.max", "1073741824");
	same(dir, "memory.swap.max", "0");
	same(dir, "memory.oom.group", "1");
	same(dir, "pids.max", "100");
	same(dir, "cpu.max", "150000 100000");
	cgroup_end(&c);
	same(dir, "cgroup.kill", "1");
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* What cannot be written is not said to be held. */
static void test_nothing_is_claimed(void **state)
{
	char top[] = "/tmp/reeve-cgroup-XXXXXX";
	struct cgroup_layout at = { .holds = ALL };
	struct cgroup c = CGROUP_NONE;
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(at.own, sizeof(at.own), "%s", top);
	snprintf(at.parent, sizeof(at.parent), "%s", top);
	assert_int_equal(cgroup_make(&c, &at, &bounds, &e), 0);
	assert_int_equal(c.holds, 0);
	cgroup_end(&c);
	cgroup_end(&c);
	assert_int_equal(rmdir(top), 0);
	snprintf(at.parent, sizeof(at.parent), "/nowhere/at/all");
	assert_int_equal(cgroup_make(&c, &at, &bounds, &e), -1);
	assert_non_null(strstr(e.text, "cgroup /nowhere/at/all"));
}

/* --- for real, with no controllers: a version 2 that we may write in is enough --- */

static const char *real_root(void)
{
	static const char *const places[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < count_of(places); i++) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", places[i]);
		if (access(path, W_OK) == 0 && access(places[i], W_OK) == 0)
			return places[i];
	}
	return NULL;
}

static pid_t sleeper(void)
{
	pid_t child = fork();

	if (child == 0)
		for (;;)
			pause();
	return child;
}

static void move(const char *dir, pid_t who)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", who);
	put(dir, "cgroup.procs", text);
}

static void test_killed_and_removed(void **state)
{
	const char *root = real_root();
	struct cgroup_layout at = { 0 };
	struct cgroup c = CGROUP_NONE;
	char path[PATH_MAX];
	struct err e = { 0 };
	pid_t child;
	int status;

	(void)state;
	if (!root) {
		print_message("# skip: no cgroup v2 that this user may write in\n");
		skip();
	}
	snprintf(at.own, sizeof(at.own), "%s", root);
	snprintf(at.parent, sizeof(at.parent), "%s", root);
	assert_int_equal(cgroup_make(&c, &at, &(struct bounds){ 0 }, &e), 0);
	snprintf(path, sizeof(path), "%s", c.path);
	child = sleeper();
	move(path, child);
	cgroup_end(&c);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(access(path, F_OK), -1);
}

/* A folder without a lock is a dead run's, with what is in it; one with a lock is not. */
static void test_what_was_left(void **state)
{
	const char *root = real_root();
	struct cgroup_layout at = { 0 };
	struct cgroup c = CGROUP_NONE;
	char top[PATH_MAX], dead[PATH_MAX + 64], alive[PATH_MAX + 64];
	struct err e = { 0 };
	pid_t child;
	int status, lock;

	(void)state;
	if (!root) {
		print_message("# skip: no cgroup v2 that this user may write in\n");
		skip();
	}
	snprintf(top, sizeof(top), "%s/reeve-test-%d", root, getpid());
	snprintf(dead, sizeof(dead), "%s/reeve-run-1-0", top);
	snprintf(alive, sizeof(alive), "%s/reeve-run-2-0", top);
	assert_int_equal(mkdir(top, 0755), 0);
	assert_int_equal(mkdir(dead, 0755), 0);
	assert_int_equal(mkdir(alive, 0755), 0);
	lock = open(alive, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	child = sleeper();
	move(dead, child);
	snprintf(at.own, sizeof(at.own), "%s", top);
	snprintf(at.parent, sizeof(at.parent), "%s", top);
	assert_int_equal(cgroup_make(&c, &at, &(struct bounds){ 0 }, &e), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(access(dead, F_OK), -1);
	assert_int_equal(access(alive, F_OK), 0);
	cgroup_end(&c);
	close(lock);
	assert_int_equal(rmdir(alive), 0);
	assert_int_equal(rmdir(top), 0);
}

/* As the only process of a group of ours: into a leaf, and out again. 0: all as it should be. */
static int aside_and_back(const char *top)
{
	struct cgroup_layout at = { .leave = true };
	struct cgroup c = CGROUP_NONE;
	char leaf[PATH_MAX], path[PATH_MAX + 64];
	scoped(mem) char *text = NULL;
	struct err e = { 0 };
	size_t size;

	snprintf(at.own, sizeof(at.own), "%s", top);
	snprintf(at.parent, sizeof(at.parent), "%s", top);
	if (cgroup_make(&c, &at, &(struct bounds){ 0 }, &e) < 0 || !c.leaf[0])
		return 1;
	snprintf(leaf, sizeof(leaf), "%s", c.leaf);
	snprintf(path, sizeof(path), "%s/cgroup.procs", leaf);
	if (fd_read_file(&text, &size, path, 4096, &e) < 0 || atol(text) != getpid())
		return 2;
	cgroup_end(&c);
	return access(leaf, F_OK) == 0 ? 3 : 0;
}

static void test_aside_and_back(void **state)
{
	const char *root = real_root();
	char top[PATH_MAX];
	pid_t child;
	int status = 0;

	(void)state;
	if (!root) {
		print_message("# skip: no cgroup v2 that this user may write in\n");
		skip();
	}
	snprintf(top, sizeof(top), "%s/reeve-test-%d", root, getpid());
	assert_int_equal(mkdir(top, 0755), 0);
	child = fork();
	if (child == 0) {
		move(top, getpid());
		_exit(aside_and_back(top));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(rmdir(top), 0);
}

/* A jail is born in it, and ends with it. */
static void test_jail_is_in_it(void **state)
{
	const char *root = real_root(), *const argv[] = { "cat", NULL };
	const struct jail_mount m[] = { { .kind = JAIL_READ, .source = "/usr", .target = "/usr" },
					{ .kind = JAIL_LINK, .source = "usr/bin", .target = "/bin" },
					{ .kind = JAIL_LINK, .source = "usr/lib", .target = "/lib" },
					{ .kind = JAIL_LINK, .source = "usr/lib64", .target = "/lib64" } };
	const char *const env[] = { "PATH=/usr/bin", NULL };
	struct cgroup_layout at = { 0 };
	struct cgroup c = CGROUP_NONE;
	struct jail j = JAIL_NONE;
	struct jail_spec spec = { .name = "test", .argv = argv, .env = env, .mounts = m,
				  .mount_count = count_of(m), .stdio = { -1, -1, 2 } };
	char path[PATH_MAX + 64], line[64];
	scoped(mem) char *text = NULL;
	struct err e = { 0 };
	struct pollfd end;
	int status = 0, ends[2];
	size_t size;

	(void)state;
	if (!root) {
		print_message("# skip: no cgroup v2 that this user may write in\n");
		skip();
	}
	snprintf(at.own, sizeof(at.own), "%s", root);
	snprintf(at.parent, sizeof(at.parent), "%s", root);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(cgroup_make(&c, &at, &(struct bounds){ 0 }, &e), 0);
	spec.cgroup = c.dir;
	spec.stdio[0] = ends[0];
	if (jail_start(&j, &spec, &e) < 0)
		fail_msg("%s", e.text);
	snprintf(path, sizeof(path), "%s/cgroup.procs", c.path);
	assert_int_equal(fd_read_file(&text, &size, path, 4096, &e), 0);
	snprintf(line, sizeof(line), "%d\n", j.init);
	assert_non_null(strstr(text, line));
	assert_int_equal(jail_go(&j, &e), 0);
	cgroup_end(&c);
	end = (struct pollfd){ .fd = j.pidfd, .events = POLLIN };
	assert_int_equal(poll(&end, 1, 5000), 1);
	assert_true(jail_ended(&j, &status));
	assert_int_equal(status, 128 + SIGKILL);
	jail_end(&j);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),		    cmocka_unit_test(test_bounds_are_written),
		cmocka_unit_test(test_nothing_is_claimed),  cmocka_unit_test(test_killed_and_removed),
		cmocka_unit_test(test_what_was_left),	    cmocka_unit_test(test_aside_and_back),
		cmocka_unit_test(test_jail_is_in_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
