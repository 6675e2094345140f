/* What the launcher says before a run begins: where programs are heard, who inspects, who judges. */
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/fd.h"
#include "proxy/proxy.h"

enum { ACCEPTS = 64 };

/* What takes a connection; NULL: it is read from itself. */
static void (*const takers[])(struct proxy *p, struct ear *ear, int fd) = {
	[EAR_PROXY] = ear_stranger, [EAR_DIRECT] = ear_direct, [EAR_DNS] = NULL,	 [EAR_DNS_STREAM] = ear_dns,
	[EAR_UDP] = NULL,	    [EAR_UNIX] = ear_unix,     [EAR_NOTIFY] = NULL,
};

static void accept_some(struct proxy *p, struct watch *w, uint32_t events)
{
	struct ear *ear = holder_of(w, struct ear, watch);
	unsigned turns = ACCEPTS;
	int fd;

	(void)events;
	while (turns-- > 0) {
		fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		takers[ear->kind](p, ear, fd);
	}
}

/* Urgent bytes stay in their place; to whom a datagram was sent is told. What does not apply is refused, and need not be had. */
static void prepare(int fd)
{
	const int on = 1;

	(void)!setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	(void)!setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	(void)!setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
}

int ear_begin(struct proxy *p, const struct msg *m, int fd, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	struct ear *ear = &p->ears[p->ear_count];
	size_t kind = unpack_number(&u, 1);

	*ear = (struct ear){ .watch = { .fd = fd, .ready = accept_some }, .kind = (enum jail_ear)kind };
	ear->port = (uint16_t)unpack_number(&u, 2);
	if (!unpack_copy(&u, ear->path, sizeof(ear->path)) || !unpack_done(&u) || kind > EAR_NOTIFY)
		return err_set(e, ERR_PEER, "malformed HEAR");
	p->ear_count++;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(e, "where programs are heard");
	prepare(fd);
	if (kind == EAR_DNS)
		ear->watch.ready = dns_ready;
	else if (kind == EAR_UDP)
		ear->watch.ready = flow_ready;
	else if (kind == EAR_NOTIFY)
		ear->watch.ready = notify_ready;
	else if (!takers[kind])
		return err_set(e, ERR_PEER, "HEAR of a kind that is not heard");
	return proxy_watch(p, &ear->watch, EPOLLIN) ? 0 : err_sys(e, "where programs are heard");
}

static int hear_place(struct proxy *p, struct err *e)
{
	if (p->ear_count == PROXY_EARS)
		return err_set(e, ERR_PEER, "more than %d HEAR", PROXY_EARS);
	return ear_begin(p, &p->msg, fd_take(&p->msg.fds[0]), e);
}

static int hear_inspect(struct proxy *p, struct err *e)
{
	struct unpack u = { .at = p->msg.body, .left = p->msg.size };
	size_t count = unpack_number(&u, 2), i;

	for (i = 0; i < count && i < PROXY_HOSTS; i++)
		if (!unpack_copy(&u, p->inspected.text[i], sizeof(p->inspected.text[i])))
			break;
	if (count > PROXY_HOSTS || !unpack_done(&u) || p->inspector.open)
		return err_set(e, ERR_PEER, "malformed INSPECT");
	p->inspected.count = count;
	return channel_begin(p, &p->inspector, fd_take(&p->msg.fds[0]), ROLE_PROXY, e);
}

static int hear_carry(struct proxy *p, struct err *e)
{
	struct unpack u = { .at = p->msg.body, .left = p->msg.size };

	p->ech = unpack_number(&u, 1) == 1;
	if (!unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed CARRY");
	p->launcher.now = PHASE_RUNNING;
	if (channel_begin(p, &p->broker, fd_take(&p->msg.fds[0]), ROLE_BROKER, e) < 0)
		return -1;
	return wire_send(&p->launcher, MSG_CARRYING, 0, NULL, 0, NULL, 0, e);
}

static int hear_one(struct proxy *p, struct err *e)
{
	if (p->msg.type == MSG_HEAR)
		return hear_place(p, e);
	if (p->msg.type == MSG_INSPECT)
		return hear_inspect(p, e);
	if (p->msg.type == MSG_CARRY)
		return hear_carry(p, e);
	return err_set(e, ERR_PEER, "%s is not for who carries", msg_name(p->msg.type));
}

int proxy_hear(struct proxy *p, struct err *e)
{
	int got = wire_receive(&p->launcher, &p->msg, true, e), done;

	if (got != WIRE_MESSAGE)
		return got < 0 ? -1 : err_set(e, ERR_PEER, "the launcher ended");
	done = hear_one(p, e);
	msg_drop(&p->msg);
	return done;
}
