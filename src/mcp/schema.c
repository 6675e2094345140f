#include <string.h>

#include "base/text.h"
#include "mcp/mcp.h"

/* What each declared type accepts. A declaration of any other type accepts nothing. */
static const struct {
	const char *word;
	json_type types[2];
} kinds[] = {
	{ "string", { JSON_STRING, JSON_STRING } },
	{ "integer", { JSON_INTEGER, JSON_INTEGER } },
	{ "boolean", { JSON_TRUE, JSON_FALSE } },
};

static bool is_of_type(const json_t *value, const char *type)
{
	size_t i;

	for (i = 0; type && i < count_of(kinds); i++)
		if (strcmp(kinds[i].word, type) == 0)
			return json_typeof(value) == kinds[i].types[0] ||
			       json_typeof(value) == kinds[i].types[1];
	return false;
}

static bool is_in(const json_t *choices, const json_t *value)
{
	json_t *choice;
	size_t i;

	json_array_foreach(choices, i, choice)
		if (json_equal(choice, value))
			return true;
	return false;
}

/* JSON Schema counts a string's length in characters, not bytes. */
static size_t length_of(const json_t *text)
{
	const char *at = json_string_value(text);
	size_t left = json_string_length(text), count = 0, step;
	uint32_t point;

	for (; left > 0; left -= step, at += step, count++) {
		step = text_point(at, left, &point);
		step = step ? step : 1;
	}
	return count;
}

static int check_one(const char *name, const json_t *declared, const json_t *value, struct err *e)
{
	const char *type = json_string_value(json_object_get(declared, "type"));
	const json_t *choices = json_object_get(declared, "enum");
	const json_t *longest = json_object_get(declared, "maxLength");
	const json_t *least = json_object_get(declared, "minimum");
	const json_t *most = json_object_get(declared, "maximum");

	if (!is_of_type(value, type))
		return err_set(e, ERR_INPUT, "%.60s must be of type %s", name, type ? type : "?");
	if (choices && !is_in(choices, value))
		return err_set(e, ERR_INPUT, "%.60s is not one of the values allowed", name);
	if (json_is_string(value) && json_is_integer(longest) &&
	    (json_int_t)length_of(value) > json_integer_value(longest))
		return err_set(e, ERR_INPUT, "%.60s is longer than the %lld characters allowed",
			       name, (long long)json_integer_value(longest));
	if (json_is_integer(value) && least &&
	    json_integer_value(value) < json_integer_value(least))
		return err_set(e, ERR_INPUT, "%.60s is less than the %lld allowed", name,
			       (long long)json_integer_value(least));
	if (json_is_integer(value) && most && json_integer_value(value) > json_integer_value(most))
		return err_set(e, ERR_INPUT, "%.60s is more than the %lld allowed", name,
			       (long long)json_integer_value(most));
	return 0;
}

void mcp_add_defaults(const json_t *schema, json_t *arguments)
{
	json_t *declared, *value;
	const char *name;

	json_object_foreach(json_object_get(schema, "properties"), name, declared)
	{
		value = json_object_get(declared, "default");
		if (value && !json_object_get(arguments, name))
			json_object_set(arguments, name, value);
	}
}

int mcp_check_arguments(const json_t *schema, const json_t *arguments, struct err *e)
{
	const json_t *declared = json_object_get(schema, "properties");
	const json_t *required = json_object_get(schema, "required");
	const json_t *one;
	const char *name;
	json_t *value;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)arguments, name, value)
	{
		one = json_object_get(declared, name);
		if (!one)
			return err_set(e, ERR_INPUT, "%.60s is no parameter of this tool", name);
		if (check_one(name, one, value, e) < 0)
			return -1;
	}
	json_array_foreach(
		required, i,
		value) if (!json_object_get(arguments,
					    json_string_value(
						    value))) return err_set(e, ERR_INPUT,
									    "%.60s is missing",
									    json_string_value(
										    value));
	return 0;
}
