#include "cli/policy_explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/policy_cases.h"
#include "cli/policy_needs.h"

struct note {
	struct policy_note n;
	char *first; /* owned; n.first points to it */
};

struct notes {
	struct note *at; /* owned */
	size_t count, room;
	bool lost; /* no memory */
};

static void notes_free(struct notes *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->at[i].first);
	free(l->at);
}

static void hear(void *to, const struct policy_note *n)
{
	struct notes *l = to;
	size_t room = l->room ? 2 * l->room : 64;
	struct note *more = l->count < l->room ? l->at : reallocarray(l->at, room, sizeof(*more));
	char *first = strdup(n->first);

	if (!more || !first) {
		free(first);
		l->lost = true;
		return;
	}
	l->room = l->count < l->room ? l->room : room;
	l->at = more;
	more[l->count] = (struct note){ *n, first };
	more[l->count++].n.first = first;
}

static void print_layers(const struct verdict *v)
{
	const struct layer_said *said;
	int i;

	puts("\nlayers:");
	for (i = 0; i < POLICY_LAYERS; i++) {
		said = &v->layers[i];
		if (said->word == SAID_NOTHING)
			continue;
		printf("  %-11s %-11s %s%s%s\n", layer_word((enum policy_layer)i),
		       said_word(said->word), said->by ? said->by : "", said->why ? "  " : "",
		       said->why ? said->why : "");
	}
}

static void print_silent(const struct notes *l)
{
	const char *head = "\nfiles that say nothing here, or may not:\n";
	size_t i;

	for (i = 0; i < l->count; i++) {
		const struct policy_note *n = &l->at[i].n;

		if (!n->is_file || n->applies == HELD_YES)
			continue;
		printf("%s  %-11s %s  %s: %s\n", head, layer_word(n->layer), n->name,
		       n->applies == HELD_NO ? "does not apply" : "only its refusals apply",
		       n->first);
		head = "";
	}
}

/* So does a review that cannot be judged. */
static bool refuses(const struct policy_note *n)
{
	return !n->is_file && n->applies != HELD_NO && n->held != HELD_NO &&
	       (n->refuses || (n->reviews && (n->applies == HELD_UNKNOWN || n->held == HELD_UNKNOWN)));
}

static bool nearly_allows(const struct policy_note *n)
{
	return !n->is_file && !n->refuses && n->applies == HELD_YES && n->held != HELD_YES;
}

static void print_near(const struct notes *l)
{
	const char *head = "\nrules that nearly match:\n";
	size_t i;

	for (i = 0; i < l->count; i++) {
		const struct policy_note *n = &l->at[i].n;

		if (n->is_file || n->applies == HELD_NO || n->failed == 0 || refuses(n))
			continue;
		printf("%s  %-11s %s  would %s: %s", head, layer_word(n->layer), n->name,
		       n->refuses ? "refuse" : n->reviews ? "review" : "allow", n->first);
		printf(n->failed > 1 ? " (and %zu more)\n" : "\n", n->failed - 1);
		head = "";
	}
}

static bool some_allows(const struct notes *l)
{
	bool some = false;
	size_t i;

	for (i = 0; i < l->count; i++)
		some = some || (!l->at[i].n.is_file && !l->at[i].n.refuses &&
				l->at[i].n.applies == HELD_YES && l->at[i].n.held == HELD_YES);
	return some;
}

/* Every refusal must go; each takes the change of one thing in the call, or of the rule. */
static void print_refusals(const struct notes *l, enum policy_layer layer)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		const struct policy_note *n = &l->at[i].n;

		if (n->layer != layer || !refuses(n))
			continue;
		if (n->reviews)
			printf("  %s must be judged: %s\n", n->name, n->first);
		else if (n->failed == 0)
			printf("  %s must not match, and does%s%s\n", n->name,
			       *n->first ? ": " : "", n->first);
		else
			printf("  %s must be judged, and not match: %s\n", n->name, n->first);
	}
}

/* The rule of the layer that misses by least; layer POLICY_LAYERS: of any. */
static const struct policy_note *nearest(const struct notes *l, enum policy_layer layer)
{
	const struct policy_note *best = NULL, *n;
	size_t i;

	for (i = 0; i < l->count; i++) {
		n = &l->at[i].n;
		if (nearly_allows(n) && (layer == POLICY_LAYERS || n->layer == layer) &&
		    (!best || n->failed < best->failed))
			best = n;
	}
	return best;
}

