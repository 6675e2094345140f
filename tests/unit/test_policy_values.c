/* tests/unit/test_policy_values.c - hosts, networks, lengths, hours, look-alikes, and patterns that would take long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

enum answer { NO, YES, UNKNOWN };

/* One condition on /a, and its argument; NULL: it is not there. */
static const struct {
	const char *condition, *arg;
	enum answer holds;
} rows[] = {
	{ "{\"range\":[1,5]}", "1", YES }, { "{\"range\":[1,5]}", "5.0", YES }, { "{\"range\":[1,5]}", "5.0001", NO },
	{ "{\"range\":[1,5]}", "\"3\"", UNKNOWN }, { "{\"range\":[1,5]}", NULL, NO },
	{ "{\"at_most\":9007199254740991}", "1e308", NO }, { "{\"at_least\":0}", "-0.0", YES }, { "{\"above\":0}", "5e-324", YES },
	{ "{\"length\":[1,3]}", "\"\"", NO }, { "{\"length\":[1,3]}", "\"\xc3\xa4\xf0\x9f\x98\x80z\"", YES },
	{ "{\"length\":[1,3]}", "[1,2,3,4]", NO }, { "{\"length\":[0,1]}", "{\"x\":1}", YES }, { "{\"length\":[1,3]}", "12", UNKNOWN },
	/* not, all, any: of what is not there nothing is certain once it is turned around */
	{ "{\"not\":{\"equal\":\"x\"}}", "\"y\"", YES }, { "{\"not\":{\"equal\":\"x\"}}", "\"x\"", NO },
	{ "{\"not\":{\"equal\":\"x\"}}", "5", UNKNOWN }, { "{\"not\":{\"equal\":\"x\"}}", NULL, UNKNOWN },
	{ "{\"not\":{\"not\":{\"equal\":\"x\"}}}", NULL, UNKNOWN }, { "{\"not\":{\"absent\":true}}", NULL, NO },
	{ "{\"not\":{\"absent\":true}}", "null", YES }, { "{\"any\":[{\"absent\":true},{\"equal\":1}]}", NULL, YES },
	{ "{\"any\":[{\"absent\":true},{\"equal\":1}]}", "1", YES }, { "{\"any\":[{\"absent\":true},{\"equal\":1}]}", "2", NO },
	{ "{\"any\":[{\"equal\":\"x\"},{\"above\":1}]}", "2", YES }, { "{\"any\":[{\"equal\":\"x\"},{\"above\":1}]}", "1", UNKNOWN },
	{ "{\"all\":[{\"above\":1},{\"not\":{\"equal\":3}}]}", "3", NO }, { "{\"all\":[{\"above\":1},{\"not\":{\"equal\":3}}]}", "4", YES },
	{ "{\"all\":[{\"above\":1},{\"equal\":\"x\"}]}", "1", NO }, { "{\"all\":[{\"above\":1},{\"equal\":\"x\"}]}", "2", UNKNOWN },
	{ "{\"not\":{\"any\":[{\"prefix\":\"a\"},{\"prefix\":\"b\"}]}}", "\"c\"", YES },
	{ "{\"not\":{\"under\":\"/etc\"}}", "\"x\"", UNKNOWN },
	/* hosts */
	{ "{\"host\":\"example.com\"}", "\"example.com\"", YES }, { "{\"host\":\"Example.com\"}", "\"eXample.COM.\"", YES },
	{ "{\"host\":\"example.com\"}", "\"https://example.com/x?y#z\"", YES }, { "{\"host\":\"example.com\"}", "\"example.com:443\"", YES },
	{ "{\"host\":\"example.com\"}", "\"a.example.com\"", NO }, { "{\"host\":\"*.example.com\"}", "\"a.b.example.com\"", YES },
	{ "{\"host\":\"*.example.com\"}", "\"example.com\"", NO }, { "{\"host\":\"*.example.com\"}", "\"badexample.com\"", NO },
	{ "{\"host\":\"*.example.com\"}", "\"example.com.evil.org\"", NO }, { "{\"host\":[\"x.org\",\"*.y.org\"]}", "\"a.y.org\"", YES },
	{ "{\"host\":\"example.com\"}", "\"https://example.com@evil.org/\"", UNKNOWN },
	{ "{\"host\":\"example.com\"}", "\"https://evil.org\\\\@example.com/\"", UNKNOWN },
	{ "{\"host\":\"example.com\"}", "\"https://example.com#@evil.org/\"", YES },
	{ "{\"host\":\"example.com\"}", "\"https:example.com\"", UNKNOWN }, { "{\"host\":\"example.com\"}", "\"//example.com/\"", UNKNOWN },
	{ "{\"host\":\"example.com\"}", "\"https:///example.com/\"", UNKNOWN }, { "{\"host\":\"example.com\"}", "\"ht\\ntps://example.com\"", UNKNOWN },
	{ "{\"host\":\"example.com\"}", "\" example.com\"", UNKNOWN }, { "{\"host\":\"example.com\"}", "\"example.com/x\"", UNKNOWN },
	{ "{\"host\":\"example.com\"}", "\"exam%70le.com\"", UNKNOWN }, { "{\"host\":\"example.com\"}", "\"example.com..\"", UNKNOWN },
	{ "{\"host\":\"example.com\"}", "\".example.com\"", UNKNOWN }, { "{\"host\":\"example.com\"}", "\"\"", UNKNOWN },
	{ "{\"host\":\"example.com\"}", "\"ex\xc3\xa4mple.com\"", UNKNOWN }, { "{\"host\":\"example.com\"}", "\"\xef\xbd\x85xample.com\"", UNKNOWN },
	{ "{\"host\":\"example.com\"}", "\"example\xe3\x80\x82" "com\"", UNKNOWN }, { "{\"host\":\"example.com\"}", "\"ex\xc2\xad" "ample.com\"", UNKNOWN },
	{ "{\"host\":\"example.com\"}", "\"127.0.0.1\"", NO }, { "{\"host\":\"example.com\"}", "\"[::1]:80\"", NO },
	{ "{\"host\":\"example.com\"}", "\"2130706433\"", UNKNOWN }, { "{\"host\":\"example.com\"}", "\"0x7f.1\"", UNKNOWN },
	{ "{\"host\":\"example.com\"}", "\"127.1\"", UNKNOWN }, { "{\"host\":\"example.com\"}", "\"example.com:99999999\"", UNKNOWN },
	{ "{\"host\":\"example.com\"}", "[\"example.com\"]", UNKNOWN },
	/* networks */
	{ "{\"cidr\":\"10.0.0.0/8\"}", "\"10.255.0.1\"", YES }, { "{\"cidr\":\"10.0.0.0/8\"}", "\"11.0.0.1\"", NO },
	{ "{\"cidr\":\"10.0.0.0/8\"}", "\"http://10.1.2.3:8080/x\"", YES }, { "{\"cidr\":\"10.0.0.0/8\"}", "\"::ffff:10.1.2.3\"", YES },
	{ "{\"cidr\":\"10.0.0.0/8\"}", "\"[::ffff:a01:203]:80\"", YES }, { "{\"cidr\":\"10.0.0.0/8\"}", "\"::1\"", NO },
	{ "{\"cidr\":\"10.0.0.0/8\"}", "\"010.1.2.3\"", UNKNOWN }, { "{\"cidr\":\"10.0.0.0/8\"}", "\"10.1\"", UNKNOWN },
	{ "{\"cidr\":\"169.254.0.0/16\"}", "\"2852039166\"", UNKNOWN }, { "{\"cidr\":\"169.254.0.0/16\"}", "\"0xa9.1\"", UNKNOWN },
	{ "{\"cidr\":\"169.254.0.0/16\"}", "\"0xa9fea9fe\"", UNKNOWN }, { "{\"cidr\":\"169.254.0.0/16\"}", "\"169.254.169.254.\"", UNKNOWN },
	{ "{\"cidr\":\"169.254.0.0/16\"}", "\"metadata.internal\"", UNKNOWN }, { "{\"cidr\":\"169.254.0.0/16\"}", "\"64:ff9b::a9fe:a9fe\"", UNKNOWN },
	{ "{\"cidr\":\"169.254.0.0/16\"}", "\"2002:a9fe:a9fe::\"", UNKNOWN }, { "{\"cidr\":\"169.254.0.0/16\"}", "\"::169.254.169.254\"", UNKNOWN },
	{ "{\"cidr\":\"169.254.0.0/16\"}", "\"http://x@169.254.169.254/\"", UNKNOWN }, { "{\"cidr\":\"169.254.0.0/16\"}", "2852039166", UNKNOWN },
	{ "{\"cidr\":[\"::1\",\"fe80::/10\"]}", "\"fe80::1\"", YES }, { "{\"cidr\":[\"::1\",\"fe80::/10\"]}", "\"fe80::1%eth0\"", UNKNOWN },
	{ "{\"cidr\":\"::/0\"}", "\"2001:db8::1\"", YES }, { "{\"cidr\":\"0.0.0.0/0\"}", "\"2001:db8::1\"", NO },
	{ "{\"cidr\":\"192.0.2.128/25\"}", "\"192.0.2.127\"", NO }, { "{\"cidr\":\"192.0.2.128/25\"}", "\"192.0.2.128\"", YES },
	/* what is not shown, what turns around, what joins */
	{ "{\"equal\":\"admin\"}", "\"admin\"", YES }, { "{\"equal\":\"admin\"}", "\"ad\\u200bmin\"", UNKNOWN },
	{ "{\"equal\":\"admin\"}", "\"ad\\u202emin\"", UNKNOWN }, { "{\"equal\":\"admin\"}", "\"admin\\udb40\\udc41\"", UNKNOWN },
	{ "{\"equal\":\"admin\"}", "\"ad\\u00admin\"", UNKNOWN }, { "{\"equal\":\"admin\"}", "\"adm\\ufe0fin\"", UNKNOWN },
	{ "{\"in\":[\"admin\",1]}", "\"admin\\u2060\"", UNKNOWN }, { "{\"in\":[\"a\",\"b\"]}", "\"c\"", NO },
	{ "{\"prefix\":\"/etc\"}", "\"/e\\u200dtc/x\"", UNKNOWN }, { "{\"glob\":\"*.git/*\"}", "\"x/.gi\\u2063t/y\"", UNKNOWN },
	{ "{\"glob\":\"*.git/*\"}", "\"x/.git/\\u2063y\"", UNKNOWN }, { "{\"not\":{\"glob\":\"*.git/*\"}}", "\"x/.gi\\u2063t/y\"", UNKNOWN },
	{ "{\"equal\":\"caf\\u00e9\"}", "\"cafe\\u0301\"", UNKNOWN }, { "{\"equal\":\"cafe\\u0301\"}", "\"caf\\u00e9\"", UNKNOWN },
	{ "{\"equal\":\"caf\\u00e9\"}", "\"cafe\"", NO }, { "{\"equal\":\"cafe\"}", "\"cafe\\u0301\"", NO },
	{ "{\"under\":\".\"}", "\"a\\u200b\"", UNKNOWN },
	/* patterns */
	{ "{\"glob\":\"**\"}", "\"\"", YES }, { "{\"glob\":\"?\"}", "\"\"", NO }, { "{\"glob\":\"?*?\"}", "\"\xc3\xa4\"", NO },
	{ "{\"glob\":\"?*?\"}", "\"\xc3\xa4\xc3\xa4\"", YES }, { "{\"glob\":\"*?\xc3\xa4*\"}", "\"\xc3\xb6\xc3\xa4\"", YES },
	{ "{\"glob\":\"*a?c*\"}", "\"xa\xf0\x9f\x98\x80" "cx\"", YES }, { "{\"glob\":\"*a??c*\"}", "\"xa\xf0\x9f\x98\x80" "cx\"", NO },
	{ "{\"glob\":\"a*a\"}", "\"a\"", NO }, { "{\"glob\":\"*ab*ab\"}", "\"abxab\"", YES }, { "{\"glob\":\"*ab*ab\"}", "\"xab\"", NO },
};

