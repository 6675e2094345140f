/*
 * Cosignatures as an auditor reads them (C2SP tlog-cosignature v1), and notes with many signatures. A cosignature is a
 * note's signature of another type: 8 bytes of time before the 64, and over two lines more than the note's text.
 */
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "seal/note.h"

static const char MARK[] = "\xe2\x80\x94 ";	/* em dash, blank */

enum { TIME = 8, SIGNATURE = 64, ID = 4, BLOB_MOST = ID + TIME + SIGNATURE, HEAD_MOST = 64 };

int seal_cosigner_read(struct seal_verifier *out, const char *text, size_t size, struct err *e)
{
	return note_verifier_read(out, text, size, NOTE_COSIGNS, e);
}

void seal_cosigner_text(char out[SEAL_VERIFIER_TEXT], const struct seal_verifier *v)
{
	note_verifier_text(out, v, NOTE_COSIGNS);
}

/* What stands behind id in a line under this name and id: `size` bytes. *ours: name and id are this key's. */
static bool line_of(uint8_t *out, size_t size, bool *ours, const struct seal_verifier *v, const char *line, size_t line_size)
{
	size_t mark = sizeof(MARK) - 1, name = strlen(v->name), got = 0;
	uint8_t blob[BLOB_MOST], begin[6];

	*ours = line_size > mark + name + 1 && memcmp(line, MARK, mark) == 0 && memcmp(line + mark, v->name, name) == 0 &&
		line[mark + name] == ' ';
	if (!*ours)
		return false;
	line += mark + name + 1;
	line_size -= mark + name + 1;
	/* Its first eight digits hold the id, whatever is wrong with the rest. */
	*ours = line_size > 8 &&
		sodium_base642bin(begin, sizeof(begin), line, 8, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
		got == sizeof(begin) && memcmp(begin, v->id, ID) == 0;
	if (!*ours || sodium_base642bin(blob, sizeof(blob), line, line_size, NULL, &got, NULL,
					sodium_base64_VARIANT_ORIGINAL) != 0 || got != ID + size)
		return false;
	memcpy(out, blob + ID, size);
	return true;
}

enum seal_signed seal_cosigned(uint64_t *time, const struct seal_verifier *w, const char *line, size_t line_size,
			       const char *text, size_t size)
{
	scoped(buf) struct buf message = BUF(size + HEAD_MOST);
	uint8_t blob[TIME + SIGNATURE];
	uint64_t at = 0;
	size_t i;
	bool ours;

	if (!line_of(blob, sizeof(blob), &ours, w, line, line_size))
		return ours ? SEAL_FORGED : SEAL_UNSIGNED;
	for (i = 0; i < TIME; i++)
		at = at << 8 | blob[i];
	buf_printf(&message, "cosignature/v1\ntime %" PRIu64 "\n", at);
	if (at > INT64_MAX || !buf_add(&message, text, size) ||
	    crypto_sign_verify_detached(blob + TIME, (const uint8_t *)message.data, message.size, w->key) != 0)
		return SEAL_FORGED;
	*time = at;
	return SEAL_SIGNED;
}

/* Em dash, blank, name, blank, base64. */
static bool line_fits(const char *line, size_t size)
{
	size_t mark = sizeof(MARK) - 1, i, begin;

	if (size <= mark || memcmp(line, MARK, mark) != 0)
		return false;
	for (i = mark; i < size && line[i] != ' ' && line[i] != '+'; i++)
		;
	if (i == mark || i >= size || line[i] != ' ')
		return false;
	for (begin = ++i; i < size; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", line[i]))
			return false;
	return i > begin + 8;
}

static bool is_plain(const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\n')
			return false;
	return text_is_utf8(text, size);
}

bool seal_note_line(const char **line, size_t *size, const struct seal_note *n, size_t *at)
{
	const char *end = *at < n->lines_size ? memchr(n->lines + *at, '\n', n->lines_size - *at) : NULL;

	if (!end)
		return false;
	*line = n->lines + *at;
	*size = (size_t)(end - *line);
	*at += *size + 1;
	return true;
}

int seal_note_split(struct seal_note *out, const char *note, size_t size, size_t most, struct err *e)
{
	struct seal_note n = { .text = note };
	const char *line;
	size_t i, at = 0;

	if (size > most)
		return err_set(e, ERR_LIMIT, "a note of %zu bytes, more than %zu", size, most);
	if (size == 0 || note[size - 1] != '\n' || !is_plain(note, size))
		return err_set(e, ERR_INPUT, "not a signed note: text that ends in a newline, without control characters");
	for (i = size; i >= 2 && (note[i - 2] != '\n' || note[i - 1] != '\n'); i--)
		;
	if (i < 3 || i == size)
		return err_set(e, ERR_INPUT, "a note without an empty line and signatures behind it");
	n.size = i - 1;
	n.lines = note + i;
	n.lines_size = size - i;
	while (seal_note_line(&line, &i, &n, &at))
		if (!line_fits(line, i))
			return err_set(e, ERR_INPUT, "a note with a line that is no signature");
	*out = n;
	return 0;
}

static void join(enum seal_signed *all, enum seal_signed one)
{
	if (one > *all)
		*all = one;
}

enum seal_signed seal_note_signed(const struct seal_note *n, const struct seal_verifier *v)
{
	enum seal_signed all = SEAL_UNSIGNED;
	uint8_t blob[SIGNATURE];
	const char *line;
	size_t size, at = 0;
	bool ours;

	while (seal_note_line(&line, &size, n, &at)) {
		if (line_of(blob, sizeof(blob), &ours, v, line, size) &&
		    crypto_sign_verify_detached(blob, (const uint8_t *)n->text, n->size, v->key) == 0)
			join(&all, SEAL_SIGNED);
		else if (ours)
			join(&all, SEAL_FORGED);
	}
	return all;
}

enum seal_signed seal_note_cosigned(uint64_t *time, const struct seal_note *n, const struct seal_verifier *w)
{
	enum seal_signed all = SEAL_UNSIGNED;
	const char *line;
	size_t size, at = 0;

	while (seal_note_line(&line, &size, n, &at))
		join(&all, seal_cosigned(time, w, line, size, n->text, n->size));
	return all;
}
