/* Requests of this era: nothing was agreed before, so each says all of it again. */
#include <inttypes.h>
#include <string.h>

#include "mcp/modern.h"
#include "mcp/shape.h"

#define VERSION_KEY MODERN_KEY "protocolVersion"
#define CAPABILITIES_KEY MODERN_KEY "clientCapabilities"
#define LOG_KEY MODERN_KEY "logLevel"

static const char *const levels[] = { "debug", "info",     "notice", "warning",
				      "error", "critical", "alert",  "emergency" };

static const char *const only_modern[] = { "server/discover", "subscriptions/listen" };

/* The word as the table has it, so that it outlives the message; NULL: it is none of them. */
static const char *among(const char *word, const char *const *words, size_t count)
{
	size_t i;

	for (i = 0; word && i < count; i++)
		if (strcmp(words[i], word) == 0)
			return words[i];
	return NULL;
}

enum mcp_era modern_era_of(const struct mcp_message *m)
{
	const json_t *meta = json_object_get(m->params, "_meta");
	const char *method = m->method;

	if (m->kind != MCP_REQUEST || !method)
		return MCP_ERA_OPEN;
	if (json_object_get(meta, VERSION_KEY) || json_object_get(meta, CAPABILITIES_KEY) ||
	    among(method, only_modern, count_of(only_modern)))
		return MCP_ERA_MODERN;
	return strcmp(method, "initialize") == 0 ? MCP_ERA_LEGACY : MCP_ERA_OPEN;
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
	const json_t *can = json_object_get(meta, CAPABILITIES_KEY);
	const json_t *level = json_object_get(meta, LOG_KEY);

	*out = (struct modern_envelope){
		.version = json_string_value(json_object_get(meta, VERSION_KEY)),
		.can = mcp_can_read(can),
		.log_level = among(json_string_value(level), levels, count_of(levels)),
	};
	if (!out->version)
		return bad(fault, MCP_BAD_PARAMS, "_meta needs " VERSION_KEY ", a string");
	if (strcmp(out->version, MODERN_REVISION) != 0)
		return bad(fault, MODERN_VERSION, "Unsupported protocol version");
	if (!json_is_object(can))
		return bad(fault, MCP_BAD_PARAMS, "_meta needs " CAPABILITIES_KEY ", an object");
	if (level && !out->log_level)
		return bad(fault, MCP_BAD_PARAMS, LOG_KEY " is no level of a log");
	return true;
}

json_t *modern_supported(const char *requested)
{
	return json_pack("{s:[s], s:s}", "supported", MODERN_REVISION, "requested",
			 requested ? requested : "");
}

bool modern_write_meta(struct buf *out, const struct modern_envelope *e, uint64_t token)
{
	scoped(json) json_t *can = mcp_can_write(e->can);

	buf_puts(out, "\"_meta\":{");
	if (token)
		buf_printf(out, "\"progressToken\":%" PRIu64 ",", token);
	buf_puts(out, "\"" VERSION_KEY "\":\"" MODERN_REVISION "\",\"" MODERN_KEY
		      "clientInfo\":{\"name\":\"reeve\",\"version\":\"" REEVE_VERSION
		      "\"},\"" CAPABILITIES_KEY "\":");
	json_write(out, can);
	if (e->log_level)
		buf_printf(out, ",\"" LOG_KEY "\":\"%s\"", e->log_level);
	return can && buf_puts(out, "}");
}

bool modern_write_request(struct buf *out, uint64_t id, const char *method, const json_t *params,
			  const struct modern_envelope *e)
{
	json_t *value;
	const char *key;

	buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\",\"params\":{",
		   id, method);
	json_object_foreach((json_t *)(uintptr_t)params, key, value) {
		shape_write_text(out, key);
		buf_puts(out, ":");
		json_write(out, value);
		buf_puts(out, ",");
	}
	modern_write_meta(out, e, 0);
	return buf_puts(out, "}}\n");
}
