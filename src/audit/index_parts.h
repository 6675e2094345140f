/* audit/index_parts.h - what an index holds in memory. Private to audit/index.c and index_make.c. */
#ifndef AUDIT_INDEX_PARTS_H
#define AUDIT_INDEX_PARTS_H

#include "audit/index.h"

enum {
	INDEX_KEPT = 64,
	INDEX_HEAD_FIXED = 24 + SEAL_HASH + 2 * ASK_TIME,
	INDEX_HEAD_MOST = INDEX_HEAD_FIXED + (int)sizeof(struct index_digest) * ROWS + SEAL_HASH,
	INDEX_LEVEL = 10,
	INDEX_BLOCKS_MOST = 1 << 21,	/* record numbers fit 32 bits */
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
	struct index_digest *digests;	/* owned, of all blocks */
	size_t blocks, room, digest_count, digest_room;
	struct tree above;		/* its leaves are the blocks' roots */
	struct places *kept[INDEX_KEPT];	/* owned, by block */
	uint32_t *run, *other;		/* owned, by record; number, and number + 1 */
	size_t linked;			/* blocks of which they know */
};

/* -1, with a sentence that names the row. */
int index_does_not_hold(const struct index *x, const char *what, uint64_t block, struct err *e);
int index_grow(struct index *x, size_t digests, struct err *e) must_use;	/* room for a block */
void index_keep(struct index *x, const struct index_head *h, const struct index_digest *digests);
void index_seal(uint8_t out[SEAL_HASH], const struct index *x, const void *bytes, size_t size);

#endif
