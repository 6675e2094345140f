/* tests/unit/proxy_stage.h - a proxy in this process, with the test as its launcher, its broker, its programs and the world. */
#ifndef TESTS_UNIT_PROXY_STAGE_H
#define TESTS_UNIT_PROXY_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "proxy/proxy.h"

enum { TURN_MS = 5, TURNS_MOST = 400 };

struct stage {
	struct proxy *p;
	struct wire broker;
	int broker_fd, far;		/* far: a listener that is the world */
	struct sockaddr_in at[PROXY_EARS];
	struct sockaddr_in far_at;
	struct msg msg;
	struct net_ask ask;
	struct net_over over;
	uint64_t tag;			/* of the last ASK or OVER */
};

static inline void must_ok(int done, const struct err *e)
{
	if (done < 0)
		fail_msg("%s", e->text);
}

static inline bool readable(int fd)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };

	return poll(&in, 1, 0) == 1;
}

/* The loop comes round until there is something to read there. */
static inline bool comes(struct stage *s, int fd)
{
	unsigned turns;

	for (turns = 0; turns < TURNS_MOST && !readable(fd); turns++)
		if (!proxy_turn(s->p, TURN_MS))
			break;
	return readable(fd);
}

static inline int listen_here(struct sockaddr_in *at, int type)
{
	socklen_t size = sizeof(*at);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(fd, (struct sockaddr *)at, size), 0);
	assert_true(type != SOCK_STREAM || listen(fd, 64) == 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &size), 0);
	return fd;
}

static inline int add_ear(struct stage *s, enum jail_ear kind, uint16_t port, const char *path, int fd)
{
	struct pack body = { .at = s->msg.body, .room = sizeof(s->msg.body) };
	struct err e = { 0 };

	pack_number(&body, kind, 1);
	pack_number(&body, port, 2);
	pack_text(&body, path, strlen(path));
	s->msg.size = body.size;
	must_ok(ear_begin(s->p, &s->msg, fd, &e), &e);
	return (int)s->p->ear_count - 1;
}

static inline int hear_at(struct stage *s, enum jail_ear kind)
{
	struct sockaddr_in at;
	int fd = listen_here(&at, kind == EAR_DNS || kind == EAR_UDP ? SOCK_DGRAM : SOCK_STREAM);
	int n = add_ear(s, kind, ntohs(at.sin_port), "", fd);

	s->at[n] = at;
	return n;
}

static inline void furnish(struct stage *s)
{
	struct err e = { 0 };
	int ends[2];

	memset(s, 0, sizeof(*s));
	s->p = proxy_new(&e);
	assert_non_null(s->p);
	must_ok(wire_pair(ends, &e), &e);
	must_ok(channel_begin(s->p, &s->p->broker, ends[0], ROLE_BROKER, &e), &e);
	s->broker_fd = ends[1];
	s->broker = (struct wire){ ends[1], ROLE_BROKER, ROLE_PROXY, PHASE_RUNNING };
	s->far = listen_here(&s->far_at, SOCK_STREAM);
}

static inline void leave(struct stage *s)
{
	proxy_free(s->p);
	close(s->broker_fd);
	close(s->far);
}

static inline int program_at(const struct sockaddr_in *at, int type)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)at, sizeof(*at)), 0);
	return fd;
}

static inline int program(const struct stage *s, int ear)
{
	return program_at(&s->at[ear], SOCK_STREAM);
}

