/*
 * The product. Every line an agent sends comes through session_take(); every tool call through
 * session_serve(), which judges it and has the verdict written down; and only the recorder's word
 * that it is durable calls session_proved(), which acts.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "broker/broker.h"

struct verdict session_judge(struct call *c)
{
	if (c->undecidable)
		return (struct verdict){ .reason = REASON_UNDECIDABLE, .why = c->why };
	c->action.runtime = runtime_ask(c->broker->runtime, &c->action, clock_mono_ns());
	c->action.risk = runtime_risk(c->broker->runtime, &c->risk);
	return policy_decide(c->broker->policy, &c->action);
}

/* Nothing is done for an agent that has gone: its intent is closed as cancelled. */
static int session_proved(void *call, struct receipt *proof, struct err *e)
{
	struct call *c = call;

	c->proof = proof;
	if (c->hold && hold_proved(c, e) < 0)
		return -1;
	if (c->verdict.kind != VERDICT_ALLOW)
		return session_refuse(c, proof, e);
	if (c->up)
		return upcall_forward(c, proof, e);
	if (!c->session || c->silent)
		return call_close(c, (struct outcome){ .status = "cancelled", .exit = -1 }, e);
	return c->server->exec ? exec_run(c, proof, e) : relay_forward(c, proof, e);
}

int session_record(struct call *c, struct err *e)
{
	int done;

	inspect_refused(c);
	judged(c->broker, &c->action, &c->verdict);
	payload_ask(c);
	done = commit_verdict(&c->broker->commits, &c->action, &c->verdict, &c->about,
			      (struct commit_then){ session_proved, c }, e);
	c->about.payload = (struct payload){ 0 };
	c->state = CALL_COMMITTING;
	call_judged(c);
	return done;
}

int session_serve(struct call *c, struct err *e)
{
	if (c->policy_number != c->broker->policy_number)
		return ask_anew(c, e);
	c->verdict = session_judge(c);
	c->about.held = 0;
	if (c->verdict.kind == VERDICT_REVIEW || era_is_open(c))
		runtime_put_off(c->broker->runtime);
	if (c->verdict.kind == VERDICT_REVIEW)
		return hold_serve(c, e);
	if (c->verdict.kind == VERDICT_ALLOW && era_is_open(c))
		return era_wait(c, e);
	return session_record(c, e);
}

static int tell_refused(struct call *c, const char *text)
{
	answer_text(c, MCP_REFUSED, text);
	return 0;
}

/* What was refused, by which rule, why, and what to do; nothing else of the policy. */
static int say_refused(struct call *c)
{
	const struct verdict *v = &c->verdict;
	const char *by = c->undecidable ? "it could not be judged" : "no rule allows it";
	char text[1024];

	if (c->text[0]) { /* a stage before the policy has said it */
		snprintf(text, sizeof(text), "reeve refused %s/%.128s: %s", c->action.server,
			 c->action.tool, c->text);
		return c->key ? input_fail(c, MCP_REFUSED, text) : tell_refused(c, text);
	}
	snprintf(text, sizeof(text), "reeve refused %s/%.128s: %s%s%s%s. %s", c->action.server, c->action.tool,
		 v->rule ? "rule " : "", v->rule ? v->rule : by, v->why ? ": " : "", v->why ? v->why : "",
		 v->reason == REASON_NO_CLAIM ? "" : "Trying again will not help: ask the operator of this run to allow it if "
						     "you need it.");
	return c->key ? input_fail(c, MCP_REFUSED, text) : tell_refused(c, text);
}

/* A message is refused by a JSON-RPC error; a well-formed call by a result its model can read. */
int session_refuse(struct call *c, const struct receipt *proof, struct err *e)
{
	int done = 0;

	(void)e;
	must(receipt_index(proof) > 0);
	if (c->code && c->key)
		done = input_fail(c, c->code, c->text);
	else if (c->code)
		answer_error(c, c->code, c->text);
	else if (c->action.kind != ACTION_MESSAGE)
		done = say_refused(c);
	call_end(c);
	return done;
}

