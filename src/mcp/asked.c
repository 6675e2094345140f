/*
 * What an agent asks of a tool server, one row for each method: how it is read, and how the bytes
 * are written by which it is judged, recorded and forwarded. What a row does not read is not there.
 */
#include <inttypes.h>
#include <string.h>

#include "mcp/modern.h"
#include "mcp/shape.h"

static const char *read_named(struct mcp_asked *a, json_t *params)
{
	const json_t *name = json_object_get(params, "name");

	a->name = json_string_value(name);
	a->args = json_object_get(params, "arguments");
	if (!a->name || !*a->name)
		return "it needs the name of a tool or prompt";
	if (json_string_length(name) > MCP_NAME + 66) /* SERVER__ may stand before it */
		return "a name has at most 128 bytes";
	return a->args && !json_is_object(a->args) ? "arguments must be an object" : NULL;
}

/* MCP's prompts take texts only. */
static const char *read_prompt(struct mcp_asked *a, json_t *params)
{
	const char *wrong = read_named(a, params), *key;
	json_t *value;

	if (wrong)
		return wrong;
	json_object_foreach(a->args, key, value)
		if (!json_is_string(value))
			return "an argument of a prompt must be a string";
	return NULL;
}

static const char *read_uri(struct mcp_asked *a, json_t *params)
{
	const json_t *uri = json_object_get(params, "uri");

	a->is_uri = true;
	a->name = json_string_value(uri);
	a->args = params;
	if (!a->name || !*a->name)
		return "it needs a uri, a string";
	return json_string_length(uri) > MCP_URI ? "a uri has at most 2048 bytes" : NULL;
}

static bool is_context(const json_t *context)
{
	static const char *const may[] = { "arguments" };
	json_t *arguments = json_object_get(context, "arguments"), *value;
	const char *key;

	if (!json_is_object(context) || !shape_has_only(context, may, count_of(may)) ||
	    (arguments && !json_is_object(arguments)))
		return false;
	json_object_foreach(arguments, key, value)
		if (!json_is_string(value))
			return false;
	return true;
}

static const char *read_ref(struct mcp_asked *a, json_t *ref)
{
	static const char *const prompt[] = { "type", "name", "title" };
	static const char *const resource[] = { "type", "uri" };
	const char *type = json_text(ref, "type");

	if (strcmp(type, "ref/prompt") == 0 && shape_has_only(ref, prompt, count_of(prompt)))
		return read_named(a, ref);
	if (strcmp(type, "ref/resource") == 0 && shape_has_only(ref, resource, count_of(resource)))
		return read_uri(a, ref);
	return "ref must be a ref/prompt with a name, or a ref/resource with a uri";
}

static const char *read_complete(struct mcp_asked *a, json_t *params)
{
	static const char *const may[] = { "name", "value" };
	json_t *argument = json_object_get(params, "argument");
	const json_t *context = json_object_get(params, "context");
	const char *wrong = read_ref(a, json_object_get(params, "ref"));

	a->args = params;
	if (wrong)
		return wrong;
	if (!json_is_object(argument) || !shape_has_only(argument, may, count_of(may)) ||
	    !json_is_string(json_object_get(argument, "name")) ||
	    !json_is_string(json_object_get(argument, "value")))
		return "argument must be an object of two strings, name and value";
	return context && !is_context(context) ? "context may have only arguments, all strings"
					       : NULL;
}

static void write_member(struct buf *out, const char *lead, const json_t *value)
{
	if (!value)
		return;
	buf_puts(out, lead);
	json_write(out, value);
}

static void write_named(struct buf *out, const struct mcp_asked *a)
{
	buf_puts(out, "\"name\":");
	shape_write_text(out, a->name);
	write_member(out, ",\"arguments\":", a->args);
}

static void write_uri(struct buf *out, const struct mcp_asked *a)
{
	buf_puts(out, "\"uri\":");
	shape_write_text(out, a->name);
}