static enum held ask(const char *condition, json_t *arg)
{
	static const char *const thens[] = { "allow", "refuse" };
	static const char *const rests[] = { "", ",{\"id\":\"all\",\"then\":\"allow\",\"when\":{}}" };
	scoped(json) json_t *args = json_object();
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "t", .args = args };
	enum reason said[2];
	char text[2048];
	size_t i;

	if (arg)
		json_object_set(args, "a", arg);
	for (i = 0; i < 2; i++) {
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };

		snprintf(text, sizeof(text),
			 "{\"reeve\":\"policy/1\",\"rules\":[{\"id\":\"r\",\"then\":\"%s\",\"when\":{\"args\":{\"/a\":%s}}}%s]}",
			 thens[i], condition, rests[i]);
		assert_int_equal(policy_new(&p, &e), 0);
		if (policy_add(p, "t", text, strlen(text), &e) < 0)
			fail_msg("%s", e.text);
		said[i] = policy_decide(p, &a).reason;
	}
	assert_int_equal(said[0] == REASON_RULE_ALLOWS, said[1] == REASON_RULE_REFUSES);
	return said[1] == REASON_RULE_REFUSES ? HELD_YES : said[1] == REASON_UNDECIDABLE ? HELD_UNKNOWN : HELD_NO;
}

