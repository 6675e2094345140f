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

#define NOT4(inside) "{\"not\":{\"not\":{\"not\":{\"not\":" inside "}}}}"
#define NOT7(inside) NOT4("{\"not\":{\"not\":{\"not\":" inside "}}}")
#define NOT8(inside) NOT4(NOT4(inside))

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
	{ HEAD "\"unmatched\":\"pass\",\"rules\":[]}", NULL },
	{ HEAD "\"unmatched\":\"allow\",\"rules\":[]}", "t:2:13: \"unmatched\": expected \"refuse\" or \"pass\"" },
	{ HEAD "\"applies\":{},\"rules\":[]}", "t:2:11: \"applies\": expected to whom" },
	{ HEAD "\"applies\":[],\"rules\":[]}", "t:2:11: \"applies\": expected an object" },
	{ HEAD "\"applies\":{\"who\":\"x\"},\"rules\":[]}", "t:2:12: unknown member \"who\"" },
	{ HEAD "\"applies\":{\"agent\":[]},\"rules\":[]}", "t:2:20: expected a name" },
	{ HEAD "\"applies\":{\"agent\":[\"a\",1]},\"rules\":[]}", "t:2:25: expected a name" },
	{ HEAD "\"applies\":{\"server\":\"a/b\"},\"rules\":[]}", "t:2:21: expected a server's name" },
	{ HEAD "\"applies\":{\"agent\":[\"a*\"],\"server\":\"fs\"},\"rules\":[]}", NULL },
	{ "{\"reeve\":\"policy/1\",\"rules\":[]}", NULL },
	{ "{\"reeve\":\"policy/1\",\"layer\":\"global\",\"rules\":[]}", NULL },
	{ "{\"reeve\":\"policy/1\",\"layer\":\"runtime\",\"rules\":[]}", NULL },
	{ HEAD "\"applies\":{\"server\":\"git\"},\"rules\":[\n"
	  "{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"tool\":\"fs/x\"}}]}", "t:3:41: it can never match: the file" },
	{ HEAD "\"applies\":{\"agent\":\"a\"},\"rules\":[\n"
	  "{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"agent\":\"b\"}}]}", "t:3:42: it can never match: the file" },
	{ HEAD "\"applies\":{\"agent\":\"a*\"},\"rules\":[\n"
	  "{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"agent\":\"*b\"}}]}", NULL },
	{ RULE("\"when\":{\"server\":\"x\",\"tool\":\"fs/read\"}"), "t:3:43: it can never match: no \"tool\"" },
	{ RULE("\"when\":{\"class\":\"huge\"}"), "t:3:42: expected critical, high, medium or low" },
	{ RULE("\"when\":{\"class\":[\"low\",\"high\"],\"category\":\"data.*\"}"), NULL },
	{ RULE("\"when\":{\"agent\":\"a\u200bb\"}"), "t:3:42: expected a name" },
	{ RULE("\"when\":{\"time\":{}}"), "t:3:41: \"time\": expected \"days\" or" },
	{ RULE("\"when\":{\"time\":{\"days\":[\"mon\",\"tues\"]}}"), "t:3:49: \"days\": expected mon" },
	{ RULE("\"when\":{\"time\":{\"days\":[]}}"), "t:3:49: \"days\"" },
	{ RULE("\"when\":{\"time\":{\"hours\":\"8-9\"}}"), "t:3:50: \"hours\": expected \"HH:MM" },
	{ RULE("\"when\":{\"time\":{\"hours\":\"08:00-08:00\"}}"), "t:3:50: \"hours\"" },
	{ RULE("\"when\":{\"time\":{\"hours\":\"08:00-24:01\"}}"), "t:3:50: \"hours\"" },
	{ RULE("\"when\":{\"time\":{\"hours\":7}}"), "t:3:50: \"hours\"" },
	{ RULE("\"when\":{\"time\":{\"hours\":\"22:00-06:00\",\"offset\":\"-03:30\"}}"), NULL },
	{ RULE("\"when\":{\"time\":{\"hours\":\"22:00-06:00\",\"offset\":\"Z\"}}"), "t:3:73: \"offset\": expected" },
	{ RULE("\"when\":{\"time\":{\"days\":\"mon\",\"offset\":1}}"), "t:3:64: \"offset\": expected a string" },
	{ RULE("\"when\":{\"resource\":{}}"), "t:3:45: expected a condition" },
	{ RULE("\"when\":{\"resource\":{\"prefix\":\"/srv\"}}"), NULL },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"above\":5,\"below\":5}}}"), "t:3:47: it can never hold: there is no number" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"at_least\":5,\"at_most\":5}}}"), NULL },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"at_least\":5,\"below\":5}}}"), "t:3:47: it can never hold" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"range\":[1,5],\"above\":5}}}"), "t:3:47: it can never hold" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"range\":[5,1]}}}"), "t:3:56: \"range\": expected two numbers" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"range\":[1,2,3]}}}"), "t:3:56: \"range\"" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"length\":[0,2.5]}}}"), "t:3:57: \"length\": expected two whole" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"cidr\":\"10.0.0.1/8\"}}}"), "t:3:55: \"cidr\": expected a network" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"cidr\":\"10.0.0.0/33\"}}}"), "t:3:55: \"cidr\"" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"cidr\":\"::ffff:10.0.0.0/104\"}}}"), "t:3:55: \"cidr\"" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"cidr\":\"10.0.0.0/08\"}}}"), "t:3:55: \"cidr\"" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"cidr\":\"10.0.0.0/\"}}}"), "t:3:55: \"cidr\"" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"cidr\":[\"0.0.0.0/0\",\"::/0\",\"fe80::/10\",\"192.0.2.1\"]}}}"), NULL },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"host\":\"10.0.0.1\"}}}"), NULL },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"host\":\"010.0.0.1\"}}}"), "t:3:55: \"host\": expected a host name" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"host\":\"2001:DB8::1\"}}}"), "t:3:55: \"host\"" },
	{ RULE("\"when\":{\"host\":\"a b\"}"), "t:3:41: \"host\": expected a host's name" },
	{ RULE("\"when\":{\"host\":[\"a.b\",7]}"), "t:3:48: \"host\"" },
	{ RULE("\"when\":{\"host\":[]}"), "t:3:41: \"host\"" },
	{ RULE("\"when\":{\"host\":\"*\"}"), "\"host\"" },
	{ RULE("\"when\":{\"host\":\"::ffff:10.0.0.1\"}"), "\"host\"" },
	{ RULE("\"when\":{\"host\":\"a.b\",\"port\":0}"), "t:3:54: \"port\": expected a number from 1 to 65535" },
	{ RULE("\"when\":{\"port\":[443,[80,79]]}"), "\"port\"" },
	{ RULE("\"when\":{\"port\":[443,[80,80,81]]}"), "\"port\"" },
	{ RULE("\"when\":{\"port\":\"443\"}"), "\"port\"" },
	{ RULE("\"when\":{\"port\":[443,[80,8080]]}"), NULL },
	{ RULE("\"when\":{\"cidr\":\"10.0.0.1/8\"}"), "\"cidr\": expected a network" },
	{ RULE("\"when\":{\"scheme\":\"ftp\"}"), "\"scheme\": expected tcp, tls" },
	{ RULE("\"when\":{\"method\":\"get\"}"), "\"method\": expected a method" },
	{ RULE("\"when\":{\"method\":\"CONNECT\"}"), "\"method\"" },
	{ RULE("\"when\":{\"path\":\"a\"}"), "\"path\": expected a path" },
	{ RULE("\"when\":{\"path\":\"/a/\"}"), "\"path\"" },
	{ RULE("\"when\":{\"path\":\"/a/../b\"}"), "\"path\"" },
	{ RULE("\"when\":{\"path\":\"/a//b\"}"), "\"path\"" },
	{ RULE("\"when\":{\"path\":\"/a%20b\"}"), "\"path\"" },
	{ RULE("\"when\":{\"path\":\"/a;b\"}"), "\"path\"" },
	{ RULE("\"when\":{\"path\":\"/.git/...\"}"), NULL },
	{ RULE("\"when\":{\"action\":\"tool.call\",\"host\":\"a.b\"}"), "\"action\": host, port" },
	{ RULE("\"when\":{\"action\":\"*\",\"port\":1}"), "\"action\"" },
	{ RULE("\"when\":{\"action\":\"net.*\",\"port\":1}"), NULL },
	{ RULE("\"when\":{\"action\":\"tool.call\",\"tool\":\"net/a.b:1\"}"), "\"action\"" },
	{ RULE("\"when\":{\"tool\":\"fs/x\",\"host\":\"a.b\"}"), "it can never match: connections are of the server" },
	{ RULE("\"when\":{\"server\":\"fs\",\"host\":\"a.b\"}"), "it can never match: connections are of the server" },
	{ RULE("\"when\":{\"tool\":\"net/a.b:*\",\"host\":\"a.b\"}"), NULL },
	{ RULE("\"when\":{\"host\":\"a.b\",\"cidr\":\"10.0.0.0/8\"}"), "it can never match: \"host\" has no address" },
	{ RULE("\"when\":{\"host\":\"10.0.0.1\",\"cidr\":\"10.0.0.0/8\"}"), NULL },
	{ RULE("\"when\":{\"host\":\"a.b\",\"resource\":{\"equal\":\"x\"}}"), "write \"host\" and \"port\"" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"host\":\"a.*.b\"}}}"), "t:3:55: \"host\"" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"host\":[]}}}"), "t:3:55: \"host\"" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"host\":[\"*.example.com\",\"a\"]}}}"), NULL },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"not\":{\"equals\":1}}}}"), "t:3:55: unknown condition \"equals\"" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"not\":{}}}}"), "t:3:54: \"not\": expected a condition" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"any\":[]}}}"), "t:3:54: \"any\": expected an array of conditions" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"any\":[{\"equal\":1},2]}}}"), "t:3:67: expected a condition" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"any\":[{\"equal\":1},{\"absent\":true,\"equal\":2}]}}}"), "t:3:67: \"absent\" stands alone" },
	{ RULE("\"when\":{\"args\":{\"/a\":" NOT8("{\"equal\":1}") "}}"), "t:3:103: expected conditions at most 8" },
	{ RULE("\"when\":{\"args\":{\"/a\":" NOT7("{\"equal\":1}") "}}"), NULL },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"glob\":\"?" A64 "\"}}}"), "t:3:55: \"glob\": expected a pattern" },
	{ RULE("\"when\":{\"args\":{\"/a\":{\"glob\":\"*" A64 A64 "*?*\"}}}"), NULL },
	{ RULE("\"when\":{},\"controls\":[\"a b\"]"), "t:3:47: \"controls\": expected" },
	{ RULE("\"when\":{},\"controls\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]"), "t:3:47: \"controls\"" },
	{ "{\"reeve\":\"policy/2\",\"layer\":\"action\",\"rules\":[]}", "t:1:10: \"reeve\": expected \"policy/1\"" },
	{ "{\"reeve\":\"policy/1\",\"layer\":\"x\",\"rules\":[]}", "t:1:29: \"layer\": expected global" },
	{ HEAD "\n\"include\":[\"other.json\"],\"rules\":[]}", "t:3:1: unknown member \"include\"" },
	{ HEAD "\"rules\":[\n{\"include\":\"t.json\"}]}", "t:3:2: unknown member \"include\"" },
	{ HEAD "\"rules\":[\n{\"id\":\"r\",\"then\":\"allow\",\"why\":\"w\"}]}", "t:3:1: expected a member \"when\"" },
	{ HEAD "\"rules\":[\n{\"id\":\"r\",\"then\":\"allow\",\"when\":{},\"why\":5}]}", "t:3:42: " },
	{ HEAD "\"rules\":[\n{\"id\":5,\"then\":\"allow\",\"when\":{}}]}", "t:3:7: " },
	{ HEAD "\"rules\":[\n1]}", "t:3:1: expected an object, found a number" },
	{ HEAD "\"rules\":[\n{\"id\":\"r\",\"then\":\"review\",\"when\":{}}]}", "t:3:18: \"review\": expected beside it who is asked" },
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
	{ RULE("\"when\":{\"args\":{\"/a\":{\"has_secret\":1}}}"), "t:3:61: \"has_secret\": expected true or false" },
	{ RULE("\"when\":{\"has_secret\":\"yes\"}"), "t:3:47: " },
	{ RULE("\"when\":{\"has_secret\":false}"), NULL },
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
		if (rows[i].error && !strstr(e.text, rows[i].error))
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

