/*
 * The walk over what a run left: folders made by hand, with everything a hostile agent could put there,
 * and some that only a bug could.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "launcher/cow.h"

struct room {
	char path[64];
	int top, upper, lower;
};

static void put(int root, const char *name, const char *text)
{
	int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void whiteout(int root, const char *name)
{
	assert_int_equal(mknodat(root, name, S_IFCHR, makedev(0, 0)), 0);
}

static void opaque(struct room *r, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/upper/%s", r->path, name);
	assert_int_equal(setxattr(path, "user.overlay.opaque", "y", 1, 0), 0);
}

static int set_up(void **state)
{
	struct room *r = calloc(1, sizeof(*r));

	/* Not /tmp: a tmpfs may have no user attributes. */
	snprintf(r->path, sizeof(r->path), "build/cow-XXXXXX");
	if (!mkdtemp(r->path)) {
		snprintf(r->path, sizeof(r->path), "/var/tmp/cow-XXXXXX");
		assert_non_null(mkdtemp(r->path));
	}
	r->top = open(r->path, O_RDONLY | O_DIRECTORY);
	(void)!mkdirat(r->top, "upper", 0755);
	(void)!mkdirat(r->top, "lower", 0755);
	r->upper = openat(r->top, "upper", O_PATH | O_DIRECTORY);
	r->lower = openat(r->top, "lower", O_PATH | O_DIRECTORY);
	umask(022);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	struct room *r = *state;
	struct err e = { 0 };

	close(r->upper);
	close(r->lower);
	close(r->top);
	assert_int_equal(fd_remove_all(AT_FDCWD, r->path, &e), 0);
	assert_int_equal(access(r->path, F_OK), -1);
	free(r);
	return 0;
}

/* "added file path" of each, a comma between. */
static const char *walked(struct room *r, struct cow_effects *l)
{
	static char text[1 << 16];
	struct err e = { 0 };
	size_t i, at = 0;

	text[0] = '\0';
	if (cow_walk(l, r->upper, r->lower, UINT64_MAX, &e) < 0) {
		snprintf(text, sizeof(text), "error: %s", e.text);
		return text;
	}
	for (i = 0; i < l->count; i++) {
		const struct cow_effect *x = &l->at[i];

		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s %s %s", i ? "," : "",
				       cow_change_word(x->change),
				       cow_type_word(x->after.type == COW_NONE ? x->before.type : x->after.type),
				       x->path);
	}
	return text;
}

static void expect(struct room *r, const char *expected)
{
	struct cow_effects l = { 0 };

	assert_string_equal(walked(r, &l), expected);
	cow_effects_free(&l);
}

static void test_kinds(void **state)
{
	struct room *r = *state;

	expect(r, "");
	put(r->lower, "same", "x");
	put(r->upper, "same", "x");
	expect(r, ""); /* a new time is no effect */
	put(r->lower, "changed", "x");
	put(r->upper, "changed", "y");
	put(r->lower, "mode", "x");
	put(r->upper, "mode", "x");
	(void)!fchmodat(r->upper, "mode", 0600, 0);
	put(r->lower, "gone", "x");
	whiteout(r->upper, "gone");
	whiteout(r->upper, "never-was");
	put(r->upper, "new", "x");
	(void)!symlinkat("/etc", r->upper, "link");
	(void)!mkfifoat(r->upper, "fifo", 0644); /* nobody writes: whoever opened it would wait for ever */
	expect(r, "changed file changed,added other fifo,removed file gone,added link link,mode file mode,"
		  "added file new");
}

static void test_folders(void **state)
{
	struct room *r = *state;

	(void)!mkdirat(r->lower, "d", 0755);
	(void)!mkdirat(r->lower, "d/e", 0755);
	put(r->lower, "d/e/f", "x");
	put(r->lower, "d/g", "x");
	(void)!mkdirat(r->upper, "d", 0755);
	expect(r, ""); /* what lies below shines through */
	opaque(r, "d");
	expect(r, "removed folder d/e,removed file d/e/f,removed file d/g");
	(void)!mkdirat(r->upper, "d/e", 0755); /* its parent hides all: no mark of its own is needed */
	put(r->upper, "d/e/new", "x");
	expect(r, "removed file d/e/f,added file d/e/new,removed file d/g");
	(void)!unlinkat(r->upper, "d/e/new", 0);
	(void)!unlinkat(r->upper, "d/e", AT_REMOVEDIR);
	(void)!unlinkat(r->upper, "d", AT_REMOVEDIR);
	whiteout(r->upper, "d");
	expect(r, "removed folder d,removed folder d/e,removed file d/e/f,removed file d/g");
	(void)!unlinkat(r->upper, "d", 0);
	(void)!symlinkat("elsewhere", r->upper, "d");
	expect(r, "removed folder d,removed folder d/e,removed file d/e/f,removed file d/g,added link d");
}

