/* tests/unit/test_policy_read.c - a file that is wrong is refused whole, with its place and a remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

#define HEAD "{\"reeve\":\"policy/1\",\"layer\":\"action\",\n"
#define RULE(body) HEAD "\"rules\":[\n{\"id\":\"r\",\"then\":\"allow\"," body "}]}"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *text, *error;	/* how the error begins; NULL: it is well */
} rows[] = {
	{ HEAD "\"rules\":[]}", NULL },
	{ RULE("\"when\":{},\"controls\":[\"PCI\"]"), NULL },
	{ "", "t:1:1: expected a value, found the end" },
	{ "[]", "t:1:1: expected an object" },
	{ HEAD "\"rules\":[],\"x\":1}", "t:2:12: unknown member \"x\"" },
	{ HEAD "\"rules\":[],\"rules\":[]}", "t:2:12: expected each member once" },
	{ HEAD "\"rules\":{}}", "t:2:9: \"rules\": expected an array" },
	{ HEAD "\"version\":1,\"rules\":[]}", "t:2:11: \"version\": expected a string" },
	{ HEAD "\"version\":\"\xff\"}", "t:2:12: bytes that are not UTF-8" },
	{ HEAD "\"unmatched\":\"pass\",\"rules\":[]}", "t:2:13: \"unmatched\"" },
	{ HEAD "\"applies\":{},\"rules\":[]}", "t:2:1: the action layer applies to everyone" },
	{ "{\"reeve\":\"policy/2\",\"layer\":\"action\",\"rules\":[]}", "t:1:10: \"reeve\": expected \"policy/1\"" },
	{ "{\"reeve\":\"policy/1\",\"layer\":\"tenant\",\"rules\":[]}", "t:1:29: the layer \"tenant\" is not in" },
	{ "{\"reeve\":\"policy/1\",\"layer\":\"x\",\"rules\":[]}", "t:1:29: \"layer\": expected \"action\"" },
	{ HEAD "\"rules\":[\n1]}", "t:3:1: expected an object, found a number" },
	{ HEAD "\"rules\":[\n{\"id\":\"r\",\"then\":\"review\",\"when\":{}}]}", "t:3:18: this version knows allow" },
	{ HEAD "\"rules\":[\n{\"id\":\"r\",\"then\":\"ok\",\"when\":{}}]}", "t:3:18: \"then\" is \"ok\"; expected" },
	{ HEAD "\"rules\":[\n{\"id\":\"R!\",\"then\":\"allow\",\"when\":{}}]}", "t:3:7: \"id\": expected a-z" },
	{ HEAD "\"rules\":[\n{\"id\":\"r\",\"then\":\"allow\"}]}", "t:3:1: expected a member \"when\"" },
	{ HEAD "\"rules\":[\n{\"id\":\"r\",\"then\":\"allow\",\"when\":{}},\n"
	  "{\"id\":\"r\",\"then\":\"allow\",\"when\":{}}]}", "t:4:7: expected an id of its own" },
	{ RULE("\"when\":{},\"why\":\"\""), "t:3:42: \"why\": expected a sentence" },
	{ RULE("\"when\":{},\"controls\":[1]"), "t:3:47: \"controls\"" },
	{ RULE("\"when\":{\"tols\":1}"), "t:3:34: unknown member \"tols\"" },
	{ RULE("\"when\":{\"tool\":\"read\"}"), "t:3:41: expected \"SERVER/TOOL\"" },
	{ RULE("\"when\":{\"tool\":[]}"), "t:3:41: expected \"SERVER/TOOL\"" },
	{ RULE("\"when\":{\"tool\":[\"a/b\",7]}"), "t:3:48: expected \"SERVER/TOOL\"" },
	{ RULE("\"when\":{\"server\":\"a/b\"}"), "t:3:43: expected a server's name" },
	{ RULE("\"when\":{\"args\":{\"a\":{\"equal\":1}}}"), "t:3:42: expected a JSON pointer" },
	{ RULE("\"when\":{\"args\":{\"/a~2\":{\"equal\":1}}}"), "t:3:42: expected a JSON pointer" },
	{ RULE("\"when\":{\"args\":{\"\":{\"equal\":1}}}"), "t:3:42: expected a JSON pointer" },
	{ RULE("\"when\":{\"args\":{\"/a\":{}}}"), "t:3:47: expected a condition" },
	{ RULE("\"when\":{\"args\":{\"/a\":7}}"), "t:3:47: expected a condition" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"eq\":1}}}"), "t:3:48: unknown condition \"eq\"" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"equal\":[]}}}"), "t:3:56: \"equal\": expected text" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"in\":[]}}}"), "t:3:53: \"in\": expected an array" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"in\":[{}]}}}"), "t:3:53: \"in\": expected an array" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"glob\":\"\"}}}"), "t:3:55: \"glob\": expected a pattern" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"glob\":\"" A64 A64 A64 A64 "\"}}}"), NULL },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"glob\":\"" A64 A64 A64 A64 "*\"}}}"),
	  "t:3:55: \"glob\": expected a pattern of at most 256 bytes" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"glob\":1}}}"), "t:3:55: \"glob\": expected a pattern" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"under\":\"\"}}}"), "t:3:56: \"under\": expected a directory" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"above\":\"1\"}}}"), "t:3:56: \"above\": expected a number" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"absent\":false}}}"), "t:3:57: \"absent\": expected true" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"absent\":true,\"equal\":1}}}"), "t:3:47: \"absent\" stands alone" },
};

