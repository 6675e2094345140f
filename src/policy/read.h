/* policy/read.h - what the readers of a policy file share; private to policy. */
#ifndef POLICY_READ_H
#define POLICY_READ_H

#include "policy/rule.h"

/* Where we are in the file while reading it. */
struct reading {
	const struct json_file *f;
	struct file *to;
	struct buf at;		/* pointer to the member we are in */
};

static inline const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Go to a member; back() with the size from before. The pointer is valid until the next of either. */
const char *below(struct reading *r, const char *key);
const char *below_item(struct reading *r, size_t i);
const char *here(struct reading *r);
void back(struct reading *r, size_t size);

/* Text or a non-empty array of it; *out stays NULL if the member is not there. */
enum names_kind { NAMES_TOOLS, NAMES_SERVERS, NAMES_WORDS, NAMES_CLASSES, NAMES_FLOWS, NAMES_ACTIONS };

int read_names(const json_t **out, struct reading *r, const json_t *object, const char *key,
	       enum names_kind kind, struct err *e) must_use;
int read_parties(struct names *out, struct reading *r, const json_t *object, struct err *e) must_use;

/* condition.c: everything in "args", and "resource". */
int read_conditions(struct rule *rule, struct reading *r, const json_t *when, struct err *e) must_use;

bool pointer_usable(const char *text);

/* connect.c: host, port, cidr, scheme, method and path. */
int read_connects(struct rule *rule, struct reading *r, const json_t *when, struct err *e) must_use;

/* runtime_read.c: calls, repeated, refusals, spent, taint and risk. */
int read_so_far(struct rule *rule, struct reading *r, const json_t *when, struct err *e) must_use;
/* runtime_spent.c */
int read_spent(struct gauge *g, struct reading *r, struct err *e) must_use;
/* runtime_risk.c */
int read_risk(struct so_far *s, struct reading *r, const json_t *when, struct err *e) must_use;

/* review.c, claims.c: what is asked of a person, and of the agent; after read_when(). */
int read_review(struct rule *rule, struct reading *r, const json_t *object, struct err *e) must_use;
int read_requires(struct rule *rule, struct reading *r, const json_t *object, struct err *e) must_use;

/* What a person can be asked about, and an agent gives reasons for, as bits. */
enum { ACTIONS_ASKED = 1 << ACTION_TOOL_CALL | 1 << ACTION_RESOURCE_READ | 1 << ACTION_PROMPT_GET };

/* when.c: what a rule speaks about, in this member. */
int read_when(struct rule *rule, struct reading *r, const json_t *object, const char *member, struct err *e) must_use;
/* Days and hours; *out stays NULL if there is no such member. */
int read_hours(struct hours **out, struct reading *r, const json_t *time, const char *member, struct err *e) must_use;

bool read_span(uint64_t *ns, const char *text);	/* "90s", "5m", "2h", "1d", and no more than a week */

/* alert_read.c: whatever was read of them stays in *to, which the caller frees, also on failure. */
int alerts_read(struct alert **to, size_t *count, struct reading *r, struct err *e) must_use;

#endif
