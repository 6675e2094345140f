/* tests/unit/test_json_read.c - what the strict reader takes, what it refuses, and where it says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

#define TEXT(s) s, sizeof(s) - 1

static const struct {
	const char *what, *text;
	size_t size;
	bool holds;
	size_t line, column;
} rows[] = {
	{ "an object", TEXT("{\"a\":[1,-2.5,1e5,true,false,null,\"x\"]}"), true, 0, 0 },
	{ "a scalar", TEXT(" \"x\"\n"), true, 0, 0 },
	{ "nothing", TEXT(""), false, 1, 1 },
	{ "only space", TEXT(" \n "), false, 2, 2 },
	{ "a byte order mark", TEXT("\xef\xbb\xbf{}"), false, 1, 1 },
	{ "bytes after it", TEXT("{} {}"), false, 1, 4 },
	{ "a NUL after it", TEXT("{}\0"), false, 1, 3 },
	{ "a comma too many", TEXT("[1,]"), false, 1, 4 },
	{ "a comma too many in an object", TEXT("{\"a\":1,}"), false, 1, 8 },
	{ "no colon", TEXT("{\"a\" 1}"), false, 1, 6 },
	{ "a bare name", TEXT("{a:1}"), false, 1, 2 },
	{ "single quotes", TEXT("{'a':1}"), false, 1, 2 },
	{ "a comment", TEXT("[1]//x"), false, 1, 4 },
	{ "the wrong bracket", TEXT("[1}"), false, 1, 3 },
	{ "never closed", TEXT("{\n\"a\":["), false, 2, 6 },
	{ "a word", TEXT("[nul]"), false, 1, 2 },
	{ "NaN", TEXT("[NaN]"), false, 1, 2 },
	{ "a key twice", TEXT("{\"a\":1,\n \"a\":2}"), false, 2, 2 },
	{ "a key twice by escape", TEXT("{\"a\":1,\"\\u0061\":2}"), false, 1, 8 },
	{ "a key twice, inside", TEXT("[{\"b\":{\"a\":1,\"a\":1}}]"), false, 1, 14 },
	{ "the same key in two objects", TEXT("[{\"a\":1},{\"a\":1}]"), true, 0, 0 },
	{ "keys that differ in case", TEXT("{\"a\":1,\"A\":1}"), true, 0, 0 },
	{ "keys that differ in form (NFC, NFD)", TEXT("{\"\xc3\xa9\":1,\"e\xcc\x81\":1}"), true, 0, 0 },
	{ "a NUL by escape", TEXT("[\"\\u0000\"]"), false, 1, 3 },
	{ "a NUL by escape in a key", TEXT("{\"a\\u0000\":1}"), false, 1, 4 },
	{ "a NUL", TEXT("[\"a\0\"]"), false, 1, 4 },
	{ "a newline in a string", TEXT("[\"\n\"]"), false, 1, 3 },
	{ "bytes that are not UTF-8", TEXT("[\"\xff\"]"), false, 1, 3 },
	{ "overlong UTF-8", TEXT("[\"\xc0\xaf\"]"), false, 1, 3 },
	{ "a surrogate in UTF-8", TEXT("[\"\xed\xa0\x80\"]"), false, 1, 3 },
	{ "UTF-8 beyond U+10FFFF", TEXT("[\"\xf4\x90\x80\x80\"]"), false, 1, 3 },
	{ "a surrogate pair", TEXT("[\"\\ud83d\\ude00\"]"), true, 0, 0 },
	{ "a high surrogate alone", TEXT("[\"\\ud83d\"]"), false, 1, 3 },
	{ "a high surrogate before another", TEXT("[\"\\ud83d\\ud83d\"]"), false, 1, 3 },
	{ "a low surrogate alone", TEXT("[\"\\ude00\"]"), false, 1, 3 },
	{ "an escape that is none", TEXT("[\"\\x41\"]"), false, 1, 3 },
	{ "half an escape", TEXT("[\"\\u00"), false, 1, 3 },
	{ "a backslash at the end", TEXT("\"\\"), false, 1, 2 },
	{ "2^53 - 1", TEXT("[9007199254740991,-9007199254740991]"), true, 0, 0 },
	{ "2^53", TEXT("[9007199254740992]"), false, 1, 2 },
	{ "-2^53", TEXT("[-9007199254740992]"), false, 1, 2 },
	{ "2^64", TEXT("[18446744073709551616]"), false, 1, 2 },
	{ "a big real", TEXT("[1e300]"), true, 0, 0 },
	{ "a real beyond a double", TEXT("[0,1e400]"), false, 1, 4 },
	{ "a real beyond a double, below", TEXT("[-1e400]"), false, 1, 2 },
	{ "a leading zero", TEXT("[01]"), false, 1, 2 },
	{ "a plus", TEXT("[+1]"), false, 1, 2 },
	{ "no digit after the point", TEXT("[1.]"), false, 1, 4 },
	{ "no digit before the point", TEXT("[.1]"), false, 1, 2 },
	{ "hexadecimal", TEXT("[0x1]"), false, 1, 3 },
	{ "a minus alone", TEXT("[-]"), false, 1, 3 },
	{ "minus zero", TEXT("[-0]"), true, 0, 0 },
};

static void reads_strictly(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(json) json_t *doc = NULL;
		struct json_place at = { 0 };
		struct err e = { 0 };
		bool holds = json_read(&doc, rows[i].text, rows[i].size, &at, &e) == 0;

		if (holds != rows[i].holds || holds != (doc != NULL))
			fail_msg("%s: %s", rows[i].what, e.text);
		if (at.line != rows[i].line || at.column != rows[i].column)
			fail_msg("%s: at %zu:%zu: %s", rows[i].what, at.line, at.column, e.text);
		assert_true(holds || e.text[0]);
	}
}

static bool reads_depth(size_t depth, char open, char close)
{
	scoped(json) json_t *doc = NULL;
	char text[1024];
	struct err e = { 0 };
	size_t size = 0, i;

	for (i = 0; i < depth; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, open == '{' ? "{\"a\":" : "[");
	text[size++] = '1';
	for (i = 0; i < depth; i++)
		text[size++] = close;
	return json_read(&doc, text, size, NULL, &e) == 0;
}

static void depth_is_bounded(void **state)
{
	(void)state;
	assert_true(reads_depth(JSON_DEPTH, '[', ']') && reads_depth(JSON_DEPTH, '{', '}'));
	assert_false(reads_depth(JSON_DEPTH + 1, '[', ']') || reads_depth(JSON_DEPTH + 1, '{', '}'));
}

static void errors_name_both(void **state)
{
	struct err e = { 0 };
	json_t *doc = NULL;

	(void)state;
	assert_int_equal(json_read(&doc, "[1 2]", 5, NULL, &e), -1);
	assert_string_equal(e.text, "expected \",\" or \"]\", found 2");
	assert_int_equal(json_read(&doc, "{\"a\":1,\"a\":2}", 13, NULL, &e), -1);
	assert_string_equal(e.text, "expected each member once, found \"a\" again");
}

static void messages_are_bounded(void **state)
{
	struct err e = { 0 };
	char text[2 * JSON_VALUES + 1];
	json_t *doc = NULL;
	size_t i;

	(void)state;
	memset(text, '1', sizeof(text));
	for (i = 2; i < sizeof(text); i += 2)
		text[i] = ',';
	text[0] = '[';
	text[2 * JSON_VALUES] = ']';	/* JSON_VALUES numbers and the array: one too many */
	assert_int_equal(json_read_message(&doc, text, sizeof(text), &e), -1);
	assert_string_equal(e.text, "more than 100000 values");
	assert_int_equal(json_read(&doc, text, sizeof(text), NULL, &e), 0);	/* an operator's file */
	assert_int_equal(json_values(doc), JSON_VALUES + 1);
	json_decref(doc);
	text[2 * JSON_VALUES - 2] = ']';
	assert_int_equal(json_read_message(&doc, text, 2 * JSON_VALUES - 1, &e), 0);
	assert_int_equal(json_values(doc), JSON_VALUES);
	json_decref(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_strictly),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(errors_name_both),
		cmocka_unit_test(messages_are_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
