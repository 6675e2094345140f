/*
 * How much may be asked: by one connection, in the whole run, and of one tool server. Each is
 * counted by itself, so who is over its own harms nobody else's. What is per minute is a bucket
 * that holds a minute's worth and fills steadily; answers are counted when they have come, so it
 * may be overdrawn.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "broker/broker.h"

#define MINUTE_NS 6e10

struct scope {
	struct used *used;
	const char *who;
};

enum { SCOPES = 3 };

static struct scope scope_of(struct call *c, int n)
{
	if (n == 0)
		return (struct scope){ c->session ? &c->session->quota : NULL, "this connection" };
	if (n == 1)
		return (struct scope){ &c->broker->quota, "this run" };
	return (struct scope){ &c->server->quota, "this tool server" };
}

void quota_open(struct quota *q)
{
	int kind;

	for (kind = 0; kind < QUOTAS; kind++)
		q->most[kind] = UINT64_MAX;
}

static bool is_rate(int kind)
{
	return kind >= QUOTA_CALLS;
}

static void refill(struct used *u, uint64_t now)
{
	double gone = u->at_ns ? (double)(now - u->at_ns) / MINUTE_NS : 1;
	int kind;

	for (kind = QUOTA_CALLS; kind < QUOTAS; kind++) {
		u->left[kind] += gone * (double)u->may.most[kind];
		if (!u->at_ns || u->left[kind] > (double)u->may.most[kind])
			u->left[kind] = (double)u->may.most[kind];
	}
	u->at_ns = now;
}

/* Those of this server, or of everyone, that wait for a server to start. */
static size_t held_by(const struct call *c, const struct used *u)
{
	const struct call *other;
	size_t count = 0;

	TAILQ_FOREACH(other, &c->broker->calls, all)
		if (other != c && other->counted && other->server->state != SERVER_READY &&
		    !other->server->exec &&
		    (u == &other->server->quota || u == &c->broker->quota ||
		     (other->session && u == &other->session->quota)))
			count++;
	return count;
}

static double wanted(const struct call *c, int kind)
{
	return kind == QUOTA_BYTES_OUT ? (double)c->forward.size : kind == QUOTA_CALLS ? 1 : 0;
}

static bool is_over(const struct call *c, const struct used *u, int kind)
{
	if (kind == QUOTA_IN_FLIGHT)
		return !c->counted && u->in_flight >= u->may.most[kind];
	if (kind == QUOTA_HELD)
		return !c->server->exec && c->server->state != SERVER_READY &&
		       u->may.most[kind] < CALLS_MOST && held_by(c, u) >= u->may.most[kind];
	return kind == QUOTA_BYTES_IN ? u->left[kind] <= 0 : u->left[kind] < wanted(c, kind);
}

/* What is more than a whole minute's worth never fits. */
static void say_rate(char *text, size_t room, const struct scope *s, int kind, double want)
{
	double most = (double)s->used->may.most[kind], lacks = want - s->used->left[kind];
	unsigned seconds = (unsigned)(lacks * 60 / most) + 1;

	if (want > most)
		snprintf(text, room,
			 "%s may have %s %.0f, and this call alone takes %.0f: make it smaller.",
			 s->who, quota_word((enum quota_kind)kind), most, want);
	else
		snprintf(text, room,
			 "%s may have %s %.0f, and that is used up. Try again in %u second%s.",
			 s->who, quota_word((enum quota_kind)kind), most, seconds,
			 seconds == 1 ? "" : "s");
}

static bool say_over(char *text, size_t room, const struct scope *s, int kind, const struct call *c)
{
	if (is_rate(kind))
		say_rate(text, room, s, kind, wanted(c, kind));
	else
		snprintf(text, room,
			 "%s may have %s %llu. Try again when one of those has been answered.",
			 s->who, quota_word((enum quota_kind)kind),
			 (unsigned long long)s->used->may.most[kind]);
	return false;
}

static void take_one(const struct call *c, struct used *u)
{
	int kind;

	u->in_flight += !c->counted; /* one that is asked again is still the same */
	for (kind = QUOTA_CALLS; kind < QUOTAS; kind++)
		u->left[kind] -= wanted(c, kind);
}

/* All must have room before any is taken from. */
bool quota_ask(struct call *c, enum reason *reason, char *text, size_t room)
{
	uint64_t now = clock_mono_ns();
	struct scope s;
	int kind, i;

	for (i = 0; i < SCOPES; i++) {
		s = scope_of(c, i);
		if (!s.used)
			continue;
		refill(s.used, now);
		for (kind = 0; kind < QUOTAS; kind++)
			if (is_over(c, s.used, kind)) {
				*reason = REASON_OVER_QUOTA;
				return say_over(text, room, &s, kind, c);
			}
	}
	for (i = 0; i < SCOPES; i++) {
		s = scope_of(c, i);
		if (s.used)
			take_one(c, s.used);
	}
	c->counted = true;
	return true;
}

void quota_answered(struct call *c, size_t size)
{
	struct scope s;
	int i;

	if (!c->counted)
		return;
	for (i = 0; i < SCOPES; i++) {
		s = scope_of(c, i);
		if (s.used)
			s.used->left[QUOTA_BYTES_IN] -= (double)size;
	}
}

/* It is counted as asked, and not as being under way. */
static void count(struct call *c, int by)
{
	struct scope s;
	int i;

	for (i = 0; i < SCOPES; i++) {
		s = scope_of(c, i);
		if (s.used)
			s.used->in_flight += (size_t)by;
	}
}

void quota_pause(struct call *c)
{
	if (c->counted)
		count(c, -1);
	c->counted = false;
}

void quota_resume(struct call *c)
{
	must(!c->counted);
	count(c, 1);
	c->counted = true;
}

void quota_ended(struct call *c)
{
	quota_pause(c);
}
