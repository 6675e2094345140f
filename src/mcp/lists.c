#include <string.h>

#include "mcp/mcp.h"

static const struct mcp_list_info lists[MCP_LISTS] = {
	[MCP_TOOL_LIST] = { "tools/list", "tools", "name", "tools",
			    "notifications/tools/list_changed", ACTION_TOOL_CALL, MCP_NAME },
	[MCP_RESOURCE_LIST] = { "resources/list", "resources", "uri", "resources",
				"notifications/resources/list_changed", ACTION_RESOURCE_READ,
				MCP_URI },
	[MCP_TEMPLATE_LIST] = { "resources/templates/list", "resourceTemplates", "uriTemplate",
				"resources", "notifications/resources/list_changed",
				ACTION_RESOURCE_READ, MCP_URI },
	[MCP_PROMPT_LIST] = { "prompts/list", "prompts", "name", "prompts",
			      "notifications/prompts/list_changed", ACTION_PROMPT_GET, MCP_NAME },
};

const struct mcp_list_info *mcp_list_info(enum mcp_list which)
{
	return &lists[which];
}

static bool is_item(enum mcp_list which, const json_t *item)
{
	const json_t *key = json_object_get(item, lists[which].key);

	return json_is_string(key) && json_string_length(key) > 0 &&
	       json_string_length(key) <= lists[which].longest &&
	       json_is_string(json_object_get(item, "name")) &&
	       (which != MCP_TOOL_LIST || json_is_object(json_object_get(item, "inputSchema")));
}

/* The first of a name stands: a later one could only be there to take its place. */
bool mcp_list_add(enum mcp_list which, json_t *list, json_t *seen, const json_t *page)
{
	const char *key;
	json_t *item;
	size_t i;

	json_array_foreach(page, i, item) {
		key = json_string_value(json_object_get(item, lists[which].key));
		if (!is_item(which, item) || json_object_get(seen, key))
			continue;
		if (json_array_size(list) >= MCP_TOOLS || json_array_append(list, item) < 0 ||
		    json_object_set_new(seen, key, json_true()) < 0)
			return false;
	}
	return true;
}

bool mcp_tools_add(json_t *list, json_t *seen, const json_t *page)
{
	return mcp_list_add(MCP_TOOL_LIST, list, seen, page);
}

/* One {expression}: may it stand for this text? */
static bool expands_to(const char *expression, const char *text, size_t size)
{
	return strchr("+#./;?&", expression[1]) || !memchr(text, '/', size);
}

/*
 * The parts between expressions are looked for from left to right, each at its first place, the
 * last at the end: linear, whatever a server writes into its templates.
 */
bool mcp_template_covers(const char *uri_template, const char *uri)
{
	const char *open = strchr(uri_template, '{'), *end = uri + strlen(uri), *close, *found;
	size_t size = open ? (size_t)(open - uri_template) : strlen(uri_template);

	if (size > (size_t)(end - uri) || memcmp(uri_template, uri, size) != 0)
		return false;
	for (uri += size; open; uri = found + size) {
		close = strchr(open, '}');
		if (!close)
			return false;
		uri_template = strchr(close + 1, '{');
		size = uri_template ? (size_t)(uri_template - close - 1) : strlen(close + 1);
		if ((size_t)(end - uri) < size)
			return false;
		found = !uri_template ? end - size
			: size        ? memmem(uri, (size_t)(end - uri), close + 1, size)
				      : uri;
		if (!found || memcmp(found, close + 1, size) != 0 ||
		    !expands_to(open, uri, (size_t)(found - uri)))
			return false;
		open = uri_template;
	}
	return *uri == '\0';
}

json_t *mcp_tools_find(const json_t *list, const char *name, size_t *at)
{
	json_t *tool;
	size_t i;

	json_array_foreach(list, i, tool) {
		if (strcmp(json_string_value(json_object_get(tool, "name")), name) != 0)
			continue;
		if (at)
			*at = i;
		return tool;
	}
	return NULL;
}
