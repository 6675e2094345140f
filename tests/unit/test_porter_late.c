/* tests/unit/test_porter_late.c - who takes too long over a head or a body, by a clock that the
 * test sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "porter/porter.h"

struct room {
	struct porter *p;
	struct sockaddr_in at;
	int client;
	uint64_t begun;
};

static void furnish(struct room *r)
{
	socklen_t size = sizeof(r->at);
	struct err e = { 0 };

	r->p = calloc(1, sizeof(*r->p));
	assert_non_null(r->p);
	r->at = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	r->p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(r->p->listener, (struct sockaddr *)&r->at, size), 0);
	assert_int_equal(listen(r->p->listener, 4), 0);
	assert_int_equal(getsockname(r->p->listener, (struct sockaddr *)&r->at, &size), 0);
	r->p->port = ntohs(r->at.sin_port);
	r->p->broker.fd = -1;
	assert_int_equal(web_begin(r->p, &e), 0);
	r->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(r->client, (struct sockaddr *)&r->at, sizeof(r->at)), 0);
	r->begun = clock_mono_ns();
}

static void leave(struct room *r)
{
	close(r->client);
	MHD_stop_daemon(r->p->http);
	while (r->p->caller_count > 0)
		caller_free(r->p->callers[--r->p->caller_count]);
	close(r->p->listener);
	free(r->p);
}

static uint64_t after(const struct room *r, unsigned ms)
{
	return r->begun + ms * UINT64_C(1000000);
}

static void say(struct room *r, const char *text)
{
	assert_int_equal(send(r->client, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void run_until(struct room *r, int fd)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	int tries;

	for (tries = 0; tries < 100 && poll(&in, 1, 0) == 0; tries++)
		assert_int_equal(MHD_run(r->p->http), MHD_YES);
}

static bool is_told(const struct room *r)
{
	struct pollfd in = { .fd = r->client, .events = POLLIN };

	return poll(&in, 1, 0) == 1;
}

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
	assert_true(is_told(&r));
	assert_true(recv(r.client, got, sizeof(got) - 1, 0) > 0);
	assert_true(strncmp(got, "HTTP/1.1 408 ", 13) == 0);
	assert_int_equal(r.p->turned_count, 1);
	assert_string_equal(r.p->turned[0].why, "a head that does not come in time");
	leave(&r);
}

static void begin_body(struct room *r, const char *length)
{
	char head[512];

	furnish(r);
	snprintf(head, sizeof(head),
		 "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\n"
		 "Accept: application/json, text/event-stream\r\nContent-Length: %s\r\n\r\n{",
		 (unsigned)r->p->port, length);
	say(r, head);
	gate_accept(r->p);
	assert_int_equal(r->p->caller_count, 1);
	assert_int_equal(r->p->callers[0]->state, CALLER_BODY);
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
	run_until(&r, r.client);
	assert_true(is_told(&r));
	assert_true(recv(r.client, got, sizeof(got) - 1, 0) > 0);
	assert_true(strncmp(got, "HTTP/1.1 400 ", 13) == 0);
	assert_string_equal(r.p->turned[0].why, "the body is not one strict JSON value");
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
