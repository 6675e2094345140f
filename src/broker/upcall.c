/*
 * What a tool server asks of the agent. It is an action like any other: judged, its intent
 * recorded, and only then put to the agent, in our own words and under an id of ours. The agent it
 * is put to is the one whose call that server has; where that is not one, nobody is asked.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "broker/broker.h"

enum { ASKED_MOST = 24, ASKED_BY_ONE = 8, ASK_BURST = 32, ASK_EACH_SECOND = 4 };

static bool could_answer(const struct session *a, const struct server *s, enum mcp_upward what,
			 const json_t *params)
{
	unsigned need = mcp_can_need(mcp_upward_info(what)->method, params);

	if (a->gone || !need || (a->server && a->server != s))
		return false;
	if (a->era == MCP_ERA_MODERN)
		return park_find_call(s, a, need) != NULL;
	return !a->half_closed && a->greeted && (a->can & need) == need;
}

static const struct session *caller_of(const struct call *c)
{
	return c->state == CALL_PARKED ? c->parked_by : c->session;
}

/* All the calls it has are of one agent, or which of them it asks about cannot be known. */
static const struct session *find_caller(const struct server *s)
{
	const struct call *first = TAILQ_FIRST(&s->flying), *c;
	const struct session *caller = caller_of(first ? first : TAILQ_FIRST(&s->parked));

	TAILQ_FOREACH(c, &s->flying, queued)
		if (caller_of(c) != caller)
			return NULL;
	TAILQ_FOREACH(c, &s->parked, queued)
		if (caller_of(c) != caller)
			return NULL;
	return caller;
}

/* Without any call the only one that could answer. */
static struct session *find_agent(struct server *s, enum mcp_upward what, const json_t *params,
				  const char **why)
{
	struct session *only = NULL, *a;
	bool busy = TAILQ_FIRST(&s->flying) || TAILQ_FIRST(&s->parked);
	const struct session *caller = busy ? find_caller(s) : NULL;
	size_t i, count = 0;

	for (i = 0; i < s->broker->session_count; i++) {
		a = s->broker->sessions[i];
		if (!could_answer(a, s, what, params) || (busy && a != caller))
			continue;
		only = a;
		count++;
	}
	*why = count || (busy && !caller) ? "more than one agent could be meant"
					  : "no agent is there that offers it";
	return count == 1 ? only : NULL;
}

/* In the agent's own space of ids; what the server says in _meta is not passed on. */
static void write_question(struct call *c, json_t *params)
{
	json_object_del(params, "_meta");
	buf_printf(&c->forward, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\"",
		   c->relay_id, mcp_upward_info(c->upward)->method);
	if (params) {
		buf_puts(&c->forward, ",\"params\":");
		json_write(&c->forward, params);
	}
	buf_puts(&c->forward, "}");
}

static int ask_agent(struct call *c, struct session *to, enum mcp_upward what, struct request *r,
		     struct err *e)
{
	struct server *s = c->server;

	c->upward = what;
	c->action = (struct action){ .kind = mcp_upward_info(what)->action,
				     .server = s->name,
				     .tool = mcp_upward_info(what)->method,
				     .args = r->m.params,
				     .run = &s->broker->about,
				     .wall_us = clock_wall_us() };
	c->relay_id = to ? ++to->next_id : ++s->next_id;
	write_question(c, r->m.params);
	if (c->asker && !c->key)
		park_question(c, c->asker, r->m.params);
	c->about.size = c->forward.size;
	seal_digest(c->digest, c->forward.data, c->forward.size);
	c->about.digest = c->digest;
	return ask_call(c, r, e);
}

static int turn_away(struct server *s, struct request *r, enum reason reason, int code,
		     const char *text, struct err *e)
{
	mcp_write_error(&s->outlet.out, r->m.id, code, text);
	return dropped(s->broker, &s->drops, s->name, reason, r->line, r->size, e);
}

static bool id_in_flight(const struct server *s, const json_t *id)
{
	const struct call *c;

	TAILQ_FOREACH(c, &s->broker->calls, all)
		if (c->up && c->server == s && json_equal(c->id, id))
			return true;
	return false;
}

