/* tests/unit/test_policy_join.c - whatever the rules: a refusal never widens, and wins; silence refuses. */
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

static const char *const whens[] = {
	"", "\"tool\":\"a/x\"", "\"tool\":\"a/*\"", "\"tool\":[\"a/y\",\"b/x\"]", "\"server\":\"b\"",
	"\"args\":{\"/n\":{\"above\":2}}", "\"tool\":\"*/x\",\"args\":{\"/n\":{\"at_most\":3}}",
	"\"args\":{\"/s\":{\"glob\":\"*q*\"}}", "\"args\":{\"/s\":{\"absent\":true}}",
	"\"tool\":\"b/*\",\"args\":{\"/n\":{\"in\":[1,3]},\"/s\":{\"prefix\":\"q\"}}",
	"\"action\":\"resource.read\"", "\"action\":[\"prompt.get\",\"tool.call\"],\"tool\":\"a/*\"",
	"\"action\":\"*\",\"server\":\"b\"", "\"action\":\"*.create\"",
};
static const char *const args[] = {
	"{}", "{\"n\":1}", "{\"n\":3,\"s\":\"q\"}", "{\"n\":\"3\"}", "{\"s\":\"xqx\"}", "{\"s\":[\"q\"],\"n\":9}",
};
static const char *const servers[] = { "a", "b", "c" }, *const tools[] = { "x", "y", "z" };
static const enum action_kind kinds[] = { ACTION_TOOL_CALL, ACTION_RESOURCE_READ, ACTION_PROMPT_GET, ACTION_SAMPLING };

/* A file of `count` rules; only refusals if `refuse`. */
static void add(struct policy *p, const char *name, unsigned count, bool refuse, uint64_t *seed)
{
	scoped(buf) struct buf text = BUF(1 << 16);
	struct err e = { 0 };
	unsigned i;

	buf_puts(&text, "{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[");
	for (i = 0; i < count; i++)
		buf_printf(&text, "%s{\"id\":\"r%u\",\"then\":\"%s\",\"when\":{%s},\"why\":\"w\"}", i ? "," : "", i,
			   refuse || pick(seed, 4) == 0 ? "refuse" : "allow",
			   whens[pick(seed, count_of(whens))]);
	buf_puts(&text, "]}");
	if (policy_add(p, name, text.data, text.size, &e) < 0)
		fail_msg("%s", e.text);
}

static struct verdict ask(const struct policy *p, size_t n)
{
	scoped(json) json_t *doc = json_loads(args[n % count_of(args)], 0, NULL);
	struct action a = { .kind = ACTION_TOOL_CALL, .args = doc };

	a.server = servers[n / count_of(args) % 3];
	a.tool = tools[n / count_of(args) / 3 % 3];
	a.kind = kinds[n / count_of(args) / 9];
	return policy_decide(p, &a);
}

enum { CALLS = count_of(args) * 9 * count_of(kinds) };

/* Rules in verdicts live as long as their policy, so only the kinds are kept. */
static void refusing_never_widens(void **state)
{
	uint64_t seed = 20261121;
	int round;
	size_t n;

	(void)state;
	for (round = 0; round < 500; round++) {
		scoped(policy) struct policy *p = NULL;
		enum verdict_kind before[CALLS];
		enum reason why[CALLS];
		struct err e = { 0 };

		assert_int_equal(policy_new(&p, &e), 0);
		add(p, "a", pick(&seed, 8), false, &seed);
		add(p, "b", pick(&seed, 4), false, &seed);
		for (n = 0; n < CALLS; n++) {
			struct verdict v = ask(p, n);

			before[n] = v.kind;
			why[n] = v.reason;
		}
		add(p, "c", 1 + pick(&seed, 3), true, &seed);
		for (n = 0; n < CALLS; n++) {
			struct verdict v = ask(p, n);

			assert_false(before[n] == VERDICT_REFUSE && v.kind == VERDICT_ALLOW);
			assert_false(why[n] == REASON_RULE_REFUSES && v.reason != REASON_RULE_REFUSES);
		}
		add(p, "d", 6, false, &seed);	/* and what allows does not take a refusal back */
		for (n = 0; n < CALLS; n++)
			assert_false(why[n] == REASON_RULE_REFUSES && ask(p, n).kind == VERDICT_ALLOW);
	}
}

static void listing_agrees_with_judging(void **state)
{
	uint64_t seed = 7;
	int round;
	size_t n;

	(void)state;
	for (round = 0; round < 200; round++) {
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };

		assert_int_equal(policy_new(&p, &e), 0);
		add(p, "a", pick(&seed, 6), false, &seed);
		for (n = 0; n < CALLS; n++) {
			const char *server = servers[n / count_of(args) % 3];
			enum action_kind kind = kinds[n / count_of(args) / 9];

			if (ask(p, n).kind != VERDICT_ALLOW)
				continue;
			assert_true(policy_may_allow(p, NULL, kind, server, tools[n / count_of(args) / 3 % 3]));
			assert_true(policy_may_allow(p, NULL, kind, server, NULL));
			assert_true(policy_may_allow(p, NULL, ACTION_SERVER_START, server, NULL));
		}
	}
}

