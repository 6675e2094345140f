/* cli/policy_replay.h - past calls, judged again by other policies: reeve-policy(5), REPLAY. */
#ifndef CLI_POLICY_REPLAY_H
#define CLI_POLICY_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "launcher/launcher.h"
#include "policy/policy.h"

struct replay {
	const struct policy *policy;
	const char *why;	/* recorded with the look at the payloads */
	struct paths at;
	uint64_t run;		/* 0: every one */
	bool json;
};

struct replayed {
	size_t same, changed, unknown;
};

/* Prints every decision that changes. */
int replay_ledger(struct replayed *out, const struct replay *r, struct err *e) must_use;

#endif
