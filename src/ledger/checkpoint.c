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
int checkpoint_open(struct checkpoint *out, const struct seal_verifier *v, const char *note,
		    size_t size, struct err *e)
{
	scoped(buf) struct buf again = BUF(TEXT_MOST);
	struct checkpoint c = { 0 };
	const char *text, *line, *end;
	size_t text_size, name = strlen(v->name);

	if (seal_note_open(&text, &text_size, v, note, size, e) < 0)
		return -1;
	if (text_size <= name || memcmp(text, v->name, name) != 0 || text[name] != '\n')
		return err_set(e, ERR_INPUT, "a checkpoint of another ledger than %s", v->name);
	line = text + name + 1;
	for (; line < text + text_size && *line >= '0' && *line <= '9'; line++)
		c.size = c.size * 10 + (uint64_t)(*line - '0');
	end = text + text_size - 1;
	if (line >= end || !seal_hash_read(c.root, line + 1, (size_t)(end - line - 1)) ||
	    !text_of(&again, v->name, &c) || again.size != text_size ||
	    memcmp(again.data, text, text_size) != 0)
		return err_set(e, ERR_INPUT, "signed, but not in the form of a checkpoint");
	*out = c;
	return 0;
}
