/* One connection's life: its first words, the question about it, its bytes (lane.c), its end. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "proxy/proxy.h"

enum { DISCARDS = 64 };

static void reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	if (fd >= 0)
		(void)!setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* What it still says is read away; whoever says too much has not read its answer either. */
static void read_away(struct proxy *p, struct link *l)
{
	unsigned turns = DISCARDS;
	ssize_t got = 1;

	while (got > 0 && turns-- > 0)
		got = recv(l->ends[AGENT].watch.fd, p->bytes, sizeof(p->bytes), MSG_DONTWAIT);
	if (got >= 0 || (errno != EAGAIN && errno != EINTR))
		link_die(p, l, false);
}

static void end_ready(struct proxy *p, struct watch *w, uint32_t events)
{
	struct end *e = holder_of(w, struct end, watch);
	struct link *l = e->link;

	e->readable = e->readable || (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR));
	e->writable = e->writable || (events & (EPOLLOUT | EPOLLHUP | EPOLLERR));
	e->ended = e->ended || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
	if (l->state == LINK_HEAD && e->readable)
		l->manner->words(p, l);
	else if (l->state == LINK_ASKED && (events & (EPOLLHUP | EPOLLERR)))
		link_die(p, l, false); /* it does not wait for the answer */
	else if (l->state == LINK_OPEN)
		lanes_move(p, l);
	else if (l->state == LINK_LINGERS)
		read_away(p, l);
}

