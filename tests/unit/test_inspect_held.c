/* A secret that reeve holds is found behind every door that reeve says it watches, and taken out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "inspect/inspect.h"
#include "json/json.h"

#define SECRET "tok-9f/Qz\"7+mL%vX_4a"

static const uint8_t key[INSPECT_KEY] = "0123456789abcdef0123456789abcde";

static struct inspect_held *held_of(const char *name, const char *secret)
{
	struct buf prints = BUF(INSPECT_PRINTS);
	struct inspect_held *h = NULL;
	struct err e = { 0 };

	assert_true(inspect_prints_begin(&prints, key));
	assert_int_equal(inspect_prints_add(&prints, "other", "another-secret-of-ours", 22, &e), 0);
	assert_int_equal(inspect_prints_add(&prints, name, secret, strlen(secret), &e), 0);
	assert_int_equal(inspect_held_load(&h, prints.data, prints.size, &e), 0);
	buf_free(&prints);
	return h;
}

static void add_base64(struct buf *out, const char *bytes, size_t size, bool url, size_t fold)
{
	static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i, j, written = 0;

	for (i = 0; i < size; i += 3) {
		uint32_t bits = 0;

		for (j = 0; j < 3; j++)
			bits = bits << 8 | (i + j < size ? (uint8_t)bytes[i + j] : 0);
		for (j = 0; j < 4 && (j < 2 || i + j - 1 < size); j++) {
			char c = standard[bits >> (18 - 6 * j) & 63];

			c = url && c == '+' ? '-' : url && c == '/' ? '_' : c;
			buf_add(out, &c, 1);
			if (fold && ++written % fold == 0)
				buf_puts(out, "\r\n");
		}
	}
}

static void add_hex(struct buf *out, const char *bytes, size_t size, const char *format)
{
	size_t i;

	for (i = 0; i < size; i++)
		buf_printf(out, i % 3 && strcmp(format, "mixed") == 0 ? "%02x"
				: strcmp(format, "lower") == 0	      ? "%02x"
				: strcmp(format, "upper") == 0	      ? "%02X"
				: strcmp(format, "percent") == 0      ? "%%%02x"
				: strcmp(format, "shell") == 0	      ? "\\x%02x"
				: strcmp(format, "unit") == 0	      ? "\\u%04X"
								      : "%02X",
			   (uint8_t)bytes[i]);
}

static enum inspect_found found(const struct inspect_held *h, json_t *value)
{
	const char *name = NULL;
	enum inspect_found f = inspect_find(h, value, &name);

	if (f == INSPECT_FOUND)
		assert_string_equal(name, "token");
	json_decref(value);
	return f;
}

static json_t *text_of(struct buf *b)
{
	json_t *value = json_pack("{s:[{s:s#}]}", "a", "b", b->data, (int)b->size);

	b->size = 0;
	return value;
}

static void every_encoding_of_it_is_found(void **state)
{
	struct inspect_held *h = held_of("token", SECRET);
	struct buf b = BUF(65536), inner = BUF(65536);
	static const char *const hexes[] = { "lower", "upper", "mixed", "percent", "shell", "unit" };
	size_t i, before, fold;

	(void)state;
	buf_puts(&b, SECRET);
	assert_int_equal(found(h, text_of(&b)), INSPECT_FOUND);
	buf_puts(&b, "Authorization: Bearer " SECRET ", thanks");
	assert_int_equal(found(h, text_of(&b)), INSPECT_FOUND);
	for (before = 0; before < 7; before++)
		for (fold = 0; fold < 3; fold++)
			for (i = 0; i < 2; i++) {
				buf_add(&inner, "xyzzy12", before);
				buf_puts(&inner, SECRET " and more");
				add_base64(&b, inner.data, inner.size, i, fold * 19);
				inner.size = 0;
				assert_int_equal(found(h, text_of(&b)), INSPECT_FOUND);
			}
	for (i = 0; i < sizeof(hexes) / sizeof(hexes[0]); i++) {
		buf_puts(&b, "see 1");
		add_hex(&b, SECRET, strlen(SECRET), hexes[i]);
		assert_int_equal(found(h, text_of(&b)), INSPECT_FOUND);
	}
	buf_puts(&b, "https://x/?q=tok-9f%2fQz%227%2BmL%25vX_4a&r=1");
	assert_int_equal(found(h, text_of(&b)), INSPECT_FOUND);
	buf_puts(&b, "{\"k\": \"tok-9f\\/Qz\\\"7+mL%vX_4a\"}");
	assert_int_equal(found(h, text_of(&b)), INSPECT_FOUND);
	buf_free(&b);
	buf_free(&inner);
	inspect_held_free(h);
}

static void encodings_within_each_other_are_found(void **state)
{
	struct inspect_held *h = held_of("token", SECRET);
	struct buf a = BUF(65536), b = BUF(65536);

	(void)state;
	add_base64(&a, "{\"k\":\"" SECRET "\"}", strlen(SECRET) + 8, false, 0);
	add_base64(&b, a.data, a.size, true, 0);
	a.size = 0;
	add_hex(&a, b.data, b.size, "percent");
	assert_int_equal(found(h, text_of(&a)), INSPECT_FOUND);
	b.size = 0;
	add_hex(&a, SECRET, strlen(SECRET), "lower");
	add_base64(&b, a.data, a.size, false, 0);
	assert_int_equal(found(h, text_of(&b)), INSPECT_FOUND);
	buf_free(&a);
	buf_free(&b);
	inspect_held_free(h);
}

static void what_is_split_over_neighbours_is_found(void **state)
{
	static const char *const rows[] = {
		"{\"a\": \"tok-9f/Qz\\\"\", \"b\": \"7+mL%vX_4a\"}",
		"{\"a\": [\"tok-9f\", \"/Qz\\\"7\", \"+mL%vX_4a\"]}",
		"{\"tok-9f/Qz\\\"\": \"7+mL%vX_4a\"}",
		"{\"tok-9f/Qz\\\"\": 1, \"7+mL%vX_4a\": 2}",
		"{\"tok-9f/Qz\\\"7+mL%vX_4a\": 2}",
		"{\"x\": {\"y\": [[\"tok-9f/Qz\\\"7+mL%vX_\", 4], \"a\"]}}",
		"[{\"t\": \"x\", \"v\": \"tok-9f/Qz\\\"\"}, {\"t\": \"x\", \"v\": \"7+mL%vX_4a\"}]",
		"{\"a\": \"dG9rLTlmL1F6\", \"b\": \"IjcrbUwldlhfNGE=\"}",
	};
	struct inspect_held *h = held_of("token", SECRET);
	struct err e = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *value = NULL;

		assert_int_equal(json_read(&value, rows[i], strlen(rows[i]), NULL, &e), 0);
		if (found(h, value) != INSPECT_FOUND)
			fail_msg("%s", rows[i]);
	}
	inspect_held_free(h);
}

static void what_is_not_it_is_not_found(void **state)
{
	static const char *const rows[] = {
		"", "tok-9f/Qz", "tok-9f/Qz\"7+mL%vX_4b", "TOK-9F/QZ\"7+ML%VX_4A",
		"a4_Xv%Lm+7\"zQ/f9-kot", "another-secret-of-our",
	};
	struct inspect_held *h = held_of("token", SECRET);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (found(h, json_pack("{s:s}", "a", rows[i])) != INSPECT_NONE)
			fail_msg("%s", rows[i]);
	inspect_held_free(h);
}

static void a_number_can_be_a_secret(void **state)
{
	struct inspect_held *h = held_of("token", "1234567890");

	(void)state;
	assert_int_equal(found(h, json_pack("{s:I}", "a", (json_int_t)1234567890)), INSPECT_FOUND);
	assert_int_equal(found(h, json_pack("[I,I]", (json_int_t)12345, (json_int_t)67890)), INSPECT_FOUND);
	assert_int_equal(found(h, json_pack("{s:I}", "a", (json_int_t)123456789)), INSPECT_NONE);
	inspect_held_free(h);
}

#define LINE1 "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
#define LINE2 "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu"
#define LINE3 "NMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s+CLOyS56YyCFGeJZ"
#define LINE4 "qgtzJ6GR3eqoYSW9b9UMvkBpZODSctWSNGj3P7jRFDO5VoTwCQAWbFnOjDfH5Ulg"
#define LINE5 "p2PKSQnSJP3AJLQNFNe7br1XbrhV//eO+t51mIpGSDCUv3E0DDFcWDTH9cXDTTlR"

static void a_key_file_is_found_by_half_of_its_lines(void **state)
{
	struct inspect_held *h = held_of("token", "-----BEGIN PRIVATE KEY-----\n" LINE1 "\n" LINE2 "\n" LINE3
						  "\n" LINE4 "\n" LINE5 "\n-----END PRIVATE KEY-----\n");

	(void)state;
	assert_int_equal(found(h, json_pack("{s:s}", "a", LINE1 "\\n" LINE2 "\\n" LINE3)), INSPECT_FOUND);
	assert_int_equal(found(h, json_pack("{s:s}", "a", LINE2 LINE3 LINE4)), INSPECT_FOUND);
	assert_int_equal(found(h, json_pack("{s:s, s:s}", "a", LINE3 LINE4, "b", LINE2)), INSPECT_FOUND);
	assert_int_equal(found(h, json_pack("{s:s}", "a", "-----BEGIN PRIVATE KEY-----\n" LINE1)),
			 INSPECT_NONE);
	inspect_held_free(h);
}

static void what_cannot_be_guarded_is_refused(void **state)
{
	struct buf prints = BUF(INSPECT_PRINTS);
	char long_one[INSPECT_LONGEST + 2] = { 0 };
	struct err e = { 0 };

	(void)state;
	memset(long_one, 'x', sizeof(long_one) - 1);
	inspect_prints_begin(&prints, key);
	assert_int_equal(inspect_prints_add(&prints, "short", " 1234567\n", 9, &e), -1);
	assert_non_null(strstr(e.text, "secret short: it has 7 bytes"));
	assert_int_equal(inspect_prints_add(&prints, "long", long_one, strlen(long_one), &e), -1);
	assert_int_equal(inspect_prints_add(&prints, "lines", "123456\n123456\n12", 16, &e), -1);
	assert_int_equal(inspect_prints_add(&prints, "", "12345678", 8, &e), -1);
	buf_free(&prints);
}

static void prints_that_are_none_are_not_loaded(void **state)
{
	struct buf prints = BUF(INSPECT_PRINTS);
	struct inspect_held *h = NULL;
	struct err e = { 0 };
	size_t i;

	(void)state;
	inspect_prints_begin(&prints, key);
	assert_int_equal(inspect_prints_add(&prints, "token", SECRET, strlen(SECRET), &e), 0);
	for (i = 0; i < prints.size; i++)
		if (i != INSPECT_KEY && inspect_held_load(&h, prints.data, i, &e) == 0)
			fail_msg("%zu", i);
	prints.data[prints.size - 18] = 60; /* the size of a piece */
	assert_int_equal(inspect_held_load(&h, prints.data, prints.size, &e), -1);
	buf_free(&prints);
}

