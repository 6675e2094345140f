/* tests/unit/test_launcher_parts.c - which files and folders a tool server's program is made of, and what changes their digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/launcher.h"

static char root[] = "/tmp/reeve-parts-XXXXXX";

static const char *at(const char *path)
{
	static char rooms[4][512];
	static int next;
	char *room = rooms[next++ % 4];

	snprintf(room, sizeof(rooms[0]), "%s/%s", root, path);
	return room;
}

static void put(const char *path, const char *text, unsigned mode)
{
	char folder[512];
	struct err e = { 0 };
	int fd;

	snprintf(folder, sizeof(folder), "%s", at(path));
	*strrchr(folder, '/') = '\0';
	assert_int_equal(fd_make_dirs(folder, 0755, &e), 0);
	fd = open(at(path), O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void find(struct parts *out, const char *const *argv, bool from_workspace)
{
	const char *env[2] = { NULL, NULL };
	struct jail_mount mounts[] = { { .kind = JAIL_READ, .target = "/" }, { .kind = JAIL_WRITE, .target = at("data") } };
	struct jail_plan plan = { .spec = { .argv = argv, .env = env, .mounts = mounts, .mount_count = 2 } };
	char path[600];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "PATH=%s:%s", at("nowhere"), at("bin"));
	env[0] = path;
	if (parts_find(out, NULL, from_workspace, &plan, at("work"), &e) < 0)
		fail_msg("%s", e.text);
}

static int build(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	put("bin/node", "node", 0755);
	put("lib/node_modules/a/index.js", "a", 0644);
	put("lib/node_modules/a/node_modules/b/index.js", "b", 0644);
	put("lib/node_modules/c/LICENSE", "c", 0644);
	put("pkg/pyproject.toml", "p", 0644);
	put("pkg/src/main.py", "m", 0644);
	put("lone/tool.py", "l", 0644);
	put("lone/notes.txt", "n", 0644);
	put("data/run.sh", "d", 0755);
	put("work/tool.sh", "w", 0755);
	put("work/package.json", "{}", 0644);
	return 0;
}

static int clear(void **state)
{
	struct err e = { 0 };

	(void)state;
	return fd_remove_all(AT_FDCWD, root, &e);
}

static const struct {
	const char *argv[4];
	bool from_workspace;
	const char *names[4];
} rows[] = {
	{ { "node" }, false, { "bin/node" } },
	{ { "nobody" }, false, { NULL } },
	{ { "node", "@lib/node_modules/a/node_modules/b/index.js" }, false,
	  { "bin/node", "lib/node_modules/a/node_modules/b/index.js", "lib/node_modules" } },
	{ { "node", "@pkg/src/main.py" }, false, { "bin/node", "pkg/src/main.py", "pkg" } },
	{ { "node", "@pkg" }, false, { "bin/node", "pkg" } },
	{ { "node", "@lone/tool.py", "@lone/notes.txt" }, false, { "bin/node", "lone/tool.py" } },
	{ { "node", "@lone" }, false, { "bin/node" } },
	{ { "node", "@data/run.sh" }, false, { "bin/node" } },
	{ { "node", "@work/tool.sh" }, false, { "bin/node" } },
	{ { "node", "@work/tool.sh" }, true, { "bin/node", "work/tool.sh" } },
	{ { "node", "lone/tool.py", "--x" }, false, { "bin/node" } },
};

static void a_program_has_these_parts(void **state)
{
	struct parts *p = calloc(1, sizeof(*p));
	const char *argv[5];
	char room[4][512];
	size_t i, j;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		for (j = 0; j < 4 && rows[i].argv[j]; j++) {
			snprintf(room[j], sizeof(room[j]), "%s",
				 rows[i].argv[j][0] == '@' ? at(rows[i].argv[j] + 1) : rows[i].argv[j]);
			argv[j] = room[j];
		}
		argv[j] = NULL;
		find(p, argv, rows[i].from_workspace);
		for (j = 0; j < 4 && rows[i].names[j]; j++)
			if (j >= p->count || strcmp(p->at[j].name, at(rows[i].names[j])) != 0)
				fail_msg("row %zu: part %zu is %s, not %s", i, j, j < p->count ? p->at[j].name : "none",
					 rows[i].names[j]);
		assert_int_equal(p->count, j);
	}
	free(p);
}

static void digest_of(char out[PART_WHAT], size_t part)
{
	char script[512];
	const char *argv[] = { "node", script, NULL };
	struct parts *p = calloc(1, sizeof(*p));

	snprintf(script, sizeof(script), "%s", at("lib/node_modules/a/index.js"));
	find(p, argv, false);
	assert_int_equal(p->count, 3);
	snprintf(out, PART_WHAT, "%s", p->at[part].what);
	free(p);
}

/* Each changes the folder's digest: what a file holds, its name, its mode, a link's target, one more. */
static void a_folder_is_all_that_it_holds(void **state)
{
	char before[PART_WHAT], now[PART_WHAT];
	int step;

	(void)state;
	digest_of(before, 2);
	digest_of(now, 2);
	assert_string_equal(before, now);
	for (step = 0; step < 6; step++) {
		switch (step) {
		case 0: put("lib/node_modules/c/LICENSE", "C", 0644); break;
		case 1: assert_int_equal(rename(at("lib/node_modules/c/LICENSE"), at("lib/node_modules/c/LICENCE")), 0); break;
		case 2: assert_int_equal(chmod(at("lib/node_modules/c/LICENCE"), 0755), 0); break;
		case 3: assert_int_equal(symlink("here", at("lib/node_modules/l")), 0); break;
		case 4:
			assert_int_equal(unlink(at("lib/node_modules/l")), 0);
			assert_int_equal(symlink("there", at("lib/node_modules/l")), 0);
			break;
		case 5: put("lib/node_modules/d/x", "", 0644); break;
		}
		digest_of(now, 2);
		if (strcmp(before, now) == 0)
			fail_msg("step %d changes nothing", step);
		memcpy(before, now, sizeof(now));
	}
	digest_of(before, 0);
	put("bin/node", "Node", 0755);
	digest_of(now, 0);
	assert_string_not_equal(before, now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_has_these_parts),
		cmocka_unit_test(a_folder_is_all_that_it_holds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, build, clear);
}
