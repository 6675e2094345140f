/* From a file to rules: reeve-policy(5) as a reader. Whatever it does not know is an error. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/rule.h"

/* Where we are in the file while reading one of its rules. */
struct reading {
	const struct json_file *f;
	const char *name;	/* of the file, for rule ids */
	struct buf at;		/* pointer to the rule, and below */
};

static const struct json_member file_members[] = {
	{ "reeve", JSON_STRING, JSON_MUST }, { "layer", JSON_STRING, JSON_MUST },
	{ "applies", JSON_NULL, JSON_MAY },  { "version", JSON_STRING, JSON_MAY },
	{ "unmatched", JSON_STRING, JSON_MAY }, { "rules", JSON_ARRAY, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member rule_members[] = {
	{ "id", JSON_STRING, JSON_MUST },  { "then", JSON_STRING, JSON_MUST },
	{ "when", JSON_OBJECT, JSON_MUST }, { "why", JSON_STRING, JSON_MAY },
	{ "controls", JSON_ARRAY, JSON_MAY }, { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member when_members[] = {
	{ "tool", JSON_NULL, JSON_MAY },
	{ "server", JSON_NULL, JSON_MAY },
	{ "args", JSON_OBJECT, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* The pointer to what stands below; valid until the next below() or back(). */
static const char *below(struct reading *r, const char *key)
{
	const char *text;

	buf_puts(&r->at, "/");
	for (; *key; key++) {
		if (*key == '~' || *key == '/')
			buf_puts(&r->at, *key == '~' ? "~0" : "~1");
		else
			buf_add(&r->at, key, 1);
	}
	text = buf_text(&r->at);
	return text ? text : "";
}

static const char *here(struct reading *r)
{
	const char *text = buf_text(&r->at);

	return text ? text : "";
}

static void back(struct reading *r, size_t size)
{
	r->at.size = size;
	r->at.over = false;
}

static int wrong_layer(const struct json_file *f, const char *layer, struct err *e)
{
	static const char *const later[] = { "global", "tenant", "target", "department", "runtime" };
	size_t i;

	for (i = 0; i < count_of(later); i++)
		if (strcmp(layer, later[i]) == 0)
			return json_wrong(f, "/layer", false, e, "the layer \"%s\" is not in this version; "
					  "expected \"action\"", layer);
	return json_wrong(f, "/layer", false, e, "\"layer\": expected \"action\", found \"%.40s\"", layer);
}

static int check_head(const struct json_file *f, struct err *e)
{
	const char *unmatched = text_of(f->root, "unmatched");

	if (json_members(f, "", file_members, e) < 0)
		return -1;
	if (strcmp(text_of(f->root, "reeve"), "policy/1") != 0)
		return json_wrong(f, "/reeve", false, e, "\"reeve\": expected \"policy/1\", found \"%.40s\"",
				  text_of(f->root, "reeve"));
	if (strcmp(text_of(f->root, "layer"), "action") != 0)
		return wrong_layer(f, text_of(f->root, "layer"), e);
	if (json_object_get(f->root, "applies"))
		return json_wrong(f, "/applies", true, e, "the action layer applies to everyone; "
							  "leave \"applies\" out");
	if (unmatched && strcmp(unmatched, "refuse") != 0)
		return json_wrong(f, "/unmatched", false, e, "\"unmatched\": the action layer knows only "
				  "\"refuse\", found \"%.40s\"", unmatched);
	return 0;
}

static bool pattern_usable(const char *text, bool whole)
{
	const char *slash = text ? strchr(text, '/') : NULL;

	if (!text || !*text || strlen(text) > POINTER_MOST)
		return false;
	return whole ? slash && slash > text && slash[1] : !slash;
}

static int check_pattern(struct reading *r, const json_t *value, bool whole, struct err *e)
{
	if (pattern_usable(json_string_value(value), whole))
		return 0;
	return json_wrong(r->f, here(r), false, e, "expected %s of at most %d bytes",
			  whole ? "\"SERVER/TOOL\" (* stands for any run within one of them)"
				: "a server's name (* stands for any run)", POINTER_MOST);
}

/* Text or a non-empty array of it; *out stays NULL if the member is not there. */
static int read_patterns(json_t **out, struct reading *r, const json_t *when, const char *key,
			 struct err *e)
{
	json_t *value = json_object_get(when, key);
	size_t start = r->at.size, size, i;
	char index[24];

	if (!value)
		return 0;
	below(r, key);
	size = r->at.size;
	if (!json_is_array(value) || json_array_size(value) == 0) {
		if (check_pattern(r, value, strcmp(key, "tool") == 0, e) < 0)
			return -1;
	}
	for (i = 0; i < json_array_size(value); i++) {
		snprintf(index, sizeof(index), "%zu", i);
		below(r, index);
		if (check_pattern(r, json_array_get(value, i), strcmp(key, "tool") == 0, e) < 0)
			return -1;
		back(r, size);
	}
	back(r, start);
	*out = value;
	return 0;
}

static int unknown_matcher(struct reading *r, const char *word, struct err *e)
{
	scoped(buf) struct buf known = BUF(200);
	size_t count, i;
	const struct matcher *m = matcher_list(&count);

	for (i = 0; i < count; i++)
		buf_printf(&known, "%s%s", i ? ", " : "", m[i].word);
	return json_wrong(r->f, below(r, word), true, e, "unknown condition \"%.40s\"; expected one of: %s",
			  word, buf_text(&known));
}

static int read_test(struct condition *c, struct reading *r, const char *word, const json_t *value,
		     struct err *e)
{
	const struct matcher *how = matcher_named(word);

	if (!how)
		return unknown_matcher(r, word, e);
	if (!how->accepts(value))
		return json_wrong(r->f, below(r, word), false, e, "\"%s\": expected %s", word, how->takes);
	c->tests[c->count++] = (struct test){ how, value };
	return 0;
}

/* RFC 6901: begins with a slash, and ~ only as ~0 or ~1. "" would be all arguments at once. */
static bool pointer_usable(const char *text)
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

static int read_condition(struct condition *c, struct reading *r, const char *pointer, json_t *value,
			  struct err *e)
{
	size_t start = r->at.size, i;
	const char *word;
	json_t *inside;

	below(r, pointer);
	if (!pointer_usable(pointer))
		return json_wrong(r->f, here(r), true, e, "expected a JSON pointer such as \"/path\" "
				  "(at most %d bytes), found \"%.40s\"", POINTER_MOST, pointer);
	if (!json_is_object(value) || json_object_size(value) == 0)
		return json_wrong(r->f, here(r), false, e,
				  "expected a condition such as { \"equal\": \"x\" }");
	c->pointer = pointer;
	json_object_foreach(value, word, inside)
		if (read_test(c, r, word, inside, e) < 0)
			return -1;
	for (i = 0; i < c->count && c->count > 1; i++)
		if (matcher_is_absent(c->tests[i].how))
			return json_wrong(r->f, here(r), false, e, "\"absent\" stands alone: what is not "
								   "there has no value to compare");
	back(r, start);
	return 0;
}

static int read_args(struct rule *rule, struct reading *r, json_t *args, struct err *e)
{
	size_t start = r->at.size;
	const char *pointer;
	json_t *value;

	rule->conditions = calloc(json_object_size(args) + 1, sizeof(*rule->conditions));
	if (!rule->conditions)
		return err_sys(e, "memory for a rule");
	below(r, "args");
	json_object_foreach(args, pointer, value)
		if (read_condition(&rule->conditions[rule->condition_count++], r, pointer, value, e) < 0)
			return -1;
	back(r, start);
	return 0;
}

static int read_when(struct rule *rule, struct reading *r, const json_t *object, struct err *e)
{
	const json_t *when = json_object_get(object, "when");
	size_t start = r->at.size;

	if (json_members(r->f, below(r, "when"), when_members, e) < 0 ||
	    read_patterns(&rule->tool, r, when, "tool", e) < 0 ||
	    read_patterns(&rule->server, r, when, "server", e) < 0 ||
	    read_args(rule, r, json_object_get(when, "args"), e) < 0)
		return -1;
	back(r, start);
	return 0;
}

static int read_then(struct rule *rule, struct reading *r, const char *then, struct err *e)
{
	if (strcmp(then, "review") == 0)
		return json_wrong(r->f, below(r, "then"), false, e, "this version knows allow and refuse, "
				  "not yet review; write \"refuse\"");
	if (strcmp(then, "allow") != 0 && strcmp(then, "refuse") != 0)
		return json_wrong(r->f, below(r, "then"), false, e, "\"then\" is \"%.40s\"; expected "
				  "\"allow\" or \"refuse\"", then);
	rule->refuse = strcmp(then, "refuse") == 0;
	return 0;
}

static int check_texts(struct reading *r, const json_t *object, struct err *e)
{
	const json_t *controls = json_object_get(object, "controls");
	size_t i;

	if (json_object_get(object, "why") && !*text_of(object, "why"))
		return json_wrong(r->f, below(r, "why"), false, e, "\"why\": expected a sentence, found none");
	for (i = 0; i < json_array_size(controls); i++)
		if (!json_is_string(json_array_get(controls, i)))
			return json_wrong(r->f, below(r, "controls"), false, e,
					  "\"controls\": expected an array of texts");
	return 0;
}

static int read_rule(struct rule *rule, struct reading *r, const json_t *object, struct err *e)
{
	if (json_members(r->f, here(r), rule_members, e) < 0)
		return -1;
	rule->id = text_of(object, "id");
	rule->why = text_of(object, "why");
	if (!text_is_name(rule->id))
		return json_wrong(r->f, below(r, "id"), false, e, "\"id\": expected a-z, 0-9, \"_\", \".\", "
				  "\"-\", at most 63 and beginning with a letter or digit");
	if (read_then(rule, r, text_of(object, "then"), e) < 0 || check_texts(r, object, e) < 0 ||
	    read_when(rule, r, object, e) < 0)
		return -1;
	if (asprintf(&rule->name, "%s:%s", r->name, rule->id) < 0) {
		rule->name = NULL;
		return err_sys(e, "memory for a rule");
	}
	return 0;
}

static int compare_ids(const void *left, const void *right)
{
	const struct rule *const *a = left, *const *b = right;

	return strcmp((*a)->id, (*b)->id);
}

/* Sorted apart, so that ten thousand rules do not take a hundred million comparisons. */
static int check_ids(struct rule *const *rules, size_t count, const struct json_file *f, struct err *e)
{
	struct rule **sorted = calloc(count + 1, sizeof(*sorted));
	const struct rule *twice = NULL;
	char pointer[48];
	size_t i;

	if (!sorted)
		return err_sys(e, "memory for rules");
	memcpy(sorted, rules, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_ids);
	for (i = 1; i < count && !twice; i++)
		if (strcmp(sorted[i - 1]->id, sorted[i]->id) == 0)
			twice = sorted[i - 1]->order > sorted[i]->order ? sorted[i - 1] : sorted[i];
	free(sorted);
	if (!twice)
		return 0;
	snprintf(pointer, sizeof(pointer), "/rules/%zu/id", twice->order);
	return json_wrong(f, pointer, false, e, "expected an id of its own, found \"%s\" again", twice->id);
}

static int read_all(struct rule **rules, struct reading *r, const json_t *array, struct err *e)
{
	size_t i;

	for (i = 0; i < json_array_size(array); i++) {
		rules[i] = calloc(1, sizeof(**rules));
		if (!rules[i])
			return err_sys(e, "memory for a rule");
		rules[i]->order = i;
		back(r, 0);
		buf_printf(&r->at, "/rules/%zu", i);
		if (read_rule(rules[i], r, json_array_get(array, i), e) < 0)
			return -1;
	}
	return check_ids(rules, json_array_size(array), r->f, e);
}

int rules_read(struct rule ***out, size_t *count, const struct json_file *f, const char *name,
	       struct err *e)
{
	struct reading r = { .f = f, .name = name, .at = BUF(4096) };
	const json_t *array;
	struct rule **rules;
	size_t i;
	int result;

	if (check_head(f, e) < 0)
		return -1;
	array = json_object_get(f->root, "rules");
	rules = calloc(json_array_size(array) + 1, sizeof(struct rule *));
	if (!rules)
		return err_sys(e, "memory for rules");
	result = read_all(rules, &r, array, e);
	buf_free(&r.at);
	for (i = 0; result < 0 && i < json_array_size(array); i++)
		rule_free(rules[i]);
	if (result < 0) {
		free(rules);
		return -1;
	}
	*out = rules;
	*count = json_array_size(array);
	return 0;
}
