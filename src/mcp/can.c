/* What a client says it can be asked, as bits: what we do not know of it is not passed on. */
#include <string.h>

#include "mcp/mcp.h"

/* `inside`: the member of the capability that says it; NULL: the capability itself does. */
static const struct {
	enum mcp_can can;
	const char *capability, *inside;
} words[] = {
	{ MCP_CAN_SAMPLING, "sampling", NULL },
	{ MCP_CAN_SAMPLING_TOOLS, "sampling", "tools" },
	{ MCP_CAN_SAMPLING_CONTEXT, "sampling", "context" },
	{ MCP_CAN_FORM, "elicitation", "form" },
	{ MCP_CAN_URL, "elicitation", "url" },
	{ MCP_CAN_ROOTS, "roots", NULL },
};

unsigned mcp_can_read(const json_t *capabilities)
{
	const json_t *said, *elicitation = json_object_get(capabilities, "elicitation");
	unsigned can = 0;
	size_t i;

	for (i = 0; i < count_of(words); i++) {
		said = json_object_get(capabilities, words[i].capability);
		if (words[i].inside)
			said = json_object_get(said, words[i].inside);
		can |= json_is_object(said) ? words[i].can : 0;
	}
	/* Before there were two kinds, elicitation was by form. */
	if (json_is_object(elicitation) && json_object_size(elicitation) == 0)
		can |= MCP_CAN_FORM;
	return can;
}

json_t *mcp_can_write(unsigned can)
{
	json_t *all = json_object(), *one;
	size_t i;

	for (i = 0; all && i < count_of(words); i++) {
		if (!(can & words[i].can))
			continue;
		one = json_object_get(all, words[i].capability);
		if (!one) {
			one = json_object();
			json_object_set_new(all, words[i].capability, one);
		}
		if (words[i].inside)
			json_object_set_new(one, words[i].inside, json_object());
	}
	return all;
}

/* An elicitation without a mode is a form; tools and context are extras of sampling. */
static unsigned need_sampling(const json_t *params)
{
	const char *context = json_text(params, "includeContext");
	unsigned need = MCP_CAN_SAMPLING;

	if (json_object_get(params, "tools") || json_object_get(params, "toolChoice"))
		need |= MCP_CAN_SAMPLING_TOOLS;
	if (*context && strcmp(context, "none") != 0)
		need |= MCP_CAN_SAMPLING_CONTEXT;
	return need;
}

unsigned mcp_can_need(const char *method, const json_t *params)
{
	const char *mode = json_text(params, "mode");

	if (!method)
		return 0;
	if (strcmp(method, "sampling/createMessage") == 0)
		return need_sampling(params);
	if (strcmp(method, "roots/list") == 0)
		return MCP_CAN_ROOTS;
	if (strcmp(method, "elicitation/create") != 0)
		return 0;
	if (!*mode || strcmp(mode, "form") == 0)
		return MCP_CAN_FORM;
	return strcmp(mode, "url") == 0 ? MCP_CAN_URL : 0;
}
