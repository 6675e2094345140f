/*
 * Arguments that a server of 2026-07-28 wants said in headers too, beside the body: which they are
 * stands in the list of its tools, as it passes by.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "courier/courier.h"

enum { HEADERS = 32, DEEP = 8, HEADER_NAME = 64 };

static bool is_token(const char *name)
{
	return *name && strlen(name) <= HEADER_NAME &&
	       name[strspn(name, "!#$%&'*+-.^_`|~0123456789"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] == '\0';
}

/* Only what is reached by properties alone is always there. */
static void learn_properties(json_t *headers, const json_t *schema, json_t *path)
{
	const char *name, *header;
	json_t *property;

	json_object_foreach(json_object_get(schema, "properties"), name, property) {
		header = json_text(property, "x-mcp-header");
		json_array_append_new(path, json_string(name));
		if (is_token(header) && json_object_size(headers) < HEADERS)
			json_object_set_new(headers, header, json_deep_copy(path));
		if (json_array_size(path) < DEEP)
			learn_properties(headers, property, path);
		json_array_remove(path, json_array_size(path) - 1);
	}
}

void params_learn(struct courier *c, const json_t *doc)
{
	json_t *tool, *tools = json_object_get(json_object_get(doc, "result"), "tools");
	size_t i;

	if (!c->params)
		c->params = json_object();
	json_array_foreach(tools, i, tool) {
		scoped(json) json_t *headers = json_object(), *path = json_array();

		learn_properties(headers, json_object_get(tool, "inputSchema"), path);
		if (json_object_size(headers) && json_object_size(c->params) < MCP_TOOLS)
			json_object_set(c->params, json_text(tool, "name"), headers);
		else
			json_object_del(c->params, json_text(tool, "name"));
	}
}

static const char *text_of(const json_t *value, char room[32])
{
	if (json_is_integer(value))
		snprintf(room, 32, "%" PRId64, (int64_t)json_integer_value(value));
	else if (json_is_real(value))
		snprintf(room, 32, "%.17g", json_real_value(value));
	else if (json_is_boolean(value))
		snprintf(room, 32, "%s", json_is_true(value) ? "true" : "false");
	else
		return json_string_value(value); /* NULL: null, or nothing that a header says */
	return room;
}

bool params_add(struct exchange *x, const json_t *params)
{
	json_t *path, *word,
		*wanted = json_object_get(x->courier->params, json_text(params, "name"));
	char name[HEADER_NAME + 16], room[32];
	const char *header, *text;
	const json_t *value;
	bool fits = true;
	size_t i;

	json_object_foreach(wanted, header, path) {
		value = json_object_get(params, "arguments");
		json_array_foreach(path, i, word)
			value = json_object_get(value, json_string_value(word));
		text = text_of(value, room);
		snprintf(name, sizeof(name), "Mcp-Param-%s", header);
		fits = fits && (!text || request_header(x, name, text));
	}
	return fits;
}
