/* model/model.h - plain data that crosses folders: actions, verdicts, records. No behaviour but words. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Who speaks on a channel between our own processes, and who may ask for which record. */
enum role { ROLE_NOBODY, ROLE_LAUNCHER, ROLE_BROKER, ROLE_RECORDER, ROLE_PORTER,
	    ROLE_PROXY,	/* reeve-proxy and reeve-inspector: who carries connections */
	    ROLE_DIALER,
	    ROLE_REVIEWER,	/* `reeve review` and its like, also of another user: speaks to the recorder */
	    ROLE_ANCHOR };	/* reeve-anchor: who tells others of the ledger */

/* --- verdicts --- */

enum verdict_kind { VERDICT_REFUSE, VERDICT_REVIEW, VERDICT_ALLOW };	/* zero refuses; a review that is not had refuses too */

enum reason {
#define REASON(name, word, verdict) REASON_##name,
#include "model/reasons.def"
#undef REASON
	REASONS
};

/* Whose word a policy file is, the widest authority first. */
enum policy_layer {
	POLICY_GLOBAL, POLICY_TENANT, POLICY_TARGET, POLICY_DEPARTMENT, POLICY_ACTION, POLICY_RUNTIME,
	POLICY_LAYERS
};

/* What one layer says; after SAID_REVIEW all refuse. */
enum said { SAID_NOTHING, SAID_PASS, SAID_ALLOW, SAID_REVIEW, SAID_UNMATCHED, SAID_UNDECIDABLE, SAID_REFUSE };

struct json_t;

struct layer_said {
	enum said word;
	const char *by;		/* the rule, "file:id"; of SAID_UNMATCHED the file */
	const char *why;	/* the rule's own sentence; may be NULL */
	const struct json_t *controls;	/* the rule's, an array of texts; may be NULL */
	unsigned taints;	/* flow bits: what the rule asks whether the run has read */
};

/* --- review: a person's word --- */

enum {
	REVIEWS = 8,		/* rules that ask for a review of one call; more is undecidable */
	REVIEW_STEPS = 4,	/* of an escalation */
	REVIEW_WITHIN = 7 * 86400,	/* seconds that a call may be held at most */
};

/* From so many seconds on these may approve as well. */
struct review_step {
	const struct json_t *by;	/* array of reviewers and groups; NULL: whoever may review at all */
	unsigned after_s;
};

/* What one rule asks for. All rules that hold must have what they ask for, each by itself. */
struct review_need {
	const char *rule;	/* "file:id" */
	unsigned count;		/* of different people */
	unsigned within_s;	/* then it is refused */
	unsigned wait_s;	/* how long the agent is kept waiting before it is told to ask again */
	struct review_step steps[REVIEW_STEPS];
	size_t step_count;
};

/* Strings are borrowed from the policy, which outlives every verdict. */
struct verdict {
	enum verdict_kind kind;
	enum reason reason;
	const char *rule;	/* "file:id"; NULL if no rule decided */
	const char *why;	/* the rule's own sentence; may be NULL */
	const char *guard;	/* its word; NULL unless one refused */
	const struct review_need *reviews[REVIEWS];	/* VERDICT_REVIEW: all that must be had */
	size_t review_count;
	struct layer_said layers[POLICY_LAYERS];
};

/* Where a held call stands. Only APPROVED may be done, once. */
enum hold_state { HOLD_WAITING, HOLD_APPROVED, HOLD_DENIED, HOLD_EXPIRED, HOLD_WITHDRAWN, HOLD_USED, HOLD_STATES };

const char *hold_word(enum hold_state s);	/* "waiting" */

/* An item of FIELD_ASKED_OF: "NEED COUNT SECONDS NAME NAME …", of no other form. reeve-ledger(5). */
struct asked_item {
	unsigned need, count, after_s;
	const char *names;	/* borrowed: one or more, a blank between */
};

bool asked_item_read(struct asked_item *out, const char *item);

