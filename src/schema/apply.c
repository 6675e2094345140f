/* Keywords that hold schemas against the value or its parts. */
#include <string.h>

#include "schema/check.h"
#include "schema/pattern.h"

/* The pointer in a reference may be escaped as a URI's fragment is. */
static bool unescape(char *out, size_t room, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;
	size_t at = 0;

	for (; *text; text++, at++) {
		if (at + 1 >= room)
			return false;
		out[at] = *text;
		if (*text != '%')
			continue;
		high = text[1] ? strchr(digits, text[1] | 0x20) : NULL;
		low = high && text[2] ? strchr(digits, text[2] | 0x20) : NULL;
		if (!high || !low)
			return false;
		out[at] = (char)((high - digits) * 16 + (low - digits));
		text += 2;
	}
	out[at] = '\0';
	return true;
}

const json_t *ref_target(const json_t *root, const char *ref)
{
	char pointer[1024];

	if (ref[0] != '#' || (ref[1] && ref[1] != '/') ||
	    !unescape(pointer, sizeof(pointer), ref + 1))
		return NULL;
	return json_at(to_read(root), pointer);
}

bool holds_ref(struct check *c, const struct look *l)
{
	const json_t *target = ref_target(c->root, json_string_value(l->its));

	if (!target)
		return does_not_fit(c, "the schema refers to %.60s, which is not in it",
				    json_string_value(l->its));
	return spend(c, json_string_length(l->its) / 8) && check_schema(c, target, l->value);
}

bool holds_all(struct check *c, const struct look *l)
{
	size_t i;

	for (i = 0; i < json_array_size(l->its); i++)
		if (!check_schema(c, json_array_get(l->its, i), l->value))
			return false;
	return true;
}

static size_t count_fits(struct check *c, const struct look *l, size_t enough)
{
	size_t i, fits = 0;

	for (i = 0; i < json_array_size(l->its) && fits < enough && c->work > 0; i++)
		fits += check_quietly(c, json_array_get(l->its, i), l->value);
	return fits;
}

bool holds_any(struct check *c, const struct look *l)
{
	if (json_array_size(l->its) == 1)
		return check_schema(c, json_array_get(l->its, 0), l->value);
	return count_fits(c, l, 1) == 1 ||
	       does_not_fit(c, "fits none of the %zu alternatives", json_array_size(l->its));
}

bool holds_one(struct check *c, const struct look *l)
{
	size_t fits = count_fits(c, l, 2);

	return fits == 1 ||
	       does_not_fit(c,
			    fits ? "fits more than one of %zu alternatives that exclude each other"
				 : "fits none of the %zu alternatives",
			    json_array_size(l->its));
}

bool holds_not(struct check *c, const struct look *l)
{
	return !check_quietly(c, l->its, l->value) ? c->work > 0
						   : does_not_fit(c, "is what may not stand here");
}

bool holds_if(struct check *c, const struct look *l)
{
	bool fits = check_quietly(c, l->its, l->value);
	const json_t *then = json_object_get(l->schema, fits ? "then" : "else");

	if (c->work == 0)
		return false;
	return !then || check_schema(c, then, l->value);
}

bool holds_properties(struct check *c, const struct look *l)
{
	json_t *from = to_read(l->value), *value;
	const json_t *schema;
	const char *key;

	json_object_foreach(json_is_object(l->value) ? from : NULL, key, value) {
		schema = json_object_get(l->its, key);
		if (!spend(c, 1) || (schema && !check_member(c, schema, value, key)))
			return false;
	}
	return true;
}

/* -1: the pattern is none. */
static int name_matches(struct check *c, const char *pattern, const char *name)
{
	scoped(pattern) struct pattern *p = NULL;
	struct err why = { 0 };

	if (strlen(pattern) > SCHEMA_PATTERN || pattern_read(&p, pattern, &why) < 0)
		return -1;
	if (!spend(c, (strlen(name) + 1) * pattern_size(p) / 8 + 1))
		return -1;
	return pattern_found(p, name, strlen(name));
}

bool holds_patterns(struct check *c, const struct look *l)
{
	json_t *from = to_read(l->value), *patterns = to_read(l->its), *value, *schema;
	const char *key, *pattern;
	int matches;

	json_object_foreach(json_is_object(l->value) ? from : NULL, key, value)
		json_object_foreach(patterns, pattern, schema) {
			matches = name_matches(c, pattern, key);
			if (matches < 0)
				return does_not_fit(c, "its pattern %.60s cannot be matched",
						    pattern);
			if (matches && !check_member(c, schema, value, key))
				return false;
		}
	return true;
}

