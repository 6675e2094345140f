/*
 * Joining. A refusal wins over everything, in whatever file it stands; then the first rule that
 * allows; then nothing is done. A rule that allows must be certain. A rule that refuses is obeyed
 * also when it cannot be judged, because an argument of an unexpected type must not disarm it.
 * Nothing here allocates, opens or asks the time.
 */
#include <string.h>

#include "policy/rule.h"

static bool is_first(const struct rule *r, const struct rule *best)
{
	return !best || r->order < best->order;
}

static struct verdict says(enum reason reason, const struct rule *r)
{
	return (struct verdict){
		.kind = reason_verdict(reason),
		.reason = reason,
		.rule = r ? r->name : NULL,
		.why = r ? r->why : NULL,
	};
}

static struct verdict decide_call(const struct policy *p, const struct action *a)
{
	const struct rule *refuses = NULL, *unsure = NULL, *allows = NULL, *r;
	const struct rule **list;
	enum held held;
	size_t at = 0;

	while ((r = rule_next(p, a, &at))) {
		held = rule_holds(r, a);
		if (held == HELD_NO || (held == HELD_UNKNOWN && !r->refuse))
			continue;
		list = !r->refuse ? &allows : held == HELD_YES ? &refuses : &unsure;
		if (is_first(r, *list))
			*list = r;
	}
	if (refuses)
		return says(REASON_RULE_REFUSES, refuses);
	if (unsure)
		return says(REASON_UNDECIDABLE, unsure);
	return allows ? says(REASON_RULE_ALLOWS, allows) : says(REASON_NO_RULE, NULL);
}

static struct verdict decide_start(const struct policy *p, const struct action *a)
{
	return says(policy_may_allow(p, a->server, NULL) ? REASON_MAY_SERVE : REASON_NO_RULE, NULL);
}

struct verdict policy_decide(const struct policy *p, const struct action *a)
{
	if (a->kind == ACTION_MESSAGE)
		return says(REASON_BAD_MESSAGE, NULL);
	if (!a->server || (a->args && !json_is_object(a->args)))
		return says(REASON_UNDECIDABLE, NULL);
	if (a->kind == ACTION_SERVER_START)
		return decide_start(p, a);
	return a->kind == ACTION_TOOL_CALL && a->tool ? decide_call(p, a)
						      : says(REASON_UNDECIDABLE, NULL);
}

/* Does this rule refuse everything that is asked about, whatever the arguments? */
static bool bars(const struct rule *r, const char *server, const char *tool)
{
	if (!r->refuse || r->condition_count > 0)
		return false;
	return tool ? rule_covers(r, server, tool) : !r->tool && rule_covers(r, server, NULL);
}

bool policy_may_allow(const struct policy *p, const char *server, const char *tool)
{
	bool may = false;
	size_t i;

	if (!server)
		return false;
	for (i = 0; i < p->rule_count; i++) {
		if (bars(p->rules[i], server, tool))
			return false;
		may = may || (!p->rules[i]->refuse && rule_covers(p->rules[i], server, tool));
	}
	return may;
}

static bool ask(struct action *a, const char *root, const char *path)
{
	size_t i;

	for (i = 0; i < a->fact_count; i++)
		if (strcmp(a->facts[i].root, root) == 0 && strcmp(a->facts[i].path, path) == 0)
			return true;
	if (a->fact_count == ACTION_FACTS)
		return false;
	a->facts[a->fact_count++] = (struct fact){ .root = root, .path = path };
	return true;
}

static bool ask_condition(const struct condition *c, struct action *a)
{
	enum held missing;
	json_t *arg = rule_argument(a, c->pointer, &missing);
	size_t i;

	for (i = 0; i < c->count && json_is_string(arg); i++)
		if (matcher_is_under(c->tests[i].how) &&
		    !ask(a, json_string_value(c->tests[i].value), json_string_value(arg)))
			return false;
	return true;
}

bool policy_questions(const struct policy *p, struct action *a)
{
	const struct rule *r;
	size_t at = 0, i;

	a->fact_count = 0;
	if (a->kind != ACTION_TOOL_CALL || !a->server || !a->tool || !json_is_object(a->args))
		return true;
	while ((r = rule_next(p, a, &at)))
		for (i = 0; i < r->condition_count && rule_covers(r, a->server, a->tool); i++)
			if (!ask_condition(&r->conditions[i], a))
				return false;
	return true;
}
