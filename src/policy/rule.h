/* policy/rule.h - what a policy is made of once it is read; private to policy. */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include "policy/policy.h"

enum { POINTER_MOST = 255, GLOB_MOST = 256, GLOB_PART = 64, NESTING = 8, SPANS = 8 };

struct test;

/* What a condition is asked about. */
struct asked {
	const json_t *arg;	/* NULL: there is none */
	const struct action *a;
	bool doubted;		/* within a "not": what is missing is then unknown, not false */
};

/* What stands below a test: nothing, one condition, or an array of them. */
enum nests { NESTS_NOTHING, NESTS_ONE, NESTS_MANY };

/* One member of a condition object: how it is written and how it is asked. */
struct matcher {
	const char *word;
	const char *takes;		/* what the value must be, as errors say it */
	bool (*accepts)(const json_t *value);
	enum held (*holds)(const struct test *t, const struct asked *q);
	enum nests nests;
};

struct test {
	const struct matcher *how;
	const json_t *value;		/* borrowed from the file's tree */
	struct test *below;		/* owned */
	size_t count;
};

/* All tests below `all` hold for the argument. */
struct condition {
	const char *pointer;		/* borrowed; NULL: the call's resource; "": all arguments */
	struct test all;
};

/* Minutes of a day, from included and to not; a span may pass midnight. */
struct span {
	unsigned from, to;
};

struct hours {
	struct span spans[SPANS];
	size_t count;			/* 0: the whole day */
	unsigned days;			/* bits, Sunday is 0 */
	int offset;			/* minutes east of UTC */
};

/* Texts or arrays of texts, borrowed; NULL: any. */
struct names {
	const json_t *server, *category, *class, *flow, *scope, *party[PARTIES];
};

/* Members of "when" that are conditions on a connection: see connect.c. */
enum connect_member {
	CONNECT_HOST, CONNECT_PORT, CONNECT_CIDR, CONNECT_SCHEME, CONNECT_METHOD, CONNECT_PATH, CONNECTS
};

struct file {
	char *name;			/* owned */
	json_t *root;			/* owned; everything borrowed is borrowed from it */
	enum policy_layer layer;
	bool refuses_unmatched;
	bool to_all;			/* there is no "applies" */
	struct names applies;
	size_t index;
	size_t first;			/* the order of its first rule */
	struct alert *alerts;		/* owned */
	size_t alert_count;
	char *path, *bytes;		/* owned; only of a file that asks for a review, to say where: reviewers.c */
	size_t size;
};

/* One thing that a rule asks of the run so far. */
struct gauge {
	const json_t *said;		/* borrowed; NULL: it does not */
	struct meter meter;
	double above;
	size_t index;			/* of the policy's meters */
};

struct so_far {
	struct gauge gauges[METER_KINDS];
	const json_t *taint;		/* borrowed; NULL: not asked */
	unsigned taints;		/* flow bits */
	const json_t *risk;		/* borrowed; NULL: not asked; of whatever layer the rule is */
	unsigned least_risk;
};

struct rule {
	char *name;			/* "file:id", owned */
	const char *id, *why;		/* borrowed */
	const json_t *controls;		/* borrowed; may be NULL */
	const struct file *file;
	bool refuse;
	struct review_need *review;	/* owned; NULL: it asks for nobody's word */
	unsigned requires;		/* bits, by enum claim */
	unsigned actions;		/* bits, by enum action_kind: those it speaks about */
	bool is_open;			/* asks about neither server nor party, category, class */
	bool asks_kernel;		/* has an "under" */
	size_t order;
	const json_t *tool;		/* as struct names */
	struct names names;
	bool is_net;			/* speaks about connections alone */
	bool asks_connect;		/* has one of these */
	const json_t *connects[CONNECTS];	/* a value or an array of them, borrowed; NULL: any */
	struct hours *hours;		/* owned; NULL: always */
	struct so_far *so_far;		/* owned; NULL: whatever the run has done */
	struct condition *conditions;	/* owned */
	size_t condition_count;
};

void rule_free(struct rule *r);
void test_free(struct test *t);

/* By what a rule is found: see index.c. */
enum key_kind { KEY_NONE, KEY_TOOL, KEY_SERVER, KEY_HALF, KEY_CATEGORY, KEY_HOST, KEY_BENEATH };

struct key {
	enum key_kind kind;
	const char *first, *second;	/* not NUL-terminated */
	size_t first_size, second_size;
};

struct entry {
	struct key key;
	uint64_t hash;
	const struct rule *rule;
	uint32_t next;			/* of the same key, plus one; 0: the last */
};

struct index {
	struct entry *entries;		/* owned */
	uint32_t *slots;		/* owned; a power of two; an entry plus one, 0: empty */
	size_t entry_count, slot_count;
	struct rules {
		const struct rule **at;	/* owned */
		size_t count;
	} wild,				/* rules that nothing finds */
	  narrowing, allowances;	/* those found by category, for when it is not known */
};

struct policy {
	struct file **files;		/* owned */
	size_t file_count;
	struct rule **rules;		/* owned, in the order they were read */
	size_t rule_count;
	struct index index;
	struct meter meters[METERS];
	size_t meter_count;
	const struct alert *alerts[ALERTS];	/* the files' */
	size_t alert_count;
};

void alert_list_free(struct alert *alerts, size_t count);

/* Read every rule of a checked file into *out, an array the caller frees with its rules. */
int rules_read(struct rule ***out, size_t *count, struct file *to, const struct json_file *f,
	       struct err *e) must_use;

/* false: no memory, and the array is what it was. */
bool array_grow(void **array, size_t count, size_t size) must_use;

/* Add these rules, or nothing if there is no memory. */
int index_add(struct index *x, struct rule *const *rules, size_t count, struct err *e) must_use;
void index_free(struct index *x);

