/* Blocks are made, and made again to check them: from the ledger alone, a block at a time, each by itself. */
#include <string.h>

#include "audit/index_parts.h"

static size_t write_head(uint8_t out[INDEX_HEAD_MOST], const struct index_head *h, const struct index_digest *digests)
{
	uint8_t *at = out;

	memcpy(at, &h->block, 8);
	memcpy(at + 8, &h->begin, 8);
	memcpy(at + 16, &h->end, 8);
	memcpy(at + 24, h->root, SEAL_HASH);
	memcpy(at + 24 + SEAL_HASH, h->least, ASK_TIME);
	memcpy(at + 24 + SEAL_HASH + ASK_TIME, h->greatest, ASK_TIME);
	memcpy(at + INDEX_HEAD_FIXED, digests, h->count * sizeof(*digests));
	return INDEX_HEAD_FIXED + h->count * sizeof(*digests);
}

static int make_block(struct index_block *b, struct journal *j, uint64_t block, const uint64_t *offsets, struct err *e)
{
	enum frame_got got;
	struct frame f;
	size_t i;

	index_block_begin(b, block);
	for (i = 0; i < INDEX_BLOCK; i++) {
		if (journal_frame(j, &f, &got, offsets[i], e) < 0)
			return -1;
		if (got != FRAME_WHOLE || f.index != block * INDEX_BLOCK + i)
			return err_set(e, ERR_INPUT, "the journal changed while it was read; try again");
		if (index_block_take(b, &f, offsets[i], e) < 0)
			return -1;
	}
	return 0;
}

static int add_block(struct index *x, struct index_block *b, struct err *e)
{
	struct index_digest digests[ROWS];
	struct buf rows[ROWS];
	uint8_t bytes[INDEX_HEAD_MOST];
	struct index_head h;
	size_t i, size;

	index_block_end(&h, digests, rows, b);
	if (index_grow(x, h.count, e) < 0)
		return -1;
	for (i = 0; i < h.count; i++)
		if (index_file_write(x->file, digests[i].row, x->blocks, rows[i].data, rows[i].size, e) < 0)
			return -1;
	size = write_head(bytes, &h, digests);
	index_seal(bytes + size, x, bytes, size);
	if (index_file_write(x->file, ROW_HEAD, x->blocks, bytes, size + SEAL_HASH, e) < 0)
		return -1;
	index_keep(x, &h, digests);
	return 0;
}

static int add_blocks(struct index *x, struct journal *j, const uint64_t *offsets, uint64_t count, struct err *e)
{
	scoped(index_block) struct index_block *b = NULL;
	const uint8_t *bytes;
	size_t size;

	if (index_block_new(&b, e) < 0 || index_file_begin(x->file, e) < 0 ||
	    index_file_read(&bytes, &size, x->file, ROW_HEAD, x->blocks, e) < 0)
		return -1;
	if (size > 0)
		return err_set(e, ERR_SYSTEM, "another auditor has just added to %.180s", index_name(x));
	for (; count >= INDEX_BLOCK && x->blocks < INDEX_BLOCKS_MOST; offsets += INDEX_BLOCK, count -= INDEX_BLOCK)
		if (make_block(b, j, x->blocks, offsets, e) < 0 || add_block(x, b, e) < 0)
			return -1;
	return index_file_commit(x->file, e);
}

int index_update(struct index *x, struct journal *j, const uint64_t *offsets, uint64_t count, struct err *e)
{
	const struct tree above = x->above;
	const size_t blocks = x->blocks, digest_count = x->digest_count;

	if (add_blocks(x, j, offsets, count, e) == 0)
		return 0;
	index_file_rollback(x->file);
	x->above = above;
	x->blocks = blocks;
	x->digest_count = digest_count;
	return -1;
}

static int same_rows(bool *same, struct index *x, struct index_block *b, struct err *e)
{
	struct index_digest digests[ROWS];
	struct index_head h;
	const struct index_head *have;
	struct buf rows[ROWS];
	const uint8_t *bytes;
	size_t size, i;

	index_block_end(&h, digests, rows, b);
	have = &x->heads[h.block];
	h.first = have->first;
	*same = memcmp(&h, have, sizeof(h)) == 0 && memcmp(digests, x->digests + h.first, h.count * sizeof(*digests)) == 0;
	for (i = 0; i < h.count && *same; i++) {
		if (index_file_read(&bytes, &size, x->file, digests[i].row, h.block, e) < 0)
			return -1;
		*same = size == rows[i].size && memcmp(bytes, rows[i].data, size) == 0;
	}
	return 0;
}

/* Offsets of a block from what stands behind the one before; checkpoints are passed over. */
static int find_block(uint64_t offsets[INDEX_BLOCK], struct journal *j, uint64_t at, struct err *e)
{
	enum frame_got got;
	struct frame f;
	size_t i;

	for (i = 0; i < INDEX_BLOCK; at += frame_whole(&f)) {
		if (journal_frame(j, &f, &got, at, e) < 0)
			return -1;
		if (got != FRAME_WHOLE)
			return err_set(e, ERR_INPUT, "the journal cannot be read at %llu; run verify", (unsigned long long)at);
		if (f.kind != FRAME_COMMIT)
			offsets[i++] = at;
	}
	return 0;
}

int index_check(bool *good, struct index *x, struct journal *j, struct err *e)
{
	scoped(index_block) struct index_block *b = NULL;
	uint64_t offsets[INDEX_BLOCK], rows, block, at = JOURNAL_MAGIC;

	if (index_block_new(&b, e) < 0)
		return -1;
	for (*good = true, block = 0; block < x->blocks && *good; at = x->heads[block++].end) {
		if (find_block(offsets, j, at, e) != 0 || make_block(b, j, block, offsets, e) < 0 || same_rows(good, x, b, e) < 0)
			return -1;
		if (!*good)
			index_does_not_hold(x, "a row", block, e);
	}
	if (!*good || index_file_rows(&rows, x->file, e) < 0)
		return *good ? -1 : 0;
	*good = rows == x->blocks + x->digest_count;
	if (!*good)
		err_set(e, ERR_INPUT, "the index %.150s has %llu rows that are none of its own", index_name(x),
			(unsigned long long)(rows - x->blocks - x->digest_count));
	return 0;
}
