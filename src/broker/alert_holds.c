/* Whether an alert holds: a row for each kind. reeve-policy(5), ALERTS. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "broker/alert_state.h"

static const uint64_t SECOND = 1000000000, MINUTE_US = 60000000;

enum { MINUTES = 7 * 24 * 60 };

void steps_add(struct steps *s, uint64_t within_ns, uint64_t now_ns, unsigned count)
{
	const size_t slots = ALERT_STEPS + 1;
	uint64_t step = now_ns / ((within_ns + ALERT_STEPS - 1) / ALERT_STEPS);
	uint64_t gone = step > s->last ? step - s->last : 0;

	for (; gone > 0; gone--) {
		if (gone > slots)
			gone = slots;
		s->sum -= s->of[(step - gone + 1) % slots];
		s->of[(step - gone + 1) % slots] = 0;
	}
	s->last = step > s->last ? step : s->last;
	s->of[s->last % slots] += count;
	s->sum += count;
}

static bool is_refused(const struct judged *j)
{
	return j->v->kind == VERDICT_REFUSE;
}

static enum held across(struct alerts *x, struct alert_state *s)
{
	struct history_key k = { HISTORY_HOUSE, s->rate_key, s->is->within_ns / 1000000 };
	struct history_time now = history_now();
	struct history_place place;

	s->count = 1;
	if (!x->shared || !history_add(x->shared, &k, now, 1, &place) || !history_count(x->shared, &k, now, &s->count))
		return HELD_UNKNOWN;
	return s->count > s->is->above ? HELD_YES : HELD_NO;
}

static enum held rate(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	if (s->is->across)
		return across(x, s);
	steps_add(&s->asked, s->is->within_ns, j->now_ns, 1);
	s->count = s->asked.sum;
	return s->count > s->is->above ? HELD_YES : HELD_NO;
}

static enum held refused(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	(void)x;
	steps_add(&s->asked, s->is->within_ns, j->now_ns, 1);
	steps_add(&s->refused, s->is->within_ns, j->now_ns, is_refused(j));
	s->count = s->refused.sum;
	if (!s->is->has_share)
		return s->count > s->is->above ? HELD_YES : HELD_NO;
	return s->asked.sum >= s->is->least && (double)s->count > s->is->share * (double)s->asked.sum ? HELD_YES : HELD_NO;
}

/* From the newest back. Where the ring ends within the time, what was before may have been alike. */
static enum held duplicates(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	size_t i, at;

	s->count = 1;
	for (i = 1; i <= x->kept; i++) {
		at = (x->next + ALERT_CALLS - i) % ALERT_CALLS;
		if (j->now_ns - x->calls[at].at_ns >= s->is->within_ns)
			break;
		s->count += j->key_known && x->calls[at].key == j->key;
	}
	if (s->count > s->is->above)
		return HELD_YES;
	return i > ALERT_CALLS || !j->key_known ? HELD_UNKNOWN : HELD_NO;
}

static enum held in_hours(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	(void)x;
	s->count = 1;
	return alert_is_hour(s->is, j->a->wall_us) ? HELD_YES : HELD_NO;
}

/* Used is what was allowed; whether that was new its risk knows, which was asked before it counted as used. */
static enum held first(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	(void)x;
	s->count = 1;
	if (is_refused(j))
		return HELD_NO;
	return !j->a->risk ? HELD_UNKNOWN : j->a->risk->part[RISK_NOVELTY] ? HELD_YES : HELD_NO;
}

static enum held by_guard(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	(void)x;
	s->count = 1;
	return is_refused(j) && alert_is_guard(s->is, j->v->guard) ? HELD_YES : HELD_NO;
}

/* An event has no end, and is never raised once for all. */
static bool never(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	(void)x;
	(void)s;
	(void)j;
	return false;
}

/* Half as much ends it, so that what goes up and down around the bound begins once. */
static bool is_half(uint64_t count, const struct alert *a)
{
	return count <= a->above / 2;
}

static bool rate_ended(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	struct history_key k = { HISTORY_HOUSE, s->rate_key, s->is->within_ns / 1000000 };
	uint64_t sum = 0;

	if (s->is->across)
		return x->shared && history_count(x->shared, &k, history_now(), &sum) && is_half(sum, s->is);
	steps_add(&s->asked, s->is->within_ns, j->now_ns, 0);
	return is_half(s->asked.sum, s->is);
}

static bool refused_ended(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	(void)x;
	steps_add(&s->asked, s->is->within_ns, j->now_ns, 0);
	steps_add(&s->refused, s->is->within_ns, j->now_ns, 0);
	if (!s->is->has_share)
		return is_half(s->refused.sum, s->is);
	return s->asked.sum < s->is->least || (double)s->refused.sum <= s->is->share / 2 * (double)s->asked.sum;
}

static bool none_alike(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	(void)x;
	return j->now_ns - s->held_ns >= s->is->within_ns;
}

/* Minute by minute since it was looked at, in which nothing may have been asked. */
static bool hours_ended(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	uint64_t at = s->wall_us, i;

	(void)x;
	for (i = 0; i < MINUTES && at < j->a->wall_us; i++, at += MINUTE_US)
		if (!alert_is_hour(s->is, at))
			return true;
	return false;
}

static const struct {
	enum held (*holds)(struct alerts *x, struct alert_state *s, const struct judged *j);
	bool (*ended)(struct alerts *x, struct alert_state *s, const struct judged *j);	/* without this one */
	bool event;
	const char *one, *many, *doubt;	/* what stands behind the number, if it is not one */
} kinds[ALERT_KINDS] = {
	[ALERT_RATE] = { rate, rate_ended, false, NULL, "calls", "the agent's history is not known" },
	[ALERT_REFUSED] = { refused, refused_ended, false, NULL, "calls that were refused", NULL },
	[ALERT_DUPLICATES] = { duplicates, none_alike, false, NULL, "calls alike",
			       "there were more calls than are held against each other" },
	[ALERT_HOURS] = { in_hours, hours_ended, false, "something was asked in these hours", "", NULL },
	[ALERT_FIRST] = { first, never, true, "a tool that the agent had never used",
			  "tools that the agent had never used", "the agent's history is not known" },
	[ALERT_GUARD] = { by_guard, never, true, "a guard refused a call", "calls that a guard refused", NULL },
};

enum held alert_holds(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	return kinds[s->is->kind].holds(x, s, j);
}

bool alert_is_event(const struct alert *a)
{
	return kinds[a->kind].event;
}

bool alert_ended(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	return kinds[s->is->kind].ended(x, s, j);
}

static void put_found(struct buf *out, const struct alert *a, uint64_t count, bool doubted)
{
	if (doubted && kinds[a->kind].doubt)
		buf_printf(out, "it cannot be told: %s", kinds[a->kind].doubt);
	else if (count == 1 && kinds[a->kind].one)
		buf_puts(out, kinds[a->kind].one);
	else
		buf_printf(out, "%llu %s", (unsigned long long)count, kinds[a->kind].many);
	if (!doubted && a->within_ns)
		buf_printf(out, "%s within %llu s", a->has_share ? ", too large a share," : "",
			   (unsigned long long)(a->within_ns / SECOND));
}

void alert_say(struct buf *out, const struct alert *a, uint64_t count, bool doubted)
{
	if (a->why) {
		buf_add(out, a->why, text_cut(a->why, strlen(a->why), 100));
		buf_puts(out, " (");
	}
	put_found(out, a, count, doubted);
	buf_puts(out, a->why ? ")" : "");
}
