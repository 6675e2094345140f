/* Folding: what a launcher hears of a flood, of many kinds, and when it is slow to listen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jail/fold.h"

enum { HEARD = 4096 };

struct listener {
	struct jail_event heard[HEARD];
	size_t count;
	size_t room; /* how many it still takes */
};

static bool hear(void *to, const struct jail_event *event)
{
	struct listener *l = to;

	if (l->room == 0)
		return false;
	l->room--;
	assert_true(l->count < HEARD);
	l->heard[l->count++] = *event;
	return true;
}

struct both {
	struct fold fold;
	struct listener listener;
};

static int set_up(void **state)
{
	struct both *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->listener.room = HEARD;
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void refuse(struct both *b, int call, int error, const char *name)
{
	struct jail_event one = { .what = JAIL_REFUSED, .call = call, .error = error, .args = { 1, 2, 3, 4, 5, 6 } };

	snprintf(one.name, sizeof(one.name), "%s", name);
	fold_count(&b->fold, &one, hear, &b->listener);
}

static void end(struct both *b)
{
	fold_tell(&b->fold, true, hear, &b->listener);
}

static void test_first_at_once(void **state)
{
	struct both *b = *state;

	refuse(b, 1, 38, "");
	assert_int_equal(b->listener.count, 1);
	assert_int_equal(b->listener.heard[0].count, 1);
	assert_int_equal(b->listener.heard[0].args[5], 6);
	refuse(b, 1, 1, "");
	refuse(b, 2, 38, "");
	refuse(b, 1, 38, "a");
	assert_int_equal(b->listener.count, 4);
	end(b);
	assert_int_equal(b->listener.count, 4);
}

static void test_flood(void **state)
{
	static const uint64_t counts[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 1234567 };
	struct both *b = *state;
	size_t i;

	for (i = 0; i < 1234567; i++)
		refuse(b, 7, 38, "");
	assert_int_equal(b->listener.count, 7);
	end(b);
	assert_int_equal(b->listener.count, count_of(counts));
	for (i = 0; i < count_of(counts); i++)
		assert_int_equal(b->listener.heard[i].count, counts[i]);
	end(b);
	assert_int_equal(b->listener.count, count_of(counts));
}

static void test_many_kinds(void **state)
{
	struct both *b = *state;
	size_t i;

	for (i = 0; i < 1000000; i++)
		refuse(b, (int)(i % 5000), 38, "");
	end(b);
	/* Each kind of the table four times at most (1, 10, 100, 200), all others as one. */
	assert_true(b->listener.count <= FOLD_KINDS * 4 + 8);
	assert_int_equal(b->listener.heard[b->listener.count - 1].call, FOLD_OTHER);
	assert_int_equal(b->listener.heard[b->listener.count - 1].count, 1000000 - FOLD_KINDS * 200);
}

static void test_many_names(void **state)
{
	struct both *b = *state;
	char name[32];
	size_t i;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "name %zu", i);
		refuse(b, 3, 1, name);
	}
	end(b);
	assert_int_equal(b->fold.names, FOLD_NAMES);
	assert_int_equal(b->listener.heard[FOLD_NAMES].name[0], '\0');
	assert_int_equal(b->listener.heard[b->listener.count - 1].count, 1000 - FOLD_NAMES);
	assert_true(b->listener.count < FOLD_NAMES + 5);
}

static void test_slow_listener(void **state)
{
	struct both *b = *state;
	size_t i;

	b->listener.room = 1;
	for (i = 0; i < 2500; i++)
		refuse(b, (int)(i % 5), 38, "");
	assert_int_equal(b->listener.count, 1);
	assert_true(b->fold.waiting);
	b->listener.room = HEARD;
	fold_tell(&b->fold, false, hear, &b->listener);
	assert_false(b->fold.waiting);
	assert_int_equal(b->listener.count, 6);
	for (i = 1; i < 6; i++)
		assert_int_equal(b->listener.heard[i].count, 500);
	end(b);
	assert_int_equal(b->listener.count, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_flood, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_kinds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slow_listener, set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
