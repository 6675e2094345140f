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

struct handed {
	uint64_t record;	/* that of an epoch; its checkpoint comes next in the file */
	uint64_t at;		/* where its frame stands */
};

struct hashes {
	const char *ledger;		/* borrowed */
	struct journal *journal;	/* owned */
	uint64_t size, at;		/* records that were read, and where the next frame stands */
	struct tree open;		/* of the last block, not whole yet */
	struct block *blocks;		/* owned; the last is the one that is not whole */
	size_t count, room;
	struct handed *handed;		/* owned; ascending */
	size_t handed_count, handed_room;
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
	free(h->handed);
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

static int add_handed(struct hashes *h, uint64_t at, struct err *e)
{
	size_t room = h->handed_room ? h->handed_room * 2 : 16;
	struct handed *more = h->handed_count < h->handed_room ? h->handed : realloc(h->handed, room * sizeof(*more));

	if (!more)
		return err_sys(e, "memory for handovers");
	h->handed_room = h->handed_count < h->handed_room ? h->handed_room : room;
	h->handed = more;
	h->handed[h->handed_count++] = (struct handed){ .record = h->size, .at = at };
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
		if (f.kind == RECORD_EPOCH && add_handed(h, h->at - frame_whole(&f), e) < 0)
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

int hashes_line(struct buf *out, struct hashes *h, uint64_t begin, uint64_t end, struct err *e)
{
	char text[SEAL_HASH_BASE64];
	uint8_t hash[SEAL_HASH];

	if (hashes_of(hash, h, begin, end, e) < 0)
		return -1;
	seal_base64(text, hash);
	buf_printf(out, "%s\n", text);
	return 0;
}

bool hashes_handover(uint64_t *size, const struct hashes *h, size_t i)
{
	*size = i < h->handed_count ? h->handed[i].record + 1 : 0;
	return i < h->handed_count;
}

/* As C2SP tlog-proof has it; the frames are read again, since nobody asks for this often. */
int hashes_proof(struct buf *out, struct hashes *h, size_t i, struct err *e)
{
	struct tree_part parts[TREE_PATH_MOST];
	const struct handed *x = &h->handed[i];
	size_t count = tree_path(parts, x->record, x->record + 1), n;
	enum frame_got got = FRAME_WHOLE;
	struct frame f = { .size = 0 };
	uint64_t behind;

	if (read_frame(&f, &got, h, x->at, e) < 0)
		return -1;
	buf_puts(out, "c2sp.org/tlog-proof@v1\nextra ");
	if (got == FRAME_WHOLE)
		seal_base64_add(out, f.body, f.size);
	behind = x->at + frame_whole(&f);
	buf_printf(out, "\nindex %" PRIu64 "\n", x->record);
	for (n = 0; n < count; n++)
		if (hashes_line(out, h, parts[n].begin, parts[n].end, e) < 0)
			return -1;
	buf_puts(out, "\n");
	if (got == FRAME_WHOLE && read_frame(&f, &got, h, behind, e) < 0)
		return -1;
	if (got != FRAME_WHOLE || f.kind != FRAME_COMMIT)
		return err_set(e, ERR_INPUT, "no checkpoint stands behind record %" PRIu64 ", which begins an epoch", x->record);
	return buf_add(out, f.body, f.size) ? 0 : err_set(e, ERR_LIMIT, "no memory for a handover");
}
