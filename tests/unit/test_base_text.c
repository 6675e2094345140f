/* Text from strangers, bounded buffers, errors: the ground floor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/scope.h"
#include "base/text.h"

static void utf8_is_told_from_what_is_not(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t size;
		bool good;
	} rows[] = {
		{ "ASCII", "a", 1, true },
		{ "two bytes", "\xc3\xbc", 2, true },
		{ "three bytes", "\xe2\x82\xac", 3, true },
		{ "four bytes", "\xf0\x9f\x98\x80", 4, true },
		{ "the last code point", "\xf4\x8f\xbf\xbf", 4, true },
		{ "beyond the last", "\xf4\x90\x80\x80", 4, false },
		{ "overlong slash", "\xc0\xaf", 2, false },
		{ "overlong in three", "\xe0\x80\xaf", 3, false },
		{ "a surrogate", "\xed\xa0\x80", 3, false },
		{ "a lone continuation", "\x80", 1, false },
		{ "cut short", "\xe2\x82", 2, false },
		{ "0xff", "\xff", 1, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++)
		assert_int_equal(text_is_utf8(rows[i].bytes, rows[i].size), rows[i].good);
}

static void nothing_shown_can_act_on_a_terminal(void **state)
{
	static const struct {
		const char *given, *shown;
	} rows[] = {
		{ "plain ü €", "plain ü €" },
		{ "\x1b[31mred", "\\x1b[31mred" },
		{ "a\nb\rc\td", "a\\x0ab\\x0dc\\x09d" },
		{ "\x7f", "\\x7f" },
		{ "\xc2\x9b" "31m", "\\x9b31m" },
		{ "\xe2\x80\xae" "evil", "\\u{202e}evil" },
		{ "\xe2\x80\x8b", "\\u{200b}" },
		{ "\xef\xbb\xbf", "\\u{feff}" },
		{ "\xf3\xa0\x81\x81", "\\u{e0041}" },
		{ "\xff", "\\xff" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		struct buf out = BUF(256);

		assert_true(text_visible(&out, rows[i].given, strlen(rows[i].given)));
		assert_string_equal(buf_text(&out), rows[i].shown);
		buf_free(&out);
	}
}

static void cuts_fall_between_code_points(void **state)
{
	(void)state;
	assert_int_equal(text_cut("abc", 3, 8), 3);
	assert_int_equal(text_cut("abc", 3, 2), 2);
	assert_int_equal(text_cut("a\xe2\x82\xac", 4, 3), 1);
	assert_int_equal(text_cut("a\xe2\x82\xac", 4, 4), 4);
	assert_int_equal(text_cut("\xf0\x9f\x98\x80", 4, 3), 0);
}

static void names_are_safe_as_file_names(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{ "default", true }, { "a", true },	 { "a.b-c_9", true }, { "", false },
		{ ".", false },	     { "..", false },	 { "-rf", false },    { "a/b", false },
		{ "A", false },	     { "a b", false },	 { "ü", false },      { "_x", false },
		{ "0123456789012345678901234567890123456789012345678901234567890123", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++)
		assert_int_equal(text_is_name(rows[i].name), rows[i].good);
}

static void a_buffer_never_grows_past_its_bound(void **state)
{
	struct buf b = BUF(8);

	(void)state;
	assert_true(buf_puts(&b, "12345678"));
	assert_false(buf_puts(&b, "9"));
	assert_false(buf_puts(&b, ""));	/* sticky: who did not look at once still finds out */
	assert_null(buf_text(&b));
	buf_free(&b);
	assert_true(buf_puts(&b, "again"));
	buf_drop(&b, 2);
	assert_string_equal(buf_text(&b), "ain");
	buf_free(&b);
}

static void errors_gain_context_and_never_overflow(void **state)
{
	struct err e = { 0 };
	int i;

	(void)state;
	assert_int_equal(err_set(&e, ERR_INPUT, "bottom %d", 1), -1);
	assert_int_equal(err_in(&e, "middle"), -1);
	assert_string_equal(e.text, "middle: bottom 1");
	for (i = 0; i < 100; i++)
		err_in(&e, "again and again");
	assert_true(strlen(e.text) < sizeof(e.text));
	assert_int_equal(e.kind, ERR_INPUT);
}

static void stamps_are_rfc_3339(void **state)
{
	char stamp[32], want[40];
	int64_t second;
	struct tm t;

	(void)state;
	clock_stamp(stamp, 0);
	assert_string_equal(stamp, "1970-01-01T00:00:00.000000Z");
	clock_stamp(stamp, UINT64_C(1763697540000042));
	assert_string_equal(stamp, "2025-11-21T03:59:00.000042Z");
	for (second = 0; second < INT64_C(253402300800); second += 86400 * 13 + 4127) {
		gmtime_r(&(time_t){ second }, &t);	/* to the end of the year 9999 */
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.999999Z", &t);
		clock_stamp(stamp, (uint64_t)second * 1000000u + 999999u);
		assert_string_equal(stamp, want);
	}
	assert_int_equal(clock_left_ms(0), 0);
	assert_true(clock_left_ms(clock_mono_ns() + 1) >= 0);
}

static void a_file_is_read_whole_or_refused(void **state)
{
	enum { MOST = 200000 };
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 131072, MOST - 1, MOST, MOST + 1, 3 * MOST };
	char *given = malloc(3 * MOST), *back;
	struct err e = { .kind = ERR_NONE };
	size_t i, size;
	int fd;

	(void)state;
	for (i = 0; i < 3 * MOST; i++)
		given[i] = (char)(i * i >> 7);
	for (i = 0; i < count_of(sizes); i++) {
		assert_int_equal(fd_of_bytes(&fd, "test", given, sizes[i], &e), 0);
		assert_int_equal(fd_read_all(&back, &size, fd, MOST, &e), sizes[i] > MOST ? -1 : 0);
		close(fd);
		if (sizes[i] > MOST) {
			assert_string_equal(e.text, "larger than 200000 bytes");
			continue;
		}
		assert_int_equal(size, sizes[i]);
		assert_memory_equal(back, given, size);
		assert_int_equal(back[size], 0);
		free(back);
	}
	free(given);
}

/* As much as there is room for, and all of it or nothing. */
static void long_prints(void **state)
{
	scoped(buf) struct buf b = BUF(2000), small = BUF(900);
	char text[1001] = "";

	(void)state;
	memset(text, 'x', 1000);
	assert_true(buf_printf(&b, "<%s>", text));
	assert_int_equal(b.size, 1002);
	assert_memory_equal(b.data + 1, text, 1000);
	assert_true(b.data[0] == '<' && b.data[1001] == '>');
	assert_true(buf_printf(&b, "%d", 7) && b.size == 1003);
	assert_false(buf_printf(&b, "%s", text));
	assert_true(b.over && b.size == 1003);
	assert_false(buf_printf(&small, "%s", text));
	assert_true(small.over && small.size == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_prints),
		cmocka_unit_test(utf8_is_told_from_what_is_not),
		cmocka_unit_test(a_file_is_read_whole_or_refused),
		cmocka_unit_test(nothing_shown_can_act_on_a_terminal),
		cmocka_unit_test(cuts_fall_between_code_points),
		cmocka_unit_test(names_are_safe_as_file_names),
		cmocka_unit_test(a_buffer_never_grows_past_its_bound),
		cmocka_unit_test(errors_gain_context_and_never_overflow),
		cmocka_unit_test(stamps_are_rfc_3339),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
