#include <string.h>

#include "ledger/ledger.h"

/* Like adding one to a binary number: equal subtrees merge and carry. */
void tree_add(struct tree *t, const void *bytes, size_t size)
{
	uint8_t hash[SEAL_HASH];
	unsigned level;

	seal_leaf(hash, bytes, size);
	for (level = 0; t->size >> level & 1; level++)
		seal_node(hash, t->node[level], hash);
	memcpy(t->node[level], hash, sizeof(hash));
	t->size++;
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
			seal_node(out, t->node[level], out);
		else
			memcpy(out, t->node[level], SEAL_HASH);
		begun = true;
	}
}
