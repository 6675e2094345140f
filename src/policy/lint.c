/*
 * Rules that can never matter: an unconditional one already decides all that they speak about; or
 * they wait for a fact that no call has. The index gives the few that could stand over each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rule.h"

/* Every pattern of `narrow` is within one of `wide`. Sound because a '*' is matched by '*' only. */
static bool within(const json_t *wide, const json_t *narrow)
{
	bool found = true;
	size_t i, j;

	if (!wide || !narrow)
		return !wide;
	for (i = 0; i < names_count(narrow) && found; i++) {
		const char *text = names_at(narrow, i);

		found = false;
		for (j = 0; j < names_count(wide) && !found; j++)
			found = glob_matches(names_at(wide, j), text, strlen(text), false);
	}
	return found;
}

static bool is_unconditional(const struct rule *r)
{
	struct names n = r->names;

	n.server = NULL; /* held against the other's by shadows(), as is where a connection leads */
	return r->condition_count == 0 && !r->hours && !r->so_far && !names_ask(&n);
}

/* A refusal decides wherever it stands; what asks for a review stands before all that allows in its layer; what
 * allows only hides a later rule of its layer that allows, too. No review takes another's place. */
static bool shadows(const struct rule *over, const struct rule *r)
{
	if (over == r || !is_unconditional(over) || (r->actions & ~over->actions) ||
	    (over->file != r->file && !over->file->to_all))
		return false;
	if (!within(over->tool, r->tool) || !within(over->names.server, r->names.server) ||
	    !connects_within(over, r))
		return false;
	if (over->refuse)
		return !r->refuse || over->order < r->order;
	if (r->refuse || r->review || (r->requires & ~over->requires) || over->file->layer != r->file->layer)
		return false;
	return over->review || over->order < r->order;
}

/* Of a rule about connections the first host, and of "*.b" what it lies beneath: nothing but that is found by it. */
static struct host_named first_host(const struct rule *r, const char *tool)
{
	const char *host = names_at(r->connects[CONNECT_HOST], 0);
	struct host_named h = host ? (struct host_named){ host, strlen(host) } : tool_host(tool);

	return r->is_net ? h : (struct host_named){ NULL, 0 };
}

/* Whoever stands over a rule stands over its first tool, or its first server, as over a call. */
static const struct rule *shadow_of(const struct index *x, const struct rule *r)
{
	const char *first = r->tool ? names_at(r->tool, 0) : "*/*";
	size_t half = strcspn(first, "/");
	char server[POINTER_MOST + 1];
	const struct action a = { .kind = ACTION_TOOL_CALL,
				  .server = server,
				  .tool = first + half + 1 };
	struct walk w = walk_begin(x, &a);
	const struct host_named host = first_host(r, first + half + 1);
	const struct rule *over;

	w.host = host.at;
	w.host_size = host.size;
	snprintf(server, sizeof(server), "%.*s", (int)half, first);
	if (r->names.server && strchr(server, '*'))
		snprintf(server, sizeof(server), "%s", names_at(r->names.server, 0));
	while ((over = walk_next(&w)))
		if (shadows(over, r))
			return over;
	return NULL;
}

static enum verdict_kind says(const struct rule *r)
{
	return r->refuse ? VERDICT_REFUSE : r->review ? VERDICT_REVIEW : VERDICT_ALLOW;
}

/*
 * Refusals before reviews before what allows, because they decide from any place; each among those before it
 * that nothing stands over themselves. So no rule is held against many that say the same.
 */
static void find_shadows(const struct rule **over, const struct policy *p, enum verdict_kind kind,
			 struct index *x)
{
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < p->rule_count; i++) {
		if (says(p->rules[i]) != kind)
			continue;
		over[i] = shadow_of(x, p->rules[i]);
		if (!over[i] && is_unconditional(p->rules[i]))
			must(index_add(x, &p->rules[i], 1, &e) == 0);
	}
}

/* By what a name resolves to nobody can judge before it is allowed. */
static bool refuses_names(const struct rule *r)
{
	return r->refuse && r->connects[CONNECT_CIDR] && !r->connects[CONNECT_HOST];
}

static bool lint_rule(const struct rule *r, const struct rule *over,
		      void (*say)(void *to, const char *rule, const char *why), void *to)
{
	char text[320];

	if (!over && refuses_names(r)) {
		say(to, r->name,
		    "refuses every name, too: its address is not known when it is judged; leave networks to the "
		    "profile, or name the hosts");
		return true;
	}
	if (!over)
		return false;
	snprintf(text, sizeof(text), "can never matter: %s decides without it", over->name);
	say(to, r->name, text);
	return true;
}

size_t policy_lint(const struct policy *p, void (*say)(void *to, const char *rule, const char *why),
		   void *to)
{
	const struct rule **over = calloc(p->rule_count + 1, sizeof(*over));
	struct index x = { 0 };
	size_t found = 0, i;

	must(over);
	find_shadows(over, p, VERDICT_REFUSE, &x);
	find_shadows(over, p, VERDICT_REVIEW, &x);
	find_shadows(over, p, VERDICT_ALLOW, &x);
	for (i = 0; i < p->rule_count; i++)
		found += lint_rule(p->rules[i], over[i], say, to);
	index_free(&x);
	free(over);
	return found;
}
