#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "broker/broker.h"

/* It was judged by what was accepted, and that is not what runs: nothing of it is sent. */
static int give_up(struct call *c, const char *why, struct err *e)
{
	answer_text(c, MCP_REFUSED, why);
	return call_close(c, (struct outcome){ .status = "failed", .why = why, .exit = -1 }, e);
}

static int fail_call(struct call *c, const char *why, const char *so, struct err *e)
{
	char text[400];

	snprintf(text, sizeof(text), "tool server %s %s. The call %s.", c->server->name, why, so);
	answer_text(c, MCP_INTERNAL, text);
	return call_close(c, (struct outcome){ .status = "failed", .why = why, .exit = -1 }, e);
}

/* The tool gets the bytes that were judged: c->forward, made before the verdict, and a newline. */
int relay_forward(struct call *c, const struct receipt *proof, struct err *e)
{
	struct server *s = c->server;

	bool known = false;
	char text[400];

	must(receipt_index(proof) > 0);
	if (!c->session || c->silent)
		return call_close(c, (struct outcome){ .status = "cancelled", .exit = -1 }, e);
	if (c->resuming && !c->resumes)
		return fail_call(c, "has given up what it had asked", "was not made", e);
	if (s->state == SERVER_IDLE && c->waited)
		return fail_call(c, s->failed, "was not made", e);
	if (life_rests(s))
		return life_refuse(c, e);
	if (s->state != SERVER_READY) {
		call_queue(c, &s->waiting, CALL_WAITING);
		return server_need(s, e);
	}
	if (pins_known(c, &known, e) < 0)
		return -1;
	if (!known) {
		call_queue(c, &s->waiting, CALL_WAITING);
		return 0;
	}
	if (!pins_stand(c, text, sizeof(text)) || !hold_stands(c, text, sizeof(text)))
		return give_up(c, text, e);
	c->began_ns = clock_mono_ns();
	c->deadline_ns = c->began_ns + s->deadline_ms * UINT64_C(1000000);
	buf_add(&s->outlet.out, c->forward.data, c->forward.size);
	buf_add(&s->outlet.out, "\n", 1);
	buf_free(&c->forward);
	call_weigh(c);
	call_queue(c, &s->flying, CALL_FLYING);
	return c->resumes ? park_forwarded(c, e) : listen_forwarded(c, e);
}

int relay_resume(struct server *s, struct err *e)
{
	struct call *c;
	size_t left = 0;

	TAILQ_FOREACH(c, &s->waiting, queued)
		left++; /* who has to wait on comes behind them again */
	while (left-- > 0 && s->state == SERVER_READY && (c = TAILQ_FIRST(&s->waiting)))
		if (relay_forward(c, c->proof, e) < 0)
			return -1;
	return 0;
}

int relay_deliver(struct call *c, struct answer *a, struct err *e)
{
	modern_answered(a->result); /* what a server may ask by a result came to input_hear() */
	stages_answer(c, a);
	c->granted = a->result != NULL;
	if (c->what == MCP_SUBSCRIBE && c->session && a->result)
		subscribe(c->session, c->server, c->name, true);
	if (a->error)
		answer_failure(c, a->error);
	else
		answer_result(c, a->result);
	json_decref(a->result);
	json_decref(a->error);
	return call_close(c, a->outcome, e);
}

struct call *relay_find(const struct server *s, uint64_t id)
{
	struct call *c;

	TAILQ_FOREACH(c, &s->flying, queued)
		if (c->relay_id == id)
			return c;
	return NULL;
}

/* An id that we have used, before: the answer is late, or one too many. */
static bool was_asked(const struct server *s, const json_t *id)
{
	return json_is_integer(id) && json_integer_value(id) > 0 &&
	       (uint64_t)json_integer_value(id) <= s->next_id;
}

/* Only an id in flight is an answer; late, repeated and invented ones go no further. */
int relay_answer(struct server *s, const struct mcp_message *m, const char *line, size_t size,
		 struct err *e)
{
	struct answer a = { .result = m->result,
			    .error = m->error,
			    .outcome = { .status = "ok", .exit = -1, .size = size } };
	char digest[SEAL_DIGEST_TEXT];
	struct call *c = json_is_integer(m->id)
				 ? relay_find(s, (uint64_t)json_integer_value(m->id))
				 : NULL;

	if (!c && park_keep(s, m, line, size))
		return 0;
	if (!c) {
		server_note(s, "answered what was not asked, or was answered or given up before");
		return dropped(s->broker, &s->drops, s->name,
			       was_asked(s, m->id) ? REASON_LATE : REASON_UNSOLICITED, line, size,
			       e);
	}
	seal_digest(digest, line, size);
	a.outcome.answer = digest;
	a.outcome.payload = (struct payload){ line, size };
	if (m->error)
		a.outcome.status = "error";
	else if (c->action.kind == ACTION_TOOL_CALL && mcp_is_tool_error(m->result))
		a.outcome.status = "tool-error";
	if (m->result && s->era == MCP_ERA_MODERN && modern_result_of(m->result) != MODERN_COMPLETE &&
	    input_inspect(s, m->result)) /* what may not be heard is withheld below */
		return input_hear(c, m->result, a.outcome, e);
	json_incref(m->result);
	json_incref(m->error);
	return relay_deliver(c, &a, e);
}

/* The server is gone: its calls end as failed, whether they had reached it or not. */
int relay_fail(struct server *s, const char *why, struct err *e)
{
	struct call *c;

	while ((c = TAILQ_FIRST(&s->flying)))
		if (fail_call(c, why, "may or may not have had an effect", e) < 0)
			return -1;
	return relay_fail_waiting(s, why, e);
}

int relay_fail_waiting(struct server *s, const char *why, struct err *e)
{
	struct call *c;

	while ((c = TAILQ_FIRST(&s->waiting)))
		if (fail_call(c, why, "was not made", e) < 0)
			return -1;
	return 0;
}
