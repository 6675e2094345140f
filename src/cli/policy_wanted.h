/* cli/policy_wanted.h - what the words of `reeve policy` may be told. */
#ifndef CLI_POLICY_WANTED_H
#define CLI_POLICY_WANTED_H

#include <stdbool.h>

#include "cli/policy_facts.h"

enum { POLICY_WANTED_FACTS = 20 };

struct policy_texts {
	const char **at;	/* owned; the texts are borrowed */
	size_t count;
};

struct policy_wanted {
	const char *workspace, *args, *reviewers, *key, *signers;
	const char *facts[POLICY_WANTED_FACTS];
	struct policy_texts cases, by;
	bool strict, help;
};

/* Gives the index of the first operand; -1: a usage error. On failure *w still wants freeing. */
int policy_wanted_read(struct policy_wanted *w, int argc, char **argv, struct err *e) must_use;
void policy_wanted_free(struct policy_wanted *w);
void policy_wanted_print(void); /* every option, for --help */

static inline void leave_policy_wanted(struct policy_wanted *w)
{
	policy_wanted_free(w);
}

/* As a run would be, unless it is said otherwise; a document may say more. */
int policy_wanted_facts(struct policy_facts *f, const struct policy_wanted *w, struct err *e) must_use;

#endif
