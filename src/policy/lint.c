/* Rules that can never matter: an unconditional one already decides all that they speak about. */
#include <string.h>

#include "policy/rule.h"

static const char *pattern_at(const json_t *patterns, size_t i)
{
	return json_string_value(json_is_array(patterns) ? json_array_get(patterns, i) : patterns);
}

/* Every pattern of `narrow` is within one of `wide`. Sound because a '*' is matched by '*' only. */
static bool within(const json_t *wide, const json_t *narrow)
{
	size_t wides = json_is_array(wide) ? json_array_size(wide) : 1;
	size_t narrows = json_is_array(narrow) ? json_array_size(narrow) : 1;
	size_t i, j;
	bool found = true;

	if (!wide || !narrow)
		return !wide;
	for (i = 0; i < narrows && found; i++) {
		const char *text = pattern_at(narrow, i);

		found = false;
		for (j = 0; j < wides && !found; j++)
			found = glob_matches(pattern_at(wide, j), text, strlen(text), false);
	}
	return found;
}

/* A refusal decides wherever it stands; what allows only hides a later rule that allows, too. */
static bool shadows(const struct rule *over, const struct rule *r)
{
	if (over == r || over->condition_count > 0)
		return false;
	if (!within(over->tool, r->tool) || !within(over->server, r->server))
		return false;
	if (over->refuse != r->refuse)
		return over->refuse;
	return over->order < r->order;
}

size_t policy_lint(const struct policy *p, void (*say)(void *to, const char *rule, const char *by),
		   void *to)
{
	size_t found = 0, i, j;

	for (i = 0; i < p->rule_count; i++) {
		for (j = 0; j < p->rule_count && !shadows(p->rules[j], p->rules[i]); j++)
			;
		if (j == p->rule_count)
			continue;
		say(to, p->rules[i]->name, p->rules[j]->name);
		found++;
	}
	return found;
}
