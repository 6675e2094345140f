/*
 * A command server's life: idle, recorded, spawned, greeted, listed, ready, and idle again when it
 * dies; the next need starts it anew. Its start is an action with an intent and an outcome.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "broker/broker.h"

/* Once per server is enough: who misbehaves could otherwise fill the operator's screen. */
void server_note(struct server *s, const char *what)
{
	if (!s->noted)
		log_say("tool server %s %s; what it said was dropped", s->name, what);
	s->noted = true;
}

int server_close_start(struct server *s, const char *status, const char *why, struct err *e)
{
	struct receipt *proof = s->proof;
	struct outcome o = { .status = status, .why = why, .exit = -1 };
	int done;

	if (!proof)
		return 0;
	s->proof = NULL;
	o.duration_us = (clock_mono_ns() - s->began_ns) / 1000;
	done = commit_outcome(&s->broker->commits, proof, &o, e);
	receipt_free(proof);
	return done;
}

/* Asking the launcher for a process needs the receipt of server.start: it is what SPAWN names. */
static int spawn(struct server *s, const struct receipt *proof, struct err *e)
{
	uint8_t body[16];
	struct pack p = { .at = body, .room = sizeof(body) };

	pack_number(&p, receipt_index(proof), 8);
	pack_number(&p, s->index, 2);
	s->tag = s->broker->tag += TAG_STEP;
	s->state = SERVER_SPAWNING;
	return launcher_send(s->broker, MSG_SPAWN, s->tag, body, p.size, e);
}

static int start_proved(void *server, struct receipt *proof, struct err *e)
{
	struct server *s = server;

	s->proof = proof;
	if (s->broker->ending)
		return server_stop(s, "cancelled", "was not started: the run is ending", e);
	return spawn(s, proof, e);
}

static int start_refused(void *server, struct receipt *proof, struct err *e)
{
	receipt_free(proof);
	return server_stop(server, NULL, "may not be started: no rule allows a tool of it", e);
}

int server_need(struct server *s, struct err *e)
{
	struct action a = { .kind = ACTION_SERVER_START, .server = s->name, .run = &s->broker->about,
			    .pin = s->unpinned ? "none" : NULL };
	struct commit_about about = { 0 };
	struct verdict v;

	if (s->exec || s->state != SERVER_IDLE || !life_may_start(s))
		return 0;
	v = policy_decide(s->broker->policy, &a);
	s->state = SERVER_COMMITTING;
	s->began_ns = clock_mono_ns();
	s->deadline_ns = s->began_ns + s->start_ms * UINT64_C(1000000);
	return commit_verdict(
		&s->broker->commits, &a, &v, &about,
		(struct commit_then){ v.kind == VERDICT_ALLOW ? start_proved : start_refused, s },
		e);
}

