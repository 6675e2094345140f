/* audit/index_parts.h - what an index holds in memory. Private to audit/index.c and index_make.c. */
#ifndef AUDIT_INDEX_PARTS_H
#define AUDIT_INDEX_PARTS_H

#include "audit/index.h"

enum {
	INDEX_KEPT = 64,
	INDEX_HEAD_FIXED = 24 + SEAL_HASH + 2 * ASK_TIME,
	INDEX_HEAD_MOST = INDEX_HEAD_FIXED + (2 + SEAL_HASH) * ROWS + SEAL_HASH,
	INDEX_LEVEL = 10,
	INDEX_BLOCKS_MOST = 1 << 21,
};

struct places {
	uint64_t block;		/* + 1; 0: none */
	uint32_t offset[INDEX_BLOCK];
	uint8_t leaf[INDEX_BLOCK][SEAL_HASH];
};

struct index {
	struct index_file *file;
	uint8_t key[SEAL_HASH];
	struct index_head *heads;	/* owned */
	size_t blocks, room;
	struct tree above;		/* its leaves are the blocks' roots */
	struct places *kept[INDEX_KEPT];	/* owned, by block */
	uint64_t *run;			/* owned with `other`, by record; NULL: not read yet */
	uint32_t *other;		/* number + 1 */
	size_t linked;			/* blocks of which they know */
};

/* -1, with a sentence that names the row. */
int index_does_not_hold(const struct index *x, const char *what, uint64_t block, struct err *e);
int index_grow(struct index *x, struct err *e) must_use;
void index_seal(uint8_t out[SEAL_HASH], const struct index *x, const void *bytes, size_t size);

#endif
