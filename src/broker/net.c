/*
 * Channels for connections: ASKs and OVERs come from who carries them, and the dialer is told what the ledger
 * holds an intent of. A run without a network has none of this.
 */
#include "broker/net.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/fd.h"

enum { COMMITS_PAUSE = 512, BURST = 64, END_MS = 500 };

static const uint64_t MS = 1000000;

/* NULL: no memory. */
static struct net *net_of(struct broker *b, struct err *e)
{
	struct net *n = b->net ? b->net : calloc(1, sizeof(*n));

	if (!n)
		err_sys(e, "memory for connections");
	if (!n || b->net)
		return n;
	n->dialer = (struct wire){ -1, ROLE_BROKER, ROLE_DIALER, PHASE_RUNNING };
	n->others.due = 1;
	TAILQ_INIT(&n->others.held);
	TAILQ_INIT(&n->free);
	TAILQ_INIT(&n->queued);
	TAILQ_INIT(&n->dialing);
	b->net = n;
	must(getrandom(n->seed, sizeof(n->seed), 0) == sizeof(n->seed));
	return n;
}

int net_carrier(struct broker *b, int fd, struct err *e)
{
	struct net *n = net_of(b, e);
	struct carrier *c;

	if (!n) {
		fd_close(&fd);
		return -1;
	}
	if (n->carrier_count == CARRIERS) {
		fd_close(&fd);
		return err_set(e, ERR_PEER, "more than %d CARRIER", CARRIERS);
	}
	c = &n->carriers[n->carrier_count++];
	*c = (struct carrier){ b, { fd, ROLE_BROKER, ROLE_PROXY, PHASE_RUNNING }, { 0 } };
	TAILQ_INIT(&c->due);
	return 0;
}

int net_dialer(struct broker *b, int fd, struct err *e)
{
	struct net *n = net_of(b, e);

	if (!n) {
		fd_close(&fd);
		return -1;
	}
	if (n->dialer.fd >= 0) {
		fd_close(&fd);
		return err_set(e, ERR_PEER, "second DIALER");
	}
	n->dialer.fd = fd;
	return 0;
}

bool net_is_whole(const struct broker *b)
{
	return !b->net || (b->net->carrier_count > 0) == (b->net->dialer.fd >= 0);
}

/* What is not open has a place soon, so OVERs are not kept waiting for long. */
static bool has_place(const struct broker *b)
{
	return b->commits.count < COMMITS_PAUSE && b->net->count < LINKS;
}

/* Some at a time, and no more than the recorder keeps up with: agents have calls, too. */
static int carrier_attend(void *carrier, short what, struct err *e)
{
	struct carrier *c = carrier;
	struct broker *b = c->broker;
	int got = WIRE_LATER, done = net_answer_due(c, e), i;

	(void)what;
	for (i = 0; done == 0 && i < BURST && c->wire.fd >= 0 && has_place(b); i++) {
		got = wire_receive(&c->wire, &b->msg, false, e);
		if (got != WIRE_MESSAGE)
			break;
		done = (b->msg.type == MSG_ASK ? net_ask : net_over)(c, &b->msg, e);
		msg_drop(&b->msg);
	}
	if (got == WIRE_CLOSED)
		fd_close(&c->wire.fd); /* the launcher knows, and ends the run */
	return done < 0 || got < 0 ? err_in(e, "carrier") : 0;
}

void net_gather(struct broker *b)
{
	struct net *n = b->net;
	struct carrier *c;
	short events;

	for (c = n ? n->carriers : NULL; n && c < n->carriers + n->carrier_count; c++) {
		events = has_place(b) ? POLLIN : 0;
		if (c->wire.fd >= 0)
			loop_watch(b, c->wire.fd, TAILQ_EMPTY(&c->due) ? events : events | POLLOUT, carrier_attend, c);
	}
	if (n && n->dialer.fd >= 0)
		loop_watch(b, n->dialer.fd, TAILQ_EMPTY(&n->queued) ? POLLIN : POLLIN | POLLOUT, net_dialer_attend, b);
}

uint64_t net_deadline(const struct broker *b)
{
	const struct link *l = b->net ? TAILQ_FIRST(&b->net->dialing) : NULL;

	if (net_waits(b))
		return b->net->end_ns;
	return l ? l->deadline_ns : UINT64_MAX;
}

int net_expire(struct broker *b, uint64_t now, struct err *e)
{
	if (net_waits(b) && b->net->end_ns <= now) {
		b->net->end_ns = UINT64_MAX;
		return net_abandon(b->net, true, e);
	}
	return b->net ? net_give_up(b->net, now, e) : 0;
}

/* Nothing runs in the jail any more, so who carries is about to hear that all is over. */
int net_end(struct broker *b, struct err *e)
{
	struct net *n = b->net;
	size_t i;

	for (i = 0; n && i < n->carrier_count; i++)
		if (carrier_attend(&n->carriers[i], POLLIN, e) < 0)
			return -1;
	if (!n || net_abandon(n, false, e) < 0)
		return n ? -1 : 0;
	n->end_ns = clock_mono_ns() + END_MS * MS;
	return net_fold_rest(b, e);
}

bool net_waits(const struct broker *b)
{
	return b->net && b->net->end_ns && b->net->count > 0;
}
