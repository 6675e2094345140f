/* mcp/modern.h - the era that revision 2026-07-28 begins: each request says what it speaks, each result what it is. */
#ifndef MCP_MODERN_H
#define MCP_MODERN_H

#include "mcp/mcp.h"

#define MODERN_REVISION		"2026-07-28"
#define MODERN_KEY		"io.modelcontextprotocol/"
#define MODERN_SUBSCRIPTION	MODERN_KEY "subscriptionId"

enum {
	MODERN_INPUTS = 16,	/* things asked of a client in one result */
	MODERN_URIS = 256,	/* resources in one subscription */
	MODERN_STATE = 1 << 20,	/* bytes of a requestState */
};

/* Codes that only this era has: who answers with one of them speaks it. */
enum modern_code { MODERN_HEADERS = -32020, MODERN_CAPABILITY = -32021, MODERN_VERSION = -32022 };

enum mcp_era { MCP_ERA_OPEN, MCP_ERA_LEGACY, MCP_ERA_MODERN };

/* What a first message says about who sends it. OPEN: nothing. */
enum mcp_era modern_era_of(const struct mcp_message *m);

/* --- requests --- */

/* What a request of this era says for itself in _meta. */
struct modern_envelope {
	const char *version;	/* as it was said, also when it is none of ours; borrowed */
	unsigned can;		/* what the client could be asked: enum mcp_can */
	const char *log_level;	/* a constant; NULL: it wants no log messages */
};

bool modern_read_envelope(struct modern_envelope *out, const struct mcp_message *m,
			  struct mcp_fault *fault);

/* `data` of the error MODERN_VERSION; NULL when out of memory. */
json_t *modern_supported(const char *requested);

/* "_meta":{...} as we send it: of an agent's request its token, its level and what it can; nothing else. */
bool modern_write_meta(struct buf *out, const struct modern_envelope *e, uint64_t token);	/* 0: none */

/* A question of our own, and its newline. `params` may be NULL. */
bool modern_write_request(struct buf *out, uint64_t id, const char *method, const json_t *params,
			  const struct modern_envelope *e);

/* --- what a server is --- */

/* Borrowed from the result. */
struct modern_discovery {
	json_t *capabilities;
	const char *instructions;	/* NULL: none */
};

/* MODERN_SPEAKS: our revision. FOREIGN: this era, but no revision of ours. OLDER: not this era.
 * AGAIN: it refused our revision and then names it among its own. */
enum modern_verdict { MODERN_OLDER, MODERN_FOREIGN, MODERN_AGAIN, MODERN_SPEAKS };

/* What the answer to server/discover says; `out` is set if it is MODERN_SPEAKS. */
enum modern_verdict modern_discovered(struct modern_discovery *out, const struct mcp_message *answer);

json_t *modern_discovery(const json_t *capabilities, const char *instructions);

/* --- results --- */

enum modern_result { MODERN_UNKNOWN, MODERN_COMPLETE, MODERN_INPUT };

enum modern_result modern_result_of(const json_t *result);

/* May this method be answered with InputRequired? */
bool modern_may_ask(const char *method);

/* In place: an answer, whatever it said; questions come to modern_check_inputs() and go no other way. */
void modern_answered(json_t *result);

/*
 * A result as an agent of this era has to see it, as one of the older eras has to. Lists are ours,
 * filtered for this agent: private, and never fresh. New references; NULL when out of memory.
 */
json_t *modern_outward(const json_t *result, const char *method);
json_t *modern_inward(const json_t *result);

/* --- what a server asks of its client, in a result --- */

/* Is the InputRequired well-formed, and within what the client can do? False: *why says what is wrong. */
bool modern_check_inputs(const json_t *result, unsigned can, const char **why);

/* Steals `requests`; either may be NULL, not both. NULL when out of memory. */
json_t *modern_input_required(json_t *requests, const char *state);

/* inputResponses and requestState of a retry, taken out of the params they stand in. */
struct modern_retry {
	json_t *responses;	/* object; owned; NULL: none */
	json_t *state;		/* string; owned; NULL: none */
};

bool modern_take_retry(struct modern_retry *out, json_t *params, struct mcp_fault *fault);
bool modern_write_retry(struct buf *out, const struct modern_retry *r);	/* each member after a comma */
void modern_retry_free(struct modern_retry *r);

/* --- subscriptions --- */

/* uris borrows from the params; NULL: none. */
struct modern_filter {
	bool tools, prompts, resources;
	json_t *uris;
};

bool modern_read_filter(struct modern_filter *out, const json_t *params, struct mcp_fault *fault);
json_t *modern_filter_json(const struct modern_filter *f);

/* A notification that belongs to a subscription; `params` may be NULL. */
bool modern_write_tagged(struct buf *out, const char *method, const json_t *params, const json_t *id);
bool modern_write_acknowledged(struct buf *out, const struct modern_filter *f, const json_t *id);

#endif
