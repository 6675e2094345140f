/*
 * Arguments that a server of 2026-07-28 wants said in headers too, beside the body: which they are
 * stands in the list of its tools, as it passes by.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "courier/courier.h"

enum { HEADERS = 32, DEEP = 8, HEADER_NAME = 64 };

static bool is_token(const char *name)
{
	return *name && strlen(name) <= HEADER_NAME &&
	       name[strspn(name, "!#$%&'*+-.^_`|~0123456789"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] == '\0';
}

/* What can be said in a header: a value without parts, and written in one way only. */
static bool is_plain(const json_t *property)
{
	static const char *const plain[] = { "string", "integer", "boolean" };
	size_t i;

	for (i = 0; i < count_of(plain); i++)
		if (strcmp(json_text(property, "type"), plain[i]) == 0)
			return true;
	return false;
}

/* Names of headers are alike whatever their case. */
static bool is_taken(const json_t *headers, const char *header)
{
	const char *other;
	json_t *path;

	json_object_foreach((json_t *)(uintptr_t)headers, other, path)
		if (strcasecmp(other, header) == 0)
			return true;
	return false;
}

/* Only what is reached by properties alone is always there. False: it declares what cannot be a
 * header. */
static bool learn_properties(json_t *headers, const json_t *schema, json_t *path)
{
	const char *name, *header;
	json_t *property;
	bool sound = true;

	json_object_foreach(json_object_get(schema, "properties"), name, property) {
		header = json_text(property, "x-mcp-header");
		json_array_append_new(path, json_string(name));
		if (json_object_get(property, "x-mcp-header"))
			sound = sound && is_token(header) && is_plain(property) &&
				!is_taken(headers, header) && json_object_size(headers) < HEADERS &&
				json_object_set_new(headers, header, json_deep_copy(path)) == 0;
		if (json_array_size(path) < DEEP)
			sound = learn_properties(headers, property, path) && sound;
		json_array_remove(path, json_array_size(path) - 1);
	}
	return sound;
}

/* A tool that declares what cannot be a header is left out, as the revision asks of clients. */
bool params_learn(struct courier *c, json_t *doc)
{
	json_t *tool, *tools = json_object_get(json_object_get(doc, "result"), "tools");
	bool changed = false, sound;
	size_t i;

	if (!c->params)
		c->params = json_object();
	for (i = 0; (tool = json_array_get(tools, i));) {
		scoped(json) json_t *headers = json_object(), *path = json_array();

		sound = learn_properties(headers, json_object_get(tool, "inputSchema"), path);
		if (sound && json_object_size(headers) && json_object_size(c->params) < MCP_TOOLS)
			json_object_set(c->params, json_text(tool, "name"), headers);
		else
			json_object_del(c->params, json_text(tool, "name"));
		if (sound) {
			i++;
			continue;
		}
		log_say("tool %.128s is left out: its inputSchema wants a header that cannot be "
			"(x-mcp-header)",
			json_text(tool, "name"));
		json_array_remove(tools, i);
		changed = true;
	}
	return changed;
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
