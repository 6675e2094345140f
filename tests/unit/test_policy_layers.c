/*
 * tests/unit/test_policy_layers.c - whatever the layers, files, rules and facts: a layer narrows, a
 * refusal wins, what is asked of people and of the agent only grows, what cannot be judged refuses, and nothing
 * allows nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

/* xorshift: the same policies on every machine. */
static unsigned pick(uint64_t *seed, unsigned below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (unsigned)(*seed % below);
}

static const char *const layers[] = { "global", "tenant", "target", "department", "action", "runtime" };

static const char *const applies[] = {
	"", "\"applies\":{\"agent\":\"a*\"},", "\"applies\":{\"department\":[\"finance\"]},",
	"\"applies\":{\"server\":\"s\"},", "\"applies\":{\"tenant\":\"t\",\"environment\":[\"prod\",\"test\"]},",
	"\"applies\":{\"agent\":\"nobody\"},",
};

static const char *const whens[] = {
	"", "\"tool\":\"s/x\"", "\"tool\":\"s/*\"", "\"tool\":[\"s/y\",\"u/x\"]", "\"server\":\"u\"",
	"\"tool\":\"*/x\"", "\"tool\":\"s*/x*\"", "\"server\":\"*\",\"args\":{\"/n\":{\"above\":2}}",
	"\"tool\":\"*/x\",\"args\":{\"/n\":{\"range\":[1,3]}}", "\"args\":{\"/s\":{\"glob\":\"*q*\"}}",
	"\"args\":{\"/s\":{\"not\":{\"equal\":\"q\"}}}", "\"args\":{\"/s\":{\"any\":[{\"absent\":true},{\"prefix\":\"q\"}]}}",
	"\"category\":\"data.*\"", "\"category\":\"data.read\",\"tool\":\"*/x\"", "\"class\":\"high\"",
	"\"department\":\"finance\"", "\"environment\":[\"prod\"],\"tool\":\"s/x\"", "\"agent\":\"a1\"",
	"\"time\":{\"days\":\"sat\",\"hours\":\"08:00-12:00\"}", "\"resource\":{\"prefix\":\"q\"}",
	"\"scope\":\"mail\"", "\"tool\":\"s/*\",\"scope\":[\"pay\",\"m*\"]",
};

static const char *const scopes[] = { "[\"mail\"]", "[]", "[\"pay\",\"see\"]" };

/* Of the layer runtime alone. */
static const char *const so_far[] = {
	"", "\"calls\":{\"of\":\"tool\",\"above\":3}", "\"calls\":{\"of\":\"run\",\"within\":\"60s\",\"above\":3}",
	"\"repeated\":{\"above\":1}", "\"refusals\":{\"last\":10,\"above\":0.5}", "\"taint\":\"private\"",
	"\"taint\":[\"private\",\"untrusted\"]",
};

static const char *const args[] = {
	"{}", "{\"n\":1}", "{\"n\":3,\"s\":\"q\"}", "{\"n\":\"3\"}", "{\"s\":\"xqx\"}", "{\"s\":[\"q\"],\"n\":9}",
	"{\"s\":\"\\u200bq\"}",
};

enum { CALLS = 120, RULES = 6 };

struct call {
	struct run_facts run;
	struct runtime_facts runtime;
	struct action a;
	json_t *args, *resource, *scopes;
};

/* One in three facts is missing. */
static const char *maybe(const char *a, const char *b, uint64_t *seed)
{
	unsigned n = pick(seed, 3);

	return n == 0 ? a : n == 1 ? b : NULL;
}

/* One in four is not known, and one in four not for certain. */
static void make_runtime(struct runtime_facts *f, uint64_t *seed)
{
	unsigned k, least, span;

	*f = (struct runtime_facts){ .taint_known = pick(seed, 4) > 0, .taint = pick(seed, 4) };
	for (k = 0; k < METER_KINDS; k++) {
		least = pick(seed, 8);
		span = pick(seed, 4) ? 0 : 9;
		f->kinds[k] = (struct reading_of){ pick(seed, 4) > 0, least, least + span };
	}
	f->kinds[METER_REFUSALS].least = f->kinds[METER_REFUSALS].most = pick(seed, 11) / 10.0;
}