static void test_links_are_not_followed(void **state)
{
	struct room *r = *state;
	struct cow_effects l = { 0 };

	(void)!mkdirat(r->top, "outside", 0755);
	put(r->top, "outside/secret", "x");
	(void)!symlinkat("../outside", r->lower, "d");
	(void)!mkdirat(r->upper, "d", 0755); /* a folder where there was a link */
	put(r->upper, "d/secret", "y");
	expect(r, "removed link d,added folder d,added file d/secret");
	(void)!symlinkat("../outside", r->upper, "out");
	assert_non_null(strstr(walked(r, &l), ",added link out"));
	cow_effects_free(&l);
	assert_null(strstr(walked(r, &l), "out/secret"));
	cow_effects_free(&l);
	assert_int_equal(cow_open(r->upper, "out/secret", O_PATH), -1);
	assert_int_equal(cow_open(r->upper, "../outside/secret", O_PATH), -1);
	assert_int_equal(cow_open_file(r->upper, "out"), -1);
}

static void test_shut(void **state)
{
	struct room *r = *state;
	struct cow_effects l = { 0 };
	struct stat st;

	(void)!mkdirat(r->upper, "shut", 0755);
	put(r->upper, "shut/f", "x");
	(void)!fchmodat(r->upper, "shut/f", 0, 0);
	(void)!fchmodat(r->upper, "shut", 0, 0);
	assert_string_equal(walked(r, &l), "added folder shut,added file shut/f");
	assert_int_equal(l.at[0].after.mode, 0);
	assert_int_equal(l.at[1].after.mode, 0);
	assert_false(l.at[1].after.unread);
	assert_int_equal(l.at[1].after.digest[0], 's');
	assert_int_equal(fstatat(r->upper, "shut/f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0); /* a file is shut again */
	cow_effects_free(&l);
}

static void test_names(void **state)
{
	static const struct {
		const char *name, *member;
	} rows[] = {
		{ "new\nline", "\"path\":\"new\\u000aline\"" },
		{ "\033[2J", "\"path\":\"\\u001b[2J\"" },
		{ "..hidden", "\"path\":\"..hidden\"" },
		{ "quote\"back\\", "\"path\":\"quote\\\"back\\\\\"" },
		{ "\xe2\x80\xae" "bidi", "\"path\":\"\\u202ebidi\"" },
		{ "\xf0\x9f\x98\x80", "\"path\":\"\\ud83d\\ude00\"" },
		{ "bad\xff", "\"path_hex\":\"626164ff\"" },
		{ "-n", "\"path\":\"-n\"" },
	};
	struct room *r = *state;
	size_t i;

	for (i = 0; i < count_of(rows); i++) {
		struct cow_effects l = { 0 };
		struct buf line = BUF(1 << 16);

		put(r->upper, rows[i].name, "x");
		walked(r, &l);
		assert_int_equal(l.count, 1);
		assert_string_equal(l.at[0].path, rows[i].name);
		assert_true(cow_line(&line, &l.at[0]));
		assert_non_null(strstr(buf_text(&line), rows[i].member));
		assert_null(strpbrk(line.data, "\033\xff\xe2\xf0"));
		assert_ptr_equal(strchr(line.data, '\n'), line.data + line.size - 1);
		buf_free(&line);
		cow_effects_free(&l);
		unlinkat(r->upper, rows[i].name, 0);
	}
}

/* No path reaches the deepest: the walk must end in a sentence, and all of it must be removable. */
static void test_deep(void **state)
{
	struct room *r = *state;
	struct cow_effects l = { 0 };
	int at = openat(r->upper, ".", O_RDONLY | O_DIRECTORY), next, i;

	for (i = 0; i < 2000; i++) {
		assert_int_equal(mkdirat(at, "n", 0755), 0);
		next = openat(at, "n", O_RDONLY | O_DIRECTORY);
		close(at);
		at = next;
	}
	close(at);
	assert_non_null(strstr(walked(r, &l), "folders deep"));
	assert_int_equal(l.count, 0);
}

static void test_meanwhile(void **state)
{
	struct room *r = *state;
	struct cow_effects l = { 0 };
	struct err e = { 0 };

	put(r->lower, "f", "x");
	put(r->upper, "f", "y");
	assert_int_equal(cow_walk(&l, r->upper, r->lower, 1, &e), 0);
	assert_true(l.at[0].meanwhile); /* it was stamped after 1970 began */
	cow_effects_free(&l);
	assert_int_equal(cow_walk(&l, r->upper, r->lower, UINT64_MAX, &e), 0);
	assert_false(l.at[0].meanwhile);
	cow_effects_free(&l);
}

static void test_bytes_are_bounded(void **state)
{
	struct room *r = *state;
	uint64_t left = 10;
	struct cow_state s;
	struct err e = { 0 };

	put(r->upper, "f", "12345");
	assert_int_equal(cow_look(&s, r->upper, "f", true, &left, &e), 0);
	assert_int_equal(left, 5);
	put(r->upper, "f", "123456");
	assert_int_equal(cow_look(&s, r->upper, "f", true, &left, &e), -1);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_kinds),	CASE(test_folders), CASE(test_links_are_not_followed),
		CASE(test_shut),	CASE(test_names),   CASE(test_deep),
		CASE(test_meanwhile),	CASE(test_bytes_are_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
