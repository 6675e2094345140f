/*
 * tests/fuzz/fuzz_mcp_parts.c - the parts of MCP that are read by themselves: the id in an answer too large to
 * be read whole is its own or none; a template without an expression covers itself alone; a list holds
 * each name once; what may be opened is an address of the web; what asks upward is checked before it is answered.
 *
 * The first line is a text (a template, an address), the rest a message.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mcp/mcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool property)
{
	if (!property)
		__builtin_trap();
}

/* Seen as broker sees an answer it did not keep: its beginning and its end. */
static void check_id(const char *bytes, size_t size, json_t *doc)
{
	json_t *id = json_object_get(doc, "id");
	size_t half = size / 2;
	uint64_t found;

	if (mcp_find_id(&found, bytes, size, bytes, size))
		hold(json_is_integer(id) && (uint64_t)json_integer_value(id) == found);
	if (mcp_find_id(&found, bytes, half, bytes + half, size - half) && json_is_integer(id))
		hold((uint64_t)json_integer_value(id) == found);
}

static void check_text(const char *text, const char *other)
{
	const char *at;

	if (!strchr(text, '{'))
		hold(mcp_template_covers(text, other) == (strcmp(text, other) == 0));
	else
		(void)mcp_template_covers(text, other);
	if (!mcp_is_web_url(text))
		return;
	hold(strncasecmp(text, "https://", 8) == 0 || strncasecmp(text, "http://", 7) == 0);
	for (at = text; *at; at++)
		hold(*at > ' ' && *at < 127);
}

static void check_list(json_t *page)
{
	scoped(json) json_t *list = json_array(), *seen = json_object();
	json_t *item;
	size_t i, at;
	int which;

	for (which = 0; which < MCP_LISTS; which++) {
		json_array_clear(list);
		json_object_clear(seen);
		if (!mcp_list_add((enum mcp_list)which, list, seen, page))
			continue;
		hold(json_array_size(list) == json_object_size(seen));
		json_array_foreach(list, i, item)
			hold(json_object_get(seen, json_text(item, mcp_list_info((enum mcp_list)which)->key)) != NULL);
	}
	json_array_foreach(list, i, item)
		if (mcp_tools_find(list, json_text(item, "name"), &at))
			hold(at <= i);
}

static void check_upward(json_t *doc)
{
	json_t *params = json_object_get(doc, "params"), *result = json_object_get(doc, "result");
	int what;

	for (what = 0; what < MCP_UPWARDS; what++) {
		(void)mcp_check_upward((enum mcp_upward)what, params);
		(void)mcp_answers_upward((enum mcp_upward)what, result);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data, *end = size ? memchr(bytes, '\n', size) : NULL, *rest;
	scoped(mem) char *text = NULL, *other = NULL;
	scoped(json) json_t *doc = NULL;
	struct err e = { 0 };
	size_t left;

	if (!end)
		return 0;
	rest = end + 1;
	left = size - (size_t)(rest - bytes);
	text = strndup(bytes, (size_t)(end - bytes));
	other = strndup(rest, left);
	if (!text || !other)
		return 0;
	check_text(text, other);
	if (json_read(&doc, rest, left, NULL, &e) < 0 || !json_is_object(doc))
		return 0;
	check_id(rest, left, doc);
	check_list(json_object_get(doc, "list"));
	check_upward(doc);
	return 0;
}
