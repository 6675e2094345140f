/* mcp/mcp.h - what MCP is: messages, revisions, answers, tool lists, argument schemas. No I/O. */
#ifndef MCP_MCP_H
#define MCP_MCP_H

#include "json/json.h"
#include "model/model.h"

enum {
	MCP_LINE = 4 << 20,	/* bytes of one message, without its newline */
	MCP_TOOLS = 4096,	/* tools of one server */
	MCP_PAGES = 64,		/* pages of one server's list */
	MCP_NAME = 128,		/* bytes of the name of a tool or prompt */
	MCP_URI = 2048,		/* bytes of a resource's URI */
	MCP_ID = 128,		/* bytes of a string used as an id */
};

enum mcp_code {
	MCP_PARSE = -32700,
	MCP_INVALID = -32600,
	MCP_NO_METHOD = -32601,
	MCP_BAD_PARAMS = -32602,
	MCP_INTERNAL = -32603,
	MCP_REFUSED = 403,	/* ours: the policy refuses what is no tool call */
};

/* Why a message is refused: what its sender is told, and what the ledger says. */
struct mcp_fault {
	int code;		/* enum mcp_code */
	enum reason reason;
	const char *text;	/* a constant */
};

enum mcp_kind { MCP_REQUEST, MCP_NOTIFICATION, MCP_RESPONSE };

/* Everything is borrowed from the document. */
struct mcp_message {
	enum mcp_kind kind;
	json_t *id;		/* NULL for a notification */
	const char *method;	/* NULL for a response */
	json_t *params;		/* object; NULL when absent */
	json_t *result;		/* object; exactly one of result and error, in a response only */
	json_t *error;		/* object with integer code and string message */
};

/*
 * Read one parsed line strictly. False: *fault says why; out->id is still set if the message had a
 * usable one, so that the refusal can name it.
 */
bool mcp_read(struct mcp_message *out, json_t *doc, struct mcp_fault *fault);

/* What an agent may ask of a tool server: mcp/asked.c has a row for each. */
enum mcp_ask {
	MCP_CALL_TOOL, MCP_READ_RESOURCE, MCP_SUBSCRIBE, MCP_UNSUBSCRIBE, MCP_GET_PROMPT, MCP_COMPLETE,
	MCP_ASKS
};

const char *mcp_ask_method(enum mcp_ask what);		/* "tools/call" */
enum action_kind mcp_ask_action(enum mcp_ask what);

/* Borrowed from the parameters. */
struct mcp_asked {
	const char *name;	/* of the tool or prompt, or the URI */
	bool is_uri;
	json_t *args;		/* what the policy judges: an object; NULL when there are none */
	const json_t *token;	/* the agent's progress token; NULL: none */
	/* Of the newer era alone (mcp/modern.h), set by whoever asks. */
	const struct modern_envelope *envelope;	/* NULL: the server speaks the older one */
	const struct modern_retry *retry;	/* NULL: this is the first time it is asked */
};

struct modern_envelope;
struct modern_retry;

/* Of a list: *cursor is a text, or NULL where there is none. */
bool mcp_read_cursor(const char **cursor, json_t *params, struct mcp_fault *fault);
bool mcp_read_asked(struct mcp_asked *out, enum mcp_ask what, json_t *params, struct mcp_fault *fault);

/* What a tool server may ask of the agent: mcp/upward.c has a row for each. */
enum mcp_upward { MCP_SAMPLING, MCP_ELICITATION, MCP_ROOTS, MCP_UPWARDS };

struct mcp_upward_info {
	const char *method;	/* "sampling/createMessage" */
	enum action_kind action;
};

const struct mcp_upward_info *mcp_upward_info(enum mcp_upward what);
const char *mcp_check_upward(enum mcp_upward what, const json_t *params);	/* what is wrong with it, or NULL */
bool mcp_answers_upward(enum mcp_upward what, const json_t *result);

