/* Apart from reading, so that who only reads cosignatures links no signing. */
#include <inttypes.h>
#include <string.h>

#include "seal/note.h"

enum { ID = 4, TIME = 8, SIGNATURE = 64, HEAD_MOST = 64 };

int seal_cosigner_make(const char *path, const char *name, struct err *e)
{
	return note_key_make(path, name, NOTE_COSIGNS, e);
}

int seal_cosigner_load(struct seal_key **out, const char *path, struct err *e)
{
	return note_key_load(out, path, NOTE_COSIGNS, e);
}

bool seal_cosign(struct buf *out, const struct seal_key *k, uint64_t time, const char *text, size_t size)
{
	scoped(buf) struct buf message = BUF(size + HEAD_MOST);
	uint8_t blob[ID + TIME + SIGNATURE];
	size_t i;

	must(size > 0 && text[size - 1] == '\n' && time <= INT64_MAX);
	buf_printf(&message, "cosignature/v1\ntime %" PRIu64 "\n", time);
	if (!buf_add(&message, text, size))
		return false;
	memcpy(blob, seal_key_verifier(k)->id, ID);
	for (i = 0; i < TIME; i++)
		blob[ID + i] = (uint8_t)(time >> (56 - 8 * i));
	note_key_sign(blob + ID + TIME, k, message.data, message.size);
	buf_printf(out, "\xe2\x80\x94 %s ", seal_key_verifier(k)->name);
	seal_base64_add(out, blob, sizeof(blob));
	return buf_puts(out, "\n");
}
