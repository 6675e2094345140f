/*
 * The policy is read anew while the run goes on: all of it or nothing. It is built beside the one in force, recorded,
 * and only then put in its place, between two calls. What is being asked then is judged by the new one; what is held
 * was judged by the old one, and is taken back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "broker/broker.h"

struct adoption {
	struct broker *broker;
	struct policy *policy;	/* owned; NULL: the old one stays */
	char digest[SEAL_DIGEST_TEXT], why[256], by[193];
};

/* Its words stand in verdicts that are still to be told, and in questions that are still to be answered. */
struct retired {
	SLIST_ENTRY(retired) next;
	struct policy *policy;
	uint64_t tag;		/* calls up to this one may know it */
};

int reload_begin(struct broker *b, struct msg *m, struct err *e)
{
	(void)m;
	if (b->fresh)
		return err_set(e, ERR_PEER, "RELOAD before ADOPT");
	b->fresh_why[0] = '\0';
	return policy_new(&b->fresh, e);
}

int reload_rules(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	scoped(buf) struct buf bytes = BUF(POLICY_MOST + 65536);
	struct err why = { 0 };
	char name[512];

	if (!unpack_copy(&u, name, sizeof(name)) || !unpack_done(&u) || !b->fresh)
		return err_set(e, ERR_PEER, "malformed RULES, or without RELOAD");
	if (b->fresh_why[0])
		return 0;
	if (setup_read(&bytes, m->fds[0], &why) < 0 || policy_add(b->fresh, name, bytes.data, bytes.size, &why) < 0)
		snprintf(b->fresh_why, sizeof(b->fresh_why), "%s", why.text);
	return 0;
}

/* --- when it is durable --- */

static int answer(struct broker *b, const char *why, struct err *e)
{
	return wire_send_text(&b->launcher, MSG_ADOPTED, 0, why, e) < 0 ? err_in(e, "launcher") : 0;
}

static void tell_lists(struct broker *b)
{
	struct server *s;
	int which;

	for (s = b->servers; s < b->servers + b->server_count; s++)
		for (which = 0; which < MCP_LISTS; which++)
			if (which == MCP_TOOL_LIST || s->lists[which].offered)
				agents_tell_changed(b, s, (enum mcp_list)which);
}

static int swap(struct broker *b, struct adoption *a, struct err *e)
{
	struct retired *r = calloc(1, sizeof(*r));

	if (!r)
		return err_sys(e, "memory for a policy");
	*r = (struct retired){ .policy = b->policy, .tag = b->tag + TAG_STEP - 1 };
	SLIST_INSERT_HEAD(&b->retired, r, next);
	b->policy = take(&a->policy);
	b->policy_number++;
	snprintf(b->policy_digest, sizeof(b->policy_digest), "%s", a->digest);
	runtime_follow(b->runtime, b->policy);
	alerts_follow(b->alerts, b->policy);
	if (hold_withdraw_all(b, e) < 0)
		return -1;
	tell_lists(b);
	return 0;
}

static int proved(void *adoption, struct receipt *proof, struct err *e)
{
	struct adoption *a = adoption;
	int done = 0;

	receipt_free(proof);
	if (a->policy)
		done = swap(a->broker, a, e);
	if (done == 0)
		done = answer(a->broker, a->why, e);
	policy_free(a->policy);
	free(a);
	return done;
}

static int record(struct adoption *a, struct err *e)
{
	struct broker *b = a->broker;
	struct commit_policy p = { .policy = a->policy ? a->digest : b->policy_digest,
				   .before = b->policy_digest,
				   .status = a->policy ? "adopted" : "kept",
				   .why = a->why[0] ? a->why : NULL,
				   .by = a->policy && a->by[0] ? a->by : NULL };

	return commit_policy(&b->commits, &p, (struct commit_then){ proved, a }, e);
}

int reload_adopt(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	struct adoption *a = calloc(1, sizeof(*a));
	char why[sizeof(a->why)];

	if (!a)
		return err_sys(e, "memory for a policy");
	a->broker = b;
	a->policy = take(&b->fresh);
	if (!unpack_copy(&u, a->digest, sizeof(a->digest)) || !unpack_copy(&u, why, sizeof(why)) ||
	    !unpack_copy(&u, a->by, sizeof(a->by)) || !unpack_done(&u) || !a->policy) {
		policy_free(a->policy);
		free(a);
		return err_set(e, ERR_PEER, "malformed ADOPT, or without RELOAD");
	}
	snprintf(a->why, sizeof(a->why), "%s", why[0] ? why : b->fresh_why);
	if (!a->why[0] && !a->digest[0])
		snprintf(a->why, sizeof(a->why), "it has no digest");
	if (a->why[0]) {
		policy_free(a->policy);
		a->policy = NULL;
	}
	return record(a, e);
}

/* --- what was asked under the one before --- */

static bool is_known(const struct broker *b, const struct retired *r)
{
	const struct call *c;

	TAILQ_FOREACH(c, &b->calls, all)
		if (c->tag <= r->tag)
			return true;
	return false;
}

void reload_tidy(struct broker *b)
{
	struct retired *r, *next;

	for (r = SLIST_FIRST(&b->retired); r; r = next) {
		next = SLIST_NEXT(r, next);
		if (is_known(b, r))
			continue;
		SLIST_REMOVE(&b->retired, r, retired, next);
		policy_free(r->policy);
		free(r);
	}
}
