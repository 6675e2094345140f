/*
 * Whatever is shown of a held call goes through here. A line is cut where it would be wider than the terminal, so
 * that the terminal never breaks one itself: what stands at the left edge is always ours.
 */
#include "cli/review.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "inspect/inspect.h"

enum { LABEL = 12 };

void page_free(struct page *p)
{
	buf_free(&p->text);
	free(p->lines);
	p->lines = NULL;
	p->count = p->room = 0;
}

static bool grow(struct page *p)
{
	size_t room = p->room ? 2 * p->room : 64;
	struct page_line *more;

	if (p->count < p->room)
		return true;
	more = realloc(p->lines, room * sizeof(*more));
	if (!more)
		return false;
	p->lines = more;
	p->room = room;
	return true;
}

static void add_line(struct page *p, enum page_kind kind, const char *mark, const char *text, size_t size)
{
	struct page_line line = { .kind = kind, .at = p->text.size };

	if (!grow(p) || !buf_puts(&p->text, mark) || !buf_add(&p->text, text, size)) {
		p->over = true;
		return;
	}
	line.size = p->text.size - line.at;
	p->lines[p->count++] = line;
}

/* What is drawn over the letter before it; several of them would be drawn over the lines above and below. */
static bool is_mark(uint32_t point)
{
	return (point >= 0x300 && point <= 0x36f) || (point >= 0x483 && point <= 0x489) ||
	       (point >= 0x1ab0 && point <= 0x1aff) || (point >= 0x1dc0 && point <= 0x1dff) ||
	       (point >= 0x20d0 && point <= 0x20ff) || (point >= 0xfe20 && point <= 0xfe2f);
}

bool page_shows(const char *text, size_t step, uint32_t before)
{
	uint32_t point = 0;

	if (step == 0 || text_point(text, step, &point) != step || point < 0x20 || (point >= 0x7f && point < 0xa0))
		return false;
	return inspect_is_seen(text, step) && !(is_mark(point) && (before < 0x20 || is_mark(before)));
}

static bool page_visible(struct buf *out, const char *text, size_t size)
{
	uint32_t point = 0, before = 0;
	size_t step;

	for (; size > 0; text += step, size -= step, before = point) {
		step = text_point(text, size, &point);
		if (step < 2 || page_shows(text, step, before))
			text_visible(out, text, step ? step : 1);
		else
			buf_printf(out, "\\u{%x}", point);
		step = step ? step : 1;
	}
	return !out->over;
}

/* Nobody knows how wide a terminal draws what is not ASCII; two columns are the most. */
static size_t fits(const char *text, size_t size, size_t columns)
{
	size_t at = 0, used = 0, step, wide;
	uint32_t point = 0;

	while (at < size) {
		step = text_point(text + at, size - at, &point);
		step = step ? step : 1;
		wide = point < 0x80 ? 1 : is_mark(point) ? 0 : 2; /* a mark stays with its letter */
		if (used + wide > columns)
			break;
		used += wide;
		at += step;
	}
	return at ? at : size;
}

/* Between words, where there are some: for our sentences. What an agent wrote is cut where the line ends. */
static size_t cut(const char *text, size_t size, size_t columns, enum page_kind kind)
{
	size_t most = fits(text, size, columns), at = most;

	if (most == size || kind == PAGE_THEIRS)
		return most;
	while (at > columns / 3 && text[at] != ' ')
		at--;
	return at > columns / 3 ? at : most;
}

void page_add(struct page *p, enum page_kind kind, const char *first, const char *rest, const char *text, size_t size)
{
	scoped(buf) struct buf seen = BUF(8 * size + 1);
	const char *mark = first, *at;
	size_t left, step;

	if (!page_visible(&seen, text, size)) {
		p->over = true;
		return;
	}
	at = seen.data ? seen.data : "";
	left = seen.size;
	do {
		step = left ? cut(at, left, p->columns > strlen(mark) + 8 ? p->columns - strlen(mark) : 8, kind) : 0;
		add_line(p, kind, mark, at, step);
		at += step;
		left -= step;
		while (kind != PAGE_THEIRS && left && *at == ' ')
			at++, left--;
		mark = rest;
	} while (left);
}

void page_say(struct page *p, enum page_kind kind, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int size;

	va_start(ap, fmt);
	size = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (size < 0 || (size_t)size >= sizeof(text))
		p->over = true;
	page_add(p, kind, "", "  ", text, strlen(text));
}

void page_row(struct page *p, enum page_kind kind, const char *label, const char *text)
{
	char first[LABEL + 8], rest[LABEL + 8];
	bool theirs = kind == PAGE_THEIRS;

	if (!*text)
		return;
	snprintf(first, sizeof(first), "  %-*.*s%s", LABEL - 2, LABEL - 3, label, theirs ? "| " : "");
	snprintf(rest, sizeof(rest), "%*s%s", LABEL, "", theirs ? ". " : "");
	page_add(p, kind, first, rest, text, strlen(text));
}

const char *page_paint(enum page_kind kind)
{
	static const char *const paints[] = { "", "\033[1m", "\033[1;31m", "\033[36m" };

	return paints[kind];
}

void page_print(const struct page *p, bool colour)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		if (colour)
			fputs(page_paint(p->lines[i].kind), stdout);
		fwrite(p->text.data + p->lines[i].at, 1, p->lines[i].size, stdout);
		fputs(colour && p->lines[i].kind != PAGE_OURS ? "\033[0m\n" : "\n", stdout);
	}
}
