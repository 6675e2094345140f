/*
 * Two readers, one meaning: the ledger's own strict one against the JSON library and RFC 8785. What
 * either takes for a record the other takes too, with the same bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "json/json.h"
#include "ledger/ledger.h"

enum { RECORDS = 6000, CHANGES = 20 };

static uint64_t seed = 0x5eed;

static size_t below(size_t count)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (size_t)(seed >> 33) % count;
}

/* --- a record by the library's reading: reeve-ledger(5), "Records" --- */

static bool is_list(const json_t *value, size_t most)
{
	size_t size = 0, i;

	for (i = 0; i < json_array_size(value); i++) {
		if (!json_is_string(json_array_get(value, i)))
			return false;
		size += json_string_length(json_array_get(value, i)) + 1;
	}
	return json_is_array(value) && size <= most;
}

static bool fits(const char *name, const json_t *value)
{
	const struct field_info *info = NULL;
	int f;

	for (f = 0; f < FIELDS && !info; f++)
		if (strcmp(field_info((enum field)f)->name, name) == 0)
			info = field_info((enum field)f);
	if (!info)
		return false;
	if (info->type == FIELD_TYPE_NUMBER)
		return json_is_integer(value) && json_integer_value(value) >= 0;
	if (info->type == FIELD_TYPE_LIST)
		return is_list(value, info->largest);
	return json_is_string(value) && json_string_length(value) <= info->largest;
}

static bool is_kind(const json_t *value)
{
	int k;

	for (k = 0; json_is_string(value) && k < RECORD_KINDS; k++)
		if (strcmp(record_word((enum record_kind)k), json_string_value(value)) == 0)
			return true;
	return false;
}

static bool library_takes(const char *bytes, size_t size)
{
	scoped(json) json_t *value = NULL;
	scoped(buf) struct buf again = BUF(8ul * RECORD_MOST);
	struct err e = { .kind = ERR_NONE };
	void *at;

	if (size > RECORD_MOST || json_read(&value, bytes, size, NULL, &e) < 0 || !json_is_object(value) ||
	    !json_canonical(&again, value) || again.size != size || memcmp(again.data, bytes, size) != 0)
		return false;
	for (at = json_object_iter(value); at; at = json_object_iter_next(value, at))
		if (!fits(json_object_iter_key(at), json_object_iter_value(at)))
			return false;
	return is_kind(json_object_get(value, "kind"));
}

static bool ledger_takes(const char *bytes, size_t size)
{
	struct err e = { .kind = ERR_NONE };
	char room[RECORD_MOST];
	struct record r;

	return entry_read(&r, room, bytes, size, &e) == 0;
}

static bool agreed(const char *bytes, size_t size)
{
	bool ours = ledger_takes(bytes, size), theirs = library_takes(bytes, size);
	scoped(buf) struct buf shown = BUF(8ul * RECORD_MOST);

	if (ours != theirs && text_visible(&shown, bytes, size))
		fail_msg("only the %s takes %s", ours ? "ledger" : "library", buf_text(&shown));
	return ours;
}

/* --- records to read --- */

static const char *const pieces[] = {
	"a", "Z", "0", " ", "/", "\"", "\\", "\b", "\f", "\n", "\r", "\t", "\x01", "\x1f", "\x7f", "\xc2\x80",
	"\xc2\x9b", "\xc3\xbc", "\xc3\xa9", "e\xcc\x81", "\xdf\xbf", "\xe0\xa0\x80", "\xe2\x80\xa8", "\xe2\x80\xae",
	"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbb\xbf", "\xef\xbf\xbd", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
	"\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\\u0000", "\"}", "\",\"kind\":\"",
};

static const uint64_t numbers[] = {
	0, 1, 9, 10, 4294967295, 4294967296, 9007199254740990, 9007199254740991,
};

static size_t a_text(char out[RECORD_MOST], size_t most)
{
	size_t size = 0, step, wanted = below(4) ? below(24) : below(most + 1);
	const char *piece;

	for (;;) {
		piece = pieces[below(count_of(pieces))];
		step = strlen(piece);
		if (size + step > wanted)
			return size;
		memcpy(out + size, piece, step);
		size += step;
	}
}

static size_t a_list(char out[RECORD_MOST], size_t most)
{
	size_t size = 0, items = below(6);

	while (items-- > 0 && size + 64 < most) {
		size += a_text(out + size, 32);
		out[size++] = '\0';
	}
	return size;
}

static size_t a_record(char out[RECORD_MOST])
{
	static char room[FIELDS][RECORD_MOST];
	struct record r = { .kind = (enum record_kind)below(RECORD_KINDS) };
	const struct field_info *info;
	int f;

	for (f = 0; f < FIELDS; f++) {
		info = field_info((enum field)f);
		if (below(3) == 0 && info->type == FIELD_TYPE_NUMBER)
			record_number(&r, (enum field)f, numbers[below(count_of(numbers))]);
		else if (below(3) == 0 && info->type == FIELD_TYPE_LIST)
			record_list(&r, (enum field)f, room[f], a_list(room[f], info->largest));
		else if (below(3) == 0 && info->type == FIELD_TYPE_TEXT)
			record_bytes(&r, (enum field)f, room[f], a_text(room[f], info->largest));
	}
	record_text(&r, FIELD_KIND, record_word(r.kind));
	return entry_write(out, &r);
}

