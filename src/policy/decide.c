/*
 * Joining, first within a layer and then over the layers. In a layer a refusal wins over
 * everything, in whatever file it stands; then what asks for a review; then what allows; then what its
 * files say of what no rule matches. Over the layers one that refuses is enough, and one at least must
 * allow, if only after a review: a layer can only narrow.
 *
 * A rule that allows must be certain. A rule that refuses or asks for a review is obeyed also when it cannot
 * be judged, because an argument of an unexpected kind, or a fact nobody gave, must not disarm it.
 * Of reviews not the first counts but all: no rule takes away what another one asks for. So it is with claims.
 * Nothing here allocates, opens or asks the time.
 */
#include <string.h>

#include "policy/rule.h"

/* The first rule of a layer that says each of these. */
struct tally {
	const struct rule *refuses, *unsure, *reviews, *allows;
};

struct judging {
	const struct policy *p;
	const struct action *a;
	struct tally tally[POLICY_LAYERS];
	const struct rule *reviews[REVIEWS]; /* all that ask for one, the widest layer first */
	size_t review_count;
	bool too_many;
	const struct rule *lacks;      /* the first that requires a claim which the agent does not make */
	uint8_t applies[POLICY_FILES]; /* enum held plus one; 0: not asked yet */
};

static enum held applies(struct judging *j, const struct file *f)
{
	uint8_t *known = &j->applies[f->index];

	if (*known == 0)
		*known = (uint8_t)(file_applies(f, j->a) + 1);
	return (enum held)(*known - 1);
}

static bool is_first(const struct rule *r, const struct rule *best)
{
	return !best || r->order < best->order;
}

static bool is_before(const struct rule *r, const struct rule *other)
{
	return r->file->layer == other->file->layer ? r->order < other->order : r->file->layer < other->file->layer;
}

/* In an order that hangs on nothing but the policy, so that what is asked twice is the same twice. */
static void add_review(struct judging *j, const struct rule *r)
{
	size_t i = j->review_count, k;

	for (k = 0; k < j->review_count; k++)
		if (j->reviews[k] == r)
			return;
	j->too_many = j->too_many || i == REVIEWS;
	if (j->too_many)
		return;
	for (; i > 0 && is_before(r, j->reviews[i - 1]); i--)
		j->reviews[i] = j->reviews[i - 1];
	j->reviews[i] = r;
	j->review_count++;
}

static bool is_lacking(const struct judging *j, const struct rule *r)
{
	return r->requires && (!j->lacks || is_before(r, j->lacks)) && claims_missing(r, j->a) != 0;
}

static void weigh(struct judging *j, const struct rule *r, bool by_tool)
{
	struct tally *t = &j->tally[r->file->layer];
	const struct rule **list = r->refuse ? &t->refuses : r->review ? &t->reviews : &t->allows;
	bool lacking = is_lacking(j, r);
	enum held held;

	if (!is_first(r, *list) && !lacking && (!r->review || j->too_many))
		return; /* whatever it says has been said */
	held = applies(j, r->file);
	if (held != HELD_NO)
		held = held_and(held, rule_holds(r, j->a, by_tool));
	if (held != HELD_NO && lacking)
		j->lacks = r;
	if (held == HELD_NO || (held == HELD_UNKNOWN && !r->refuse && !r->review))
		return;
	if (held == HELD_YES && r->review)
		add_review(j, r);
	list = held == HELD_YES ? list : &t->unsure;
	if (is_first(r, *list))
		*list = r;
}

static struct layer_said by_rule(enum said word, const struct rule *r)
{
	return (struct layer_said){ word, r->name, r->why, r->controls, r->so_far ? r->so_far->taints : 0 };
}

/* No rule of the layer matches: one file that refuses then is enough. */
static struct layer_said unmatched(struct judging *j, enum policy_layer layer)
{
	struct layer_said said = { .word = SAID_NOTHING };
	const struct file *f;
	size_t i;

	for (i = 0; i < j->p->file_count; i++) {
		f = j->p->files[i];
		if (f->layer != layer || applies(j, f) == HELD_NO)
			continue;
		if (f->refuses_unmatched)
			return (struct layer_said){ .word = SAID_UNMATCHED, .by = f->name };
		said.word = SAID_PASS;
	}
	return said;
}

