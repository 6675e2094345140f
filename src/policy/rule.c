/* One rule against one action. */
#include "policy/rule.h"

#include <stdlib.h>
#include <string.h>

void rule_free(struct rule *r)
{
	if (!r)
		return;
	free(r->name);
	free(r->conditions);
	free(r);
}

/* "SERVER/TOOL", each half with its own '*', so that no '*' reaches over the slash between them. */
static bool tool_matches(const char *pattern, const char *server, const char *tool)
{
	const char *slash = strchr(pattern, '/');
	char half[POINTER_MOST + 1];
	size_t size = (size_t)(slash - pattern);

	memcpy(half, pattern, size);	/* rules_read() bounds patterns to POINTER_MOST */
	half[size] = '\0';
	return glob_matches(half, server, strlen(server), false) &&
	       (!tool || glob_matches(slash + 1, tool, strlen(tool), false));
}

static bool one_matches(const json_t *pattern, const char *server, const char *tool, bool whole)
{
	const char *text = json_string_value(pattern);

	return whole ? tool_matches(text, server, tool)
		     : glob_matches(text, server, strlen(server), false);
}

/* Text or array of texts; NULL stands for anything. */
static bool any_matches(const json_t *patterns, const char *server, const char *tool, bool whole)
{
	size_t i;

	if (!patterns)
		return true;
	if (json_is_string(patterns))
		return one_matches(patterns, server, tool, whole);
	for (i = 0; i < json_array_size(patterns); i++)
		if (one_matches(json_array_get(patterns, i), server, tool, whole))
			return true;
	return false;
}

bool rule_covers(const struct rule *r, const char *server, const char *tool)
{
	return any_matches(r->server, server, tool, false) && any_matches(r->tool, server, tool, true);
}

/* Is the next step from here merely not taken, or can no step be taken from here? */
static enum held why_missing(const json_t *deepest, const char *step)
{
	if (json_is_object(deepest))
		return HELD_NO;
	if (json_is_array(deepest) && step[0] >= '0' && step[0] <= '9')
		return HELD_NO;
	return HELD_UNKNOWN;
}

json_t *rule_argument(const struct action *a, const char *pointer, enum held *missing)
{
	char part[POINTER_MOST + 1];
	json_t *found = a->args ? json_at(a->args, pointer) : NULL;
	size_t size = strlen(pointer);

	*missing = HELD_NO;
	if (found || !a->args)
		return found;
	memcpy(part, pointer, size + 1);
	while (!found && size > 0) {
		while (part[size - 1] != '/')
			size--;
		part[--size] = '\0';
		found = json_at(a->args, part);
	}
	*missing = found ? why_missing(found, pointer + size + 1) : HELD_UNKNOWN;
	return NULL;
}

static enum held condition_holds(const struct condition *c, const struct action *a)
{
	enum held all = HELD_YES, now, missing;
	json_t *arg = rule_argument(a, c->pointer, &missing);
	size_t i;

	if (!arg && missing == HELD_UNKNOWN)
		return HELD_UNKNOWN;
	if (!arg)
		return matcher_is_absent(c->tests[0].how) ? HELD_YES : HELD_NO;
	for (i = 0; i < c->count && all != HELD_NO; i++) {
		now = c->tests[i].how->holds(&c->tests[i], arg, a);
		all = now == HELD_YES ? all : now;
	}
	return all;
}

enum held rule_holds(const struct rule *r, const struct action *a)
{
	enum held all = HELD_YES, now;
	size_t i;

	if (!rule_covers(r, a->server, a->tool))
		return HELD_NO;
	for (i = 0; i < r->condition_count && all != HELD_NO; i++) {
		now = condition_holds(&r->conditions[i], a);
		all = now == HELD_YES ? all : now;
	}
	return all;
}
