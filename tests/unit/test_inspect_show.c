/* What servers say: nothing hides in it and nothing acts, and what people write stays as they wrote it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "inspect/inspect.h"
#include "json/json.h"

#define ZWJ "\xe2\x80\x8d"
#define ZWNJ "\xe2\x80\x8c"
#define VS16 "\xef\xb8\x8f"
#define TAG(c) "\xf3\xa0\x81" c

static void what_hides_or_acts_is_shown_or_gone(void **state)
{
	static const struct {
		const char *what, *given, *visible, *removed;
	} rows[] = {
		{ "a colour", "a\x1b[31mb\x1b[0m", "a\\x1b[31mb\\x1b[0m", "ab" },
		{ "a title", "a\x1b]0;you won\ab", "a\\x1b]0;you won\\x07" "b", "ab" },
		{ "a link", "\x1b]8;;http://e\x1b\\x\x1b]8;;\x1b\\", "\\x1b]8;;http://e\\x1b\\x\\x1b]8;;\\x1b\\", "x" },
		{ "one that does not end", "a\x1b]0;b", "a\\x1b]0;b", "a]0;b" },
		{ "a reset", "\x1b" "ca", "\\x1b" "ca", "a" },
		{ "a character set", "\x1b(0a", "\\x1b(0a", "a" },
		{ "CSI in one", "\xc2\x9b" "2Ja", "\\x9b2Ja", "a" },
		{ "OSC in one", "\xc2\x9d" "0;t\xc2\x9c" "a", "\\x9d0;t\\x9c" "a", "a" },
		{ "overwriting", "rm -rf /\recho", "rm -rf /\\x0decho", "rm -rf /echo" },
		{ "backspace", "ab\b\bcd", "ab\\x08\\x08" "cd", "abcd" },
		{ "DEL", "a\x7f", "a\\x7f", "a" },
		{ "right-to-left override", "a\xe2\x80\xae" "b", "a\\u{202e}b", "ab" },
		{ "isolates", "a\xe2\x81\xa6" "b\xe2\x81\xa9", "a\\u{2066}b\\u{2069}", "ab" },
		{ "a mark among Latin", "a\xe2\x80\x8f" "b", "a\\u{200f}b", "ab" },
		{ "zero width space", "a\xe2\x80\x8b" "b", "a\\u{200b}b", "ab" },
		{ "word joiner and BOM", "\xe2\x81\xa0\xef\xbb\xbf", "\\u{2060}\\u{feff}", "" },
		{ "a joiner among Latin", "a" ZWJ "b", "a\\u{200d}b", "ab" },
		{ "two joiners", "\xf0\x9f\x91\xa9" ZWJ ZWJ "\xf0\x9f\x92\xbb",
		  "\xf0\x9f\x91\xa9\\u{200d}\\u{200d}\xf0\x9f\x92\xbb", "\xf0\x9f\x91\xa9" ZWJ "\xf0\x9f\x92\xbb" },
		{ "tags", "a" TAG("\xa9") TAG("\xa7"), "a\\u{e0069}\\u{e0067}", "a" },
		{ "tags behind a flag that is none", "\xf0\x9f\x8f\xb4" TAG("\xa8") TAG("\xa9"),
		  "\xf0\x9f\x8f\xb4\\u{e0068}\\u{e0069}", "\xf0\x9f\x8f\xb4" },
		{ "a selector behind a letter", "a" VS16, "a\\u{fe0f}", "a" },
		{ "a second selector", "\xe2\x9d\xa4" VS16 VS16, "\xe2\x9d\xa4" VS16 "\\u{fe0f}", "\xe2\x9d\xa4" VS16 },
		{ "data in selectors", "\xf0\x9f\x98\x80\xf3\xa0\x84\x80\xf3\xa0\x84\x81",
		  "\xf0\x9f\x98\x80\\u{e0100}\\u{e0101}", "\xf0\x9f\x98\x80" },
		{ "a soft hyphen", "pass\xc2\xad" "word", "pass\\xadword", "password" },
		{ "a Hangul filler", "a\xe3\x85\xa4" "b", "a\\u{3164}b", "ab" },
		{ "line separator", "a\xe2\x80\xa8" "b", "a\\u{2028}b", "ab" },
		{ "a Mongolian separator", "a\xe1\xa0\x8e" "b", "a\\u{180e}b", "ab" },
	};
	struct buf b = BUF(4096);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b.size = 0;
		if (!inspect_show(&b, rows[i].given, strlen(rows[i].given), SHOW_VISIBLE) ||
		    strcmp(buf_text(&b), rows[i].visible) != 0)
			fail_msg("%s: %s", rows[i].what, buf_text(&b));
		b.size = 0;
		if (!inspect_show(&b, rows[i].given, strlen(rows[i].given), SHOW_REMOVED) ||
		    strcmp(buf_text(&b), rows[i].removed) != 0)
			fail_msg("%s, removed: %s", rows[i].what, buf_text(&b));
		b.size = 0;
		assert_false(inspect_show(&b, rows[i].given, strlen(rows[i].given), SHOW_AS_IT_IS));
		assert_string_equal(buf_text(&b), rows[i].given);
	}
	buf_free(&b);
}

static void what_people_write_stays(void **state)
{
	static const char *const rows[] = {
		"", "plain", "a\nb\tc\r\nd", "na\xc3\xafve caf\xc3\xa9 \xe2\x82\xac 5", "e\xcc\x81",
		/* a family, a woman with skin tone who codes, a heart on fire, a keycap, a pirate flag, a flag of two letters */
		"\xf0\x9f\x91\xa9" ZWJ "\xf0\x9f\x91\xa9" ZWJ "\xf0\x9f\x91\xa7",
		"\xf0\x9f\x91\xa9\xf0\x9f\x8f\xbd" ZWJ "\xf0\x9f\x92\xbb", "\xe2\x9d\xa4" VS16 ZWJ "\xf0\x9f\x94\xa5",
		"1" VS16 "\xe2\x83\xa3", "\xf0\x9f\x8f\xb4" ZWJ "\xe2\x98\xa0" VS16, "\xf0\x9f\x87\xab\xf0\x9f\x87\xb7",
		"\xe2\x98\xba\xef\xb8\x8e", "\xc2\xa9" VS16,
		/* Scotland */
		"\xf0\x9f\x8f\xb4" TAG("\xa7") TAG("\xa2") TAG("\xb3") TAG("\xa3") TAG("\xb4") TAG("\xbf"),
		/* Persian with its non-joiner, Hindi with its joiner, Hebrew with a mark beside it */
		"\xd9\x85\xdb\x8c" ZWNJ "\xd8\xae\xd9\x88\xd8\xa7\xd9\x87\xd9\x85",
		"\xe0\xa4\x95\xe0\xa5\x8d" ZWJ "\xe0\xa4\xb7", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d\xe2\x80\x8f (1)",
		/* an ideograph in a form of its own, Mongolian likewise */
		"\xe8\x91\x9b\xf3\xa0\x84\x80", "\xe1\xa0\xa0\xe1\xa0\x8b", "\xe4\xb8\xad\xe6\x96\x87 \xed\x95\x9c\xea\xb5\xad",
	};
	struct buf b = BUF(4096);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b.size = 0;
		if (inspect_show(&b, rows[i], strlen(rows[i]), SHOW_VISIBLE) || strcmp(buf_text(&b), rows[i]) != 0)
			fail_msg("row %zu: %s", i, buf_text(&b));
	}
	buf_free(&b);
}

