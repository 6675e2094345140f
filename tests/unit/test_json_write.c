/* tests/unit/test_json_write.c - what is written reads back the same; pointers find values and places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

static json_t *read_text(const char *text)
{
	struct err e = { 0 };
	json_t *doc = NULL;

	if (json_read(&doc, text, strlen(text), NULL, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return doc;
}

static const struct {
	const char *text, *plain, *canonical;	/* canonical NULL: not for records */
} rows[] = {
	{ " { \"b\" : 1 , \"a\" : [ ] } ", "{\"b\":1,\"a\":[]}", "{\"a\":[],\"b\":1}" },
	{ "1e5", "100000.0", NULL },
	{ "0.1", "0.1", NULL },
	{ "5e-324", "4.94065645841247e-324", NULL },
	{ "0.30000000000000004", "0.30000000000000004", NULL },
	{ "-0.0", "-0.0", NULL },
	{ "1e22", "1e+22", NULL },
	{ "[true,false,null]", "[true,false,null]", NULL },
	{ "9007199254740991", "9007199254740991", "9007199254740991" },
	{ "\"\\u001f\\n\\t\\\"\\\\\\/\\u00e9\"", "\"\\u001f\\n\\t\\\"\\\\/\xc3\xa9\"",
	  "\"\\u001f\\n\\t\\\"\\\\/\xc3\xa9\"" },
	/* U+FB01 is before U+1F600 by code point and after it in UTF-16, which RFC 8785 sorts by. */
	{ "{\"\xef\xac\x81\":1,\"\xf0\x9f\x98\x80\":2}", "{\"\xef\xac\x81\":1,\"\xf0\x9f\x98\x80\":2}",
	  "{\"\xf0\x9f\x98\x80\":2,\"\xef\xac\x81\":1}" },
	{ "{\"a\":1.5}", "{\"a\":1.5}", NULL },
};

static void writes_and_reads_back(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(json) json_t *doc = read_text(rows[i].text), *again = NULL;
		scoped(buf) struct buf plain = BUF(200), canonical = BUF(200);

		assert_true(json_write(&plain, doc));
		assert_string_equal(buf_text(&plain), rows[i].plain);
		again = read_text(rows[i].plain);
		assert_true(json_equal(doc, again));
		assert_int_equal(json_canonical(&canonical, doc), rows[i].canonical != NULL);
		if (rows[i].canonical)
			assert_string_equal(buf_text(&canonical), rows[i].canonical);
	}
}

static void keeps_to_its_room(void **state)
{
	scoped(json) json_t *doc = read_text("[\"0123456789\"]");
	scoped(buf) struct buf small = BUF(8);

	(void)state;
	assert_false(json_write(&small, doc));
	assert_true(small.over && small.size <= 8);
}

static const char tree[] = "{\"a\":[1,{\"b/c\":2}],\n \"\\u0064\":{\"~\":3,\"\":4}}";

static const struct {
	const char *pointer;
	int value;	/* 0: nothing there */
	size_t line, column, key_column;
} pointers[] = {
	{ "/a/0", 1, 1, 7, 7 },	  { "/a/1/b~1c", 2, 1, 16, 10 }, { "/d/~0", 3, 2, 16, 12 },
	{ "/d/", 4, 2, 21, 18 },  { "/a/2", 0, 1, 6, 6 },	 { "/a/00", 0, 1, 6, 6 },
	{ "/a/-", 0, 1, 6, 6 },	  { "/a/0/x", 0, 1, 7, 7 },	 { "/x", 0, 1, 1, 1 },
	{ "a", 0, 1, 1, 1 },
};

static void finds_values_and_places(void **state)
{
	scoped(json) json_t *doc = read_text(tree);
	struct json_place at;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(pointers); i++) {
		assert_int_equal(json_integer_value(json_at(doc, pointers[i].pointer)), pointers[i].value);
		at = json_find(tree, strlen(tree), pointers[i].pointer, false);
		if (at.line != pointers[i].line || at.column != pointers[i].column)
			fail_msg("%s: %zu:%zu", pointers[i].pointer, at.line, at.column);
		at = json_find(tree, strlen(tree), pointers[i].pointer, true);
		if (at.column != pointers[i].key_column)
			fail_msg("%s: key at %zu", pointers[i].pointer, at.column);
	}
	assert_ptr_equal(json_at(doc, ""), doc);
}

static const struct json_member members[] = {
	{ "a", JSON_STRING, JSON_MUST }, { "n", JSON_INTEGER, JSON_MAY }, { NULL, JSON_NULL, JSON_MAY },
};

static const struct {
	const char *text, *error;
} files[] = {
	{ "{\"a\":\"x\"}", NULL },
	{ "{\"n\":1}", "f:1:1: expected a member \"a\" (a string), found none" },
	{ "{\n \"a\":1}", "f:2:6: \"a\": expected a string, found a number" },
	{ "{\"a\":\"\",\"n\":1.5}", "f:1:13: \"n\": expected an integer, found a number" },
	{ "{\"a\":\"\",\n\"b/\":1}", "f:2:1: unknown member \"b/\"; expected one of: a, n" },
	{ "[]", "f:1:1: expected an object, found an array" },
};

static void checks_members(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(files); i++) {
		struct err e = { 0 };
		struct json_file f = { 0 };
		int result;

		assert_int_equal(json_file_parse(&f, "f", files[i].text, strlen(files[i].text), &e), 0);
		result = json_members(&f, "", members, &e);
		assert_int_equal(result, files[i].error ? -1 : 0);
		if (files[i].error)
			assert_string_equal(e.text, files[i].error);
		json_file_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_and_reads_back),  cmocka_unit_test(keeps_to_its_room),
		cmocka_unit_test(finds_values_and_places), cmocka_unit_test(checks_members),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
