/*
 * Characters that are shown as nothing, or that act. Most have no business in what a server says;
 * some are a part of how a language or an emoji is written, and are then told by what stands beside
 * them.
 */
#include <string.h>

#include "base/attr.h"
#include "base/text.h"
#include "inspect/inspect.h"
#include "inspect/points.h"

struct showing {
	const char *text;
	size_t size, at;
	uint32_t before; /* the point that was passed last; 0: none */
};

static uint32_t point_at(const struct showing *s, size_t at)
{
	uint32_t point = 0;

	return at < s->size && text_point(s->text + at, s->size - at, &point) ? point : 0;
}

/* Joiners: within Arabic and Indic writing, and between emoji. */
static bool may_join(const struct showing *s, uint32_t next)
{
	return (point_joins(s->before) && !point_is_unseen(next)) ||
	       (point_ends_emoji(s->before) && point_is_emoji(next));
}

static bool may_vary(const struct showing *s, uint32_t point)
{
	if (point >= 0xfe0e && point <= 0xfe0f)
		return point_has_emoji_form(s->before);
	if (point >= 0xfe00 && point <= 0xfe02)
		return point_is_ideograph(s->before) || point_is_sign(s->before);
	if (point >= 0xe0100 && point <= 0xe01ef)
		return point_is_ideograph(s->before);
	return point >= 0x180b && point <= 0x180f && point != 0x180e &&
	       point_is_mongolian(s->before);
}

/* Is this unseen character one that belongs where it stands? */
static bool belongs(const struct showing *s, uint32_t point, size_t step)
{
	uint32_t next = point_at(s, s->at + step);

	if (point == 0x200c || point == 0x200d)
		return may_join(s, next);
	if (point == 0x200e || point == 0x200f || point == 0x61c)
		return point_is_rtl(s->before) || point_is_rtl(next);
	return may_vary(s, point);
}

/* The flags of England, Scotland and Wales are the only ones that are spelt in tag characters. */
static size_t flag_at(const struct showing *s)
{
	static const char *const flags[] = { "gbeng", "gbsct", "gbwls" };
	char tags[6 * 4], *to;
	const char *at;
	size_t i;

	for (i = 0; i < count_of(flags); i++) {
		for (to = tags, at = flags[i]; *at; at++, to += 4)
			memcpy(to,
			       (char[]){ (char)0xf3, (char)0xa0, (char)(0x80 | (uint8_t)*at >> 6),
					 (char)(0x80 | ((uint8_t)*at & 0x3f)) },
			       4);
		memcpy(to, "\xf3\xa0\x81\xbf", 4);
		if (s->before == 0x1f3f4 && s->size - s->at >= sizeof(tags) &&
		    memcmp(s->text + s->at, tags, sizeof(tags)) == 0)
			return sizeof(tags);
	}
	return 0;
}

static size_t run_of(const struct showing *s, size_t at, char from, char to)
{
	size_t i;

	for (i = at; i < s->size && s->text[i] >= from && s->text[i] <= to; i++)
		;
	return i;
}

/* A string of a terminal's ends with BEL or ST. What does not end is not one. */
static size_t string_end(const struct showing *s, size_t from)
{
	size_t i;

	for (i = from; i < s->size && i - from < 4096; i++) {
		if (s->text[i] == '\a')
			return i + 1;
		if (s->text[i] == '\x1b')
			return i + 1 < s->size && s->text[i + 1] == '\\' ? i + 2 : 0;
		if (point_at(s, i) == 0x9c)
			return i + 2;
	}
	return 0;
}

/* Where the escape sequence that begins here ends; 0: it is none, only its first character goes. */
static size_t sequence_end(const struct showing *s, uint32_t point, size_t step)
{
	size_t at = s->at + step;
	char kind = at < s->size ? s->text[at] : '\0';

	if (point == 0x1b)
		at++;
	else if (point >= 0x80 && point < 0xa0)
		kind = (char)(point - 0x40);
	else
		return 0;
	if (kind && strchr("]PX^_", kind))
		return string_end(s, at);
	if (kind == '[')
		at = run_of(s, run_of(s, at, '0', '?'), ' ', '/') + 1;
	else if (kind >= ' ' && kind <= '/')
		at = run_of(s, at, ' ', '/') + 1;
	return at <= s->size ? at : 0;
}

/* What is shown instead is what stands before the next; what is gone is not. */
static void hide(struct buf *out, struct showing *s, uint32_t point, size_t step,
		 enum inspect_show how)
{
	size_t end = 0;

	if (how == SHOW_REMOVED)
		end = sequence_end(s, point, step);
	else
		buf_printf(out, point < 0x100 ? "\\x%02x" : "\\u{%x}", point);
	if (how == SHOW_VISIBLE)
		s->before = '}';
	s->at = end ? end : s->at + step;
}

static bool is_control(const struct showing *s, uint32_t point)
{
	if (point == '\r')
		return point_at(s, s->at + 1) != '\n';
	return (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7f && point < 0xa0);
}

/* One character that is not plain ASCII. True: it was hidden. */
static bool show_one(struct buf *out, struct showing *s, enum inspect_show how)
{
	uint32_t point = 0;
	size_t step = text_point(s->text + s->at, s->size - s->at, &point), flag = flag_at(s);

	step = flag ? flag : step ? step : 1;
	if (!flag &&
	    (is_control(s, point) || (point_is_unseen(point) && !belongs(s, point, step)))) {
		hide(out, s, point, step, how);
		return true;
	}
	buf_add(out, s->text + s->at, step);
	s->before = point;
	s->at += step;
	return false;
}

static size_t plain_end(const struct showing *s)
{
	size_t i;

	for (i = s->at;
	     i < s->size && ((s->text[i] >= ' ' && s->text[i] < 0x7f) || s->text[i] == '\n'); i++)
		;
	return i;
}

bool inspect_show(struct buf *out, const char *text, size_t size, enum inspect_show how)
{
	struct showing s = { .text = text, .size = size };
	bool hidden = false;
	size_t end;

	if (how == SHOW_AS_IT_IS) {
		buf_add(out, text, size);
		return false;
	}
	while (s.at < size) {
		end = plain_end(&s);
		if (end > s.at) {
			buf_add(out, text + s.at, end - s.at);
			s.before = (uint8_t)text[end - 1];
			s.at = end;
		} else {
			hidden = show_one(out, &s, how) || hidden;
		}
	}
	return hidden;
}
