#include "cli/policy_people.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

struct looking {
	const struct reviewers *reviewers;
	size_t *warned;
};

static int count(size_t *out, void *whose, const struct json_t *asked, struct err *e)
{
	const struct looking *l = whose;

	return reviewers_people(out, l->reviewers, asked, e);
}

/* The folder is not the same for root as for others, so that what was looked at has to be said. */
static int check(struct looking *l, const struct policy *p,
		 void (*look)(void *whose, const char *rule, const char *name), struct err *e)
{
	const char *path = reviewers_path(l->reviewers);
	char list[LAUNCH_TEXT + 64];
	const struct policy_people people = { count, l, list, look };

	snprintf(list, sizeof(list), "%s%s", path, access(path, F_OK) < 0 ? ", which is not there" : "");
	return policy_reviewers(p, &people, e);
}

int policy_people_check(const struct policy *p, const struct reviewers *r, struct err *e)
{
	return check(&(struct looking){ r, NULL }, p, NULL, e);
}

/* With others beside it the rule can be met; a slip in a name would go unnoticed until that person is needed. */
static void look(void *whose, const char *rule, const char *name)
{
	const struct looking *l = whose;

	if (reviewers_know(l->reviewers, name))
		return;
	log_say("warning: the rule %s asks %s, who is nobody in %s and no group beside it", rule, name,
		reviewers_path(l->reviewers));
	++*l->warned;
}

static void warn(void *to, const char *where, const char *what)
{
	const struct looking *l = to;

	log_say("warning: %s: %s", where, what);
	++*l->warned;
}

int policy_people_look(size_t *warned, const struct policy *p, const char *folder, struct err *e)
{
	scoped(reviewers) struct reviewers *r = NULL;
	struct looking l = { NULL, warned };
	char room[LAUNCH_TEXT];

	if (!policy_asks_review(p))
		return 0;
	if ((!folder && paths_config(room, e) < 0) || reviewers_load(&r, folder ? folder : room, e) < 0)
		return -1;
	l.reviewers = r;
	reviewers_warn(r, warn, &l);
	return check(&l, p, look, e);
}
