/*
 * Approved, a call is judged once more, by what stands in the very bytes that were approved. What the run has done
 * meanwhile may mean that it is refused now, or that others have to be asked as well; never that fewer had to be. Where
 * its paths lie is asked anew before that: an agent has had all the time of the wait to put links in other places.
 */
#include "broker/hold.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static json_t *arguments_of(const struct call *c)
{
	json_t *params = json_object_get(c->doc, "params");

	if (c->server->exec)
		return json_object_get(c->doc, "arguments");
	if (c->what != MCP_READ_RESOURCE)
		return json_object_get(params, "arguments");
	json_object_del(params, "_meta");
	return params;
}

/* The same questions about paths, in the same order: their answers are kept. */
static bool has_answers(struct call *c)
{
	size_t asked = c->fact_count, i;

	if (!policy_questions(c->broker->policy, &c->action) || c->action.fact_count != asked)
		return false;
	for (i = 0; i < asked; i++)
		c->action.facts[i].yes = c->facts >> i & 1;
	return true;
}

void hold_keep_answers(struct call *c)
{
	size_t i;

	_Static_assert(ACTION_FACTS <= 32, "an answer is a bit");
	c->facts = 0;
	c->fact_count = c->action.fact_count;
	for (i = 0; i < c->fact_count; i++)
		c->facts |= (uint32_t)c->action.facts[i].yes << i;
}

static bool read_again(struct call *c)
{
	struct err why = { 0 };

	json_decref(take(&c->doc));
	if (json_read_message(&c->doc, c->forward.data, c->forward.size, &why) < 0)
		return false;
	c->action.args = arguments_of(c);
	return true;
}

/* The message that would be sent, read as if it had just been asked. */
static bool read_message(struct call *c)
{
	struct err why = { 0 };

	json_decref(take(&c->doc));
	if (json_read_message(&c->doc, c->forward.data, c->forward.size, &why) < 0)
		return false;
	if (!c->server->exec)
		return ask_write(c, &why) == 0;
	c->action.args = arguments_of(c);
	ask_find_resource(c);
	return true;
}

bool hold_looks_again(const struct call *c)
{
	return c->fact_count > 0 && !c->looked;
}

int hold_look_again(struct call *c, struct err *e)
{
	enum reason reason = REASON_UNDECIDABLE;

	c->looked = true;
	quota_resume(c);
	if (!read_message(c)) {
		snprintf(c->text, sizeof(c->text), "what was approved cannot be judged again");
		return hold_refuse(c, REASON_UNDECIDABLE, e);
	}
	if (!pins_ask(c, &reason, c->text, sizeof(c->text)))
		return hold_refuse(c, reason, e);
	return ask_anew(c, e);
}

static bool asks_no_more(const struct call *c, const struct hold *h, const struct verdict *v)
{
	scoped(buf) struct buf asked = BUF(4ul * HOLD_ASKED);
	char why[256];

	if (v->kind == VERDICT_ALLOW)
		return true;
	return reviewers_ask(&asked, c->broker, v, why, sizeof(why)) && asked.size == h->key.size - h->asked &&
	       memcmp(asked.data, h->key.data + h->asked, asked.size) == 0;
}

enum hold_again hold_judge_again(struct call *c, struct hold *h)
{
	struct verdict before = c->verdict;
	enum reason reason = REASON_UNDECIDABLE;

	c->verdict = (struct verdict){ .reason = REASON_UNDECIDABLE, .why = "what was approved cannot be judged again" };
	if (!read_again(c))
		return HOLD_REFUSED;
	ask_find_resource(c);
	if (!pins_ask(c, &reason, c->text, sizeof(c->text))) {
		c->verdict = (struct verdict){ .reason = reason, .why = c->text };
		return HOLD_REFUSED;
	}
	if (!has_answers(c))
		return HOLD_REFUSED;
	c->verdict = session_judge(c);
	if (c->verdict.kind == VERDICT_REFUSE)
		return HOLD_REFUSED;
	if (!asks_no_more(c, h, &c->verdict)) {
		runtime_judged(c->broker->runtime, &c->action, VERDICT_REVIEW, clock_mono_ns());
		return HOLD_ASKS_MORE;
	}
	c->verdict = before;
	return HOLD_DO;
}
