/* How soon a reeve-anchor that has ended is there again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "launcher/run.h"

/* Later each time, until one has lived long. */
static void pauses_grow(void **state)
{
	static const unsigned expected[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600 };
	unsigned tries = 0;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(expected); i++)
		assert_int_equal(anchor_pause_s(&tries, 599), expected[i]);
	assert_int_equal(anchor_pause_s(&tries, 600), 1);
	assert_int_equal(anchor_pause_s(&tries, 0), 2);
}

/* While the run ends there is to be none, and nothing that a loop would wake for again and again. */
static void nobody_waits_at_the_end(void **state)
{
	struct run *r = calloc(1, sizeof(*r));

	(void)state;
	assert_non_null(r);
	r->anchor.end = -1;
	r->anchor.again_ns = 1;
	r->ending = true;
	anchor_attend(r);
	assert_true(r->anchor.again_ns == 0);
	assert_int_equal(r->anchor_pid, 0);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_grow),
		cmocka_unit_test(nobody_waits_at_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
