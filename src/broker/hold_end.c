/*
 * What becomes of a held call and of those who wait for it: approved, it is done for one of them, under the policy it
 * was judged by and no other; in any other way it ends, they are told why and what to do.
 */
#include "broker/hold.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

static struct call *next_of(const struct broker *b, const struct hold *h)
{
	struct call *c;

	TAILQ_FOREACH(c, &b->holding, queued)
		if (c->hold == h)
			return c;
	return NULL;
}

static void leave(struct call *c)
{
	c->hold = NULL;
	call_unqueue(c);
}

/* It stays in the ledger as held, and has no other record: nothing was decided about this ask. */
int hold_let_go(struct call *c, const char *why, struct err *e)
{
	char text[600];

	(void)e;
	snprintf(text, sizeof(text), "reeve holds %s/%.128s for review (%" PRIu64 ")%s", c->server->name, c->action.tool,
		 c->hold->index, why);
	answer_text(c, MCP_REFUSED, text);
	leave(c);
	call_end(c);
	return 0;
}

/* Another call by the same id is with its server: two answers could not be told apart. */
static bool is_under_way(const struct call *c)
{
	const struct call *other;

	TAILQ_FOREACH(other, &c->broker->calls, all)
		if (other != c && !other->up && other->server == c->server && other->state != CALL_HELD &&
		    other->relay_id == c->relay_id && !c->server->exec)
			return true;
	return false;
}

/* One that is refused now leaves the approval to who asks later. */
static int approve(struct call *c, struct hold *h, struct err *e)
{
	enum hold_again now;

	if (is_under_way(c))
		return hold_let_go(c, ": it is approved, but the same call is still under way. Ask again the same way once that is answered", e);
	if (hold_looks_again(c)) {
		leave(c);
		return hold_look_again(c, e);
	}
	now = hold_judge_again(c, h);
	if (now == HOLD_ASKS_MORE)
		return hold_let_go(c, ": it is approved, but after what this run has done since, others have to be asked as "
				   "well. Ask again the same way", e);
	leave(c);
	if (now == HOLD_REFUSED)
		return session_record(c, e);
	quota_resume(c);
	c->verdict.kind = VERDICT_ALLOW;
	c->verdict.reason = REASON_APPROVED;
	c->about.held = h->index;
	snprintf(c->approved, sizeof(c->approved), "%s", h->digest);
	h->doing = c;
	c->hold = h;
	return session_record(c, e);
}

/* Its intent came too late: the recorder has not taken it, and says what became of the held call instead. */
static void take_back(struct broker *b, struct hold *h)
{
	struct call *c = take(&h->doing);

	commit_take_back(&b->commits, c);
	quota_pause(c);
	c->about.held = 0;
	call_queue(c, &b->holding, CALL_HELD);
}

int hold_proved(struct call *c, struct err *e)
{
	struct hold *h = take(&c->hold);

	must(h && h->doing == c);
	h->doing = NULL;
	h->state = HOLD_USED;
	return hold_settle(c->broker, h, e);
}

static int deny(struct call *c, struct hold *h, struct err *e)
{
	leave(c);
	snprintf(c->text, sizeof(c->text), "%.100s denied it%s%.110s", *h->who ? h->who : "a reviewer", *h->why ? ": " : "", h->why);
	return hold_refuse(c, REASON_DENIED, e);
}

static int expire(struct call *c, struct hold *h, struct err *e)
{
	leave(c);
	snprintf(c->text, sizeof(c->text), "it was not approved within %u seconds. Ask again if it is still needed.", h->within_s);
	return hold_refuse(c, REASON_EXPIRED, e);
}

static int withdraw(struct call *c, struct hold *h, struct err *e)
{
	(void)h;
	return hold_let_go(c, ", but can no longer approve that: the policy has changed. Ask again the same way, and it is judged anew", e);
}

static int tell_used(struct call *c, struct hold *h, struct err *e)
{
	(void)h;
	return hold_let_go(c, ": it was approved once, and another call that asked the same was done by that. Ask again if it "
			   "is to be done once more", e);
}

static int go_on_waiting(struct call *c, struct hold *h, struct err *e)
{
	(void)c;
	(void)h;
	(void)e;
	return 0;
}

static const struct {
	int (*settle)(struct call *c, struct hold *h, struct err *e);	/* each who waits */
	bool over;							/* nobody needs to know of it any more */
} ends[HOLD_STATES] = {
	[HOLD_WAITING] = { go_on_waiting, false }, [HOLD_APPROVED] = { approve, false },
	[HOLD_DENIED] = { deny, false },	   [HOLD_EXPIRED] = { expire, true },
	[HOLD_WITHDRAWN] = { withdraw, true },	   [HOLD_USED] = { tell_used, true },
};

int hold_settle(struct broker *b, struct hold *h, struct err *e)
{
	enum hold_state as = h->stale && h->state <= HOLD_APPROVED && !h->doing ? HOLD_WITHDRAWN : h->state;
	struct call *c;

	if (h->doing && as > HOLD_APPROVED)
		take_back(b, h);
	while (as != HOLD_WAITING && !h->doing && (c = next_of(b, h)))
		if (ends[as].settle(c, h, e) < 0)
			return -1;
	if (ends[as].over)
		hold_forget(b, h);
	return 0;
}

