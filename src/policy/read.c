/* A policy file, read as reeve-policy(5) says. What is not understood whole is refused whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/read.h"

enum { CONTROLS_MOST = 8, CONTROL_MOST = 47 };

static const struct json_member file_members[] = {
	{ "reeve", JSON_STRING, JSON_MUST },    { "layer", JSON_STRING, JSON_MAY },
	{ "applies", JSON_OBJECT, JSON_MAY },   { "version", JSON_STRING, JSON_MAY },
	{ "unmatched", JSON_STRING, JSON_MAY }, { "rules", JSON_ARRAY, JSON_MUST },
	{ "alerts", JSON_ARRAY, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member applies_members[] = {
	{ "agent", JSON_NULL, JSON_MAY },       { "owner", JSON_NULL, JSON_MAY },
	{ "tenant", JSON_NULL, JSON_MAY },      { "department", JSON_NULL, JSON_MAY },
	{ "environment", JSON_NULL, JSON_MAY }, { "initiator", JSON_NULL, JSON_MAY },
	{ "server", JSON_NULL, JSON_MAY },      { "workspace", JSON_NULL, JSON_MAY },
	{ "model", JSON_NULL, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member rule_members[] = {
	{ "id", JSON_STRING, JSON_MUST },     { "then", JSON_STRING, JSON_MUST },
	{ "when", JSON_OBJECT, JSON_MUST },   { "why", JSON_STRING, JSON_MAY },
	{ "controls", JSON_ARRAY, JSON_MAY }, { "review", JSON_OBJECT, JSON_MAY },
	{ "requires", JSON_NULL, JSON_MAY },  { NULL, JSON_NULL, JSON_MAY },
};

static int read_layer(struct reading *r, const char *layer, struct err *e)
{
	int i;

	r->to->layer = POLICY_ACTION;
	if (!layer)
		return 0;
	for (i = 0; i < POLICY_LAYERS && strcmp(layer, layer_word((enum policy_layer)i)) != 0; i++)
		;
	if (i == POLICY_LAYERS)
		return json_wrong(r->f, "/layer", false, e,
				  "\"layer\": expected global, tenant, target, "
				  "department, action or runtime, found \"%.40s\"",
				  layer);
	r->to->layer = (enum policy_layer)i;
	return 0;
}

static int read_applies(struct reading *r, const json_t *applies, struct err *e)
{
	size_t start = r->at.size;

	r->to->to_all = !applies;
	if (!applies)
		return 0;
	if (json_members(r->f, below(r, "applies"), applies_members, e) < 0)
		return -1;
	if (json_object_size(applies) == 0)
		return json_wrong(r->f, here(r), false, e,
				  "\"applies\": expected to whom; leave it out for everyone");
	if (read_parties(&r->to->applies, r, applies, e) < 0)
		return -1;
	back(r, start);
	return 0;
}

static int read_head(struct reading *r, struct err *e)
{
	const struct json_file *f = r->f;
	const char *unmatched = text_of(f->root, "unmatched");

	if (json_members(f, "", file_members, e) < 0)
		return -1;
	if (strcmp(text_of(f->root, "reeve"), "policy/1") != 0)
		return json_wrong(f, "/reeve", false, e,
				  "\"reeve\": expected \"policy/1\", found \"%.40s\"",
				  text_of(f->root, "reeve"));
	if (read_layer(r, text_of(f->root, "layer"), e) < 0)
		return -1;
	if (unmatched && strcmp(unmatched, "refuse") != 0 && strcmp(unmatched, "pass") != 0)
		return json_wrong(f, "/unmatched", false, e,
				  "\"unmatched\": expected \"refuse\" or \"pass\", found \"%.40s\"",
				  unmatched);
	r->to->refuses_unmatched = !unmatched || strcmp(unmatched, "refuse") == 0;
	return read_applies(r, json_object_get(f->root, "applies"), e);
}

static int read_then(struct rule *rule, struct reading *r, const char *then, struct err *e)
{
	rule->refuse = strcmp(then, "refuse") == 0;
	if (strcmp(then, "review") == 0) {
		rule->review = calloc(1, sizeof(*rule->review));
		return rule->review ? 0 : err_sys(e, "memory for a rule");
	}
	if (rule->refuse || strcmp(then, "allow") == 0)
		return 0;
	return json_wrong(r->f, below(r, "then"), false, e,
			  "\"then\" is \"%.40s\"; expected "
			  "\"allow\", \"review\" or \"refuse\"",
			  then);
}

/*
 * Has it its three members, and beside them a sentence or nothing? Of ten thousand rules nearly all; all others are
 * held against the table, which says what is wrong.
 */