static struct layer_said join_files(struct judging *j, enum policy_layer layer)
{
	const struct tally *t = &j->tally[layer];
	struct layer_said said;

	if (t->refuses)
		return by_rule(SAID_REFUSE, t->refuses);
	if (t->unsure)
		return by_rule(SAID_UNDECIDABLE, t->unsure);
	if (t->reviews) {
		said = by_rule(j->too_many ? SAID_UNDECIDABLE : SAID_REVIEW, t->reviews);
		said.why = j->too_many ? "more rules ask for a review of it than can be had" : said.why;
		return said;
	}
	return t->allows ? by_rule(SAID_ALLOW, t->allows) : unmatched(j, layer);
}

/* The word that decides, and the widest layer that says it. */
static void join_layers(struct verdict *v)
{
	static const enum reason reasons[] = {
		[SAID_NOTHING] = REASON_NO_RULE,         [SAID_PASS] = REASON_NO_RULE,
		[SAID_ALLOW] = REASON_RULE_ALLOWS,       [SAID_REVIEW] = REASON_REVIEW,
		[SAID_UNMATCHED] = REASON_NO_RULE,
		[SAID_UNDECIDABLE] = REASON_UNDECIDABLE, [SAID_REFUSE] = REASON_RULE_REFUSES,
	};
	const struct layer_said *decides = &v->layers[0];
	size_t i;

	for (i = 1; i < POLICY_LAYERS; i++)
		if (v->layers[i].word > decides->word)
			decides = &v->layers[i];
	v->reason = reasons[decides->word];
	v->kind = reason_verdict(v->reason);
	v->rule = decides->word == SAID_UNMATCHED ? NULL : decides->by;
	v->why = decides->why;
}

/* Told last, of what would be had otherwise: else reasons would be given for nothing. */
static void refuse_unclaimed(struct verdict *v, const struct judging *j)
{
	struct layer_said said = by_rule(SAID_REFUSE, j->lacks);

	said.why = claims_wanted(claims_missing(j->lacks, j->a));
	v->layers[j->lacks->file->layer] = said;
	v->reason = REASON_NO_CLAIM;
	v->kind = reason_verdict(v->reason);
	v->rule = said.by;
	v->why = said.why;
}

static void join_reviews(struct verdict *v, const struct judging *j)
{
	for (; v->review_count < j->review_count; v->review_count++)
		v->reviews[v->review_count] = j->reviews[v->review_count]->review;
}

static struct verdict decide_call(const struct policy *p, const struct action *a)
{
	struct judging j = { .p = p, .a = a };
	struct walk w = walk_begin(&p->index, a);
	struct verdict v = { .reason = REASON_NO_RULE };
	const struct rule *r;
	int layer;

	while ((r = walk_next(&w)))
		weigh(&j, r, w.by_tool);
	for (layer = 0; layer < POLICY_LAYERS; layer++)
		v.layers[layer] = join_files(&j, (enum policy_layer)layer);
	join_layers(&v);
	if (v.kind != VERDICT_REFUSE && j.lacks)
		refuse_unclaimed(&v, &j);
	if (v.kind == VERDICT_REVIEW)
		join_reviews(&v, &j);
	return v;
}

static struct verdict says(enum reason reason)
{
	return (struct verdict){ .kind = reason_verdict(reason), .reason = reason };
}

/* A name that is not what it looks like is nobody's to allow. */
static bool is_askable(const struct action *a)
{
	return action_is_judged(a->kind) && a->server && a->tool &&
	       (!a->args || json_is_object(a->args)) && text_is_plain(a->tool, strlen(a->tool)) &&
	       text_is_plain(a->server, strlen(a->server)) &&
	       (a->kind != ACTION_NET_CONNECT || connect_is_askable(a));
}

struct verdict policy_decide(const struct policy *p, const struct action *a)
{
	if (a->kind == ACTION_MESSAGE)
		return says(REASON_BAD_MESSAGE);
	if (a->kind == ACTION_SERVER_START && a->server)
		return says(policy_may_allow(p, a->run, ACTION_SERVER_START, a->server, NULL) ? REASON_MAY_SERVE
									 : REASON_NO_RULE);
	return is_askable(a) ? decide_call(p, a) : says(REASON_UNDECIDABLE);
}
