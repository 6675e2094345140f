/*
 * How risky an action is: a sum, each part of which has a reason of its own that the record tells. What is
 * not known counts as what it may be at worst, so nothing gets less by being hidden. reeve-policy(5), RISK.
 */
#include <string.h>

#include "policy/read.h"

enum { CLASS_UNKNOWN = 3, NEW = 2, FEW = 3, MANY = 10, MOST = 12 };

static unsigned of_class(const char *class)
{
	static const struct {
		const char *word;
		unsigned points;
	} classes[] = { { "critical", 4 }, { "high", 3 }, { "medium", 2 }, { "low", 1 } };
	size_t i;

	for (i = 0; class && i < count_of(classes); i++)
		if (strcmp(classes[i].word, class) == 0)
			return classes[i].points;
	return CLASS_UNKNOWN;
}

/* A tool that nobody labelled may send. */
static unsigned of_taint(const struct action *a, unsigned taint)
{
	unsigned read = 0, bit;

	for (bit = 1; taint_word(bit); bit <<= 1)
		read += (taint & bit) != 0;

	return !a->flow_known || (a->flow & FLOW_SENDS_OUTSIDE) ? 2 * read : read;
}

struct risk policy_risk(const struct action *a, const struct risk_facts *f)
{
	struct risk risk = { .part = {
		[RISK_CLASS] = of_class(a->class),
		[RISK_TAINT] = of_taint(a, f->taint),
		[RISK_NOVELTY] = f->is_new ? NEW : 0,
		[RISK_REPEAT] = f->alike >= MANY ? 2 : f->alike >= FEW ? 1 : 0,
	} };
	int i;

	for (i = 0; i < RISK_PARTS; i++)
		risk.total += risk.part[i];
	return risk;
}

enum held risk_holds(const struct so_far *s, const struct action *a)
{
	if (!s->risk)
		return HELD_YES;
	if (!a->risk)
		return HELD_UNKNOWN;
	return a->risk->total >= s->least_risk ? HELD_YES : HELD_NO;
}

static const struct json_member members[] = {
	{ "least", JSON_INTEGER, JSON_MAY }, { "above", JSON_INTEGER, JSON_MAY }, { NULL, JSON_NULL, JSON_MAY },
};

int read_risk(struct so_far *s, struct reading *r, const json_t *when, struct err *e)
{
	const json_t *least, *above;
	json_int_t from;

	s->risk = json_object_get(when, "risk");
	if (!s->risk)
		return 0;
	if (json_members(r->f, below(r, "risk"), members, e) < 0)
		return -1;
	least = json_object_get(s->risk, "least");
	above = json_object_get(s->risk, "above");
	from = least ? json_integer_value(least) : json_integer_value(above) + 1;
	if (!least == !above || from < 1 || from > MOST)
		return json_wrong(r->f, here(r), false, e,
				  "\"risk\": expected { \"least\": 6 } or { \"above\": 5 }: no risk is less than 0 or more than %d",
				  MOST);
	s->least_risk = (unsigned)from;
	return 0;
}
