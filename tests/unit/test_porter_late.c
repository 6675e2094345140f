/* tests/unit/test_porter_late.c - who takes too long over a head or a body, by a clock that the
 * test sets. */
#include "porter_stage.h"

/* It goes on saying a little: that gains it nothing. */
static void a_head_has_ten_seconds(void **state)
{
	char got[512] = { 0 };
	struct room r;

	(void)state;
	furnish(&r);
	say(&r, "POST /mcp");
	gate_accept(r.p);
	assert_int_equal(r.p->caller_count, 1);
	assert_int_equal(r.p->callers[0]->state, CALLER_HEAD);
	say(&r, " HTTP/1.1\r\n");
	gate_attend(r.p->callers[0]);
	porter_expire(r.p, after(&r, HEAD_MS - 1));
	assert_false(is_told(&r));
	porter_expire(r.p, after(&r, HEAD_MS + 5000));
	assert_int_equal(told(&r, hears_turned(&r, 1, "a head that does not come in time")), WIRE_LATER);
	assert_true(is_told(&r));
	assert_true(recv(r.client, got, sizeof(got) - 1, 0) > 0);
	assert_true(strncmp(got, "HTTP/1.1 408 ", 13) == 0);
	leave(&r);
}

static void a_body_has_fifteen(void **state)
{
	char got[512];
	struct room r;

	(void)state;
	begin_body(&r, "1000");
	run_until(&r, r.client);
	say(&r, " ");
	run_until(&r, r.client);
	porter_expire(r.p, after(&r, BODY_MS - 1));
	run_until(&r, r.client);
	assert_false(is_told(&r));
	porter_expire(r.p, after(&r, BODY_MS + 5000));
	assert_true(is_told(&r));
	assert_true(recv(r.client, got, sizeof(got), 0) <= 0); /* closed, and told nothing */
	assert_int_equal(r.p->turned_count, 1);
	assert_string_equal(r.p->turned[0].why, "a body that does not come in time");
	leave(&r);
}

static void who_is_whole_is_never_late(void **state)
{
	char got[1024] = { 0 };
	struct room r;

	(void)state;
	begin_body(&r, "2");
	say(&r, "]");
	run_until(&r, r.client);
	porter_expire(r.p, after(&r, 10 * BODY_MS));
	assert_int_equal(told(&r, hears_turned(&r, 1, "the body is not one strict JSON value")), WIRE_LATER);
	run_until(&r, r.client);
	assert_true(is_told(&r));
	assert_true(recv(r.client, got, sizeof(got) - 1, 0) > 0);
	assert_true(strncmp(got, "HTTP/1.1 400 ", 13) == 0);
	leave(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_has_ten_seconds),
		cmocka_unit_test(a_body_has_fifteen),
		cmocka_unit_test(who_is_whole_is_never_late),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
