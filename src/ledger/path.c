#include <string.h>

#include "ledger/ledger.h"

/* The largest power of two below `count`, which is at least 2. */
static uint64_t left_half(uint64_t count)
{
	uint64_t half = 1;

	while (half < count - half)
		half *= 2;
	return half;
}

size_t tree_path(struct tree_part out[TREE_PATH_MOST], uint64_t index, uint64_t size)
{
	struct tree_part down[TREE_PATH_MOST];
	uint64_t begin = 0, end = size, middle;
	size_t count = 0, i;

	must(index < size);
	while (end - begin > 1) {
		middle = begin + left_half(end - begin);
		must(count < TREE_PATH_MOST);
		if (index < middle) {
			down[count++] = (struct tree_part){ middle, end };
			end = middle;
		} else {
			down[count++] = (struct tree_part){ begin, middle };
			begin = middle;
		}
	}
	for (i = 0; i < count; i++)
		out[i] = down[count - 1 - i];
	return count;
}

void tree_climb(uint8_t hash[SEAL_HASH], uint64_t index, const struct tree_part *path, size_t count,
		uint8_t beside[][SEAL_HASH])
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (path[i].begin > index)
			seal_prefixed(hash, TREE_NODE, hash, SEAL_HASH, beside[i], SEAL_HASH);
		else
			seal_prefixed(hash, TREE_NODE, beside[i], SEAL_HASH, hash, SEAL_HASH);
	}
}