/* http or https, a plain host in ASCII, no name or password, nothing invisible. */
bool mcp_is_web_url(const char *url);

/* The revision to answer to an agent that asks for this one; NULL or unknown: our newest. */
const char *mcp_revision(const char *asked);
bool mcp_knows_revision(const char *revision);

/* --- what a client can be asked --- */

enum mcp_can {
	MCP_CAN_SAMPLING = 1, MCP_CAN_SAMPLING_TOOLS = 2, MCP_CAN_SAMPLING_CONTEXT = 4,
	MCP_CAN_FORM = 8, MCP_CAN_URL = 16,	/* elicitation */
	MCP_CAN_ROOTS = 32,
	MCP_CAN_ALL = 63
};

unsigned mcp_can_read(const json_t *capabilities);
json_t *mcp_can_write(unsigned can);	/* the capabilities that say so; NULL when out of memory */
/* What a client must be able to do to be asked this; 0: no client is asked such a thing. */
unsigned mcp_can_need(const char *method, const json_t *params);

/* --- writing: each appends one message and its newline --- */

bool mcp_write_request(struct buf *out, uint64_t id, const char *method, const json_t *params);
bool mcp_write_notification(struct buf *out, const char *method, const json_t *params);	/* params NULL: none */
bool mcp_write_result(struct buf *out, const json_t *id, const json_t *result);
bool mcp_write_failure(struct buf *out, const json_t *id, const json_t *error);
bool mcp_write_error(struct buf *out, const json_t *id, int code, const char *text);	/* id NULL: null */

/*
 * The bytes it is judged, recorded and forwarded by; without newline. The id is the progress token
 * too, if the agent wants progress.
 */
bool mcp_write_asked(struct buf *out, enum mcp_ask what, uint64_t id, const struct mcp_asked *a);

/* A tool's result of texts; NULL when out of memory. `more` may be NULL. */
json_t *mcp_text_result(bool is_error, const char *text, size_t size, const char *more);

bool mcp_is_tool_error(const json_t *result);

/*
 * The id, if it is a number, of an answer too large to be read: from how its line begins, or from
 * how it ends.
 */
bool mcp_find_id(uint64_t *id, const char *head, size_t head_size, const char *tail, size_t tail_size);

/* --- lists --- */

enum mcp_list { MCP_TOOL_LIST, MCP_RESOURCE_LIST, MCP_TEMPLATE_LIST, MCP_PROMPT_LIST, MCP_LISTS };

struct mcp_list_info {
	const char *method;	/* "tools/list" */
	const char *member;	/* of its result, and */
	const char *key;	/* of an item: what it is known by */
	const char *capability;	/* of a server that has such a list */
	const char *changed;	/* the notification that it is another now */
	enum action_kind action;	/* what is done with an item */
	size_t longest;		/* bytes of the key */
};

const struct mcp_list_info *mcp_list_info(enum mcp_list which);

/* Add what is well-formed and new of a page to `list`; false: more than MCP_TOOLS in all. */
bool mcp_list_add(enum mcp_list which, json_t *list, json_t *seen, const json_t *page);
bool mcp_tools_add(json_t *list, json_t *seen, const json_t *page);

/* Could this URI be one of the template's? A variable may be any text; without an operator, one without '/'. */
bool mcp_template_covers(const char *uri_template, const char *uri);

/* The tool of this name in a list, or NULL; its place in *at if not NULL. */
json_t *mcp_tools_find(const json_t *list, const char *name, size_t *at);

/* Put in the defaults that the inputSchema declares for what is missing. */
void mcp_add_defaults(const json_t *schema, json_t *arguments);

/*
 * Do these arguments (NULL: none) fit the inputSchema? The part of JSON Schema that exec tools are
 * declared in: type string, integer, boolean; enum, maxLength, minimum, maximum; required; nothing
 * undeclared. The error names the parameter.
 */
int mcp_check_arguments(const json_t *schema, const json_t *arguments, struct err *e) must_use;

#endif
