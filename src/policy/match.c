/*
 * The matchers: one row each. A matcher that cannot judge what it is given says so; it never guesses.
 * None takes longer than its argument is long, because the agent wrote that.
 */
#include <string.h>

#include "base/text.h"
#include "policy/rule.h"

static enum held yes_or_no(bool yes)
{
	return yes ? HELD_YES : HELD_NO;
}

static bool is_scalar(const json_t *v)
{
	return !json_is_object(v) && !json_is_array(v);
}

static bool same_kind(const json_t *a, const json_t *b)
{
	return (json_is_number(a) && json_is_number(b)) ||
	       (json_is_boolean(a) && json_is_boolean(b)) || json_typeof(a) == json_typeof(b);
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/*
 * Texts that differ in bytes may be one to who reads them: by what is not shown, or where one writes
 * as a letter and a mark what the other writes as one character. Only asked where bytes differ.
 */
static enum held unlike(const json_t *want, const json_t *arg)
{
	const char *text = json_string_value(arg), *wanted = json_string_value(want);
	size_t size = json_string_length(arg), wanted_size = json_string_length(want);

	if (!text_is_plain(text, size) || !text_is_plain(wanted, wanted_size))
		return HELD_UNKNOWN;
	if (is_ascii(wanted))
		return HELD_NO;
	return text_is_composed(text, size) && text_is_composed(wanted, wanted_size) ? HELD_NO
										     : HELD_UNKNOWN;
}

/* "5" is not 5, but a server may think so: different kinds are not judged. */
static enum held same(const json_t *want, const json_t *arg)
{
	if (!same_kind(want, arg))
		return HELD_UNKNOWN;
	if (json_is_number(want))
		return yes_or_no(!(json_number_value(want) < json_number_value(arg)) &&
				 !(json_number_value(want) > json_number_value(arg)));
	if (json_equal(want, arg))
		return HELD_YES;
	return json_is_string(want) ? unlike(want, arg) : HELD_NO;
}

static enum held holds_equal(const struct test *t, const struct asked *q)
{
	return same(t->value, q->arg);
}

/* Values of another kind than the argument are not looked at, if one is of its kind. */
static enum held holds_in(const struct test *t, const struct asked *q)
{
	bool unsure = false, comparable = false;
	enum held now;
	size_t i;

	for (i = 0; i < json_array_size(t->value); i++) {
		const json_t *want = json_array_get(t->value, i);

		if (!same_kind(want, q->arg))
			continue;
		comparable = true;
		now = same(want, q->arg);
		if (now == HELD_YES)
			return HELD_YES;
		unsure = unsure || now == HELD_UNKNOWN;
	}
	return comparable && !unsure ? HELD_NO : HELD_UNKNOWN;
}

static enum held holds_glob(const struct test *t, const struct asked *q)
{
	const char *text = json_string_value(q->arg);
	size_t size = json_string_length(q->arg);

	if (!text || !text_is_plain(text, size))
		return HELD_UNKNOWN;
	if (glob_matches(json_string_value(t->value), text, size, true))
		return HELD_YES;
	return unlike(t->value, q->arg);
}

static enum held holds_prefix(const struct test *t, const struct asked *q)
{
	const char *text = json_string_value(q->arg);
	size_t size = json_string_length(t->value);

	if (!text || !text_is_plain(text, json_string_length(q->arg)))
		return HELD_UNKNOWN;
	if (json_string_length(q->arg) >= size && memcmp(text, json_string_value(t->value), size) == 0)
		return HELD_YES;
	return unlike(t->value, q->arg);
}

/*
 * Tool servers that tidy a path before they use it go elsewhere than the kernel: "link/../x" is not
 * what the text suggests, and "~" is a name to the kernel and a home to a server. Not judged.
 */
static bool two_readings(const char *path)
{
	size_t size;

	if (path[0] == '~' || !text_is_plain(path, strlen(path)))
		return true;
	for (; *path; path += size + (path[size] == '/')) {
		size = strcspn(path, "/");
		if (size == 2 && path[0] == '.' && path[1] == '.')
			return true;
	}
	return false;
}

/*
 * "Not beneath" is also what a dangling link is, and what nobody could resolve. A rule that refuses
 * may live with that; what is allowed because it is "not under" may not.
 */
static enum held holds_under(const struct test *t, const struct asked *q)
{
	const char *root = json_string_value(t->value), *path = json_string_value(q->arg);
	const struct action *a = q->a;
	size_t i;

	if (!path || !*path || two_readings(path))
		return HELD_UNKNOWN;
	for (i = 0; i < a->fact_count; i++)
		if (strcmp(a->facts[i].root, root) == 0 && strcmp(a->facts[i].path, path) == 0)
			return a->facts[i].yes ? HELD_YES : q->doubted ? HELD_UNKNOWN : HELD_NO;
	return HELD_UNKNOWN;
}

static enum held holds_above(const struct test *t, const struct asked *q)
{
	return json_is_number(q->arg)
		       ? yes_or_no(json_number_value(q->arg) > json_number_value(t->value))
		       : HELD_UNKNOWN;
}

static enum held holds_below(const struct test *t, const struct asked *q)
{
	return json_is_number(q->arg)
		       ? yes_or_no(json_number_value(q->arg) < json_number_value(t->value))
		       : HELD_UNKNOWN;
}

static enum held holds_at_least(const struct test *t, const struct asked *q)
{
	return json_is_number(q->arg)
		       ? yes_or_no(json_number_value(q->arg) >= json_number_value(t->value))
		       : HELD_UNKNOWN;
}

static enum held holds_at_most(const struct test *t, const struct asked *q)
{
	return json_is_number(q->arg)
		       ? yes_or_no(json_number_value(q->arg) <= json_number_value(t->value))
		       : HELD_UNKNOWN;
}

static bool is_between(double number, const json_t *ends)
{
	return number >= json_number_value(json_array_get(ends, 0)) &&
	       number <= json_number_value(json_array_get(ends, 1));
}

static enum held holds_range(const struct test *t, const struct asked *q)
{
	return json_is_number(q->arg) ? yes_or_no(is_between(json_number_value(q->arg), t->value))
				      : HELD_UNKNOWN;
}

/* Characters of a text, items of an array, members of an object. */
static enum held holds_length(const struct test *t, const struct asked *q)
{
	const char *text = json_string_value(q->arg);
	size_t length = 0, i;

	if (json_is_array(q->arg) || json_is_object(q->arg))
		length = json_is_array(q->arg) ? json_array_size(q->arg) : json_object_size(q->arg);
	else if (!text)
		return HELD_UNKNOWN;
	for (i = 0; text && i < json_string_length(q->arg); i++)
		length += ((unsigned char)text[i] & 0xc0) != 0x80;
	return yes_or_no(is_between((double)length, t->value));
}

/* One of several, where each may be unsure. */
static enum held one_of(const json_t *list, const json_t *arg,
			enum held (*holds)(const char *want, const char *text, size_t size))
{
	enum held best = HELD_NO, now;
	size_t i;

	if (!json_is_string(arg))
		return HELD_UNKNOWN;
	for (i = 0; i < names_count(list) && best != HELD_YES; i++) {
		now = holds(names_at(list, i), json_string_value(arg), json_string_length(arg));
		best = now == HELD_NO ? best : now;
	}
	return best;
}

static enum held holds_host(const struct test *t, const struct asked *q)
{
	return one_of(t->value, q->arg, net_host_holds);
}

static enum held holds_cidr(const struct test *t, const struct asked *q)
{
	return one_of(t->value, q->arg, net_cidr_holds);
}

static enum held holds_absent(const struct test *t, const struct asked *q)
{
	(void)t;
	return yes_or_no(!q->arg);
}

static enum held holds_all(const struct test *t, const struct asked *q)
{
	enum held all = HELD_YES;
	size_t i;

	for (i = 0; i < t->count && all != HELD_NO; i++)
		all = held_and(all, test_holds(&t->below[i], q));
	return all;
}

static enum held holds_any(const struct test *t, const struct asked *q)
{
	enum held any = HELD_NO, now;
	size_t i;

	for (i = 0; i < t->count && any != HELD_YES; i++) {
		now = test_holds(&t->below[i], q);
		any = now == HELD_NO ? any : now;
	}
	return any;
}

static enum held holds_not(const struct test *t, const struct asked *q)
{
	const struct asked inside = { q->arg, q->a, true };
	enum held held = test_holds(&t->below[0], &inside);

	return held == HELD_UNKNOWN ? held : yes_or_no(held == HELD_NO);
}

static bool is_pattern(const json_t *v)
{
	return json_is_string(v) && glob_usable(json_string_value(v), json_string_length(v));
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

static bool is_range(const json_t *v)
{
	const json_t *from = json_array_get(v, 0), *to = json_array_get(v, 1);

	return json_array_size(v) == 2 && json_is_number(from) && json_is_number(to) &&
	       json_number_value(from) <= json_number_value(to);
}

static bool is_lengths(const json_t *v)
{
	return is_range(v) && json_is_integer(json_array_get(v, 0)) &&
	       json_is_integer(json_array_get(v, 1)) && json_integer_value(json_array_get(v, 0)) >= 0;
}

static bool are_texts(const json_t *v, bool (*usable)(const char *text))
{
	size_t i;

	for (i = 0; i < names_count(v); i++)
		if (!names_at(v, i) || !usable(names_at(v, i)))
			return false;
	return names_count(v) > 0;
}

static bool is_hosts(const json_t *v)
{
	return are_texts(v, net_host_usable);
}

static bool is_networks(const json_t *v)
{
	return are_texts(v, net_cidr_usable);
}

static bool is_condition(const json_t *v)
{
	return json_object_size(v) > 0;
}

static bool is_conditions(const json_t *v)
{
	return json_array_size(v) > 0;
}

static const struct matcher matchers[] = {
	{ "equal", "text, a number, true, false or null", is_scalar, holds_equal, NESTS_NOTHING },
	{ "in", "an array of texts, numbers, true, false or null", is_scalars, holds_in, NESTS_NOTHING },
	{ "glob", "a pattern of at most 256 bytes (* any run, ? one character), with at most 64 bytes "
		  "between two * where a ? is among them",
	  is_pattern, holds_glob, NESTS_NOTHING },
	{ "prefix", "text that is not empty", is_text, holds_prefix, NESTS_NOTHING },
	{ "under", "a directory (\".\" is the workspace)", is_text, holds_under, NESTS_NOTHING },
	{ "above", "a number", is_number, holds_above, NESTS_NOTHING },
	{ "below", "a number", is_number, holds_below, NESTS_NOTHING },
	{ "at_least", "a number", is_number, holds_at_least, NESTS_NOTHING },
	{ "at_most", "a number", is_number, holds_at_most, NESTS_NOTHING },
	{ "range", "two numbers, the smaller first", is_range, holds_range, NESTS_NOTHING },
	{ "length", "two whole numbers, the smaller first", is_lengths, holds_length, NESTS_NOTHING },
	{ "host", "a host name, \"*.\" and a host name, an address in its one form, or an array of them",
	  is_hosts, holds_host, NESTS_NOTHING },
	{ "cidr", "a network such as \"10.0.0.0/8\" with no bits behind its length, or an array of them",
	  is_networks, holds_cidr, NESTS_NOTHING },
	{ "has_secret", "true or false", secret_accepts, secret_holds, NESTS_NOTHING },
	{ "absent", "true", is_true, holds_absent, NESTS_NOTHING },
	{ "not", "a condition such as { \"equal\": \"x\" }", is_condition, holds_not, NESTS_ONE },
	{ "all", "an array of conditions", is_conditions, holds_all, NESTS_MANY },
	{ "any", "an array of conditions", is_conditions, holds_any, NESTS_MANY },
};

const struct matcher *matcher_named(const char *word)
{
	size_t i;

	for (i = 0; i < count_of(matchers); i++)
		if (matchers[i].word[0] == word[0] && strcmp(matchers[i].word, word) == 0)
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

/* Of what is not there nothing can be said but that; turned around, even less. */
enum held test_holds(const struct test *t, const struct asked *q)
{
	if (!q->arg && t->how->nests == NESTS_NOTHING && !matcher_is_absent(t->how))
		return q->doubted ? HELD_UNKNOWN : HELD_NO;
	return t->how->holds(t, q);
}
