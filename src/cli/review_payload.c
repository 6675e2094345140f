/*
 * The payload as lines: its own JSON, in its own order, with a mark before each line. A text of several lines is shown
 * as such, behind another mark, so that no line of it passes for a member beside it; what is said of it stands
 * without quotes, as no text of an agent can. Numbers and members are those that the broker's reader saw.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/review.h"
#include "inspect/inspect.h"
#include "json/json.h"

#define JSON_MARK "  | "
#define TEXT_MARK "  > "
#define GOES_ON	  "  . "
#define FOLD_MARK "  ~ "

enum { FOLD_OVER = 2048, FOLD_HEAD = 1200, FOLD_TAIL = 400, LINE_ROOM = 8 * PAYLOAD_MOST };

struct writer {
	struct page *page;
	struct buf line;	/* the one that is being written */
	unsigned indent;
	bool all;
};

static void end_line(struct writer *w)
{
	if (w->line.over)
		w->page->over = true;
	page_add(w->page, PAGE_THEIRS, JSON_MARK, GOES_ON, w->line.data, w->line.size);
	w->line.size = 0;
}

/* What lies deep stands no further to the right than a third of the line. */
static int indent_of(const struct writer *w)
{
	size_t most = w->page->columns / 3, wanted = 2 * (size_t)w->indent;

	return (int)(wanted < most ? wanted : most);
}

static void begin_line(struct writer *w)
{
	buf_printf(&w->line, "%*s", indent_of(w), "");
}

/* As JSON writes it, and what would not be seen as \u{NNNN}, which JSON does not write. */
static void add_quoted(struct buf *out, const char *text, size_t size)
{
	uint32_t point = 0, before = 0;
	size_t step;

	buf_puts(out, "\"");
	for (; size > 0; text += step, size -= step, before = point) {
		step = text_point(text, size, &point);
		if (step == 0)
			buf_printf(out, "\\x%02x", (uint8_t)text[0]);
		else if (point == '"' || point == '\\')
			buf_printf(out, "\\%c", (char)point);
		else if (point == '\t')
			buf_puts(out, "\\t");
		else if (point >= 0x20 && point != 0x7f && page_shows(text, step, before))
			buf_add(out, text, step);
		else
			buf_printf(out, "\\u{%x}", point);
		step = step ? step : 1;
	}
	buf_puts(out, "\"");
}

static void put_lines(struct writer *w, const char *text, size_t size)
{
	char mark[160], rest[160];
	const char *end;
	size_t step;

	snprintf(mark, sizeof(mark), TEXT_MARK "%*s", indent_of(w), "");
	snprintf(rest, sizeof(rest), GOES_ON "%*s", indent_of(w), "");
	while (size > 0) {
		end = memchr(text, '\n', size);
		step = end ? (size_t)(end - text) : size;
		page_add(w->page, PAGE_THEIRS, mark, rest, text, step);
		step += end ? 1 : 0;
		text += step;
		size -= step;
	}
}

static void put_folded(struct writer *w, const char *text, size_t size)
{
	size_t head = text_cut(text, size, FOLD_HEAD), tail = size - text_cut(text, size, size - FOLD_TAIL);
	char said[80];

	put_lines(w, text, head);
	snprintf(said, sizeof(said), "%zu bytes are folded away here; --all shows them", size - head - tail);
	page_add(w->page, PAGE_WARNS, FOLD_MARK, FOLD_MARK, said, strlen(said));
	put_lines(w, text + size - tail, tail);
}

static size_t count_lines(const char *text, size_t size)
{
	size_t lines = size > 0 && text[size - 1] != '\n', i;

	for (i = 0; i < size; i++)
		lines += text[i] == '\n';
	return lines;
}

static void put_text(struct writer *w, const json_t *value, const char *comma)
{
	const char *text = json_string_value(value);
	size_t size = json_string_length(value);
	bool fold = !w->all && size > FOLD_OVER;

	if (!fold && !memchr(text, '\n', size)) {
		add_quoted(&w->line, text, size);
		buf_puts(&w->line, comma);
		end_line(w);
		return;
	}
	buf_printf(&w->line, "text of %zu line%s, %zu bytes%s:", count_lines(text, size), count_lines(text, size) == 1 ? "" : "s", size,
		   size && text[size - 1] == '\n' ? ", its last line ended" : "");
	end_line(w);
	w->indent++;
	if (fold)
		put_folded(w, text, size);
	else
		put_lines(w, text, size);
	w->indent--;
}

static void put_value(struct writer *w, json_t *value, const char *comma);

static void put_object(struct writer *w, json_t *object, const char *comma)
{
	size_t left = json_object_size(object);
	const char *key;
	json_t *value;

	buf_puts(&w->line, left ? "{" : "{}");
	buf_puts(&w->line, left ? "" : comma);
	end_line(w);
	w->indent++;
	json_object_foreach(object, key, value) {
		begin_line(w);
		add_quoted(&w->line, key, strlen(key));
		buf_puts(&w->line, ": ");
		put_value(w, value, --left ? "," : "");
	}
	w->indent--;
	if (json_object_size(object) == 0)
		return;
	begin_line(w);
	buf_printf(&w->line, "}%s", comma);
	end_line(w);
}

static void put_array(struct writer *w, const json_t *array, const char *comma)
{
	size_t size = json_array_size(array), i;
	json_t *value;

	buf_puts(&w->line, size ? "[" : "[]");
	buf_puts(&w->line, size ? "" : comma);
	end_line(w);
	w->indent++;
	json_array_foreach(array, i, value) {
		begin_line(w);
		put_value(w, value, i + 1 < size ? "," : "");
	}
	w->indent--;
	if (size == 0)
		return;
	begin_line(w);
	buf_printf(&w->line, "]%s", comma);
	end_line(w);
}

/* The line has its indent and its name already. */
static void put_value(struct writer *w, json_t *value, const char *comma)
{
	if (json_is_object(value)) {
		put_object(w, value, comma);
	} else if (json_is_array(value)) {
		put_array(w, value, comma);
	} else if (json_is_string(value)) {
		put_text(w, value, comma);
	} else {
		json_write(&w->line, value);
		buf_puts(&w->line, comma);
		end_line(w);
	}
}

void show_payload(struct page *p, const char *payload, size_t size, bool all)
{
	struct writer w = { .page = p, .line = BUF(LINE_ROOM), .all = all };
	scoped(json) json_t *doc = NULL;
	struct err ignored = { 0 };

	if (json_read(&doc, payload, size, NULL, &ignored) == 0)
		put_value(&w, doc, "");
	else if (!all && size > FOLD_OVER)
		put_folded(&w, payload, size);
	else
		put_lines(&w, payload, size);
	buf_free(&w.line);
}
