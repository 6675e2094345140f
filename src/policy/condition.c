/* Conditions on arguments: objects of tests, and tests that hold objects. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/read.h"

static int read_group(struct test *group, struct reading *r, const json_t *object, unsigned depth,
		      struct err *e);

static int unknown_matcher(struct reading *r, const char *word, struct err *e)
{
	scoped(buf) struct buf known = BUF(200);
	size_t count, i;
	const struct matcher *m = matcher_list(&count);

	for (i = 0; i < count; i++)
		buf_printf(&known, "%s%s", i ? ", " : "", m[i].word);
	return json_wrong(r->f, below(r, word), true, e,
			  "unknown condition \"%.40s\"; expected one of: %s", word,
			  buf_text(&known));
}

/* What stands below a "not", an "all", an "any". */
static int read_nested(struct test *t, struct reading *r, unsigned depth, struct err *e)
{
	bool many = t->how->nests == NESTS_MANY;
	size_t count = many ? json_array_size(t->value) : 1, size = r->at.size;

	t->below = calloc(count, sizeof(*t->below));
	if (!t->below)
		return err_sys(e, "memory for a condition");
	while (t->count < count) {
		const json_t *inside = many ? json_array_get(t->value, t->count) : t->value;

		if (many)
			below_item(r, t->count);
		if (read_group(&t->below[t->count++], r, inside, depth, e) < 0)
			return -1;
		back(r, size);
	}
	return 0;
}

static int read_test(struct test *t, struct reading *r, const char *word, const json_t *value,
		     unsigned depth, struct err *e)
{
	const struct matcher *how = matcher_named(word);
	size_t start = r->at.size;

	if (!how)
		return unknown_matcher(r, word, e);
	*t = (struct test){ .how = how, .value = value };
	below(r, word);
	if (!how->accepts(value))
		return json_wrong(r->f, here(r), false, e, "\"%s\": expected %s", word, how->takes);
	if (how->nests != NESTS_NOTHING && read_nested(t, r, depth, e) < 0)
		return -1;
	back(r, start);
	return 0;
}

static int alone(const struct test *group, struct reading *r, struct err *e)
{
	size_t i;

	for (i = 0; i < group->count && group->count > 1; i++)
		if (matcher_is_absent(group->below[i].how))
			return json_wrong(r->f, here(r), false, e,
					  "\"absent\" stands alone: what is not there has no value "
					  "to compare");
	return 0;
}

/* Ends of the numbers that a group lets through. */
struct ends {
	double low, high;
	bool low_out, high_out; /* the end itself is not among them */
};

static void raise_low(struct ends *n, double low, bool out)
{
	if (low > n->low || (!(low < n->low) && out)) {
		n->low = low;
		n->low_out = out;
	}
}

static void lower_high(struct ends *n, double high, bool out)
{
	if (high < n->high || (!(high > n->high) && out)) {
		n->high = high;
		n->high_out = out;
	}
}

static void narrow(struct ends *n, const struct test *t)
{
	double number = json_number_value(t->value);
	const char *word;

	must(t->how);
	word = t->how->word;
	if (strcmp(word, "above") == 0 || strcmp(word, "at_least") == 0)
		raise_low(n, number, word[1] == 'b');
	if (strcmp(word, "below") == 0 || strcmp(word, "at_most") == 0)
		lower_high(n, number, word[0] == 'b');
	if (strcmp(word, "range") == 0) {
		raise_low(n, json_number_value(json_array_get(t->value, 0)), false);
		lower_high(n, json_number_value(json_array_get(t->value, 1)), false);
	}
}

static int possible(const struct test *group, struct reading *r, struct err *e)
{
	struct ends n = { .low = -1e308, .high = 1e308 };
	size_t i;

	for (i = 0; i < group->count && group->count > 1; i++)
		narrow(&n, &group->below[i]);
	if (n.low < n.high || (!(n.low > n.high) && !n.low_out && !n.high_out))
		return 0;
	return json_wrong(r->f, here(r), false, e,
			  "it can never hold: there is no number between its ends");
}

static int read_group(struct test *group, struct reading *r, const json_t *object, unsigned depth,
		      struct err *e)
{
	const char *word;
	json_t *value;

	if (!json_is_object(object) || json_object_size(object) == 0)
		return json_wrong(r->f, here(r), false, e,
				  "expected a condition such as { \"equal\": \"x\" }");
	if (depth == NESTING)
		return json_wrong(r->f, here(r), false, e,
				  "expected conditions at most %d deep in each other", NESTING);
	group->how = matcher_named("all");
	group->below = calloc(json_object_size(object), sizeof(*group->below));
	if (!group->below)
		return err_sys(e, "memory for a condition");
	json_object_foreach((json_t *)(uintptr_t)object, word, value)
		if (read_test(&group->below[group->count++], r, word, value, depth + 1, e) < 0)
			return -1;
	return alone(group, r, e) < 0 ? -1 : possible(group, r, e);
}

/* RFC 6901: begins with a slash, and ~ only as ~0 or ~1. "" would be all arguments at once. */
bool pointer_usable(const char *text)
{
	if (text[0] != '/' || strlen(text) > POINTER_MOST)
		return false;
	while ((text = strchr(text, '~'))) {
		if (text[1] != '0' && text[1] != '1')
			return false;
		text++;
	}
	return true;
}

static int read_args(struct rule *rule, struct reading *r, json_t *args, struct err *e)
{
	size_t start = r->at.size, size;
	const char *pointer;
	json_t *value;

	below(r, "args");
	size = r->at.size;
	json_object_foreach(args, pointer, value) {
		struct condition *c = &rule->conditions[rule->condition_count++];

		below(r, pointer);
		c->pointer = pointer;
		if (!pointer_usable(pointer))
			return json_wrong(r->f, here(r), true, e,
					  "expected a JSON pointer such as \"/path\" "
					  "(at most %d bytes), found \"%.40s\"",
					  POINTER_MOST, pointer);
		if (read_group(&c->all, r, value, 0, e) < 0)
			return -1;
		back(r, size);
	}
	back(r, start);
	return 0;
}

/* Last, since it is the one that reads all there is: the condition on everything at once. */
static int read_secret(struct rule *rule, struct reading *r, const json_t *value, struct err *e)
{
	struct condition *c = &rule->conditions[rule->condition_count++];
	size_t start = r->at.size;

	c->pointer = "";
	c->all.how = matcher_named("all");
	c->all.below = calloc(1, sizeof(*c->all.below));
	if (!c->all.below)
		return err_sys(e, "memory for a condition");
	c->all.count = 1;
	if (read_test(&c->all.below[0], r, "has_secret", value, 0, e) < 0)
		return -1;
	back(r, start);
	return 0;
}

int read_conditions(struct rule *rule, struct reading *r, const json_t *when, struct err *e)
{
	const json_t *secret = json_object_get(when, "has_secret");
	json_t *args = json_object_get(when, "args"), *resource = json_object_get(when, "resource");
	size_t start = r->at.size;

	if (!args && !resource && !secret)
		return 0;
	rule->conditions = calloc(json_object_size(args) + 2, sizeof(*rule->conditions));
	if (!rule->conditions)
		return err_sys(e, "memory for a rule");
	if (resource) {
		below(r, "resource");
		if (read_group(&rule->conditions[rule->condition_count++].all, r, resource, 0, e) <
		    0)
			return -1;
		back(r, start);
	}
	if (read_args(rule, r, args, e) < 0)
		return -1;
	return secret ? read_secret(rule, r, secret, e) : 0;
}
