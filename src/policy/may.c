/* What could be allowed at all, whatever the arguments and the hour: what is listed, what is
 * started. */
#include <string.h>

#include "policy/rule.h"

/*
 * Does this rule refuse everything that is asked about? What is not known of the run refuses, as it
 * will; a category or class may be known by then.
 */
static bool bars(const struct rule *r, const struct action *a)
{
	if (!r->refuse || !rule_is_plain(r) || r->names.category || r->names.class || r->names.flow ||
	    (!a->tool && r->tool))
		return false;
	return rule_concerns(r, a) != HELD_NO && file_applies(r->file, a) != HELD_NO;
}

static bool may(const struct rule *r, const struct action *a)
{
	return !r->refuse && rule_concerns(r, a) == HELD_YES &&
	       file_applies(r->file, a) == HELD_YES;
}

/* Is there a layer that refuses what none of its rules matches, and none could allow it? */
static bool is_left_out(const struct policy *p, const struct action *a, const bool *allows)
{
	const struct file *f;
	size_t i;

	for (i = 0; i < p->file_count; i++) {
		f = p->files[i];
		if (f->refuses_unmatched && !allows[f->layer] && file_applies(f, a) != HELD_NO)
			return true;
	}
	return false;
}

/* Of one tool the index finds the rules; of a whole server all are asked. */
static const struct rule *next(const struct policy *p, struct walk *w)
{
	if (w->a->tool)
		return walk_next(w);
	return w->at < p->rule_count ? p->rules[w->at++] : NULL;
}

static bool may_allow(const struct policy *p, const struct action *a)
{
	struct walk w = { .x = &p->index, .a = a, .any_category = true };
	bool allows[POLICY_LAYERS] = { false }, any = false;
	const struct rule *r;

	while ((r = next(p, &w))) {
		if (bars(r, a))
			return false;
		if (may(r, a))
			allows[r->file->layer] = any = true;
	}
	return any && !is_left_out(p, a, allows);
}

bool policy_may_allow(const struct policy *p, const struct run_facts *run, enum action_kind kind,
		      const char *server, const char *tool)
{
	struct action a = { .kind = kind, .server = server, .tool = tool, .run = run };
	int any;

	if (!server || (tool && !text_is_plain(tool, strlen(tool))) || kind == ACTION_NET_CONNECT)
		return false;
	if (kind != ACTION_SERVER_START)
		return action_is_judged(kind) && may_allow(p, &a);
	for (any = 0; any < ACTION_KINDS; any++) {
		a.kind = (enum action_kind)any;
		if (any != ACTION_NET_CONNECT && action_is_judged(a.kind) && may_allow(p, &a))
			return true;
	}
	return false;
}