static inline void say(int fd, const void *bytes, size_t size)
{
	assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

static inline void say_text(int fd, const char *text)
{
	say(fd, text, strlen(text));
}

/* All there is, until it says no more; a C string too. -1: it was broken off. */
static inline ssize_t hear_all(struct stage *s, int fd, char *out, size_t room)
{
	size_t size = 0;
	ssize_t got = 1;

	while (got > 0 && comes(s, fd)) {
		got = recv(fd, out + size, room - 1 - size, 0);
		size += got > 0 ? (size_t)got : 0;
	}
	out[size] = '\0';
	return got < 0 ? -1 : (ssize_t)size;
}

/* So many bytes, and no more for now. */
static inline void hear_bytes(struct stage *s, int fd, char *out, size_t size)
{
	size_t had = 0;
	ssize_t got;

	while (had < size) {
		if (!comes(s, fd))
			fail_msg("%zu of %zu bytes came", had, size);
		got = recv(fd, out + had, size - had, 0);
		assert_true(got > 0);
		had += (size_t)got;
	}
}

static inline bool broker_hears(struct stage *s, enum msg_type type)
{
	struct err e = { 0 };

	if (!comes(s, s->broker_fd))
		return false;
	must_ok(wire_receive(&s->broker, &s->msg, false, &e), &e);
	assert_string_equal(msg_name(s->msg.type), msg_name(type));
	s->tag = s->msg.tag;
	return true;
}

static inline const struct net_ask *asked(struct stage *s)
{
	if (!broker_hears(s, MSG_ASK))
		fail_msg("the broker was not asked");
	assert_true(net_ask_unpack(&s->ask, &s->msg));
	return &s->ask;
}

static inline const struct net_over *was_over(struct stage *s)
{
	if (!broker_hears(s, MSG_OVER))
		fail_msg("the broker was not told");
	assert_true(net_over_unpack(&s->over, &s->msg));
	return &s->over;
}

static inline void deny(struct stage *s, enum net_no no, int error, const char *text)
{
	uint8_t room[512];
	struct pack body = { .at = room, .room = sizeof(room) };
	struct err e = { 0 };

	pack_number(&body, no, 1);
	pack_number(&body, (uint64_t)error, 2);
	pack_text(&body, text, strlen(text));
	must_ok(wire_send(&s->broker, MSG_DENIED, s->tag, room, body.size, NULL, 0, &e), &e);
}

static inline void may(struct stage *s)
{
	struct err e = { 0 };

	must_ok(wire_send(&s->broker, MSG_MAY, s->tag, NULL, 0, NULL, 0, &e), &e);
}

static inline void open_with(struct stage *s, int fd)
{
	uint8_t room[128];
	struct pack body = { .at = room, .room = sizeof(room) };
	struct err e = { 0 };

	pack_text(&body, "203.0.113.7:443", 15);
	must_ok(wire_send(&s->broker, MSG_OPENED, s->tag, room, body.size, &fd, 1, &e), &e);
	close(fd);
}

/* The world's end of what the broker opens now; TCP, so that resets can be told apart. */
static inline int open_world(struct stage *s)
{
	int near = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), far;

	assert_int_equal(connect(near, (struct sockaddr *)&s->far_at, sizeof(s->far_at)), 0);
	assert_int_equal(fcntl(near, F_SETFL, O_NONBLOCK), 0);
	far = accept4(s->far, NULL, NULL, SOCK_CLOEXEC);
	assert_true(far >= 0);
	open_with(s, near);
	return far;
}

static inline void turn(struct stage *s)
{
	unsigned turns;

	for (turns = 0; turns < 8; turns++)
		(void)!proxy_turn(s->p, 0);
}

/* A ClientHello for that server; NULL: it names none. */
static inline size_t make_hello(uint8_t *out, const char *name, bool ech)
{
	size_t host = name ? strlen(name) : 0, extensions = (name ? 9 + host : 0) + (ech ? 5 : 0);
	size_t body = 2 + 32 + 1 + 4 + 2 + 2 + extensions, at = 0;
	const uint8_t head[] = { 22, 3, 1, (uint8_t)((body + 4) >> 8), (uint8_t)(body + 4), 1, 0,
				 (uint8_t)(body >> 8), (uint8_t)body, 3, 3 };

	memcpy(out, head, sizeof(head));
	at = sizeof(head);
	memset(out + at, 7, 32);
	at += 32;
	memcpy(out + at, (const uint8_t[]){ 0, 0, 2, 0x13, 1, 1, 0 }, 7);
	at += 7;
	out[at++] = (uint8_t)(extensions >> 8);
	out[at++] = (uint8_t)extensions;
	if (name) {
		memcpy(out + at, (const uint8_t[]){ 0, 0, 0, (uint8_t)(host + 5), 0, (uint8_t)(host + 3), 0, 0,
						    (uint8_t)host }, 9);
		memcpy(out + at + 9, name, host);
		at += 9 + host;
	}
	if (ech) {
		memcpy(out + at, (const uint8_t[]){ 0xfe, 0x0d, 0, 1, 0 }, 5);
		at += 5;
	}
	return at;
}

#endif
