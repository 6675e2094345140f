/*
 * The dialer reaches out, and only for what the ledger holds an intent of. It has its time; what comes later is
 * closed unseen.
 */
#include "broker/net.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"

enum { PATIENCE_MS = DIAL_MS + 5000 };

static const uint64_t MS = 1000000;

int net_proved(void *link, struct receipt *proof, struct err *e)
{
	static const struct outcome nobody = { .status = "cancelled", .why = "the run ended before it was connected" };
	struct link *l = link;
	struct broker *b = l->carrier->broker;

	must(receipt_index(proof) > 0);
	if (l->refused) {
		receipt_free(proof);
		return net_fold_proved(l->fold, l->fold_key, e) < 0 ? -1 : net_answer(l, MSG_DENIED, e);
	}
	l->proof = proof;
	if (b->ending || l->carrier->wire.fd < 0)
		return link_close(l, nobody, e);
	l->state = LINK_QUEUED;
	TAILQ_INSERT_TAIL(&b->net->queued, l, next);
	return net_dial_queued(b->net, e);
}

static int dial(struct net *n, struct link *l, struct err *e)
{
	uint8_t body[NET_PATH + 64];
	struct pack p = { .at = body, .room = sizeof(body) };

	pack_number(&p, receipt_index(l->proof), 8);
	pack_number(&p, l->datagrams, 1);
	pack_text(&p, l->text, strlen(l->text));
	pack_number(&p, l->port, 2);
	pack_number(&p, DIAL_MS, 4);
	must(!p.over);
	l->state = LINK_DIALING;
	l->deadline_ns = clock_mono_ns() + PATIENCE_MS * MS;
	TAILQ_INSERT_TAIL(&n->dialing, l, next);
	return wire_send(&n->dialer, MSG_DIAL, (uint64_t)(l - n->links), body, p.size, NULL, 0, e) < 0
		       ? err_in(e, "dialer")
		       : 0;
}

/* It may be waiting for us to hear it: it is told nothing that its socket has no room for. */
int net_dial_queued(struct net *n, struct err *e)
{
	struct pollfd room = { .fd = n->dialer.fd, .events = POLLOUT };
	struct link *l;

	while ((l = TAILQ_FIRST(&n->queued)) && n->dialer.fd >= 0 && poll(&room, 1, 0) > 0) {
		TAILQ_REMOVE(&n->queued, l, next);
		if (dial(n, l, e) < 0)
			return -1;
	}
	return 0;
}

/* Whom it speaks of; NULL: nobody waits for it any more. */
static int find(struct link **out, struct broker *b, uint64_t slot, struct err *e)
{
	struct net *n = b->net;
	struct link *l = slot < n->used ? &n->links[slot] : NULL;

	*out = NULL;
	if (l && l->state == LINK_DIALING) {
		TAILQ_REMOVE(&n->dialing, l, next);
		*out = l;
	} else if (l && l->state == LINK_GIVEN_UP) {
		link_free(l);
	} else if (!b->ending) {
		return err_set(e, ERR_PEER, "an answer to no question");
	}
	return 0;
}

static int hear_dialed(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	char address[80];
	struct link *l;

	if (!unpack_copy(&u, address, sizeof(address)) || !unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed DIALED");
	if (find(&l, b, m->tag, e) < 0)
		return -1;
	if (!l)
		return 0;
	l->fd = fd_take(&m->fds[0]);
	l->opened = true;
	runtime_opened(b->runtime, receipt_index(l->proof));
	if (!link_say(l, address))
		return err_sys(e, "memory for a connection");
	return net_answer(l, MSG_OPENED, e);
}

static int unreached(struct link *l, enum net_no no, unsigned error, const char *why, struct err *e)
{
	struct outcome o = { .status = no == NET_LATE ? "timeout" : "failed", .why = why, .exit = -1 };
	char sentence[SENTENCE];

	snprintf(sentence, sizeof(sentence), "reeve could not connect to %.128s%s%.0u: %.300s", l->text, l->port ? ":" : "",
		 l->port, why);
	l->carrier->broker->net->failed++;
	o.duration_us = (clock_mono_ns() - l->began_ns) / 1000;
	if (commit_outcome(&l->carrier->broker->commits, l->proof, &o, e) < 0)
		return -1;
	receipt_free(take(&l->proof));
	return net_deny(l, no, error, sentence, e);
}

static int hear_unreached(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t no = unpack_number(&u, 1), error = unpack_number(&u, 2);
	struct link *l;
	char why[500];

	if (!unpack_copy(&u, why, sizeof(why)) || !unpack_done(&u) || no >= NET_NOES)
		return err_set(e, ERR_PEER, "malformed UNREACHED");
	if (find(&l, b, m->tag, e) < 0)
		return -1;
	return l ? unreached(l, (enum net_no)no, (unsigned)error, why, e) : 0;
}

int net_dialer_attend(void *broker, short what, struct err *e)
{
	struct broker *b = broker;
	struct net *n = b->net;
	int got = WIRE_LATER, done = 0;

	(void)what;
	while (done == 0 && (got = wire_receive(&n->dialer, &b->msg, false, e)) == WIRE_MESSAGE) {
		done = (b->msg.type == MSG_DIALED ? hear_dialed : hear_unreached)(b, &b->msg, e);
		msg_drop(&b->msg);
	}
	if (got == WIRE_CLOSED)
		fd_close(&n->dialer.fd); /* the launcher knows, and ends the run */
	if (done < 0 || got < 0)
		return err_in(e, "dialer");
	return net_dial_queued(n, e);
}

int net_give_up(struct net *n, uint64_t now, struct err *e)
{
	static const struct outcome late = { .status = "timeout", .why = "the dialer gave no answer in time", .exit = -1 };
	struct link *l;

	while ((l = TAILQ_FIRST(&n->dialing)) && l->deadline_ns <= now) {
		TAILQ_REMOVE(&n->dialing, l, next);
		l->state = LINK_GIVEN_UP;
		n->failed++;
		if (commit_outcome(&l->carrier->broker->commits, l->proof, &late, e) < 0)
			return -1;
		receipt_free(take(&l->proof));
		if (net_deny_now(l->carrier, l->tag, NET_LATE, "reeve could not connect in time", e) < 0)
			return -1;
	}
	return 0;
}