static bool is_usual(const json_t *object)
{
	const json_t *value;
	size_t i;

	for (i = 0; rule_members[i].needs == JSON_MUST; i++) {
		value = json_object_get(object, rule_members[i].key);
		if (!value || json_typeof(value) != rule_members[i].type)
			return false;
	}
	i += json_is_string(json_object_get(object, "why"));
	return i == json_object_size(object);
}

/* As they will stand in every record of the rule. */
static bool is_control(const char *text)
{
	const char *at;

	for (at = text; at && *at; at++)
		if (*at <= ' ' || *at > '~' || *at == '"' || *at == '\\')
			return false;
	return text && *text && strlen(text) <= CONTROL_MOST;
}

static int check_texts(struct reading *r, const json_t *object, struct err *e)
{
	const json_t *controls = json_object_get(object, "controls");
	bool good = json_array_size(controls) <= CONTROLS_MOST;
	size_t i;

	if (json_object_get(object, "why") && !*text_of(object, "why"))
		return json_wrong(r->f, below(r, "why"), false, e,
				  "\"why\": expected a sentence, found none");
	for (i = 0; i < json_array_size(controls) && good; i++)
		good = is_control(json_string_value(json_array_get(controls, i)));
	if (!good)
		return json_wrong(r->f, below(r, "controls"), false, e,
				  "\"controls\": expected an array of at most %d texts such as "
				  "\"PCI-DSS-4.0.1:6.3.2\": %d printable characters, no blank",
				  CONTROLS_MOST, CONTROL_MOST);
	return 0;
}

/* "file:id" */
static int name_rule(struct rule *rule, const char *file, struct err *e)
{
	size_t size = strlen(file), id = strlen(rule->id);

	rule->name = malloc(size + 1 + id + 1);
	if (!rule->name)
		return err_sys(e, "memory for a rule");
	memcpy(rule->name, file, size);
	rule->name[size] = ':';
	memcpy(rule->name + size + 1, rule->id, id + 1);
	if (rule->review)
		rule->review->rule = rule->name;
	return 0;
}

static int read_rule(struct rule *rule, struct reading *r, const json_t *object, struct err *e)
{
	if (!is_usual(object) && json_members(r->f, here(r), rule_members, e) < 0)
		return -1;
	rule->id = text_of(object, "id");
	rule->why = text_of(object, "why");
	rule->controls = json_object_get(object, "controls");
	rule->file = r->to;
	if (!text_is_name(rule->id))
		return json_wrong(r->f, below(r, "id"), false, e,
				  "\"id\": expected a-z, 0-9, \"_\", \".\", "
				  "\"-\", at most 63 and beginning with a letter or digit");
	if (read_then(rule, r, text_of(object, "then"), e) < 0 || check_texts(r, object, e) < 0 ||
	    read_when(rule, r, object, "when", e) < 0 || read_review(rule, r, object, e) < 0 ||
	    read_requires(rule, r, object, e) < 0)
		return -1;
	return name_rule(rule, r->to->name, e);
}

static int compare_ids(const void *left, const void *right)
{
	const struct rule *const *a = left, *const *b = right;

	return strcmp((*a)->id, (*b)->id);
}

/* Sorted apart, so that ten thousand rules do not take a hundred million comparisons. */
static int check_ids(struct rule *const *rules, size_t count, const struct json_file *f,
		     struct err *e)
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
	return json_wrong(f, pointer, false, e, "expected an id of its own, found \"%s\" again",
			  twice->id);
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
		below(r, "rules");
		below_item(r, i);
		if (read_rule(rules[i], r, json_array_get(array, i), e) < 0)
			return -1;
	}
	return check_ids(rules, json_array_size(array), r->f, e);
}

int rules_read(struct rule ***out, size_t *count, struct file *to, const struct json_file *f,
	       struct err *e)
{
	struct reading r = { .f = f, .to = to, .at = BUF(4096) };
	const json_t *array = json_object_get(f->root, "rules");
	struct rule **rules = calloc(json_array_size(array) + 1, sizeof(struct rule *));
	size_t i;
	int result;

	if (!rules)
		return err_sys(e, "memory for rules");
	result = read_head(&r, e) < 0 || read_all(rules, &r, array, e) < 0 ? -1
		 : alerts_read(&to->alerts, &to->alert_count, &r, e);
	buf_free(&r.at);
	if (result == 0) {
		*out = rules;
		*count = json_array_size(array);
		return 0;
	}
	for (i = 0; i < json_array_size(array); i++)
		rule_free(rules[i]);
	free(rules);
	return -1;
}
