/* Under what an action is counted: hashes, so that what an agent makes up takes no more room than anything else. */
#include <string.h>

#include "broker/runtime_state.h"
#include "json/json.h"
#include "seal/seal.h"

enum { KEYED_MOST = 8 << 20 };

/* To many tool servers upper and lower case are one, so they are here: each with its NUL. */
static void add_folded(struct buf *out, const char *text)
{
	char c;

	for (; text && *text; text++) {
		c = *text >= 'A' && *text <= 'Z' ? (char)(*text | 0x20) : *text;
		buf_add(out, &c, 1);
	}
	buf_add(out, "", 1);
}

/* False: what it would be counted as is not known. */
static bool write_key(struct buf *out, const struct action *a, enum meter_of of)
{
	uint8_t kind = (uint8_t)a->kind;

	if (of == OF_CATEGORY && !a->category)
		return false;
	if (of == OF_CATEGORY)
		add_folded(out, a->category);
	if (of == OF_SERVER || of == OF_TOOL || of == OF_CALL)
		add_folded(out, a->server);
	if (of == OF_TOOL || of == OF_CALL)
		add_folded(out, a->tool);
	if (of == OF_CALL)
		buf_add(out, &kind, 1);
	if (of == OF_CALL && json_object_size(a->args) > 0)
		json_canonical_any(out, a->args);
	return !out->over;
}

static bool key_of(uint8_t key[COUNT_KEY], const struct action *a, enum meter_of of)
{
	scoped(buf) struct buf text = BUF(KEYED_MOST);
	uint8_t hash[SEAL_HASH];

	if (!write_key(&text, a, of))
		return false;
	seal_hash(hash, text.data, text.size);
	memcpy(key, hash, COUNT_KEY);
	return true;
}

void question_ask(struct question *q, const struct action *a)
{
	int of;

	*q = (struct question){ .a = a };
	for (of = 0; of < METER_OFS; of++)
		q->known[of] = key_of(q->key[of], a, (enum meter_of)of);
}

bool runtime_call_key(uint64_t *out, const struct action *a)
{
	uint8_t key[COUNT_KEY];

	if (!key_of(key, a, OF_CALL))
		return false;
	memcpy(out, key, sizeof(*out));
	return true;
}
