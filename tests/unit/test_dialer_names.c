/* What a name server can do to a dialer: nothing but send it where it may go, or nowhere. */
#include "dialer_stage.h"

static const struct zone zones[] = {
	{ "good.example", { "127.0.0.1" }, PLAIN, NULL },
	{ "inside.example", { "10.1.2.3", "fd12::7" }, PLAIN, NULL },
	{ "mixed.example", { "10.1.2.3", "fe80::1", "::1", "127.0.0.1" }, PLAIN, NULL },
	{ "metadata.example", { "169.254.169.254" }, PLAIN, NULL },
	{ "mapped.example", { "::ffff:10.1.2.3" }, PLAIN, NULL },
	{ "mapped-loop.example", { "::ffff:127.0.0.1" }, PLAIN, NULL },
	{ "nat64.example", { "64:ff9b::a01:203" }, PLAIN, NULL },
	{ "tunnel.example", { "2002:a01:203::1" }, PLAIN, NULL },
	{ "nowhere.example", { "0.0.0.0", "::" }, PLAIN, NULL },
	{ "rebinds.example", { "127.0.0.1" }, PLAIN, "127.0.0.2" },
	{ "long.example", { "127.0.0.1" }, TRUNCATED, NULL },
	{ "silent.example", { "127.0.0.1" }, SILENT, NULL },
	{ "missing.example", { NULL }, MISSING, NULL },
	{ "empty.example", { NULL }, PLAIN, NULL },
	{ "fails.example", { NULL }, FAILS, NULL },
	{ "garbage.example", { NULL }, GARBAGE, NULL },
	{ "loops.example", { NULL }, LOOPS, NULL },
	{ "stranger.example", { "127.0.0.1" }, STRANGER, NULL },
	{ "many.example", { NULL }, MANY, NULL },
	{ NULL, { NULL }, PLAIN, NULL },
};

/* 127.0.0.1 stands for all that may be reached: 127.0.0.2 would answer too, and may not. */
static const char *const loop[] = { "127.0.0.1/32", NULL };

static const struct {
	const char *name;
	bool connected;
	enum net_no no;
	const char *says;
} rows[] = {
	{ "good.example", true, 0, "127.0.0.1:" },
	{ "inside.example", false, NET_PRIVATE, "inside.example is 10.1.2.3, a private address" },
	{ "inside.example", false, NET_PRIVATE, "[\"10.1.2.3/32\"]" },
	{ "mixed.example", true, 0, "127.0.0.1:" },
	{ "metadata.example", false, NET_PRIVATE, "169.254.169.254, a link-local address" },
	{ "mapped.example", false, NET_PRIVATE, "mapped.example is 10.1.2.3, a private" },
	{ "mapped-loop.example", true, 0, "127.0.0.1:" },
	{ "nat64.example", false, NET_PRIVATE, "a private address" },
	{ "tunnel.example", false, NET_PRIVATE, "2002:a01:203::1" },
	{ "nowhere.example", false, NET_PRIVATE, "nobody connects there" },
	{ "long.example", true, 0, "127.0.0.1:" },
	{ "missing.example", false, NET_UNKNOWN, "there is no such name" },
	{ "empty.example", false, NET_UNKNOWN, "has no address" },
	{ "fails.example", false, NET_UNKNOWN, "server" },
	{ "garbage.example", false, NET_UNKNOWN, "DNS" },
	{ "loops.example", false, NET_UNKNOWN, "DNS" },
	{ "many.example", false, NET_PRIVATE, "10.0.0.1" },
};

static void names_lead_where_they_may(void **state)
{
	uint16_t port = 0;
	int listener = listen_at("127.0.0.1", &port, 64);
	struct stage s;
	struct told t;
	size_t i;

	(void)state;
	raise_stage(&s, loop, zones);
	for (i = 0; i < count_of(rows); i++) {
		t = dial(&s, rows[i].name, port);
		if (t.connected != rows[i].connected || !strstr(t.text, rows[i].says))
			print_message("# %s: %s\n", rows[i].name, t.text);
		assert_int_equal(t.connected, rows[i].connected);
		assert_non_null(strstr(t.text, rows[i].says));
		if (!t.connected)
			assert_int_equal(t.no, rows[i].no);
		fd_close(&t.fd);
	}
	close(listener);
	assert_int_equal(strike_stage(&s), 0);
}

/* The second answer is never asked for: one question of each type per dial. */
static void a_name_is_looked_up_once(void **state)
{
	uint16_t port = 0;
	int listener = listen_at("127.0.0.1", &port, 64);
	struct stage s;
	struct told t;

	(void)state;
	raise_stage(&s, loop, zones);
	t = dial(&s, "rebinds.example", port);
	assert_true(t.connected);
	assert_int_equal(*s.asked, 2);
	fd_close(&t.fd);
	t = dial(&s, "rebinds.example", port);
	assert_false(t.connected);
	assert_int_equal(t.no, NET_PRIVATE);
	assert_non_null(strstr(t.text, "127.0.0.2"));
	assert_int_equal(*s.asked, 4);
	close(listener);
	assert_int_equal(strike_stage(&s), 0);
}

/* A server that says nothing, or that answers another question, costs nobody else anything. */
static void silence_has_a_deadline(void **state)
{
	uint16_t port = 0;
	int listener = listen_at("127.0.0.1", &port, 64);
	struct stage s;
	struct told t;

	(void)state;
	raise_stage(&s, loop, zones);
	send_dial(&s, 1, "silent.example", port, false, 20000);
	send_dial(&s, 2, "stranger.example", port, false, 20000);
	t = dial(&s, "good.example", port);
	assert_true(t.connected);
	fd_close(&t.fd);
	send_dial(&s, 3, "silent.example", port, false, 60);
	t = be_told(&s);
	assert_int_equal(t.tag, 3);
	assert_int_equal(t.no, NET_LATE);
	assert_non_null(strstr(t.text, "no name server answers"));
	close(listener);
	assert_int_equal(strike_stage(&s), 0);
}

/* No domain is searched in, and what /etc/hosts says is held to the same table. */
static void hosts_are_judged_too(void **state)
{
	const char *const none[] = { NULL };
	struct stage s;
	struct told t;

	(void)state;
	raise_stage(&s, none, zones);
	t = dial(&s, "localhost", 80);
	assert_false(t.connected);
	assert_int_equal(t.no, NET_PRIVATE);
	assert_non_null(strstr(t.text, "a loopback address"));
	t = dial(&s, "good", 80);
	assert_false(t.connected);
	assert_int_equal(t.no, NET_UNKNOWN);
	assert_int_equal(strike_stage(&s), 0);
}

static void more_than_can_be_at_once(void **state)
{
	struct stage s;
	struct told t;
	uint64_t i;

	(void)state;
	raise_stage(&s, loop, zones);
	for (i = 0; i <= DIALS; i++)
		send_dial(&s, i, "silent.example", 80, false, 600000);
	t = be_told(&s);
	assert_int_equal(t.tag, DIALS);
	assert_int_equal(t.no, NET_BUSY);
	assert_int_equal(strike_stage(&s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_lead_where_they_may),
		cmocka_unit_test(a_name_is_looked_up_once),
		cmocka_unit_test(silence_has_a_deadline),
		cmocka_unit_test(hosts_are_judged_too),
		cmocka_unit_test(more_than_can_be_at_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
