/* cli/policy_people.h - is there somebody for every review that a policy asks for? */
#ifndef CLI_POLICY_PEOPLE_H
#define CLI_POLICY_PEOPLE_H

#include "cli/reviewers.h"
#include "policy/policy.h"

/* -1: the file, line and column of the first rule that asks nobody with a key, or too few. */
int policy_people_check(const struct policy *p, const struct reviewers *r, struct err *e) must_use;

/*
 * The same of those of a folder, NULL: the operator's; *warned goes up by what is not wrong and no use, which is said.
 * Of a policy that asks nobody no keys are looked at.
 */
int policy_people_look(size_t *warned, const struct policy *p, const char *folder, struct err *e) must_use;

#endif