static void make_call(struct call *c, uint64_t *seed)
{
	c->args = json_loads(args[pick(seed, count_of(args))], 0, NULL);
	c->resource = pick(seed, 2) ? json_string("quite") : NULL;
	c->run = (struct run_facts){ .party = {
		[PARTY_AGENT] = pick(seed, 2) ? "a1" : "b1",
		[PARTY_TENANT] = pick(seed, 2) ? "t" : "v",
		[PARTY_DEPARTMENT] = maybe("finance", "it", seed),
		[PARTY_ENVIRONMENT] = maybe("prod", "dev", seed),
	} };
	c->scopes = pick(seed, 4) ? json_loads(scopes[pick(seed, count_of(scopes))], 0, NULL) : NULL;
	c->run.scopes = c->scopes;
	make_runtime(&c->runtime, seed);
	c->a = (struct action){ .kind = ACTION_TOOL_CALL, .server = pick(seed, 2) ? "s" : "u",
				.tool = pick(seed, 2) ? "x" : "y", .args = c->args, .run = &c->run,
				.runtime = pick(seed, 4) ? &c->runtime : NULL,
				.category = maybe("data.read", "money", seed), .class = maybe("high", "low", seed),
				.resource = c->resource,
				.claims = { pick(seed, 3) ? "t" : NULL, pick(seed, 4) ? "r" : " " },
				.wall_us = pick(seed, 3) ? UINT64_C(1795255200000000) : 0 };
}

static void make_calls(struct call calls[CALLS], uint64_t *seed)
{
	size_t i;

	for (i = 0; i < CALLS; i++)
		make_call(&calls[i], seed);
}

static void free_calls(struct call calls[CALLS])
{
	size_t i;

	for (i = 0; i < CALLS; i++) {
		json_decref(calls[i].args);
		json_decref(calls[i].resource);
		json_decref(calls[i].scopes);
	}
}

enum { ONLY_REFUSES = 1, PASSES = 2, ONLY_NARROWS = 4 };

#define ASKED ",\"review\":{\"by\":1,\"within\":\"1h\"}"

/* How a rule begins and ends: one in three refuses, one in six asks for a review, one in six for reasons. */
static const struct then {
	const char *word, *rest;
} thens[] = {
	{ "refuse", "" }, { "review", ASKED }, { "refuse", "" }, { "refuse", "" }, { "review", ASKED ",\"requires\":[\"reason\"]" },
	{ "refuse", "" }, { "allow", "" }, { "allow", "" }, { "allow", ",\"requires\":[\"trigger\"]" }, { "allow", "" }, { "allow", "" },
	{ "allow", ",\"requires\":[\"trigger\",\"reason\"]" },
};

enum { NARROWING = 6 }; /* so many of these do */

/* A file's text. Each draw is made whatever the flags, so that two texts of one seed differ only by them. */
static void write_file(struct buf *out, const char *layer, unsigned flags, uint64_t *seed)
{
	unsigned count = pick(seed, RULES + 1), i;
	const char *to = applies[pick(seed, count_of(applies))];
	bool pass = pick(seed, 2);
	const char *past;

	buf_printf(out, "{\"reeve\":\"policy/1\",\"layer\":\"%s\",%s\"unmatched\":\"%s\",\"rules\":[", layer, to,
		   pass || flags & PASSES ? "pass" : "refuse");
	for (i = 0; i < count; i++) {
		unsigned n = pick(seed, count_of(thens));
		const struct then *then = &thens[flags & ONLY_REFUSES ? 0 : flags & ONLY_NARROWS ? n % NARROWING : n];

		/* "server":"u" within a file of the server s can never match, and is an error: take another */
		const char *when = whens[pick(seed, count_of(whens))];

		if (strstr(to, "server") || strstr(to, "nobody"))
			when = strstr(when, "args") && !strstr(when, "tool") && !strstr(when, "server") ? when : "";
		past = so_far[pick(seed, count_of(so_far))];
		past = strcmp(layer, "runtime") == 0 ? past : "";
		buf_printf(out, "%s{\"id\":\"r%u\",\"then\":\"%s\",\"when\":{%s%s%s}%s}", i ? "," : "", i,
			   then->word, when, *when && *past ? "," : "", past, then->rest);
	}
	buf_puts(out, "]}");
}

