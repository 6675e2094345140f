/* Requests of this era: nothing was agreed before, so each says all of it again. */
#include <inttypes.h>
#include <string.h>

#include "mcp/modern.h"

#define VERSION_KEY MODERN_KEY "protocolVersion"
#define CAPABILITIES_KEY MODERN_KEY "clientCapabilities"
#define LOG_KEY MODERN_KEY "logLevel"

static const char *const levels[] = { "debug", "info",     "notice", "warning",
				      "error", "critical", "alert",  "emergency" };

static const char *const only_modern[] = { "server/discover", "subscriptions/listen" };

static bool is_among(const char *word, const char *const *words, size_t count)
{
	size_t i;

	for (i = 0; word && i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

enum mcp_era modern_era_of(const struct mcp_message *m)
{
	const json_t *meta = json_object_get(m->params, "_meta");

	if (m->kind != MCP_REQUEST)
		return MCP_ERA_OPEN;
	if (strcmp(m->method, "initialize") == 0)
		return MCP_ERA_LEGACY;
	if (json_object_get(meta, VERSION_KEY) || json_object_get(meta, CAPABILITIES_KEY) ||
	    is_among(m->method, only_modern, count_of(only_modern)))
		return MCP_ERA_MODERN;
	return MCP_ERA_OPEN;
}

static bool bad(struct mcp_fault *f, int code, const char *text)
{
	*f = (struct mcp_fault){ code, REASON_BAD_PARAMS, text };
	return false;
}

bool modern_read_envelope(struct modern_envelope *out, const struct mcp_message *m,
			  struct mcp_fault *fault)
{
	const json_t *meta = json_object_get(m->params, "_meta");
	const json_t *level = json_object_get(meta, LOG_KEY);
	const char *said = json_string_value(level);

	*out = (struct modern_envelope){
		.version = json_string_value(json_object_get(meta, VERSION_KEY)),
		.capabilities = json_object_get(meta, CAPABILITIES_KEY),
		.log_level = said,
	};
	if (!out->version)
		return bad(fault, MCP_BAD_PARAMS, "_meta needs " VERSION_KEY ", a string");
	if (strcmp(out->version, MODERN_REVISION) != 0)
		return bad(fault, MODERN_VERSION, "Unsupported protocol version");
	if (!json_is_object(out->capabilities))
		return bad(fault, MCP_BAD_PARAMS, "_meta needs " CAPABILITIES_KEY ", an object");
	if (level && !is_among(said, levels, count_of(levels)))
		return bad(fault, MCP_BAD_PARAMS, LOG_KEY " is no level of a log");
	return true;
}

json_t *modern_supported(const char *requested)
{
	return json_pack("{s:[s], s:s}", "supported", MODERN_REVISION, "requested",
			 requested ? requested : "");
}

/* What is ours to say is not taken from anybody: neither the keys of the protocol nor the token. */
static bool is_ours(const char *key)
{
	return strncmp(key, MODERN_KEY, strlen(MODERN_KEY)) == 0 ||
	       strcmp(key, "progressToken") == 0;
}

static json_t *make_meta(const json_t *params, const struct modern_envelope *e)
{
	json_t *meta = json_object(), *said = json_object_get(params, "_meta"), *value;
	const char *key;

	json_object_foreach(said, key, value) {
		if (!is_ours(key))
			json_object_set(meta, key, value);
	}
	value = json_object_get(said, "progressToken");
	if (value)
		json_object_set(meta, "progressToken", value);
	json_object_set_new(meta, VERSION_KEY, json_string(MODERN_REVISION));
	json_object_set_new(meta, MODERN_KEY "clientInfo",
			    json_pack("{s:s, s:s}", "name", "reeve", "version", REEVE_VERSION));
	json_object_set_new(meta, CAPABILITIES_KEY,
			    e->capabilities ? json_incref(e->capabilities) : json_object());
	if (e->log_level)
		json_object_set_new(meta, LOG_KEY, json_string(e->log_level));
	return meta;
}

bool modern_write_request(struct buf *out, uint64_t id, const char *method, const json_t *params,
			  const struct modern_envelope *e)
{
	scoped(json) json_t *inside =
		params ? json_copy((json_t *)(uintptr_t)params) : json_object();

	if (!inside || json_object_set_new(inside, "_meta", make_meta(params, e)) < 0)
		return false;
	return mcp_write_request(out, id, method, inside);
}
