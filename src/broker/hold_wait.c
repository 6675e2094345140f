/* Time, for those who wait for a person: their agents hear that they do, and are let go when they have long enough. */
#include <stdio.h>

#include "base/clock.h"
#include "broker/hold.h"

static const uint64_t MS = 1000000;

static uint64_t told_again(const struct call *c)
{
	return !c->token || !c->hold->index ? UINT64_MAX : c->told_ns ? c->told_ns + HOLD_PROGRESS_MS * MS : 0;
}

uint64_t hold_deadline(const struct broker *b)
{
	uint64_t soonest = UINT64_MAX, one;
	const struct hold *h;
	const struct call *c;

	TAILQ_FOREACH(h, &b->holds, next)
		if (h->state == HOLD_WAITING && h->index && !h->stale && h->next_ns < soonest)
			soonest = h->next_ns;
	TAILQ_FOREACH(c, &b->holding, queued) {
		one = told_again(c) < c->deadline_ns ? told_again(c) : c->deadline_ns;
		soonest = one < soonest ? one : soonest;
	}
	return soonest;
}

static int let_go(struct call *c, struct err *e)
{
	char until[32], text[160];

	hold_until(until, c->hold);
	snprintf(text, sizeof(text), " until %s: ask again the same way once it is approved", until);
	return hold_let_go(c, text, e);
}

static int expire_calls(struct broker *b, uint64_t now, struct err *e)
{
	struct call *c, *next;

	for (c = TAILQ_FIRST(&b->holding); c; c = next) {
		next = TAILQ_NEXT(c, queued);
		if (c->deadline_ns <= now) {
			if (let_go(c, e) < 0)
				return -1;
		} else if (told_again(c) <= now) {
			hold_progress(c, now);
		}
	}
	return 0;
}

int hold_expire(struct broker *b, uint64_t now, struct err *e)
{
	struct hold *h;

	TAILQ_FOREACH(h, &b->holds, next)
		if (h->state == HOLD_WAITING && h->index && !h->stale && h->next_ns <= now && hold_tell(b, h, e) < 0)
			return -1;
	return expire_calls(b, now, e);
}