static void add(struct policy *p, const char *name, const char *layer, unsigned flags, uint64_t *seed)
{
	scoped(buf) struct buf text = BUF(1 << 16);
	struct err e = { 0 };

	write_file(&text, layer, flags, seed);
	if (policy_add(p, name, text.data, text.size, &e) < 0)
		fail_msg("%s: %.*s", e.text, (int)text.size, text.data);
}

/* Up to seven files of any layers; which layers is told as bits. */
static unsigned add_some(struct policy *p, uint64_t *seed, unsigned without)
{
	unsigned count = pick(seed, 8), used = 0, i, layer;
	char name[8];

	for (i = 0; i < count; i++) {
		layer = pick(seed, count_of(layers));
		snprintf(name, sizeof(name), "f%u", i);
		if (without & (1U << layer))
			continue;
		add(p, name, layers[layer], 0, seed);
		used |= 1U << layer;
	}
	return used;
}

static bool refused_by_a_layer(const struct verdict *v)
{
	bool refused = false;
	int i;

	for (i = 0; i < POLICY_LAYERS; i++)
		refused = refused || v->layers[i].word > SAID_ALLOW;
	return refused;
}

static bool some_layer_speaks(const struct verdict *v)
{
	bool speaks = false;
	int i;

	for (i = 0; i < POLICY_LAYERS; i++)
		speaks = speaks || v->layers[i].word > SAID_PASS;
	return speaks;
}

/* All that was asked for is asked for still. */
static void needs_grow(const struct verdict *before, const struct verdict *now)
{
	size_t i, k;

	for (i = 0; i < before->review_count; i++) {
		for (k = 0; k < now->review_count && now->reviews[k] != before->reviews[i]; k++)
			;
		assert_true(k < now->review_count);
	}
}

/* From allowed by review to refused, and of the reviews none is lost. */
static void not_widened(const struct verdict *before, const struct verdict *now)
{
	assert_true(now->kind <= before->kind);
	if (now->kind == VERDICT_REVIEW)
		needs_grow(before, now);
}

/* But what lacks a claim is told of the rule that wants it, and what asks too many people of all layers that do. */
static void word_stays(const struct verdict *before, const struct verdict *now, int layer)
{
	enum said was = before->layers[layer].word, is = now->layers[layer].word;

	if (before->reason == REASON_NO_CLAIM || now->reason == REASON_NO_CLAIM ||
	    (was == SAID_REVIEW && is == SAID_UNDECIDABLE && now->review_count == 0))
		return;
	assert_int_equal(is, was);
}

/*
 * A set of files that decides an action, by a layer that allows or refuses it, is given one file of a
 * layer it lacks: what was refused stays refused. And no layer's own word changes but the new one's.
 */
static void another_layer_narrows(void **state)
{
	static struct call calls[CALLS];
	static struct verdict before[CALLS];
	uint64_t seed = 20261121;
	unsigned round, layer, i, allowed = 0, narrowed = 0, reviewed = 0;
	int l;

	(void)state;
	for (round = 0; round < 3000; round++) {
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };

		layer = pick(&seed, count_of(layers));
		assert_int_equal(policy_new(&p, &e), 0);
		add_some(p, &seed, 1U << layer);
		make_calls(calls, &seed);
		for (i = 0; i < CALLS; i++)
			before[i] = policy_decide(p, &calls[i].a);
		add(p, "new", layers[layer], 0, &seed);
		for (i = 0; i < CALLS; i++) {
			struct verdict now = policy_decide(p, &calls[i].a);

			allowed += before[i].kind == VERDICT_ALLOW;
			narrowed += before[i].kind == VERDICT_ALLOW && now.kind == VERDICT_REFUSE;
			reviewed += before[i].kind == VERDICT_REVIEW && now.kind == VERDICT_REVIEW &&
				    now.review_count > before[i].review_count;
			if (some_layer_speaks(&before[i]))
				not_widened(&before[i], &now);
			for (l = 0; l < (int)count_of(layers); l++)
				if (l != (int)layer)
					word_stays(&before[i], &now, l);
		}
		free_calls(calls);
	}
	assert_true(allowed > 1000 && narrowed > 1000 && reviewed > 100);	/* or nothing was tried */
}