/* Does "properties" or "patternProperties" of the same schema speak about it? */
static int is_declared(struct check *c, const json_t *schema, const char *key)
{
	json_t *patterns = json_object_get(schema, "patternProperties"), *ignored;
	const char *pattern;
	int matches;

	if (json_object_get(json_object_get(schema, "properties"), key))
		return 1;
	json_object_foreach(patterns, pattern, ignored) {
		matches = name_matches(c, pattern, key);
		if (matches != 0)
			return matches;
	}
	return 0;
}

bool holds_additional(struct check *c, const struct look *l)
{
	json_t *from = to_read(l->value), *value;
	const char *key;
	int declared;

	json_object_foreach(json_is_object(l->value) ? from : NULL, key, value) {
		declared = spend(c, 1) ? is_declared(c, l->schema, key) : -1;
		if (declared < 0)
			return does_not_fit(c, "a pattern of its members cannot be matched");
		if (declared == 0 && json_is_false(l->its))
			return does_not_fit(c, "%.60s is not declared", key);
		if (declared == 0 && !check_member(c, l->its, value, key))
			return false;
	}
	return true;
}

bool holds_names(struct check *c, const struct look *l)
{
	json_t *from = to_read(l->value), *value;
	const char *key;

	json_object_foreach(json_is_object(l->value) ? from : NULL, key, value) {
		scoped(json) json_t *name = json_string(key);

		if (!name || !check_quietly(c, l->its, name))
			return does_not_fit(c, "%.60s is no name that a member may have", key);
	}
	return true;
}

bool holds_schemas(struct check *c, const struct look *l)
{
	json_t *from = to_read(l->its), *schema;
	const char *key;

	json_object_foreach(from, key, schema)
		if (json_object_get(l->value, key) && !check_schema(c, schema, l->value))
			return false;
	return true;
}

/* What drafts before 2019-09 had for the two: each names members that must be there, or is a
 * schema. */
bool holds_dependencies(struct check *c, const struct look *l)
{
	struct look names = *l;
	json_t *needs;
	const char *key;

	json_object_foreach(to_read(l->its), key, needs) {
		if (!json_object_get(l->value, key))
			continue;
		names.its = needs;
		if (!(json_is_array(needs) ? holds_required(c, &names)
					   : check_schema(c, needs, l->value)))
			return does_not_fit(c, "something that %.60s needs is missing", key);
	}
	return true;
}

static bool check_list(struct check *c, const struct look *l)
{
	size_t i;

	for (i = 0; i < json_array_size(l->its) && i < json_array_size(l->value); i++)
		if (!check_item(c, json_array_get(l->its, i), json_array_get(l->value, i), i))
			return false;
	return true;
}

static bool check_rest(struct check *c, const struct look *l, size_t from)
{
	for (; from < json_array_size(l->value); from++)
		if (!check_item(c, l->its, json_array_get(l->value, from), from))
			return false;
	return true;
}

bool holds_prefix(struct check *c, const struct look *l)
{
	return check_list(c, l);
}

/* An array here is how drafts before 2020-12 write "prefixItems". */
bool holds_items(struct check *c, const struct look *l)
{
	if (json_is_array(l->its))
		return check_list(c, l);
	return check_rest(c, l, json_array_size(json_object_get(l->schema, "prefixItems")));
}

bool holds_additional_items(struct check *c, const struct look *l)
{
	const json_t *items = json_object_get(l->schema, "items");

	return !json_is_array(items) || check_rest(c, l, json_array_size(items));
}

bool holds_contains(struct check *c, const struct look *l)
{
	const json_t *least = json_object_get(l->schema, "minContains");
	const json_t *most = json_object_get(l->schema, "maxContains");
	size_t fits = 0, i;

	if (!json_is_array(l->value))
		return true;
	for (i = 0; i < json_array_size(l->value) && c->work > 0; i++)
		fits += check_quietly(c, l->its, json_array_get(l->value, i));
	if ((double)fits < (json_is_number(least) ? json_number_value(least) : 1) ||
	    (json_is_number(most) && (double)fits > json_number_value(most)))
		return does_not_fit(c, "has %zu items of a kind: too few or too many", fits);
	return c->work > 0;
}
