/* Subscriptions: one request that stays open, and what it is told bears its id. */
#include <string.h>

#include "mcp/modern.h"

static bool bad(struct mcp_fault *f, const char *text)
{
	*f = (struct mcp_fault){ MCP_BAD_PARAMS, REASON_BAD_PARAMS, text };
	return false;
}

static bool read_flag(bool *out, const json_t *filter, const char *key)
{
	const json_t *said = json_object_get(filter, key);

	*out = json_is_true(said);
	return !said || json_is_boolean(said);
}

static bool is_uris(const json_t *list)
{
	json_t *one;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > MODERN_URIS)
		return false;
	json_array_foreach(list, i, one) {
		if (!json_is_string(one) || json_string_length(one) == 0)
			return false;
	}
	return true;
}

bool modern_read_filter(struct modern_filter *out, const json_t *params, struct mcp_fault *fault)
{
	const json_t *filter = json_object_get(params, "notifications");
	struct modern_filter f = { .uris = json_object_get(filter, "resourceSubscriptions") };

	if (!json_is_object(filter))
		return bad(fault, "a subscription needs notifications, an object");
	if (!read_flag(&f.tools, filter, "toolsListChanged") ||
	    !read_flag(&f.prompts, filter, "promptsListChanged") ||
	    !read_flag(&f.resources, filter, "resourcesListChanged"))
		return bad(fault, "a kind of notification is wanted or not: true or false");
	if (f.uris && !is_uris(f.uris))
		return bad(fault, "resourceSubscriptions are at most 256 URIs");
	*out = f;
	return true;
}

json_t *modern_filter_json(const struct modern_filter *f)
{
	json_t *filter = json_object();

	if (f->tools)
		json_object_set_new(filter, "toolsListChanged", json_true());
	if (f->prompts)
		json_object_set_new(filter, "promptsListChanged", json_true());
	if (f->resources)
		json_object_set_new(filter, "resourcesListChanged", json_true());
	if (f->uris)
		json_object_set(filter, "resourceSubscriptions", f->uris);
	return filter;
}

bool modern_write_tagged(struct buf *out, const char *method, const json_t *params,
			 const json_t *id)
{
	scoped(json) json_t *inside =
		params ? json_copy((json_t *)(uintptr_t)params) : json_object();
	scoped(json) json_t *said = json_object_get(inside, "_meta");

	said = json_is_object(said) ? json_copy(said) : json_object();
	if (!said || json_object_set(said, MODERN_SUBSCRIPTION, (json_t *)(uintptr_t)id) < 0 ||
	    json_object_set(inside, "_meta", said) < 0)
		return false;
	buf_printf(out, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":", method);
	json_write(out, inside);
	return buf_puts(out, "}\n");
}

bool modern_write_acknowledged(struct buf *out, const struct modern_filter *f, const json_t *id)
{
	scoped(json) json_t *params = json_pack("{s:o}", "notifications", modern_filter_json(f));

	return params &&
	       modern_write_tagged(out, "notifications/subscriptions/acknowledged", params, id);
}
