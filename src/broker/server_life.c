/*
 * How long a server lives, and when it is started again: one that nobody needs is stopped, one that
 * fails rests, each time longer, and a process that was told to end is awaited before another takes
 * its place.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "broker/broker.h"

enum { FIRST_REST_MS = 1000, LIVED_MS = 10000, DOUBLINGS = 20 };

static const uint64_t MS = 1000000;

void life_touch(struct server *s)
{
	s->life.idle_ns = s->idle_ms ? clock_mono_ns() + s->idle_ms * MS : 0;
}

void life_ready(struct server *s)
{
	s->life.ready_ns = clock_mono_ns();
	life_touch(s);
}

/* Who was ready for long enough has lived: what comes after it is its first failure again. */
static bool has_lived(const struct server *s, uint64_t now)
{
	uint64_t enough = s->rest_ms > LIVED_MS ? s->rest_ms : LIVED_MS;

	return s->life.ready_ns && now - s->life.ready_ns >= enough * MS;
}

/* After the first failure none; then the first pause, doubled each time, up to the server's own
 * most. */
static unsigned rest_after(const struct server *s)
{
	unsigned doublings = s->life.failures < 2 ? 0 : s->life.failures - 2;
	uint64_t ms = (uint64_t)FIRST_REST_MS << (doublings < DOUBLINGS ? doublings : DOUBLINGS);

	if (s->life.failures < 2)
		return 0;
	return ms < s->rest_ms ? (unsigned)ms : s->rest_ms;
}

/* Before its process is forgotten. Without one it was not it that failed. */
void life_stopped(struct server *s)
{
	uint64_t now = clock_mono_ns();

	s->life.leaving = s->tag;
	if (s->state > SERVER_COMMITTING && !s->life.retiring) {
		s->life.failures = has_lived(s, now) ? 1 : s->life.failures + 1;
		s->life.rests_until_ns = now + rest_after(s) * MS;
	}
	s->life.ready_ns = s->life.idle_ns = 0;
	s->life.retiring = false;
}

static unsigned left_ms(const struct server *s)
{
	uint64_t now = clock_mono_ns();

	return s->life.rests_until_ns > now ? (unsigned)((s->life.rests_until_ns - now) / MS) + 1
					    : 0;
}

bool life_rests(const struct server *s)
{
	return s->state == SERVER_IDLE && !s->life.leaving && left_ms(s) > 0;
}

/* Asked for while its last process has not ended yet, it is started when that has. */
bool life_may_start(struct server *s)
{
	s->life.wanted = s->life.leaving != 0;
	return !s->life.wanted && left_ms(s) == 0;
}

static const char *say_rest(char text[200], const struct server *s)
{
	snprintf(text, 200,
		 "has failed %u times in a row and is not started again within the next %u ms",
		 s->life.failures, left_ms(s));
	return text;
}

/* At once: a caller that is told when can wait by itself, and one that waits here holds its place.
 */
int life_refuse(struct call *c, struct err *e)
{
	struct outcome o = { .status = "failed",
			     .why = "the server rests after it has failed",
			     .exit = -1 };
	char why[200], text[320];

	snprintf(text, sizeof(text), "tool server %s %s. The call was not made.", c->server->name,
		 say_rest(why, c->server));
	answer_text(c, MCP_INTERNAL, text);
	return call_close(c, o, e);
}

int life_left(struct broker *b, uint64_t tag, struct err *e)
{
	char why[200];
	size_t i;

	for (i = 0; i < b->server_count; i++) {
		struct server *s = &b->servers[i];

		if (!tag || s->life.leaving != tag)
			continue;
		s->life.leaving = 0;
		if (!s->life.wanted || b->ending)
			continue;
		s->life.wanted = false;
		if (left_ms(s) > 0) /* it failed, and has to rest first */
			return server_stop(s, NULL, say_rest(why, s), e);
		return server_need(s, e);
	}
	return 0;
}

static bool is_busy(const struct server *s)
{
	return TAILQ_FIRST(&s->open) || TAILQ_FIRST(&s->flying) || TAILQ_FIRST(&s->waiting) ||
	       TAILQ_FIRST(&s->asking_back) || TAILQ_FIRST(&s->parked) ||
	       outlet_left(&s->outlet) > 0 || s->upcalls || subscribed_to(s);
}

uint64_t life_deadline(const struct server *s)
{
	return s->state == SERVER_READY && s->life.idle_ns && !is_busy(s) ? s->life.idle_ns
									  : UINT64_MAX;
}

int life_expire(struct server *s, uint64_t now, struct err *e)
{
	if (life_deadline(s) > now)
		return 0;
	s->life.retiring = true;
	return server_stop(s, NULL, "was stopped: nobody needed it", e);
}
