/*
 * Answers to who carries connections. It may be waiting for us to hear it while we have something for it: so
 * nothing is sent that its socket has no room for, and what waits keeps its order.
 */
#include "broker/net.h"

#include <string.h>

#include "base/fd.h"

static bool has_room(const struct carrier *c)
{
	struct pollfd p = { .fd = c->wire.fd, .events = POLLOUT };

	return poll(&p, 1, 0) > 0;
}

static void pack_answer(struct pack *p, const struct link *l)
{
	if (l->answer == MSG_MAY)
		return;
	if (l->answer == MSG_DENIED) {
		pack_number(p, l->no, 1);
		pack_number(p, l->no_errno, 2);
	}
	pack_text(p, l->text, strlen(l->text));
}

/* What is opened stays, until it is over; any other answer is the end of it. */
static int send_answer(struct link *l, struct err *e)
{
	uint8_t body[SENTENCE + 64];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct wire *to = &l->carrier->wire;
	int done;

	pack_answer(&p, l);
	must(!p.over);
	done = wire_send(to, (enum msg_type)l->answer, l->tag, body, p.size, &l->fd, l->answer == MSG_OPENED, e);
	fd_close(&l->fd);
	if (l->answer == MSG_OPENED)
		l->state = LINK_OPEN;
	else
		link_free(l);
	return done < 0 ? err_in(e, "carrier") : 0;
}

/* There is nobody to tell. */
static int forget(struct link *l, struct err *e)
{
	static const struct outcome gone = { .status = "cancelled", .why = "who asked for it has gone" };

	if (l->proof)
		return link_close(l, gone, e);
	link_free(l);
	return 0;
}

int net_answer(struct link *l, enum msg_type answer, struct err *e)
{
	struct carrier *c = l->carrier;

	l->answer = (uint16_t)answer;
	l->state = LINK_ANSWERING;
	if (c->wire.fd < 0)
		return forget(l, e);
	if (TAILQ_EMPTY(&c->due) && has_room(c))
		return send_answer(l, e);
	TAILQ_INSERT_TAIL(&c->due, l, next);
	return 0;
}

int net_deny(struct link *l, enum net_no no, unsigned error, const char *sentence, struct err *e)
{
	l->no = (uint8_t)no;
	l->no_errno = (uint16_t)error;
	if (sentence && !link_say(l, sentence))
		return err_sys(e, "memory for an answer");
	return net_answer(l, MSG_DENIED, e);
}

/* With a slot that the dialer still needs: seldom enough to wait for room. */
int net_deny_now(const struct carrier *c, uint64_t tag, enum net_no no, const char *sentence, struct err *e)
{
	uint8_t body[SENTENCE + 64];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct wire to = c->wire;

	pack_number(&p, no, 1);
	pack_number(&p, 0, 2);
	pack_text(&p, sentence, strlen(sentence));
	must(!p.over);
	if (to.fd < 0)
		return 0;
	return wire_send(&to, MSG_DENIED, tag, body, p.size, NULL, 0, e) < 0 ? err_in(e, "carrier") : 0;
}

int net_answer_due(struct carrier *c, struct err *e)
{
	struct link *l;

	while ((l = TAILQ_FIRST(&c->due)) && (c->wire.fd < 0 || has_room(c))) {
		TAILQ_REMOVE(&c->due, l, next);
		if ((c->wire.fd < 0 ? forget(l, e) : send_answer(l, e)) < 0)
			return -1;
	}
	return 0;
}
