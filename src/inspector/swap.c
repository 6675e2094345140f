/*
 * A secret out of what a server says, while it goes by: as it is, escaped, in hexadecimal, in base64. At each
 * byte a pattern stands there, or does not, or could; only what could is held back, so that an answer that comes
 * in pieces (events) is passed on in the same pieces.
 */
#include <string.h>

#include "inspector/inspector.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In a form, half of the byte in hexadecimal; no secret holds this character. */
#define H "\1"

/* How far a form agrees with what is there: to its end, or to the end of that; SIZE_MAX: it does not. */
static size_t shape(const char *form, const char *at, size_t left, char byte)
{
	size_t i;
	int nibble;

	for (i = 0; i < left && form[i]; i++) {
		nibble = form[i + 1] == H[0] ? (unsigned char)byte >> 4 : (unsigned char)byte & 15;
		if (form[i] == H[0] ? digit(at[i]) != nibble : at[i] != form[i])
			return SIZE_MAX;
	}
	return i;
}

/* One byte of a secret as URLs, JSON and programs escape it. WHOLE: *used bytes are it. */
static enum egress_got escaped(const char *at, size_t left, char byte, size_t *used)
{
	static const char *const forms[] = { "%" H H, "\\u00" H H, "\\x" H H };
	const char quoted[] = { '\\', byte, '\0' }, plus[] = { byte == ' ' ? '+' : byte, '\0' };
	const char *const others[] = { quoted, plus, (const char[]){ byte, '\0' } };
	bool could = left == 0;
	const char *form;
	size_t i, same;

	for (i = 0; i < count_of(forms) + count_of(others) && left; i++) {
		form = i < count_of(forms) ? forms[i] : others[i - count_of(forms)];
		same = shape(form, at, left, byte);
		if (same != SIZE_MAX && form[same] == '\0' && !could) {
			*used = same;
			return EGRESS_WHOLE;
		}
		could = could || same != SIZE_MAX; /* a longer form before a shorter one that is its beginning */
	}
	return could ? EGRESS_MORE : EGRESS_BAD;
}

static enum egress_got one(const struct pattern *p, size_t i, const char *at, size_t left, size_t *used)
{
	char nibble = (char)(i % 2 ? (unsigned char)p->text[i / 2] & 15 : (unsigned char)p->text[i / 2] >> 4);

	*used = 1;
	if (p->kind == PATTERN_ESCAPED)
		return escaped(at, left, p->text[i], used);
	if (left == 0)
		return EGRESS_MORE;
	if (p->kind == PATTERN_HEX)
		return digit(at[0]) == nibble ? EGRESS_WHOLE : EGRESS_BAD;
	return at[0] == p->text[i] ? EGRESS_WHOLE : EGRESS_BAD;
}

/* Base64 that is folded into lines: one end of line may stand between two characters. */
static size_t fold(const struct pattern *p, size_t i, const char *at, size_t left)
{
	size_t n = 0;

	if (p->kind != PATTERN_BASE64 || i == 0)
		return 0;
	n += n < left && at[n] == '\r';
	n += n < left && at[n] == '\n';
	return n;
}

enum egress_got pattern_match(const struct pattern *p, const char *bytes, size_t left, size_t *size)
{
	size_t steps = p->kind == PATTERN_HEX ? 2 * p->size : p->size, at = 0, used, i;
	enum egress_got got;

	for (i = 0; i < steps; i++) {
		at += fold(p, i, bytes + at, left - at);
		got = one(p, i, bytes + at, left - at, &used);
		if (got != EGRESS_WHOLE)
			return got;
		at += used;
	}
	*size = at;
	return EGRESS_WHOLE;
}

/* With which bytes it can begin. */
static void mark(bool starts[256], const struct pattern *p)
{
	static const char digits[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
	unsigned char first = (unsigned char)p->text[0];

	if (p->kind == PATTERN_HEX) {
		starts[(unsigned char)digits[first >> 4]] = starts[(unsigned char)upper[first >> 4]] = true;
		return;
	}
	starts[first] = true;
	if (p->kind == PATTERN_ESCAPED)
		starts['%'] = starts['\\'] = starts['+'] = true;
}

void swap_begin(struct swap *s, const struct credentials *all, const char *host)
{
	size_t i, j;

	*s = (struct swap){ .all = all, .host = host, .held = BUF(8 * (size_t)TALK_ROOM) };
	for (i = 0; i < all->count; i++)
		for (j = 0; strcmp(all->at[i].host, host) == 0 && j < all->at[i].pattern_count; j++)
			mark(s->starts, &all->at[i].patterns[j]);
}

/* WHOLE: *whose stands here, in *size bytes. MORE: one could, nobody knows yet. BAD: none does. */
static enum egress_got look(const struct swap *s, const char *at, size_t left, const struct credential **whose,
			    size_t *size)
{
	enum egress_got best = EGRESS_BAD, got;
	size_t i, j;

	for (i = 0; i < s->all->count; i++) {
		if (strcmp(s->all->at[i].host, s->host) != 0)
			continue;
		for (j = 0; j < s->all->at[i].pattern_count; j++) {
			got = pattern_match(&s->all->at[i].patterns[j], at, left, size);
			*whose = &s->all->at[i];
			if (got == EGRESS_WHOLE)
				return got;
			best = got == EGRESS_MORE ? got : best;
		}
	}
	return best;
}

bool swap_feed(struct swap *s, const char *bytes, size_t size, bool last, struct buf *out)
{
	const struct credential *whose = NULL;
	size_t at = 0, begun = 0, used = 0;
	enum egress_got got;

	if (!buf_add(&s->held, bytes, size))
		return false;
	if (s->held.size == 0)
		return !out->over;
	while (at < s->held.size) {
		if (!s->starts[(unsigned char)s->held.data[at]]) {
			at++;
			continue;
		}
		got = look(s, s->held.data + at, s->held.size - at, &whose, &used);
		if (got == EGRESS_MORE && !last)
			break;
		if (got != EGRESS_WHOLE) {
			at++;
			continue;
		}
		buf_add(out, s->held.data + begun, at - begun);
		buf_puts(out, whose->placeholder);
		at = begun = at + used;
		s->found = true;
	}
	buf_add(out, s->held.data + begun, at - begun);
	explicit_bzero(s->held.data, at);
	buf_drop(&s->held, at);
	return !out->over;
}

void swap_end(struct swap *s)
{
	if (s->held.data)
		explicit_bzero(s->held.data, s->held.room);
	buf_free(&s->held);
}