int upcall_hear(struct server *s, enum mcp_upward what, struct request *r, struct err *e)
{
	const char *wrong = mcp_check_upward(what, r->m.params), *why = NULL;
	struct session *to;
	struct call *c, *parked;

	if (wrong)
		return turn_away(s, r, REASON_BAD_PARAMS, MCP_BAD_PARAMS, wrong, e);
	if (id_in_flight(s, r->m.id))
		return turn_away(s, r, REASON_ID_REUSED, MCP_INVALID,
				 "this id is in flight already", e);
	if (s->upcalls >= ASKED_BY_ONE || s->broker->upcalls >= ASKED_MOST ||
	    !pace_allows(&s->asking, ASK_BURST, ASK_EACH_SECOND, clock_mono_ns()))
		return turn_away(s, r, REASON_FLOODING, MCP_REFUSED,
				 "too many questions: wait for answers to those before", e);
	to = find_agent(s, what, r->m.params, &why);
	parked = to ? NULL : park_find_parked(s, mcp_can_need(r->m.method, r->m.params));
	if (!to && !parked)
		return turn_away(s, r, REASON_NO_METHOD, MCP_NO_METHOD, why, e);
	c = call_new_up(s, to, r, e);
	if (c && to && to->era == MCP_ERA_MODERN)
		parked = park_find_call(s, to, mcp_can_need(r->m.method, r->m.params));
	if (c)
		c->asker = parked;
	return c ? ask_agent(c, to, what, r, e) : -1;
}

static bool find_upward(enum mcp_upward *out, const char *method)
{
	int what;

	for (what = 0; what < MCP_UPWARDS; what++)
		if (strcmp(method, mcp_upward_info((enum mcp_upward)what)->method) == 0)
			break;
	*out = (enum mcp_upward)what;
	return what < MCP_UPWARDS;
}

/* The older era knows a url by an id, the newer has none: then it is one of ours. */
static const char *check_question(enum mcp_upward what, json_t *params, const struct call *c)
{
	scoped(json) json_t *older = c->modern ? json_copy(params) : json_incref(params);

	if (strcmp(json_text(older, "mode"), "url") == 0 &&
	    !json_object_get(older, "elicitationId"))
		json_object_set_new(older, "elicitationId",
				    json_sprintf("reeve-%" PRIu64, c->session->next_id + 1));
	return mcp_check_upward(what, older);
}

int upcall_for(const char **wrong, struct call *c, const char *key, json_t *request, struct err *e)
{
	struct request r = { .m = { .kind = MCP_REQUEST,
				    .id = c->id,
				    .params = json_object_get(request, "params") } };
	enum mcp_upward what;
	struct call *question;

	if (!find_upward(&what, json_text(request, "method")))
		*wrong = "it is nothing that MCP knows";
	else if (c->broker->upcalls >= ASKED_MOST)
		*wrong = "too many questions wait for answers";
	if (!*wrong)
		*wrong = check_question(what, r.m.params, c);
	if (*wrong)
		return 0;
	question = call_new_up(c->server, c->session, &r, e);
	if (!question)
		return -1;
	/* Its answer is for the call, the server has asked nothing by it. */
	question->silent = true;
	question->asker = c;
	c->questioned = true;
	question->key = strdup(key);
	return question->key ? ask_agent(question, c->session, what, &r, e)
			     : err_sys(e, "memory for a question");
}

/* The agent gets the bytes that were judged. */
int upcall_forward(struct call *c, const struct receipt *proof, struct err *e)
{
	must(receipt_index(proof) > 0);
	if (c->input && c->server->in >= 0 && c->server->tag == c->born)
		return park_ask(c, e);
	if (!c->session || c->session->gone || c->server->in < 0 || c->server->tag != c->born)
		return upcall_give_up(c, "cancelled", "the agent has gone", e);
	if (c->key && !c->asker)
		return upcall_give_up(c, "cancelled", "the call it was for is over", e);
	if (c->key && c->asker->modern)
		return input_shown(c, e);
	c->began_ns = clock_mono_ns();
	c->deadline_ns = c->began_ns + c->server->deadline_ms * UINT64_C(1000000);
	call_brought(c);
	buf_add(&c->session->outlet.out, c->forward.data, c->forward.size);
	buf_add(&c->session->outlet.out, "\n", 1);
	buf_free(&c->forward);
	call_weigh(c);
	call_queue(c, &c->server->upward, CALL_FLYING);
	return 0;
}

