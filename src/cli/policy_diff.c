#include "cli/policy_diff.h"

#include <stdio.h>

#include "base/scope.h"
#include "cli/policy_cases.h"
#include "cli/policy_needs.h"

/* The rule that decides may have another name: only what is decided counts, why, and who is asked. */
static bool same(const struct verdict *a, const struct verdict *b)
{
	return a->kind == b->kind && a->reason == b->reason && policy_needs_same(a, b);
}

static void print_verdict(const struct verdict *v)
{
	size_t i;

	printf("%s %s%s%s", verdict_word(v), reason_word(v->reason),
	       v->rule ? "=" : "", v->rule ? v->rule : "");
	for (i = 0; i < v->review_count; i++) {
		scoped(buf) struct buf need = BUF(8192);

		policy_need_put(&need, v->reviews[i]);
		printf("%s%s", i ? " and " : " by ", need.over ? "many" : buf_text(&need));
	}
}

static void compare(void *whose, const struct case_row *r, struct action *a)
{
	struct policy_diff *d = whose;
	struct verdict before = policy_judge(d->before, a, d->workspace);
	struct verdict after = policy_judge(d->after, a, d->workspace);

	if (same(&before, &after)) {
		d->same++;
		return;
	}
	d->changed++;
	printf("%s:%zu: %s%s%s: ", r->path, r->line, r->server, r->tool ? "/" : "",
	       r->tool ? r->tool : "");
	print_verdict(&before);
	printf(" -> ");
	print_verdict(&after);
	printf("\n");
}

int policy_diff_cases(struct policy_diff *d, const char *path, struct err *e)
{
	return policy_cases_each(path, compare, d, e);
}
