/*
 * A hash for every 256 records, and where they begin: with that the hash of any subtree is a few sums and at most one block
 * read again, so a witness that was away for long costs no more than one that was not. 10^7 records are 1.6 MB.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "anchor/witness.h"

struct block {
	uint64_t at;		/* where its first frame stands */
	uint8_t hash[SEAL_HASH];
};

/* Where the record of an epoch stands. */
struct mark {
	uint64_t index, at;
};

struct hashes {
	const char *ledger;		/* borrowed */
	struct mark *marks;		/* owned */
	size_t mark_count;
	struct journal *journal;	/* owned */
	uint64_t size, at;		/* records that were read, and where the next frame stands */
	struct tree open;		/* of the last block, not whole yet */
	struct block *blocks;		/* owned; the last is the one that is not whole */
	size_t count, room;
};

int hashes_new(struct hashes **out, const char *ledger, struct err *e)
{
	scoped(hashes) struct hashes *h = calloc(1, sizeof(*h));

	if (!h)
		return err_sys(e, "memory for hashes");
	h->at = JOURNAL_MAGIC;
	h->ledger = ledger;
	if (journal_open(&h->journal, ledger, e) < 0)
		return -1;
	*out = take(&h);
	return 0;
}

void hashes_free(struct hashes *h)
{
	if (!h)
		return;
	journal_free(h->journal);
	free(h->blocks);
	free(h->marks);
	free(h);
}

static int add_block(struct hashes *h, struct err *e)
{
	size_t room = h->room ? h->room * 2 : 64;
	struct block *more = h->count < h->room ? h->blocks : realloc(h->blocks, room * sizeof(*more));

	if (!more)
		return err_sys(e, "memory for hashes");
	h->room = h->count < h->room ? h->room : room;
	h->blocks = more;
	h->blocks[h->count++].at = h->at;
	h->open = (struct tree){ .size = 0 };
	return 0;
}

/* What was read ahead may be older than what was signed since: then once more, afresh. */
static int read_frame(struct frame *f, enum frame_got *got, struct hashes *h, uint64_t at, struct err *e)
{
	if (h->journal && journal_frame(h->journal, f, got, at, e) < 0)
		return -1;
	if (h->journal && *got == FRAME_WHOLE)
		return 0;
	journal_free(h->journal);
	h->journal = NULL;
	return journal_open(&h->journal, h->ledger, e) < 0 ? -1 : journal_frame(h->journal, f, got, at, e);
}

/* The next record's frame from *at on, which is then behind it. */
static int next_record(struct frame *f, struct hashes *h, uint64_t *at, struct err *e)
{
	enum frame_got got;

	do {
		if (read_frame(f, &got, h, *at, e) < 0)
			return -1;
		if (got != FRAME_WHOLE)
			return err_set(e, ERR_INPUT, "the ledger ends at record %" PRIu64 ", before what was signed", h->size);
		*at += frame_whole(f);
	} while (f->kind == FRAME_COMMIT);
	return 0;
}

/* They are few: one a day. */
static int mark(struct hashes *h, uint64_t at, struct err *e)
{
	struct mark *more = realloc(h->marks, (h->mark_count + 1) * sizeof(*more));

	if (!more)
		return err_sys(e, "memory for epochs");
	h->marks = more;
	h->marks[h->mark_count++] = (struct mark){ h->size, at };
	return 0;
}

int hashes_handing(struct handing *out, bool *there, struct hashes *h, uint64_t size, struct err *e)
{
	enum frame_got got;
	struct frame f;
	uint64_t at;
	size_t i;

	for (i = 0; i < h->mark_count && h->marks[i].index + 1 < size; i++)
		;
	*there = i < h->mark_count;
	if (!*there)
		return 0;
	at = h->marks[i].at;
	if (next_record(&f, h, &at, e) < 0)
		return -1;
	out->index = h->marks[i].index;
	out->record_size = f.size;
	memcpy(out->record, f.body, f.size);
	if (read_frame(&f, &got, h, at, e) < 0)
		return -1;
	if (got != FRAME_WHOLE || f.kind != FRAME_COMMIT)
		return err_set(e, ERR_INPUT, "no checkpoint hands over to the epoch of record %" PRIu64, out->index);
	out->note_size = f.size;
	memcpy(out->note, f.body, f.size);
	return 0;
}

int hashes_to(struct hashes *h, uint64_t size, struct err *e)
{
	struct frame f;

	while (h->size < size) {
		if (h->size % HASHES_BLOCK == 0 && add_block(h, e) < 0)
			return -1;
		if (next_record(&f, h, &h->at, e) < 0) {
			h->count -= h->size % HASHES_BLOCK == 0;
			return -1;
		}
		if (f.kind == RECORD_EPOCH && mark(h, h->at - frame_whole(&f), e) < 0)
			return -1;
		tree_add(&h->open, f.body, f.size);
		h->size++;
		if (h->size % HASHES_BLOCK == 0)
			tree_root(h->blocks[h->count - 1].hash, &h->open);
	}
	return 0;
}

/* Of less than a block. */
static int hash_few(struct tree *t, struct hashes *h, uint64_t begin, uint64_t end, struct err *e)
{
	uint64_t at = h->blocks[begin / HASHES_BLOCK].at, n;
	struct frame f;

	for (n = begin / HASHES_BLOCK * HASHES_BLOCK; n < end; n++) {
		if (next_record(&f, h, &at, e) < 0)
			return -1;
		if (n >= begin)
			tree_add(t, f.body, f.size);
	}
	return 0;
}

int hashes_of(uint8_t out[SEAL_HASH], struct hashes *h, uint64_t begin, uint64_t end, struct err *e)
{
	struct tree whole = { .size = 0 }, rest = { .size = 0 };
	uint64_t n = begin;
	unsigned level;
	bool begun;

	must(begin < end && end <= h->size);
	for (; end - n >= HASHES_BLOCK && n % HASHES_BLOCK == 0; n += HASHES_BLOCK)
		tree_add_hash(&whole, h->blocks[n / HASHES_BLOCK].hash);
	if (n < end && hash_few(&rest, h, n, end, e) < 0)
		return -1;
	begun = n < end;
	if (begun)
		tree_root(out, &rest);
	for (level = 0; level < 64; level++) {
		if (!(whole.size >> level & 1))
			continue;
		if (begun)
			seal_prefixed(out, TREE_NODE, whole.node[level], SEAL_HASH, out, SEAL_HASH);
		else
			memcpy(out, whole.node[level], SEAL_HASH);
		begun = true;
	}
	return 0;
}