/* A file that holds only refusals, of any layer, there or not, and whatever it says of the unmatched. */
static void refusing_never_widens(void **state)
{
	static struct call calls[CALLS];
	static struct verdict before[CALLS];
	uint64_t seed = 3;
	unsigned round, i;

	(void)state;
	for (round = 0; round < 3000; round++) {
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };

		assert_int_equal(policy_new(&p, &e), 0);
		add_some(p, &seed, 0);
		make_calls(calls, &seed);
		for (i = 0; i < CALLS; i++)
			before[i] = policy_decide(p, &calls[i].a);
		add(p, "new", layers[pick(&seed, count_of(layers))], ONLY_REFUSES, &seed);
		for (i = 0; i < CALLS; i++) {
			struct verdict now = policy_decide(p, &calls[i].a);

			not_widened(&before[i], &now);
			if (before[i].reason == REASON_RULE_REFUSES)
				assert_int_equal(now.reason, REASON_RULE_REFUSES);
			if (before[i].reason == REASON_UNDECIDABLE)
				assert_true(now.reason == REASON_UNDECIDABLE || now.reason == REASON_RULE_REFUSES);
		}
		free_calls(calls);
	}
}

/*
 * A file that refuses and asks for reviews, of any layer: nothing is allowed by it alone, no review replaces
 * another one, and what was refused for a reason is refused.
 */
static void reviewing_never_widens(void **state)
{
	static struct call calls[CALLS];
	static struct verdict before[CALLS];
	uint64_t seed = 6;
	unsigned round, i, held = 0;

	(void)state;
	for (round = 0; round < 3000; round++) {
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };

		assert_int_equal(policy_new(&p, &e), 0);
		add_some(p, &seed, 0);
		make_calls(calls, &seed);
		for (i = 0; i < CALLS; i++)
			before[i] = policy_decide(p, &calls[i].a);
		add(p, "new", layers[pick(&seed, count_of(layers))], ONLY_NARROWS, &seed);
		for (i = 0; i < CALLS; i++) {
			struct verdict now = policy_decide(p, &calls[i].a);

			held += before[i].kind == VERDICT_ALLOW && now.kind == VERDICT_REVIEW;
			if (before[i].reason != REASON_NO_RULE)
				not_widened(&before[i], &now);
			assert_false(before[i].kind == VERDICT_REFUSE && now.kind == VERDICT_ALLOW);
		}
		free_calls(calls);
	}
	assert_true(held > 300);
}

/* More rules that allow, in a layer that is there: only what that layer left unmatched can change. */
static void allowing_changes_its_own_layer(void **state)
{
	static struct call calls[CALLS];
	static struct verdict before[CALLS];
	uint64_t seed = 4;
	unsigned round, layer, i, widened = 0;
	int l;

	(void)state;
	for (round = 0; round < 3000; round++) {
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };

		assert_int_equal(policy_new(&p, &e), 0);
		add_some(p, &seed, 0);
		make_calls(calls, &seed);
		for (i = 0; i < CALLS; i++)
			before[i] = policy_decide(p, &calls[i].a);
		layer = pick(&seed, count_of(layers));
		add(p, "new", layers[layer], PASSES, &seed);
		for (i = 0; i < CALLS; i++) {
			struct verdict now = policy_decide(p, &calls[i].a);
			enum said was = before[i].layers[layer].word;

			if (before[i].kind == VERDICT_REFUSE && now.kind != VERDICT_REFUSE) {
				widened++;
				assert_true(was <= SAID_PASS || was == SAID_UNMATCHED);
				assert_int_equal(before[i].reason, REASON_NO_RULE);
			}
			if (before[i].kind == VERDICT_REVIEW)
				not_widened(&before[i], &now);
			for (l = 0; l < (int)count_of(layers); l++) {
				if (l == (int)layer)
					continue;
				word_stays(&before[i], &now, l);
				if (before[i].layers[l].word > SAID_REVIEW)
					assert_int_equal(now.kind, VERDICT_REFUSE);
				assert_false(before[i].layers[l].word == SAID_REVIEW && now.kind == VERDICT_ALLOW);
			}
		}
		free_calls(calls);
	}
	assert_true(widened > 100);
}

