/*
 * Could anything be allowed of this host? What is asked about is every connection to it at once: a rule
 * that refuses counts if it refuses all of them, one that allows if it allows some.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rule.h"

enum { NAME_MOST = 300 };

struct asking {
	const struct policy *p;
	struct action a;
	char name[NAME_MOST];	/* "HOST:", to which a port belongs */
	const struct rule *bars;
	bool allows[POLICY_LAYERS];
};

/* The digits that a pattern ends in, whatever '*' stands among them. */
static void last_digits(char out[8], const char *pattern)
{
	const char *at = pattern + strlen(pattern);
	size_t size = 0;

	while (at > pattern && strchr("0123456789*", at[-1]))
		at--;
	for (; *at && size < 6; at++)
		if (*at != '*')
			out[size++] = *at;
	out[size] = '\0';
}

static bool fits_port(const char *pattern, const char *name, const char *before, const char *digits)
{
	char tool[NAME_MOST + 16], *port = tool + strlen(name);

	snprintf(tool, sizeof(tool), "%s%s%s", name, before, digits);
	return *port >= '1' && strtol(port, NULL, 10) <= 65535 && tool_matches(pattern, "net", tool);
}

/* A '*' at the end takes every port, unless the pattern wants something before that is not there without one. */
static bool fits_all(const char *pattern, const char *name)
{
	return pattern[strlen(pattern) - 1] == '*' && tool_matches(pattern, "net", name);
}

static bool fits_some(const char *pattern, const char *name)
{
	char digits[8];

	last_digits(digits, pattern);
	return fits_port(pattern, name, "", digits) || fits_port(pattern, name, "1", digits) ||
	       fits_port(pattern, name, "1", "");
}

static bool some_tool(const struct rule *r, const char *name, bool (*fits)(const char *pattern, const char *name))
{
	size_t i;

	for (i = 0; i < names_count(r->tool); i++)
		if (fits(names_at(r->tool, i), name))
			return true;
	return !r->tool;
}

/* Of whom, and of which host. */
static enum held stands(const struct rule *r, const struct asking *q)
{
	enum held all = held_and(rule_concerns(r, &q->a), file_applies(r->file, &q->a));

	all = held_and(all, connect_holds(r, &q->a, CONNECT_HOST));
	return held_and(all, connect_holds(r, &q->a, CONNECT_CIDR));
}

/* The host is known; of all else that a condition may ask about only something of it is. */
static enum held hold_of_host(const struct rule *r, const struct asking *q, enum held of_others)
{
	enum held all = HELD_YES;
	size_t i;

	for (i = 0; i < r->condition_count; i++)
		all = held_and(all, r->conditions[i].pointer && strcmp(r->conditions[i].pointer, "/host") == 0
					    ? condition_holds(&r->conditions[i], &q->a)
					    : of_others);
	return all;
}

static bool bars(const struct rule *r, const struct asking *q)
{
	return hold_of_host(r, q, HELD_NO) != HELD_NO && !r->hours && !r->so_far && !r->names.category && !r->names.class && !r->names.flow &&
	       !r->connects[CONNECT_PORT] && !r->connects[CONNECT_SCHEME] && !r->connects[CONNECT_METHOD] &&
	       !r->connects[CONNECT_PATH] && some_tool(r, q->name, fits_all) && stands(r, q) != HELD_NO;
}

/* Unix sockets have no host. */
static bool of_sockets_alone(const struct rule *r)
{
	const json_t *schemes = r->connects[CONNECT_SCHEME];
	size_t i;

	for (i = 0; i < json_array_size(schemes); i++)
		if (strcmp(json_string_value(json_array_get(schemes, i)), "unix") != 0)
			return false;
	return schemes && (json_is_array(schemes) || strcmp(json_string_value(schemes), "unix") == 0);
}

/* What a connection never has, or has not to this host. */
static bool may(const struct rule *r, const struct asking *q)
{
	if (of_sockets_alone(r) || r->names.category || r->names.class || (r->names.flow && flow_holds(r->names.flow, &q->a) != HELD_YES))
		return false;
	return hold_of_host(r, q, HELD_YES) == HELD_YES && some_tool(r, q->name, fits_some) && stands(r, q) == HELD_YES;
}

static bool decides_before(const struct rule *r, const struct rule *other)
{
	if (!other || r->file->layer != other->file->layer)
		return !other || r->file->layer < other->file->layer;
	return r->order < other->order;
}

static void ask_rules(struct asking *q)
{
	struct walk w = walk_begin(&q->p->index, &q->a);
	const struct rule *r;

	while ((r = walk_next(&w))) {
		if (r->refuse && bars(r, q) && decides_before(r, q->bars))
			q->bars = r;
		if (!r->refuse && may(r, q))
			q->allows[r->file->layer] = true;
	}
}

static struct verdict refused_by(const struct rule *r, const struct asking *q)
{
	bool sure = held_and(stands(r, q), hold_of_host(r, q, HELD_NO)) == HELD_YES;
	struct verdict v = { .reason = sure ? REASON_RULE_REFUSES : REASON_UNDECIDABLE,
			     .rule = r->name,
			     .why = r->why };

	v.layers[r->file->layer] = (struct layer_said){ .word = sure ? SAID_REFUSE : SAID_UNDECIDABLE,
							.by = r->name,
							.why = r->why,
							.controls = r->controls };
	return v;
}

/* A layer that refuses what none of its rules matches, and none could match this. */
static const struct file *left_out(const struct asking *q)
{
	const struct file *f, *widest = NULL;
	size_t i;

	for (i = 0; i < q->p->file_count; i++) {
		f = q->p->files[i];
		if (f->refuses_unmatched && !q->allows[f->layer] && file_applies(f, &q->a) != HELD_NO &&
		    (!widest || f->layer < widest->layer))
			widest = f;
	}
	return widest;
}

static bool may_connect(struct asking *q, struct verdict *why_not)
{
	const struct file *f;
	bool any = false;
	size_t i;

	ask_rules(q);
	if (q->bars) {
		*why_not = refused_by(q->bars, q);
		return false;
	}
	for (i = 0; i < POLICY_LAYERS; i++)
		any = any || q->allows[i];
	f = left_out(q);
	if (any && !f)
		return true;
	*why_not = (struct verdict){ .reason = REASON_NO_RULE };
	if (f)
		why_not->layers[f->layer] = (struct layer_said){ .word = SAID_UNMATCHED, .by = f->name };
	return false;
}

bool policy_may_connect(const struct policy *p, const struct run_facts *run, const char *host,
			struct verdict *why_not)
{
	struct asking q = { .p = p };
	scoped(json) json_t *args = NULL;

	*why_not = (struct verdict){ .reason = REASON_UNDECIDABLE };
	if (!host || !connect_host_is_one(host))
		return false;
	args = json_pack("{s:s}", "host", host);
	if (!args)
		return false;
	q.a = (struct action){ .kind = ACTION_NET_CONNECT,
			       .server = "net",
			       .args = args,
			       .run = run,
			       .flow = FLOW_READS_UNTRUSTED | FLOW_SENDS_OUTSIDE,
			       .flow_known = true };
	snprintf(q.name, sizeof(q.name), strchr(host, ':') ? "[%s]:" : "%s:", host);
	return may_connect(&q, why_not);
}
