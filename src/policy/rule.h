/* policy/rule.h - what a policy is made of once it is read; private to policy. */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include "policy/policy.h"

/* Three answers, because "I cannot tell" must not let a refusal slip by: see decide.c. */
enum held { HELD_NO, HELD_YES, HELD_UNKNOWN };

struct test;

/* One member of a condition object: how it is written and how it is asked. */
struct matcher {
	const char *word;
	const char *takes;		/* what the value must be, as errors say it */
	bool (*accepts)(const json_t *value);
	enum held (*holds)(const struct test *t, const json_t *arg, const struct action *a);
};

struct test {
	const struct matcher *how;
	const json_t *value;		/* borrowed from the file's tree */
};

enum { CONDITION_TESTS = 10, POINTER_MOST = 255, GLOB_MOST = 256 };

struct condition {
	const char *pointer;		/* borrowed */
	struct test tests[CONDITION_TESTS];
	size_t count;
};

struct rule {
	char *name;			/* "file:id", owned */
	const char *id, *why;		/* borrowed */
	bool refuse;
	size_t order;
	json_t *tool, *server;		/* text or array of text, borrowed; NULL: any */
	struct condition *conditions;	/* owned */
	size_t condition_count;
};

void rule_free(struct rule *r);

/* Rules found by the whole name of a tool: "SERVER/TOOL". */
struct entry {
	const char *name;
	const struct rule *rule;
};

struct policy {
	char **files;			/* names, owned */
	json_t **roots;			/* owned; everything borrowed is borrowed from them */
	size_t file_count;
	struct rule **rules;		/* owned, in the order they were read */
	size_t rule_count;
	struct entry *exact;		/* sorted by name */
	size_t exact_count;
	const struct rule **wild;	/* rules that no whole name finds */
	size_t wild_count;
};

/* Read every rule of a checked file into *out, an array the caller frees with its rules. */
int rules_read(struct rule ***out, size_t *count, const struct json_file *f, const char *name,
	       struct err *e) must_use;
int policy_index(struct policy *p, struct err *e) must_use;

/* '*' any run, '?' (only with `points`) one code point. Time: pattern x text, whatever they are. */
bool glob_matches(const char *pattern, const char *text, size_t size, bool points);

const struct matcher *matcher_named(const char *word);
const struct matcher *matcher_list(size_t *count);
bool matcher_is_under(const struct matcher *m);
bool matcher_is_absent(const struct matcher *m);

/* NULL and HELD_NO: not there. NULL and HELD_UNKNOWN: a value on the way has no members. */
json_t *rule_argument(const struct action *a, const char *pointer, enum held *missing);
enum held rule_holds(const struct rule *r, const struct action *a);

/* Could this rule speak about this tool? tool NULL: about some tool of the server. */
bool rule_covers(const struct rule *r, const char *server, const char *tool);

/* Every rule that may match, exact names first. Start with *at = 0; NULL: no more. */
const struct rule *rule_next(const struct policy *p, const struct action *a, size_t *at);

#endif