static bool attach(struct proxy *p, struct link *l, unsigned which, int fd)
{
	const int on = 1;
	struct end *e = &l->ends[which];

	*e = (struct end){ .watch = { .fd = fd, .ready = end_ready }, .link = l };
	(void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (which == WORLD)
		(void)!setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return proxy_watch(p, &e->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

static void answered(struct proxy *p, struct asker *a, struct answer *x)
{
	struct link *l = holder_of(a, struct link, asker);

	deadline_clear(p, &l->deadline);
	if (l->busy)
		x->no = NET_BUSY;
	if (x->type == MSG_DENIED) {
		l->manner->denied(p, l, x);
	} else if (x->type != MSG_OPENED || l->faulty) {
		err_set(&p->err, ERR_PEER, "%s for what cannot be opened", msg_name(x->type));
	} else if (attach(p, l, WORLD, fd_take(&x->fd))) {
		l->manner->opened(p, l);
	} else {
		link_over(p, l, &(struct net_over){ .status = "error", .why = "no memory for it" });
	}
}

struct link *link_new(struct proxy *p, int agent_fd, const struct manner *m, enum net_way way)
{
	struct link *l = p->link_count < p->link_most + PROXY_SPARE ? calloc(1, sizeof(*l)) : NULL;

	if (!l) {
		reset(agent_fd);
		fd_close(&agent_fd);
		return NULL;
	}
	*l = (struct link){ .proxy = p, .manner = m, .way = way, .busy = p->link_count >= p->link_most };
	l->asker.answered = answered;
	l->deadline.late = link_late;
	l->ends[WORLD].watch.fd = -1;
	l->lanes[AGENT].held = l->lanes[WORLD].held = BUF(2 * (size_t)EGRESS_HEAD);
	TAILQ_INSERT_TAIL(&p->links, l, all);
	p->link_count++;
	deadline_set(p, &l->deadline, DELAY_HEAD);
	if (attach(p, l, AGENT, agent_fd))
		return l;
	link_die(p, l, true);
	return NULL;
}

static void deny_here(struct proxy *p, struct link *l, enum net_no no, const char *text)
{
	struct answer x = { .type = MSG_DENIED, .fd = -1, .no = no };

	snprintf(x.text, sizeof(x.text), "%s", text);
	l->manner->denied(p, l, &x);
}

struct net_ask net_ask_of(const struct link *l, const char *scheme)
{
	struct net_ask q = { .way = l->way, .port = l->port };

	if (l->host)
		memcpy(q.host, l->host->text, sizeof(q.host));
	snprintf(q.scheme, sizeof(q.scheme), "%s", scheme);
	return q;
}

void link_ask(struct proxy *p, struct link *l, struct net_ask *q)
{
	if (l->busy && !q->fault[0])
		snprintf(q->fault, sizeof(q->fault), "more than %zu connections at once", p->link_most);
	l->faulty = q->fault[0];
	l->state = LINK_ASKED;
	deadline_set(p, &l->deadline, DELAY_ASK);
	if (ask(p, &l->asker, q))
		return;
	deadline_clear(p, &l->deadline);
	deny_here(p, l, NET_BUSY, "too many questions at once; try again later");
}

void link_fault(struct proxy *p, struct link *l, const char *why)
{
	struct net_ask q = net_ask_of(l, "tcp");

	snprintf(q.fault, sizeof(q.fault), "%s", why);
	link_ask(p, l, &q);
}

void link_open(struct proxy *p, struct link *l)
{
	if (l->state != LINK_ASKED)
		return;
	l->state = LINK_OPEN;
	l->ends[AGENT].readable = l->ends[AGENT].writable = true;
	l->ends[WORLD].writable = true; /* what it says first is told by epoll, which has just begun to watch it */
	lanes_move(p, l);
}

void link_over(struct proxy *p, struct link *l, const struct net_over *o)
{
	struct net_over all = *o;

	all.sent = l->lanes[AGENT].moved;
	all.received = l->lanes[WORLD].moved;
	all.http = l->status;
	if (l->sni)
		snprintf(all.sni, sizeof(all.sni), "%s", l->sni);
	ask_over(p, &l->asker, &all);
	link_die(p, l, strcmp(o->status, "ok") != 0);
}

/* Until the loop comes round: something may still have been said to it in this turn. */
void link_die(struct proxy *p, struct link *l, bool abort)
{
	unsigned i;

	if (l->state == LINK_DEAD)
		return;
	deadline_clear(p, &l->deadline);
	if (l->asker.tag)
		ask_forget(p, &l->asker);
	for (i = 0; i < 2; i++) {
		if (abort)
			reset(l->ends[i].watch.fd);
		proxy_unwatch(p, &l->ends[i].watch);
		conduit_give(p, take(&l->lanes[i].pipe));
		buf_free(&l->lanes[i].held);
	}
	if (l->again)
		TAILQ_REMOVE(&p->turns, l, turns);
	l->again = false;
	l->state = LINK_DEAD;
	TAILQ_REMOVE(&p->links, l, all);
	TAILQ_INSERT_TAIL(&p->dead, l, all);
	p->link_count--;
	if (l->manner->died)
		l->manner->died(p, l);
}

void link_linger(struct proxy *p, struct link *l)
{
	if (l->state == LINK_DEAD)
		return;
	proxy_unwatch(p, &l->ends[WORLD].watch);
	shutdown(l->ends[AGENT].watch.fd, SHUT_WR);
	l->state = LINK_LINGERS;
	deadline_set(p, &l->deadline, DELAY_LINGER);
	read_away(p, l);
}

void link_late(struct proxy *p, struct deadline *d)
{
	struct link *l = holder_of(d, struct link, deadline);

	if (l->state == LINK_HEAD && l->manner->late) {
		l->manner->late(p, l);
	} else if (l->state == LINK_HEAD) {
		l->status = 408;
		link_fault(p, l, "its first words did not come within 10 seconds");
	} else if (l->state == LINK_ASKED) {
		ask_forget(p, &l->asker);
		deny_here(p, l, NET_LATE, "it could not be decided and reached within 60 seconds; try again later");
	} else if (l->state == LINK_LINGERS) {
		link_die(p, l, false);
	} else if (d->kind != DELAY_HALF) {
		guard_late(p, l);
	} else {
		link_over(p, l, &(struct net_over){ .status = "timeout",
						    .why = "one end had ended, and the other said nothing for 300 s" });
	}
}

void proxy_bury(struct proxy *p)
{
	struct link *l;

	while ((l = TAILQ_FIRST(&p->dead))) {
		TAILQ_REMOVE(&p->dead, l, all);
		free(l->host);
		free(l->sni);
		free(l->more);
		free(l);
	}
}
