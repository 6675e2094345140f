/* What commit refuses of what a run left, one reason at a time, and that it does nothing for it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "cli/changes.h"

static const char run_file[] =
	"{\"protect\":[{\"name\":\".git/hooks\"},{\"name\":\".git/config\"},{\"name\":\".envrc\"}]}";

struct room {
	char path[64];
	int top;
	struct changes w;
};

static int set_up(void **state)
{
	struct room *r = calloc(1, sizeof(*r));
	struct err e = { 0 };

	snprintf(r->path, sizeof(r->path), "/var/tmp/review-XXXXXX");
	assert_non_null(mkdtemp(r->path));
	r->top = open(r->path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(mkdirat(r->top, "upper", 0755) | mkdirat(r->top, "lower", 0755), 0);
	r->w.upper = openat(r->top, "upper", O_PATH | O_DIRECTORY);
	r->w.workspace = openat(r->top, "lower", O_PATH | O_DIRECTORY);
	r->w.folder = -1;
	assert_int_equal(json_read(&r->w.run, run_file, sizeof(run_file) - 1, NULL, &e), 0);
	umask(022);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	struct room *r = *state;
	struct err e = { 0 };

	changes_free(&r->w);
	close(r->top);
	assert_int_equal(fd_remove_all(AT_FDCWD, r->path, &e), 0);
	free(r);
	return 0;
}

/* Folders that are missing are made. */
static void put(int root, const char *name, enum cow_type type)
{
	char part[256];
	size_t i;
	int fd;

	for (i = 1; name[i]; i++) {
		if (name[i] != '/')
			continue;
		memcpy(part, name, i);
		part[i] = '\0';
		(void)!mkdirat(root, part, 0755);
	}
	if (type == COW_FOLDER) {
		(void)!mkdirat(root, name, 0755);
	} else if (type == COW_LINK) {
		assert_int_equal(symlinkat("x", root, name), 0);
	} else {
		fd = openat(root, name, O_WRONLY | O_CREAT, 0644);
		assert_true(fd >= 0);
		close(fd);
	}
}

static int wrong(struct room *r, const struct named *with)
{
	const struct named all = { .count = 0 };
	enum step_is steps[64];
	struct err e = { 0 };
	int count;

	cow_effects_free(&r->w.effects);
	assert_int_equal(cow_walk(&r->w.effects, r->w.upper, r->w.workspace, UINT64_MAX, &e), 0);
	assert_true(r->w.effects.count > 0 && r->w.effects.count < 64);
	count = changes_check(&r->w, steps, &all, with, &e);
	fflush(stdout);
	return count;
}

static const struct {
	const char *name;
	enum cow_type type;
	bool refused;
} rows[] = {
	{ "src/main.c", COW_FILE, false },
	{ ".git/hooks/pre-commit", COW_FILE, true },
	{ ".git/hooks", COW_FOLDER, true },
	{ "deep/er/.git/hooks/pre-commit", COW_FILE, true },
	{ ".GIT/Hooks/pre-commit", COW_FILE, true },
	{ ".git/config", COW_FILE, true },
	{ ".git/configure", COW_FILE, false },
	{ ".git/index", COW_FILE, false },
	{ "x.git/config", COW_FILE, false },
	{ ".envrc", COW_LINK, true },
	{ "sub/.envrc", COW_FILE, true },
	{ ".git", COW_LINK, true },	/* leads to a folder with hooks in it */
	{ "sub/.git", COW_FILE, true },	/* names another folder of git's */
	{ ".git", COW_FOLDER, false },
	{ "a.reeve-commit-1", COW_FILE, true },
};

static void test_protected(void **state)
{
	struct named none = { .count = 0 }, with = { .count = 1 };
	size_t i;

	for (i = 0; i < count_of(rows); i++) {
		struct room *r = *state;

		put(r->w.upper, rows[i].name, rows[i].type);
		if ((wrong(r, &none) > 0) != rows[i].refused)
			fail_msg("%s is %s", rows[i].name, rows[i].refused ? "accepted" : "refused");
		with.at[0] = rows[i].name;
		if (!strstr(rows[i].name, ".reeve-commit-"))
			assert_int_equal(wrong(r, &with), strstr(rows[i].name, "/pre-commit") ? rows[i].refused : 0);
		tear_down(state);
		set_up(state);
	}
}

/* A name may look like what it is not: a folder in the manifest, a link in the copy or the workspace. */
static void test_places(void **state)
{
	struct named none = { .count = 0 };
	struct room *r = *state;
	enum step_is steps[8];
	struct err e = { 0 };

	put(r->w.upper, "d/f", COW_FILE);
	put(r->w.workspace, "d", COW_FOLDER);
	assert_int_equal(wrong(r, &none), 0);
	assert_int_equal(mkdirat(r->top, "outside", 0755), 0);
	assert_int_equal(unlinkat(r->w.workspace, "d", AT_REMOVEDIR), 0);
	assert_int_equal(changes_check(&r->w, steps, &none, &none, &e), 1); /* its folder is gone */
	assert_int_equal(symlinkat("../outside", r->w.workspace, "d"), 0);
	assert_int_equal(changes_check(&r->w, steps, &none, &none, &e), 1); /* or leads elsewhere */
	assert_int_equal(unlinkat(r->w.workspace, "d", 0), 0);
	put(r->w.workspace, "d", COW_FOLDER);
	assert_int_equal(changes_check(&r->w, steps, &none, &none, &e), 0);
	assert_int_equal(renameat(r->w.upper, "d", r->top, "moved"), 0);
	assert_int_equal(symlinkat("../moved", r->w.upper, "d"), 0);
	assert_int_equal(changes_check(&r->w, steps, &none, &none, &e), 1); /* the same bytes, by a link */
}

static void test_paths_given(void **state)
{
	struct named n = { .count = 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(named_add(&n, "./src", &e), 0);
	assert_true(named_holds(&n, "src/main.c") && named_holds(&n, "src"));
	assert_false(named_holds(&n, "srcs") || named_holds(&n, "a/src"));
	assert_int_equal(named_add(&n, "/etc", &e), -1);
	assert_int_equal(named_add(&n, "", &e), -1);
	assert_int_equal(named_add(&n, "src/", &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_protected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_places, set_up, tear_down),
		cmocka_unit_test(test_paths_given),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
