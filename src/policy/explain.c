/*
 * What each file and rule says of one action, and which member of it does not hold. Asks the same
 * questions as decide.c, but all of them: nothing that decides comes through here.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/rule.h"

enum { SHOWN = 120, SENTENCE = 1024 };

struct telling {
	const struct action *a;
	struct buf first; /* the first member that does not hold */
	size_t failed;
};

static void put_json(struct buf *out, const json_t *value)
{
	scoped(buf) struct buf text = BUF(1 << 20);
	size_t cut;

	if (!json_write(&text, value)) {
		buf_puts(out, "(long)");
		return;
	}
	cut = text_cut(text.data, text.size, SHOWN);
	text_visible(out, text.data, cut);
	buf_puts(out, cut < text.size ? "..." : "");
}

/* "WORD [TEST] WANTED, found …": only the first is kept, all are counted. */
static void put_failed(struct telling *t, const char *word, const char *test, const json_t *wanted,
		       enum held held, const json_t *found)
{
	if (t->failed++ > 0)
		return;
	buf_puts(&t->first, word);
	if (test)
		buf_printf(&t->first, " %s", test);
	buf_puts(&t->first, " ");
	put_json(&t->first, wanted);
	if (!found) {
		buf_puts(&t->first, ", there is none");
		return;
	}
	buf_puts(&t->first, held == HELD_UNKNOWN ? ", which cannot be judged of " : ", found ");
	put_json(&t->first, found);
}

static void tell_name(struct telling *t, const char *word, const json_t *names, const char *text)
{
	scoped(json) json_t *found = text ? json_string(text) : NULL;
	enum held held = names ? names_hold(names, text) : HELD_YES;

	if (held != HELD_YES)
		put_failed(t, word, NULL, names, held, found);
}

static void tell_flow(struct telling *t, const json_t *names)
{
	enum held held = names ? flow_holds(names, t->a) : HELD_YES;
	scoped(json) json_t *labels = json_array();
	unsigned bit;

	if (held == HELD_YES)
		return;
	for (bit = 1; flow_word(bit); bit <<= 1)
		if (t->a->flow & bit)
			json_array_append_new(labels, json_string(flow_word(bit)));
	put_failed(t, "flow", NULL, names, held, t->a->flow_known ? labels : NULL);
}

static void tell_scopes(struct telling *t, const json_t *names)
{
	enum held held = names ? scopes_hold(names, t->a) : HELD_YES;

	if (held != HELD_YES)
		put_failed(t, "scope", NULL, names, held, t->a->run ? t->a->run->scopes : NULL);
}

static void tell_names(struct telling *t, const struct names *n)
{
	int i;

	tell_name(t, "server", n->server, t->a->server);
	for (i = 0; i < PARTIES; i++)
		tell_name(t, party_word((enum party)i), n->party[i],
			  t->a->run ? t->a->run->party[i] : NULL);
	tell_name(t, "category", n->category, t->a->category);
	tell_name(t, "class", n->class, t->a->class);
	tell_flow(t, n->flow);
	tell_scopes(t, n->scope);
}

static void tell_action(struct telling *t, const struct rule *r)
{
	int i;

	if (rule_speaks(r, t->a->kind) || t->failed++ > 0)
		return;
	buf_puts(&t->first, "action");
	for (i = 0; i < ACTION_KINDS; i++)
		if (action_is_judged((enum action_kind)i) && rule_speaks(r, (enum action_kind)i))
			buf_printf(&t->first, " %s", action_word((enum action_kind)i));
	buf_printf(&t->first, ", found %s", action_word(t->a->kind));
}

static void tell_connects(struct telling *t, const struct rule *r)
{
	enum connect_member m;
	enum held held;

	if (!rule_speaks(r, t->a->kind))
		return;
	for (m = CONNECT_HOST; m < CONNECTS; m++) {
		held = connect_holds(r, t->a, m);
		if (held != HELD_YES)
			put_failed(t, connect_word(m), NULL, r->connects[m], held,
				   connect_argument(t->a, m));
	}
}

static void tell_hours(struct telling *t, const struct rule *r)
{
	if (!r->hours || hours_hold(r->hours, t->a->wall_us) == HELD_YES || t->failed++ > 0)
		return;
	buf_puts(&t->first, t->a->wall_us ? "time: not at this hour" : "time: it is not known");
}

