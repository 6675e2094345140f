#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"

enum { TEXT_MOST = 512 };

static bool text_of(struct buf *out, const char *origin, const struct checkpoint *c)
{
	char root[SEAL_HASH_BASE64];

	seal_base64(root, c->root);
	return buf_printf(out, "%s\n%" PRIu64 "\n%s\n", origin, c->size, root);
}

bool checkpoint_sign(struct buf *out, const struct seal_key *k, const struct seal_key *next, const struct tree *t)
{
	scoped(buf) struct buf text = BUF(TEXT_MOST);
	struct checkpoint c = { .size = t->size };

	tree_root(c.root, t);
	return text_of(&text, seal_key_verifier(k)->name, &c) && seal_note_sign(out, k, text.data, text.size) &&
	       (!next || seal_note_add(out, next, text.data, text.size));
}

/* Read loosely, then demand that writing it again gives the same bytes: one form only. */
static bool read_text(struct checkpoint *out, const char *origin, const char *text, size_t size)
{
	scoped(buf) struct buf again = BUF(TEXT_MOST);
	struct checkpoint c = { 0 };
	const char *line = text + strlen(origin) + 1, *end = text + size - 1;

	for (; line < end && *line >= '0' && *line <= '9'; line++)
		c.size = c.size * 10 + (uint64_t)(*line - '0');
	if (line >= end || !seal_hash_read(c.root, line + 1, (size_t)(end - line - 1)) || !text_of(&again, origin, &c) ||
	    again.size != size || memcmp(again.data, text, size) != 0)
		return false;
	*out = c;
	return true;
}

static bool is_of(const char *origin, const char *text, size_t size)
{
	size_t name = strlen(origin);

	return size > name && memcmp(text, origin, name) == 0 && text[name] == '\n';
}

int checkpoint_open(struct checkpoint *out, const struct seal_verifier *v, const char *note,
		    size_t size, struct err *e)
{
	const char *text;
	size_t text_size;

	if (seal_note_open(&text, &text_size, v, note, size, e) < 0)
		return -1;
	if (!is_of(v->name, text, text_size))
		return err_set(e, ERR_INPUT, "a checkpoint of another ledger than %s", v->name);
	if (!read_text(out, v->name, text, text_size))
		return err_set(e, ERR_INPUT, "signed, but not in the form of a checkpoint");
	return 0;
}

/* "— ORIGIN base64(id, signature)": by another key than this one? */
static bool by_another(const struct seal_verifier *root, const char *line, size_t size)
{
	static const char mark[] = "\xe2\x80\x94 ";
	size_t lead = sizeof(mark) - 1 + strlen(root->name) + 1, got;
	const char *end = memchr(line, '\n', size);
	uint8_t blob[68];

	return end && (size_t)(end - line) > lead && memcmp(line, mark, sizeof(mark) - 1) == 0 &&
	       memcmp(line + sizeof(mark) - 1, root->name, strlen(root->name)) == 0 && line[lead - 1] == ' ' &&
	       seal_base64_read(blob, &got, sizeof(blob), line + lead, (size_t)(end - line) - lead) &&
	       got == sizeof(blob) && memcmp(blob, root->id, sizeof(root->id)) != 0;
}

bool checkpoint_seems(struct checkpoint *out, const struct seal_verifier *root, const char *note, size_t size)
{
	const char *split = memmem(note, size, "\n\n", 2);
	struct err ignored = { .kind = ERR_NONE };

	if (checkpoint_open(out, root, note, size, &ignored) == 0)
		return true;
	return split && is_of(root->name, note, (size_t)(split - note)) &&
	       read_text(out, root->name, note, (size_t)(split + 1 - note)) &&
	       by_another(root, split + 2, size - (size_t)(split + 2 - note));
}
