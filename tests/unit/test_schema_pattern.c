/* tests/unit/test_schema_pattern.c - which patterns are matched, what they match, and which are refused; which
 * schemas can be enforced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "schema/pattern.h"
#include "schema/schema.h"

static const struct {
	const char *pattern, *text;
	bool found;
} rows[] = {
	{ "", "", true },
	{ "abc", "xabcy", true },
	{ "^abc$", "xabc", false },
	{ "^abc$", "abc\n", false },
	{ "^$", "", true },
	{ "a|b|", "zzz", true },
	{ "^(a|bc)d$", "bcd", true },
	{ "^(a|bc)d$", "abcd", false },
	{ "^(?:ab)+$", "ababab", true },
	{ "^(?:ab)+$", "ababa", false },
	{ "^a{2,3}$", "a", false },
	{ "^a{2,3}$", "aaa", true },
	{ "^a{2,3}$", "aaaa", false },
	{ "^a{2,}$", "aaaaaaaa", true },
	{ "^a{0}b$", "b", true },
	{ "^a{0}b$", "ab", false },
	{ "^a*?b??$", "aab", true },
	{ "^[a-c\\d_-]+$", "a-9_c", true },
	{ "^[a-c\\d_-]+$", "d", false },
	{ "^[^a-c]$", "d", true },
	{ "^[^a-c]$", "b", false },
	{ "^[\\]\\\\]+$", "]\\", true },
	{ "^\\d{3}-\\w+\\s\\S\\D\\W$", "123-ab x!-", true },
	{ "^\\cx", "x", false },
	{ "^.$", "\n", false },
	{ "^.$", "\xf0\x9f\x92\xa9", true },
	{ "^[\xc3\xa0-\xc3\xbf]+$", "\xc3\xa9", true },
	{ "^\\u00e9\\x41\\u{1F4A9}$", "\xc3\xa9" "A\xf0\x9f\x92\xa9", true },
	{ "\\bfoo\\b", "a foo b", true },
	{ "\\bfoo\\b", "afoo", false },
	{ "\\Boo", "foo", true },
	{ "^[0-9a-f]{8}-[0-9a-f]{4}$", "0123abcd-00ff", true },
	{ "^(([a-z0-9]|-)*\\.)*[a-z]{2,}$", "a-b.example.org", true },
	{ "[]", "a", false },
	{ "[^]", "a", true },
	{ "^/([^/]+/)*$", "/a/b/", true },
};

static void patterns_are_found_or_not(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(pattern) struct pattern *p = NULL;
		struct err e = { 0 };

		if (pattern_read(&p, rows[i].pattern, &e) < 0) {
			if (rows[i].found)
				fail_msg("%s: %s", rows[i].pattern, e.text);
			continue;
		}
		if (pattern_found(p, rows[i].text, strlen(rows[i].text)) != rows[i].found)
			fail_msg("%s in \"%s\"", rows[i].pattern, rows[i].text);
	}
}

static const char *const refused[] = {
	"(a)\\1", "(?=a)", "(?<!a)b", "(?<n>a)\\k<n>", "\\p{L}", "(", ")", "a)", "[a", "*", "a**", "a{2", "a{3,2}", "a{1001}",
	"(a{100}){100}", "((((a{9}){9}){9}){9}){9}", "\\", "[\\", "[b-a]", "\\xg1", "\\u12", "\\u{110000}", "\\u{}", "\\y",
};

static void what_is_not_linear_or_malformed_is_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(refused); i++) {
		struct pattern *p = NULL;
		struct err e = { 0 };

		if (pattern_read(&p, refused[i], &e) == 0)
			fail_msg("%s was read", refused[i]);
		assert_null(p);
		assert_true(e.text[0]);
	}
}

/* What other matchers take exponential time for. */
static void nested_repetition_takes_linear_time(void **state)
{
	scoped(pattern) struct pattern *p = NULL;
	struct err e = { 0 };
	char text[200001];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '!';
	assert_int_equal(pattern_read(&p, "^(a*)*(a|aa)+(a|a?)+$", &e), 0);
	assert_false(pattern_found(p, text, sizeof(text)));
}

static const struct {
	const char *schema, *says;	/* NULL: it can be enforced */
} schemas[] = {
	{ "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/b\"}},\"$defs\":{\"b\":true}}", NULL },
	{ "{\"properties\":{\"a\":{\"pattern\":\"^[a-z]+$\"}}}", NULL },
	{ "{\"whatever\":5}", NULL },
	{ "{\"properties\":{\"a\":{\"pattern\":\"(?=x)\"}}}", "/properties/a: a pattern that looks ahead or behind, or names a group" },
	{ "{\"items\":{\"$ref\":\"https://example.org/s.json\"}}", "/items: a $ref that leads out of the schema: nothing is fetched" },
	{ "{\"$ref\":\"#/nowhere\"}", "the schema: a $ref to what is not there, or by a name: reeve follows #/..." },
	{ "{\"$ref\":\"#name\"}", "the schema: a $ref to what is not there, or by a name: reeve follows #/..." },
	{ "{\"anyOf\":[{},5]}", "/anyOf/1: a schema is an object, true or false" },
	{ "{\"minLength\":\"1\"}", "the schema: \"minLength\" has a value that it cannot have" },
	{ "{\"type\":[1]}", "the schema: \"type\" and \"required\" list texts" },
	{ "5", "the schema: a schema is an object, true or false" },
};

static void a_schema_that_cannot_be_enforced_says_why(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(schemas); i++) {
		scoped(json) json_t *schema = NULL;
		struct err e = { 0 };

		assert_int_equal(json_read(&schema, schemas[i].schema, strlen(schemas[i].schema), NULL, &e), 0);
		assert_int_equal(schema_usable(schema, &e), schemas[i].says ? -1 : 0);
		assert_string_equal(e.text, schemas[i].says ? schemas[i].says : "");
	}
}

static void hear(void *to, const char *at, const char *keyword)
{
	buf_printf(to, "%s %s;", at, keyword);
}

static void what_is_not_enforced_is_named(void **state)
{
	static const char text[] = "{\"properties\":{\"a\":{\"unevaluatedItems\":false}},\"$dynamicRef\":\"#x\",\"type\":\"object\"}";
	scoped(json) json_t *schema = NULL;
	scoped(buf) struct buf heard = BUF(400);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(json_read(&schema, text, strlen(text), NULL, &e), 0);
	assert_int_equal(schema_unknown(schema, hear, &heard), 2);
	assert_string_equal(buf_text(&heard), "/properties/a unevaluatedItems; $dynamicRef;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_found_or_not),
		cmocka_unit_test(what_is_not_linear_or_malformed_is_refused),
		cmocka_unit_test(nested_repetition_takes_linear_time),
		cmocka_unit_test(a_schema_that_cannot_be_enforced_says_why),
		cmocka_unit_test(what_is_not_enforced_is_named),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
