/*
 * Blocks of 256 leaves: of each its root is kept, and its leaves only where one of them is wanted. So ten million
 * records take some five megabytes, and a proof a few hundred hashes.
 */
#include "audit/leaves.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256, BLOCK_BITS = 8 };

struct block {
	uint8_t root[SEAL_HASH];	/* once it is full */
	uint8_t (*leaf)[SEAL_HASH];	/* owned; NULL: none of it is wanted, and it is not the last */
};

struct leaves {
	uint64_t records, added, count;
	uint8_t *wanted;		/* a bit each */
	struct tree tree;		/* of the block that is being filled */
	struct block *blocks;
	size_t block_count;
	struct {
		struct tree_part part;
		uint8_t root[SEAL_HASH];
	} last[64];			/* by its size: those who stand side by side have most of their way in common */
};

void leaves_free(struct leaves *l)
{
	size_t i;

	for (i = 0; l && i < l->block_count; i++)
		free(l->blocks[i].leaf);
	if (l) {
		free(l->blocks);
		free(l->wanted);
	}
	free(l);
}

int leaves_new(struct leaves **out, uint64_t records, struct err *e)
{
	scoped(leaves) struct leaves *l = calloc(1, sizeof(*l));

	if (!l)
		return err_sys(e, "memory for hashes");
	l->records = records;
	l->wanted = calloc(records / 8 + 1, 1);
	l->blocks = calloc(records / BLOCK + 1, sizeof(l->blocks[0]));
	if (!l->wanted || !l->blocks)
		return err_sys(e, "memory for hashes");
	l->block_count = records / BLOCK + 1;
	l->tree.hash = sum_prefixed;
	*out = take(&l);
	return 0;
}

static int open_block(struct block *b, struct err *e)
{
	if (!b->leaf)
		b->leaf = calloc(BLOCK, SEAL_HASH);
	return b->leaf ? 0 : err_sys(e, "memory for hashes");
}

/* The last block is never whole, and its leaves stand beside the way of every other. */
int leaves_want(struct leaves *l, uint64_t index, struct err *e)
{
	must(index < l->records && l->added == 0);
	if (leaves_wanted(l, index))
		return 0;
	l->wanted[index / 8] |= (uint8_t)(1u << index % 8);
	l->count++;
	if (open_block(&l->blocks[l->block_count - 1], e) < 0)
		return -1;
	return open_block(&l->blocks[index / BLOCK], e);
}

bool leaves_wanted(const struct leaves *l, uint64_t index)
{
	return index < l->records && l->wanted[index / 8] >> index % 8 & 1;
}

uint64_t leaves_count(const struct leaves *l)
{
	return l->count;
}

void leaves_add(struct leaves *l, const uint8_t hash[SEAL_HASH])
{
	struct block *b = &l->blocks[l->added / BLOCK];

	must(l->added < l->records);
	if (b->leaf)
		memcpy(b->leaf[l->added % BLOCK], hash, SEAL_HASH);
	tree_add_hash(&l->tree, hash);
	if (++l->added % BLOCK == 0) {
		tree_root(b->root, &l->tree);
		l->tree.size = 0;
	}
}

/* Of whole blocks the roots will do: not all leaves are there. */
static void of_blocks(struct tree *t, const struct leaves *l, const struct tree_part *part)
{
	struct tree above = { .hash = sum_prefixed };
	uint64_t at;

	for (at = part->begin; at + BLOCK <= part->end; at += BLOCK)
		tree_add_hash(&above, l->blocks[at / BLOCK].root);
	memcpy(t->node[BLOCK_BITS], above.node, sizeof(above.node) - BLOCK_BITS * sizeof(above.node[0]));
	t->size = at - part->begin;
	for (; at < part->end; at++)
		tree_add_hash(t, l->blocks[at / BLOCK].leaf[at % BLOCK]);
}

static void part_root(uint8_t out[SEAL_HASH], struct leaves *l, const struct tree_part *part)
{
	size_t slot = 63 - (size_t)__builtin_clzll(part->end - part->begin);
	struct tree t = { .hash = sum_prefixed };
	uint64_t at;

	if (l->last[slot].part.begin != part->begin || l->last[slot].part.end != part->end) {
		if (part->begin % BLOCK == 0 && part->end - part->begin >= BLOCK)
			of_blocks(&t, l, part);
		else
			for (at = part->begin; at < part->end; at++)
				tree_add_hash(&t, l->blocks[at / BLOCK].leaf[at % BLOCK]);
		tree_root(l->last[slot].root, &t);
		l->last[slot].part = *part;
	}
	memcpy(out, l->last[slot].root, SEAL_HASH);
}

void leaves_beside(struct proof_of *p, struct leaves *l)
{
	size_t i;

	must(l->added == l->records);
	p->count = tree_path(p->path, p->index, l->records);
	for (i = 0; i < p->count; i++)
		part_root(p->beside[i], l, &p->path[i]);
}
