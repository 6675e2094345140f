/* Tools without a server, as the operator wrote them: is every hole a parameter, every parameter sound? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profile/tools.h"

static const struct json_member tool_members[] = {
	{ "description", JSON_STRING, JSON_MUST }, { "argv", JSON_ARRAY, JSON_MUST },
	{ "stdin", JSON_STRING, JSON_MAY },        { "params", JSON_OBJECT, JSON_MAY },
	{ "resource", JSON_STRING, JSON_MAY },     { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member param_members[] = {
	{ "type", JSON_STRING, JSON_MUST },    { "description", JSON_STRING, JSON_MAY },
	{ "enum", JSON_ARRAY, JSON_MAY },      { "max_length", JSON_INTEGER, JSON_MAY },
	{ "minimum", JSON_INTEGER, JSON_MAY }, { "maximum", JSON_INTEGER, JSON_MAY },
	{ "default", JSON_STRING, JSON_MAY },  { NULL, JSON_NULL, JSON_MAY },
};

bool template_next(const char **at, struct piece *out, bool *wrong)
{
	const char *text = *at, *close;
	size_t size = strcspn(text, "{");

	if (*text == '\0')
		return false;
	if (size > 0) {
		*out = (struct piece) { text, size, false };
	} else if (text[1] == '{') {
		*out = (struct piece) { text, 1, false };
		size = 2;
	} else {
		close = strchr(text, '}');
		if (!close) {
			*wrong = true;
			return false;
		}
		*out = (struct piece) { text + 1, (size_t)(close - text) - 1, true };
		size = (size_t)(close - text) + 1;
	}
	*at = text + size;
	return true;
}

json_t *param_of(json_t *params, const struct piece *piece, size_t *index)
{
	const char *key;
	json_t *value;

	*index = 0;
	json_object_foreach(params, key, value)
	{
		if (strlen(key) == piece->size && memcmp(key, piece->text, piece->size) == 0)
			return value;
		++*index;
	}
	return NULL;
}

static int check_template(const struct json_file *f, const char *pointer, json_t *params,
			  struct err *e)
{
	const char *text = json_string_value(json_at(f->root, pointer));
	bool wrong = false;
	struct piece piece;
	size_t index;

	while (text && template_next(&text, &piece, &wrong))
		if (piece.is_param && !param_of(params, &piece, &index))
			return json_wrong(
				f, pointer, false, e,
				"{%.*s} is not one of the tool's \"params\" (write {{ for a brace)",
				(int)(piece.size < 40 ? piece.size : 40), piece.text);
	if (wrong)
		return json_wrong(f, pointer, false, e,
				  "expected a \"}\" for every \"{\" (write {{ for a brace)");
	return 0;
}

/* Why a value does not suit its parameter; NULL: it does. The broker has asked before; we ask
 * again. */
const char *misfit(json_t *param, const char *value)
{
	const char *type = json_string_value(json_object_get(param, "type"));
	json_t *choice, *choices = json_object_get(param, "enum"), *bound;
	long long number = 0;
	char *end;
	size_t i;

	if (strcmp(type, "boolean") == 0 && strcmp(value, "true") != 0 &&
	    strcmp(value, "false") != 0)
		return "is not true or false";
	if (strcmp(type, "integer") == 0) {
		errno = 0;
		number = strtoll(value, &end, 10);
		if (*value == '\0' || *end || errno || value[strspn(value, "-0123456789")])
			return "is not an integer";
		if ((bound = json_object_get(param, "minimum")) &&
		    number < json_integer_value(bound))
			return "is below the minimum";
		if ((bound = json_object_get(param, "maximum")) &&
		    number > json_integer_value(bound))
			return "is above the maximum";
	}
	bound = json_object_get(param, "max_length");
	if (strlen(value) > (bound ? (size_t)json_integer_value(bound) : TOOL_VALUE_MOST))
		return "is too long";
	json_array_foreach(choices, i,
			   choice) if (strcmp(json_string_value(choice), value) == 0) return NULL;
	return choices ? "is not one of the values it may have" : NULL;
}

