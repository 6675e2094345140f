/* tests/unit/test_base_under.c - beneath or not, on a real tree with every trick that a path knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/under.h"

static char room[] = "/tmp/reeve-under-XXXXXX";

/* room/ws is the workspace; room/ws2 and room/out are not in it. */
static int make_tree(void **state)
{
	static const char *const dirs[] = { "ws", "ws/in", "ws/in/deep", "ws2", "out" };
	static const char *const links[][2] = {
		{ "../out", "ws/to-out" },   { "in", "ws/to-in" },	 { "../out/new", "ws/dangling" },
		{ "in/new", "ws/dangling-in" }, { "loop", "ws/loop" },	 { "../ws/in", "out/to-ws" },
		{ "/proc/self/cwd", "ws/magic" }, { "/", "ws/top" },
	};
	int *dir = malloc(sizeof(*dir));
	size_t i;

	if (!dir || !mkdtemp(room) || chdir(room) < 0)
		return -1;
	for (i = 0; i < count_of(dirs); i++)
		if (mkdir(dirs[i], 0700) < 0)
			return -1;
	for (i = 0; i < count_of(links); i++)
		if (symlink(links[i][0], links[i][1]) < 0)
			return -1;
	close(open("ws/in/file", O_CREAT | O_WRONLY, 0600));
	close(open("out/file", O_CREAT | O_WRONLY, 0600));
	if (mkfifo("ws/fifo", 0600) < 0)
		return -1;
	*dir = open("ws", O_PATH | O_DIRECTORY);
	*state = dir;
	return *dir < 0 ? -1 : 0;
}

static int forget_tree(void **state)
{
	static const char *const files[] = { "ws/to-out", "ws/to-in", "ws/dangling", "ws/dangling-in",
		"ws/loop", "out/to-ws", "ws/magic", "ws/top", "ws/in/file", "out/file", "ws/fifo" };
	static const char *const dirs[] = { "ws/in/deep", "ws/in", "ws", "ws2", "out" };
	size_t i;

	for (i = 0; i < count_of(files); i++)
		unlink(files[i]);
	for (i = 0; i < count_of(dirs); i++)
		rmdir(dirs[i]);
	close(*(int *)*state);
	free(*state);
	return chdir("/") < 0 ? -1 : rmdir(room);	/* fails if a question created something */
}

static const struct {
	const char *root, *path;
	bool yes;
} rows[] = {
	{ ".", ".", true },		{ ".", "in/file", true },	{ ".", "./in/./file", true },
	{ ".", "in/../in/file", true }, { ".", "in/", true },		{ ".", "to-in/file", true },
	{ ".", "new", true },		{ ".", "new/", true },		{ ".", "new/deeper/file", true },
	{ ".", "to-in/new", true },	{ ".", "fifo", true },		{ ".", "...", true },
	{ ".", "../ws/in", true },	{ ".", "../out/to-ws/file", true },
	{ ".", "", false },		{ ".", "..", false },		{ ".", "/", false },
	{ ".", "/etc/passwd", false },	{ ".", "../out/file", false },	{ ".", "../ws2", false },
	{ ".", "../ws2/new", false },	{ ".", "to-out", false },	{ ".", "to-out/file", false },
	{ ".", "to-out/new", false },	{ ".", "to-in/../../out/file", false },
	{ ".", "dangling", false },	{ ".", "dangling/x", false },	{ ".", "dangling-in", false },
	{ ".", "loop", false },		{ ".", "loop/x", false },	{ ".", "new/..", false },
	{ ".", "new/../in/file", false }, { ".", "new/../../out", false }, { ".", "new/./x", false },
	{ ".", "new//x", false },	{ ".", "in/file/x", false },	{ ".", "fifo/x", false },
	{ ".", "magic", false },	{ ".", "magic/ws/in", false },	{ ".", "top/etc/passwd", false },
	{ ".", "/proc/self/cwd/ws/in", false }, { ".", "/proc/self/root/etc", false },
	{ "in", "in/file", true },	{ "in", "to-in/new", true },	{ "in", ".", false },
	{ "in", "inside", false },	{ "in/deep", "in/deeper", false }, { "to-in", "in/file", true },
	{ "../out", "to-out/new", true }, { "../out", "in", false },	{ "/", "in", true },
	{ "/", "/etc/new", true },
};

static void kernel_decides(void **state)
{
	int dir = *(int *)*state;
	struct err e = { 0 };
	bool yes;
	size_t i;

	for (i = 0; i < count_of(rows); i++) {
		yes = !rows[i].yes;
		if (path_under(&yes, dir, rows[i].root, rows[i].path, &e) < 0 || yes != rows[i].yes)
			fail_msg("%s under %s: %s %s", rows[i].path, rows[i].root, yes ? "yes" : "no", e.text);
	}
}

static void absolute_names_too(void **state)
{
	int dir = *(int *)*state;
	char path[PATH_MAX];
	struct err e = { 0 };
	bool yes = false;

	snprintf(path, sizeof(path), "%s/ws/in/new", room);
	assert_int_equal(path_under(&yes, dir, ".", path, &e), 0);
	assert_true(yes);
	snprintf(path, sizeof(path), "%s/ws2", room);
	assert_int_equal(path_under(&yes, dir, ".", path, &e), 0);
	assert_false(yes);
}

static void too_long_is_not_beneath(void **state)
{
	static char path[3 * PATH_MAX];
	struct err e = { 0 };
	bool yes = true;

	memset(path, 'a', sizeof(path) - 1);
	assert_int_equal(path_under(&yes, *(int *)*state, ".", path, &e), 0);
	assert_false(yes);
	path[NAME_MAX + 1] = '\0';
	assert_int_equal(path_under(&yes, *(int *)*state, ".", path, &e), 0);
	assert_false(yes);
}

static void no_root_is_an_error(void **state)
{
	struct err e = { 0 };
	bool yes = true;

	assert_int_equal(path_under(&yes, *(int *)*state, "absent", "absent/x", &e), -1);
	assert_false(yes);
	assert_int_equal(path_under(&yes, *(int *)*state, "fifo", "fifo", &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_decides),
		cmocka_unit_test(absolute_names_too),
		cmocka_unit_test(too_long_is_not_beneath),
		cmocka_unit_test(no_root_is_an_error),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_tree, forget_tree);
}
