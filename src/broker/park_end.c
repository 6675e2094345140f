/* Parked calls that nobody comes back to: their time is over, their agent or their server has gone. */
#include "broker/broker.h"

/* `c` ends: parked, nobody will come back for it; on its way back, the parked one has nobody left.
 */
void park_leave(struct call *c)
{
	struct call *other;

	if (c->resumes)
		c->resumes->deadline_ns = 0;
	TAILQ_FOREACH(other, &c->broker->calls, all) {
		if (other->resumes == c)
			other->resumes = NULL;
		if (other->asker == c && other->up)
			other->asker = NULL;
	}
}

static int give_up(struct call *c, const char *why, struct err *e)
{
	scoped(json) json_t *params = json_pack("{s:I}", "requestId", (json_int_t)c->relay_id);
	struct call *question, *next;

	for (question = TAILQ_FIRST(&c->server->upward); question; question = next) {
		next = TAILQ_NEXT(question, queued);
		if (question->asker == c && upcall_give_up(question, "timeout", why, e) < 0)
			return -1;
	}
	if (c->server->in >= 0 && !c->kept_result && !c->kept_error)
		mcp_write_notification(&c->server->outlet.out, "notifications/cancelled", params);
	call_end(c);
	return 0;
}

uint64_t park_deadline(const struct server *s)
{
	uint64_t soonest = UINT64_MAX;
	const struct call *c;

	TAILQ_FOREACH(c, &s->parked, queued)
		soonest = c->deadline_ns < soonest ? c->deadline_ns : soonest;
	return soonest;
}

int park_expire(struct server *s, uint64_t now, struct err *e)
{
	struct call *c, *next;

	for (c = TAILQ_FIRST(&s->parked); c; c = next) {
		next = TAILQ_NEXT(c, queued);
		if (c->deadline_ns <= now &&
		    give_up(c, "the agent did not come back with its answers", e) < 0)
			return -1;
	}
	return 0;
}

/* The server is gone: whoever comes back is told that there is nothing to come back to. */
void park_fail(struct server *s)
{
	struct call *c;

	while ((c = TAILQ_FIRST(&s->parked)))
		call_end(c);
}
