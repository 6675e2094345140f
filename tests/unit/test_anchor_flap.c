/* However wildly a place comes and goes, and whatever the clock does, so many of its outages are records and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "anchor/anchor.h"

enum { HOUR = 3600, NOW = 1700000000 };

static unsigned told(struct duty *d, uint64_t from, uint64_t to, uint64_t step)
{
	unsigned n = 0;

	for (; from < to; from += step)
		n += duty_may_gap(d, from);
	return n;
}

static void each_is_told(void **state)
{
	struct duty d = { .gaps_s = 0 };

	(void)state;
	assert_int_equal(told(&d, NOW, NOW + DUTY_GAPS, 1), DUTY_GAPS);
	assert_false(duty_may_gap(&d, NOW + DUTY_GAPS));
	assert_int_equal(told(&d, NOW + 2 * HOUR, NOW + 26 * HOUR, DUTY_QUIET_S), 144);
}

static void a_flood_is_not(void **state)
{
	struct duty d = { .gaps_s = 0 };

	(void)state;
	assert_int_equal(told(&d, NOW, NOW + HOUR, 1), DUTY_GAPS + HOUR / DUTY_QUIET_S - 1);
	assert_int_equal(told(&d, NOW + HOUR, NOW + 25 * HOUR, 1), 144);
}

static void nor_by_another_clock(void **state)
{
	struct duty d = { .gaps_s = 0 };
	unsigned n = 0, i;

	(void)state;
	assert_int_equal(told(&d, NOW + 1000 * HOUR, NOW + 1000 * HOUR + 60, 1), DUTY_GAPS);
	assert_int_equal(told(&d, NOW, NOW + DUTY_QUIET_S, 1), 0);
	assert_int_equal(told(&d, NOW + DUTY_QUIET_S, NOW + HOUR + DUTY_QUIET_S, 1), HOUR / DUTY_QUIET_S);
	for (i = 0; i < 1000; i++)	/* to and fro within an hour */
		n += duty_may_gap(&d, NOW + HOUR + i % 7);
	assert_true(n <= DUTY_GAPS);
	d.gaps_s = UINT64_MAX;
	assert_false(duty_may_gap(&d, NOW));
	assert_true(duty_may_gap(&d, NOW + DUTY_QUIET_S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_told),
		cmocka_unit_test(a_flood_is_not),
		cmocka_unit_test(nor_by_another_clock),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
