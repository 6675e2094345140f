/* What only the kernel can answer: which paths lie beneath which directory. */
#include <string.h>

#include "policy/rule.h"

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

static bool ask_test(const struct test *t, const json_t *arg, struct action *a)
{
	bool fits = true;
	size_t i;

	if (matcher_is_under(t->how))
		return ask(a, json_string_value(t->value), json_string_value(arg));
	for (i = 0; i < t->count && fits; i++)
		fits = ask_test(&t->below[i], arg, a);
	return fits;
}

static bool ask_rule(const struct rule *r, struct action *a, bool by_tool)
{
	enum held missing;
	const json_t *arg;
	size_t i;

	if (!r->asks_kernel || rule_stands(r, a, by_tool) == HELD_NO ||
	    file_applies(r->file, a) == HELD_NO)
		return true;
	for (i = 0; i < r->condition_count; i++) {
		arg = rule_argument(a, r->conditions[i].pointer, &missing);
		if (json_is_string(arg) && !ask_test(&r->conditions[i].all, arg, a))
			return false;
	}
	return true;
}

bool policy_questions(const struct policy *p, struct action *a)
{
	struct walk w = walk_begin(&p->index, a);
	const struct rule *r;

	a->fact_count = 0;
	if (!action_is_judged(a->kind) || !a->server || !a->tool ||
	    (a->args && !json_is_object(a->args)))
		return true;
	while ((r = walk_next(&w)))
		if (!ask_rule(r, a, w.by_tool))
			return false;
	return true;
}
