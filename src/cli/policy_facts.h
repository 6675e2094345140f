/* cli/policy_facts.h - what is known of a call besides tool and arguments, as people write it. */
#ifndef CLI_POLICY_FACTS_H
#define CLI_POLICY_FACTS_H

#include "json/json.h"
#include "model/model.h"

/* Texts are borrowed; the resource is owned. */
struct policy_facts {
	struct run_facts run;
	const char *category, *class;
	unsigned flow;
	bool flow_known;
	enum action_kind action;	/* zero: as the call says */
	uint64_t wall_us;
	json_t *resource, *scopes;
	const char *claims[CLAIMS];
	struct runtime_facts runtime;	/* what the run has done so far */
	struct risk risk;		/* its total alone */
	bool risk_known;
};

/* action, agent, owner, … workspace, category, class, flow, resource, or time ("2026-11-21T09:30Z"). */
int policy_facts_set(struct policy_facts *f, const char *key, const char *value,
		     struct err *e) must_use;
void policy_facts_free(struct policy_facts *f);
/* Is what is asked of this server a connection? What is asked of "net" is, unless it is said otherwise. */
bool policy_facts_connect(const struct policy_facts *f, const char *server);
void policy_facts_apply(struct action *a, const struct policy_facts *f);

static inline void leave_policy_facts(struct policy_facts *f)
{
	policy_facts_free(f);
}

#endif
