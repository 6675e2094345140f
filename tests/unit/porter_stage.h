/* tests/unit/porter_stage.h - a porter without its loop, with the test as its broker and its one client. */
#ifndef TESTS_UNIT_PORTER_STAGE_H
#define TESTS_UNIT_PORTER_STAGE_H

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
	struct wire broker;	/* the test's end */
	int client;
	uint64_t begun;
	struct msg msg;
};

static inline void furnish(struct room *r)
{
	socklen_t size = sizeof(r->at);
	struct err e = { 0 };
	int ends[2];

	r->p = calloc(1, sizeof(*r->p));
	assert_non_null(r->p);
	r->at = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	r->p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(r->p->listener, (struct sockaddr *)&r->at, size), 0);
	assert_int_equal(listen(r->p->listener, 4), 0);
	assert_int_equal(getsockname(r->p->listener, (struct sockaddr *)&r->at, &size), 0);
	r->p->port = ntohs(r->at.sin_port);
	assert_int_equal(wire_pair(ends, &e), 0);
	r->p->broker = (struct wire){ ends[0], ROLE_PORTER, ROLE_BROKER, PHASE_RUNNING };
	r->broker = (struct wire){ ends[1], ROLE_BROKER, ROLE_PORTER, PHASE_RUNNING };
	assert_int_equal(web_begin(r->p, &e), 0);
	r->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(r->client, (struct sockaddr *)&r->at, sizeof(r->at)), 0);
	r->begun = clock_mono_ns();
}

static inline void leave(struct room *r)
{
	close(r->client);
	MHD_stop_daemon(r->p->http);
	while (r->p->caller_count > 0)
		caller_free(r->p->callers[--r->p->caller_count]);
	close(r->p->listener);
	close(r->p->broker.fd);
	close(r->broker.fd);
	free(r->p);
}

static inline uint64_t after(const struct room *r, unsigned ms)
{
	return r->begun + ms * UINT64_C(1000000);
}

static inline void say(struct room *r, const char *text)
{
	assert_int_equal(send(r->client, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static inline void run_until(struct room *r, int fd)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	int tries;

	for (tries = 0; tries < 100 && poll(&in, 1, 0) == 0; tries++)
		assert_int_equal(MHD_run(r->p->http), MHD_YES);
}

static inline bool is_told(const struct room *r)
{
	struct pollfd in = { .fd = r->client, .events = POLLIN };

	return poll(&in, 1, 0) == 1;
}

static inline void begin_body(struct room *r, const char *length)
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

/* The broker hears that it was turned away, with these words; and the client has no answer yet. Returns the tag. */
static inline uint64_t hears_turned(struct room *r, uint64_t count, const char *why)
{
	struct unpack u = { .at = r->msg.body };
	struct err e = { 0 };
	char text[200];

	assert_int_equal(turned_send(r->p, &e), 0);
	assert_int_equal(r->p->turned_count, 0);
	assert_int_equal(wire_receive(&r->broker, &r->msg, false, &e), WIRE_MESSAGE);
	assert_int_equal(r->msg.type, MSG_TURNED);
	u.left = r->msg.size;
	unpack_number(&u, 2);
	assert_int_equal(unpack_number(&u, 8), count);
	unpack_number(&u, 8);
	assert_true(unpack_copy(&u, text, sizeof(text)) && unpack_done(&u));
	assert_string_equal(text, why);
	return r->msg.tag;
}

static inline int told(struct room *r, uint64_t tag)
{
	struct err e = { 0 };

	assert_int_equal(wire_send(&r->broker, MSG_TOLD, tag, NULL, 0, NULL, 0, &e), 0);
	return turned_hear(r->p, &e);
}

#endif
