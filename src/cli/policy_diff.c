#include "cli/policy_diff.h"

#include <stdio.h>

#include "cli/policy_cases.h"

/* The rule that decides may have another name: only what is decided counts, and why. */
static bool same(const struct verdict *a, const struct verdict *b)
{
	return a->kind == b->kind && a->reason == b->reason;
}

static void print_verdict(const struct verdict *v)
{
	printf("%s %s%s%s", verdict_word(v), reason_word(v->reason),
	       v->rule ? "=" : "", v->rule ? v->rule : "");
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
