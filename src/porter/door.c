/* Connections to the broker: pairs of sockets, of which it gets one end. To it they are an agent's like any other. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "porter/porter.h"

enum { READ_SIZE = 64 << 10, IN_MOST = 32 << 20, OUT_MOST = 8 << 20, KEEP = 128 << 10 };

bool porter_has_room(const struct porter *p)
{
	struct pollfd way = { .fd = p->broker.fd, .events = POLLOUT };

	return poll(&way, 1, 0) == 1 && (way.revents & POLLOUT);
}

static bool is_idle(const struct door *d)
{
	size_t i;

	for (i = 0; i < d->porter->caller_count; i++)
		if (d->porter->callers[i]->door == d)
			return false;
	return d->lasts && !d->closing;
}

/* Sessions that nobody ends: the one that has been silent longest goes, and its client is told to begin again. */
static bool make_room(struct porter *p)
{
	struct door *idle = NULL;
	size_t lasting = 0, i;

	for (i = 0; i < p->door_count; i++) {
		lasting += p->doors[i]->lasts;
		if (is_idle(p->doors[i]) && (!idle || p->doors[i]->used_ns < idle->used_ns))
			idle = p->doors[i];
	}
	if (lasting < PORTER_SESSIONS)
		return true;
	if (idle)
		door_close(idle);
	return idle != NULL;
}

static int give_end(struct porter *p, uint16_t server)
{
	struct err e = { 0 };
	int ends[2], done;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -1;
	done = wire_send(&p->broker, MSG_DOOR, 0, &server, 2, &ends[1], 1, &e);
	fd_close(&ends[1]);
	if (done < 0)
		fd_close(&ends[0]);
	return ends[0];
}

struct door *door_open(struct porter *p, uint16_t server, bool lasts)
{
	struct door *d;

	if (p->door_count == PORTER_DOORS || !porter_has_room(p) || (lasts && !make_room(p)))
		return NULL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	*d = (struct door){ .porter = p,
			    .server = server,
			    .lasts = lasts,
			    .fd = give_end(p, server),
			    .in = BUF(IN_MOST),
			    .out = BUF(OUT_MOST),
			    .kept = BUF(PORTER_KEPT),
			    .used_ns = clock_mono_ns() };
	if (d->fd < 0) {
		free(d);
		return NULL;
	}
	p->doors[p->door_count++] = d;
	return d;
}

struct door *door_of_session(struct porter *p, struct span session)
{
	size_t i;

	for (i = 0; i < p->door_count; i++)
		if (p->doors[i]->session[0] && !p->doors[i]->closing && span_is(session, p->doors[i]->session))
			return p->doors[i];
	return NULL;
}

/* Nobody can guess it, so who knows it is who was given it. */
bool door_name(struct door *d)
{
	uint8_t bytes[SESSION_ID / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return false;
	text_hex(d->session, bytes, sizeof(bytes));
	return true;
}

bool door_say(struct door *d, const char *message, size_t size)
{
	if (d->closing || d->fd < 0 || d->out.size + size + 1 > d->out.most)
		return false;
	return buf_add(&d->out, message, size) && buf_puts(&d->out, "\n");
}

void door_close(struct door *d)
{
	d->closing = true;
}

void door_flush(struct door *d)
{
	ssize_t done = 1;

	while (d->fd >= 0 && d->out.size > 0 && done > 0) {
		done = send(d->fd, d->out.data, d->out.size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (done > 0)
			buf_drop(&d->out, (size_t)done);
		else if (errno != EAGAIN && errno != EINTR)
			route_lost(d);
	}
	if (d->out.size == 0 && d->out.room > KEEP)
		buf_free(&d->out);
	if (d->closing && d->out.size == 0)
		fd_close(&d->fd);
}

/* While too many answers wait to be read, the broker must wait; it knows how to deal with that. */
static bool may_read(const struct door *d)
{
	size_t total = 0, i;

	for (i = 0; i < d->porter->caller_count; i++)
		total += d->porter->callers[i]->answer.size;
	return total < PORTER_ANSWERS && d->in.size < IN_MOST - READ_SIZE;
}

short door_events(const struct door *d)
{
	short events = d->out.size ? POLLOUT : 0;

	return may_read(d) ? events | POLLIN : events;
}

static void take_lines(struct door *d)
{
	const char *end;
	size_t at = 0;

	while ((end = memchr(d->in.data + d->seen, '\n', d->in.size - d->seen))) {
		route_line(d, d->in.data + at, (size_t)(end - (d->in.data + at)));
		at = d->seen = (size_t)(end - d->in.data) + 1;
	}
	buf_drop(&d->in, at);
	d->seen = d->in.size;
	if (d->in.size == 0 && d->in.room > KEEP)
		buf_free(&d->in);
}

void door_attend(struct door *d)
{
	ssize_t got;

	if (d->fd < 0)
		return;
	if (!buf_reserve(&d->in, READ_SIZE)) {
		route_lost(d);
		return;
	}
	got = recv(d->fd, d->in.data + d->in.size, READ_SIZE, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		route_lost(d);
		return;
	}
	d->in.size += (size_t)got;
	take_lines(d);
}

void doors_bury(struct porter *p)
{
	size_t i, kept = 0;
	struct door *d;

	for (i = 0; i < p->door_count; i++) {
		d = p->doors[i];
		if (d->fd >= 0) {
			p->doors[kept++] = d;
			continue;
		}
		route_lost(d);
		buf_free(&d->in);
		buf_free(&d->out);
		buf_free(&d->kept);
		free(d);
	}
	p->door_count = kept;
}
