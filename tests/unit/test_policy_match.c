/* tests/unit/test_policy_match.c - every condition, on what fits it and on what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

#define URL "postgres://app:Zq8vT1kLm3@db/x"

enum answer { A, R, N, U };	/* rule-allows, rule-refuses, no-rule, undecidable */

/* One condition: the verdict if a rule allows by it, and if one refuses by it (all else allowed). */
static const struct {
	const char *condition, *args;
	enum answer allowing, refusing;
} rows[] = {
	{ "\"/a\":{\"equal\":\"x\"}", "{\"a\":\"x\"}", A, R },
	{ "\"/a\":{\"equal\":\"x\"}", "{\"a\":\"X\"}", N, A },
	{ "\"/a\":{\"equal\":\"x\"}", "{}", N, A },
	{ "\"/a\":{\"equal\":\"x\"}", "{\"a\":[\"x\"]}", N, U },
	{ "\"/a\":{\"equal\":5}", "{\"a\":5.0}", A, R },
	{ "\"/a\":{\"equal\":5}", "{\"a\":\"5\"}", N, U },
	{ "\"/a\":{\"equal\":true}", "{\"a\":false}", N, A },
	{ "\"/a\":{\"equal\":true}", "{\"a\":1}", N, U },
	{ "\"/a\":{\"equal\":null}", "{\"a\":null}", A, R },
	{ "\"/a/b\":{\"equal\":1}", "{\"a\":{\"b\":1}}", A, R },
	{ "\"/a/b\":{\"equal\":1}", "{\"a\":{}}", N, A },
	{ "\"/a/b\":{\"equal\":1}", "{\"a\":\"b\"}", N, U },
	{ "\"/a/b\":{\"equal\":1}", "{\"a\":[{\"b\":1}]}", N, U },
	{ "\"/a/0\":{\"equal\":1}", "{\"a\":[1]}", A, R },
	{ "\"/a/1\":{\"equal\":1}", "{\"a\":[1]}", N, A },
	{ "\"/a~1b\":{\"equal\":1}", "{\"a/b\":1}", A, R },
	{ "\"/a\":{\"in\":[1,\"x\"]}", "{\"a\":\"x\"}", A, R },
	{ "\"/a\":{\"in\":[1,\"x\"]}", "{\"a\":\"y\"}", N, A },
	{ "\"/a\":{\"in\":[1,\"x\"]}", "{\"a\":true}", N, U },
	{ "\"/a\":{\"glob\":\"*.c\"}", "{\"a\":\"x/y.c\"}", A, R },
	{ "\"/a\":{\"glob\":\"*.c\"}", "{\"a\":\"x.cc\"}", N, A },
	{ "\"/a\":{\"glob\":\"a?c\"}", "{\"a\":\"a\xf0\x9f\x98\x80" "c\"}", A, R },
	{ "\"/a\":{\"glob\":\"a?c\"}", "{\"a\":\"ac\"}", N, A },
	{ "\"/a\":{\"glob\":\"*\"}", "{\"a\":\"\"}", A, R },
	{ "\"/a\":{\"glob\":\"*\"}", "{\"a\":7}", N, U },
	{ "\"/a\":{\"glob\":\"a*b*c\"}", "{\"a\":\"axxbyyc\"}", A, R },
	{ "\"/a\":{\"glob\":\"a*b*c\"}", "{\"a\":\"acb\"}", N, A },
	{ "\"/a\":{\"prefix\":\"ab\"}", "{\"a\":\"abc\"}", A, R },
	{ "\"/a\":{\"prefix\":\"ab\"}", "{\"a\":\"a\"}", N, A },
	{ "\"/a\":{\"above\":5}", "{\"a\":5.5}", A, R },
	{ "\"/a\":{\"above\":5}", "{\"a\":5}", N, A },
	{ "\"/a\":{\"above\":5}", "{\"a\":\"6\"}", N, U },
	{ "\"/a\":{\"at_least\":5}", "{\"a\":5}", A, R },
	{ "\"/a\":{\"below\":5}", "{\"a\":5}", N, A },
	{ "\"/a\":{\"at_most\":5}", "{\"a\":5}", A, R },
	{ "\"/a\":{\"above\":1,\"below\":3}", "{\"a\":2}", A, R },
	{ "\"/a\":{\"above\":1,\"below\":3}", "{\"a\":3}", N, A },
	{ "\"/a\":{\"has_secret\":true}", "{\"a\":\"see " URL "\"}", A, R },
	{ "\"/a\":{\"has_secret\":true}", "{\"a\":[{\"b\":\"" URL "\"}]}", A, R },
	{ "\"/a\":{\"has_secret\":true}", "{\"a\":{\"" URL "\":1}}", A, R },
	{ "\"/a\":{\"has_secret\":true}", "{\"a\":\"see the database\"}", N, A },
	{ "\"/a\":{\"has_secret\":true}", "{\"b\":\"" URL "\"}", N, A },
	{ "\"/a\":{\"has_secret\":true}", "{\"a\":5}", N, A },
	{ "\"/a\":{\"has_secret\":false}", "{\"a\":\"" URL "\"}", N, A },
	{ "\"/a\":{\"has_secret\":false}", "{\"a\":\"see the database\"}", A, R },
	{ "\"/a\":{\"not\":{\"has_secret\":true}}", "{\"a\":\"see\"}", A, R },
	{ "\"/a\":{\"absent\":true}", "{}", A, R },
	{ "\"/a\":{\"absent\":true}", "{\"a\":null}", N, A },
	{ "\"/a/b\":{\"absent\":true}", "{\"a\":1}", N, U },
	{ "\"/a\":{\"equal\":1},\"/b\":{\"equal\":2}", "{\"a\":1,\"b\":3}", N, A },
	{ "\"/a\":{\"equal\":1},\"/b\":{\"equal\":2}", "{\"a\":[],\"b\":3}", N, A },
	{ "\"/a\":{\"equal\":1},\"/b\":{\"equal\":2}", "{\"a\":[],\"b\":2}", N, U },
	{ "\"/p\":{\"under\":\".\"}", "{\"p\":\"inside\"}", A, R },
	{ "\"/p\":{\"under\":\".\"}", "{\"p\":\"outside\"}", N, A },
	{ "\"/p\":{\"under\":\".\"}", "{\"p\":\"x/../inside\"}", N, U },
	{ "\"/p\":{\"under\":\".\"}", "{\"p\":\"~/inside\"}", N, U },
	{ "\"/p\":{\"under\":\".\"}", "{\"p\":\"\"}", N, U },
	{ "\"/p\":{\"under\":\".\"}", "{\"p\":[\"inside\"]}", N, U },
	{ "\"/p\":{\"under\":\".\"}", "{}", N, A },
};