/* What an agent says of its reasons, in _meta: "reeve/trigger" … Claims, and marked as such. */
enum claim { CLAIM_TRIGGER, CLAIM_REASON, CLAIM_ALTERNATIVES, CLAIMS };

const char *claim_word(enum claim c);	/* "trigger" */

/* --- risk: additive, each part in the record --- */

enum risk_part { RISK_CLASS, RISK_TAINT, RISK_NOVELTY, RISK_REPEAT, RISK_PARTS };

const char *risk_word(enum risk_part p);	/* "class" */

struct risk {
	unsigned part[RISK_PARTS], total;
};

/* What flows through a tool, as bits. */
enum flow { FLOW_READS_PRIVATE = 1, FLOW_READS_UNTRUSTED = 2, FLOW_SENDS_OUTSIDE = 4 };

const char *flow_word(unsigned bit);	/* "reads-private"; NULL: no such bit */
const char *taint_word(unsigned bit);	/* of the first two, once they have been read: "private" */

const char *layer_word(enum policy_layer l);
const char *said_word(enum said s);

const char *reason_word(enum reason r);
enum verdict_kind reason_verdict(enum reason r);

/* --- actions: what is asked --- */

enum action_kind {
	ACTION_MESSAGE, ACTION_TOOL_CALL, ACTION_SERVER_START,
	ACTION_RESOURCE_READ, ACTION_PROMPT_GET, ACTION_COMPLETION,	/* an agent asks a tool server */
	ACTION_SAMPLING, ACTION_ELICITATION, ACTION_ROOTS,	/* a tool server asks the agent */
	ACTION_NET_CONNECT, ACTION_NET_RESOLVE,	/* a program in the jail reaches out; asks for a name's address */
	ACTION_KINDS
};

const char *action_word(enum action_kind k);	/* "tool.call" */

/*
 * Is it for the rules of a policy to allow? A message is refused by none; a server starts for what it is asked,
 * and a name has an address for what may be connected to.
 */
static inline bool action_is_judged(enum action_kind k)
{
	return k != ACTION_MESSAGE && k != ACTION_SERVER_START && k != ACTION_NET_RESOLVE && k < ACTION_KINDS;
}

enum { ACTION_FACTS = 16 };

/* The answer to one question that only the kernel can decide: is this path beneath that root? */
struct fact {
	const char *root, *path;	/* borrowed */
	bool yes;
};

/* Who has a part in a run, and where: the same for every call of it. */
enum party {
	PARTY_AGENT, PARTY_OWNER, PARTY_TENANT, PARTY_DEPARTMENT, PARTY_ENVIRONMENT, PARTY_INITIATOR,
	PARTY_WORKSPACE, PARTY_MODEL, PARTIES
};

const char *party_word(enum party p);	/* "agent" */

struct run_facts {
	const char *party[PARTIES];	/* borrowed; NULL: not known */
	const struct json_t *scopes;	/* what the agent is for, an array of texts; NULL: not known */
};

/* What rules of the layer runtime ask of the run so far; the action that is judged counts as made. */
enum meter_kind { METER_CALLS, METER_REPEATED, METER_REFUSALS, METER_SPENT, METER_KINDS };

/* How many there were, as far as that is known: from the one to the other. Of refusals their share; spent: in millionths. */
struct reading_of {
	bool known;
	double least, most;
};

/* Bytes of the file in which all runs of an agent count together. New it is all zeros: broker/history.h. */
enum { HISTORY_SIZE = 4 << 20 };

enum { TAINTS = 2 };	/* the flow bits that taint: from the first */

struct runtime_facts {
	const struct reading_of *meters;	/* for each of policy_meters(); NULL: for each of a kind this */
	struct reading_of kinds[METER_KINDS];
	bool taint_known;
	unsigned taint;			/* flow bits: what the run has read */
	uint64_t taint_by[TAINTS];	/* the record that was the first to; 0: not known */
};

