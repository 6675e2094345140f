/* cli/policy_cases.h - a policy against the cases beside it: reeve-policy(5), CASES. */
#ifndef CLI_POLICY_CASES_H
#define CLI_POLICY_CASES_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/policy_dir.h"

struct cases_result {
	size_t held, failed;
	bool none;	/* there is no .cases file */
};

/* Prints each case that differs. `workspace` is a directory's descriptor. -1: bad input. */
int policy_cases_run(struct cases_result *out, const struct policy_file *f, int workspace,
		     struct err *e) must_use;

#endif
