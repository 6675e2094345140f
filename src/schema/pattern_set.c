/* What of a regular expression stands for one character: itself, an escape, a set. */
#include <string.h>

#include "base/text.h"
#include "schema/pattern_code.h"

int reader_no(struct reader *r, const char *what)
{
	return err_set(r->e, ERR_INPUT, "%s", what);
}

int reader_emit(struct reader *r, struct code c)
{
	if (r->p->size >= CODE_MOST - 1)
		return reader_no(
			r, "a pattern that is too large once its repetitions are written out");
	r->p->code[r->p->size++] = c;
	return 0;
}

bool reader_is_next(const struct reader *r, char c)
{
	return r->at < r->end && *r->at == c;
}

bool reader_skip(struct reader *r, const char *text)
{
	size_t size = strlen(text);

	if ((size_t)(r->end - r->at) < size || memcmp(r->at, text, size) != 0)
		return false;
	r->at += size;
	return true;
}

int reader_range(struct reader *r, uint32_t from, uint32_t to)
{
	if (r->p->range_count == RANGES_MOST)
		return reader_no(r, "a pattern with too many characters in its sets");
	r->p->ranges[r->p->range_count++] = (struct range){ from, to };
	return 0;
}

/* \d \w \s and their opposites, as ranges. */
static const struct named_set named_sets[] = {
	{ 'd', { { '0', '9' } }, 1 },
	{ 'w', { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } }, 4 },
	{ 's',
	  { { 9, 13 },
	    { 32, 32 },
	    { 0xa0, 0xa0 },
	    { 0x1680, 0x1680 },
	    { 0x2000, 0x200a },
	    { 0x2028, 0x2029 },
	    { 0x202f, 0x202f },
	    { 0x205f, 0x205f },
	    { 0x3000, 0x3000 },
	    { 0xfeff, 0xfeff } },
	  10 },
};

const struct named_set *reader_set_named(char c)
{
	size_t i;

	for (i = 0; i < count_of(named_sets); i++)
		if ((c | 0x20) == named_sets[i].letter && c != '\0')
			return &named_sets[i];
	return NULL;
}

int reader_add_set(struct reader *r, const struct named_set *s, bool other)
{
	uint32_t next = 0;
	size_t i;

	for (i = 0; i < s->count; i++) {
		if (!other && reader_range(r, s->ranges[i].from, s->ranges[i].to) < 0)
			return -1;
		if (other && s->ranges[i].from > next &&
		    reader_range(r, next, s->ranges[i].from - 1) < 0)
			return -1;
		next = s->ranges[i].to + 1;
	}
	return other ? reader_range(r, next, 0x10ffff) : 0;
}

static int read_hex(struct reader *r, size_t digits, uint32_t *out)
{
	uint32_t value = 0;
	const char *digit;
	char c;

	for (; digits > 0; digits--, r->at++) {
		c = r->at < r->end ? (char)(*r->at | 0x20) : '\0';
		digit = c ? strchr("0123456789abcdef", c) : NULL;
		if (!digit)
			return reader_no(r, "a pattern with \\x or \\u and no digits behind it");
		value = value * 16 + (uint32_t)(digit - "0123456789abcdef");
	}
	*out = value;
	return 0;
}

static int read_braced(struct reader *r, uint32_t *out)
{
	const char *close = memchr(r->at, '}', (size_t)(r->end - r->at));

	if (!close || close == r->at || close - r->at > 6 ||
	    read_hex(r, (size_t)(close - r->at), out) < 0 || *out > 0x10ffff)
		return reader_no(r, "a pattern with \\u{} and no code point in it");
	r->at++;
	return 0;
}

/* Behind a backslash: one character. */
static int read_escape(struct reader *r, uint32_t *out)
{
	static const char letters[] = "tnvfr0", means[] = "\t\n\v\f\r\0";
	const char *letter;
	size_t step;
	char c = *r->at;

	letter = strchr(letters, c);
	if (c != '\0' && letter) {
		*out = (unsigned char)means[letter - letters];
		r->at++;
		return 0;
	}
	if (reader_skip(r, "u{"))
		return read_braced(r, out);
	if (c == 'x' || c == 'u') {
		r->at++;
		return read_hex(r, c == 'x' ? 2 : 4, out);
	}
	if ((c >= '1' && c <= '9') || c == 'k')
		return reader_no(r,
				 "a pattern that refers back (\\1, \\k): it cannot be matched in "
				 "linear time");
	if (c == 'p' || c == 'P')
		return reader_no(r, "a pattern with \\p: reeve has no tables of characters");
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return reader_no(r,
				 "a pattern with a backslash before a letter that means nothing");
	step = text_point(r->at, (size_t)(r->end - r->at), out);
	if (step == 0)
		return reader_no(r, "a pattern that ends in a backslash");
	r->at += step;
	return 0;
}

int reader_point(struct reader *r, uint32_t *out)
{
	size_t step;

	if (reader_skip(r, "\\")) {
		if (r->at == r->end)
			return reader_no(r, "a pattern that ends in a backslash");
		return read_escape(r, out);
	}
	step = text_point(r->at, (size_t)(r->end - r->at), out);
	if (step == 0)
		return reader_no(r, "a pattern that ends within a set");
	r->at += step;
	return 0;
}

static int read_set_member(struct reader *r)
{
	const struct named_set *s =
		reader_is_next(r, '\\') && r->end - r->at > 1 ? reader_set_named(r->at[1]) : NULL;
	uint32_t from = 0, to;
	bool other;

	if (s) {
		other = r->at[1] != s->letter;
		r->at += 2;
		return reader_add_set(r, s, other);
	}
	if (reader_skip(r, "\\b"))
		from = 8;
	else if (reader_point(r, &from) < 0)
		return -1;
	to = from;
	if (reader_is_next(r, '-') && r->end - r->at > 1 && r->at[1] != ']') {
		if (r->at[1] == '\\' && r->end - r->at > 2 && reader_set_named(r->at[2]))
			return reader_range(r, from, to) < 0 ? -1 : 0;
		r->at++;
		if (reader_point(r, &to) < 0)
			return -1;
	}
	return from > to ? reader_no(r, "a pattern with a range that runs backwards")
			 : reader_range(r, from, to);
}

int reader_set(struct reader *r)
{
	struct code c = { .op = OP_SET, .x = (uint16_t)r->p->range_count };

	c.other = reader_skip(r, "^");
	while (!reader_is_next(r, ']')) {
		if (r->at == r->end)
			return reader_no(r, "a pattern with a [ that is never closed");
		if (read_set_member(r) < 0)
			return -1;
	}
	r->at++;
	c.y = (uint16_t)(r->p->range_count - c.x);
	return reader_emit(r, c);
}