static const char *const words[] = { "rule-allows", "rule-refuses", "no-rule", "undecidable" };

static struct policy *policy_of(const char *first, const char *second)
{
	char text[4096];
	struct policy *p = NULL;
	struct err e = { 0 };

	snprintf(text, sizeof(text), "{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[%s%s%s]}", first,
		 *second ? "," : "", second);
	assert_int_equal(policy_new(&p, &e), 0);
	if (policy_add(p, "t", text, strlen(text), &e) < 0)
		fail_msg("%s: %s", e.text, text);
	return p;
}

static const char *reason_of(const struct policy *p, const char *server, const char *tool,
			     const char *args, bool answered)
{
	scoped(json) json_t *doc = args ? json_loads(args, 0, NULL) : NULL;
	struct action a = { .kind = ACTION_TOOL_CALL, .server = server, .tool = tool, .args = doc };
	struct verdict v;
	size_t i;

	if (!policy_questions(p, &a))
		return "undecidable";
	for (i = 0; i < a.fact_count; i++)
		a.facts[i].yes = strcmp(a.facts[i].path, "inside") == 0;
	if (!answered)
		a.fact_count = 0;
	v = policy_decide(p, &a);
	assert_int_equal(v.kind, reason_verdict(v.reason));
	return reason_word(v.reason);
}

static void conditions(void **state)
{
	static const char all[] = "{\"id\":\"all\",\"then\":\"allow\",\"when\":{}}";
	char rule[1024];
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(policy) struct policy *allows = NULL, *refuses = NULL;

		snprintf(rule, sizeof(rule), "{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"args\":{%s}}}",
			 rows[i].condition);
		allows = policy_of(rule, "");
		snprintf(rule, sizeof(rule), "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"args\":{%s}}}",
			 rows[i].condition);
		refuses = policy_of(rule, all);
		assert_string_equal(reason_of(allows, "s", "t", rows[i].args, true), words[rows[i].allowing]);
		assert_string_equal(reason_of(refuses, "s", "t", rows[i].args, true), words[rows[i].refusing]);
	}
}

static const struct {
	const char *when, *server, *tool;
	bool holds;
} tools[] = {
	{ "\"tool\":\"fs/read\"", "fs", "read", true },
	{ "\"tool\":\"fs/read\"", "fs", "Read", false },
	{ "\"tool\":\"fs/read\"", "fs", "read2", false },
	{ "\"tool\":\"fs/read\"", "f", "s/read", false },
	{ "\"tool\":\"fs/read\"", "fs2", "read", false },
	{ "\"tool\":[\"a/b\",\"fs/read\"]", "fs", "read", true },
	{ "\"tool\":\"fs/a/b\"", "fs", "a/b", true },
	{ "\"tool\":\"fs/*\"", "fs", "", true },
	{ "\"tool\":\"fs/*\"", "fsx", "read", false },
	{ "\"tool\":\"*/read\"", "fs", "read", true },
	{ "\"tool\":\"*/read\"", "fs", "x/read", false },
	{ "\"tool\":\"f*/r*d\"", "fs", "read", true },
	{ "\"tool\":\"fs/re?d\"", "fs", "read", false },
	{ "\"server\":\"fs\"", "fs", "read", true },
	{ "\"server\":[\"x\",\"f*\"]", "fs", "read", true },
	{ "\"server\":\"x\"", "fs", "read", false },
	{ "\"server\":\"*x\",\"tool\":\"f*/read\"", "fs", "read", false },
	{ "\"tool\":[\"fs/write\",\"fs/*\"]", "fs", "read", true },
	{ "\"tool\":[\"git/*\",\"*/read\"]", "fs", "read", true },
	{ "\"tool\":[\"git/*\",\"r*/read\",\"*/write\"]", "fs", "read", false },
	{ "\"tool\":\"**/read\"", "fs", "read", true },
	{ "", "fs", "read", true },
};

