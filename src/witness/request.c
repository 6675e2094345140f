/* The body of a request, as C2SP tlog-witness has it: one form for each thing that can be said, and no other. */
#include <string.h>

#include "witness/witness.h"

enum { DIGITS_MOST = 18 };

struct lines {
	const char *at, *end;
};

static bool next_line(const char **line, size_t *size, struct lines *l)
{
	const char *newline = l->at < l->end ? memchr(l->at, '\n', (size_t)(l->end - l->at)) : NULL;

	if (!newline)
		return false;
	*line = l->at;
	*size = (size_t)(newline - l->at);
	l->at = newline + 1;
	return true;
}

static bool read_number(uint64_t *out, const char *digits, size_t size)
{
	uint64_t n = 0;
	size_t i;

	if (size == 0 || size > DIGITS_MOST || (digits[0] == '0' && size > 1))
		return false;
	for (i = 0; i < size; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(digits[i] - '0');
	}
	*out = n;
	return true;
}

/* Base64 alone: what else seal_hash_read() takes is longer. */
static bool read_hash(uint8_t out[SEAL_HASH], const char *text, size_t size)
{
	return size == SEAL_HASH_BASE64 - 1 && seal_hash_read(out, text, size);
}

int request_head(struct request *out, const char **rest, const char *body, size_t size, struct err *e)
{
	struct lines l = { body, body + size };
	const char *line;

	if (!next_line(&line, &size, &l) || size < 4 || memcmp(line, "old ", 4) != 0 || !read_number(&out->old, line + 4, size - 4))
		return err_set(e, ERR_INPUT, "the first line is not \"old\" and a size");
	for (out->count = 0; next_line(&line, &size, &l); out->count++) {
		if (size == 0) {
			*rest = l.at;
			return 0;
		}
		if (out->count == WITNESS_HASHES || !read_hash(out->hashes[out->count], line, size))
			break;
	}
	return err_set(e, ERR_INPUT, "behind the first line stand at most %d hashes in base64, a line each, and an empty line",
		       WITNESS_HASHES);
}

/* Whatever more the log says behind the third line is signed with the rest, and means nothing here. */
int request_checkpoint(struct request *out, const char *note, size_t size, struct err *e)
{
	struct lines l;
	const char *line;

	if (seal_note_split(&out->note, note, size, SEAL_COSIGNED_MOST, e) < 0)
		return -1;
	l = (struct lines){ out->note.text, out->note.text + out->note.size };
	if (!next_line(&out->origin, &out->origin_size, &l) || out->origin_size == 0)
		return err_set(e, ERR_INPUT, "a checkpoint without an origin");
	if (!next_line(&line, &size, &l) || !read_number(&out->size, line, size))
		return err_set(e, ERR_INPUT, "a checkpoint without a size in its second line");
	if (!next_line(&line, &size, &l) || !read_hash(out->root, line, size))
		return err_set(e, ERR_INPUT, "a checkpoint without a hash in its third line");
	while (next_line(&line, &size, &l))
		if (size == 0)
			return err_set(e, ERR_INPUT, "a checkpoint with an empty line in it");
	return 0;
}

/* The record goes along as the proof's extra, as reeve-audit(1) writes it. */
static bool read_proof(struct handover *h, struct lines *l)
{
	static const char first[] = "c2sp.org/tlog-proof@v1";
	const char *line;
	size_t size;

	if (!next_line(&line, &size, l) || size != sizeof(first) - 1 || memcmp(line, first, size) != 0 ||
	    !next_line(&line, &size, l) || size < 6 || memcmp(line, "extra ", 6) != 0 ||
	    !seal_base64_read(h->record, &h->record_size, RECORD_MOST, line + 6, size - 6) || !next_line(&line, &size, l) ||
	    size < 6 || memcmp(line, "index ", 6) != 0 || !read_number(&h->index, line + 6, size - 6))
		return false;
	for (h->count = 0; next_line(&line, &size, l) && size > 0; h->count++)
		if (h->count == TREE_PATH_MOST || !read_hash(h->beside[h->count], line, size))
			return false;
	return size == 0;
}

int request_handover(struct request *out, struct handover *h, const char *proof, size_t size, struct err *e)
{
	struct lines l = { proof, proof + size };

	if (!read_proof(h, &l))
		return err_set(e, ERR_INPUT, "behind the empty line stands no C2SP tlog-proof with its record as extra");
	return request_checkpoint(out, l.at, (size_t)(l.end - l.at), e);
}
