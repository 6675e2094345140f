/* One rule against one action. */
#include "policy/rule.h"

#include <stdlib.h>
#include <string.h>

void test_free(struct test *t)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		test_free(&t->below[i]);
	free(t->below);
}

void rule_free(struct rule *r)
{
	size_t i;

	if (!r)
		return;
	for (i = 0; i < r->condition_count; i++)
		test_free(&r->conditions[i].all);
	free(r->name);
	free(r->hours);
	free(r->so_far);
	free(r->review);
	free(r->conditions);
	free(r);
}

size_t names_count(const json_t *names)
{
	return json_is_array(names) ? json_array_size(names) : names ? 1 : 0;
}

const char *names_at(const json_t *names, size_t i)
{
	return json_string_value(json_is_array(names) ? json_array_get(names, i) : names);
}

enum held names_hold(const json_t *names, const char *text)
{
	size_t size = text ? strlen(text) : 0, i;

	if (!text)
		return HELD_UNKNOWN;
	for (i = 0; i < names_count(names); i++)
		if (glob_matches(names_at(names, i), text, size, false))
			return HELD_YES;
	return text_is_plain(text, size) ? HELD_NO : HELD_UNKNOWN;
}

bool names_ask(const struct names *n)
{
	bool asks = n->server || n->category || n->class || n->flow || n->scope;
	int i;

	for (i = 0; i < PARTIES; i++)
		asks = asks || n->party[i];
	return asks;
}

/* Two patterns with a '*' each are taken to meet somewhere. */
static bool disjoint(const char *a, const char *b)
{
	if (strchr(a, '*') && strchr(b, '*'))
		return false;
	return strchr(a, '*') ? !glob_matches(a, b, strlen(b), false)
			      : !glob_matches(b, a, strlen(a), false);
}

bool names_disjoint(const json_t *some, const json_t *others)
{
	size_t i, j;

	for (i = 0; i < names_count(some); i++)
		for (j = 0; j < names_count(others); j++)
			if (!disjoint(names_at(some, i), names_at(others, j)))
				return false;
	return some && others;
}

bool tool_matches(const char *pattern, const char *server, const char *tool)
{
	const char *slash = strchr(pattern, '/');
	char half[POINTER_MOST + 1];
	size_t size = (size_t)(slash - pattern);

	memcpy(half, pattern, size); /* rules_read() bounds patterns to POINTER_MOST */
	half[size] = '\0';
	return glob_matches(half, server, strlen(server), false) &&
	       (!tool || glob_matches(slash + 1, tool, strlen(tool), false));
}

bool rule_covers(const struct rule *r, const char *server, const char *tool)
{
	bool covers = !r->tool;
	size_t i;

	for (i = 0; i < names_count(r->tool) && !covers; i++)
		covers = tool_matches(names_at(r->tool, i), server, tool);
	return covers && (!r->names.server || names_hold(r->names.server, server) == HELD_YES);
}

/* Any of what the agent is for will do; one that is said to be for nothing is for nothing. */
enum held scopes_hold(const json_t *names, const struct action *a)
{
	const json_t *scopes = a->run ? a->run->scopes : NULL;
	enum held best = HELD_NO, now;
	size_t i;

	if (!json_is_array(scopes))
		return HELD_UNKNOWN;
	for (i = 0; i < json_array_size(scopes) && best != HELD_YES; i++) {
		now = names_hold(names, json_string_value(json_array_get(scopes, i)));
		best = now == HELD_NO ? best : now;
	}
	return best;
}

/* Each that is asked about must hold; what is not known makes the whole unknown. */
static enum held parties_hold(const struct names *n, const struct action *a)
{
	enum held all = HELD_YES;
	int i;

	for (i = 0; i < PARTIES && all != HELD_NO; i++)
		if (n->party[i])
			all = held_and(all,
				       names_hold(n->party[i], a->run ? a->run->party[i] : NULL));
	return n->scope && all != HELD_NO ? held_and(all, scopes_hold(n->scope, a)) : all;
}

enum held file_applies(const struct file *f, const struct action *a)
{
	if (f->to_all)
		return HELD_YES;
	if (f->applies.server && names_hold(f->applies.server, a->server) == HELD_NO)
		return HELD_NO;
	return parties_hold(&f->applies, a);
}

enum held rule_concerns(const struct rule *r, const struct action *a)
{
	if (!rule_speaks(r, a->kind) || !rule_covers(r, a->server, a->tool))
		return HELD_NO;
	return parties_hold(&r->names, a);
}

/* Any of the tool's labels will do; a tool without labels flows nowhere, one that nobody labelled may. */
enum held flow_holds(const json_t *names, const struct action *a)
{
	unsigned bit;

	for (bit = 1; flow_word(bit); bit <<= 1)
		if ((a->flow & bit) && names_hold(names, flow_word(bit)) == HELD_YES)
			return HELD_YES;
	return a->flow_known ? HELD_NO : HELD_UNKNOWN;
}

enum held rule_stands(const struct rule *r, const struct action *a, bool by_tool)
{
	enum held all;

	if (r->is_open && (by_tool || !r->tool))
		return rule_speaks(r, a->kind) ? HELD_YES : HELD_NO;
	all = rule_concerns(r, a);
	if (r->names.category)
		all = held_and(all, names_hold(r->names.category, a->category));
	if (r->names.class)
		all = held_and(all, names_hold(r->names.class, a->class));
	if (r->names.flow)
		all = held_and(all, flow_holds(r->names.flow, a));
	return all;
}

bool rule_is_plain(const struct rule *r)
{
	return r->condition_count == 0 && !r->hours && !r->so_far && !r->asks_connect;
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

const json_t *rule_argument(const struct action *a, const char *pointer, enum held *missing)
{
	char part[POINTER_MOST + 1];
	json_t *found = a->args && pointer ? json_at(a->args, pointer) : NULL;
	size_t size = pointer ? strlen(pointer) : 0;

	*missing = pointer || a->resource ? HELD_NO : HELD_UNKNOWN;
	if (!pointer)
		return a->resource;
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

/* No arguments are some that hold nothing. */
static enum held whole_holds(const struct condition *c, const struct action *a)
{
	struct asked q = { .a = a, .arg = a->args };

	return c->all.below[0].how->holds(&c->all.below[0], &q);
}

enum held condition_holds(const struct condition *c, const struct action *a)
{
	struct asked q = { .a = a };
	enum held missing;

	if (c->pointer && !*c->pointer)
		return whole_holds(c, a);
	q.arg = rule_argument(a, c->pointer, &missing);
	return !q.arg && missing == HELD_UNKNOWN ? HELD_UNKNOWN : test_holds(&c->all, &q);
}

enum held rule_holds(const struct rule *r, const struct action *a, bool by_tool)
{
	enum held all = rule_stands(r, a, by_tool);
	size_t i;

	if (r->hours && all != HELD_NO)
		all = held_and(all, hours_hold(r->hours, a->wall_us));
	if (r->so_far && all != HELD_NO)
		all = held_and(all, so_far_holds(r->so_far, a));
	if (r->asks_connect && all != HELD_NO)
		all = held_and(all, connects_hold(r, a));
	for (i = 0; i < r->condition_count && all != HELD_NO; i++)
		all = held_and(all, condition_holds(&r->conditions[i], a));
	return all;
}
