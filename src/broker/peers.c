/*
 * What launcher and recorder say while agents are served. An answer to something given up meanwhile
 * is let go; anything malformed ends the run: a process of ours that misspeaks has been taken over.
 */
#include <string.h>

#include "broker/net.h"

enum { LAST_WORDS = 20 }; /* reads: more than a pipe holds */

static struct server *server_of_tag(struct broker *b, uint64_t tag)
{
	size_t i;

	for (i = 0; i < b->server_count; i++)
		if (b->servers[i].tag == tag && tag)
			return &b->servers[i];
	return NULL;
}

static int hear_resolved(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t answer = unpack_number(&u, 2);

	if (!unpack_done(&u) || answer > RESOLVE_NEVER)
		return err_set(e, ERR_PEER, "malformed RESOLVED");
	return ask_resolved(b, m->tag, (unsigned)answer, e);
}

static int hear_spawned(struct broker *b, struct msg *m, struct err *e)
{
	struct server *s = server_of_tag(b, m->tag);
	struct call *c = call_of_tag(b, m->tag, CALL_FLYING);

	if (s && s->state == SERVER_SPAWNING)
		return server_spawned(s, m, e);
	if (s)
		return err_set(e, ERR_PEER, "SPAWNED twice");
	return c && c->server->exec ? exec_spawned(c, m, e) : 0;
}

static int hear_failed(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	struct server *s = server_of_tag(b, m->tag);
	struct call *c = call_of_tag(b, m->tag, CALL_FLYING);
	char why[257], text[300];

	if (!unpack_copy(&u, why, sizeof(why)) || !unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed FAILED");
	if (s) {
		s->tag = 0; /* there is nothing to stop */
		snprintf(text, sizeof(text), "did not start: %s", why);
		return server_stop(s, "failed", text, e);
	}
	if (life_left(b, m->tag, e) < 0)
		return -1;
	return c && c->server->exec ? exec_failed(c, why, e) : 0;
}

static int hear_exited(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	unsigned status = (unsigned)unpack_number(&u, 4);
	struct server *s = server_of_tag(b, m->tag);
	struct call *c = call_of_tag(b, m->tag, CALL_FLYING);
	char text[64];
	int i;

	if (!unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed EXITED");
	if (life_left(b, m->tag, e) < 0)
		return -1;
	if (!s)
		return c && c->server->exec ? exec_exited(c, status, e) : 0;
	s->tag = 0; /* there is nothing to stop */
	for (i = 0; i < LAST_WORDS && s->out >= 0; i++)
		if (server_attend(s, POLLIN, e) < 0)
			return -1;
	if (s->out < 0 && s->state != SERVER_SPAWNING)
		return 0; /* its end was read already */
	snprintf(text, sizeof(text), "ended with status %u", status);
	return era_ended(s, text, e);
}

/* The agent is gone. What a tool still has ends as unknown; what is being recorded is awaited. */
static int hear_end(struct broker *b, struct msg *m, struct err *e)
{
	struct outcome cancelled = { .status = "cancelled",
				     .why = "the run ended before it was sent",
				     .exit = -1 };
	struct outcome unknown = { .status = "unknown",
				   .why = "the run ended before the answer",
				   .exit = -1 };
	struct call *c, *next;
	size_t i;

	(void)m;
	b->ending = true;
	for (i = 0; i < b->session_count; i++)
		agent_drop(b->sessions[i]);
	for (c = TAILQ_FIRST(&b->calls); c; c = next) {
		next = TAILQ_NEXT(c, all);
		if (c->proof && call_close(c, c->state == CALL_FLYING ? unknown : cancelled, e) < 0)
			return -1;
	}
	for (i = 0; i < b->server_count; i++)
		if (server_close_start(&b->servers[i], "unknown", unknown.why, e) < 0 ||
		    dropped_rest(b, &b->servers[i].drops, b->servers[i].name, e) < 0)
			return -1;
	return porter_end(b, e) < 0 ? -1 : net_end(b, e);
}

static const struct {
	enum msg_type type;
	bool answers;	/* a question of ours */
	int (*hear)(struct broker *b, struct msg *m, struct err *e);
} heard[] = {
	{ MSG_RESOLVED, true, hear_resolved }, { MSG_SPAWNED, true, hear_spawned }, { MSG_FAILED, true, hear_failed },
	{ MSG_EXITED, false, hear_exited },    { MSG_END, false, hear_end },	    { MSG_RELOAD, false, reload_begin },
	{ MSG_RULES, false, reload_rules },    { MSG_ADOPT, false, reload_adopt },
};

static int hear(struct broker *b, struct msg *m, struct err *e)
{
	bool answer = false;
	size_t i;
	int done = 0;

	for (i = 0; i < count_of(heard); i++) {
		if (heard[i].type != m->type)
			continue;
		answer = heard[i].answers;
		done = heard[i].hear(b, m, e);
	}
	msg_drop(m); /* whatever descriptor nobody took */
	return done == 0 && answer ? launcher_answered(b, e) : done;
}

/* All that has come, at once: a poll for each message would be a call to the kernel too many. */
int peers_launcher(void *broker, short what, struct err *e)
{
	struct broker *b = broker;
	int got;

	(void)what;
	while ((got = wire_receive(&b->launcher, &b->msg, false, e)) == WIRE_MESSAGE)
		if (hear(b, &b->msg, e) < 0)
			return -1;
	if (got == WIRE_CLOSED)
		return err_set(e, ERR_PEER, "the launcher ended");
	return got < 0 ? err_in(e, "launcher") : 0;
}

int peers_recorder(void *broker, short what, struct err *e)
{
	struct broker *b = broker;
	int got;

	(void)what;
	while ((got = wire_receive(&b->recorder, &b->msg, false, e)) == WIRE_MESSAGE) {
		if ((b->msg.type == MSG_HOLDS ? hold_hear(b, &b->msg, e) : commit_receive(&b->commits, &b->msg, e)) < 0)
			return -1;
		if (b->commits.sent_count == 0)
			return 0;	/* it owes us nothing more */
	}
	if (got == WIRE_CLOSED)
		return err_set(e, ERR_PEER,
			       "the recorder ended: without a ledger nothing may be done");
	return got < 0 ? err_in(e, "recorder") : 0;
}
