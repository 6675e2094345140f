#include <string.h>

#include "ledger/ledger.h"

/* The way down from the root to where the old tree ends: at each node, the half beside it. */
struct step {
	struct tree_part beside;
	bool left;	/* that half is the left one, and wholly old */
};

struct way {
	struct step steps[TREE_PATH_MOST];
	size_t count;
	struct tree_part last;	/* a whole subtree that the old tree ends with */
};

static uint64_t left_half(uint64_t count)
{
	uint64_t half = 1;

	while (half < count - half)
		half *= 2;
	return half;
}

static void way_down(struct way *w, uint64_t old, uint64_t size)
{
	uint64_t begin = 0, end = size, middle;

	must(old > 0 && old <= size);
	for (w->count = 0; end != old; w->count++) {
		must(w->count < TREE_PATH_MOST);
		middle = begin + left_half(end - begin);
		w->steps[w->count].left = old > middle;
		if (old > middle) {
			w->steps[w->count].beside = (struct tree_part){ begin, middle };
			begin = middle;
		} else {
			w->steps[w->count].beside = (struct tree_part){ middle, end };
			end = middle;
		}
	}
	w->last = (struct tree_part){ begin, end };
}

size_t tree_growth(struct tree_part out[TREE_PATH_MOST], uint64_t old, uint64_t size)
{
	struct way w;
	size_t count = 0, i;

	if (old == 0 || old == size)
		return 0;
	way_down(&w, old, size);
	/* Who asks knows the old root: where the last part is all of it, it is not said again. */
	if (w.last.begin > 0)
		out[count++] = w.last;
	for (i = w.count; i-- > 0;)
		out[count++] = w.steps[i].beside;
	return count;
}

/* Back up: the old root from the parts that were old, the new one from all of them. */
static void climb(uint8_t was[SEAL_HASH], uint8_t is[SEAL_HASH], const struct way *w, uint8_t hashes[][SEAL_HASH])
{
	const uint8_t *beside;
	size_t i;

	for (i = w->count; i-- > 0;) {
		beside = *hashes++;
		if (w->steps[i].left) {
			seal_prefixed(was, TREE_NODE, beside, SEAL_HASH, was, SEAL_HASH);
			seal_prefixed(is, TREE_NODE, beside, SEAL_HASH, is, SEAL_HASH);
		} else {
			seal_prefixed(is, TREE_NODE, is, SEAL_HASH, beside, SEAL_HASH);
		}
	}
}

bool tree_grew(uint64_t old, const uint8_t old_root[SEAL_HASH], uint64_t size, const uint8_t root[SEAL_HASH],
	       uint8_t hashes[][SEAL_HASH], size_t count)
{
	uint8_t was[SEAL_HASH], is[SEAL_HASH];
	struct tree_part parts[TREE_PATH_MOST];
	bool first;
	struct way w;

	if (old > size || count != tree_growth(parts, old, size))
		return false;
	if (old == 0)
		return size > 0 || memcmp(old_root, root, SEAL_HASH) == 0;
	way_down(&w, old, size);
	first = count > 0 && w.last.begin > 0;
	memcpy(was, first ? hashes[0] : old_root, SEAL_HASH);
	memcpy(is, was, SEAL_HASH);
	climb(was, is, &w, hashes + first);
	return memcmp(was, old_root, SEAL_HASH) == 0 && memcmp(is, root, SEAL_HASH) == 0;
}
