/* tests/unit/test_model_record.c - what the recorder is sent, and what it believes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "model/model.h"

static void travels_unchanged(void **state)
{
	struct record in = { .kind = RECORD_OUTCOME, .ref = 77 }, out = { 0 };
	uint8_t bytes[RECORD_MOST];
	struct err e = { 0 };
	size_t size;

	(void)state;
	record_text(&in, FIELD_TOOL, "read_file");
	record_text(&in, FIELD_WHY, "because \xc3\xa9");
	record_number(&in, FIELD_SIZE, (UINT64_C(1) << 53) - 1);
	record_list(&in, FIELD_COMMAND, "a\0b c\0", 6);
	size = record_pack(bytes, &in);
	assert_true(size > 0);
	assert_int_equal(record_unpack(&out, bytes, size, &e), 0);
	assert_int_equal(out.kind, RECORD_OUTCOME);
	assert_int_equal(out.ref, 77);
	assert_memory_equal(out.value[FIELD_TOOL].text, "read_file", out.value[FIELD_TOOL].size);
	assert_int_equal(out.value[FIELD_SIZE].number, (UINT64_C(1) << 53) - 1);
	assert_int_equal(out.value[FIELD_COMMAND].size, 6);
	assert_false(out.value[FIELD_AGENT].set);
}

static void setters_keep_the_bounds(void **state)
{
	struct record r = { 0 };
	char longer[200];

	(void)state;
	memset(longer, 'a', sizeof(longer));
	memcpy(longer + 63, "\xc3\xa9", 2);	/* stands across the limit of 64 */
	record_bytes(&r, FIELD_AGENT, longer, sizeof(longer));
	assert_int_equal(r.value[FIELD_AGENT].size, 63);
	record_bytes(&r, FIELD_OWNER, "a\xff", 2);
	record_bytes(&r, FIELD_TENANT, "a\0b", 3);
	record_text(&r, FIELD_TASK, NULL);
	record_number(&r, FIELD_SIZE, UINT64_C(1) << 53);
	assert_false(r.value[FIELD_OWNER].set || r.value[FIELD_TENANT].set || r.value[FIELD_TASK].set ||
		     r.value[FIELD_SIZE].set);
}

/* Kind, ref, then one member by hand: little-endian, as record_pack() writes. */
static size_t forge(uint8_t *out, unsigned kind, unsigned field, unsigned size, const void *bytes,
		    size_t held)
{
	memset(out, 0, 10);
	out[0] = (uint8_t)kind, out[1] = (uint8_t)(kind >> 8);
	out[10] = (uint8_t)field, out[11] = (uint8_t)(field >> 8);
	out[12] = (uint8_t)size, out[13] = (uint8_t)(size >> 8);
	memcpy(out + 14, bytes, held);
	return 14 + held;
}

static const struct {
	const char *what;
	unsigned kind, field, size;
	const char *bytes;
	size_t held;
} forged[] = {
	{ "an unknown kind", RECORD_KINDS, FIELD_TOOL, 1, "a", 1 },
	{ "an unknown member", RECORD_INTENT, FIELDS, 1, "a", 1 },
	{ "the recorder's own member", RECORD_INTENT, FIELD_TIME, 1, "a", 1 },
	{ "another of them", RECORD_INTENT, FIELD_N, 8, "\1\0\0\0\0\0\0\0", 8 },
	{ "more than there is", RECORD_INTENT, FIELD_TOOL, 9, "a", 1 },
	{ "larger than it may be", RECORD_INTENT, FIELD_ACTION, 33, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 33 },
	{ "not UTF-8", RECORD_INTENT, FIELD_TOOL, 1, "\xff", 1 },
	{ "a NUL in a text", RECORD_INTENT, FIELD_TOOL, 3, "a\0b", 3 },
	{ "a number of two bytes", RECORD_INTENT, FIELD_SIZE, 2, "\1\1", 2 },
	{ "a number of 2^53", RECORD_INTENT, FIELD_SIZE, 8, "\0\0\0\0\0\0\x20\0", 8 },
	{ "a list without its end", RECORD_INTENT, FIELD_COMMAND, 1, "a", 1 },
};

static void believes_nothing(void **state)
{
	uint8_t bytes[RECORD_MOST];
	size_t size, i;

	(void)state;
	for (i = 0; i < count_of(forged); i++) {
		struct record out = { 0 };
		struct err e = { 0 };

		size = forge(bytes, forged[i].kind, forged[i].field, forged[i].size, forged[i].bytes,
			     forged[i].held);
		if (record_unpack(&out, bytes, size, &e) != -1)
			fail_msg("%s is believed", forged[i].what);
	}
}

static void no_prefix_crashes_it(void **state)
{
	struct record in = { .kind = RECORD_INTENT }, out;
	uint8_t bytes[RECORD_MOST];
	struct err e = { 0 };
	size_t size, cut;

	(void)state;
	record_text(&in, FIELD_TOOL, "t");
	record_number(&in, FIELD_SIZE, 1);
	size = record_pack(bytes, &in);
	for (cut = 0; cut < size; cut++) {
		uint8_t *exact = malloc(cut + 1);	/* so that a sanitizer sees a byte too far */

		assert_non_null(exact);
		memcpy(exact, bytes, cut);
		(void)!record_unpack(&out, exact, cut, &e);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(travels_unchanged),
		cmocka_unit_test(setters_keep_the_bounds),
		cmocka_unit_test(believes_nothing),
		cmocka_unit_test(no_prefix_crashes_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