int server_spawned(struct server *s, struct msg *m, struct err *e)
{
	s->in = fd_take(&m->fds[0]);
	s->out = fd_take(&m->fds[1]);
	if (fcntl(s->in, F_SETFL, O_NONBLOCK) < 0 || fcntl(s->out, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(e, "tool server %s: its pipes", s->name);
	pins_spawned(s, m);
	return era_probe(s, e);
}

static void forget_process(struct server *s)
{
	fd_close(&s->in);
	fd_close(&s->out);
	lines_free(&s->lines);
	buf_free(&s->outlet.out);
	s->lines = LARGE_LINES;
	s->outlet = OUTLET;
	listing_forget(s);
	pins_forget(s);
	s->greet_id = s->probe_id = 0;
	json_decref(take(&s->spoke));
	json_decref(take(&s->watched));
	s->listen_id = 0;
	s->tag = 0;
	s->rooted = NULL;
	s->state = SERVER_IDLE;
}

static int kill_process(struct server *s, struct err *e)
{
	if (s->tag && wire_send(&s->broker->launcher, MSG_STOP, s->tag, NULL, 0, NULL, 0, e) < 0)
		return -1;
	life_stopped(s);
	forget_process(s);
	return 0;
}

/* `status` closes server.start if that is still open; `why` is what those who wait are told. */
int server_stop(struct server *s, const char *status, const char *why, struct err *e)
{
	snprintf(s->failed, sizeof(s->failed), "%s", why);
	park_fail(s);
	if (kill_process(s, e) < 0 || server_close_start(s, status, why, e) < 0 ||
	    relay_fail(s, why, e) < 0 || upcall_fail(s, why, e) < 0 || era_settle(s, e) < 0)
		return -1;
	return list_settle(s->broker, e);
}

/* Who waits for it goes on waiting. */
int server_again(struct server *s, const char *why, struct err *e)
{
	s->life.retiring = true; /* no failure */
	if (kill_process(s, e) < 0 || server_close_start(s, "failed", why, e) < 0)
		return -1;
	return server_need(s, e);
}

/* All of them together must not take the memory: what does not fit is not kept, and said to be missing. */
static bool room_for_large(const struct server *s)
{
	const struct broker *b = s->broker;
	size_t total = 0, i;

	for (i = 0; i < b->server_count; i++)
		total += &b->servers[i] == s ? 0 : b->servers[i].lines.in.room;
	return total < LARGE_MOST;
}

int server_attend(void *server, short what, struct err *e)
{
	struct server *s = server;
	enum lines_got got;
	const char *line;
	size_t size;
	int some;

	(void)what;
	if (s->out < 0)
		return 0;
	s->lines.most = room_for_large(s) ? LINE_LARGE : MCP_LINE;
	some = lines_read(&s->lines, s->out);
	while (s->out >= 0 && (got = lines_next(&s->lines, &line, &size)) != LINES_NONE) {
		if ((got == LINES_LONG ? hear_long(s, size, e) : hear_line(s, line, size, e)) < 0)
			return -1;
	}
	if (some < 0 && s->out >= 0)
		return era_ended(s, s->state == SERVER_READY ? "ended" : "ended while it was starting", e);
	return 0;
}

int server_flush(struct server *s, struct err *e)
{
	if (s->in < 0 || outlet_left(&s->outlet) == 0 || outlet_flush(&s->outlet, s->in))
		return 0;
	return server_stop(s, "failed", "does not read what it is sent", e);
}

uint64_t server_deadline(const struct server *s)
{
	const struct call *first = TAILQ_FIRST(&s->flying);
	uint64_t soonest = first ? first->deadline_ns : UINT64_MAX, listing = listing_deadline(s),
		 upward = upcall_deadline(s);

	soonest = listing < soonest ? listing : soonest;
	soonest = upward < soonest ? upward : soonest;
	soonest = park_deadline(s) < soonest ? park_deadline(s) : soonest;
	soonest = life_deadline(s) < soonest ? life_deadline(s) : soonest;
	soonest = era_deadline(s) < soonest ? era_deadline(s) : soonest;
	if (s->state > SERVER_COMMITTING && s->state < SERVER_READY && s->deadline_ns < soonest)
		soonest = s->deadline_ns;
	return soonest;
}

static int expire_call(struct call *c, struct err *e)
{
	char text[320];

	snprintf(text, sizeof(text),
		 "%s/%s did not answer within %u ms. The call may or may not have had an effect.",
		 c->server->name, c->action.tool, c->server->deadline_ms);
	answer_text(c, MCP_INTERNAL, text);
	if (c->server->exec &&
	    wire_send(&c->broker->launcher, MSG_STOP, c->tag, NULL, 0, NULL, 0, e) < 0)
		return -1;
	return call_close(c, (struct outcome){ .status = "timeout", .exit = -1 }, e);
}

/* The calls of one server all have the same time, so the first in the queue is the first due. */
int server_expire(struct server *s, uint64_t now, struct err *e)
{
	bool late = false;	/* otherwise what it has not read was written just now */
	struct call *c;

	for (; (c = TAILQ_FIRST(&s->flying)) && c->deadline_ns <= now; late = true)
		if (expire_call(c, e) < 0)
			return -1;
	if (listing_expire(s, now, e) < 0 || upcall_expire(s, now, e) < 0 || life_expire(s, now, e) < 0 ||
	    park_expire(s, now, e) < 0 ||
	    (era_deadline(s) <= now && start_greet(s, e) < 0))
		return -1;
	if (late && !TAILQ_FIRST(&s->flying) && outlet_left(&s->outlet) && s->state == SERVER_READY)
		return server_stop(s, NULL, "does not read what it is sent", e);
	if (server_deadline(s) <= now)
		return server_stop(s, "timeout", "did not get ready in time: its \"start_deadline\" says how long it may take", e);
	return 0;
}