static void values(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(json) json_t *arg = rows[i].arg ? json_loads(rows[i].arg, JSON_DECODE_ANY, NULL) : NULL;

		if (rows[i].arg)
			assert_non_null(arg);
		if ((int)ask(rows[i].condition, arg) != (int)rows[i].holds)
			fail_msg("%s of %s", rows[i].condition, rows[i].arg ? rows[i].arg : "nothing");
	}
}

/* Saturday 2026-11-21, 09:30 UTC. */
static const struct {
	const char *time;
	bool holds;
} hours[] = {
	{ "{\"days\":\"sat\"}", true }, { "{\"days\":[\"mon\",\"sun\"]}", false },
	{ "{\"hours\":\"09:30-09:31\"}", true }, { "{\"hours\":\"09:00-09:30\"}", false },
	{ "{\"hours\":[\"00:00-01:00\",\"09:00-24:00\"]}", true }, { "{\"hours\":\"22:00-06:00\"}", false },
	{ "{\"hours\":\"22:00-10:00\"}", true }, { "{\"days\":\"sun\",\"offset\":\"+14:00\"}", false },
	{ "{\"hours\":\"23:30-23:31\",\"offset\":\"+14:00\"}", true }, { "{\"days\":\"fri\",\"offset\":\"-10:00\"}", true },
	{ "{\"days\":\"sat\",\"hours\":\"20:00-09:31\"}", true },
};

