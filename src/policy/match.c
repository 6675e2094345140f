/*
 * The matchers: one row each. A matcher that cannot judge what it is given says so; it never guesses.
 */
#include <string.h>

#include "base/text.h"
#include "policy/rule.h"

bool glob_matches(const char *pattern, const char *text, size_t size, bool points)
{
	size_t at = 0, retry_at = 0, step;
	const char *retry = NULL;
	uint32_t point;

	while (at < size || *pattern) {
		step = points && *pattern == '?' ? text_point(text + at, size - at, &point) : 1;
		if (*pattern == '*') {
			retry = ++pattern;
			retry_at = at;
		} else if (at < size && step > 0 && *pattern &&
			   ((points && *pattern == '?') || *pattern == text[at])) {
			pattern++;
			at += step;
		} else if (retry && retry_at < size) {
			pattern = retry;
			at = ++retry_at;
		} else {
			return false;
		}
	}
	return true;
}

static bool is_scalar(const json_t *v)
{
	return !json_is_object(v) && !json_is_array(v);
}

static bool same_kind(const json_t *a, const json_t *b)
{
	return (json_is_number(a) && json_is_number(b)) || (json_is_boolean(a) && json_is_boolean(b)) ||
	       json_typeof(a) == json_typeof(b);
}

/* "5" is not 5, but a server may think so: different kinds are not judged. */
static enum held same(const json_t *want, const json_t *arg)
{
	bool equal;

	if (!same_kind(want, arg))
		return HELD_UNKNOWN;
	equal = json_is_number(want) ? !(json_number_value(want) < json_number_value(arg)) &&
					       !(json_number_value(want) > json_number_value(arg))
				     : json_equal(want, arg);
	return equal ? HELD_YES : HELD_NO;
}

static enum held holds_equal(const struct test *t, const json_t *arg, const struct action *a)
{
	(void)a;
	return same(t->value, arg);
}

static enum held holds_in(const struct test *t, const json_t *arg, const struct action *a)
{
	enum held best = HELD_UNKNOWN, now;
	size_t i;

	(void)a;
	for (i = 0; i < json_array_size(t->value); i++) {
		now = same(json_array_get(t->value, i), arg);
		if (now == HELD_YES)
			return HELD_YES;
		best = now == HELD_NO ? HELD_NO : best;
	}
	return best;
}

static enum held yes_or_no(bool yes)
{
	return yes ? HELD_YES : HELD_NO;
}

static enum held holds_glob(const struct test *t, const json_t *arg, const struct action *a)
{
	(void)a;
	if (!json_is_string(arg))
		return HELD_UNKNOWN;
	return yes_or_no(glob_matches(json_string_value(t->value), json_string_value(arg),
				      json_string_length(arg), true));
}

static enum held holds_prefix(const struct test *t, const json_t *arg, const struct action *a)
{
	size_t size = json_string_length(t->value);

	(void)a;
	if (!json_is_string(arg))
		return HELD_UNKNOWN;
	return yes_or_no(json_string_length(arg) >= size &&
			 memcmp(json_string_value(arg), json_string_value(t->value), size) == 0);
}

/*
 * Tool servers that tidy a path before they use it go elsewhere than the kernel: "link/../x" is not
 * what the text suggests, and "~" is a name to the kernel and a home to a server. Not judged.
 */
static bool two_readings(const char *path)
{
	size_t size;

	if (path[0] == '~')
		return true;
	for (; *path; path += size + (path[size] == '/')) {
		size = strcspn(path, "/");
		if (size == 2 && path[0] == '.' && path[1] == '.')
			return true;
	}
	return false;
}

static enum held holds_under(const struct test *t, const json_t *arg, const struct action *a)
{
	const char *root = json_string_value(t->value), *path = json_string_value(arg);
	size_t i;

	if (!path || !*path || two_readings(path))
		return HELD_UNKNOWN;
	for (i = 0; i < a->fact_count; i++)
		if (strcmp(a->facts[i].root, root) == 0 && strcmp(a->facts[i].path, path) == 0)
			return yes_or_no(a->facts[i].yes);
	return HELD_UNKNOWN;
}

static enum held holds_above(const struct test *t, const json_t *arg, const struct action *a)
{
	(void)a;
	return json_is_number(arg) ? yes_or_no(json_number_value(arg) > json_number_value(t->value))
				   : HELD_UNKNOWN;
}

static enum held holds_below(const struct test *t, const json_t *arg, const struct action *a)
{
	(void)a;
	return json_is_number(arg) ? yes_or_no(json_number_value(arg) < json_number_value(t->value))
				   : HELD_UNKNOWN;
}

static enum held holds_at_least(const struct test *t, const json_t *arg, const struct action *a)
{
	(void)a;
	return json_is_number(arg) ? yes_or_no(json_number_value(arg) >= json_number_value(t->value))
				   : HELD_UNKNOWN;
}

static enum held holds_at_most(const struct test *t, const json_t *arg, const struct action *a)
{
	(void)a;
	return json_is_number(arg) ? yes_or_no(json_number_value(arg) <= json_number_value(t->value))
				   : HELD_UNKNOWN;
}

/* Asked only of what is there; rule_holds() knows the other half. */
static enum held holds_absent(const struct test *t, const json_t *arg, const struct action *a)
{
	(void)t, (void)arg, (void)a;
	return HELD_NO;
}

/* What a pattern costs is its size times the text's, and the agent writes the text. */
static bool is_pattern(const json_t *v)
{
	return json_is_string(v) && json_string_length(v) > 0 &&
	       json_string_length(v) <= GLOB_MOST;
}

static bool is_text(const json_t *v)
{
	return json_is_string(v) && json_string_length(v) > 0;
}

static bool is_number(const json_t *v)
{
	return json_is_number(v);
}

static bool is_true(const json_t *v)
{
	return json_is_true(v);
}

static bool is_scalars(const json_t *v)
{
	size_t i;

	for (i = 0; i < json_array_size(v); i++)
		if (!is_scalar(json_array_get(v, i)))
			return false;
	return json_array_size(v) > 0;
}

static const struct matcher matchers[] = {
	{ "equal", "text, a number, true, false or null", is_scalar, holds_equal },
	{ "in", "an array of texts, numbers, true, false or null", is_scalars, holds_in },
	{ "glob", "a pattern of at most 256 bytes (* any run, ? one character)", is_pattern, holds_glob },
	{ "prefix", "text that is not empty", is_text, holds_prefix },
	{ "under", "a directory (\".\" is the workspace)", is_text, holds_under },
	{ "above", "a number", is_number, holds_above },
	{ "below", "a number", is_number, holds_below },
	{ "at_least", "a number", is_number, holds_at_least },
	{ "at_most", "a number", is_number, holds_at_most },
	{ "absent", "true", is_true, holds_absent },
};

_Static_assert(count_of(matchers) == CONDITION_TESTS, "a condition may name each matcher once");

const struct matcher *matcher_named(const char *word)
{
	size_t i;

	for (i = 0; i < count_of(matchers); i++)
		if (strcmp(matchers[i].word, word) == 0)
			return &matchers[i];
	return NULL;
}

const struct matcher *matcher_list(size_t *count)
{
	*count = count_of(matchers);
	return matchers;
}

bool matcher_is_under(const struct matcher *m)
{
	return m->holds == holds_under;
}

bool matcher_is_absent(const struct matcher *m)
{
	return m->holds == holds_absent;
}
