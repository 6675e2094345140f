#include "cli/policy_people.h"

static int count(size_t *out, void *whose, const struct json_t *asked, struct err *e)
{
	return reviewers_people(out, whose, asked, e);
}

int policy_people_check(const struct policy *p, const struct reviewers *r, struct err *e)
{
	const struct policy_people people = { count, (void *)(uintptr_t)r };

	return policy_reviewers(p, &people, e);
}
