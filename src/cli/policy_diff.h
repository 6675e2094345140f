/* cli/policy_diff.h - which of some cases two policies decide differently. */
#ifndef CLI_POLICY_DIFF_H
#define CLI_POLICY_DIFF_H

#include "policy/policy.h"

struct policy_diff {
	const struct policy *before, *after;
	int workspace;		/* a directory's descriptor */
	size_t same, changed;
};

/* Prints every case of the file that changes, and counts. -1: bad input. */
int policy_diff_cases(struct policy_diff *d, const char *path, struct err *e) must_use;

#endif