static const struct {
	const char *what, *given, *passed;
	unsigned altered;
} results[] = {
	{ "a text", "{\"content\":[{\"type\":\"text\",\"text\":\"0123456789\"}]}",
	  "{\"content\":[{\"type\":\"text\",\"text\":\"0123456789\"}]}", 0 },
	{ "a longer one", "{\"content\":[{\"type\":\"text\",\"text\":\"0123456789abcdefg\"}]}",
	  "{\"content\":[{\"type\":\"text\",\"text\":\"0123456789abcdef\\n[reeve: cut here, 1 bytes were left out]\"}]}",
	  ALTERED_CUT },
	{ "within a character", "{\"content\":[{\"type\":\"text\",\"text\":\"0123456789abcde\xe2\x82\xac\"}]}",
	  "{\"content\":[{\"type\":\"text\",\"text\":\"0123456789abcde\\n[reeve: cut here, 3 bytes were left out]\"}]}",
	  ALTERED_CUT },
	{ "many", "{\"content\":[{\"type\":\"text\",\"text\":\"0123456789\"},{\"type\":\"text\",\"text\":\"0123456789\"},"
		  "{\"type\":\"text\",\"text\":\"0123456789\"}]}",
	  "{\"content\":[{\"type\":\"text\",\"text\":\"0123456789\"},{\"type\":\"text\",\"text\":\"012345\\n[reeve: cut "
	  "here, 4 bytes were left out]\"}]}",
	  ALTERED_CUT },
	{ "an image", "{\"content\":[{\"type\":\"image\",\"data\":\"0123456789abcdef0123456789abcdef0\",\"mimeType\":\"x\"}]}",
	  "{\"content\":[{\"type\":\"text\",\"text\":\"[reeve: data of 33 bytes was left out, 32 are allowed]\"}]}",
	  ALTERED_CUT },
	{ "a blob", "{\"contents\":[{\"uri\":\"a:b\",\"blob\":\"0123456789abcdef0123456789abcdef0\"}]}",
	  "{\"contents\":[{\"uri\":\"a:b\",\"text\":\"[reeve: data of 33 bytes was left out, 32 are allowed]\","
	  "\"mimeType\":\"text/plain\"}]}",
	  ALTERED_CUT },
	{ "an embedded one", "{\"content\":[{\"type\":\"resource\",\"resource\":{\"uri\":\"a:b\",\"text\":\"0123456789abcdefg\"}}]}",
	  "{\"content\":[{\"type\":\"resource\",\"resource\":{\"uri\":\"a:b\",\"text\":\"0123456789abcdef\\n[reeve: cut here, "
	  "1 bytes were left out]\"}}]}",
	  ALTERED_CUT },
	{ "a link to the web", "{\"content\":[{\"type\":\"resource_link\",\"uri\":\"https://a/b\",\"name\":\"n\"}]}",
	  "{\"content\":[{\"type\":\"resource_link\",\"uri\":\"https://a/b\",\"name\":\"n\"}]}", 0 },
	{ "a link to its own", "{\"content\":[{\"type\":\"resource_link\",\"uri\":\"note://1\",\"name\":\"n\"}]}",
	  "{\"content\":[{\"type\":\"resource_link\",\"uri\":\"note://1\",\"name\":\"n\"}]}", 0 },
	{ "a link to a file", "{\"content\":[{\"type\":\"resource_link\",\"uri\":\"File:///etc/passwd\",\"name\":\"n\"}]}",
	  "{\"content\":[{\"type\":\"text\",\"text\":\"[reeve: a link to File:///etc/passwd was taken out]\"}]}", ALTERED_LINK },
	{ "a script", "{\"content\":[{\"type\":\"resource_link\",\"uri\":\" javascript:x\"}]}",
	  "{\"content\":[{\"type\":\"text\",\"text\":\"[reeve: a link to  javascript:x was taken out]\"}]}", ALTERED_LINK },
	{ "a prompt", "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"0123456789abcdefg\"}}]}",
	  "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"0123456789abcdef\\n[reeve: cut here, 1 bytes "
	  "were left out]\"}}]}",
	  ALTERED_CUT },
	{ "a structure", "{\"content\":[],\"structuredContent\":{\"a\":\"0123456789abcdef\"}}",
	  "{\"content\":[{\"type\":\"text\",\"text\":\"[reeve: the structured content was too long and was left out]\"}],"
	  "\"isError\":true}",
	  ALTERED_CUT },
	{ "what hides", "{\"_meta\":{\"a\\u200b\":\"b\\u001b\"},\"requestState\":\"\\u200b\",\"x\":[\"\\u202e\",{\"requestState\":\"\\u202e\"}]}",
	  "{\"_meta\":{\"a\\\\u{200b}\":\"b\\\\x1b\"},\"requestState\":\"\xe2\x80\x8b\",\"x\":[\"\\\\u{202e}\",{\"requestState\":\"\\\\u{202e}\"}]}",
	  ALTERED_TEXT },
};

static void answers_are_held_to_their_bounds(void **state)
{
	const struct inspect_bounds bounds = { SHOW_VISIBLE, 16, 32 };
	struct buf b = BUF(65536);
	struct err e = { 0 };
	json_t *value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		if (json_read(&value, results[i].given, strlen(results[i].given), NULL, &e) < 0)
			fail_msg("%s: %s", results[i].what, e.text);
		b.size = 0;
		if (inspect_bound(value, &bounds) != results[i].altered || !json_write(&b, value) ||
		    strcmp(buf_text(&b), results[i].passed) != 0)
			fail_msg("%s: %s", results[i].what, buf_text(&b));
		json_decref(value);
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_hides_or_acts_is_shown_or_gone),
		cmocka_unit_test(what_people_write_stays),
		cmocka_unit_test(answers_are_held_to_their_bounds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
