/*
 * tests/fuzz/fuzz_policy.c - whatever the bytes, adding them ends in rules or in a reason, never
 * both; a policy that also refuses everything, in whatever layer, allows nothing; and what is
 * explained, listed and decided agree; and no host is connected to of which it was said that it could not be.
 */
#include <stdint.h>
#include <string.h>

#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char bar[] = "{\"reeve\":\"policy/1\",\"layer\":\"tenant\",\"rules\":["
			  "{\"id\":\"no\",\"then\":\"refuse\",\"when\":{}}]}";
static const char pass[] = "{\"reeve\":\"policy/1\",\"layer\":\"global\",\"unmatched\":\"pass\",\"rules\":[]}";

struct heard {
	size_t refusing, allowing, reviewing, unsure;
	bool wants; /* a claim that is not made */
};

static void hear(void *to, const struct policy_note *n)
{
	struct heard *h = to;

	if (!n->name || !n->first)
		__builtin_trap();
	if (n->is_file)
		return;
	h->refusing += n->refuses && n->applies != HELD_NO && n->held != HELD_NO;
	h->allowing += !n->refuses && !n->reviews && n->applies == HELD_YES && n->held == HELD_YES;
	h->reviewing += n->reviews && n->applies == HELD_YES && n->held == HELD_YES;
	h->unsure += n->reviews && n->applies != HELD_NO && n->held != HELD_NO &&
		     (n->applies == HELD_UNKNOWN || n->held == HELD_UNKNOWN);
	h->wants = h->wants || (n->claims && n->applies != HELD_NO && n->held != HELD_NO);
}

static void ignore(void *to, const char *rule, const char *why)
{
	(void)to;
	if (!*rule || !*why)
		__builtin_trap();
}

static void try_call(struct policy *p, struct action *a)
{
	struct heard h = { 0 };
	struct verdict v;
	size_t i;

	(void)policy_questions(p, a);
	for (i = 0; i < a->fact_count; i++)
		a->facts[i].yes = i % 2;
	v = policy_decide(p, a);
	policy_explain(p, a, hear, &h);
	if (v.kind == VERDICT_ALLOW && (h.refusing || !h.allowing || h.reviewing))
		__builtin_trap();
	if (v.kind != VERDICT_REFUSE && (h.unsure || h.wants))
		__builtin_trap();
	if (v.kind == VERDICT_REVIEW ? h.refusing || v.review_count != h.reviewing : v.review_count != 0)
		__builtin_trap();
	if (v.kind != VERDICT_REFUSE && a->kind == ACTION_TOOL_CALL &&
	    !policy_may_allow(p, a->run, a->kind, a->server, a->tool))
		__builtin_trap();
	if (h.refusing && v.reason != REASON_RULE_REFUSES && v.reason != REASON_UNDECIDABLE)
		__builtin_trap();
}

/* A connection that is allowed could be; and the answer about its host does not hang on where it is asked for. */
static void try_connections(struct policy *p, const struct run_facts *run)
{
	static const struct {
		const char *tool, *args;
	} to[] = {
		{ "registry.npmjs.org:443", "{\"host\":\"registry.npmjs.org\",\"port\":443,\"scheme\":\"tcp\",\"way\":\"connect\"}" },
		{ "a.b:80", "{\"host\":\"a.b\",\"port\":80,\"scheme\":\"http\",\"method\":\"GET\",\"path\":\"/a/%41?\"}" },
		{ "a.b:80", "{\"host\":\"a.b\",\"port\":80,\"scheme\":\"http\",\"method\":\"GET\",\"path\":\"/a/b\"}" },
		{ "10.1.2.3:8080", "{\"host\":\"10.1.2.3\",\"port\":8080,\"scheme\":\"tcp\"}" },
		{ "[2001:db8::7]:22", "{\"host\":\"2001:db8::7\",\"port\":22,\"scheme\":\"tcp\"}" },
		{ "/run/db/s", "{\"scheme\":\"unix\",\"path\":\"/run/db/s\"}" },
	};
	struct verdict why_not;
	const char *host;
	size_t i;

	for (i = 0; i < count_of(to); i++) {
		scoped(json) json_t *args = json_loads(to[i].args, 0, NULL);
		struct action a = { .kind = ACTION_NET_CONNECT, .server = "net", .tool = to[i].tool, .args = args, .run = run,
				    .flow = FLOW_READS_UNTRUSTED | FLOW_SENDS_OUTSIDE, .flow_known = true,
				    .wall_us = UINT64_C(1795253400000000) };

		try_call(p, &a);
		host = json_text(args, "host");
		if (!*host || policy_may_connect(p, run, host, &why_not))
			continue;
		if (why_not.kind != VERDICT_REFUSE || policy_decide(p, &a).kind != VERDICT_REFUSE)
			__builtin_trap();
	}
}

/* As many as there are names. */
static int count_people(size_t *out, void *whose, const json_t *asked, struct err *e)
{
	(void)whose, (void)e;
	*out = asked ? json_array_size(asked) : 2;
	return 0;
}

static void ask_people(const struct policy *p)
{
	const struct policy_people people = { .count = count_people };
	struct err e = { 0 };

	if (policy_reviewers(p, &people, &e) < 0 && (!policy_asks_review(p) || strncmp(e.text, "fuzz:", 5) != 0))
		__builtin_trap();
}

static void try_all(struct policy *p, struct action *a)
{
	struct err e = { 0 };
	enum verdict_kind before;

	try_call(p, a);
	try_connections(p, a->run);
	policy_lint(p, ignore, NULL);
	ask_people(p);
	before = policy_decide(p, a).kind;
	if (policy_add(p, "pass", pass, strlen(pass), &e) < 0 || policy_decide(p, a).kind != before)
		__builtin_trap();
	if (policy_add(p, "bar", bar, strlen(bar), &e) < 0 || policy_decide(p, a).kind != VERDICT_REFUSE)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct run_facts run = { .party = { [PARTY_AGENT] = "agent", [PARTY_TENANT] = "t",
							 [PARTY_ENVIRONMENT] = "prod" } };
	static const struct runtime_facts runtime = {
		.kinds = { [METER_CALLS] = { true, 4, 4 }, [METER_REPEATED] = { true, 1, 9 } },
		.taint_known = true,
		.taint = FLOW_READS_PRIVATE,
	};
	scoped(policy) struct policy *p = NULL;
	scoped(json) json_t *args = json_pack("{s:s, s:i, s:[s], s:s, s:s}", "path", "a/b", "n", 3, "list", "x",
					      "url", "https://[::ffff:10.0.0.1]:8/x", "text", "ad\u200bmin\u0301");
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "fs", .tool = "read_file", .args = args,
			    .run = &run, .runtime = &runtime, .wall_us = UINT64_C(1795253400000000) };
	struct err e = { 0 };

	if (!args || policy_new(&p, &e) < 0)
		return 0;
	if (policy_add(p, "fuzz", (const char *)data, size, &e) == 0)
		try_all(p, &a);
	else if (policy_rule_count(p) != 0 || !e.text[0] || policy_may_allow(p, &run, ACTION_TOOL_CALL, "fs", NULL))
		__builtin_trap();
	return 0;
}
