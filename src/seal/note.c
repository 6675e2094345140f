/*
 * Signed notes as an auditor reads them (C2SP signed-note, verifier keys). Reading is strict and
 * bounded: a note is at most 4 KiB, and only the key the auditor brought is ever believed.
 */
#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "seal/note.h"

int seal_ready(struct err *e)
{
	if (sodium_init() < 0)
		return err_set(e, ERR_SYSTEM, "libsodium does not start on this machine");
	return 0;
}

bool seal_name_fits(const char *name)
{
	size_t size = strlen(name), i;

	for (i = 0; i < size; i++)
		if (name[i] <= ' ' || name[i] == '+' || name[i] > '~')
			return false;
	return size > 0 && size < SEAL_NAME;
}

void note_key_id(struct seal_verifier *v, uint8_t type)
{
	uint8_t text[SEAL_NAME + 2 + 32], hash[SEAL_HASH];
	size_t size = strlen(v->name);

	memcpy(text, v->name, size);
	text[size++] = '\n';
	text[size++] = type;
	memcpy(text + size, v->key, sizeof(v->key));
	seal_hash(hash, text, size + sizeof(v->key));
	memcpy(v->id, hash, sizeof(v->id));
}

void note_verifier_text(char out[SEAL_VERIFIER_TEXT], const struct seal_verifier *v, uint8_t type)
{
	uint8_t key[33] = { type };
	size_t size = strlen(v->name);

	memcpy(key + 1, v->key, sizeof(v->key));
	memcpy(out, v->name, size);
	out[size++] = '+';
	text_hex(out + size, v->id, sizeof(v->id));
	size += 8;
	out[size++] = '+';
	sodium_bin2base64(out + size, SEAL_VERIFIER_TEXT - size, key, sizeof(key),
			  sodium_base64_VARIANT_ORIGINAL);
}

void seal_verifier_text(char out[SEAL_VERIFIER_TEXT], const struct seal_verifier *v)
{
	note_verifier_text(out, v, NOTE_ED25519);
}

int note_verifier_read(struct seal_verifier *out, const char *text, size_t size, uint8_t type, struct err *e)
{
	static const char wrong[] = "not a verifier key: expected name+8 hex digits+base64 on one line";
	struct seal_verifier v = { 0 };
	uint8_t key[33], id[4];
	const char *plus, *end;
	size_t got = 0;

	while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		size--;
	plus = memchr(text, '+', size);
	if (!plus || plus - text >= SEAL_NAME || size - (size_t)(plus - text) != 1 + 8 + 1 + 44)
		return err_set(e, ERR_INPUT, "%s", wrong);
	memcpy(v.name, text, (size_t)(plus - text));
	end = plus + 10;
	if (!seal_name_fits(v.name) || plus[9] != '+' ||
	    sodium_hex2bin(id, sizeof(id), plus + 1, 8, NULL, &got, NULL) != 0 || got != sizeof(id) ||
	    sodium_base642bin(key, sizeof(key), end, 44, NULL, &got, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0 || got != sizeof(key))
		return err_set(e, ERR_INPUT, "%s", wrong);
	memcpy(v.key, key + 1, sizeof(v.key));
	if (key[0] != type)
		return err_set(e, ERR_INPUT, "verifier key %s: of type %u, where one of type %u is needed (%s)", v.name, key[0], type,
			       type == NOTE_ED25519 ? "a log's" : "a witness's");
	note_key_id(&v, type);
	if (memcmp(v.id, id, sizeof(id)) != 0)
		return err_set(e, ERR_INPUT, "verifier key %s: its id does not belong to it; copy it again", v.name);
	if (!crypto_core_ed25519_is_valid_point(v.key))
		return err_set(e, ERR_INPUT, "verifier key %s: not a usable Ed25519 key", v.name);
	*out = v;
	return 0;
}

int seal_verifier_read(struct seal_verifier *out, const char *text, size_t size, struct err *e)
{
	return note_verifier_read(out, text, size, NOTE_ED25519, e);
}

/* One line that claims to be of this key and is not good spoils all: readers of other hands stop at it. */
int seal_note_open(const char **text, size_t *size, const struct seal_verifier *v, const char *note,
		   size_t note_size, struct err *e)
{
	struct seal_note n;

	if (seal_note_split(&n, note, note_size, SEAL_NOTE_MOST, e) < 0)
		return -1;
	if (seal_note_signed(&n, v) != SEAL_SIGNED)
		return err_set(e, ERR_INPUT, "no good signature by %s", v->name);
	*text = n.text;
	*size = n.size;
	return 0;
}