static void print_allow(const struct notes *l, enum policy_layer layer, const struct action *a)
{
	const struct policy_note *n = nearest(l, layer);
	const char *where = layer == POLICY_LAYERS ? "some layer" : layer_word(layer);

	if (!n)
		printf("  a rule of %s%s must allow %s/%s: there is none that speaks about it\n",
		       layer == POLICY_LAYERS ? "" : "the layer ", where, a->server, a->tool);
	else if (n->failed > 1)
		printf("  %s must match: %s (and %zu more)\n", n->name, n->first, n->failed - 1);
	else
		printf("  %s must match: %s\n", n->name, n->first);
}

/* Where nothing but a rule is missing. */
static void print_smallest(const struct action *a)
{
	const struct policy_route to = { .host = json_string_value(json_object_get(a->args, "host")),
					 .port = (unsigned)json_integer_value(json_object_get(a->args, "port")),
					 .method = json_string_value(json_object_get(a->args, "method")),
					 .path = json_string_value(json_object_get(a->args, "path")) };
	char rule[4096];

	if (net_smallest_rule(rule, sizeof(rule), &to))
		printf("  the smallest rule that would:\n%s\n", rule);
}

/* Of what allows or asks for a review, all that holds and also what cannot be judged. */
static void print_claims(const struct notes *l)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		const struct policy_note *n = &l->at[i].n;

		if (!n->is_file && n->claims && n->applies != HELD_NO && n->held != HELD_NO)
			printf("  %s requires the agent's reasons: %s\n", n->name, n->claims);
	}
}

static void print_reviews(const struct verdict *v)
{
	size_t i;

	puts("\nto have it done, all of:");
	for (i = 0; i < v->review_count; i++) {
		scoped(buf) struct buf need = BUF(8192);

		policy_need_put(&need, v->reviews[i]);
		printf("  %s  the word of %s\n", v->reviews[i]->rule, need.over ? "many" : buf_text(&need));
	}
}

static void print_changes(const struct notes *l, const struct action *a, const struct verdict *v)
{
	bool allows = some_allows(l);
	int i;

	puts("\nto have it allowed:");
	for (i = 0; i < POLICY_LAYERS; i++) {
		enum said word = v->layers[i].word;

		allows = allows || word == SAID_UNMATCHED;
		if (word >= SAID_UNDECIDABLE)
			print_refusals(l, (enum policy_layer)i);
		if (word == SAID_UNMATCHED)
			print_allow(l, (enum policy_layer)i, a);
	}
	if (!allows)
		print_allow(l, POLICY_LAYERS, a);
	print_claims(l);
	if (a->kind == ACTION_NET_CONNECT && v->reason == REASON_NO_RULE)
		print_smallest(a);
}

/* Nothing that could be written into a policy would change it. */
static int print_guard(const struct verdict *v)
{
	printf("\nthe guard %s refuses it before any rule is asked:\n  %s.\n", v->guard, v->why);
	return 0;
}

int policy_explain_print(const struct policy *p, const struct action *a, const struct verdict *v,
			 struct err *e)
{
	scoped(buf) struct buf name = BUF(1 << 16);
	const char *by = v->guard ? v->guard : v->rule;
	struct notes l = { 0 };

	policy_explain(p, a, hear, &l);
	if (l.lost) {
		notes_free(&l);
		return err_set(e, ERR_SYSTEM, "no memory to explain it");
	}
	text_visible(&name, a->server, strlen(a->server));
	buf_puts(&name, "/");
	text_visible(&name, a->tool, strlen(a->tool));
	printf("%s %s%s%s  %s\n", verdict_word(v),
	       reason_word(v->reason), by ? "=" : "", by ? by : "",
	       name.over ? "a long name" : buf_text(&name));
	if (v->guard) {
		notes_free(&l);
		return print_guard(v);
	}
	print_layers(v);
	print_silent(&l);
	print_near(&l);
	if (v->kind == VERDICT_REVIEW)
		print_reviews(v);
	if (v->kind == VERDICT_REFUSE)
		print_changes(&l, a, v);
	notes_free(&l);
	return 0;
}
