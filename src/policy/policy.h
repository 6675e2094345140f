/* policy/policy.h - what may be asked: a pure function of policy and action. No clock, no descriptor. */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>

#include "base/scope.h"
#include "json/json.h"
#include "model/model.h"

struct policy;

enum { POLICY_MOST = 8 << 20 };	/* bytes of one policy file */

/* An empty policy: it refuses everything. */
int policy_new(struct policy **out, struct err *e) must_use;
void policy_free(struct policy *p);
SCOPED(policy, struct policy *, policy_free)

/*
 * Add one file's bytes (borrowed during the call). `name` is its base name without ".json" and
 * becomes part of every rule's id. On failure the error names file, line and column, and the policy
 * is as it was.
 */
int policy_add(struct policy *p, const char *name, const char *bytes, size_t size,
	       struct err *e) must_use;

/* The same, where the file's path is known: errors name that instead of `name`. */
int policy_add_from(struct policy *p, const char *name, const char *path, const char *bytes,
		    size_t size, struct err *e) must_use;

/*
 * The questions about paths ("under") that rules which may match this action ask. Fills
 * action->facts (root, path; yes = false) and fact_count, for the caller to answer. false: more
 * than ACTION_FACTS, which the caller must treat as undecidable.
 */
bool policy_questions(const struct policy *p, struct action *a);

/* A question nobody answered counts as not beneath; so does any error while judging. */
struct verdict policy_decide(const struct policy *p, const struct action *a);

/* Could any rule ever allow this tool (NULL: some tool) of this server? What it could not is not listed. */
bool policy_may_allow(const struct policy *p, const char *server, const char *tool);

size_t policy_rule_count(const struct policy *p);

/* Names every rule that can never matter and the rule that decides before it; how many there are. */
size_t policy_lint(const struct policy *p, void (*say)(void *to, const char *rule, const char *by),
		   void *to);

#endif
