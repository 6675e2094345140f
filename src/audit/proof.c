#include "audit/proof.h"

#include <inttypes.h>
#include <string.h>

static const char first_line[] = "c2sp.org/tlog-proof@v1\n";

int proof_holds(const struct proof_of *p, struct err *e)
{
	uint8_t hash[SEAL_HASH];
	uint8_t beside[TREE_PATH_MOST][SEAL_HASH];

	memcpy(beside, p->beside, sizeof(beside));
	seal_prefixed(hash, TREE_LEAF, p->record, p->record_size, "", 0);
	tree_climb(hash, p->index, p->path, p->count, beside);
	if (memcmp(hash, p->head.root, SEAL_HASH) != 0)
		return err_set(e, ERR_INPUT,
			       "record %" PRIu64
			       " is not what was signed, or a hash beside it is not",
			       p->index);
	return 0;
}

bool proof_write(struct buf *out, const struct proof_of *p)
{
	char hash[SEAL_HASH_BASE64];
	size_t i;

	buf_puts(out, first_line);
	buf_puts(out, "extra ");
	seal_base64_add(out, p->record, p->record_size);
	buf_printf(out, "\nindex %" PRIu64 "\n", p->index);
	for (i = 0; i < p->count; i++) {
		seal_base64(hash, p->beside[i]);
		buf_printf(out, "%s\n", hash);
	}
	buf_puts(out, "\n");
	return buf_add(out, p->note, p->note_size);
}

struct lines {
	const char *at, *end;
};

/* The next line without its newline; false at the end and for one that is cut off. */
static bool next_line(const char **line, size_t *size, struct lines *l)
{
	const char *newline = memchr(l->at, '\n', (size_t)(l->end - l->at));

	if (!newline)
		return false;
	*line = l->at;
	*size = (size_t)(newline - l->at);
	l->at = newline + 1;
	return true;
}

static bool has_word(const char **line, size_t *size, const char *word)
{
	size_t length = strlen(word);

	if (*size < length || memcmp(*line, word, length) != 0)
		return false;
	*line += length;
	*size -= length;
	return true;
}

static bool read_index(uint64_t *out, const char *digits, size_t size)
{
	uint64_t n = 0;
	size_t i;

	if (size == 0 || size > 18 || (digits[0] == '0' && size > 1))
		return false;
	for (i = 0; i < size; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(digits[i] - '0');
	}
	*out = n;
	return true;
}

/* The lines up to the empty one. *hashes of them are the path. */
static const char *read_lines(struct proof_of *p, struct lines *l)
{
	const char *line;
	size_t size;

	if (!next_line(&line, &size, l) || size + 1 != sizeof(first_line) - 1 ||
	    memcmp(line, first_line, size) != 0)
		return "its first line is not c2sp.org/tlog-proof@v1";
	if (!next_line(&line, &size, l) || !has_word(&line, &size, "extra ") ||
	    !seal_base64_read(p->record, &p->record_size, RECORD_MOST, line, size))
		return "its second line is not \"extra\" and the record in base64";
	if (!next_line(&line, &size, l) || !has_word(&line, &size, "index ") ||
	    !read_index(&p->index, line, size))
		return "its third line is not \"index\" and a number";
	for (p->count = 0; next_line(&line, &size, l); p->count++) {
		if (size == 0)
			return NULL;
		if (p->count == TREE_PATH_MOST || size != SEAL_HASH_BASE64 - 1 ||
		    !seal_hash_read(p->beside[p->count], line, size))
			break;
	}
	return "its hashes are not lines of base64 with an empty line behind them";
}

int proof_parse(struct proof_of *p, const char *text, size_t size, struct err *e)
{
	struct lines l = { .at = text, .end = text + size };
	const char *wrong = read_lines(p, &l);

	if (wrong)
		return err_set(e, ERR_INPUT, "not a proof of a record: %s", wrong);
	p->note_size = (size_t)(l.end - l.at);
	if (p->note_size > sizeof(p->note))
		return err_set(e, ERR_INPUT, "not a proof of a record: a checkpoint of %zu bytes",
			       p->note_size);
	memcpy(p->note, l.at, p->note_size);
	return 0;
}

int proof_place(struct proof_of *p, struct err *e)
{
	size_t count = p->count;

	if (p->index >= p->head.size)
		return err_set(e, ERR_INPUT,
			       "record %" PRIu64 " is not among the %" PRIu64 " that are signed",
			       p->index, p->head.size);
	p->count = tree_path(p->path, p->index, p->head.size);
	if (p->count != count)
		return err_set(e, ERR_INPUT, "%zu hashes, where %zu lead to the root", count,
			       p->count);
	return proof_holds(p, e);
}

int proof_read(struct proof_of *out, const struct epochs *s, const char *text, size_t size, struct err *e)
{
	struct proof_of p = { 0 };

	if (proof_parse(&p, text, size, e) < 0)
		return -1;
	if (epochs_open(&p.head, s, p.note, p.note_size, e) < 0) {
		e->kind = ERR_PEER; /* told apart: another key, or no good signature */
		return -1;
	}
	if (proof_place(&p, e) < 0)
		return -1;
	*out = p;
	return 0;
}
