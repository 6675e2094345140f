/*
 * What a tool server asks of the agent, one row for each method: which parameters it may have, and
 * what the agent's answer must be. Tasks are offered to nobody.
 */
#include <string.h>

#include "mcp/mcp.h"
#include "mcp/shape.h"

static bool is_text(const json_t *object, const char *key)
{
	return json_is_string(json_object_get(object, key));
}

static const char *check_sampling(const json_t *params)
{
	if (!json_is_array(json_object_get(params, "messages")))
		return "messages must be an array";
	return json_is_integer(json_object_get(params, "maxTokens"))
		       ? NULL
		       : "maxTokens must be an integer";
}

static bool is_plain_host(const char *host, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (host[i] <= ' ' || host[i] > '~' || strchr("@\\\"<>^`{|}%", host[i]) ||
		    ((i == 0 || host[i - 1] == '.') && strncasecmp(host + i, "xn--", 4) == 0))
			return false;
	return size > 0 && host[0] != ':';
}

/* What a person is sent to must be what it looks like. */
bool mcp_is_web_url(const char *url)
{
	const char *at, *host;

	for (at = url; *at; at++)
		if (*at <= ' ' || *at > '~' || *at == '\\')
			return false;
	if (strncasecmp(url, "https://", 8) == 0)
		host = url + 8;
	else if (strncasecmp(url, "http://", 7) == 0)
		host = url + 7;
	else
		return false;
	return is_plain_host(host, strcspn(host, "/?#"));
}

static const char *check_elicitation(const json_t *params)
{
	const char *mode = json_text(params, "mode");
	const json_t *schema = json_object_get(params, "requestedSchema");
	bool by_url = strcmp(mode, "url") == 0;

	if (!is_text(params, "message") ||
	    (json_object_get(params, "mode") && !by_url && strcmp(mode, "form") != 0))
		return "it needs a message, and a mode that is form or url";
	if (!by_url)
		return json_is_object(schema) && !json_object_get(params, "url")
			       ? NULL
			       : "a form needs a requestedSchema, and has no url";
	if (schema || !is_text(params, "elicitationId") ||
	    json_string_length(json_object_get(params, "elicitationId")) > MCP_ID)
		return "a url needs an elicitationId of at most 128 bytes, and has no "
		       "requestedSchema";
	return mcp_is_web_url(json_text(params, "url"))
		       ? NULL
		       : "the url must be http or https, with a plain host and no name or password";
}

static const char *check_nothing(const json_t *params)
{
	(void)params;
	return NULL;
}

static bool answers_sampling(const json_t *result)
{
	const json_t *content = json_object_get(result, "content");

	return is_text(result, "role") && is_text(result, "model") &&
	       (json_is_object(content) || json_is_array(content));
}

/* What a form is filled in with are plain values, or lists of texts. */
static bool is_filled_in(const json_t *value)
{
	size_t i;

	if (json_is_object(value) || json_is_null(value))
		return false;
	for (i = 0; i < json_array_size(value); i++)
		if (!json_is_string(json_array_get(value, i)))
			return false;
	return true;
}

static bool answers_elicitation(const json_t *result)
{
	static const char *const words[] = { "accept", "decline", "cancel" };
	json_t *content = json_object_get(result, "content"), *value;
	const char *action = json_text(result, "action"), *key;
	size_t i;

	for (i = 0; i < count_of(words) && strcmp(words[i], action) != 0; i++)
		;
	if (i == count_of(words) || (content && (i > 0 || !json_is_object(content))))
		return false;
	json_object_foreach(content, key, value)
		if (!is_filled_in(value))
			return false;
	return true;
}

static bool answers_roots(const json_t *result)
{
	const json_t *roots = json_object_get(result, "roots");
	size_t i;

	for (i = 0; i < json_array_size(roots); i++)
		if (strncmp(json_text(json_array_get(roots, i), "uri"), "file://", 7) != 0)
			return false;
	return json_is_array(roots);
}

static const struct {
	struct mcp_upward_info info;
	const char *members[11]; /* of the parameters, beside _meta */
	const char *(*check)(const json_t *params);
	bool (*answers)(const json_t *result);
} upwards[MCP_UPWARDS] = {
	[MCP_SAMPLING] = { { "sampling/createMessage", ACTION_SAMPLING },
			   { "messages", "modelPreferences", "systemPrompt", "includeContext",
			     "temperature", "maxTokens", "stopSequences", "metadata", "tools",
			     "toolChoice" },
			   check_sampling,
			   answers_sampling },
	[MCP_ELICITATION] = { { "elicitation/create", ACTION_ELICITATION },
			      { "message", "mode", "requestedSchema", "url", "elicitationId" },
			      check_elicitation,
			      answers_elicitation },
	[MCP_ROOTS] = { { "roots/list", ACTION_ROOTS }, { NULL }, check_nothing, answers_roots },
};

const struct mcp_upward_info *mcp_upward_info(enum mcp_upward what)
{
	return &upwards[what].info;
}

const char *mcp_check_upward(enum mcp_upward what, const json_t *params)
{
	const char *may[12] = { "_meta" };

	memcpy(may + 1, upwards[what].members, sizeof(upwards[what].members));
	if (!shape_has_only(params, may, count_of(may)))
		return "it has a parameter that reeve does not offer";
	return upwards[what].check(params);
}

bool mcp_answers_upward(enum mcp_upward what, const json_t *result)
{
	return upwards[what].answers(result);
}
