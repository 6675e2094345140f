/*
 * Datagrams that init hands over: a pair of messages, of which one end is the program's. Questions of the DNS go the
 * way of those that come by stream, each with its length before it; what else is sent goes to one address.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "proxy/proxy.h"

enum { TURNS = 64, DATAGRAM = 64 << 10, LENGTH = 2 };

struct errand {
	TAILQ_ENTRY(errand) all;
	struct watch program, other;	/* other: our own DNS, or the world; -1: not now */
	struct asker asker;		/* of the world */
	struct deadline deadline;
	uint64_t id;
	bool dns, dead;
	uint64_t sent, received;
	size_t held;			/* of answers, in `bytes` */
	uint8_t bytes[LENGTH + UINT16_MAX];
};

static void end(struct proxy *p, struct errand *d, const char *status)
{
	struct net_over o = { .sent = d->sent, .received = d->received };

	if (d->dead)
		return;
	memcpy(o.status, status, strlen(status) + 1);
	if (!d->dns && d->other.fd >= 0)
		ask_over(p, &d->asker, &o);
	else if (d->asker.tag)
		ask_forget(p, &d->asker);
	d->dead = true;
	deadline_clear(p, &d->deadline);
	proxy_unwatch(p, &d->program);
	proxy_unwatch(p, &d->other);
	TAILQ_REMOVE(&p->errands, d, all);
	TAILQ_INSERT_TAIL(&p->dead_errands, d, all);
	p->errand_count--;
}

static void late(struct proxy *p, struct deadline *d)
{
	struct errand *e = holder_of(d, struct errand, deadline);

	if (!e->dns && e->other.fd < 0)
		notify_answer(p, e->id, ETIMEDOUT);
	end(p, e, "ok");
}

