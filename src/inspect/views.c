/*
 * Decoders. A run of digits is decoded whole. Of a text with escapes in it only what stands around
 * each of them is: the rest is, as it stands, looked through already.
 */
#include <string.h>

#include "inspect/held.h"

enum {
	NO = 255,
	AROUND = 768, /* bytes on either side of an escape: a piece in three encodings is shorter */
};

/* The value of a digit of base64, in either alphabet. */
static const uint8_t base64[256] = {
#define D(c, v) [c] = ((v) + 1)
	D('A', 0),  D('B', 1),  D('C', 2),  D('D', 3),  D('E', 4),  D('F', 5),  D('G', 6),
	D('H', 7),  D('I', 8),  D('J', 9),  D('K', 10), D('L', 11), D('M', 12), D('N', 13),
	D('O', 14), D('P', 15), D('Q', 16), D('R', 17), D('S', 18), D('T', 19), D('U', 20),
	D('V', 21), D('W', 22), D('X', 23), D('Y', 24), D('Z', 25), D('a', 26), D('b', 27),
	D('c', 28), D('d', 29), D('e', 30), D('f', 31), D('g', 32), D('h', 33), D('i', 34),
	D('j', 35), D('k', 36), D('l', 37), D('m', 38), D('n', 39), D('o', 40), D('p', 41),
	D('q', 42), D('r', 43), D('s', 44), D('t', 45), D('u', 46), D('v', 47), D('w', 48),
	D('x', 49), D('y', 50), D('z', 51), D('0', 52), D('1', 53), D('2', 54), D('3', 55),
	D('4', 56), D('5', 57), D('6', 58), D('7', 59), D('8', 60), D('9', 61), D('+', 62),
	D('-', 62), D('/', 63), D('_', 63),
};

static const uint8_t hex[256] = {
	D('0', 0),  D('1', 1),  D('2', 2),  D('3', 3),  D('4', 4),  D('5', 5),
	D('6', 6),  D('7', 7),  D('8', 8),  D('9', 9),  D('a', 10), D('b', 11),
	D('c', 12), D('d', 13), D('e', 14), D('f', 15), D('A', 10), D('B', 11),
	D('C', 12), D('D', 13), D('E', 14), D('F', 15),
#undef D
};

static uint8_t hex_of(char c)
{
	return (uint8_t)(hex[(uint8_t)c] - 1); /* NO for what is no digit */
}

/* "%41" of the three there may be; how many bytes it takes, 0: it is none. */
static size_t percent(struct buf *out, const char *text, size_t size)
{
	if (size < 3 || hex_of(text[1]) == NO || hex_of(text[2]) == NO)
		return 0;
	out->data[out->size++] = (char)(hex_of(text[1]) << 4 | hex_of(text[2]));
	return 3;
}

/* The code unit behind "\u", as UTF-8 of at most three bytes: halves of pairs stand in no secret.
 */
static size_t unit(struct buf *out, const char *digits)
{
	unsigned u = 0, i;

	for (i = 0; i < 4; i++) {
		if (hex_of(digits[i]) == NO)
			return 0;
		u = u << 4 | hex_of(digits[i]);
	}
	if (u >= 0x800)
		out->data[out->size++] = (char)(0xe0 | u >> 12);
	if (u >= 0x80)
		out->data[out->size++] =
			(char)(u >= 0x800 ? 0x80 | (u >> 6 & 0x3f) : 0xc0 | u >> 6);
	out->data[out->size++] = (char)(u >= 0x80 ? 0x80 | (u & 0x3f) : u);
	return 6;
}

/* JSON's escapes, and "\x41" as shells and programs write it. */
static size_t escape(struct buf *out, const char *text, size_t size)
{
	static const char from[] = "nrtbf\"\\/'", to[] = "\n\r\t\b\f\"\\/'";
	const char *at = size > 1 && text[1] ? strchr(from, text[1]) : NULL;

	if (at) {
		out->data[out->size++] = to[at - from];
		return 2;
	}
	if (size > 3 && text[1] == 'x' && hex_of(text[2]) != NO && hex_of(text[3]) != NO) {
		out->data[out->size++] = (char)(hex_of(text[2]) << 4 | hex_of(text[3]));
		return 4;
	}
	return size > 5 && text[1] == 'u' ? unit(out, text + 2) : 0;
}

static bool is_control(char c)
{
	return (uint8_t)c < 0x20 && c != '\n' && c != '\r' && c != '\t';
}

/* What stands before an escape, taken along from here. */
static size_t back_from(const char *text, size_t at, size_t done)
{
	size_t least = at > AROUND ? at - AROUND : 0;

	least = least > done ? least : done;
	while (at > least && !is_control(text[at - 1]))
		at--;
	return at;
}

