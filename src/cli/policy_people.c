#include "cli/policy_people.h"

#include "base/log.h"

static int count(size_t *out, void *whose, const struct json_t *asked, struct err *e)
{
	return reviewers_people(out, whose, asked, e);
}

int policy_people_check(const struct policy *p, const struct reviewers *r, struct err *e)
{
	const struct policy_people people = { count, (void *)(uintptr_t)r };

	return policy_reviewers(p, &people, e);
}

static void warn(void *to, const char *where, const char *what)
{
	(void)to;
	log_say("warning: %s: %s", where, what);
}

int policy_people_look(const struct policy *p, const char *folder, struct err *e)
{
	scoped(reviewers) struct reviewers *r = NULL;
	char room[LAUNCH_TEXT];

	if (!policy_asks_review(p))
		return 0;
	if ((!folder && paths_config(room, e) < 0) || reviewers_load(&r, folder ? folder : room, e) < 0)
		return -1;
	reviewers_warn(r, warn, NULL);
	return policy_people_check(p, r, e);
}
