/* Every meter of a policy, once: what keeps the state of a run keeps so many and no more. */
#include <string.h>

#include "policy/rule.h"

static bool is_same(const struct meter *a, const struct meter *b)
{
	return a->kind == b->kind && a->of == b->of && a->within_ns == b->within_ns && a->last == b->last &&
	       a->across == b->across && !a->arg == !b->arg && (!a->arg || strcmp(a->arg, b->arg) == 0);
}

static int add_meter(struct policy *p, struct gauge *g, const char *rule, struct err *e)
{
	struct meter *m;

	for (g->index = 0; g->index < p->meter_count; g->index++)
		if (is_same(&p->meters[g->index], &g->meter))
			break;
	if (g->index == METERS)
		return err_set(e, ERR_LIMIT, "%s: the rules count more than %d different things; let some count alike",
			       rule, METERS);
	m = &p->meters[g->index];
	if (g->index == p->meter_count) {
		*m = g->meter;
		p->meter_count++;
	}
	if (m->most < g->meter.most)
		m->most = g->meter.most;
	return 0;
}

int meters_add(struct policy *p, struct rule *const *rules, size_t count, struct err *e)
{
	struct so_far *s;
	size_t i, before = p->meter_count;
	int k;

	for (i = 0; i < count; i++) {
		s = rules[i]->so_far;
		for (k = 0; s && k < METER_KINDS; k++)
			if (s->gauges[k].said && add_meter(p, &s->gauges[k], rules[i]->name, e) < 0) {
				p->meter_count = before;
				return -1;
			}
	}
	return 0;
}

const struct meter *policy_meters(const struct policy *p, size_t *count)
{
	*count = p->meter_count;
	return p->meters;
}
