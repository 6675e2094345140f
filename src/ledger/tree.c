#include <string.h>

#include "ledger/ledger.h"

static void hash(const struct tree *t, uint8_t out[SEAL_HASH], uint8_t prefix, const void *a,
		 size_t a_size, const void *b, size_t b_size)
{
	(t->hash ? t->hash : seal_prefixed)(out, prefix, a, a_size, b, b_size);
}

/* Like adding one to a binary number: equal subtrees merge and carry. */
void tree_add_hash(struct tree *t, const uint8_t leaf[SEAL_HASH])
{
	tree_add_merged(t, leaf, 0);
}

void tree_add_merged(struct tree *t, const uint8_t merged[SEAL_HASH], unsigned level)
{
	uint8_t sum[SEAL_HASH];

	memcpy(sum, merged, sizeof(sum));
	for (; t->size >> level & 1; level++)
		hash(t, sum, TREE_NODE, t->node[level], SEAL_HASH, sum, SEAL_HASH);
	memcpy(t->node[level], sum, sizeof(sum));
	t->size++;
}

void tree_add(struct tree *t, const void *bytes, size_t size)
{
	uint8_t leaf[SEAL_HASH];

	hash(t, leaf, TREE_LEAF, bytes, size, "", 0);
	tree_add_hash(t, leaf);
}

void tree_root(uint8_t out[SEAL_HASH], const struct tree *t)
{
	bool begun = false;
	unsigned level;

	if (t->size == 0)
		seal_hash(out, "", 0);
	for (level = 0; level < 64; level++) {
		if (!(t->size >> level & 1))
			continue;
		if (begun)
			hash(t, out, TREE_NODE, t->node[level], SEAL_HASH, out, SEAL_HASH);
		else
			memcpy(out, t->node[level], SEAL_HASH);
		begun = true;
	}
}