static void files_are_checked(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };
		int result;

		assert_int_equal(policy_new(&p, &e), 0);
		result = policy_add(p, "t", rows[i].text, strlen(rows[i].text), &e);
		if (result != (rows[i].error ? -1 : 0))
			fail_msg("%s: %s", rows[i].text, e.text);
		if (rows[i].error && strncmp(e.text, rows[i].error, strlen(rows[i].error)) != 0)
			fail_msg("expected \"%s\", found \"%s\"", rows[i].error, e.text);
		assert_true(!rows[i].error || policy_rule_count(p) == 0);
	}
}

static void sizes_and_names(void **state)
{
	scoped(policy) struct policy *p = NULL;
	scoped(mem) char *big = malloc(10 << 20);
	struct err e = { 0 };

	(void)state;
	assert_non_null(big);
	memset(big, ' ', 10 << 20);
	assert_int_equal(policy_new(&p, &e), 0);
	assert_int_equal(policy_add(p, "t", big, 10 << 20, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_int_equal(policy_add(p, "../t", "{}", 2, &e), -1);
	assert_int_equal(policy_add(p, "", "{}", 2, &e), -1);
}

struct heard {
	char rule[80], by[80];
};

static void hear(void *to, const char *rule, const char *by)
{
	struct heard *h = to;

	snprintf(h->rule, sizeof(h->rule), "%s", rule);
	snprintf(h->by, sizeof(h->by), "%s", by);
}

static void lint_finds_the_shadowed(void **state)
{
	static const char text[] = HEAD "\"rules\":["
		"{\"id\":\"a\",\"then\":\"allow\",\"when\":{\"tool\":\"s/x*\"}},"
		"{\"id\":\"b\",\"then\":\"allow\",\"when\":{\"tool\":\"s/*\"}},"
		"{\"id\":\"c\",\"then\":\"refuse\",\"when\":{\"tool\":\"s/xy*\"}},"
		"{\"id\":\"d\",\"then\":\"allow\",\"when\":{\"tool\":[\"s/xy1\",\"s/xyz*\"]}}]}";
	scoped(policy) struct policy *p = NULL;
	struct heard h = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(policy_new(&p, &e), 0);
	assert_int_equal(policy_add(p, "t", text, strlen(text), &e), 0);
	assert_int_equal(policy_lint(p, hear, &h), 1);
	assert_string_equal(h.rule, "t:d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_checked),
		cmocka_unit_test(sizes_and_names),
		cmocka_unit_test(lint_finds_the_shadowed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
