/* cli/policy_explain.h - why one call is allowed or refused, and what would change it. */
#ifndef CLI_POLICY_EXPLAIN_H
#define CLI_POLICY_EXPLAIN_H

#include "cli/policy_facts.h"
#include "policy/policy.h"

/* A call as it was named on the command line: read, and owned here. */
struct call_named {
	json_t *doc;		/* of a file or standard input */
	json_t *args;
	char *name;		/* "SERVER\0TOOL" */
	char *connection;	/* the tool of a connection */
	bool connects;
	const char *server, *tool;
};

/* SERVER/TOOL, a file named *.json, or "-". A document may hold facts: they go into *facts. */
int call_named_read(struct call_named *out, struct policy_facts *facts, const char *text,
		    const char *args, struct err *e) must_use;
void call_named_free(struct call_named *c);

static inline void leave_call_named(struct call_named *c)
{
	call_named_free(c);
}

/* Prints; the action is judged already. */
int policy_explain_print(const struct policy *p, const struct action *a, const struct verdict *v,
			 struct err *e) must_use;

#endif
