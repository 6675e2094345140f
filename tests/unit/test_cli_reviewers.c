/* Who may review: names with keys, groups of them, and how many people that makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/reviewers.h"
#include "ssh_stage.h"

/* Four keys of which nobody has the other half. */
#define K1 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDO0VQD9TIdICZLWFWwtf7s8/aENve8twGTEmNV0myh5"
#define K2 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
#define K3 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID1AF8Poks2GjLUxzQjIxgvyNgI9dFw/RA0RqpO+m/Kc"

static const char SIGNERS[] = "alice " K1 "\nbob " K2 "\ncarol valid-before=\"20200101Z\" " K3 "\n"
			      "dave namespaces=\"policy@reeve\" " K3 "\nerin valid-after=\"29990101Z\" " K3 "\n";

static int load(struct reviewers **out, const char *signers, const char *groups, struct err *e)
{
	char path[128];
	int got;

	snprintf(path, sizeof(path), "%s/allowed_signers", stage);
	unlink(path);
	if (signers)
		put("allowed_signers", signers, strlen(signers));
	if (groups)
		put("reviewers.json", groups, strlen(groups));
	*e = (struct err){ 0 };
	got = reviewers_load(out, stage, e);
	unlink(path);
	snprintf(path, sizeof(path), "%s/reviewers.json", stage);
	unlink(path);
	return got;
}

static void no_files(void **state)
{
	scoped(reviewers) struct reviewers *r = NULL;
	struct reviewers_list l;
	struct err e;
	size_t size, people;

	(void)state;
	assert_int_equal(load(&r, NULL, NULL, &e), 0);
	assert_false(reviewers_list(&l, r, 0));
	assert_false(reviewers_know(r, "alice"));
	assert_string_equal(reviewers_signers(r, &size), "");
	assert_int_equal(size, 0);
	assert_int_equal(reviewers_people(&people, r, NULL, &e), 0);
	assert_int_equal(people, 0);
}

static void lists(void **state)
{
	scoped(reviewers) struct reviewers *r = NULL;
	struct reviewers_list l;
	struct err e;
	char all[256] = "";
	size_t i, k, size;

	(void)state;
	if (load(&r, SIGNERS, "{\"reeve\":\"reviewers/1\",\"groups\":{\"a/b~c\":[\"bob\",\"zoe\",\"alice\"],\"gone\":[\"zoe\",\"carol\",\"dave\"],\"x\":[\"erin\"]}}", &e) < 0)
		fail_msg("%s", e.text);
	for (i = 0; reviewers_list(&l, r, i); i++) {
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s:", l.name);
		for (k = 0; k < l.count; k++)
			snprintf(all + strlen(all), sizeof(all) - strlen(all), " %s", l.members[k]);
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "; ");
	}
	assert_string_equal(all, "a/b~c: bob alice; x: erin; alice: alice; bob: bob; erin: erin; ");
	assert_string_equal(reviewers_signers(r, &size), SIGNERS);
	assert_int_equal(size, strlen(SIGNERS));
	assert_true(reviewers_know(r, "gone") && reviewers_know(r, "dave"));
	assert_false(reviewers_know(r, "zoe"));
}

static void note(void *to, const char *where, const char *what)
{
	char *out = to;

	snprintf(out + strlen(out), 2048 - strlen(out), "%s: %s\n", strrchr(where, '/') + 1, what);
}

static void warnings(void **state)
{
	scoped(reviewers) struct reviewers *r = NULL;
	char all[2048] = "";
	struct err e;

	(void)state;
	assert_int_equal(load(&r, SIGNERS, "{\"reeve\":\"reviewers/1\",\"groups\":\n{\"a\":[\"bob\",\"zoe\"],\n \"b\":[\"dave\",\"erin\"]}}", &e), 0);
	reviewers_warn(r, note, all);
	assert_string_equal(all, "reviewers.json:2:13: zoe has no key in allowed_signers that may sign for review@reeve now or later\n"
				 "reviewers.json:3:7: dave has no key in allowed_signers that may sign for review@reeve now or later\n");
}

