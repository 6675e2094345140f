/* Blocks are made, and made again to check them: from the ledger alone, a block at a time, each by itself. */
#include <string.h>

#include "audit/index_parts.h"

static size_t write_head(uint8_t out[INDEX_HEAD_MOST], const struct index_head *h)
{
	static const uint8_t none[SEAL_HASH];
	uint8_t *at = out;
	uint16_t row;

	memcpy(at, &h->block, 8);
	memcpy(at + 8, &h->begin, 8);
	memcpy(at + 16, &h->end, 8);
	memcpy(at + 24, h->root, SEAL_HASH);
	memcpy(at + 24 + SEAL_HASH, h->least, ASK_TIME);
	memcpy(at + 24 + SEAL_HASH + ASK_TIME, h->greatest, ASK_TIME);
	for (at += INDEX_HEAD_FIXED, row = 0; row < ROWS; row++) {
		if (memcmp(h->digest[row], none, SEAL_HASH) == 0)
			continue;
		memcpy(at, &row, 2);
		memcpy(at + 2, h->digest[row], SEAL_HASH);
		at += 2 + SEAL_HASH;
	}
	return (size_t)(at - out);
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
	struct buf rows[ROWS];
	uint8_t head[INDEX_HEAD_MOST];
	unsigned row;
	size_t size;

	if (x->blocks == x->room && index_grow(x, e) < 0)
		return -1;
	index_block_end(&x->heads[x->blocks], rows, b);
	for (row = 0; row < ROWS; row++)
		if (rows[row].size > 0 && index_file_write(x->file, row, x->blocks, rows[row].data, rows[row].size, e) < 0)
			return -1;
	size = write_head(head, &x->heads[x->blocks]);
	index_seal(head + size, x, head, size);
	if (index_file_write(x->file, ROW_HEAD, x->blocks, head, size + SEAL_HASH, e) < 0)
		return -1;
	tree_add_hash(&x->above, x->heads[x->blocks++].root);
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
	const size_t blocks = x->blocks;

	if (add_blocks(x, j, offsets, count, e) == 0)
		return 0;
	index_file_rollback(x->file);
	x->above = above;
	x->blocks = blocks;
	return -1;
}

static int same_rows(bool *same, struct index *x, struct index_block *b, uint64_t *rows_seen, struct err *e)
{
	struct index_head made;
	struct buf rows[ROWS];
	const uint8_t *bytes;
	unsigned row;
	size_t size;

	index_block_end(&made, rows, b);
	*same = memcmp(&made, &x->heads[made.block], sizeof(made)) == 0;
	for (row = 0; row < ROWS && *same; row++) {
		if (index_file_read(&bytes, &size, x->file, row, made.block, e) < 0)
			return -1;
		*same = size == rows[row].size && (size == 0 || memcmp(bytes, rows[row].data, size) == 0);
		*rows_seen += size > 0;
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
	uint64_t offsets[INDEX_BLOCK], seen = x->blocks, rows, block, at = JOURNAL_MAGIC;

	if (index_block_new(&b, e) < 0)
		return -1;
	for (*good = true, block = 0; block < x->blocks && *good; at = x->heads[block++].end) {
		if (find_block(offsets, j, at, e) < 0 || make_block(b, j, block, offsets, e) < 0 || same_rows(good, x, b, &seen, e) < 0)
			return -1;
		if (!*good)
			index_does_not_hold(x, "a row", block, e);
	}
	if (!*good || index_file_rows(&rows, x->file, e) < 0)
		return *good ? -1 : 0;
	*good = rows == seen;
	if (!*good)
		err_set(e, ERR_INPUT, "the index %.150s has %llu rows that are none of its own", index_name(x),
			(unsigned long long)(rows - seen));
	return 0;
}
