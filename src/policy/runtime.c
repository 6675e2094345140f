/*
 * What rules of the layer runtime ask of the run so far: reeve-policy(5), RUNTIME. Nothing is counted
 * here: whoever keeps the state of the run hands over what it has found. What nobody has found out cannot be
 * judged.
 */
#include "policy/rule.h"

const char *gauge_word(enum meter_kind k)
{
	static const char *const words[] = {
		[METER_CALLS] = "calls", [METER_REPEATED] = "repeated", [METER_REFUSALS] = "refusals",
		[METER_SPENT] = "spent",
	};

	must(k < METER_KINDS);
	return words[k];
}

static struct reading_of reading(const struct gauge *g, const struct runtime_facts *facts)
{
	if (!facts)
		return (struct reading_of){ 0 };
	return facts->meters ? facts->meters[g->index] : facts->kinds[g->meter.kind];
}

enum held gauge_holds(const struct gauge *g, const struct action *a, struct reading_of *found)
{
	*found = (struct reading_of){ 0 };
	if (!g->said)
		return HELD_YES;
	*found = reading(g, a->runtime);
	if (!found->known)
		return HELD_UNKNOWN;
	return found->least > g->above ? HELD_YES : found->most > g->above ? HELD_UNKNOWN : HELD_NO;
}

enum held taint_holds(const struct so_far *s, const struct action *a)
{
	if (!s->taint)
		return HELD_YES;
	if (!a->runtime || !a->runtime->taint_known)
		return HELD_UNKNOWN;
	return (s->taints & ~a->runtime->taint) == 0 ? HELD_YES : HELD_NO;
}

enum held so_far_holds(const struct so_far *s, const struct action *a)
{
	enum held all = held_and(taint_holds(s, a), risk_holds(s, a));
	struct reading_of found;
	int i;

	for (i = 0; i < METER_KINDS && all != HELD_NO; i++)
		all = held_and(all, gauge_holds(&s->gauges[i], a, &found));
	return all;
}