static int tell_withdrawn(struct broker *b, const struct hold *h, struct err *e)
{
	static const char why[] = "the policy has changed";
	uint8_t body[64];
	struct pack p = { .at = body, .room = sizeof(body) };

	pack_number(&p, h->index, 8);
	pack_text(&p, why, sizeof(why) - 1);
	return wire_send(&b->recorder, MSG_WITHDRAW, h->tag, body, p.size, NULL, 0, e);
}

int hold_withdraw_all(struct broker *b, struct err *e)
{
	struct hold *h, *next;

	for (h = TAILQ_FIRST(&b->holds); h; h = next) {
		next = TAILQ_NEXT(h, next);
		h->stale = true;
		if (h->index == 0 || h->doing)
			continue; /* when it is known; and what is being recorded was decided before */
		if (h->state <= HOLD_APPROVED && tell_withdrawn(b, h, e) < 0)
			return err_in(e, "recorder");
		if (hold_settle(b, h, e) < 0)
			return -1;
	}
	return 0;
}

/* --- what the recorder says --- */

static struct hold *of_tag(const struct broker *b, uint64_t tag)
{
	struct hold *h;

	TAILQ_FOREACH(h, &b->holds, next)
		if (h->tag == tag)
			return h;
	return NULL;
}

static bool take_text(char *out, size_t room, struct unpack *u)
{
	scoped(buf) struct buf seen = BUF(4096);
	size_t size = 0;
	const char *text = unpack_text(u, &size);

	if (!text || size > 512 || !text_visible(&seen, text, size))
		return false;
	snprintf(out, room, "%.*s", (int)text_cut(seen.data ? seen.data : "", seen.size, room - 1), seen.data ? seen.data : "");
	return true;
}

static bool may_become(const struct hold *h, enum hold_state to)
{
	return h->state == to || h->state == HOLD_WAITING || (h->state == HOLD_APPROVED && to != HOLD_WAITING);
}

/* The recorder took two of ours for one: who is to be done by an approval of it nobody can tell. */
static bool has_twin(const struct broker *b, const struct hold *h)
{
	const struct hold *other;

	TAILQ_FOREACH(other, &b->holds, next)
		if (other != h && other->index == h->index)
			return true;
	return false;
}

static int begun(struct broker *b, struct hold *h, uint32_t left_s, struct err *e)
{
	uint64_t gone_s = left_s < h->within_s ? h->within_s - left_s : 0, now = clock_mono_ns();

	h->began_ns = now > gone_s * UINT64_C(1000000000) ? now - gone_s * UINT64_C(1000000000) : 0;
	if (has_twin(b, h)) {
		h->stale = true;
		return 0;
	}
	if (h->stale)
		return h->state <= HOLD_APPROVED ? tell_withdrawn(b, h, e) : 0;
	return h->state == HOLD_WAITING ? hold_tell(b, h, e) : 0;
}

static int heard(struct broker *b, struct hold *h, uint64_t index, uint32_t left_s, struct err *e)
{
	bool first = h->index == 0;

	h->index = index;
	h->expires_us = clock_wall_us() + left_s * UINT64_C(1000000);
	if (first && begun(b, h, left_s, e) < 0)
		return -1;
	return hold_settle(b, h, e);
}

/* The recorder has not taken it, and says why. */
static int not_held(struct broker *b, struct hold *h, const char *why, struct err *e)
{
	struct call *c;

	while ((c = next_of(b, h))) {
		leave(c);
		snprintf(c->text, sizeof(c->text), "it cannot be held for review: %.200s", why);
		if (hold_refuse(c, REASON_UNDECIDABLE, e) < 0)
			return -1;
	}
	hold_forget(b, h);
	return 0;
}

int hold_hear(struct broker *b, const struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t index = unpack_number(&u, 8), state = unpack_number(&u, 1);
	uint32_t left_s = (unpack_number(&u, 8), (uint32_t)unpack_number(&u, 4));
	struct hold *h = of_tag(b, m->tag);
	char who[sizeof(h->who)], why[sizeof(h->why)];

	if (!take_text(who, sizeof(who), &u) || !take_text(why, sizeof(why), &u) || !unpack_done(&u) ||
	    state >= HOLD_STATES || (index == 0 && state != HOLD_WITHDRAWN))
		return err_set(e, ERR_PEER, "malformed HOLDS");
	if (!h && m->tag > HOLD_TAGS && m->tag - HOLD_TAGS <= b->hold_tag)
		return 0; /* it ended here before */
	if (!h || (h->index && h->index != index) || !may_become(h, (enum hold_state)state))
		return err_set(e, ERR_PEER, "HOLDS of no call that is held");
	if (index == 0)
		return not_held(b, h, why, e);
	h->state = (enum hold_state)state;
	memcpy(h->who, who, sizeof(who));
	memcpy(h->why, why, sizeof(why));
	return heard(b, h, index, left_s, e);
}