int upcall_give_up(struct call *c, const char *status, const char *why, struct err *e)
{
	if (c->state == CALL_FLYING && c->session)
		session_cancel(c->session, c->relay_id);
	answer_error(c, MCP_INTERNAL, why);
	if (call_close(c, (struct outcome){ .status = status, .why = why, .exit = -1 }, e) < 0)
		return -1;
	return c->key ? input_fail(c, MCP_INTERNAL, why) : 0;
}

static struct call *find_asked(struct session *a, const json_t *id)
{
	struct call *c;
	size_t i;

	for (i = 0; json_is_integer(id) && i < a->broker->server_count; i++)
		TAILQ_FOREACH(c, &a->broker->servers[i].upward, queued)
			if (c->session == a && c->relay_id == (uint64_t)json_integer_value(id))
				return c;
	return NULL;
}

/* A url that the agent has shown may be told of once more, when it is done with. */
static void remember(struct call *c, const struct answer *a)
{
	if (c->upward == MCP_ELICITATION && c->shown && a->result &&
	    strcmp(json_text(a->result, "action"), "accept") == 0 &&
	    json_object_size(c->session->shown) < SHOWN_URLS)
		json_object_set_new(c->session->shown, c->shown, json_integer(c->server->index));
	if (c->upward == MCP_ROOTS)
		c->server->rooted = c->session;
}

static int answer_server(struct call *c, const struct answer *a, struct err *e)
{
	if (a->error)
		answer_failure(c, a->error);
	else
		answer_result(c, a->result);
	return call_close(c, a->outcome, e);
}

static int deliver(struct call *c, struct answer *a, struct err *e)
{
	int done;

	if (a->result && !mcp_answers_upward(c->upward, a->result)) {
		json_decref(take(&a->result));
		a->error = json_pack("{s:i, s:s}", "code", MCP_INTERNAL, "message",
				     "the agent's answer is not what MCP says it is");
		a->outcome.status = "failed";
		a->outcome.why = "the agent's answer is not what MCP says it is";
	} else {
		stages_answer(c, a);
		remember(c, a);
	}
	if (c->key)
		done = input_take(c, a, e);
	else
		done = answer_server(c, a, e);
	json_decref(a->result);
	json_decref(a->error);
	return done;
}

int upcall_answer(bool *taken, struct session *s, struct request *r, struct err *e)
{
	struct answer a = {
		.result = r->m.result,
		.error = r->m.error,
		.outcome = { .status = r->m.error ? "error" : "ok", .exit = -1, .size = r->size }
	};
	struct call *c = find_asked(s, r->m.id);
	char digest[SEAL_DIGEST_TEXT];

	*taken = c != NULL;
	if (!c)
		return 0;
	seal_digest(digest, r->line, r->size);
	a.outcome.answer = digest;
	json_incref(a.result);
	json_incref(a.error);
	return deliver(c, &a, e);
}

int upcall_cancelled(struct server *s, const json_t *id, struct err *e)
{
	struct call *c;

	TAILQ_FOREACH(c, &s->upward, queued)
		if (json_equal(c->id, id)) {
			c->silent = true;
			return upcall_give_up(c, "cancelled", "the tool server took it back", e);
		}
	return 0;
}

/* Its server has gone. */
int upcall_fail(struct server *s, const char *why, struct err *e)
{
	struct call *c;

	while ((c = TAILQ_FIRST(&s->upward)))
		if (upcall_give_up(c, "failed", why, e) < 0)
			return -1;
	return 0;
}

/* The agent: on its connection, or to come back. */
static bool is_there(const struct call *c)
{
	return c->session || (c->input && c->asker);
}

uint64_t upcall_deadline(const struct server *s)
{
	const struct call *c;
	uint64_t soonest = UINT64_MAX;

	TAILQ_FOREACH(c, &s->upward, queued)
		soonest = !is_there(c) ? 0 : c->deadline_ns < soonest ? c->deadline_ns : soonest;
	return soonest;
}

int upcall_expire(struct server *s, uint64_t now, struct err *e)
{
	struct call *c, *next;

	for (c = TAILQ_FIRST(&s->upward); c; c = next) {
		next = TAILQ_NEXT(c, queued);
		if (is_there(c) && c->deadline_ns > now)
			continue;
		if (upcall_give_up(c, is_there(c) ? "timeout" : "cancelled",
				   is_there(c) ? "the agent did not answer in time"
					       : "the agent has gone",
				   e) < 0)
			return -1;
	}
	return 0;
}
