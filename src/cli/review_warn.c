/* What a reviewer could overlook: letters of one script that look like those of another, and what is not shown. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/review.h"
#include "inspect/inspect.h"
#include "json/json.h"

enum { WARNINGS = 12, POINTER = 256, QUOTE = 120 };

struct look {
	struct page *page;
	size_t warnings;	/* those beyond WARNINGS are only counted */
};

static void warn(struct look *l, const char *where, const char *text)
{
	scoped(buf) struct buf line = BUF(4096);

	if (l->warnings++ >= WARNINGS)
		return;
	buf_printf(&line, "%s %s", *where ? where : "the whole", text);
	page_add(l->page, PAGE_WARNS, "  ! ", "    ", line.data, line.size);
}

/* Letters of scripts whose letters are taken for Latin ones, and Latin ones of mathematics and of East Asian width. */
static bool is_other_script(uint32_t point)
{
	return (point >= 0x370 && point <= 0x58f) || (point >= 0x13a0 && point <= 0x13ff) ||
	       (point >= 0x1d00 && point <= 0x1dbf) || (point >= 0x2100 && point <= 0x218f) ||
	       (point >= 0x2c80 && point <= 0x2cff) || (point >= 0xa640 && point <= 0xa69f) ||
	       (point >= 0xab30 && point <= 0xabbf) || (point >= 0xff01 && point <= 0xff5e) ||
	       (point >= 0x1d400 && point <= 0x1d7ff);
}

static bool is_rtl(uint32_t point)
{
	return (point >= 0x590 && point <= 0x8ff) || (point >= 0xfb1d && point <= 0xfdff) ||
	       (point >= 0xfe70 && point <= 0xfefe) || (point >= 0x10800 && point <= 0x10fff) ||
	       (point >= 0x1e800 && point <= 0x1efff);
}

static bool is_letter(uint32_t point)
{
	return (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z');
}

static bool ends_word(uint32_t point)
{
	return point <= ' ' || strchr("\"'<>()[]{},;:=&?|/\\", point < 0x80 ? (int)point : '"') != NULL;
}

/* Of letters of both kinds, or only of others but such that it reads as plain Latin. */
static bool is_look_alike(const char *word, size_t size)
{
	scoped(buf) struct buf plain = BUF(size + 1);
	size_t at, step, latin = 0, other = 0;
	uint32_t point = 0;

	for (at = 0; at < size; at += step ? step : 1) {
		step = text_point(word + at, size - at, &point);
		latin += is_letter(point);
		other += step > 0 && is_other_script(point);
	}
	if (other == 0 || latin > 0)
		return other > 0;
	if (!inspect_skeleton(&plain, word, size))
		return true;
	for (at = 0; at < plain.size; at++)
		if ((unsigned char)plain.data[at] >= 0x80)
			return false;
	return other > 1;
}

static void quote_points(struct buf *out, const char *word, size_t size)
{
	uint32_t point = 0;
	size_t step;

	for (; size > 0 && out->size < QUOTE; word += step, size -= step) {
		step = text_point(word, size, &point);
		if (step == 1)
			text_visible(out, word, 1);
		else
			buf_printf(out, "\\u{%x}", point);
		step = step ? step : 1;
	}
	if (size > 0)
		buf_puts(out, "...");
}

static void look_at_words(struct look *l, const char *where, const char *text, size_t size)
{
	size_t from = 0, at = 0, step;
	uint32_t point = 0;

	while (at <= size) {
		step = at < size ? text_point(text + at, size - at, &point) : 0;
		if (at < size && step > 0 && (step > 1 || !ends_word(point))) {
			at += step;
			continue;
		}
		if (at > from && is_look_alike(text + from, at - from)) {
			scoped(buf) struct buf said = BUF(1024);

			buf_puts(&said, "has letters of another script that look like Latin ones: ");
			quote_points(&said, text + from, at - from);
			warn(l, where, buf_text(&said) ? buf_text(&said) : "has letters of another script");
			return;
		}
		at += step ? step : 1;
		from = at;
	}
}

static void look_at_text(struct look *l, const char *where, const char *text, size_t size)
{
	size_t at, step, hidden = 0, rtl = 0;
	uint32_t point = 0, before = 0;
	char said[160];

	for (at = 0; at < size; at += step ? step : 1, before = point) {
		step = text_point(text + at, size - at, &point);
		if (point == '\n' || point == '\t')
			continue;
		hidden += point < 0x20 || point == 0x7f || !page_shows(text + at, step, before);
		rtl += step > 0 && is_rtl(point);
	}
	snprintf(said, sizeof(said), "holds %zu character%s that would not be seen, or would act: shown as \\u{...}", hidden,
		 hidden == 1 ? "" : "s");
	if (hidden)
		warn(l, where, said);
	if (rtl)
		warn(l, where, "is written from right to left in part: a terminal may turn its order around");
	look_at_words(l, where, text, size);
}

/* `where` is a JSON Pointer, cut where it gets long. */
static void walk(struct look *l, const char *where, json_t *value)
{
	char below[POINTER];
	const char *key;
	json_t *one;
	size_t i;

	if (json_is_string(value))
		look_at_text(l, where, json_string_value(value), json_string_length(value));
	json_object_foreach(value, key, one) {
		snprintf(below, sizeof(below), "%.160s/%.80s", where, key);
		below[text_cut(below, strlen(below), sizeof(below) - 1)] = '\0';
		look_at_text(l, below, key, strlen(key));
		walk(l, below, one);
	}
	for (i = 0; i < json_array_size(value); i++) {
		snprintf(below, sizeof(below), "%.160s/%zu", where, i);
		walk(l, below, json_array_get(value, i));
	}
}

void show_warnings(struct page *p, const char *payload, size_t size)
{
	struct look l = { .page = p };
	scoped(json) json_t *doc = NULL;
	struct err why = { 0 };

	if (json_read(&doc, payload, size, NULL, &why) < 0) {
		warn(&l, "", "is no JSON that reeve reads, and is shown as it came");
		look_at_text(&l, "", payload, size);
	} else {
		walk(&l, "", doc);
	}
	if (l.warnings > WARNINGS)
		page_say(p, PAGE_WARNS, "  ! and %zu more of the kind", l.warnings - WARNINGS);
}
