#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "courier/courier.h"

struct heard {
	char text[256];
	size_t count;
};

static int hear(void *to, const char *data, size_t size, struct err *e)
{
	struct heard *h = to;

	(void)e;
	if (h->count++)
		strncat(h->text, "|", sizeof(h->text) - strlen(h->text) - 1);
	strncat(h->text, data, size < 100 ? size : 100);
	return 0;
}

static const struct {
	const char *what, *stream, *data, *id;
	unsigned retry;
} rows[] = {
	{ "one", "data: a\n\n", "a", "", 0 },
	{ "by CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", "a|b", "", 0 },
	{ "by CR", "data: a\r\rdata: b\r\r", "a|b", "", 0 },
	{ "several lines", "data: a\ndata:b\ndata:  c\n\n", "a\nb\n c", "", 0 },
	{ "unfinished", "data: a\n", "", "", 0 },
	{ "comments", ": x\n\n:\ndata: a\n: y\n\n", "a", "", 0 },
	{ "no data", "id: 1\n\n", "", "1", 0 },
	{ "an empty line of data", "data\n\n", "", "", 0 },
	{ "an id stays", "id: 1\ndata: a\n\ndata: b\n\n", "a|b", "1", 0 },
	{ "an id that is taken back", "id: 1\ndata: a\n\nid\ndata: b\n\n", "a|b", "", 0 },
	{ "an id that no header takes", "id: \x7f\ndata: a\n\n", "a", "", 0 },
	{ "an id with a tab", "id: a\tb\ndata: a\n\n", "a", "", 0 },
	{ "a time", "retry: 250\n\n", "", "", 250 },
	{ "a time that is none", "retry: 2s\n\n", "", "", 0 },
	{ "another type of event", "event: ping\ndata: a\n\ndata: b\n\n", "b", "", 0 },
	{ "the type that is meant", "event: message\ndata: a\n\n", "a", "", 0 },
	{ "a field nobody knows", "datas: a\nDATA: b\n data: c\n\n", "", "", 0 },
	{ "a byte order mark", "\xef\xbb\xbf" "data: a\n\n", "a", "", 0 },
	{ "one in the midst", "data: a\n\n\xef\xbb\xbf" "data: b\n\n", "a", "", 0 },
};

static void feed(struct heard *h, struct events *v, const char *stream, size_t step)
{
	size_t size = strlen(stream), at, take;
	struct err e = { 0 };

	for (at = 0; at < size; at += take) {
		take = step < size - at ? step : size - at;
		assert_int_equal(events_feed(v, stream + at, take, hear, h, &e), 0);
	}
}

/* However the bytes are cut, the events are the same. */
static void test_cutting(void **state)
{
	size_t i, step;

	(void)state;
	for (i = 0; i < count_of(rows); i++)
		for (step = 1; step <= strlen(rows[i].stream); step++) {
			struct heard h = { .count = 0 };
			struct events v;

			events_begin(&v);
			feed(&h, &v, rows[i].stream, step);
			if (strcmp(h.text, rows[i].data) != 0)
				print_message("# %s, by %zu: %s\n", rows[i].what, step, h.text);
			assert_string_equal(h.text, rows[i].data);
			assert_string_equal(v.id, rows[i].id);
			assert_int_equal(v.retry_ms, rows[i].retry);
			events_free(&v);
		}
}

static void test_bounds(void **state)
{
	static char much[1 << 16];
	struct heard h = { .count = 0 };
	struct err e = { 0 };
	struct events v;
	int i, done = 0;

	(void)state;
	memset(much, 'x', sizeof(much));
	events_begin(&v);
	assert_int_equal(events_feed(&v, "data: ", 6, hear, &h, &e), 0);
	for (i = 0; done == 0 && i < 1000; i++)
		done = events_feed(&v, much, sizeof(much), hear, &h, &e);
	assert_int_equal(done, -1);
	assert_true(i < 70);
	events_free(&v);
	events_begin(&v);
	for (i = 0, done = 0; done == 0 && i < 1000; i++) {
		done = events_feed(&v, "data: ", 6, hear, &h, &e);
		if (done == 0)
			done = events_feed(&v, much, sizeof(much), hear, &h, &e);
		if (done == 0)
			done = events_feed(&v, "\n", 1, hear, &h, &e);
	}
	assert_int_equal(done, -1);
	assert_true(i < 70);
	assert_int_equal(h.count, 0);
	events_free(&v);
}

static const struct {
	const char *address;
	bool ever, private;	/* refused always; refused unless private ones are meant */
} addresses[] = {
	{ "93.184.216.34", false, false },   { "2606:2800:220:1::1", false, false },
	{ "127.0.0.1", false, true },	     { "127.255.255.254", false, true },
	{ "10.1.2.3", false, true },	     { "172.16.0.1", false, true },
	{ "172.31.255.255", false, true },   { "172.32.0.1", false, false },
	{ "192.168.1.1", false, true },	     { "100.64.0.1", false, true },
	{ "100.128.0.1", false, false },     { "169.254.169.254", true, true },
	{ "169.254.0.1", true, true },	     { "0.0.0.0", true, true },
	{ "0.1.2.3", true, true },	     { "224.0.0.1", true, true },
	{ "255.255.255.255", true, true },   { "240.0.0.1", true, true },
	{ "198.18.0.1", false, true },	     { "::1", false, true },
	{ "::", true, true },		     { "fe80::1", true, true },
	{ "febf::1", true, true },	     { "fc00::1", false, true },
	{ "fdff::1", false, true },	     { "fd00:ec2::254", true, true },
	{ "ff02::1", true, true },	     { "::ffff:169.254.169.254", true, true },
	{ "::ffff:127.0.0.1", false, true }, { "::ffff:93.184.216.34", false, false },
	{ "::169.254.169.254", true, true }, { "64:ff9b::a9fe:a9fe", true, true },
	{ "64:ff9b::7f00:1", false, true },  { "2002:a9fe:a9fe::1", true, true },
	{ "64:ff9b:1::1", false, true },
};

static void test_addresses(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(addresses); i++) {
		struct sockaddr_in v4 = { .sin_family = AF_INET };
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
		const struct sockaddr *a = (const struct sockaddr *)&v4;

		if (inet_pton(AF_INET, addresses[i].address, &v4.sin_addr) != 1) {
			assert_int_equal(inet_pton(AF_INET6, addresses[i].address, &v6.sin6_addr), 1);
			a = (const struct sockaddr *)&v6;
		}
		if ((address_refused(a, true) != NULL) != addresses[i].ever ||
		    (address_refused(a, false) != NULL) != addresses[i].private)
			print_message("# %s\n", addresses[i].address);
		assert_int_equal(address_refused(a, true) != NULL, addresses[i].ever);
		assert_int_equal(address_refused(a, false) != NULL, addresses[i].private);
	}
	assert_non_null(address_refused(&(struct sockaddr){ .sa_family = AF_UNIX }, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cutting),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_addresses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
