/* Who answers for what a uid runs, by a list; and lists that are none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "recorder/owners.h"

/* The list of this text. */
static int open_list(struct owners **out, const char *text, struct err *e)
{
	char path[64];
	int fd = -1, done;

	assert_return_code(fd_of_bytes(&fd, "owners", text, strlen(text), e), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	done = owners_open(out, path, e);
	close(fd);
	return done;
}

static const char list[] = "# agent owner uid\n\n coder\tada 12  1000 # both\n*\tbob 1001\nopen eve *\n";

static const struct {
	uid_t uid;
	const char *agent, *name, *by;	/* name NULL: it may not */
} rows[] = {
	{ 12, "coder", "ada", "agents" },    { 1000, "coder", "ada", "agents" }, { 1001, "coder", "bob", "uid" },
	{ 1001, "other", "bob", "uid" },     { 12, "other", NULL, NULL },	  { 0, "coder", NULL, NULL },
	{ 7, "open", "eve", "agents" },      { 1001, "open", "bob", "uid" },	  { 12, "*", NULL, NULL },
};

static void test_rows(void **state)
{
	struct owners *o = NULL;
	struct owner got;
	struct err e = { .kind = ERR_NONE };
	size_t i;
	int may;

	(void)state;
	assert_return_code(open_list(&o, list, &e), 0);
	for (i = 0; i < count_of(rows); i++) {
		may = owners_find(&got, o, rows[i].uid, rows[i].agent, &e);
		assert_int_equal(may, rows[i].name ? 0 : -1);
		if (!rows[i].name)
			continue;
		assert_string_equal(got.name, rows[i].name);
		assert_string_equal(got.by, rows[i].by);
	}
	owners_free(o);
}

/* Without one each user is who this machine says, and who it does not know is a number. */
static void test_none(void **state)
{
	struct owners *o = NULL;
	struct owner got;
	struct err e = { .kind = ERR_NONE };

	(void)state;
	assert_return_code(owners_open(&o, NULL, &e), 0);
	assert_return_code(owners_find(&got, o, 0, "any", &e), 0);
	assert_string_equal(got.name, "root");
	assert_string_equal(got.by, "uid");
	assert_return_code(owners_find(&got, o, 4000000000u, "any", &e), 0);
	assert_string_equal(got.name, "uid-4000000000");
	owners_free(o);
}

static const struct {
	const char *text, *says;
} bad[] = {
	{ "coder\n", ":1: expected an agent, its owner" },
	{ "coder ada 1\ncoder ada", ":2: expected an agent, its owner" },
	{ "coder ada x", "\"x\": expected the number of a user" },
	{ "coder ada 1 -1", "\"-1\": expected the number of a user" },
	{ "coder ada 4294967295", "expected the number of a user" },
	{ "coder ada 1x", "expected the number of a user" },
	{ "coder ada 99999999999999999999", "expected the number of a user" },
	{ "0123456789012345678901234567890123456789012345678901234567890123456789 ada 1", "at most 64 bytes" },
	{ "a 0123456789012345678901234567890123456789012345678901234567890123456789 1", "at most 64 bytes" },
};

static void test_bad(void **state)
{
	struct owners *o;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(bad); i++) {
		o = NULL;
		e = (struct err){ .kind = ERR_NONE };
		assert_int_equal(open_list(&o, bad[i].text, &e), -1);
		assert_non_null(strstr(e.text, bad[i].says));
		owners_free(o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_bad),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
