/* The policy of a run: read and checked before anything starts, and again whenever the operator asks for that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/policy_people.h"
#include "cli/wish.h"
#include "policy/policy.h"

void read_policy_free(struct read_policy *p)
{
	policy_files_free(&p->files);
	free(p->bytes);
	*p = (struct read_policy){ 0 };
}

/* Without --policy: the user's directory, if there is one; otherwise nothing is allowed. */
static int read_files(struct read_policy *out, struct wish *w, struct err *e)
{
	if (w->policy)
		return policy_dir_load(&out->files, w->policy, e);
	snprintf(w->policy_room, sizeof(w->policy_room), "%s/policies", w->config);
	return access(w->policy_room, R_OK) == 0 ? policy_dir_load(&out->files, w->policy_room, e) : 0;
}

/*
 * Read here as the broker will read it, so that an error is the operator's and nothing starts; and whoever is asked for
 * a review must be among those whom this run was begun with.
 */
static int check(struct read_policy *p, const struct reviewers *known, struct err *e)
{
	scoped(policy) struct policy *whole = NULL;
	size_t i;

	if (policy_new(&whole, e) < 0)
		return -1;
	p->bytes = calloc(p->files.count + 1, sizeof(*p->bytes));
	if (!p->bytes)
		return err_sys(e, "memory for policies");
	for (i = 0; i < p->files.count; i++) {
		const struct policy_file *f = &p->files.at[i];

		if (policy_add_from(whole, f->name, f->path, f->bytes, f->size, e) < 0)
			return -1;
		p->bytes[i] = (struct policy_bytes){ f->name, f->bytes, f->size };
	}
	return policy_people_check(whole, known, e);
}

static int read_whole(struct read_policy *out, struct wish *w, struct err *e)
{
	return read_files(out, w, e) < 0 ? -1 : check(out, w->reviewers, e);
}

int wish_read_policy(struct wish *w, struct err *e)
{
	if (read_whole(&w->rules, w, e) < 0)
		return -1;
	w->ask.policy = (struct policy_set){ .at = w->rules.bytes, .count = w->rules.files.count };
	return 0;
}

int wish_reload_policy(void *wish, struct policy_set *out, struct err *e)
{
	struct wish *w = wish;

	read_policy_free(&w->again);
	if (read_whole(&w->again, w, e) < 0 || wish_check_signed(w, &w->again, e) < 0)
		return -1;
	*out = (struct policy_set){ w->again.bytes, w->again.files.count, w->again.by[0] ? w->again.by : NULL };
	return 0;
}

void wish_say_without_policy(const struct wish *w)
{
	if (!w->policy && access(w->policy_room, R_OK) < 0)
		log_say("no --policy and no %s: every call%s will be refused", w->policy_room,
			w->network ? " and connection" : "");
}
