/*
 * Is there anybody for what the rules ask? Asked when a policy is checked and before a run begins, so that no call is
 * held for somebody who will never come.
 */
#include <stdio.h>

#include "policy/rule.h"

enum { AT_MOST = 96 };

struct asking {
	const struct rule *rule;
	const struct policy_people *people;
	json_t *all; /* of every step, each name once */
};

/* Where the member stands in the rule's file. */
static int wrong(const struct asking *q, const char *member, size_t people, struct err *e)
{
	const struct file *f = q->rule->file;
	const struct json_file text = { .name = f->path, .bytes = f->bytes, .size = f->size, .root = f->root };
	const char *list = q->people->list ? q->people->list : "allowed_signers";
	char at[AT_MOST];

	snprintf(at, sizeof(at), "/rules/%zu/review/%s", q->rule->order - f->first, member);
	if (people == 0)
		return json_wrong(&text, at, false, e,
				  "nobody who could approve is among them: no key of theirs is in %s; see reeve-reviewers(5)",
				  list);
	return json_wrong(&text, at, false, e,
			  "%u different people must approve, and %zu of them %s a key in %s; see reeve-reviewers(5)",
			  q->rule->review->count, people, people == 1 ? "has" : "have", list);
}

static void add_names(json_t *all, const json_t *by)
{
	size_t i, k;

	for (i = 0; i < json_array_size(by); i++) {
		for (k = 0; k < json_array_size(all); k++)
			if (json_equal(json_array_get(all, k), json_array_get(by, i)))
				break;
		if (k == json_array_size(all))
			must(json_array_append(all, json_array_get(by, i)) == 0);
	}
}

/* A step that reaches nobody is a mistake, even if another one reaches enough. */
static int ask_step(const struct asking *q, size_t step, struct err *e)
{
	const json_t *by = q->rule->review->steps[step].by;
	char member[AT_MOST / 2];
	size_t people, i;

	if (q->people->count(&people, q->people->whose, by, e) < 0)
		return -1;
	add_names(q->all, by);
	for (i = 0; q->people->look && i < json_array_size(by); i++)
		q->people->look(q->people->whose, q->rule->name, json_string_value(json_array_get(by, i)));
	if (people > 0)
		return 0;
	snprintf(member, sizeof(member), "then/%zu/by", step - 1);
	return wrong(q, step ? member : "by", 0, e);
}

static int ask_rule(const struct asking *q, struct err *e)
{
	const struct review_need *n = q->rule->review;
	size_t people, i;

	for (i = 0; i < n->step_count; i++)
		if (ask_step(q, i, e) < 0)
			return -1;
	if (q->people->count(&people, q->people->whose, n->steps[0].by ? q->all : NULL, e) < 0)
		return -1;
	return people >= n->count ? 0 : wrong(q, n->steps[0].by ? "count" : "by", people, e);
}

int policy_reviewers(const struct policy *p, const struct policy_people *people, struct err *e)
{
	size_t i;

	for (i = 0; i < p->rule_count; i++) {
		scoped(json) json_t *all = p->rules[i]->review ? json_array() : NULL;
		const struct asking q = { p->rules[i], people, all };

		if (p->rules[i]->review && (all ? ask_rule(&q, e) : err_sys(e, "memory for reviewers")) < 0)
			return -1;
	}
	return 0;
}

bool policy_asks_review(const struct policy *p)
{
	size_t i;

	for (i = 0; i < p->rule_count; i++)
		if (p->rules[i]->review)
			return true;
	return false;
}
