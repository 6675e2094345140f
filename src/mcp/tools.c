#include <string.h>

#include "mcp/mcp.h"

static bool is_tool(const json_t *tool)
{
	const json_t *name = json_object_get(tool, "name");

	return json_is_string(name) && json_string_length(name) > 0 &&
	       json_string_length(name) <= MCP_NAME &&
	       json_is_object(json_object_get(tool, "inputSchema"));
}

/* The first of a name stands: a later one could only be there to take its place. */
bool mcp_tools_add(json_t *list, json_t *seen, const json_t *page)
{
	const char *name;
	json_t *tool;
	size_t i;

	json_array_foreach(page, i, tool)
	{
		name = json_string_value(json_object_get(tool, "name"));
		if (!is_tool(tool) || json_object_get(seen, name))
			continue;
		if (json_array_size(list) >= MCP_TOOLS || json_array_append(list, tool) < 0 ||
		    json_object_set_new(seen, name, json_true()) < 0)
			return false;
	}
	return true;
}

json_t *mcp_tools_find(const json_t *list, const char *name, size_t *at)
{
	json_t *tool;
	size_t i;

	json_array_foreach(list, i, tool)
	{
		if (strcmp(json_string_value(json_object_get(tool, "name")), name) != 0)
			continue;
		if (at)
			*at = i;
		return tool;
	}
	return NULL;
}
