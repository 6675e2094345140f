/*
 * Where the jail has no network of its own its init stops connect(2), and asks: for whom, with one end of a connection
 * to carry if it may be. Each question is answered once; a name is found again by the address that stands for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "jail/reach.h"
#include "proxy/proxy.h"

enum { TURNS = 64 };

enum { UNTOLD = 1 << 20 };

static void want_room(struct proxy *p, bool wants)
{
	struct epoll_event wanted = { .events = EPOLLIN, .data.ptr = p->notify };

	wanted.events |= wants ? EPOLLOUT : 0;
	(void)!epoll_ctl(p->loop, EPOLL_CTL_MOD, p->notify->fd, &wanted);
}

static bool told(const struct proxy *p, const void *answer)
{
	return send(p->notify->fd, answer, sizeof(struct reach_answer), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* Init is soon there; the loop does not wait for it. */
void notify_answer(struct proxy *p, uint64_t id, int error)
{
	const struct reach_answer a = { .id = id, .error = error };

	if (!p->notify || p->notify->fd < 0 || (p->untold.size == 0 && told(p, &a)))
		return;
	if (p->untold.size == 0)
		p->untold = BUF(UNTOLD);
	if (!buf_add(&p->untold, &a, sizeof(a)))
		proxy_unwatch(p, p->notify);
	else
		want_room(p, true);
}

static void tell_untold(struct proxy *p)
{
	size_t at;

	for (at = 0; at < p->untold.size && told(p, p->untold.data + at); at += sizeof(struct reach_answer))
		;
	buf_drop(&p->untold, at);
	if (p->untold.size > 0)
		return;
	buf_free(&p->untold);
	want_room(p, false);
}

static void done(struct proxy *p, void *who, int error)
{
	uint64_t *id = who;

	notify_answer(p, *id, error);
	free(id);
}

/* true: *q says for whom; false: it has a fault, which is recorded. */
static bool whom(struct proxy *p, struct net_ask *q, struct egress_host *host, const struct reach_ask *a)
{
	uint8_t six[16] = { [10] = 0xff, [11] = 0xff };
	uint32_t number;

	memcpy(a->family == 4 ? six + 12 : six, a->address, a->family == 4 ? 4 : 16);
	address_host(host, six);
	q->port = a->port;
	memcpy(q->host, host->text, sizeof(q->host));
	if (!name_is_stand_in(host, &number))
		return true;
	if (number >= p->names.count) {
		snprintf(q->fault, sizeof(q->fault), "an address of 198.18.0.0/15 that stands for no name");
		return false;
	}
	snprintf(q->host, sizeof(q->host), "%s", p->names.all[number]->text);
	return egress_host(host, q->host, strlen(q->host), false);
}

static void carry(struct proxy *p, const struct reach_ask *a, const struct net_ask *q, int fd)
{
	struct carry_from from = { .done = done, .who = malloc(sizeof(a->id)) };

	if (!from.who) {
		notify_answer(p, a->id, ENOMEM);
		fd_close(&fd);
		return;
	}
	memcpy(from.who, &a->id, sizeof(a->id));
	carry_begin(p, fd, q, &from);
}

static void begin_stream(struct proxy *p, const struct reach_ask *a, int fd)
{
	struct net_ask q = { .way = NET_BY_NOTIFY, .scheme = "tcp" };
	struct egress_host host, address;
	uint8_t six[16] = { [10] = 0xff, [11] = 0xff };

	if (!whom(p, &q, &host, a) || !hand_is_for(p, &host, a->port)) {
		carry(p, a, &q, fd);
		return;
	}
	memcpy(six + 12, a->address, 4); /* a name: it is judged by each of its requests */
	address_host(&address, six);
	notify_answer(p, a->id, 0);
	direct_begin(p, fd, &address, a->port);
}

static void begin_datagrams(struct proxy *p, const struct reach_ask *a, int fd)
{
	struct net_ask q = { .way = NET_BY_UDP, .scheme = "udp" };
	struct egress_host host;

	(void)whom(p, &q, &host, a);
	errand_flow(p, a->id, fd, &q);
}

static void begin_dns(struct proxy *p, const struct reach_ask *a, int fd)
{
	errand_dns(p, a->id, fd);
}

static void begin_unix(struct proxy *p, const struct reach_ask *a, int fd)
{
	struct net_ask q = { .way = NET_BY_UNIX, .scheme = "unix" };

	snprintf(q.path, sizeof(q.path), "%s", a->path);
	carry(p, a, &q, fd);
}

static void begin_proxy(struct proxy *p, const struct reach_ask *a, int fd)
{
	notify_answer(p, a->id, 0);
	ear_stranger(p, NULL, fd);
}

static void begin_dns_stream(struct proxy *p, const struct reach_ask *a, int fd)
{
	notify_answer(p, a->id, 0);
	ear_dns(p, NULL, fd);
}

static void (*const ways[REACH_KINDS])(struct proxy *p, const struct reach_ask *a, int fd) = {
	[REACH_STREAM] = begin_stream,	     [REACH_PROXY] = begin_proxy, [REACH_DNS_STREAM] = begin_dns_stream,
	[REACH_DATAGRAM] = begin_datagrams, [REACH_DNS] = begin_dns,	  [REACH_UNIX] = begin_unix,
};

static bool is_fit(const struct reach_ask *a)
{
	if (a->kind >= REACH_KINDS || !ways[a->kind])
		return false;
	if (a->kind == REACH_UNIX)
		return a->path[0] && memchr(a->path, '\0', sizeof(a->path));
	return a->family == 4 || a->family == 6;
}

/* 1: *out and *fd are filled; 0: nothing now; -1: init is gone, or is not what we took it for. */
static int receive(int from, struct reach_ask *out, int *fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} with = { 0 };
	struct iovec part = { .iov_base = out, .iov_len = sizeof(*out) };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = &with,
			    .msg_controllen = sizeof(with) };
	ssize_t got = recvmsg(from, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (m.msg_controllen < sizeof(struct cmsghdr) || with.head.cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(fd, CMSG_DATA(&with.head), sizeof(*fd));
	if (got == (ssize_t)sizeof(*out) && is_fit(out))
		return 1;
	fd_close(fd);
	return -1;
}

void notify_ready(struct proxy *p, struct watch *w, uint32_t events)
{
	unsigned turns = TURNS;
	struct reach_ask a;
	int got = 1, fd;

	p->notify = w;
	if ((events & EPOLLOUT) && p->untold.size > 0)
		tell_untold(p);
	while (w->fd >= 0 && got > 0 && turns-- > 0) {
		got = receive(w->fd, &a, &fd);
		if (got > 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
			ways[a.kind](p, &a, fd);
		else if (got > 0)
			fd_close(&fd);
	}
	if (got < 0)
		proxy_unwatch(p, w);
}
