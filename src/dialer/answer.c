/* What the broker is told of a DIAL: once, and then it is over. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dialer/dialer.h"

void answer_no(struct dial *a, enum net_no no, int error, const char *fmt, ...)
{
	char why[SENTENCE];
	uint8_t body[SENTENCE + 16];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	pack_number(&p, no, 1);
	pack_number(&p, (uint64_t)error, 2);
	pack_text(&p, why, strlen(why));
	must(!p.over && !a->over);
	a->over = true;
	/* a broker that does not take it is gone, and the next turn sees that */
	(void)!wire_send(&a->dialer->broker, MSG_UNREACHED, a->tag, body, p.size, NULL, 0, &e);
}

void answer_connected(struct dial *a, int fd, const struct place *to)
{
	char text[64] = "";
	uint8_t body[128];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };

	must(!to || place_text(text, sizeof(text), to, a->port));
	pack_text(&p, text, strlen(text));
	must(!p.over && !a->over);
	a->over = true;
	(void)!wire_send(&a->dialer->broker, MSG_DIALED, a->tag, body, p.size, &fd, 1, &e);
}

/* By what connect(2) and its kin say; the first row that fits, the last fits all. */
static const struct {
	int error;
	enum net_no no;
	const char *what;
} failures[] = {
	{ ECONNREFUSED, NET_UNREACHABLE, "nobody listens there" },
	{ ETIMEDOUT, NET_LATE, "nobody answers there" },
	{ ENETUNREACH, NET_UNREACHABLE, "no way leads there" },
	{ EHOSTUNREACH, NET_UNREACHABLE, "no way leads there" },
	{ EMFILE, NET_BUSY, "too many connections at once" },
	{ ENFILE, NET_BUSY, "too many connections at once" },
	{ ENOMEM, NET_BUSY, "too many connections at once" },
	{ ENOBUFS, NET_BUSY, "too many connections at once" },
	{ EAGAIN, NET_BUSY, "too many connections at once" },
	{ EADDRNOTAVAIL, NET_BUSY, "too many connections at once" },
	{ ENOENT, NET_UNREACHABLE, "there is no such socket" },
	{ ENOTSOCK, NET_UNREACHABLE, "that is no socket" },
	{ ELOOP, NET_PRIVATE,
	  "that leads over a symbolic link, which is not followed: the profile should name the "
	  "socket's own path" },
	{ EPROTOTYPE, NET_UNREACHABLE, "that is no socket for streams" },
	{ 0, NET_UNREACHABLE, NULL },
};

void answer_failed(struct dial *a, int error)
{
	const char *what;
	size_t i = 0;

	while (failures[i].error && failures[i].error != error)
		i++;
	what = failures[i].what ? failures[i].what : strerror(error);
	answer_no(a, failures[i].no, error, "%s", what);
}
