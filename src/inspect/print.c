/* Fingerprints, where the secrets are known. Nothing of a secret stays in them but what held.h
 * says. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "inspect/held.h"

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim(const char **text, size_t *size)
{
	while (*size > 0 && is_blank((*text)[*size - 1]))
		(*size)--;
	while (*size > 0 && is_blank(**text))
		(*text)++, (*size)--;
}

bool inspect_prints_begin(struct buf *out, const uint8_t key[INSPECT_KEY])
{
	return buf_add(out, key, INSPECT_KEY);
}

/* The window is in the middle: what tokens of one kind have in common is mostly at their ends. */
static void add_piece(struct buf *out, const uint8_t key[INSPECT_KEY], const char *bytes,
		      size_t size)
{
	uint8_t at = (uint8_t)((size - WINDOW) / 2), small = (uint8_t)size;
	uint16_t filter = held_filter(held_factor(key), bytes + at);
	uint8_t digest[PIECE_DIGEST];

	held_digest(digest, key, bytes, size);
	buf_add(out, &filter, sizeof(filter));
	buf_add(out, &small, 1);
	buf_add(out, &at, 1);
	buf_add(out, digest, sizeof(digest));
}

/* All of a line is in its pieces: the last one reaches back. Returns how many. */
static size_t add_line(struct buf *out, const uint8_t key[INSPECT_KEY], const char *line,
		       size_t size)
{
	size_t at, count = 0;

	for (at = 0; size >= WINDOW && at < size; at += PIECE, count++) {
		if (size - at < PIECE && size > PIECE)
			add_piece(out, key, line + size - PIECE, PIECE);
		else
			add_piece(out, key, line + at, size - at < PIECE ? size - at : PIECE);
	}
	return count;
}

/* By its lines, since what is written on one line elsewhere is still the same key. */
static size_t add_lines(struct buf *out, const uint8_t key[INSPECT_KEY], const char *text,
			size_t size)
{
	const char *end = text + size, *stop;
	size_t count = 0, length;

	for (; text < end; text = stop + 1) {
		stop = memchr(text, '\n', (size_t)(end - text));
		stop = stop ? stop : end;
		length = (size_t)(stop - text);
		trim(&text, &length);
		count += add_line(out, key, text, length);
	}
	return count;
}

int inspect_prints_check(const char *secret, size_t size, struct err *e)
{
	static const uint8_t key[INSPECT_KEY];
	scoped(buf) struct buf out = BUF(INSPECT_PRINTS);

	trim(&secret, &size);
	if (size < INSPECT_LEAST)
		return err_set(e, ERR_INPUT,
			       "it has %zu bytes, and reeve cannot guard fewer than %d: they would "
			       "be found in "
			       "everything; take a longer one",
			       size, INSPECT_LEAST);
	if (size > INSPECT_LONGEST)
		return err_set(e, ERR_INPUT, "it has %zu bytes, and reeve can guard at most %d",
			       size, INSPECT_LONGEST);
	if (add_lines(&out, key, secret, size) == 0)
		return err_set(e, ERR_INPUT,
			       "none of its lines has %d bytes, so reeve cannot guard it",
			       INSPECT_LEAST);
	return 0;
}

int inspect_prints_add(struct buf *out, const char *name, const char *secret, size_t size,
		       struct err *e)
{
	uint8_t key[INSPECT_KEY];
	char padded[INSPECT_NAME] = "";
	uint16_t count = 0;
	size_t head;

	must(out->size >= INSPECT_KEY);
	memcpy(key, out->data, INSPECT_KEY);
	if (!*name || strlen(name) >= INSPECT_NAME || !text_is_utf8(name, strlen(name)))
		return err_set(e, ERR_INPUT, "the name of a secret has 1 to %d bytes",
			       INSPECT_NAME - 1);
	if (inspect_prints_check(secret, size, e) < 0)
		return err_in(e, "secret %s", name);
	trim(&secret, &size);
	snprintf(padded, sizeof(padded), "%s", name);
	buf_add(out, padded, sizeof(padded));
	head = out->size;
	buf_add(out, &count, sizeof(count));
	count = (uint16_t)add_lines(out, key, secret, size);
	if (out->over)
		return err_set(e, ERR_LIMIT, "too many secrets: their fingerprints exceed %d bytes",
			       INSPECT_PRINTS);
	memcpy(out->data + head, &count, sizeof(count));
	return 0;
}