static void days_and_hours(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(hours); i++) {
		struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "t",
				    .wall_us = UINT64_C(1795253400000000) };
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };
		char text[512];

		snprintf(text, sizeof(text), "{\"reeve\":\"policy/1\",\"rules\":[{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"time\":%s}}]}",
			 hours[i].time);
		assert_int_equal(policy_new(&p, &e), 0);
		assert_int_equal(policy_add(p, "t", text, strlen(text), &e), 0);
		if ((policy_decide(p, &a).kind == VERDICT_ALLOW) != hours[i].holds)
			fail_msg("%s", hours[i].time);
		a.wall_us = 0;
		assert_int_equal(policy_decide(p, &a).kind, VERDICT_REFUSE);
	}
}

/* Millions of characters against patterns that make a matcher try again: it ends, and is right. */
static void patterns_do_not_take_long(void **state)
{
	static const char *const patterns[] = {
		"*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab*", "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
		"*a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?b*", "*b?????????????????????????????????????????????????????????????*c",
		"*?a?*?a?*?a?*?a?*b", "*baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa*",
	};
	enum { SIZE = 4 << 20 };
	char *text = malloc(SIZE + 1), condition[400];
	size_t i;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', SIZE);
	text[SIZE] = '\0';
	for (i = 0; i < count_of(patterns); i++) {
		scoped(json) json_t *arg = json_stringn(text, SIZE);

		snprintf(condition, sizeof(condition), "{\"glob\":\"%s\"}", patterns[i]);
		assert_int_equal(ask(condition, arg), HELD_NO);
	}
	free(text);
}

/* As slow and plain as it can be written. */
static bool plainly(const char *p, const char *t)
{
	size_t step = 1;

	if (*p == '\0')
		return *t == '\0';
	if (*p == '*')
		return plainly(p + 1, t) || (*t && plainly(p, t + 1));
	if (*p != '?')
		return *p == *t && plainly(p + 1, t + 1);
	if (!*t || ((unsigned char)*t & 0xc0) == 0x80)
		return false;
	while (((unsigned char)t[step] & 0xc0) == 0x80)
		step++;
	return plainly(p + 1, t + step);
}

static void patterns_agree_with_plain_ones(void **state)
{
	static const char *const pieces[] = { "a", "b", "*", "?", "\xc3\xa4", "*", "a" };
	static const char *const letters[] = { "a", "b", "\xc3\xa4", "\xf0\x9f\x98\x80", "a" };
	uint64_t seed = 9;
	unsigned round, i, matched = 0;

	(void)state;
	for (round = 0; round < 20000; round++) {
		char pattern[64] = "", text[64] = "", condition[128];
		scoped(json) json_t *arg = NULL;
		bool want;

		for (i = 0; i < 1 + round % 7; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			strcat(pattern, pieces[(seed >> 33) % count_of(pieces)]);
			if (i < 6)
				strcat(text, letters[(seed >> 40) % count_of(letters)]);
		}
		want = plainly(pattern, text);
		matched += want;
		arg = json_string(text);
		snprintf(condition, sizeof(condition), "{\"glob\":\"%s\"}", pattern);
		if ((ask(condition, arg) == HELD_YES) != want)
			fail_msg("%s of %s", pattern, text);
	}
	assert_true(matched > 2000);
}

/* A name that looks like another is nobody's to allow, and is not listed. */
static void names_are_what_they_seem(void **state)
{
	static const char text[] = "{\"reeve\":\"policy/1\",\"rules\":[{\"id\":\"r\",\"then\":\"allow\",\"when\":{}}]}";
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "fs", .tool = "re\xe2\x80\x8b" "ad" };
	scoped(policy) struct policy *p = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(policy_new(&p, &e), 0);
	assert_int_equal(policy_add(p, "t", text, strlen(text), &e), 0);
	assert_int_equal(policy_decide(p, &a).reason, REASON_UNDECIDABLE);
	assert_false(policy_may_allow(p, NULL, ACTION_TOOL_CALL, "fs", a.tool));
	a.tool = "read";
	assert_int_equal(policy_decide(p, &a).kind, VERDICT_ALLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(days_and_hours),
		cmocka_unit_test(patterns_do_not_take_long),
		cmocka_unit_test(patterns_agree_with_plain_ones),
		cmocka_unit_test(names_are_what_they_seem),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
