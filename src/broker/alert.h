/*
 * broker/alert.h - alerts of the policy, held against what was judged. They decide nothing and nothing here can fail:
 * all room there will be is taken at the beginning. Every time is clock_mono_ns().
 */
#ifndef BROKER_ALERT_H
#define BROKER_ALERT_H

#include "broker/history.h"
#include "policy/policy.h"

struct alerts;

/* The policy outlives it, or is followed by another; so does the history, which may be NULL: then there is none. */
int alerts_new(struct alerts **out, const struct policy *p, struct history *history, struct err *e) must_use;
void alerts_free(struct alerts *x);
/* Another policy: an alert of the same name goes on as it was. */
void alerts_follow(struct alerts *x, const struct policy *p);

/* It was judged, and for good; what it says is copied. NULL: there are no alerts. */
void alerts_judged(struct alerts *x, const struct action *a, const struct verdict *v, uint64_t now_ns);

/* One that somebody is to be told of. The texts are good until the next call of anything here. */
struct alert_told {
	const struct alert *alert;
	uint64_t count;
	bool doubted;		/* it cannot be told whether it holds */
	bool record_alone;	/* nobody need be told: the run ends, and it was told of lately */
	enum action_kind kind;
	enum reason reason;
	const char *server, *tool, *rule, *guard, *category, *class;	/* NULL: not known */
};

struct buf;
void alert_say(struct buf *out, const struct alert *a, uint64_t count, bool doubted);	/* what was found, as a sentence */

/* false: there is none. `ending`: it is the last time. */
bool alerts_next(struct alert_told *out, struct alerts *x, uint64_t now_ns, bool ending);
uint64_t alerts_deadline(const struct alerts *x);	/* when there may be one without anything being judged; UINT64_MAX: never */

#endif