static enum held held_and(enum held a, enum held b)
{
	return a == HELD_NO || b == HELD_NO ? HELD_NO : a == HELD_YES ? b : a;
}

/* What explain.c says of every rule without the index, for decide.c to agree with. */
struct told {
	size_t reviews;
	bool unsure;
};

static void hear(void *to, const struct policy_note *n)
{
	struct told *t = to;

	if (n->is_file || (!n->reviews && !n->refuses))
		return;
	t->unsure = t->unsure || held_and(n->applies, n->held) == HELD_UNKNOWN;
	t->reviews += n->reviews && held_and(n->applies, n->held) == HELD_YES;
}

static void reviews_are_all(const struct policy *p, const struct action *a, const struct verdict *v)
{
	struct told t = { 0 };

	policy_explain(p, a, hear, &t);
	if (t.unsure || t.reviews > REVIEWS)
		assert_int_equal(v->kind, VERDICT_REFUSE);
	if (t.reviews > 0)
		assert_int_not_equal(v->kind, VERDICT_ALLOW);
	if (v->kind == VERDICT_REVIEW)
		assert_int_equal(v->review_count, t.reviews);
	else
		assert_int_equal(v->review_count, 0);
}

/* The verdict is what the layers' words make it, and listing never hides what would be allowed. */
static void words_make_the_verdict(void **state)
{
	static struct call calls[CALLS];
	uint64_t seed = 5;
	unsigned round, i, allowed = 0, held = 0, l;

	(void)state;
	for (round = 0; round < 3000; round++) {
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };

		assert_int_equal(policy_new(&p, &e), 0);
		add_some(p, &seed, 0);
		make_calls(calls, &seed);
		for (i = 0; i < CALLS; i++) {
			const struct action *a = &calls[i].a;
			struct verdict v = policy_decide(p, a);
			bool allows = false, reviews = false, refuses = false;

			assert_int_equal(v.kind, reason_verdict(v.reason));
			for (l = 0; l < POLICY_LAYERS; l++)
				allows = allows || v.layers[l].word == SAID_ALLOW;
			for (l = 0; l < POLICY_LAYERS; l++) {
				reviews = reviews || v.layers[l].word == SAID_REVIEW;
				refuses = refuses || v.layers[l].word > SAID_REVIEW;
			}
			assert_int_equal(v.kind == VERDICT_ALLOW, allows && !refused_by_a_layer(&v));
			assert_int_equal(v.kind == VERDICT_REVIEW, reviews && !refuses);
			held += v.kind == VERDICT_REVIEW;
			if (i < 20)
				reviews_are_all(p, a, &v);
			if (v.kind == VERDICT_REVIEW)
				assert_true(policy_may_allow(p, a->run, ACTION_TOOL_CALL, a->server, a->tool));
			if (v.kind != VERDICT_ALLOW)
				continue;
			allowed++;
			assert_true(policy_may_allow(p, a->run, ACTION_TOOL_CALL, a->server, NULL));
			assert_true(policy_may_allow(p, a->run, ACTION_TOOL_CALL, a->server, a->tool));
		}
		free_calls(calls);
	}
	assert_true(allowed > 1000 && held > 1000);
}