/* A walk over every rule that may match. Some come twice, none is left out. */
struct walk {
	const struct index *x;
	const struct action *a;
	const char *host;	/* of a connection; what is left of it is looked up as "*." and that */
	size_t host_size;
	bool beneath;		/* it is such a rest */
	unsigned stage;
	size_t at;
	bool by_tool;		/* the last one was found by its whole tool */
	bool any_category;	/* also what would allow, if only the category were known */
};

const struct rule *walk_next(struct walk *w);
struct walk walk_begin(const struct index *x, const struct action *a);

/* glob.c: '*' any run, '?' (only with `points`) one code point. */
bool glob_matches(const char *pattern, const char *text, size_t size, bool points);
bool glob_usable(const char *pattern, size_t size);

/* plain.c: is there nothing in it that is read as if it were not there? */
bool text_is_plain(const char *text, size_t size);
bool text_is_composed(const char *text, size_t size);

/* net.c */
bool net_host_usable(const char *pattern);
bool net_cidr_usable(const char *range);
enum held net_host_holds(const char *pattern, const char *text, size_t size);
enum held net_cidr_holds(const char *range, const char *text, size_t size);

bool net_cidr_covers(const char *wide, const char *narrow);
bool net_path_usable(const char *pattern, size_t size);
enum held net_path_holds(const char *pattern, const char *text, size_t size);

/* connect.c: does the connection fit what the rule says of this, of all? */
enum held connect_holds(const struct rule *r, const struct action *a, enum connect_member m);
enum held connects_hold(const struct rule *r, const struct action *a);
/* Does every connection that fits the one fit the other? Sound, not complete. */
bool connects_within(const struct rule *wide, const struct rule *narrow);
bool connect_is_member(const char *key);
const json_t *connect_argument(const struct action *a, enum connect_member m);
const char *connect_word(enum connect_member m);
bool connect_takes(enum connect_member m, const char *text);	/* could a rule say so? */
bool connect_host_is_one(const char *host);	/* is there one way to read it? */
bool connect_is_askable(const struct action *a);	/* is it one connection, and its tool that? */

/* Without its port and brackets, the host in a tool's half. */
struct host_named {
	const char *at;
	size_t size;
};
struct host_named tool_host(const char *tool);

/* hours.c */
int hours_read(struct hours *out, const json_t *time, const char **wrong);
enum held hours_hold(const struct hours *h, uint64_t wall_us);

/* runtime.c: what the run has done so far. */
enum held so_far_holds(const struct so_far *s, const struct action *a);
enum held gauge_holds(const struct gauge *g, const struct action *a, struct reading_of *found);
enum held taint_holds(const struct so_far *s, const struct action *a);
enum held risk_holds(const struct so_far *s, const struct action *a);
const char *gauge_word(enum meter_kind k);
/* runtime_meters.c: into one list, in which like meters are one. */
int meters_add(struct policy *p, struct rule *const *rules, size_t count, struct err *e) must_use;

/* claims.c: those that the rule requires and the agent does not make, as bits; and what to tell it. */
unsigned claims_missing(const struct rule *r, const struct action *a);
const char *claims_wanted(unsigned missing);

/* secret.c: does a text of it look like a credential? */
bool secret_accepts(const json_t *value);
enum held secret_holds(const struct test *t, const struct asked *q);

const struct matcher *matcher_named(const char *word);
const struct matcher *matcher_list(size_t *count);
bool matcher_is_under(const struct matcher *m);
bool matcher_is_absent(const struct matcher *m);
enum held test_holds(const struct test *t, const struct asked *q);

/* Text or an array of texts. */
size_t names_count(const json_t *names);
const char *names_at(const json_t *names, size_t i);
/* Is the text, if known, one of the patterns? */
enum held names_hold(const json_t *names, const char *text);
enum held scopes_hold(const json_t *names, const struct action *a);
enum held flow_holds(const json_t *names, const struct action *a);
bool names_ask(const struct names *n);	/* about anything? */
/* Can no text be matched by both? Sound, not complete. */
bool names_disjoint(const json_t *some, const json_t *others);

/* NULL and HELD_NO: not there. NULL and HELD_UNKNOWN: a value on the way has no members. */
const json_t *rule_argument(const struct action *a, const char *pointer, enum held *missing);
enum held condition_holds(const struct condition *c, const struct action *a);
/*
 * What about a rule hangs on nothing but run, server and tool (and what is known of that). `by_tool`:
 * its tool is known to match.
 */
enum held rule_stands(const struct rule *r, const struct action *a, bool by_tool);
enum held rule_concerns(const struct rule *r, const struct action *a);	/* without category and class */
bool rule_is_plain(const struct rule *r);	/* neither hours nor conditions of any kind stand in it */
enum held rule_holds(const struct rule *r, const struct action *a, bool by_tool);
enum held file_applies(const struct file *f, const struct action *a);

/* Does it narrow also where it cannot be judged? */
static inline bool rule_narrows(const struct rule *r)
{
	return r->refuse || r->review || r->requires;
}

/* Could this rule speak about this kind of action? */
static inline bool rule_speaks(const struct rule *r, enum action_kind k)
{
	return (r->actions >> k & 1) != 0;
}

/* "SERVER/TOOL", each half with its own '*', so that no '*' reaches over the slash between them. */
bool tool_matches(const char *pattern, const char *server, const char *tool);

/* Could this rule speak about this tool? tool NULL: about some tool of the server. */
bool rule_covers(const struct rule *r, const char *server, const char *tool);

static inline enum held held_and(enum held a, enum held b)
{
	return a == HELD_NO || b == HELD_NO ? HELD_NO : a == HELD_YES ? b : a;
}

#endif