/* Different names with different keys, and as many as there can be, whoever is asked first. */
static void people(void **state)
{
	static const struct {
		const char *signers, *by;
		size_t people;
	} rows[] = {
		{ SIGNERS, "[\"alice\"]", 1 },
		{ SIGNERS, "[\"g\"]", 2 },
		{ SIGNERS, "[\"g\",\"alice\",\"bob\"]", 2 },
		{ SIGNERS, "[\"nobody\"]", 0 },
		{ SIGNERS, "[\"carol\",\"dave\"]", 0 },	/* too old; not for this */
		{ SIGNERS, NULL, 3 },
		{ "alice,bob " K1 "\n", NULL, 1 },
		{ "alice " K1 "\nalice " K2 "\n", NULL, 1 },
		{ "alice " K1 "\nalice " K2 "\nbob " K1 "\n", NULL, 2 },
		{ "alice,bob " K1 "\nbob,carol " K2 "\ncarol,alice " K3 "\n", NULL, 3 },
		{ "alice,bob,carol " K1 "\ncarol " K2 "\ncarol " K3 "\n", NULL, 2 },
		{ "alice,bob,carol,dave " K1 "\nalice,bob,carol,dave " K2 "\nalice,bob,carol,dave " K3 "\n", NULL, 3 },
		{ "alice " K1 "\nbob namespaces=\"file\" " K1 "\nbob " K1 "\n", NULL, 1 },
		{ "", NULL, 0 },
	};
	struct err e;
	size_t i, got;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(reviewers) struct reviewers *r = NULL;
		scoped(json) json_t *by = rows[i].by ? json_loads(rows[i].by, 0, NULL) : NULL;

		if (load(&r, rows[i].signers, "{\"reeve\":\"reviewers/1\",\"groups\":{\"g\":[\"alice\",\"bob\",\"carol\"]}}", &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(reviewers_people(&got, r, by, &e), 0);
		if (got != rows[i].people)
			fail_msg("row %zu: %zu", i, got);
	}
}

static void wrong(void **state)
{
	static const struct {
		const char *signers, *groups, *why;
	} rows[] = {
		{ "alice " K1 "\n* " K2, NULL, "allowed_signers:2:1: a pattern of names" },
		{ "", "{\"reeve\":\"reviewers/2\",\"groups\":{}}", "reviewers.json:1:10: expected \"reviewers/1\"" },
		{ "", "{\"reeve\":\"reviewers/1\"}", "reviewers.json:1:1: " },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{},\"x\":1}", "reviewers.json:1:36: unknown member \"x\"" },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{\"a\":[]}}", "reviewers.json:1:38: expected an array of 1 to" },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{\"a\":\"bob\"}}", "reviewers.json:1:38: expected an array of 1 to" },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{\"a\":[1]}}", "reviewers.json:1:39: expected a name" },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{\"a\":[\"\"]}}", "reviewers.json:1:39: expected a name" },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{\"a\":[\"a b\"]}}", "reviewers.json:1:39: expected a name" },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{\"a\":[\"*\"]}}", "reviewers.json:1:39: expected a name" },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{\"a\":[\"b\\u202e\"]}}", "reviewers.json:1:39: expected a name" },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{\"a b\":[\"c\"]}}", "reviewers.json:1:33: a group's name" },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{\"a\":[\"c\",\"c\"]}}", "reviewers.json:1:43: \"c\" stands in this group already" },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{\"a\":[\"b\"],\"b\":[\"c\"]}}", "reviewers.json:1:39: \"b\" is a group" },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{\"a\":[\"a\"]}}", "reviewers.json:1:39: \"a\" is a group" },
		{ "alice " K1, "{\"reeve\":\"reviewers/1\",\"groups\":{\"x\":[\"b\"],\"alice\":[\"b\"]}}", "reviewers.json:1:44: \"alice\" is a person" },
		{ "", "{\"reeve\":\"reviewers/1\",\"groups\":{\"a\":[\"b\"],\"a\":[\"c\"]}}", "reviewers.json:1:44: " },
		{ "", "nothing", "reviewers.json:1:1: " },
	};
	struct reviewers *r = NULL;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		assert_int_equal(load(&r, rows[i].signers, rows[i].groups, &e), -1);
		if (!strstr(e.text, rows[i].why))
			fail_msg("row %zu: %s\nexpected: %s", i, e.text, rows[i].why);
		assert_null(r);
	}
}

static int folder(void **state)
{
	(void)state;
	snprintf(stage, sizeof(stage), "/tmp/reeve-reviewers-XXXXXX");
	return mkdtemp(stage) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_files), cmocka_unit_test(lists), cmocka_unit_test(warnings), cmocka_unit_test(people),
		cmocka_unit_test(wrong),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, folder, stage_close);
}