/* What each says by itself: a rule that cannot be judged, by arguments, by facts, by whom it is for. */
static const struct {
	const char *what, *text;
	enum reason reason;
} alone[] = {
	{ "a kind that does not fit", "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"args\":{\"/n\":{\"above\":1}}}}", REASON_UNDECIDABLE },
	{ "no category", "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"category\":\"x\"}}", REASON_UNDECIDABLE },
	{ "no department", "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"department\":\"x\"}}", REASON_UNDECIDABLE },
	{ "no resource", "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"resource\":{\"equal\":\"x\"}}}", REASON_UNDECIDABLE },
	{ "no clock", "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"time\":{\"days\":\"mon\"}}}", REASON_UNDECIDABLE },
	{ "another agent", "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"agent\":\"x\"}}", REASON_RULE_ALLOWS },
	{ "another agent, and no department", "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"agent\":\"x\",\"department\":\"y\"}}", REASON_RULE_ALLOWS },
	{ "this agent", "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"agent\":\"a?\"}}", REASON_RULE_ALLOWS },
	{ "a review, and a kind that does not fit", "{\"id\":\"r\",\"then\":\"review\",\"when\":{\"args\":{\"/n\":{\"above\":1}}}" ASKED "}", REASON_UNDECIDABLE },
	{ "a review, and no scopes", "{\"id\":\"r\",\"then\":\"review\",\"when\":{\"scope\":\"x\"}" ASKED "}", REASON_UNDECIDABLE },
	{ "a review, and no category", "{\"id\":\"r\",\"then\":\"review\",\"when\":{\"category\":\"x\"}" ASKED "}", REASON_UNDECIDABLE },
	{ "a review of another agent", "{\"id\":\"r\",\"then\":\"review\",\"when\":{\"agent\":\"x\"}" ASKED "}", REASON_RULE_ALLOWS },
	{ "a review", "{\"id\":\"r\",\"then\":\"review\",\"when\":{\"agent\":\"a*\"}" ASKED "}", REASON_REVIEW },
	{ "reasons for what may be", "{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"category\":\"x\"},\"requires\":[\"reason\"]}", REASON_NO_CLAIM },
	{ "this agent by pattern", "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"agent\":\"a*\"}}", REASON_RULE_REFUSES },
};

static enum reason ask_with(const char *head, const char *rule)
{
	static const char all[] = "{\"reeve\":\"policy/1\",\"rules\":[{\"id\":\"all\",\"then\":\"allow\",\"when\":{}}]}";
	struct run_facts run = { .party = { [PARTY_AGENT] = "a1", [PARTY_TENANT] = "t" } };
	scoped(json) json_t *doc = json_loads("{\"n\":\"1\"}", 0, NULL);
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x", .args = doc, .run = &run };
	scoped(policy) struct policy *p = NULL;
	struct err e = { 0 };
	char text[1024];

	snprintf(text, sizeof(text), "{\"reeve\":\"policy/1\",%s,\"rules\":[%s]}", head, rule);
	assert_int_equal(policy_new(&p, &e), 0);
	assert_int_equal(policy_add(p, "all", all, strlen(all), &e), 0);
	if (policy_add(p, "one", text, strlen(text), &e) < 0)
		fail_msg("%s", e.text);
	return policy_decide(p, &a).reason;
}

static void what_cannot_be_judged_refuses(void **state)
{
	static const char refuse[] = "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{}}";
	size_t i;

	(void)state;
	for (i = 0; i < count_of(alone); i++) {
		if (ask_with("\"layer\":\"tenant\",\"unmatched\":\"pass\"", alone[i].text) != alone[i].reason)
			fail_msg("%s", alone[i].what);
		assert_int_equal(ask_with("\"layer\":\"action\"", alone[i].text), alone[i].reason);
	}
	/* A file whose addressee is not known: its refusals hold, and what it says of the unmatched. */
	assert_int_equal(ask_with("\"layer\":\"department\",\"applies\":{\"department\":\"x\"}", refuse), REASON_UNDECIDABLE);
	assert_int_equal(ask_with("\"layer\":\"department\",\"applies\":{\"department\":\"x\"}", ""), REASON_NO_RULE);
	assert_int_equal(ask_with("\"layer\":\"department\",\"unmatched\":\"pass\",\"applies\":{\"department\":\"x\"}", ""), REASON_RULE_ALLOWS);
	assert_int_equal(ask_with("\"layer\":\"department\",\"applies\":{\"agent\":\"x*\"}", refuse), REASON_RULE_ALLOWS);
	assert_int_equal(ask_with("\"layer\":\"department\",\"applies\":{\"agent\":\"x*\",\"department\":\"y\"}", refuse), REASON_RULE_ALLOWS);
	assert_int_equal(ask_with("\"layer\":\"target\",\"applies\":{\"server\":\"t\"}", refuse), REASON_RULE_ALLOWS);
	assert_int_equal(ask_with("\"layer\":\"target\",\"applies\":{\"server\":[\"t\",\"s\"]}", refuse), REASON_RULE_REFUSES);
}

