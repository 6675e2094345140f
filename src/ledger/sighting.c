#include "ledger/sighting.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char MARK[] = "reeve-checkpoint ", DASH[] = "\xe2\x80\x94 ";

/* What stands before `until`, which is passed over. */
static bool take_word(char *out, size_t room, const char **at, const char *end, char until)
{
	const char *word = *at, *stop = memchr(word, until, (size_t)(end - word));

	if (!stop || stop == word || (size_t)(stop - word) >= room)
		return false;
	memcpy(out, word, (size_t)(stop - word));
	out[stop - word] = '\0';
	*at = stop + 1;
	return true;
}

static bool take_three(struct sighting *s, const char **at, const char *end, char until)
{
	char number[24], again[24];

	if (!take_word(s->origin, sizeof(s->origin), at, end, until) || !take_word(number, sizeof(number), at, end, until) ||
	    !take_word(s->root, sizeof(s->root), at, end, until) || sscanf(number, "%" SCNu64, &s->at.size) != 1)
		return false;
	snprintf(again, sizeof(again), "%" PRIu64, s->at.size);
	return strcmp(number, again) == 0 && s->at.size < UINT64_C(1) << 53 && seal_name_fits(s->origin) &&
	       strlen(s->root) == SEAL_HASH_BASE64 - 1 && seal_hash_read(s->at.root, s->root, strlen(s->root));
}

bool sighting_read(struct sighting *out, const char *note, size_t size)
{
	const char *at = note, *end = note + size;

	*out = (struct sighting){ .signatures_size = 0 };
	if (size > SEAL_NOTE_MOST || !take_three(out, &at, end, '\n') || at == end || *at != '\n')
		return false;
	out->signatures = at + 1;
	out->signatures_size = (size_t)(end - at - 1);
	return true;
}

bool sighting_line(struct buf *out, const char *note, size_t size)
{
	const char *at, *end = note + size;
	char start[SEAL_NAME + 8], line[512];
	struct sighting s;
	char before = ' ';
	size_t mark;

	if (!sighting_read(&s, note, size))
		return false;
	mark = (size_t)snprintf(start, sizeof(start), "%s%s ", DASH, s.origin);
	buf_printf(out, "%s%s %" PRIu64 " %s", MARK, s.origin, s.at.size, s.root);
	for (at = s.signatures; take_word(line, sizeof(line), &at, end, '\n');) {
		if (strncmp(line, start, mark) != 0)
			continue;
		buf_printf(out, "%c%s", before, line + mark);
		before = ',';
	}
	return before == ',' && !out->over;
}

static bool is_base64(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' || c == '/' || c == '=';
}

/* *rest: what stands behind the signatures. */
static bool take_note(struct buf *out, struct sighting *s, const char **rest, const char *line, size_t size)
{
	const char *at = memmem(line, size, MARK, sizeof(MARK) - 1), *end = line + size, *from;

	if (!at)
		return false;
	at += sizeof(MARK) - 1;
	if (!take_three(s, &at, end, ' '))
		return false;
	buf_printf(out, "%s\n%" PRIu64 "\n%s\n\n", s->origin, s->at.size, s->root);
	for (from = at; out->size <= SEAL_NOTE_MOST; from = at + 1) {
		for (at = from; at < end && is_base64(*at); at++)
			;
		if (at == from)
			return false;
		buf_printf(out, "%s%s %.*s\n", DASH, s->origin, (int)(at - from), from);
		if (at == end || *at != ',')
			break;
	}
	*rest = at;
	return !out->over;
}

bool sighting_note(struct buf *out, const char *line, size_t size)
{
	struct sighting s = { .signatures_size = 0 };
	const char *rest;

	return take_note(out, &s, &rest, line, size);
}

static const char PROOF[] = "c2sp.org/tlog-proof@v1\nextra ";

bool sighting_handover(struct buf *out, const char **note, size_t *note_size, const char *proof, size_t size)
{
	const char *at = proof + sizeof(PROOF) - 1, *split = memmem(proof, size, "\n\n", 2), *end;
	size_t n;

	if (!split || at > split)
		return false;
	*note = split + 2;
	*note_size = size - (size_t)(*note - proof);
	if (!sighting_line(out, *note, *note_size))
		return false;
	for (n = 0; at < split; n++, at = end + 1) {
		end = memchr(at, '\n', (size_t)(split + 1 - at));
		must(end);
		if (n != 1)	/* the index is the size less one */
			buf_printf(out, "%c%.*s", n < 3 ? ' ' : ',', (int)(end - at), at);
	}
	return n > 2 && !out->over;
}

bool sighting_proof(struct buf *out, const char *line, size_t size)
{
	scoped(buf) struct buf note = BUF(SEAL_NOTE_MOST + SEAL_NAME);
	struct sighting s = { .signatures_size = 0 };
	const char *at, *end = line + size, *from;

	if (!take_note(&note, &s, &at, line, size) || at == end || *at != ' ' || s.at.size == 0)
		return false;
	for (from = ++at; at < end && is_base64(*at); at++)
		;
	if (at == from || at == end || *at != ' ')
		return false;
	buf_printf(out, "%s%.*s\nindex %" PRIu64, PROOF, (int)(at - from), from, s.at.size - 1);
	do {
		for (from = ++at; at < end && is_base64(*at); at++)
			;
		buf_printf(out, "\n%.*s", (int)(at - from), from);
	} while (at < end && *at == ',');
	return buf_puts(out, "\n\n") && buf_add(out, note.data, note.size);
}