static void tools_and_servers(void **state)
{
	char rule[512];
	size_t i;

	(void)state;
	for (i = 0; i < count_of(tools); i++) {
		scoped(policy) struct policy *p = NULL;

		snprintf(rule, sizeof(rule), "{\"id\":\"r\",\"then\":\"allow\",\"when\":{%s}}", tools[i].when);
		p = policy_of(rule, "");
		assert_string_equal(reason_of(p, tools[i].server, tools[i].tool, NULL, true),
				    tools[i].holds ? "rule-allows" : "no-rule");
		assert_int_equal(policy_may_allow(p, NULL, ACTION_TOOL_CALL, tools[i].server, tools[i].tool), tools[i].holds);
	}
}

static void secrets_are_looked_for_in_all_of_a_call(void **state)
{
	static const struct {
		const char *args;
		bool has;
	} calls[] = {
		{ NULL, false },
		{ "{}", false },
		{ "{\"a\":[1,{\"b\":\"" URL "\"}]}", true },
		{ "{\"a\":[1,{\"" URL "\":2}]}", true },
		{ "{\"a\":[1,{\"b\":\"postgres://db/x\"}]}", false },
	};
	scoped(policy) struct policy *with = policy_of("{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"has_secret\":true}}", "");
	scoped(policy) struct policy *without =
		policy_of("{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"has_secret\":false}}", "");
	scoped(policy) struct policy *refused =
		policy_of("{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"has_secret\":true}}",
			  "{\"id\":\"all\",\"then\":\"allow\",\"when\":{}}");
	size_t i;

	(void)state;
	for (i = 0; i < count_of(calls); i++) {
		assert_string_equal(reason_of(with, "s", "t", calls[i].args, true), words[calls[i].has ? A : N]);
		assert_string_equal(reason_of(without, "s", "t", calls[i].args, true), words[calls[i].has ? N : A]);
		assert_string_equal(reason_of(refused, "s", "t", calls[i].args, true), words[calls[i].has ? R : A]);
	}
}

static void unanswered_is_not_beneath(void **state)
{
	scoped(policy) struct policy *p =
		policy_of("{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"args\":{\"/p\":{\"under\":\".\"}}}}", "");

	(void)state;
	assert_string_equal(reason_of(p, "s", "t", "{\"p\":\"inside\"}", false), "no-rule");
}

static void too_many_questions(void **state)
{
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "t" };
	scoped(json) json_t *args = json_object();
	scoped(policy) struct policy *p = NULL;
	char rule[2048] = "{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"args\":{";
	size_t i, used = strlen(rule);

	(void)state;
	for (i = 0; i <= ACTION_FACTS; i++) {
		char key[8];

		used += (size_t)snprintf(rule + used, sizeof(rule) - used, "%s\"/p%zu\":{\"under\":\".\"}",
					 i ? "," : "", i);
		snprintf(key, sizeof(key), "p%zu", i);
		json_object_set_new(args, key, json_string(key));
	}
	snprintf(rule + used, sizeof(rule) - used, "}}}");
	p = policy_of(rule, "");
	a.args = args;
	assert_false(policy_questions(p, &a));
}

static void other_actions(void **state)
{
	scoped(policy) struct policy *p =
		policy_of("{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"tool\":\"fs/read\"}}", "");
	scoped(policy) struct policy *barred =
		policy_of("{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"tool\":\"fs/*\"}}",
			  "{\"id\":\"n\",\"then\":\"refuse\",\"when\":{\"server\":\"fs\"}}");
	struct action start = { .kind = ACTION_SERVER_START, .server = "fs" };
	struct action message = { .kind = ACTION_MESSAGE, .server = "fs" };

	(void)state;
	assert_int_equal(policy_decide(p, &start).reason, REASON_MAY_SERVE);
	assert_int_equal(policy_decide(p, &message).reason, REASON_BAD_MESSAGE);
	assert_int_equal(policy_decide(barred, &start).reason, REASON_NO_RULE);
	assert_false(policy_may_allow(barred, NULL, ACTION_TOOL_CALL, "fs", "read"));
	start.server = "other";
	assert_int_equal(policy_decide(p, &start).reason, REASON_NO_RULE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions),		     cmocka_unit_test(tools_and_servers),
		cmocka_unit_test(unanswered_is_not_beneath), cmocka_unit_test(too_many_questions),
		cmocka_unit_test(other_actions),	     cmocka_unit_test(secrets_are_looked_for_in_all_of_a_call),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