/* Who is over its quota goes on asking: the first refusal has a record of its own, those after it are counted. */
int session_count_refusal(struct call *c, enum reason reason, struct err *e)
{
	struct session *s = c->session;

	inspect_refused(c);
	judged(s->broker, &c->action, &(struct verdict){ .reason = reason });
	say_refused(c);
	call_end(c);
	return dropped(s->broker, &s->drops, NULL, reason, NULL, 0, e);
}

/* The first of a reason is recorded before it is answered; those after it are counted. */
static int count_fault(struct session *s, struct request *r, const struct mcp_fault *f,
		       struct err *e)
{
	if (r->listen)
		listen_heard(s, r->listen, NULL);
	else if (f->code)
		era_write_fault(s, r, f);
	return dropped(s->broker, &s->drops, NULL, f->reason, r->line, r->size, e);
}

static int session_answer(struct session *s, struct request *r, struct err *e)
{
	struct mcp_fault fault = { 0, REASON_UNSOLICITED, "an answer to no question of ours" };
	bool taken, late = json_is_integer(r->m.id) && json_integer_value(r->m.id) > 0 &&
			   (uint64_t)json_integer_value(r->m.id) <= s->next_id;

	if (upcall_answer(&taken, s, r, e) < 0)
		return -1;
	if (late)
		fault = (struct mcp_fault){ 0, REASON_LATE, "an answer to what was given up" };
	return taken ? 0 : session_fault(s, r, &fault, e);
}

int session_fault(struct session *s, struct request *r, const struct mcp_fault *f, struct err *e)
{
	struct call *c;

	if (s->drops.of[f->reason].count)
		return count_fault(s, r, f, e);
	dropped_first(&s->drops, f->reason, r->line, r->size);
	c = call_new(s, r, e);

	if (!c)
		return -1;
	if (r->line) {
		seal_digest(c->digest, r->line, r->size);
		c->about.digest = c->digest;
	}
	snprintf(c->text, sizeof(c->text), "%s", f->text);
	c->code = f->code;
	c->data = era_fault_data(r, f->code);
	c->action = (struct action){ .kind = ACTION_MESSAGE };
	c->verdict = (struct verdict){ .reason = f->reason, .why = c->text };
	return session_record(c, e);
}

/* News can be missed, answers cannot: who does not read gets none until it does. */
bool session_hears(const struct session *s)
{
	return !s->gone && (s->greeted || s->era == MCP_ERA_MODERN) && outlet_left(&s->outlet) < OUT_PAUSE;
}

void session_tell(struct session *s, const char *method, const json_t *params)
{
	if (session_hears(s))
		mcp_write_notification(&s->outlet.out, method, params);
}

void session_cancel(struct session *s, uint64_t id)
{
	scoped(json) json_t *params = json_pack("{s:I}", "requestId", (json_int_t)id);

	session_tell(s, "notifications/cancelled", params);
}

int session_too_long(struct session *s, size_t size, struct err *e)
{
	static const struct mcp_fault fault = { MCP_INVALID, REASON_TOO_LONG,
						"a line may have at most 4 MiB" };
	struct request r = { .size = size };

	return session_fault(s, &r, &fault, e);
}

/* One line: parsed once, here. From now on only the tree counts. */
int session_take(struct session *s, const char *line, size_t size, struct err *e)
{
	struct request r = { .line = line, .size = size };
	struct mcp_fault fault = { MCP_PARSE, REASON_BAD_JSON, NULL };
	struct err why = { 0 };
	int done;

	if (json_read_message(&r.doc, line, size, &why) < 0) {
		fault.text = why.text;
		return session_fault(s, &r, &fault, e);
	}
	if (!mcp_read(&r.m, r.doc, &fault)) {
		done = session_fault(s, &r, &fault, e);
	} else if (r.m.kind == MCP_RESPONSE) {
		done = session_answer(s, &r, e);
	} else {
		done = method_serve(s, &r, e);
	}
	modern_retry_free(&r.retry);
	json_decref(r.doc);
	return done;
}