/* The widest layer that decided is named; all are told; nothing allows nothing. */
static void layers_are_told(void **state)
{
	static const char *const files[] = {
		"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[{\"id\":\"a\",\"then\":\"allow\",\"when\":{}}]}",
		"{\"reeve\":\"policy/1\",\"layer\":\"global\",\"unmatched\":\"pass\",\"rules\":[]}",
		"{\"reeve\":\"policy/1\",\"layer\":\"tenant\",\"rules\":[{\"id\":\"t\",\"then\":\"allow\",\"when\":{\"tool\":\"s/x\"}}]}",
		"{\"reeve\":\"policy/1\",\"layer\":\"department\",\"unmatched\":\"pass\",\"rules\":[{\"id\":\"d\",\"then\":\"refuse\","
		"\"when\":{\"server\":\"s\"},\"why\":\"not here\",\"controls\":[\"SOC2:CC6.1\"]}]}",
	};
	static const char *const names[] = { "act", "glob", "ten", "dep" };
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x" };
	scoped(policy) struct policy *p = NULL;
	struct err e = { 0 };
	struct verdict v;
	size_t i;

	(void)state;
	assert_int_equal(policy_new(&p, &e), 0);
	assert_int_equal(policy_decide(p, &a).reason, REASON_NO_RULE);
	for (i = 0; i < 3; i++)
		assert_int_equal(policy_add(p, names[i], files[i], strlen(files[i]), &e), 0);
	v = policy_decide(p, &a);
	assert_string_equal(v.rule, "ten:t");
	assert_int_equal(v.layers[POLICY_GLOBAL].word, SAID_PASS);
	assert_int_equal(v.layers[POLICY_TARGET].word, SAID_NOTHING);
	assert_string_equal(v.layers[POLICY_ACTION].by, "act:a");
	a.tool = "y";
	v = policy_decide(p, &a);
	assert_int_equal(v.reason, REASON_NO_RULE);
	assert_null(v.rule);
	assert_int_equal(v.layers[POLICY_TENANT].word, SAID_UNMATCHED);
	assert_string_equal(v.layers[POLICY_TENANT].by, "ten");
	assert_int_equal(policy_add(p, names[3], files[3], strlen(files[3]), &e), 0);
	a.tool = "x";
	v = policy_decide(p, &a);
	assert_int_equal(v.reason, REASON_RULE_REFUSES);
	assert_string_equal(v.rule, "dep:d");
	assert_string_equal(v.why, "not here");
	assert_string_equal(json_string_value(json_array_get(v.layers[POLICY_DEPARTMENT].controls, 0)), "SOC2:CC6.1");
	assert_false(policy_may_allow(p, NULL, ACTION_TOOL_CALL, "s", "x"));
	assert_false(policy_may_allow(p, NULL, ACTION_TOOL_CALL, "s", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_layer_narrows),
		cmocka_unit_test(refusing_never_widens),
		cmocka_unit_test(reviewing_never_widens),
		cmocka_unit_test(allowing_changes_its_own_layer),
		cmocka_unit_test(words_make_the_verdict),
		cmocka_unit_test(what_cannot_be_judged_refuses),
		cmocka_unit_test(layers_are_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