static void empty_allows_nothing(void **state)
{
	scoped(policy) struct policy *p = NULL;
	struct err e = { 0 };
	uint64_t seed = 1;
	size_t n;

	(void)state;
	assert_int_equal(policy_new(&p, &e), 0);
	for (n = 0; n < CALLS; n++)
		assert_int_equal(ask(p, n).reason, REASON_NO_RULE);
	add(p, "a", 0, false, &seed);
	for (n = 0; n < CALLS; n++)
		assert_int_equal(ask(p, n).kind, VERDICT_REFUSE);
	assert_false(policy_may_allow(p, NULL, ACTION_TOOL_CALL, "a", NULL));
}

/* Every rule of a policy that says nothing of actions allows calls of tools alone, and refuses everything. */
static void silence_about_actions(void **state)
{
	static const struct {
		const char *when, *then;
		enum action_kind kind;
		const char *tool, *expect;
	} rows[] = {
		{ "{}", "allow", ACTION_TOOL_CALL, "x", "rule-allows" },
		{ "{}", "allow", ACTION_RESOURCE_READ, "x", "no-rule" },
		{ "{}", "allow", ACTION_SAMPLING, "sampling/createMessage", "no-rule" },
		{ "{}", "refuse", ACTION_SAMPLING, "sampling/createMessage", "rule-refuses" },
		{ "{}", "refuse", ACTION_PROMPT_GET, "x", "rule-refuses" },
		{ "{\"action\":\"tool.call\"}", "refuse", ACTION_PROMPT_GET, "x", "no-rule" },
		{ "{\"action\":\"resource.read\"}", "allow", ACTION_RESOURCE_READ, "file:///a", "rule-allows" },
		{ "{\"action\":\"resource.read\"}", "allow", ACTION_TOOL_CALL, "x", "no-rule" },
		{ "{\"action\":\"*\",\"tool\":\"a/file:///w/*\"}", "allow", ACTION_RESOURCE_READ, "file:///w/f", "rule-allows" },
		{ "{\"action\":\"*\",\"tool\":\"a/file:///w/*\"}", "allow", ACTION_RESOURCE_READ, "file:///x/f", "no-rule" },
		{ "{\"action\":\"*\",\"tool\":\"a/sampling/*\"}", "allow", ACTION_SAMPLING, "sampling/createMessage", "rule-allows" },
		{ "{\"action\":[\"roots.list\",\"elicitation.create\"]}", "allow", ACTION_ROOTS, "roots/list", "rule-allows" },
		{ "{\"action\":\"*\"}", "allow", ACTION_MESSAGE, "x", "bad-message" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(policy) struct policy *p = NULL;
		scoped(buf) struct buf text = BUF(1 << 12);
		struct action a = { .kind = rows[i].kind, .server = "a", .tool = rows[i].tool };
		struct err e = { 0 };

		assert_int_equal(policy_new(&p, &e), 0);
		buf_printf(&text, "{\"reeve\":\"policy/1\",\"rules\":[{\"id\":\"r\",\"then\":\"%s\",\"when\":%s}]}",
			   rows[i].then, rows[i].when);
		assert_int_equal(policy_add(p, "p", text.data, text.size, &e), 0);
		assert_string_equal(reason_word(policy_decide(p, &a).reason), rows[i].expect);
		assert_int_equal(policy_may_allow(p, NULL, rows[i].kind, "a", rows[i].tool),
				 policy_decide(p, &a).kind == VERDICT_ALLOW);
	}
}

static void unknown_actions_are_errors(void **state)
{
	static const char *const rows[] = { "\"tool.cal\"", "\"message\"", "\"server.start\"", "[]", "5", "\"\"", "[\"tool.call\",\"x*\"]" };
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(policy) struct policy *p = NULL;
		scoped(buf) struct buf text = BUF(1 << 12);
		struct err e = { 0 };

		assert_int_equal(policy_new(&p, &e), 0);
		buf_printf(&text, "{\"reeve\":\"policy/1\",\"rules\":[{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"action\":%s}}]}", rows[i]);
		assert_int_equal(policy_add(p, "p", text.data, text.size, &e), -1);
		assert_non_null(strstr(e.text, "expected tool.call, resource.read"));
	}
}

static void names_the_first(void **state)
{
	static const char text[] =
		"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":["
		"{\"id\":\"wide\",\"then\":\"allow\",\"when\":{},\"why\":\"w\"},"
		"{\"id\":\"exact\",\"then\":\"allow\",\"when\":{\"tool\":\"a/x\"}}]}";
	scoped(policy) struct policy *p = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(policy_new(&p, &e), 0);
	assert_int_equal(policy_add(p, "one", text, strlen(text), &e), 0);
	assert_int_equal(policy_add(p, "two", text, strlen(text), &e), 0);
	assert_string_equal(ask(p, 0).rule, "one:wide");
	assert_string_equal(ask(p, 0).why, "w");
	assert_int_equal(policy_add(p, "two", text, strlen(text), &e), -1);
	assert_int_equal(policy_rule_count(p), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusing_never_widens),
		cmocka_unit_test(listing_agrees_with_judging),
		cmocka_unit_test(empty_allows_nothing),
		cmocka_unit_test(silence_about_actions),
		cmocka_unit_test(unknown_actions_are_errors),
		cmocka_unit_test(names_the_first),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
