/*
 * Alerts are raised once and do not flap. What has a beginning and an end is told when it begins, and again only after
 * it has ended and the quiet time is over; what is an event is told at once, and what comes within the quiet time is
 * counted and told as one. An agent can neither flood nor silence: there is at most one to be told of each alert.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "broker/alert_state.h"
#include "broker/runtime.h"
#include "seal/seal.h"

static const uint64_t SECOND = 1000000000;

int alerts_new(struct alerts **out, const struct policy *p, struct history *history, struct err *e)
{
	struct alerts *x = calloc(1, sizeof(*x));

	if (!x)
		return err_sys(e, "memory for alerts");
	x->shared = history;
	alerts_follow(x, p);
	*out = x;
	return 0;
}

void alerts_free(struct alerts *x)
{
	free(x);
}

static uint64_t key_of(const char *what, const char *name)
{
	uint8_t hash[SEAL_HASH];
	struct buf text = BUF(512);
	uint64_t number;

	buf_printf(&text, "alert %s %s", what, name);
	seal_hash(hash, text.data, text.size);
	buf_free(&text);
	memcpy(&number, hash, sizeof(number));
	return number;
}

static void begin(struct alert_state *s, const struct alert *a)
{
	*s = (struct alert_state){ .is = a, .quiet_key = key_of("quiet", a->name), .rate_key = key_of("rate", a->name) };
}

/* What counted in steps of another length counts from now on. */
static void go_on(struct alert_state *s, const struct alert *a)
{
	if (s->is->within_ns != a->within_ns || s->is->kind != a->kind)
		begin(s, a);
	s->is = a;
}

static const struct alert_state *was(const struct alerts *x, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(x->before[i].is->name, name) == 0)
			return &x->before[i];
	return NULL;
}

/* The old policy is there still, as the new one is. */
void alerts_follow(struct alerts *x, const struct policy *p)
{
	const struct alert_state *same;
	size_t i, count = x->count;

	memcpy(x->before, x->of, count * sizeof(x->of[0]));
	x->count = policy_alert_count(p);
	x->hears_calls = false;
	for (i = 0; i < x->count; i++) {
		same = was(x, count, policy_alert(p, i)->name);
		if (same) {
			x->of[i] = *same;
			go_on(&x->of[i], policy_alert(p, i));
		} else {
			begin(&x->of[i], policy_alert(p, i));
		}
		x->hears_calls |= x->of[i].is->kind == ALERT_DUPLICATES;
	}
}

static void keep_text(char to[SEEN_TEXT], const char *text)
{
	size_t size = text ? text_cut(text, strnlen(text, SEEN_TEXT), SEEN_TEXT - 1) : 0;

	if (size > 0)
		memcpy(to, text, size);
	to[size] = '\0';
}

static void keep(struct alert_state *s, const struct judged *j, bool doubted)
{
	struct seen *f = &s->first;

	f->kind = j->a->kind;
	f->reason = j->v->reason;
	f->doubted = doubted;
	keep_text(f->server, j->a->server);
	keep_text(f->tool, j->a->tool);
	keep_text(f->rule, j->v->rule);
	keep_text(f->guard, j->v->guard);
	keep_text(f->category, j->a->category);
	keep_text(f->class, j->a->class);
}

/* Also where another run has told of it, which is looked up now and then. */
static bool is_quiet(const struct alerts *x, struct alert_state *s, uint64_t now_ns)
{
	struct history_key k = { HISTORY_HOUSE, s->quiet_key, s->is->quiet_ns / 1000000 };
	uint64_t told = 0;

	if (now_ns < s->quiet_ns)
		return true;
	if (!x->shared || !history_count(x->shared, &k, history_now(), &told) || told == 0)
		return false;
	s->quiet_ns = now_ns + s->is->quiet_ns / ALERT_STEPS + SECOND;
	return true;
}

static void judge(struct alerts *x, struct alert_state *s, const struct judged *j)
{
	bool ended = s->raised && alert_ended(x, s, j);
	enum held held = alert_holds(x, s, j);

	s->raised = s->raised && !ended;
	s->wall_us = j->a->wall_us;
	if (held == HELD_NO)
		return;
	s->held_ns = j->now_ns;
	if (s->raised || (!alert_is_event(s->is) && is_quiet(x, s, j->now_ns)))
		return;
	s->raised = !alert_is_event(s->is);
	if (s->waiting == 0)
		keep(s, j, held == HELD_UNKNOWN);
	s->waiting += s->count;
}

static void keep_call(struct alerts *x, const struct judged *j)
{
	x->calls[x->next].key = j->key;
	x->calls[x->next].at_ns = j->now_ns;
	x->next = (x->next + 1) % ALERT_CALLS;
	x->kept += x->kept < ALERT_CALLS;
}

void alerts_judged(struct alerts *x, const struct action *a, const struct verdict *v, uint64_t now_ns)
{
	struct judged j = { .a = a, .v = v, .now_ns = now_ns };
	bool compared = false;
	size_t i;

	if (!x || x->count == 0 || !action_is_judged(a->kind) || v->kind == VERDICT_REVIEW)
		return;
	j.key_known = x->hears_calls && runtime_call_key(&j.key, a);
	for (i = 0; i < x->count; i++) {
		if (!alert_concerns(x->of[i].is, a))
			continue;
		compared |= x->of[i].is->kind == ALERT_DUPLICATES;
		judge(x, &x->of[i], &j);
	}
	if (compared && j.key_known)
		keep_call(x, &j);
}

static const char *known(const char *text)
{
	return *text ? text : NULL;
}

static void tell(struct alert_told *out, struct alert_state *s)
{
	const struct seen *f = &s->first;

	*out = (struct alert_told){ .alert = s->is, .count = s->waiting, .doubted = f->doubted, .kind = f->kind,
				    .reason = f->reason, .server = known(f->server), .tool = known(f->tool),
				    .rule = known(f->rule), .guard = known(f->guard), .category = known(f->category),
				    .class = known(f->class) };
	s->waiting = 0;
}

static void begin_quiet(struct alerts *x, struct alert_state *s, uint64_t now_ns)
{
	struct history_key k = { HISTORY_HOUSE, s->quiet_key, s->is->quiet_ns / 1000000 };
	struct history_place place;

	s->quiet_ns = now_ns + s->is->quiet_ns;
	if (x->shared)
		history_add(x->shared, &k, history_now(), 1, &place);
}

/* A new tool is new once, and whoever is to hear of it must: of other events the record will do. */
bool alerts_next(struct alert_told *out, struct alerts *x, uint64_t now_ns, bool ending)
{
	struct alert_state *s;
	bool quiet;

	for (s = x ? x->of : NULL; s && s < x->of + x->count; s++) {
		if (s->waiting == 0)
			continue;
		quiet = alert_is_event(s->is) && is_quiet(x, s, now_ns);
		if (quiet && !ending)
			continue;
		tell(out, s);
		out->record_alone = quiet && s->is->kind != ALERT_FIRST;
		if (!quiet)
			begin_quiet(x, s, now_ns);
		return true;
	}
	return false;
}

uint64_t alerts_deadline(const struct alerts *x)
{
	uint64_t soonest = UINT64_MAX;
	size_t i;

	for (i = 0; x && i < x->count; i++)
		if (x->of[i].waiting && x->of[i].quiet_ns < soonest)
			soonest = x->of[i].quiet_ns;
	return soonest;
}
