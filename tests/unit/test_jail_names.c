/* What a path means, by its text alone; and which folder git would take for a repository. */
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

#include "jail/names.h"

static const char *const patterns[] = { ".git/hooks", ".git/config", ".envrc", ".config/fish", "a/b/c", NULL };

static const struct {
	const char *what, *path;
	size_t given; /* how much of the path is the zone */
	enum name_kind kind;
} rows[] = {
	{ "a name of the work", "/w/src/main.c", 2, NAME_FREE },
	{ "the name itself", "/w/.envrc", 2, NAME_PROTECTED },
	{ "at any depth", "/w/a/very/deep/.envrc", 2, NAME_PROTECTED },
	{ "beneath it", "/w/.envrc/x/y", 2, NAME_PROTECTED },
	{ "of two parts", "/w/.git/config", 2, NAME_PROTECTED },
	{ "beneath the two", "/w/sub/.git/hooks/pre-commit", 2, NAME_PROTECTED },
	{ "the first of two leads there", "/w/.git", 2, NAME_LEADS },
	{ "deep too", "/w/x/.git", 2, NAME_LEADS },
	{ "another name beside it", "/w/.git/index", 2, NAME_FREE },
	{ "one that only begins so", "/w/.git/config.lock", 2, NAME_FREE },
	{ "one that only ends so", "/w/x.envrc", 2, NAME_FREE },
	{ "the second alone", "/w/hooks", 2, NAME_FREE },
	{ "both with another between", "/w/.git/x/hooks", 2, NAME_FREE },
	{ "a pattern that begins twice", "/w/a/a/b/c", 2, NAME_PROTECTED },
	{ "two of three", "/w/a/b", 2, NAME_LEADS },
	{ "two of three, then another", "/w/a/b/d", 2, NAME_FREE },
	{ "other case", "/w/.GIT/Config", 2, NAME_PROTECTED },
	{ "other case leads too", "/w/.gIt", 2, NAME_LEADS },
	{ "a letter that shows nothing", "/w/.g\xe2\x80\x8cit/config", 2, NAME_PROTECTED },
	{ "the long s", "/w/.git/hook\xc5\xbf/x", 2, NAME_PROTECTED },
	{ "the Kelvin sign", "/w/.git/hoo\xe2\x84\xaas", 2, NAME_PROTECTED },
	{ "a dot at the end", "/w/.git./config", 2, NAME_PROTECTED },
	{ "a space at the end", "/w/.envrc ", 2, NAME_PROTECTED },
	{ "half a letter", "/w/.git\xe2\x80", 2, NAME_FREE },
	{ "a byte that is none", "/w/.envrc\xff", 2, NAME_FREE },
	{ "dots alone are a name", "/w/...", 2, NAME_FREE },
	{ "the folder that was given", "/h/.config/fish", 15, NAME_FREE },
	{ "what is in a folder that was given", "/h/.config/fish/config.fish", 15, NAME_FREE },
	{ "a folder given that only leads there", "/h/.git/config", 7, NAME_PROTECTED },
	{ "and others in it", "/h/.git/index", 7, NAME_FREE },
	{ "the root given", "/.envrc", 0, NAME_PROTECTED },
	{ "the self-test's own", "/w/.reeve-probe", 2, NAME_PROTECTED },
};

static void test_judge(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		print_message("# %s\n", rows[i].what);
		assert_int_equal(names_judge(rows[i].path, rows[i].given, patterns), rows[i].kind);
	}
}

/* Nobody would see it: a pattern that can never match. */
static void test_own_list(void **state)
{
	const char *const *name;
	char path[256];

	(void)state;
	for (name = jail_protected(); *name; name++) {
		snprintf(path, sizeof(path), "/work/some/where/%s", *name);
		assert_int_equal(names_judge(path, 5, jail_protected()), NAME_PROTECTED);
	}
	assert_int_equal(names_judge("/work/package.json", 5, jail_protected()), NAME_FREE);
	assert_int_equal(names_judge("/work/.git/index.lock", 5, jail_protected()), NAME_FREE);
	assert_int_equal(names_judge("/work/.git/refs/heads/main", 5, jail_protected()), NAME_FREE);
	assert_int_equal(names_judge("/work/.gitignore", 5, jail_protected()), NAME_FREE);
}

static const struct {
	const char *what;
	const char *there[6]; /* made in the folder */
	const char *folder, *leaf;
	bool bare;
} repositories[] = {
	{ "a config anywhere", { NULL }, "x", "config", false },
	{ "a HEAD anywhere", { NULL }, "x", "HEAD", false },
	{ "the config of a repository", { "HEAD", "objects", "refs" }, "x", "config", true },
	{ "its hooks", { "HEAD", "objects", "refs" }, "x", "hooks", true },
	{ "an existing config", { "HEAD", "objects", "refs", "config" }, "x", "config", true },
	{ "an existing HEAD", { "HEAD", "objects", "refs", "config" }, "x", "HEAD", false },
	{ "HEAD last", { "objects", "refs", "config" }, "x", "HEAD", true },
	{ "objects last, with hooks", { "HEAD", "refs", "hooks" }, "x", "objects", true },
	{ "refs last", { "HEAD", "objects", "config" }, "x", "refs", true },
	{ "in other case", { "HEAD", "objects", "config" }, "x", "Refs", true },
	{ "refs last, with nothing to obey", { "HEAD", "objects" }, "x", "refs", false },
	{ "two of three", { "HEAD", "config" }, "x", "refs", false },
	{ "in a folder called .git the order is git's", { "HEAD", "objects", "config" }, ".git", "refs", false },
	{ "another name in a repository", { "HEAD", "objects", "refs", "config" }, "x", "packed-refs", false },
	{ "a slash behind it", { "HEAD", "refs", "config" }, "x", "objects/", true },
};

static void test_bare(void **state)
{
	char top[] = "/tmp/reeve-names-XXXXXX", path[256];
	size_t i, j;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(top));
	for (i = 0; i < count_of(repositories); i++) {
		print_message("# %s\n", repositories[i].what);
		snprintf(path, sizeof(path), "%s/%s", top, repositories[i].folder);
		assert_int_equal(mkdir(path, 0755), 0);
		fd = open(path, O_PATH | O_DIRECTORY);
		for (j = 0; repositories[i].there[j]; j++)
			assert_int_equal(mkdirat(fd, repositories[i].there[j], 0755), 0);
		snprintf(path, sizeof(path), "%s/%s/%.20s", top, repositories[i].folder, repositories[i].leaf);
		assert_int_equal(names_bare(fd, path, repositories[i].leaf), repositories[i].bare);
		for (j = 0; repositories[i].there[j]; j++)
			assert_int_equal(unlinkat(fd, repositories[i].there[j], AT_REMOVEDIR), 0);
		close(fd);
		snprintf(path, sizeof(path), "%s/%s", top, repositories[i].folder);
		assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(rmdir(top), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_own_list),
		cmocka_unit_test(test_bare),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
