/* Keywords that look at one value alone. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "schema/check.h"
#include "schema/pattern.h"

enum { EXACT = 53 };

/* Every double from here on is a whole number. */
static const double all_whole = (double)(UINT64_C(1) << EXACT);

static bool whole_double(double d)
{
	if (d >= all_whole || d <= -all_whole)
		return true;
	return (double)(int64_t)d >= d && (double)(int64_t)d <= d;
}

bool is_whole(const json_t *value)
{
	return json_is_integer(value) ||
	       (json_is_real(value) && whole_double(json_real_value(value)));
}

static size_t text_length(const json_t *text)
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

static bool same_numbers(const json_t *a, const json_t *b)
{
	double x = json_number_value(a), y = json_number_value(b);

	return x <= y && x >= y;
}

static bool same_arrays(struct check *c, const json_t *a, const json_t *b)
{
	size_t i;

	if (json_array_size(a) != json_array_size(b))
		return false;
	for (i = 0; i < json_array_size(a); i++)
		if (!same_value(c, json_array_get(a, i), json_array_get(b, i)))
			return false;
	return true;
}

static bool same_objects(struct check *c, const json_t *a, const json_t *b)
{
	json_t *from = to_read(a), *value, *other;
	const char *key;

	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_foreach(from, key, value) {
		other = json_object_get(b, key);
		if (!other || !same_value(c, value, other))
			return false;
	}
	return true;
}

bool same_value(struct check *c, const json_t *a, const json_t *b)
{
	if (!spend(c, 1))
		return false;
	if (json_is_number(a) && json_is_number(b))
		return same_numbers(a, b);
	if (json_typeof(a) != json_typeof(b))
		return false;
	if (json_is_array(a))
		return same_arrays(c, a, b);
	if (json_is_object(a))
		return same_objects(c, a, b);
	return json_equal(a, b);
}

static bool is_of_type(const json_t *value, const char *type)
{
	static const struct {
		const char *word;
		json_type types[2];
	} words[] = {
		{ "string", { JSON_STRING, JSON_STRING } },
		{ "object", { JSON_OBJECT, JSON_OBJECT } },
		{ "array", { JSON_ARRAY, JSON_ARRAY } },
		{ "boolean", { JSON_TRUE, JSON_FALSE } },
		{ "number", { JSON_INTEGER, JSON_REAL } },
		{ "null", { JSON_NULL, JSON_NULL } },
	};
	size_t i;

	if (strcmp(type, "integer") == 0)
		return is_whole(value);
	for (i = 0; i < count_of(words); i++)
		if (strcmp(words[i].word, type) == 0)
			return json_typeof(value) == words[i].types[0] ||
			       json_typeof(value) == words[i].types[1];
	return false;
}

static void name_types(char *out, size_t room, const json_t *types)
{
	size_t i, at = 0;

	snprintf(out, room, "%s", json_is_string(types) ? json_string_value(types) : "");
	for (i = 0; i < json_array_size(types) && at < room; i++)
		at += (size_t)snprintf(out + at, room - at, "%s%.20s", i ? " or " : "",
				       json_is_string(json_array_get(types, i))
					       ? json_string_value(json_array_get(types, i))
					       : "?");
}

