/* policy/policy.h - what may be asked: a pure function of policy and action. No clock, no descriptor. */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>

#include "base/scope.h"
#include "json/json.h"
#include "model/model.h"

struct policy;

enum {
	POLICY_MOST = 8 << 20,	/* bytes of one policy file */
	POLICY_FILES = 256,
};

/* Three answers, because "I cannot tell" must not let a refusal slip by: see decide.c. */
enum held { HELD_NO, HELD_YES, HELD_UNKNOWN };

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

/*
 * Could the policy ever allow this to this run: this kind of action on this tool, prompt or URI
 * (NULL: some) of this server? What it could not is not listed. ACTION_SERVER_START: any kind. Of
 * connections policy_may_connect() knows.
 */
bool policy_may_allow(const struct policy *p, const struct run_facts *run, enum action_kind kind,
		      const char *server, const char *tool);

/*
 * Could some rule, at some port and in some way, allow net.connect to this host (in its one form)? Only
 * then is a program told a name's address. false: *why_not is the refusal to record. What is true may
 * still be refused when the connection is asked for; what is refused here never is allowed there.
 */
bool policy_may_connect(const struct policy *p, const struct run_facts *run, const char *host,
			struct verdict *why_not);

/* A connection, as far as it is known: NULL and 0 are not. */
struct policy_route {
	const char *host;
	unsigned port;
	const char *scheme, *method, *path;	/* of a unix socket only the path, and the scheme */
};

/*
 * The smallest rule that would allow it, as one line of JSON, by the end of which nothing but ASCII has been
 * written. false: there is none that may be written (a host or path that cannot be judged), or no room.
 */
bool net_smallest_rule(char *out, size_t room, const struct policy_route *to);

/*
 * What rules of the layer runtime count: of whom, how far back, and up to what it must be known. The
 * readings of struct runtime_facts follow this order.
 */
enum meter_of { OF_RUN, OF_SERVER, OF_CATEGORY, OF_TOOL, OF_CALL, METER_OFS };

enum {
	METERS = 64,
	METER_STAMPS = 1000,	/* calls within a time, or refusals among calls, that can be counted */
};

struct meter {
	enum meter_kind kind;
	enum meter_of of;
	uint64_t within_ns;	/* 0: the whole run */
	unsigned last;		/* of refusals: among so many */
	unsigned most;		/* of a time: more than this need not be told apart */
	bool across;		/* over all runs of the agent, and this one */
	const char *arg;	/* of what was spent: which argument says how much; borrowed */
};

const struct meter *policy_meters(const struct policy *p, size_t *count);

/*
 * Is there somebody behind every list of a rule that asks for a review, and enough of them for what it asks? -1:
 * the file, line and column of the first that has not. `people` says how many different people could approve of
 * those asked: an array of reviewers and groups, or NULL for whoever may review at all.
 */
struct policy_people {
	int (*count)(size_t *out, void *whose, const struct json_t *asked, struct err *e);
	void *whose;
	const char *list;	/* where their keys would be: what to say of it, or NULL */
	void (*look)(void *whose, const char *rule, const char *name);	/* NULL, or told of each name */
};

int policy_reviewers(const struct policy *p, const struct policy_people *people, struct err *e) must_use;
bool policy_asks_review(const struct policy *p);

enum { SPENT_PARTS = 1000000 };	/* what was spent is counted in millionths */

/*
 * What this action would spend by such a meter, in millionths: exact for up to 15 digits and six of them behind
 * the point; of what has more the last is rounded up. false: it is no number of 0 or more.
 */
bool policy_spends(uint64_t *amount, const struct meter *m, const struct action *a);

/* What an action's risk is made of beside the action itself. */
struct risk_facts {
	unsigned taint;		/* flow bits: what the run has read */
	bool is_new;		/* the agent has never used this tool */
	double alike;		/* the same calls of the last RISK_TIME, this one among them */
};

enum { RISK_TIME = 600 };	/* seconds */

struct risk policy_risk(const struct action *a, const struct risk_facts *f);

/* --- alerts: what somebody is told of. They allow and refuse nothing. --- */

enum alert_kind { ALERT_RATE, ALERT_REFUSED, ALERT_DUPLICATES, ALERT_HOURS, ALERT_FIRST, ALERT_GUARD, ALERT_KINDS };

enum {
	ALERTS = 64,
	ALERT_CALLS = 4096,	/* calls that are held against each other for being alike */
};

struct alert {
	char *name;		/* owned: "file:id" */
	const char *why;	/* the operator's sentence; NULL: none */
	enum alert_kind kind;
	uint64_t within_ns, quiet_ns;
	unsigned above, least;	/* more than so many; among so many at least */
	bool has_share, across;
	double share;		/* of refusals, more than that */
	struct rule *of;	/* owned: which calls */
	struct hours *hours;	/* owned */
	const json_t *guards;	/* borrowed */
};

size_t policy_alert_count(const struct policy *p);
const struct alert *policy_alert(const struct policy *p, size_t i);
const char *alert_word(enum alert_kind k);	/* "rate" */
/* Also what cannot be judged does. */
bool alert_concerns(const struct alert *a, const struct action *action);
bool alert_is_hour(const struct alert *a, uint64_t wall_us);
bool alert_is_guard(const struct alert *a, const char *guard);

size_t policy_rule_count(const struct policy *p);

/* Names every rule that can never matter as it would wish, and why; how many there are. */
size_t policy_lint(const struct policy *p, void (*say)(void *to, const char *rule, const char *why),
		   void *to);

/* What one file or rule says of an action, for people. The texts live as long as the call. */
struct policy_note {
	enum policy_layer layer;
	const char *name;	/* "file:id"; of a file its name */
	const char *why;	/* the rule's own sentence; may be NULL */
	bool is_file, refuses;
	const struct review_need *reviews;	/* NULL: it asks for none */
	const char *claims;	/* what the agent has to send that it has not, a sentence; NULL: nothing */
	enum held applies;	/* the file to this action */
	enum held held;
	size_t failed;		/* members and conditions that do not hold or cannot be judged */
	const char *first;	/* the first of them, with what was found; of none: the first condition, if any */
};

/*
 * Every file, and after it every rule of it that speaks about the tool. Slow and allocating: it is
 * asked for by people, and shares only the questions themselves with policy_decide().
 */
void policy_explain(const struct policy *p, const struct action *a,
		    void (*tell)(void *to, const struct policy_note *n), void *to);

#endif