/* A review stands over what its layer allows, in whatever order, and never over another review or a wish for reasons. */
static void lint_knows_reviews(void **state)
{
#define ASK "\"review\":{\"by\":1,\"within\":\"1h\"}}"
	static const struct {
		const char *rules, *shadowed; /* NULL: none */
	} asks[] = {
		{ "{\"id\":\"a\",\"then\":\"allow\",\"when\":{\"tool\":\"s/x\"}},{\"id\":\"r\",\"then\":\"review\",\"when\":{\"tool\":\"s/*\"}," ASK, "t:a" },
		{ "{\"id\":\"a\",\"then\":\"allow\",\"when\":{\"tool\":\"u/x\"}},{\"id\":\"r\",\"then\":\"review\",\"when\":{\"tool\":\"s/*\"}," ASK, NULL },
		{ "{\"id\":\"a\",\"then\":\"allow\",\"when\":{\"tool\":\"s/x\"},\"requires\":[\"reason\"]},{\"id\":\"r\",\"then\":\"review\",\"when\":{\"tool\":\"s/*\"}," ASK, NULL },
		{ "{\"id\":\"r\",\"then\":\"review\",\"when\":{}," ASK ",{\"id\":\"s\",\"then\":\"review\",\"when\":{\"tool\":\"s/x\"}," ASK, NULL },
		{ "{\"id\":\"r\",\"then\":\"review\",\"when\":{\"tool\":\"s/x\"}," ASK ",{\"id\":\"x\",\"then\":\"refuse\",\"when\":{\"tool\":\"s/*\"}}", "t:r" },
		{ "{\"id\":\"r\",\"then\":\"review\",\"when\":{\"tool\":\"s/*\"}," ASK ",{\"id\":\"x\",\"then\":\"refuse\",\"when\":{\"tool\":\"s/x\"}}", NULL },
		{ "{\"id\":\"r\",\"then\":\"review\",\"when\":{\"scope\":\"x\"}," ASK ",{\"id\":\"a\",\"then\":\"allow\",\"when\":{\"tool\":\"s/x\"}}", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < count_of(asks); i++) {
		scoped(policy) struct policy *p = NULL;
		struct heard h = { 0 };
		struct err e = { 0 };
		char text[1024];

		snprintf(text, sizeof(text), HEAD "\"rules\":[%s]}", asks[i].rules);
		assert_int_equal(policy_new(&p, &e), 0);
		if (policy_add(p, "t", text, strlen(text), &e) < 0)
			fail_msg("%s", e.text);
		if ((asks[i].shadowed != NULL) != (policy_lint(p, hear, &h) == 1))
			fail_msg("row %zu: %s %s", i, h.rule, h.by);
		assert_string_equal(h.rule, asks[i].shadowed ? asks[i].shadowed : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_checked),
		cmocka_unit_test(sizes_and_names),
		cmocka_unit_test(lint_finds_the_shadowed),
		cmocka_unit_test(lint_knows_reviews),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