static const char *type_of(const json_t *value)
{
	static const char *const words[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",  [JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a number",    [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",      [JSON_NULL] = "null",
	};

	return words[json_typeof(value)];
}

bool holds_type(struct check *c, const struct look *l)
{
	const char *type;
	char wanted[100];
	size_t i;

	if (json_is_string(l->its) && is_of_type(l->value, json_string_value(l->its)))
		return true;
	for (i = 0; i < json_array_size(l->its); i++) {
		type = json_string_value(json_array_get(l->its, i));
		if (type && is_of_type(l->value, type))
			return true;
	}
	name_types(wanted, sizeof(wanted), l->its);
	return does_not_fit(c, "must be of type %s, not %s", wanted, type_of(l->value));
}

bool holds_enum(struct check *c, const struct look *l)
{
	size_t i;

	for (i = 0; i < json_array_size(l->its); i++)
		if (same_value(c, json_array_get(l->its, i), l->value))
			return true;
	return does_not_fit(c, "is not one of the values allowed");
}

bool holds_const(struct check *c, const struct look *l)
{
	return same_value(c, l->its, l->value) || does_not_fit(c, "is not the one value allowed");
}

bool holds_pattern(struct check *c, const struct look *l)
{
	scoped(pattern) struct pattern *p = NULL;
	struct err why = { 0 };
	size_t size = json_string_length(l->value);

	if (!json_is_string(l->value))
		return true;
	if (json_string_length(l->its) > SCHEMA_PATTERN ||
	    pattern_read(&p, json_string_value(l->its), &why) < 0)
		return does_not_fit(c, "its pattern cannot be matched: %s", why.text);
	if (!spend(c, (size + 1) * pattern_size(p) / 8 + 1))
		return false;
	return pattern_found(p, json_string_value(l->value), size) ||
	       does_not_fit(c, "does not match the pattern %.60s", json_string_value(l->its));
}

bool holds_required(struct check *c, const struct look *l)
{
	const char *name;
	size_t i;

	for (i = 0; i < json_array_size(l->its) && json_is_object(l->value); i++) {
		name = json_string_value(json_array_get(l->its, i));
		if (!spend(c, 1) || !name || !json_object_get(l->value, name))
			return does_not_fit(c, "%.60s is missing", name ? name : "?");
	}
	return true;
}

bool holds_dependent(struct check *c, const struct look *l)
{
	struct look needs = { .schema = l->schema, .value = l->value };
	json_t *from = to_read(l->its), *names;
	const char *key;

	json_object_foreach(from, key, names) {
		needs.its = names;
		if (json_object_get(l->value, key) &&
		    (!json_is_array(names) || !holds_required(c, &needs)))
			return does_not_fit(c, "something that %.60s needs is missing", key);
	}
	return true;
}

/* Pairs, but each pair is paid for: that bounds it. */
bool holds_unique(struct check *c, const struct look *l)
{
	size_t i, j;

	for (i = 0; json_is_true(l->its) && i < json_array_size(l->value); i++)
		for (j = 0; j < i; j++)
			if (!spend(c, 1) ||
			    same_value(c, json_array_get(l->value, i), json_array_get(l->value, j)))
				return does_not_fit(c, "two of its items are the same");
	return true;
}

static bool is_multiple(double value, double of)
{
	double times = value / of, off, nearest;

	if (!(of > 0) || times - times > 0 || times - times < 0 || times != times)
		return false;
	if (whole_double(times))
		return times < 1e308 && times > -1e308;
	nearest = (double)(int64_t)(times + (times < 0 ? -0.5 : 0.5));
	off = times > nearest ? times - nearest : nearest - times;
	return off <= 1e-9 * (nearest < 0 ? -nearest : nearest);
}

bool holds_multiple(struct check *c, const struct look *l)
{
	if (!json_is_number(l->value))
		return true;
	if (json_is_integer(l->value) && json_is_integer(l->its) && json_integer_value(l->its) > 0)
		return json_integer_value(l->value) % json_integer_value(l->its) == 0 ||
		       does_not_fit(c, "is no multiple of %lld",
				    (long long)json_integer_value(l->its));
	return is_multiple(json_number_value(l->value), json_number_value(l->its)) ||
	       does_not_fit(c, "is no multiple of %.15g", json_number_value(l->its));
}

static bool compare(struct check *c, const struct look *l, const char *word,
		    bool (*holds)(double value, double limit))
{
	return !json_is_number(l->value) ||
	       holds(json_number_value(l->value), json_number_value(l->its)) ||
	       does_not_fit(c, "must be %s %.15g", word, json_number_value(l->its));
}

static bool at_least(double value, double limit)
{
	return value >= limit;
}

static bool at_most(double value, double limit)
{
	return value <= limit;
}

static bool above(double value, double limit)
{
	return value > limit;
}

static bool below(double value, double limit)
{
	return value < limit;
}

bool holds_least(struct check *c, const struct look *l)
{
	return compare(c, l, "at least", at_least);
}

bool holds_most(struct check *c, const struct look *l)
{
	return compare(c, l, "at most", at_most);
}

bool holds_above(struct check *c, const struct look *l)
{
	return compare(c, l, "more than", above);
}

bool holds_below(struct check *c, const struct look *l)
{
	return compare(c, l, "less than", below);
}

static bool count_holds(struct check *c, const struct look *l, size_t count, bool most,
			const char *of)
{
	double limit = json_number_value(l->its), has = (double)count;

	return (most ? has <= limit : has >= limit) ||
	       does_not_fit(c, "has %zu %s, but may have at %s %.15g", count, of,
			    most ? "most" : "least", limit);
}

bool holds_min_length(struct check *c, const struct look *l)
{
	return !json_is_string(l->value) ||
	       count_holds(c, l, text_length(l->value), false, "characters");
}

bool holds_max_length(struct check *c, const struct look *l)
{
	return !json_is_string(l->value) ||
	       count_holds(c, l, text_length(l->value), true, "characters");
}

bool holds_min_items(struct check *c, const struct look *l)
{
	return !json_is_array(l->value) ||
	       count_holds(c, l, json_array_size(l->value), false, "items");
}

bool holds_max_items(struct check *c, const struct look *l)
{
	return !json_is_array(l->value) ||
	       count_holds(c, l, json_array_size(l->value), true, "items");
}

bool holds_min_members(struct check *c, const struct look *l)
{
	return !json_is_object(l->value) ||
	       count_holds(c, l, json_object_size(l->value), false, "members");
}

bool holds_max_members(struct check *c, const struct look *l)
{
	return !json_is_object(l->value) ||
	       count_holds(c, l, json_object_size(l->value), true, "members");
}
