#include "cli/policy_needs.h"

#include <stdio.h>

#include "json/json.h"

/* As a rule would have it: the largest unit that leaves nothing over. */
static void put_seconds(struct buf *out, unsigned seconds)
{
	static const struct {
		char unit;
		unsigned seconds;
	} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
	size_t i = 0;

	while (seconds % units[i].seconds)
		i++;
	buf_printf(out, "%u%c", seconds / units[i].seconds, units[i].unit);
}

static void put_names(struct buf *out, const json_t *by)
{
	size_t i;

	for (i = 0; i < json_array_size(by); i++)
		buf_printf(out, "%s%s", i ? ", " : "", json_string_value(json_array_get(by, i)));
}

void policy_need_put(struct buf *out, const struct review_need *n)
{
	size_t i;

	if (n->steps[0].by) {
		buf_printf(out, "%u of ", n->count);
		put_names(out, n->steps[0].by);
	} else {
		buf_printf(out, "any %u of all reviewers", n->count);
	}
	for (i = 1; i < n->step_count; i++) {
		buf_puts(out, "; after ");
		put_seconds(out, n->steps[i].after_s);
		buf_puts(out, " also of ");
		put_names(out, n->steps[i].by);
	}
	buf_puts(out, "; within ");
	put_seconds(out, n->within_s);
}

static bool same_people(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

static bool same(const struct review_need *a, const struct review_need *b)
{
	size_t i;

	if (a->count != b->count || a->within_s != b->within_s || a->wait_s != b->wait_s ||
	    a->step_count != b->step_count)
		return false;
	for (i = 0; i < a->step_count; i++)
		if (a->steps[i].after_s != b->steps[i].after_s || !same_people(a->steps[i].by, b->steps[i].by))
			return false;
	return true;
}

/* Each of the one takes one of the other, so that two that ask the same are not one. */
bool policy_needs_same(const struct verdict *a, const struct verdict *b)
{
	bool taken[REVIEWS] = { false };
	size_t i, k;

	if (a->review_count != b->review_count)
		return false;
	for (i = 0; i < a->review_count; i++) {
		for (k = 0; k < b->review_count && (taken[k] || !same(a->reviews[i], b->reviews[k])); k++)
			;
		if (k == b->review_count)
			return false;
		taken[k] = true;
	}
	return true;
}