static void prints_hold_nothing_of_it(void **state)
{
	struct buf prints = BUF(INSPECT_PRINTS);
	struct err e = { 0 };
	size_t i;

	(void)state;
	inspect_prints_begin(&prints, key);
	assert_int_equal(inspect_prints_add(&prints, "token", SECRET, strlen(SECRET), &e), 0);
	for (i = 0; i + 4 < strlen(SECRET); i++)
		assert_null(memmem(prints.data, prints.size, SECRET + i, 4));
	buf_free(&prints);
}

static void it_is_taken_out_of_what_servers_say(void **state)
{
	static const struct {
		const char *given, *shown; /* NULL: nothing of it may be passed on */
	} rows[] = {
		{ "{\"t\":\"a " "tok-9f/Qz\\\"7+mL%vX_4a" " b\"}", "{\"t\":\"a [secret token removed by reeve] b\"}" },
		{ "[\"tok-9f/Qz\\\"7+mL%vX_4atok-9f/Qz\\\"7+mL%vX_4a\",\"c\"]",
		  "[\"[secret token removed by reeve]\",\"c\"]" },
		{ "[\"x746f6b2d39662f517a22372b6d4c2576585f3461\",\"c\"]",
		  "[\"[secret token removed by reeve]\",\"c\"]" },
		{ "{\"tok-9f/Qz\\\"7+mL%vX_4a\":1}", NULL },
		{ "[\"tok-9f/Qz\\\"\",\"7+mL%vX_4a\"]", NULL },
	};
	struct inspect_held *h = held_of("token", SECRET);
	struct buf out = BUF(65536);
	struct err e = { 0 };
	const char *name;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *value = NULL;

		assert_int_equal(json_read(&value, rows[i].given, strlen(rows[i].given), NULL, &e), 0);
		assert_int_equal(inspect_clean(h, value, &name),
				 rows[i].shown ? INSPECT_FOUND : INSPECT_UNSURE);
		assert_string_equal(name, "token");
		out.size = 0;
		assert_true(json_write(&out, value));
		if (rows[i].shown)
			assert_string_equal(buf_text(&out), rows[i].shown);
		json_decref(value);
	}
	buf_free(&out);
	inspect_held_free(h);
}

