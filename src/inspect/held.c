/* Fingerprints, where secrets are looked for. */
#include "inspect/held.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "seal/seal.h"

enum { HEAD = INSPECT_NAME + 2, ENTRY = 4 + PIECE_DIGEST, KEYED = 0x52, ALL_OF = 8 };

uint64_t held_factor(const uint8_t key[INSPECT_KEY])
{
	uint64_t factor;

	memcpy(&factor, key, sizeof(factor));
	return factor | 1;
}

void held_digest(uint8_t out[PIECE_DIGEST], const uint8_t key[INSPECT_KEY], const char *bytes,
		 size_t size)
{
	uint8_t hash[SEAL_HASH];

	seal_prefixed(hash, KEYED, key, INSPECT_KEY, bytes, size);
	memcpy(out, hash, PIECE_DIGEST);
}

/* A long one is mostly a file with lines that say what it is; half of it is found, too. */
static size_t held_need(size_t pieces)
{
	return pieces <= ALL_OF ? pieces : (pieces + 1) / 2;
}

/* The secret whose prints begin here; 0: these are no prints. */
static size_t read_secret(struct inspect_held *h, const uint8_t *at, size_t left)
{
	struct secret *s = &h->secrets[h->secret_count];
	struct piece *p;
	uint16_t count, i;

	if (left < HEAD || h->secret_count == INSPECT_SECRETS)
		return 0;
	memcpy(s->name, at, INSPECT_NAME);
	memcpy(&count, at + INSPECT_NAME, sizeof(count));
	if (s->name[INSPECT_NAME - 1] || count == 0 || (left - HEAD) / ENTRY < count)
		return 0;
	*s = (struct secret){ .first = h->piece_count, .count = count, .need = held_need(count) };
	memcpy(s->name, at, INSPECT_NAME);
	for (i = 0, at += HEAD; i < count; i++, at += ENTRY) {
		p = &h->pieces[h->piece_count++];
		*p = (struct piece){ .size = at[2],
				     .at = at[3],
				     .secret = (uint16_t)h->secret_count };
		memcpy(&p->filter, at, sizeof(p->filter));
		memcpy(p->digest, at + 4, PIECE_DIGEST);
		if (p->size < WINDOW || p->size > PIECE || p->at > p->size - WINDOW)
			return 0;
	}
	h->secret_count++;
	return HEAD + (size_t)count * ENTRY;
}

static void index_pieces(struct inspect_held *h)
{
	size_t i;

	for (i = 0; i < h->piece_count; i++) {
		struct piece *p = &h->pieces[i];

		h->bits[p->filter / 64] |= UINT64_C(1) << p->filter % 64;
		p->next = h->first[p->filter];
		h->first[p->filter] = (uint32_t)i + 1;
	}
}

int inspect_held_load(struct inspect_held **out, const void *bytes, size_t size, struct err *e)
{
	scoped(inspect_held) struct inspect_held *h = calloc(1, sizeof(*h));
	const uint8_t *at = bytes;
	size_t left = size, step;

	if (!h)
		return err_sys(e, "memory for fingerprints");
	h->secrets = calloc(INSPECT_SECRETS, sizeof(*h->secrets));
	h->pieces = calloc(size / ENTRY + 1, sizeof(*h->pieces));
	h->first = calloc(FILTER, sizeof(*h->first));
	if (!h->secrets || !h->pieces || !h->first)
		return err_sys(e, "memory for fingerprints");
	if (size < INSPECT_KEY || size > INSPECT_PRINTS)
		return err_set(e, ERR_PEER, "fingerprints of %zu bytes", size);
	memcpy(h->key, at, INSPECT_KEY);
	h->factor = held_factor(h->key);
	for (at += INSPECT_KEY, left -= INSPECT_KEY; left > 0; at += step, left -= step) {
		step = read_secret(h, at, left);
		if (step == 0)
			return err_set(e, ERR_PEER,
				       "malformed fingerprints, or of more than %d secrets",
				       INSPECT_SECRETS);
	}
	index_pieces(h);
	*out = take(&h);
	return 0;
}

void inspect_held_free(struct inspect_held *h)
{
	if (!h)
		return;
	free(h->secrets);
	free(h->pieces);
	free(h->first);
	free(h);
}

size_t inspect_held_count(const struct inspect_held *h)
{
	return h ? h->secret_count : 0;
}