/* Copy what stands behind an escape, up to `until`. Returns where it ended. */
static size_t copy_on(struct buf *out, const char *text, size_t at, size_t until)
{
	size_t most = until - at < AROUND ? until : at + AROUND;

	while (at < most && !is_control(text[at]))
		out->data[out->size++] = text[at++];
	return at;
}

/* Copy from behind the last escape (at 0: there was none) up to this one, without what is far from
 * both. */
static void copy_between(struct buf *out, const char *text, size_t done, size_t at)
{
	size_t from = done ? copy_on(out, text, done, at) : 0, back = back_from(text, at, from);

	if (back > from)
		out->data[out->size++] = '\0';
	memcpy(out->data + out->size, text + back, at - back);
	out->size += at - back;
}

void view_escapes(struct buf *out, const char *text, size_t size, char mark)
{
	size_t (*decode)(struct buf * out, const char *text, size_t size) =
		mark == '%' ? percent : escape;
	struct buf one = { .data = (char[4]){ 0 } };
	const char *next = memchr(text, mark, size);
	size_t at, done = 0, step;

	if (!next || !buf_reserve(out, size + 1))
		return;
	for (; next; next = memchr(text + at, mark, size - at)) {
		at = (size_t)(next - text);
		one.size = 0;
		step = decode(&one, next, size - at);
		if (step > 0) {
			copy_between(out, text, done, at);
			memcpy(out->data + out->size, one.data, one.size);
			out->size += one.size;
			done = at + step;
		}
		at += step ? step : 1;
	}
	if (done)
		copy_on(out, text, done, size);
}

/* Four digits at a time while there are no newlines between them. */
static size_t decode_fours(struct buf *out, const uint8_t *text, size_t size)
{
	char *to = out->data + out->size;
	size_t i;

	for (i = 0; i + 4 <= size; i += 4, to += 3) {
		uint32_t a = base64[text[i]], b = base64[text[i + 1]], c = base64[text[i + 2]],
			 d = base64[text[i + 3]], bits;

		if (!a || !b || !c || !d)
			break;
		bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
		to[0] = (char)(bits >> 16);
		to[1] = (char)(bits >> 8);
		to[2] = (char)bits;
	}
	out->size = (size_t)(to - out->data);
	return i;
}

/* The first digits on their own, so that the rest is in step. */
static size_t skip_digits(const char *text, size_t size, size_t count)
{
	size_t i;

	for (i = 0; i < size && count > 0; i++)
		count -= base64[(uint8_t)text[i]] != 0;
	return i;
}

void view_base64(struct buf *out, const char *text, size_t size, size_t phase)
{
	uint32_t bits = 0;
	size_t i = skip_digits(text, size, phase), digits = 0;
	uint8_t digit;

	if (!buf_reserve(out, size))
		return;
	for (; i < size; i++) {
		if (digits % 4 == 0)
			i += decode_fours(out, (const uint8_t *)text + i, size - i);
		digit = i < size ? base64[(uint8_t)text[i]] : 0;
		if (!digit)
			continue;
		bits = bits << 6 | (uint32_t)(digit - 1);
		if (++digits % 4 != 1)
			out->data[out->size++] = (char)(bits >> (6 - 2 * ((digits + 3) % 4)));
	}
}

void view_hex(struct buf *out, const char *text, size_t size, size_t phase)
{
	size_t i, digits = 0;
	unsigned bits = 0;
	uint8_t digit;

	if (!buf_reserve(out, size))
		return;
	for (i = 0; i < size; i++) {
		digit = hex_of(text[i]);
		if (digit == NO || phase > 0) {
			phase -= digit != NO;
			continue;
		}
		bits = bits << 4 | digit;
		if (++digits % 2 == 0)
			out->data[out->size++] = (char)bits;
	}
}

static bool is_newline(char c)
{
	return c == '\n' || c == '\r';
}

/* How far the run goes on from here, and how many digits it has. */
static size_t run_end(const uint8_t *table, const char *text, size_t size, size_t from,
		      size_t *digits)
{
	size_t i;

	for (i = from, *digits = 0; i < size; i++) {
		if (table[(uint8_t)text[i]])
			(*digits)++;
		else if (!is_newline(text[i]))
			break;
	}
	return i;
}

/* No run of `least` digits begins before a byte that is none: most of a text is never looked at. */
size_t view_run(const char *text, size_t size, size_t *at, bool is_hex, size_t least)
{
	const uint8_t *table = is_hex ? hex : base64;
	size_t from = *at, i, end, digits;

	while (size - from >= least) {
		for (i = from + least;
		     i > from && (table[(uint8_t)text[i - 1]] || is_newline(text[i - 1])); i--)
			;
		if (i > from) {
			from = i;
			continue;
		}
		end = run_end(table, text, size, from, &digits);
		if (digits >= least) {
			*at = from;
			return end - from;
		}
		from = end;
	}
	return 0;
}
