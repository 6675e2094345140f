/*
 * One call of a tool without a server: a command line with holes. A value fills its hole and nothing
 * else: it is never split, never seen by a shell, and never taken for an option.
 */
#include <stdlib.h>
#include <string.h>

#include "profile/tools.h"

/* Our words in the file, and JSON Schema's. */
static json_t *schema_of(json_t *param)
{
	static const char *const words[][2] = {
		{ "type", "type" },       { "description", "description" },
		{ "enum", "enum" },       { "max_length", "maxLength" },
		{ "minimum", "minimum" }, { "maximum", "maximum" },
		{ "default", "default" },
	};
	json_t *schema = json_object(), *value;
	const char *type = json_string_value(json_object_get(param, "type"));
	size_t i;

	for (i = 0; i < count_of(words); i++) {
		value = json_object_get(param, words[i][0]);
		if (value && strcmp(words[i][0], "default") == 0 && strcmp(type, "integer") == 0)
			json_object_set_new(
				schema, "default",
				json_integer(strtoll(json_string_value(value), NULL, 10)));
		else if (value && strcmp(words[i][0], "default") == 0 &&
			 strcmp(type, "boolean") == 0)
			json_object_set_new(
				schema, "default",
				json_boolean(strcmp(json_string_value(value), "true") == 0));
		else if (value)
			json_object_set(schema, words[i][1], value);
	}
	return schema;
}

static json_t *tool_of(const char *name, json_t *tool)
{
	json_t *properties = json_object(), *required = json_array(), *param;
	const char *key;

	json_object_foreach(json_object_get(tool, "params"), key, param)
	{
		json_object_set_new(properties, key, schema_of(param));
		if (!json_object_get(param, "default"))
			json_array_append_new(required, json_string(key));
	}
	return json_pack("{s:s, s:O, s:{s:s, s:o, s:o, s:b}}", "name", name, "description",
			 json_object_get(tool, "description"), "inputSchema", "type", "object",
			 "properties", properties, "required", required, "additionalProperties", 0);
}

int tools_exec_list(struct buf *out, const struct tools *t, size_t server, struct err *e)
{
	scoped(json) json_t *list = json_array();
	const char *name;
	json_t *tool;

	must(tools_server_kind(t, server) == TOOLS_EXEC);
	json_object_foreach(json_object_get(server_at(t, server, NULL), "tools"), name,
			    tool) if (json_array_append_new(list, tool_of(name, tool)) <
				      0) return err_set(e, ERR_SYSTEM,
							"no memory for the list of tools");
	if (!json_write(out, list))
		return err_set(e, ERR_LIMIT, "server %s: the list of its tools is too long",
			       tools_server_name(t, server));
	return 0;
}

/* One call being cut. Its values are those that were judged: nothing is added to them here. */
struct call {
	struct plan *plan;
	json_t *params;
	const char *values[TOOL_PARAMS];
};

static int check_values(struct call *c, const char *const *values, size_t count, struct err *e)
{
	const char *key, *why;
	json_t *param;
	size_t i = 0;

	if (count != json_object_size(c->params))
		return err_set(e, ERR_INPUT, "%zu values for %zu parameters", count,
			       json_object_size(c->params));
	json_object_foreach(c->params, key, param)
	{
		c->values[i] = values[i];
		if (!c->values[i])
			return err_set(e, ERR_INPUT, "parameter %.60s is missing", key);
		why = misfit(param, c->values[i++]);
		if (why)
			return err_set(e, ERR_INPUT, "parameter %.60s %s", key, why);
	}
	return 0;
}

/* `guarded`: behind "--", where a program looks for no more options. */
static int fill_template(const char **out, struct call *c, const char *text, bool guarded,
			 struct err *e)
{
	const char *filled = "", *value;
	bool wrong = false;
	struct piece piece;
	json_t *param;
	size_t index;

	while (template_next(&text, &piece, &wrong)) {
		if (!piece.is_param) {
			filled = plan_keep(c->plan, "%s%.*s", filled, (int)piece.size, piece.text);
			continue;
		}
		param = param_of(c->params, &piece, &index);
		value = c->values[index];
		if (!guarded && *filled == '\0' && *value == '-' &&
		    strcmp(json_string_value(json_object_get(param, "type")), "string") == 0)
			return err_set(e, ERR_INPUT,
				       "parameter %.*s begins with \"-\" and would be taken for an "
				       "option; "
				       "the tool's argv needs \"--\" before it",
				       (int)(piece.size < 60 ? piece.size : 60), piece.text);
		filled = plan_keep(c->plan, "%s%s", filled, value);
	}
	*out = filled;
	return 0;
}

static int fill_argv(struct call *c, json_t *argv, struct err *e)
{
	bool guarded = false;
	const char *word = "";
	json_t *value;
	size_t i;

	json_array_foreach(argv, i, value)
	{
		if (fill_template(&word, c, json_string_value(value), guarded, e) < 0)
			return -1;
		plan_argv(c->plan, word);
		guarded = guarded || strcmp(json_string_value(value), "--") == 0;
	}
	return 0;
}

int tools_exec_plan(struct jail_plan *out, const char **stdin_text, const struct tools *t,
		    size_t server, size_t tool, const char *const *values, size_t value_count,
		    const struct secrets *secrets, const struct profile *from, const struct place *at, struct err *e)
{
	scoped(plan) struct plan *p = calloc(1, sizeof(*p));
	const char *name = "?", *input = NULL, *text;
	json_t *what = member_at(json_object_get(server_at(t, server, NULL), "tools"), tool, &name);
	struct call c = { .plan = p, .params = json_object_get(what, "params") };
	struct jail_spec spec;

	if (!p)
		return err_sys(e, "plan");
	if (!what)
		return err_set(e, ERR_INPUT, "server %s has no tool %zu",
			       tools_server_name(t, server), tool);
	if (check_values(&c, values, value_count, e) < 0 ||
	    fill_argv(&c, json_object_get(what, "argv"), e) < 0)
		return err_in(e, "tool %s", name);
	text = json_string_value(json_object_get(what, "stdin"));
	if (text && fill_template(&input, &c, text, true, e) < 0)
		return err_in(e, "tool %s", name);
	if (plan_server(p, &spec, t, server, secrets, from, at, e) < 0 || plan_done(out, &p, spec, at, e) < 0)
		return -1;
	*stdin_text = input;
	return 0;
}
