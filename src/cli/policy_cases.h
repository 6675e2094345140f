/* cli/policy_cases.h - cases: calls, and what is expected of a policy. reeve-policy(5), CASES. */
#ifndef CLI_POLICY_CASES_H
#define CLI_POLICY_CASES_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/policy_dir.h"
#include "policy/policy.h"

struct cases_result {
	size_t held, failed;
	bool none;	/* there is no .cases file */
};

/* VERDICT REASON[=FILE:RULE], and SERVER/TOOL {arguments} or one object. */
struct case_row {
	const char *path;
	size_t line;
	char *verdict, *reason, *rule, *tool, *args;
	const char *server;
	bool object;
};

/* Every case of a file, with its action, to be judged. */
int policy_cases_each(const char *path,
		      void (*each)(void *whose, const struct case_row *r, struct action *a), void *whose,
		      struct err *e) must_use;

/* As the broker does it: asks the kernel about paths beneath `workspace`, a directory's descriptor. */
struct verdict policy_judge(const struct policy *p, struct action *a, int workspace);

const char *verdict_word(const struct verdict *v);	/* "allow", "review", "refuse" */

/* Prints each case that differs. -1: bad input. */
int policy_cases_run(struct cases_result *out, const struct policy_file *f, int workspace,
		     struct err *e) must_use;

#endif