static int check_param(const struct json_file *f, const char *pointer, struct err *e)
{
	static const char *const types[] = { "string", "integer", "boolean" };
	json_t *param = json_at(f->root, pointer);
	const char *type, *otherwise, *why;
	char at[POINT_MOST];
	size_t i;

	if (json_members(f, pointer, param_members, e) < 0 ||
	    check_texts(f, pointer, "enum", e) < 0)
		return -1;
	type = json_string_value(json_object_get(param, "type"));
	for (i = 0; i < count_of(types) && strcmp(type, types[i]) != 0; i++)
		;
	if (i == count_of(types))
		return json_wrong(
			f, point_key(at, pointer, "type"), false, e,
			"expected \"string\", \"integer\" or \"boolean\", found \"%.40s\"", type);
	if (json_object_get(param, "max_length") &&
	    json_integer_value(json_object_get(param, "max_length")) < 1)
		return json_wrong(f, point_key(at, pointer, "max_length"), false, e,
				  "expected a number from 1");
	otherwise = json_string_value(json_object_get(param, "default"));
	why = otherwise ? misfit(param, otherwise) : NULL;
	if (why)
		return json_wrong(f, point_key(at, pointer, "default"), false, e, "\"%.40s\" %s",
				  otherwise, why);
	return 0;
}

static int check_params(const struct json_file *f, const char *tool, struct err *e)
{
	char list[POINT_MOST], at[POINT_MOST];
	json_t *param, *params = json_at(f->root, point_key(list, tool, "params"));
	const char *name;

	if (json_object_size(params) > TOOL_PARAMS)
		return json_wrong(f, list, false, e, "expected at most %d parameters", TOOL_PARAMS);
	json_object_foreach(params, name, param)
	{
		point_key(at, list, name);
		if (*name == '\0' || strpbrk(name, "{}"))
			return json_wrong(f, at, true, e,
					  "expected a parameter's name without braces");
		if (check_param(f, at, e) < 0)
			return -1;
	}
	return 0;
}

static int check_argv(const struct json_file *f, const char *tool, json_t *params, struct err *e)
{
	char list[POINT_MOST], at[POINT_MOST];
	json_t *argv = json_at(f->root, point_key(list, tool, "argv")),
	       *first = json_array_get(argv, 0);
	size_t i;

	if (check_texts(f, tool, "argv", e) < 0)
		return -1;
	if (!first || json_string_length(first) == 0)
		return json_wrong(f, list, false, e, "expected a program to execute");
	if (strchr(json_string_value(first), '{'))
		return json_wrong(f, point_index(at, list, 0), false, e,
				  "expected a fixed program: no parameter may choose it");
	if (strchr(json_string_value(first), '/') && json_string_value(first)[0] != '/')
		return json_wrong(f, point_index(at, list, 0), false, e,
				  "expected an absolute path, or a name looked up in PATH");
	for (i = 0; i < json_array_size(argv); i++)
		if (check_template(f, point_index(at, list, i), params, e) < 0)
			return -1;
	return check_template(f, point_key(at, tool, "stdin"), params, e);
}

static int check_tool(const struct json_file *f, const char *tool, struct err *e)
{
	json_t *params;
	const char *resource;
	char at[POINT_MOST];

	if (json_members(f, tool, tool_members, e) < 0 || check_params(f, tool, e) < 0)
		return -1;
	params = json_at(f->root, point_key(at, tool, "params"));
	resource = json_string_value(json_at(f->root, point_key(at, tool, "resource")));
	if (resource && (resource[0] != '/' || !json_object_get(params, resource + 1)))
		return json_wrong(f, at, false, e,
				  "expected \"/\" and the name of a parameter, found \"%.40s\"",
				  resource);
	return check_argv(f, tool, params, e);
}

int check_exec_tools(const struct json_file *f, const char *pointer, struct err *e)
{
	char list[POINT_MOST], at[POINT_MOST];
	json_t *tool, *tools = json_at(f->root, point_key(list, pointer, "tools"));
	const char *name;

	json_object_foreach(tools, name, tool)
	{
		point_key(at, list, name);
		if (*name == '\0' || strlen(name) > 64 ||
		    name[strspn(
			    name,
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")])
			return json_wrong(f, at, true, e,
					  "expected a tool's name of at most 64 of [A-Za-z0-9_.-], "
					  "found \"%.40s\"",
					  name);
		if (check_tool(f, at, e) < 0)
			return -1;
	}
	return 0;
}
