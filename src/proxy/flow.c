/*
 * Datagrams. A flow is one port of the agent's and one address and port that it writes to; the first datagram asks for
 * it, those that come meanwhile wait, a few. What comes back is given to the agent from the address it wrote to.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "proxy/proxy.h"

enum { TURNS = 64, DATAGRAM = 64 << 10 };

struct talk {
	TAILQ_ENTRY(talk) all;
	struct watch watch;		/* the other end; fd -1: not open */
	struct asker asker;
	struct deadline deadline;
	struct ear *ear;
	struct packet packet;		/* the first: from where, and to where */
	struct buf waiting;		/* u16 size, bytes */
	bool denied, dead;
	uint64_t sent, received;
};

static void end(struct proxy *p, struct talk *f, const char *status)
{
	struct net_over o = { .sent = f->sent, .received = f->received };

	if (f->dead)
		return;
	memcpy(o.status, status, strlen(status));
	if (f->watch.fd >= 0)
		ask_over(p, &f->asker, &o);
	else if (f->asker.tag)
		ask_forget(p, &f->asker);
	f->dead = true;
	deadline_clear(p, &f->deadline);
	proxy_unwatch(p, &f->watch);
	buf_free(&f->waiting);
	TAILQ_REMOVE(&p->flows, f, all);
	TAILQ_INSERT_TAIL(&p->dead_flows, f, all);
	p->flow_count--;
}

static void late(struct proxy *p, struct deadline *d)
{
	end(p, holder_of(d, struct talk, deadline), "ok");
}

/* What finds no room is lost, as datagrams are. */
static void send_out(struct talk *f, const void *bytes, size_t size)
{
	if (send(f->watch.fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size)
		f->sent += size;
}

static void send_waiting(struct talk *f)
{
	size_t at, size;

	for (at = 0; at < f->waiting.size; at += 2 + size) {
		size = (size_t)(uint8_t)f->waiting.data[at] << 8 | (uint8_t)f->waiting.data[at + 1];
		send_out(f, f->waiting.data + at + 2, size);
	}
	buf_free(&f->waiting);
}

/* An error is of a datagram that was sent (nobody hears there); the next may do better. */
static void from_world(struct proxy *p, struct watch *w, uint32_t events)
{
	struct talk *f = holder_of(w, struct talk, watch);
	unsigned turns = TURNS;
	ssize_t got;

	(void)events;
	while (!f->dead && turns-- > 0) {
		got = recv(w->fd, p->msg.body, DATAGRAM, MSG_DONTWAIT);
		if (got < 0)
			return;
		deadline_set(p, &f->deadline, DELAY_FLOW);
		if (packet_answer(f->ear->watch.fd, &f->packet, p->msg.body, (size_t)got))
			f->received += (size_t)got;
	}
}

static void answered(struct proxy *p, struct asker *a, struct answer *x)
{
	struct talk *f = holder_of(a, struct talk, asker);

	if (x->type == MSG_MAY) {
		err_set(&p->err, ERR_PEER, "MAY to a flow of datagrams");
		return;
	}
	if (x->type == MSG_DENIED) {
		f->denied = true; /* it is remembered for a while: programs ask again at once */
		buf_free(&f->waiting);
		deadline_set(p, &f->deadline, DELAY_HEAD);
		return;
	}
	f->watch = (struct watch){ .fd = fd_take(&x->fd), .ready = from_world };
	if (!proxy_watch(p, &f->watch, EPOLLIN)) {
		end(p, f, "error");
		return;
	}
	deadline_set(p, &f->deadline, DELAY_FLOW);
	send_waiting(f);
}

static struct talk *find(struct proxy *p, const struct ear *ear, const struct packet *packet)
{
	struct talk *f;

	TAILQ_FOREACH(f, &p->flows, all)
		if (f->ear == ear && packet_same(&f->packet, packet))
			return f;
	return NULL;
}

static bool whom(struct proxy *p, struct net_ask *q, const struct ear *ear, const struct packet *packet)
{
	struct egress_host host;
	uint32_t number;

	*q = (struct net_ask){ .way = NET_BY_UDP, .port = ear->port, .scheme = "udp" };
	address_host(&host, packet->to);
	memcpy(q->host, host.text, sizeof(q->host));
	if (!name_is_stand_in(&host, &number))
		return true;
	if (number >= p->names.count)
		return false;
	memcpy(q->host, p->names.all[number]->text, strlen(p->names.all[number]->text) + 1);
	return true;
}

static void report(struct proxy *p, struct net_ask *q, const char *why)
{
	memcpy(q->fault, why, strlen(why) + 1);
	ask_report(p, q);
}

static struct talk *begin(struct proxy *p, struct ear *ear, const struct packet *packet)
{
	struct net_ask q;
	bool known = whom(p, &q, ear, packet);
	struct talk *f = known && p->flow_count < PROXY_FLOWS ? calloc(1, sizeof(*f)) : NULL;

	if (!f) {
		report(p, &q, known ? "more than 256 flows of datagrams at once"
				    : "an address of 198.18.0.0/15 that stands for no name");
		return NULL;
	}
	*f = (struct talk){ .watch = { .fd = -1 }, .asker = { .answered = answered }, .deadline = { .late = late },
			    .ear = ear, .packet = *packet, .waiting = BUF(PROXY_FLOW_BYTES) };
	TAILQ_INSERT_TAIL(&p->flows, f, all);
	p->flow_count++;
	deadline_set(p, &f->deadline, DELAY_ASK);
	if (ask(p, &f->asker, &q))
		return f;
	end(p, f, "error");
	return NULL;
}

static void wait_for(struct talk *f, const void *bytes, size_t size)
{
	const uint8_t length[2] = { (uint8_t)(size >> 8), (uint8_t)size };

	if (f->denied || !buf_reserve(&f->waiting, size + sizeof(length)))
		return;
	buf_add(&f->waiting, length, sizeof(length));
	buf_add(&f->waiting, bytes, size);
}

void flow_ready(struct proxy *p, struct watch *w, uint32_t events)
{
	struct ear *ear = holder_of(w, struct ear, watch);
	unsigned turns = TURNS;
	struct packet packet;
	struct talk *f;

	(void)events;
	while (turns-- > 0 && packet_receive(w->fd, &packet, p->msg.body, DATAGRAM)) {
		f = find(p, ear, &packet);
		if (!f)
			f = begin(p, ear, &packet);
		if (f && f->watch.fd >= 0) {
			deadline_set(p, &f->deadline, DELAY_FLOW);
			send_out(f, p->msg.body, packet.size);
		} else if (f) {
			wait_for(f, p->msg.body, packet.size);
		}
	}
}

void flows_bury(struct proxy *p)
{
	struct talk *f;

	while ((f = TAILQ_FIRST(&p->dead_flows))) {
		TAILQ_REMOVE(&p->dead_flows, f, all);
		free(f);
	}
}

void flows_end(struct proxy *p)
{
	while (!TAILQ_EMPTY(&p->flows))
		end(p, TAILQ_FIRST(&p->flows), "cancelled");
}