/* Everything is borrowed for the life of one request. NULL: not known, unless it says otherwise. */
struct action {
	enum action_kind kind;
	const char *server;
	const char *tool;		/* as the tool server knows it: a tool's or prompt's name, a resource's
					   URI, what the server itself asks for; NULL for SERVER_START */
	struct json_t *args;		/* object; NULL means no arguments */
	const struct run_facts *run;
	const struct runtime_facts *runtime;	/* what the run has done so far */
	const char *category, *class, *retention;	/* the catalogue's words for the tool */
	unsigned flow;			/* bits of its flow labels ... */
	bool flow_known;		/* ... if it says any */
	const struct json_t *controls;	/* the catalogue's, an array of texts */
	const char *pin;		/* digest of what is pinned */
	const struct json_t *resource;	/* what the call is about: one of its arguments */
	const struct risk *risk;	/* NULL: not known */
	const char *claims[CLAIMS];	/* the agent's, as it wrote them; NULL: none */
	uint64_t wall_us;		/* when it is asked, since 1970; 0: not known */
	struct fact facts[ACTION_FACTS];
	size_t fact_count;
};

/* --- quotas: how much may be asked, of a tool server, by a connection, in a run --- */

enum quota_kind { QUOTA_IN_FLIGHT, QUOTA_HELD, QUOTA_CALLS, QUOTA_BYTES_OUT, QUOTA_BYTES_IN, QUOTAS };

/* The last three are per minute. */
struct quota {
	uint64_t most[QUOTAS];
};

const char *quota_word(enum quota_kind k);	/* "calls_per_minute" */

/* --- records --- */

enum record_kind {
#define KIND(name, word, asker) RECORD_##name,
#include "model/kinds.def"
#undef KIND
	RECORD_KINDS
};

enum field {
#define FIELD(id, name, type, setter, largest) FIELD_##id,
#include "model/fields.def"
#undef FIELD
	FIELDS
};

enum field_type { FIELD_TYPE_TEXT, FIELD_TYPE_NUMBER, FIELD_TYPE_LIST };
enum field_setter { FIELD_BY_SENDER, FIELD_BY_RECORDER };

struct field_info {
	const char *name;
	enum field_type type;
	enum field_setter setter;
	size_t largest;
};

enum { RECORD_MOST = 4096 };	/* bytes of one record as it is stored */

/* A LIST is its items one after another, each with its NUL; `size` counts the NULs. */
struct field_value {
	bool set;
	const char *text;	/* borrowed */
	size_t size;
	uint64_t number;
};

struct record {
	enum record_kind kind;
	uint64_t ref;		/* outcome: index of the intent it closes; decision, and intent that was approved: of the held call; otherwise 0 */
	struct field_value value[FIELDS];
};

const char *record_word(enum record_kind k);
enum role record_asker(enum record_kind k);
const struct field_info *field_info(enum field f);

/* Set a member. Text that is too long is cut between code points; what is not UTF-8 is not set. */
void record_text(struct record *r, enum field f, const char *text);	/* NULL: left unset */
void record_bytes(struct record *r, enum field f, const char *text, size_t size);
void record_number(struct record *r, enum field f, uint64_t number);
void record_list(struct record *r, enum field f, const char *items, size_t size);

/*
 * As it travels to the recorder: u16 kind, u64 ref, then per member u16 field, u16 size, bytes, by
 * ascending field; numbers are eight bytes; all little-endian. `out` has room for RECORD_MOST.
 * record_unpack() borrows from `bytes` and trusts nothing: unknown, repeated, oversized members,
 * members the sender may not set, text that is not UTF-8 and numbers of 2^53 or more are errors.
 */
size_t record_pack(uint8_t out[RECORD_MOST], const struct record *r);	/* 0: does not fit */
int record_unpack(struct record *out, const uint8_t *bytes, size_t size, struct err *e) must_use;

#endif
