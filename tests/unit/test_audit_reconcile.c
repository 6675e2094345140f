/* Two sides that say the same thousands of times: none is missing because others were before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/reconcile.h"

enum { MANY = 20000 };

static void say(struct tells *t, uint64_t n, int64_t time_us, const char *rest)
{
	struct told one = { .n = n, .time_us = time_us, .key = strdup("same"), .rest = strdup(rest), .must = true };
	struct err e = { 0 };

	assert_int_equal(tells_add(t, &one, &e), 0);
}

static size_t found(struct tells *here, struct tells *there, int64_t within_us, enum found which)
{
	struct pairing *pairs = NULL;
	struct err e = { 0 };
	size_t count, i, hits = 0;

	assert_int_equal(pair_up(&pairs, &count, here, there, within_us, &e), 0);
	for (i = 0; i < count; i++)
		hits += pairs[i].found == which;
	free(pairs);
	tells_free(here);
	tells_free(there);
	return hits;
}

static void test_many_alike(void **state)
{
	struct tells here = { 0 }, there = { 0 };
	int i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		say(&here, (uint64_t)i, i, "");
		say(&there, (uint64_t)i, i + 7, "");
	}
	assert_int_equal(found(&here, &there, 60000000, FOUND_MATCHED), MANY);
}

/* What says the same is taken before what only stands nearer; a line serves one call. */
static void test_which(void **state)
{
	struct tells here = { 0 }, there = { 0 };

	(void)state;
	say(&here, 1, 100, "a");
	say(&here, 2, 110, "b");
	say(&there, 1, 101, "b");
	say(&there, 2, 109, "a");
	assert_int_equal(found(&here, &there, 50, FOUND_MATCHED), 2);
	here = there = (struct tells){ 0 };
	say(&here, 1, 100, "");
	say(&here, 2, 100, "");
	say(&there, 1, 100, "");
	assert_int_equal(found(&here, &there, 50, FOUND_MISSING_THERE), 1);
}

static void test_reach(void **state)
{
	struct tells here = { 0 }, there = { 0 };

	(void)state;
	say(&here, 1, 100, "");
	say(&there, 1, 151, "");
	assert_int_equal(found(&here, &there, 50, FOUND_MATCHED), 0);
}

/* A call of which nobody knows whether it was made takes no line from one that was. */
static void test_unsure(void **state)
{
	struct tells here = { 0 }, there = { 0 };

	(void)state;
	say(&here, 1, 100, "");
	here.at[0].unsure = true;
	say(&here, 2, 110, "");
	say(&there, 1, 110, "");
	assert_int_equal(found(&here, &there, 50, FOUND_MISSING_THERE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_many_alike), cmocka_unit_test(test_which), cmocka_unit_test(test_reach),
					    cmocka_unit_test(test_unsure) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