static void tell_so_far(struct telling *t, const struct so_far *s)
{
	struct reading_of found = { 0 };
	enum held held;
	int i;

	for (i = 0; s && i < METER_KINDS; i++) {
		held = gauge_holds(&s->gauges[i], t->a, &found);
		scoped(json) json_t *shown =
			found.known ? json_real(i == METER_SPENT ? found.most / SPENT_PARTS : found.most) : NULL;

		if (held != HELD_YES)
			put_failed(t, gauge_word((enum meter_kind)i), NULL, s->gauges[i].said, held, shown);
	}
	if (s && (held = taint_holds(s, t->a)) != HELD_YES)
		put_failed(t, "taint", NULL, s->taint, held, NULL);
	if (s && (held = risk_holds(s, t->a)) != HELD_YES) {
		scoped(json) json_t *shown = t->a->risk ? json_integer(t->a->risk->total) : NULL;

		put_failed(t, "risk", NULL, s->risk, held, shown);
	}
}

static const char *spoken_of(const struct condition *c)
{
	return !c->pointer ? "resource" : *c->pointer ? c->pointer : "call";
}

static void tell_condition(struct telling *t, const struct condition *c)
{
	struct asked q = { .a = t->a };
	enum held missing, held;
	size_t i;

	if (condition_holds(c, t->a) == HELD_YES)
		return;
	q.arg = rule_argument(t->a, c->pointer, &missing);
	for (i = 0; i < c->all.count; i++) {
		held = !q.arg && missing == HELD_UNKNOWN ? HELD_UNKNOWN
							 : test_holds(&c->all.below[i], &q);
		if (held == HELD_YES)
			continue;
		put_failed(t, spoken_of(c), c->all.below[i].how->word,
			   c->all.below[i].value, held, q.arg);
		return;
	}
}

static void tell_rule(struct telling *t, const struct rule *r, struct policy_note *n)
{
	size_t i;

	tell_action(t, r);
	tell_names(t, &r->names);
	tell_hours(t, r);
	tell_so_far(t, r->so_far);
	tell_connects(t, r);
	for (i = 0; i < r->condition_count; i++)
		tell_condition(t, &r->conditions[i]);
	if (t->failed == 0 && r->condition_count > 0) {
		const struct condition *c = &r->conditions[0];

		buf_printf(&t->first, "%s %s ", spoken_of(c),
			   c->all.below[0].how->word);
		put_json(&t->first, c->all.below[0].value);
	}
	n->name = r->name;
	n->why = r->why;
	n->refuses = r->refuse;
	n->reviews = r->review;
	n->claims = claims_missing(r, t->a) ? claims_wanted(claims_missing(r, t->a)) : NULL;
	n->held = rule_holds(r, t->a, false);
}

static void finish(struct telling *t, struct policy_note *n,
		   void (*tell)(void *, const struct policy_note *), void *to)
{
	n->failed = t->failed;
	n->first = buf_text(&t->first);
	n->first = n->first ? n->first : "";
	tell(to, n);
	buf_drop(&t->first, t->first.size);
	t->failed = 0;
}

/* Of another action, tool, or host: what would have to change is everything. */
static bool is_elsewhere(const struct rule *r, const struct action *a)
{
	if (!rule_covers(r, a->server, a->tool))
		return true;
	return r->is_net && (a->kind != ACTION_NET_CONNECT || connect_holds(r, a, CONNECT_HOST) == HELD_NO);
}

void policy_explain(const struct policy *p, const struct action *a,
		    void (*tell)(void *to, const struct policy_note *n), void *to)
{
	struct telling t = { .a = a, .first = BUF(SENTENCE) };
	const struct file *f;
	size_t i, j = 0;

	for (i = 0; i < p->file_count; i++) {
		struct policy_note n = { .is_file = true };

		f = p->files[i];
		n.layer = f->layer;
		n.name = f->name;
		n.applies = n.held = file_applies(f, a);
		n.refuses = f->refuses_unmatched;
		tell_names(&t, &f->applies);
		finish(&t, &n, tell, to);
		for (; j < p->rule_count && p->rules[j]->file == f; j++) {
			if (is_elsewhere(p->rules[j], a))
				continue;
			n.is_file = false;
			tell_rule(&t, p->rules[j], &n);
			finish(&t, &n, tell, to);
		}
	}
	buf_free(&t.first);
}