/* However it is nested, what looking costs is bounded, and past the bound nothing is passed. */
static void who_makes_it_too_hard_is_not_passed(void **state)
{
	struct inspect_held *h = held_of("token", SECRET);
	struct buf b = BUF(8 << 20);
	size_t i;
	enum inspect_found f;

	(void)state;
	for (i = 0; i < 200000; i++)
		buf_puts(&b, "%25\\\\QUFB");
	f = found(h, text_of(&b));
	assert_true(f == INSPECT_NONE || f == INSPECT_UNSURE);
	buf_free(&b);
	inspect_held_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_encoding_of_it_is_found),
		cmocka_unit_test(encodings_within_each_other_are_found),
		cmocka_unit_test(what_is_split_over_neighbours_is_found),
		cmocka_unit_test(what_is_not_it_is_not_found),
		cmocka_unit_test(a_number_can_be_a_secret),
		cmocka_unit_test(a_key_file_is_found_by_half_of_its_lines),
		cmocka_unit_test(what_cannot_be_guarded_is_refused),
		cmocka_unit_test(prints_that_are_none_are_not_loaded),
		cmocka_unit_test(prints_hold_nothing_of_it),
		cmocka_unit_test(it_is_taken_out_of_what_servers_say),
		cmocka_unit_test(who_makes_it_too_hard_is_not_passed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