static void write_complete(struct buf *out, const struct mcp_asked *a)
{
	buf_printf(out, "\"ref\":{\"type\":\"%s\",\"%s\":", a->is_uri ? "ref/resource" : "ref/prompt",
		   a->is_uri ? "uri" : "name");
	shape_write_text(out, a->name);
	write_member(out, "},\"argument\":", json_object_get(a->args, "argument"));
	write_member(out, ",\"context\":", json_object_get(a->args, "context"));
}

static const struct {
	const char *method;
	enum action_kind action;
	const char *members[4]; /* of the parameters, beside _meta */
	const char *(*read)(struct mcp_asked *a, json_t *params); /* what is wrong, or NULL */
	void (*write)(struct buf *out, const struct mcp_asked *a);
} asks[MCP_ASKS] = {
	[MCP_CALL_TOOL] = { "tools/call", ACTION_TOOL_CALL, { "name", "arguments" }, read_named, write_named },
	[MCP_READ_RESOURCE] = { "resources/read", ACTION_RESOURCE_READ, { "uri" }, read_uri, write_uri },
	[MCP_SUBSCRIBE] = { "resources/subscribe", ACTION_RESOURCE_READ, { "uri" }, read_uri, write_uri },
	[MCP_UNSUBSCRIBE] = { "resources/unsubscribe", ACTION_RESOURCE_READ, { "uri" }, read_uri, write_uri },
	[MCP_GET_PROMPT] = { "prompts/get", ACTION_PROMPT_GET, { "name", "arguments" }, read_prompt, write_named },
	[MCP_COMPLETE] = { "completion/complete", ACTION_COMPLETION, { "ref", "argument", "context" }, read_complete, write_complete },
};

const char *mcp_ask_method(enum mcp_ask what)
{
	return asks[what].method;
}

enum action_kind mcp_ask_action(enum mcp_ask what)
{
	return asks[what].action;
}

/* Of _meta only the progress token is ours to use; the rest would go unjudged, and is left out. */
static const char *read_meta(struct mcp_asked *a, json_t *params)
{
	const json_t *meta = json_object_get(params, "_meta");

	if (meta && !json_is_object(meta))
		return "_meta must be an object";
	a->token = json_object_get(meta, "progressToken");
	if (a->token && !json_is_string(a->token) && !json_is_integer(a->token))
		return "a progressToken must be a string or an integer";
	return json_string_length(a->token) > MCP_ID ? "a progressToken has at most 128 bytes" : NULL;
}

bool mcp_read_asked(struct mcp_asked *out, enum mcp_ask what, json_t *params, struct mcp_fault *fault)
{
	const char *may[5] = { "_meta" };
	struct mcp_asked a = { 0 };
	const char *wrong;

	memcpy(may + 1, asks[what].members, sizeof(asks[what].members));
	wrong = shape_has_only(params, may, count_of(may)) ? read_meta(&a, params)
							    : "a parameter that this method does not have";
	if (!wrong)
		wrong = asks[what].read(&a, params);
	if (wrong) {
		*fault = (struct mcp_fault){ MCP_BAD_PARAMS, REASON_BAD_PARAMS, wrong };
		return false;
	}
	*out = a;
	return true;
}

bool mcp_write_asked(struct buf *out, enum mcp_ask what, uint64_t id, const struct mcp_asked *a)
{
	buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\",\"params\":{", id,
		   asks[what].method);
	asks[what].write(out, a);
	if (a->retry)
		modern_write_retry(out, a->retry);
	if (a->envelope) {
		buf_puts(out, ",");
		modern_write_meta(out, a->envelope, a->token ? id : 0);
	} else if (a->token) {
		buf_printf(out, ",\"_meta\":{\"progressToken\":%" PRIu64 "}", id);
	}
	return buf_puts(out, "}}");
}

bool mcp_read_cursor(const char **cursor, json_t *params, struct mcp_fault *fault)
{
	static const char *const may[] = { "cursor", "_meta" };
	const json_t *given = json_object_get(params, "cursor");

	if (!shape_has_only(params, may, count_of(may)) || (given && !json_is_string(given))) {
		*fault = (struct mcp_fault){ MCP_BAD_PARAMS, REASON_BAD_PARAMS,
					     "a list takes nothing but a cursor, a string" };
		return false;
	}
	*cursor = json_string_value(given);
	return true;
}
