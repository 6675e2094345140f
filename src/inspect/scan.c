/*
 * The search. A text is looked through once as it stands, and again as each decoding of it that it
 * has a trace of, each of those in the same way: so one fingerprint of a secret is enough for all
 * its encodings, and for a secret that begins anywhere within what was encoded.
 */
#include <stdlib.h>
#include <string.h>

#include "inspect/held.h"

/* Bytes looked at, for each byte of text: an encoding within an encoding costs a few. */
enum { BUDGET = 24, BUDGET_LEAST = 1 << 16, RUN_BASE64 = 11, RUN_HEX = 16, PHASES = 4 };

bool scan_begin(struct scan *s, const struct inspect_held *h, size_t size)
{
	size_t i;

	*s = (struct scan){ .held = h, .budget = BUDGET_LEAST + BUDGET * size };
	for (i = 0; i < NESTED; i++)
		s->decoded[i] = BUF(size + 1);
	s->seen = calloc(h->piece_count + 1, 1);
	s->unsure = !s->seen;
	return s->seen;
}

void scan_end(struct scan *s)
{
	size_t i;

	for (i = 0; i < NESTED; i++)
		buf_free(&s->decoded[i]);
	free(take(&s->seen));
}

/* A window that passed the filter: is one of the pieces with that filter around it? */
static void confirm(struct scan *s, const char *text, size_t size, size_t at, uint16_t filter)
{
	uint32_t i;

	for (i = s->held->first[filter]; i; i = s->held->pieces[i - 1].next) {
		const struct piece *p = &s->held->pieces[i - 1];
		uint8_t digest[PIECE_DIGEST];

		if (at < p->at || size - (at - p->at) < p->size)
			continue;
		held_digest(digest, s->held->key, text + at - p->at, p->size);
		if (memcmp(digest, p->digest, PIECE_DIGEST) != 0)
			continue;
		s->seen[i - 1] = 1;
		if (s->hit)
			s->hit(s->whose, p, at - p->at);
	}
}

static bool may_be(const struct inspect_held *h, const char *window)
{
	uint16_t filter = held_filter(h->factor, window);

	return h->bits[filter / 64] >> filter % 64 & 1;
}

static void look_at(struct scan *s, const char *text, size_t size, size_t at)
{
	if (may_be(s->held, text + at))
		confirm(s, text, size, at, held_filter(s->held->factor, text + at));
}

/* Four windows at once: nearly never is it any of them. */
void scan_plain(struct scan *s, const char *text, size_t size)
{
	const struct inspect_held *h = s->held;
	size_t i = 0, j;

	for (; i + WINDOW + 3 <= size; i += 4)
		if (may_be(h, text + i) | may_be(h, text + i + 1) | may_be(h, text + i + 2) |
		    may_be(h, text + i + 3))
			for (j = i; j < i + 4; j++)
				look_at(s, text, size, j);
	for (; i + WINDOW <= size; i++)
		look_at(s, text, size, i);
}

static void scan_deep(struct scan *s, const char *text, size_t size, unsigned depth);

/* What a view has made is a text of its own. */
static void scan_view(struct scan *s, unsigned depth)
{
	struct buf *made = &s->decoded[depth];

	s->unsure = s->unsure || made->over;
	if (made->size >= WINDOW)
		scan_deep(s, made->data, made->size, depth + 1);
	made->size = 0;
}

static void scan_escapes(struct scan *s, const char *text, size_t size, unsigned depth)
{
	static const char marks[] = { '%', '\\' };
	size_t i;

	for (i = 0; i < count_of(marks) && !s->unsure; i++) {
		view_escapes(&s->decoded[depth], text, size, marks[i]);
		scan_view(s, depth);
	}
}

/* Where a run begins says nothing of where what is in it began: each phase is tried. */
static void scan_run(struct scan *s, const char *run, size_t size, unsigned depth, bool hex)
{
	size_t phases = hex ? 2 : PHASES, phase;

	for (phase = 0; phase < phases && !s->unsure; phase++) {
		if (hex)
			view_hex(&s->decoded[depth], run, size, phase);
		else
			view_base64(&s->decoded[depth], run, size, phase);
		scan_view(s, depth);
	}
}

/* Hexadecimal digits are digits of base64 too, so they are looked for only among those. */
static void scan_runs(struct scan *s, const char *text, size_t size, unsigned depth)
{
	size_t at, run, inner, hex;

	for (at = 0; (run = view_run(text, size, &at, false, RUN_BASE64)) > 0; at += run) {
		scan_run(s, text + at, run, depth, false);
		for (inner = 0; (hex = view_run(text + at, run, &inner, true, RUN_HEX)) > 0;
		     inner += hex)
			scan_run(s, text + at + inner, hex, depth, true);
	}
}

static void scan_deep(struct scan *s, const char *text, size_t size, unsigned depth)
{
	if (s->budget < size)
		s->unsure = true;
	if (s->unsure)
		return;
	s->budget -= size;
	scan_plain(s, text, size);
	if (depth == NESTED)
		return;
	scan_escapes(s, text, size, depth);
	scan_runs(s, text, size, depth);
}

void scan_text(struct scan *s, const char *text, size_t size)
{
	scan_deep(s, text, size, 0);
}

bool scan_has(const struct scan *s, const struct secret *one)
{
	size_t i, seen = 0;

	for (i = 0; i < one->count; i++)
		seen += s->seen[one->first + i];
	return seen >= one->need;
}

const struct secret *scan_found(const struct scan *s)
{
	size_t i;

	for (i = 0; i < s->held->secret_count; i++)
		if (scan_has(s, &s->held->secrets[i]))
			return &s->held->secrets[i];
	return NULL;
}
