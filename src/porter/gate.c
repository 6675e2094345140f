/*
 * A connection until its head has been judged. The head is looked at where it lies (MSG_PEEK), so that libmicrohttpd
 * then reads the same bytes from the socket; the launcher made the socket so that urgent bytes are part of them.
 * SO_RCVLOWAT keeps us asleep until there is more than we have seen. Who is turned away is held until that is in the
 * ledger, answered from here, told that nothing more will be read, and read until it hangs up, so that the answer is not
 * lost.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "porter/porter.h"

enum { DISCARD = 64 << 10 };

static uint64_t in_ms(unsigned ms)
{
	return clock_mono_ns() + ms * UINT64_C(1000000);
}

static void wake_at(const struct caller *c, int bytes)
{
	(void)!setsockopt(c->fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes));
}

void gate_accept(struct porter *p)
{
	struct caller *c;
	int fd;

	while (p->caller_count < PORTER_CALLERS) {
		fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		c = fd < 0 ? NULL : caller_new(p, fd);
		if (!c)
			return;
		c->deadline_ns = in_ms(HEAD_MS);
		gate_attend(c);
	}
}

static const char *phrase(unsigned status)
{
	static const struct {
		unsigned status;
		const char *phrase;
	} phrases[] = {
		{ 400, "Bad Request" }, { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" }, { 408, "Request Timeout" }, { 411, "Length Required" },
		{ 413, "Content Too Large" }, { 415, "Unsupported Media Type" }, { 417, "Expectation Failed" },
		{ 431, "Request Header Fields Too Large" }, { 501, "Not Implemented" },
		{ 503, "Service Unavailable" }, { 505, "HTTP Version Not Supported" },
	};
	size_t i;

	for (i = 0; i < count_of(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Refused";
}

void gate_turn(struct caller *c, unsigned status, const char *text)
{
	struct buf body = BUF(1024);

	c->held = turned_note(c->porter, REASON_BAD_HTTP, text, c->looked);
	mcp_write_error(&body, NULL, MCP_INVALID, text);
	buf_printf(&c->answer,
		   "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s"
		   "Connection: close\r\n\r\n",
		   status, phrase(status), body.size, status == 405 ? "Allow: POST, GET, DELETE\r\n" : "");
	buf_add(&c->answer, body.data, body.size);
	buf_free(&body);
	c->state = CALLER_HELD;
	c->deadline_ns = 0;
}

void gate_tell(struct caller *c)
{
	(void)!send(c->fd, c->answer.data, c->answer.size, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(c->fd, SHUT_WR);
	wake_at(c, 1);
	c->state = CALLER_LINGERS;
	c->deadline_ns = in_ms(LINGER_MS);
}

static void linger(struct caller *c)
{
	char bytes[DISCARD];
	ssize_t got = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		c->state = CALLER_DEAD;
}

/* /mcp is all servers joined, /mcp/SERVER one of them. */
static bool find_server(struct caller *c)
{
	const struct porter *p = c->porter;
	char path[72];
	size_t i;

	c->server = JOINED;
	if (span_is(c->head.target, "/mcp"))
		return true;
	for (i = 0; i < p->server_count; i++) {
		snprintf(path, sizeof(path), "/mcp/%s", p->servers[i]);
		c->server = (uint16_t)i;
		if (span_is(c->head.target, path))
			return true;
	}
	return false;
}

/* From here on libmicrohttpd frames the body, by a head that can be read in one way only. */
static void let_in(struct caller *c, const char *bytes, size_t size)
{
	struct head_fault fault = { 0 };

	c->bytes = malloc(size);
	if (!c->bytes) {
		gate_turn(c, 503, "there is no memory for it now");
		return;
	}
	memcpy(c->bytes, bytes, size);
	must(head_read(&c->head, c->bytes, size, &fault) == HEAD_WHOLE);
	if (!find_server(c)) {
		gate_turn(c, 404, "no such path: /mcp, or /mcp/SERVER for one tool server");
	} else if (!head_judge(&c->head, c->porter->port, MCP_LINE, &fault)) {
		gate_turn(c, fault.status, fault.text);
	} else {
		wake_at(c, 1);
		c->deadline_ns = in_ms(BODY_MS);
		web_take(c);
	}
}

static void look(struct caller *c)
{
	char bytes[HEAD_MOST + 1];
	ssize_t got = recv(c->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	struct head_fault fault = { 0 };
	bool more = got > 0 && (size_t)got > c->looked;
	struct head head;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		c->state = CALLER_DEAD; /* it has gone again, and said nothing */
		return;
	}
	c->looked = (size_t)got;
	switch (head_read(&head, bytes, (size_t)got, &fault)) {
	case HEAD_WHOLE:
		let_in(c, bytes, head.size);
		break;
	case HEAD_BAD:
		gate_turn(c, fault.status, fault.text);
		break;
	case HEAD_MORE:
		if (!more)
			gate_turn(c, 400, "it ended before its head did");
		else
			wake_at(c, (int)got + 1);
		break;
	}
}

void gate_attend(struct caller *c)
{
	if (c->state == CALLER_HEAD)
		look(c);
	else
		linger(c);
}
