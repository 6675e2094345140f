/*
 * One JSON-RPC message, strictly. A member we do not know is refused, not ignored: what one reader
 * ignores another may obey, and then what was judged is not what is done.
 */
#include <string.h>

#include "mcp/mcp.h"
#include "mcp/shape.h"

static const char *const revisions[] = { "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05" };

bool mcp_knows_revision(const char *revision)
{
	size_t i;

	for (i = 0; revision && i < count_of(revisions); i++)
		if (strcmp(revisions[i], revision) == 0)
			return true;
	return false;
}

const char *mcp_revision(const char *asked)
{
	return mcp_knows_revision(asked) ? asked : revisions[0];
}

static bool fail(struct mcp_fault *f, int code, enum reason reason, const char *text)
{
	*f = (struct mcp_fault){ code, reason, text };
	return false;
}

static bool invalid(struct mcp_fault *f, const char *text)
{
	return fail(f, MCP_INVALID, REASON_BAD_MESSAGE, text);
}

bool shape_has_only(const json_t *object, const char *const *words, size_t count)
{
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		for (i = 0; i < count && (!words[i] || strcmp(words[i], key) != 0); i++)
			;
		if (i == count)
			return false;
	}
	return true;
}

/*
 * Words of the protocol. Readers that do not mind the case take what is spelt almost so for it, and
 * then what was judged is not what is done.
 */
static const char *const words[] = {
	"name", "arguments", "uri", "cursor", "_meta", "requestId", "progressToken", "progress",
	"protocolVersion", "capabilities", "level", "ref", "argument", "context", "method", "params",
	"content", "contents", "structuredContent", "isError", "nextCursor", "tools", "resources",
	"resourceTemplates", "prompts", "messages", "completion", "resultType", "inputRequests",
	"inputResponses", "requestState", "action", "roots", "code", "message", "data",
};

/* Nearly no key begins as a word does: most need no more than that looked at. */
static bool is_variant(const char *word, const char *key)
{
	return ((word[0] ^ key[0]) & ~0x20) == 0 && strcasecmp(word, key) == 0 && strcmp(word, key) != 0;
}

static bool has_variant(json_t *object)
{
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach(object, key, value)
		for (i = 0; i < count_of(words); i++)
			if (is_variant(words[i], key))
				return true;
	return false;
}

static json_t *usable_id(const json_t *doc)
{
	json_t *id = json_object_get(doc, "id");

	if (json_is_string(id) && json_string_length(id) <= MCP_ID)
		return id;
	return json_is_integer(id) ? id : NULL;
}

static bool read_response(struct mcp_message *m, json_t *doc, struct mcp_fault *f)
{
	static const char *const may[] = { "jsonrpc", "id", "result", "error" };

	m->kind = MCP_RESPONSE;
	m->result = json_object_get(doc, "result");
	m->error = json_object_get(doc, "error");
	if (!shape_has_only(doc, may, count_of(may)))
		return invalid(f, "a response with members it may not have");
	if (!m->id || !m->result == !m->error)
		return invalid(f, "a response needs an id and exactly one of result and error");
	if (m->result && !json_is_object(m->result))
		return invalid(f, "a result must be an object");
	if (has_variant(m->result) || has_variant(m->error))
		return invalid(f, "a member that is spelt almost as one of MCP's");
	if (m->error && (!json_is_integer(json_object_get(m->error, "code")) ||
			 !json_is_string(json_object_get(m->error, "message"))))
		return invalid(f, "an error needs an integer code and a message");
	return true;
}

static bool read_asking(struct mcp_message *m, json_t *doc, struct mcp_fault *f)
{
	static const char *const may[] = { "jsonrpc", "id", "method", "params" };
	bool with_id = json_object_get(doc, "id") != NULL;

	m->kind = with_id ? MCP_REQUEST : MCP_NOTIFICATION;
	m->method = json_string_value(json_object_get(doc, "method"));
	m->params = json_object_get(doc, "params");
	if (!shape_has_only(doc, may, count_of(may)))
		return invalid(f, "a message may have only jsonrpc, id, method and params");
	if (!m->method)
		return invalid(f, "a message needs a method, a string");
	if (with_id && !m->id)
		return invalid(f, "an id must be an integer or a string of at most 128 bytes");
	if (m->params && !json_is_object(m->params))
		return invalid(f, "params must be an object");
	if (has_variant(m->params))
		return fail(f, MCP_BAD_PARAMS, REASON_BAD_PARAMS,
			    "a parameter that is spelt almost as one of MCP's");
	return true;
}

bool mcp_read(struct mcp_message *out, json_t *doc, struct mcp_fault *fault)
{
	const char *version = json_string_value(json_object_get(doc, "jsonrpc"));

	*out = (struct mcp_message){ .id = usable_id(doc) };
	if (json_is_array(doc))
		return invalid(fault, "batches are not part of MCP: send one object a line");
	if (!json_is_object(doc))
		return invalid(fault, "a message must be an object");
	if (!version || strcmp(version, "2.0") != 0)
		return invalid(fault, "jsonrpc must be \"2.0\"");
	if (json_object_get(doc, "method") ||
	    (!json_object_get(doc, "result") && !json_object_get(doc, "error")))
		return read_asking(out, doc, fault);
	return read_response(out, doc, fault);
}
