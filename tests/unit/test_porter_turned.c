/* tests/unit/test_porter_turned.c - who is turned away hears it once the broker says that it is recorded, and not before. */
#include "porter_stage.h"

static const char NO_JSON[] = "the body is not one strict JSON value";
static const char NO_PATH[] = "no such path: /mcp, or /mcp/SERVER for one tool server";

static void gets(struct room *r, const char *status)
{
	char got[1024] = { 0 };

	run_until(r, r->client);
	assert_true(is_told(r));
	assert_true(recv(r->client, got, sizeof(got) - 1, 0) > 0);
	if (strncmp(got, status, strlen(status)) != 0)
		fail_msg("not %s: %s", status, got);
}

static void gets_nothing(struct room *r)
{
	int i;

	for (i = 0; i < 10; i++)
		run_until(r, r->client);
	assert_false(is_told(r));
}

static void ask_elsewhere(struct room *r)
{
	say(r, "GET /elsewhere HTTP/1.1\r\n\r\n");
	gate_accept(r->p);
}

static void at_the_gate(void **state)
{
	struct room r;
	uint64_t tag;

	(void)state;
	furnish(&r);
	ask_elsewhere(&r);
	assert_int_equal(r.p->callers[0]->state, CALLER_HELD);
	gets_nothing(&r);
	tag = hears_turned(&r, 1, NO_PATH);
	porter_expire(r.p, after(&r, 10 * BODY_MS));
	gets_nothing(&r);
	assert_int_equal(told(&r, tag), WIRE_LATER);
	assert_int_equal(r.p->callers[0]->state, CALLER_LINGERS);
	gets(&r, "HTTP/1.1 404 ");
	leave(&r);
}

static void with_its_body(void **state)
{
	struct room r;
	uint64_t tag;

	(void)state;
	begin_body(&r, "2");
	say(&r, "]");
	gets_nothing(&r);
	assert_int_equal(r.p->callers[0]->state, CALLER_HELD);
	tag = hears_turned(&r, 1, NO_JSON);
	gets_nothing(&r);
	assert_int_equal(told(&r, tag), WIRE_LATER);
	gets(&r, "HTTP/1.1 400 ");
	leave(&r);
}

/* It has sent all it will: to libmicrohttpd that looks like one who has gone. */
static void who_sends_no_more(void **state)
{
	struct room r;

	(void)state;
	begin_body(&r, "2");
	say(&r, "]");
	shutdown(r.client, SHUT_WR);
	gets_nothing(&r);
	assert_int_equal(told(&r, hears_turned(&r, 1, NO_JSON)), WIRE_LATER);
	gets(&r, "HTTP/1.1 400 ");
	leave(&r);
}

/* What came after the message was sent stands in the next, and waits for that. */
static void each_its_own(void **state)
{
	struct room r;
	uint64_t first, second;
	int other;

	(void)state;
	furnish(&r);
	ask_elsewhere(&r);
	first = hears_turned(&r, 1, NO_PATH);
	other = r.client;
	r.client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(r.client, (struct sockaddr *)&r.at, sizeof(r.at)), 0);
	ask_elsewhere(&r);
	second = hears_turned(&r, 1, NO_PATH);
	assert_true(second > first);
	assert_int_equal(told(&r, first), WIRE_LATER);
	assert_int_equal(r.p->callers[0]->state, CALLER_LINGERS);
	assert_int_equal(r.p->callers[1]->state, CALLER_HELD);
	gets_nothing(&r);
	assert_int_equal(told(&r, second), WIRE_LATER);
	gets(&r, "HTTP/1.1 404 ");
	close(other);
	leave(&r);
}

static void what_waits_is_told_together(void **state)
{
	struct room r;
	int other;

	(void)state;
	furnish(&r);
	ask_elsewhere(&r);
	other = r.client;
	r.client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(r.client, (struct sockaddr *)&r.at, sizeof(r.at)), 0);
	ask_elsewhere(&r);
	assert_int_equal(told(&r, hears_turned(&r, 2, NO_PATH)), WIRE_LATER);
	assert_int_equal(r.p->callers[0]->state, CALLER_LINGERS);
	gets(&r, "HTTP/1.1 404 ");
	close(other);
	leave(&r);
}

/* A broker that says more than it can know has been taken over; one that says no more has ended. */
static void what_the_broker_may_say(void **state)
{
	struct err e = { 0 };
	struct room r;

	(void)state;
	furnish(&r);
	assert_int_equal(told(&r, 1), -1);
	close(r.broker.fd);
	r.broker.fd = -1;
	assert_int_equal(turned_hear(r.p, &e), WIRE_CLOSED);
	leave(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_the_gate),
		cmocka_unit_test(with_its_body),
		cmocka_unit_test(who_sends_no_more),
		cmocka_unit_test(each_its_own),
		cmocka_unit_test(what_waits_is_told_together),
		cmocka_unit_test(what_the_broker_may_say),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