/* What a hostile writer of bytes would try, at a place of chance. */
static size_t change(char *bytes, size_t size)
{
	static const char *const tries[] = {
		"", " ", ",", "\"", "\\", "0", "-", ".0", "e1", "\\u0041", "\\u001f", "\\u001F", "\\/", "\\n", "\\u000a",
		"\\ud800", "\\udc00", "\\ud83d\\ude00", "\\u0000", "null", "true", "{}", "[]", "[", "]", "{", "}", ":", "\n",
		"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xef\xbb\xbf", "\x7f", "\"kind\":\"run\",",
		"\"n\":1,", "\"zz\":1,", "9007199254740992", "\"why\":\"x\",", ",\"a\"", "\"\"",
	};
	const char *put = tries[below(count_of(tries))];
	size_t at = below(size + 1), gone = below(4), step = strlen(put);

	if (below(6) == 0 && size > 0) {
		bytes[below(size)] = (char)below(256);
		return size;
	}
	gone = gone > size - at ? size - at : gone;
	memmove(bytes + at + step, bytes + at + gone, size - at - gone);
	memcpy(bytes + at, put, step);
	return size + step - gone;
}

static void generated(void **state)
{
	char bytes[2 * RECORD_MOST], changed[2 * RECORD_MOST];
	size_t i, j, size, now, taken = 0;

	(void)state;
	for (i = 0; i < RECORDS; i++) {
		size = a_record(bytes);
		assert_true(agreed(bytes, size));
		for (j = 0; j < CHANGES; j++) {
			memcpy(changed, bytes, size);
			for (now = change(changed, size); below(3) == 0; now = change(changed, now))
				;
			taken += agreed(changed, now);
		}
	}
	assert_in_range(taken, RECORDS, RECORDS * (CHANGES - 1));	/* neither all nor nothing is easy */
}

/* By hand: what chance hardly meets. */
static void hostile(void **state)
{
	static const char *const lines[] = {
		"", "{", "{}", "[]", "\"kind\"", "{\"kind\":\"run\"}", "{\"kind\":\"run\"}\n", " {\"kind\":\"run\"}",
		"\xef\xbb\xbf{\"kind\":\"run\"}", "{\"kind\":\"run\",\"kind\":\"run\"}", "{\"kind\":\"run\",\"\\u006b\":1}",
		"{\"kin\\u0064\":\"run\"}", "{\"kind\":[\"run\"]}", "{\"kind\":\"run\",\"n\":-0}", "{\"kind\":\"run\",\"n\":0.0}",
		"{\"kind\":\"run\",\"n\":1e0}", "{\"kind\":\"run\",\"n\":9007199254740991}",
		"{\"kind\":\"run\",\"n\":9007199254740992}", "{\"kind\":\"run\",\"n\":18446744073709551616}",
		"{\"kind\":\"run\",\"n\":99999999999999999999999999}", "{\"kind\":\"run\",\"n\":01}", "{\"kind\":\"run\",\"n\":}",
		"{\"command\":[],\"kind\":\"run\"}", "{\"command\":[\"\"],\"kind\":\"run\"}",
		"{\"command\":[\"\",\"\"],\"kind\":\"run\"}", "{\"command\":[[]],\"kind\":\"run\"}",
		"{\"command\":[1],\"kind\":\"run\"}", "{\"command\":[\"a\" ,\"b\"],\"kind\":\"run\"}",
		"{\"command\":[,\"\"],\"kind\":\"run\"}", "{\"command\":\"a\",\"kind\":\"run\"}",
		"{\"kind\":\"run\",\"why\":\"\\ud83d\\ude00\"}", "{\"kind\":\"run\",\"why\":\"\xf0\x9f\x98\x80\"}",
		"{\"kind\":\"run\",\"why\":\"\\u007f\"}", "{\"kind\":\"run\",\"why\":\"\x7f\"}", "{\"kind\":\"run\",\"why\":\"\x1f\"}",
		"{\"kind\":\"run\",\"why\":\"\\u001f\"}", "{\"kind\":\"run\",\"why\":\"\\u0000\"}", "{\"kind\":\"run\",\"why\":null}",
		"{\"kind\":\"run\",\"why\":\"\\", "{\"kind\":\"run\",\"why\":\"\\u00", "{\"kind\":\"run\",\"why\":\"", "{\"kind\":\"run\",\"",
		"{\"kind\":\"run\",\"why\"", "{\"kind\":\"run\",\"why\":", "{\"kind\":\"run\",", "{\"kind\":\"Run\"}", "{\"kind\":\"\"}",
		"{\"kind\":\"run\"}\x00", "{\"why\":\"\",\"kind\":\"run\"}", "{\"Kind\":\"run\",\"kind\":\"run\"}",
	};
	char bytes[2 * RECORD_MOST];
	size_t i, size;

	(void)state;
	for (i = 0; i < count_of(lines); i++)
		agreed(lines[i], strlen(lines[i]));
	assert_false(agreed("{\"kind\":\"run\"}\0", 15));
	assert_false(agreed("{\"kind\":\"ru\0n\"}", 15));
	for (size = 250; size < 260; size++)	/* "why" holds 256 bytes */
		agreed(bytes, (size_t)snprintf(bytes, sizeof(bytes), "{\"kind\":\"run\",\"why\":\"%0*d\"}", (int)size, 0));
	for (size = 1018; size < 1028; size++)	/* "command" holds 1024, its NUL among them */
		agreed(bytes, (size_t)snprintf(bytes, sizeof(bytes), "{\"command\":[\"%0*d\"],\"kind\":\"run\"}", (int)size, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(generated), cmocka_unit_test(hostile) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
