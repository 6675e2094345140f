/*
 * What calls ask of the launcher: RESOLVE and EXEC, in order. The launcher answers before it reads
 * on. If it could wait for us while we wait for it, an agent that asks enough would stop both, so
 * no more is unanswered than its answers have room for, and nothing is sent that had to wait.
 */
#include "broker/broker.h"

enum { WINDOW = 64 };

static bool has_room(const struct broker *b)
{
	struct pollfd p = { .fd = b->launcher.fd, .events = POLLOUT };

	return b->unanswered == 0 || (b->unanswered < WINDOW && poll(&p, 1, 0) > 0);
}

static int move(struct broker *b, struct err *e)
{
	struct call *c;

	while ((c = TAILQ_FIRST(&b->asking)) && has_room(b))
		if ((c->state == CALL_ASKING ? ask_next(c, e) : exec_send(c, c->proof, e)) < 0)
			return -1;
	return 0;
}

int launcher_queue(struct call *c, enum call_state state, struct err *e)
{
	call_queue(c, &c->broker->asking, state);
	return move(c->broker, e);
}

int launcher_send(struct broker *b, enum msg_type t, uint64_t tag, const void *body, size_t size,
		  struct err *e)
{
	b->unanswered++;
	return wire_send(&b->launcher, t, tag, body, size, NULL, 0, e);
}

int launcher_answered(struct broker *b, struct err *e)
{
	if (b->unanswered == 0)
		return err_set(e, ERR_PEER, "an answer to no question");
	b->unanswered--;
	return move(b, e);
}
