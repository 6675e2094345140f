/*
 * A tool server of the newer era asks its client in a result, and is asked again with the answers.
 * Each question is an action of its own, judged and recorded before anybody sees it. An agent of
 * the newer era then gets the result as it is, and asks again itself; for one of the older era the
 * questions become requests, one after the other, and the call goes to the server once more, under
 * a new id, with an intent of its own that names the same request.
 */
#include <stdio.h>
#include <string.h>

#include "broker/broker.h"

enum { ROUNDS = 16 };

/* Its request is kept, because it may have to be made again. */
bool input_may_follow(const struct call *c)
{
	return !c->up && !c->modern && c->server && c->server->era == MCP_ERA_MODERN &&
	       modern_may_ask(mcp_ask_method(c->what));
}

/* Its intent is closed already: only the agent is left to be told. */
static int fail(struct call *c, int code, const char *text)
{
	answer_text(c, code, text);
	call_end(c);
	return 0;
}

int input_fail(struct call *question, int code, const char *text)
{
	struct call *c = question->asker;

	question->asker = NULL;
	return c ? fail(c, code, text) : 0;
}

/* The call is over: what is still asked for it is asked for nobody. */
void input_leave(struct call *c)
{
	struct call *question;

	TAILQ_FOREACH(question, &c->broker->calls, all) {
		if (question->asker != c)
			continue;
		question->asker = NULL;
		if (question->state == CALL_FLYING && question->session)
			session_cancel(question->session, question->relay_id);
	}
}

static int retry(struct call *c, struct err *e)
{
	struct request again = { .what = c->what };
	char text[256];

	modern_retry_free(&c->retry);
	if (json_object_size(c->given) > 0)
		c->retry.responses = json_incref(c->given);
	c->retry.state = json_incref(json_object_get(c->input, "requestState"));
	input_forget(c);
	c->relay_id = ++c->server->next_id;
	c->fact = 0;
	c->waited = false;
	if (ask_write(c, e) < 0) {
		snprintf(text, sizeof(text), "the answers cannot be sent on: %.200s", e->text);
		*e = (struct err){ 0 };
		return fail(c, MCP_INTERNAL, text);
	}
	return ask_call(c, &again, e);
}

/* The questions, which were judged, and the state; what else stands beside them nobody has looked at. */
static int done(struct call *c, struct err *e)
{
	scoped(json) json_t *asking = NULL;

	if (!c->modern)
		return retry(c, e);
	asking = modern_input_required(json_incref(json_object_get(c->input, "inputRequests")),
				       json_string_value(json_object_get(c->input, "requestState")));
	if (!asking)
		return fail(c, MCP_INTERNAL, "reeve is out of memory");
	answer_result(c, asking);
	call_end(c);
	return 0;
}

static int ask(struct call *c, const char *key, json_t *request, struct err *e)
{
	const char *wrong = NULL;
	char text[256];

	if (upcall_for(&wrong, c, key, request, e) < 0)
		return -1;
	if (!wrong)
		return 0;
	snprintf(text, sizeof(text), "tool server %s asked the agent something, but %s",
		 c->server->name, wrong);
	return fail(c, MCP_INTERNAL, text);
}

/* One question at a time, in the order the server gave them. */
static int next(struct call *c, struct err *e)
{
	json_t *requests = json_object_get(c->input, "inputRequests"), *request;
	const char *key;

	json_object_foreach(requests, key, request) {
		if (!json_object_get(c->given, key))
			return ask(c, key, request, e);
	}
	return done(c, e);
}

static int go_on(struct call *question, json_t *answer, struct err *e)
{
	struct call *c = question->asker;

	question->asker = NULL;
	if (!c || json_object_set(c->given, question->key, answer) < 0)
		return 0;
	return next(c, e);
}

/* Proved, and its agent answers when it asks again. */
int input_shown(struct call *question, struct err *e)
{
	scoped(json) json_t *nothing = json_true();

	if (call_close(question, (struct outcome){ .status = "asked", .exit = -1 }, e) < 0)
		return -1;
	return go_on(question, nothing, e);
}

int input_take(struct call *question, const struct answer *a, struct err *e)
{
	char text[320];

	if (call_close(question, a->outcome, e) < 0)
		return -1;
	if (a->result)
		return go_on(question, a->result, e);
	snprintf(text, sizeof(text), "the agent did not answer %s of tool server %s: %.200s",
		 question->action.tool, question->server->name, json_text(a->error, "message"));
	return input_fail(question, MCP_INTERNAL, text);
}

/* What it asks is shown to somebody; its state is nobody's to read, and comes back to the letter,
 * if it does not give away what reeve holds. */
bool input_inspect(struct server *s, json_t *result)
{
	scoped(json) json_t *state = json_incref(json_object_get(result, "requestState"));
	const char *name;
	bool fine;

	if (!state || inspect_find(s->broker->secrets, state, &name) != INSPECT_NONE)
		return inspect_heard(s, result);
	json_object_del(result, "requestState");
	fine = inspect_heard(s, result);
	json_object_set(result, "requestState", state);
	return fine;
}

static const char *fault_of(struct call *c, const json_t *result, size_t size)
{
	const char *why = NULL;

	if (size > MCP_LINE)
		return "asked the agent in more than 4 MiB";
	if (modern_result_of(result) != MODERN_INPUT || !modern_may_ask(mcp_ask_method(c->what)))
		return "answered with a kind of result that MCP does not have";
	if (++c->rounds > ROUNDS)
		return "asked the agent again and again";
	modern_check_inputs(result, era_envelope(c).can, &why);
	return why;
}

int input_hear(struct call *c, json_t *result, struct outcome o, struct err *e)
{
	const char *why = c->session && !c->silent ? fault_of(c, result, o.size) : NULL;
	char text[256];

	quota_answered(c, o.size);
	o.status = why ? "failed" : "input-required";
	o.why = why;
	if (why) {
		snprintf(text, sizeof(text), "tool server %s %s", c->server->name, why);
		answer_text(c, MCP_INTERNAL, text);
	}
	if (why || !c->session || c->silent)
		return call_close(c, o, e);
	if (call_conclude(c, o, e) < 0)
		return -1;
	c->input = json_incref(result);
	c->given = json_object();
	call_queue(c, &c->server->asking_back, CALL_INPUT);
	call_weigh(c);
	return next(c, e);
}

void input_forget(struct call *c)
{
	json_decref(take(&c->input));
	json_decref(take(&c->given));
}