static bool is_broken(ssize_t got)
{
	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/* Whole answers go on; our DNS may rest meanwhile, and is called again for the next question. */
static void from_dns(struct proxy *p, struct watch *w, uint32_t events)
{
	struct errand *d = holder_of(w, struct errand, other);
	ssize_t got = recv(w->fd, d->bytes + d->held, sizeof(d->bytes) - d->held, MSG_DONTWAIT);
	size_t size;

	(void)events;
	if (is_broken(got)) {
		d->held = 0;
		proxy_unwatch(p, w);
		return;
	}
	d->held += got > 0 ? (size_t)got : 0;
	while (d->held >= LENGTH) {
		size = (size_t)d->bytes[0] << 8 | d->bytes[1];
		if (d->held < LENGTH + size)
			return;
		(void)!send(d->program.fd, d->bytes + LENGTH, size, MSG_DONTWAIT | MSG_NOSIGNAL);
		d->held -= LENGTH + size;
		memmove(d->bytes, d->bytes + LENGTH + size, d->held);
	}
}

static bool call_dns(struct proxy *p, struct errand *d)
{
	int pair[2];

	if (d->other.fd >= 0)
		return true;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	d->other = (struct watch){ .fd = pair[0], .ready = from_dns };
	ear_dns(p, NULL, pair[1]);
	if (proxy_watch(p, &d->other, EPOLLIN))
		return true;
	fd_close(&d->other.fd);
	return false;
}

/* What finds no room is lost, as datagrams are; half of one would be taken for others. */
static void put_question(struct proxy *p, struct errand *d, uint8_t *bytes, size_t size)
{
	bytes[0] = (uint8_t)(size >> 8);
	bytes[1] = (uint8_t)size;
	if (!call_dns(p, d))
		return;
	size += LENGTH;
	if (send(d->other.fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)size)
		proxy_unwatch(p, &d->other);
}

static void put_out(struct errand *d, const uint8_t *bytes, size_t size)
{
	if (d->other.fd >= 0 && send(d->other.fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size)
		d->sent += size;
}

/* An empty datagram, and the end, look the same: the program's end closed says so itself. */
static void from_program(struct proxy *p, struct watch *w, uint32_t events)
{
	struct errand *d = holder_of(w, struct errand, program);
	uint8_t *bytes = p->msg.body;
	unsigned turns = TURNS;
	ssize_t got;

	while (!d->dead && turns-- > 0) {
		got = recv(w->fd, bytes + LENGTH, DATAGRAM, MSG_DONTWAIT | MSG_TRUNC);
		if (got < 0 && errno == EAGAIN && !(events & (EPOLLHUP | EPOLLERR)))
			return;
		if (got < 0 || (got == 0 && (events & (EPOLLHUP | EPOLLRDHUP)))) {
			end(p, d, "ok");
			return;
		}
		deadline_set(p, &d->deadline, DELAY_FLOW);
		if (d->dns && got <= PROXY_QUERY)
			put_question(p, d, bytes, (size_t)got);
		else if (!d->dns && got <= DATAGRAM)
			put_out(d, bytes + LENGTH, (size_t)got);
	}
}

/* An error is of a datagram that was sent: nobody hears there, and the next may do better. */
static void from_world(struct proxy *p, struct watch *w, uint32_t events)
{
	struct errand *d = holder_of(w, struct errand, other);
	unsigned turns = TURNS;
	ssize_t got;

	(void)events;
	while (!d->dead && turns-- > 0) {
		got = recv(w->fd, p->msg.body, DATAGRAM, MSG_DONTWAIT);
		if (got < 0)
			return;
		deadline_set(p, &d->deadline, DELAY_FLOW);
		if (send(d->program.fd, p->msg.body, (size_t)got, MSG_DONTWAIT | MSG_NOSIGNAL) == got)
			d->received += (size_t)got;
	}
}

static void answered(struct proxy *p, struct asker *a, struct answer *x)
{
	struct errand *d = holder_of(a, struct errand, asker);

	if (x->type == MSG_MAY) {
		err_set(&p->err, ERR_PEER, "MAY to a flow of datagrams");
		return;
	}
	if (x->type == MSG_DENIED) {
		notify_answer(p, d->id, net_no_errno(x));
		end(p, d, "refused");
		return;
	}
	d->other = (struct watch){ .fd = fd_take(&x->fd), .ready = from_world };
	if (!proxy_watch(p, &d->other, EPOLLIN) || !proxy_watch(p, &d->program, EPOLLIN | EPOLLRDHUP)) {
		notify_answer(p, d->id, ENOMEM);
		end(p, d, "error");
		return;
	}
	deadline_set(p, &d->deadline, DELAY_FLOW);
	notify_answer(p, d->id, 0);
}

static struct errand *errand_new(struct proxy *p, uint64_t id, int fd, bool dns)
{
	struct errand *d = p->errand_count < PROXY_FLOWS ? calloc(1, sizeof(*d)) : NULL;

	if (!d) {
		notify_answer(p, id, EAGAIN);
		fd_close(&fd);
		return NULL;
	}
	d->program = (struct watch){ .fd = fd, .ready = from_program };
	d->other.fd = -1;
	d->asker.answered = answered;
	d->deadline.late = late;
	d->id = id;
	d->dns = dns;
	TAILQ_INSERT_TAIL(&p->errands, d, all);
	p->errand_count++;
	deadline_set(p, &d->deadline, dns ? DELAY_FLOW : DELAY_ASK);
	return d;
}

void errand_dns(struct proxy *p, uint64_t id, int fd)
{
	struct errand *d = errand_new(p, id, fd, true);
	bool stands = d && proxy_watch(p, &d->program, EPOLLIN | EPOLLRDHUP);

	if (!d)
		return;
	notify_answer(p, id, stands ? 0 : ENOMEM);
	if (!stands)
		end(p, d, "error");
}

void errand_flow(struct proxy *p, uint64_t id, int fd, const struct net_ask *q)
{
	struct errand *d = errand_new(p, id, fd, false);

	if (!d || ask(p, &d->asker, q))
		return;
	notify_answer(p, id, EAGAIN);
	end(p, d, "error");
}

void errands_bury(struct proxy *p)
{
	struct errand *d;

	while ((d = TAILQ_FIRST(&p->dead_errands))) {
		TAILQ_REMOVE(&p->dead_errands, d, all);
		free(d);
	}
}

void errands_end(struct proxy *p)
{
	while (!TAILQ_EMPTY(&p->errands))
		end(p, TAILQ_FIRST(&p->errands), "cancelled");
}
