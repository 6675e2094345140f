/*
 * The index as one reads it. On opening, every block's head: sealed, in its place, one behind the other, so that their
 * roots are the leaves of the tree above. A row is used when its digest is that of its head; offsets and leaf hashes when
 * the hashes make up the block's root, too, which needs no seal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/index_parts.h"

enum { SEALING = 0x02 };

_Static_assert(1 << INDEX_LEVEL == INDEX_BLOCK, "a block is a whole subtree");

int index_does_not_hold(const struct index *x, const char *what, uint64_t block, struct err *e)
{
	return err_set(e, ERR_INPUT, "the index %.120s does not hold: %s of block %llu was removed or changed",
		       index_file_name(x->file), what, (unsigned long long)block);
}

/* Fixed length behind the key, so nothing can be appended. */
void index_seal(uint8_t out[SEAL_HASH], const struct index *x, const void *bytes, size_t size)
{
	uint8_t sum[SEAL_HASH];

	sum_prefixed(sum, SEALING, bytes, size, "", 0);
	sum_prefixed(out, SEALING, x->key, sizeof(x->key), sum, sizeof(sum));
}

/* What has a good seal was written by write_head(): its form needs no doubt, only its length. */
static bool open_head(struct index_head *out, const struct index *x, const uint8_t *bytes, size_t size)
{
	uint8_t sealed[SEAL_HASH];

	if (size < INDEX_HEAD_FIXED + SEAL_HASH || size > INDEX_HEAD_MOST ||
	    (size - INDEX_HEAD_FIXED - SEAL_HASH) % sizeof(struct index_digest) != 0)
		return false;
	index_seal(sealed, x, bytes, size - SEAL_HASH);
	if (memcmp(sealed, bytes + size - SEAL_HASH, SEAL_HASH) != 0)
		return false;
	memset(out, 0, sizeof(*out));
	memcpy(&out->block, bytes, 8);
	memcpy(&out->begin, bytes + 8, 8);
	memcpy(&out->end, bytes + 16, 8);
	memcpy(out->root, bytes + 24, SEAL_HASH);
	memcpy(out->least, bytes + 24 + SEAL_HASH, ASK_TIME);
	memcpy(out->greatest, bytes + 24 + SEAL_HASH + ASK_TIME, ASK_TIME);
	out->count = (size - INDEX_HEAD_FIXED - SEAL_HASH) / sizeof(struct index_digest);
	return true;
}

static int grow_to(void **at, size_t *room, size_t count, size_t size, struct err *e)
{
	void *more;

	if (count <= *room)
		return 0;
	more = realloc(*at, 2 * count * size);
	if (!more)
		return err_sys(e, "memory for the index");
	*at = more;
	*room = 2 * count;
	return 0;
}

int index_grow(struct index *x, size_t digests, struct err *e)
{
	void *heads = x->heads, *sums = x->digests;
	int status = grow_to(&heads, &x->room, x->blocks + 1, sizeof(*x->heads), e) < 0 ||
		     grow_to(&sums, &x->digest_room, x->digest_count + digests, sizeof(*x->digests), e) < 0;

	x->heads = heads;
	x->digests = sums;
	return -status;
}

void index_keep(struct index *x, const struct index_head *h, const struct index_digest *digests)
{
	x->heads[x->blocks] = *h;
	x->heads[x->blocks++].first = x->digest_count;
	memcpy(x->digests + x->digest_count, digests, h->count * sizeof(*digests));
	x->digest_count += h->count;
	tree_add_hash(&x->above, h->root);
}

/* Each block begins behind the one before: nothing is left out in between but a checkpoint. */
static int read_heads(struct index *x, struct err *e)
{
	const uint8_t *bytes;
	struct index_head h;
	size_t size;

	while (x->blocks < INDEX_BLOCKS_MOST) {
		if (index_file_read(&bytes, &size, x->file, ROW_HEAD, x->blocks, e) < 0)
			return -1;
		if (size == 0)
			return 0;
		if (!open_head(&h, x, bytes, size) || h.block != x->blocks || h.begin < index_end(x) || h.end <= h.begin)
			return index_does_not_hold(x, "the head", x->blocks, e);
		if (index_grow(x, h.count, e) < 0)
			return -1;
		index_keep(x, &h, (const void *)(bytes + INDEX_HEAD_FIXED));
	}
	return 0;
}

static void begin_again(struct index *x)
{
	size_t i;

	for (i = 0; i < INDEX_KEPT; i++)
		if (x->kept[i])
			x->kept[i]->block = 0;
	free(x->run);
	free(x->other);
	x->run = NULL;
	x->other = NULL;
	x->linked = x->blocks = x->digest_count = 0;
	x->above = (struct tree){ .hash = sum_prefixed };
}

int index_open(struct index **out, const char *name, bool make, const char *ledger, const uint8_t first[SEAL_HASH], struct err *e)
{
	scoped(index) struct index *x = calloc(1, sizeof(*x));
	char folder[4096];
	bool there;

	*out = NULL;
	if (!x)
		return err_sys(e, "memory for the index");
	begin_again(x);
	if (index_folder(folder, make, e) < 0 || index_key(x->key, &there, make, folder, e) < 0 ||
	    (there && index_file_open(&x->file, name, make, ledger, first, e) < 0))
		return -1;
	if (!x->file)
		return 0;
	if (read_heads(x, e) < 0) {
		index_spoil(x);
		return -1;
	}
	*out = take(&x);
	return 0;
}

void index_free(struct index *x)
{
	size_t i;

	if (!x)
		return;
	begin_again(x);
	for (i = 0; i < INDEX_KEPT; i++)
		free(x->kept[i]);
	index_file_free(x->file);
	free(x->heads);
	free(x->digests);
	free(x);
}

/* It need not succeed: what is left of it does not hold the next time either. */
void index_spoil(struct index *x)
{
	struct err ignored = { .kind = ERR_NONE };

	begin_again(x);
	if (index_file_empty(x->file, &ignored) < 0)
		return;
}

uint64_t index_records(const struct index *x)
{
	return (uint64_t)x->blocks * INDEX_BLOCK;
}

uint64_t index_end(const struct index *x)
{
	return x->blocks ? x->heads[x->blocks - 1].end : JOURNAL_MAGIC;
}

/* A block is a whole subtree, so the tree above is the tree itself, without its lowest levels. */
void index_tree(struct tree *out, const struct index *x)
{
	*out = (struct tree){ .hash = sum_prefixed, .size = index_records(x) };
	memcpy(out->node + INDEX_LEVEL, x->above.node, sizeof(out->node) - INDEX_LEVEL * sizeof(out->node[0]));
}

const char *index_name(const struct index *x)
{
	return index_file_name(x->file);
}

const struct index_head *index_block_head(const struct index *x, uint64_t block)
{
	return &x->heads[block];
}

static const struct index_digest *digest_of(const struct index *x, unsigned row, uint64_t block)
{
	const struct index_digest *d = x->digests + x->heads[block].first, *end = d + x->heads[block].count;

	while (d < end && d->row < row)
		d++;
	return d < end && d->row == row ? d : NULL;
}

bool index_has_row(const struct index *x, unsigned row, uint64_t block)
{
	return digest_of(x, row, block);
}

/* Size 0: the block has none, says its head. */
int index_row(const uint8_t **bytes, size_t *size, struct index *x, unsigned row, uint64_t block, struct err *e)
{
	const struct index_digest *d = digest_of(x, row, block);
	uint8_t sum[SEAL_HASH];

	*size = 0;
	if (!d)
		return 0;
	if (index_file_read(bytes, size, x->file, row, block, e) < 0)
		return -1;
	sum_prefixed(sum, 0, *size ? *bytes : (const uint8_t *)"", *size, "", 0);
	return memcmp(sum, d->sum, SEAL_HASH) == 0 ? 0 : index_does_not_hold(x, "a row", block, e);
}

/* --- places and links --- */

static int read_places(struct places *p, struct index *x, uint64_t block, struct err *e)
{
	struct tree tree = { .hash = sum_prefixed };
	uint8_t root[SEAL_HASH];
	const uint8_t *bytes;
	size_t size, i;

	p->block = 0;
	if (index_row(&bytes, &size, x, ROW_PLACES, block, e) < 0)
		return -1;
	if (size != sizeof(p->offset) + sizeof(p->leaf))
		return index_does_not_hold(x, "a row", block, e);
	memcpy(p->offset, bytes, sizeof(p->offset));
	memcpy(p->leaf, bytes + sizeof(p->offset), sizeof(p->leaf));
	for (i = 0; i < INDEX_BLOCK; i++)
		tree_add_hash(&tree, p->leaf[i]);
	tree_root(root, &tree);
	if (memcmp(root, x->heads[block].root, SEAL_HASH) != 0)
		return index_does_not_hold(x, "a hash", block, e);
	p->block = block + 1;
	return 0;
}

int index_place(uint64_t *offset, uint8_t leaf[SEAL_HASH], struct index *x, uint64_t n, struct err *e)
{
	uint64_t block = n / INDEX_BLOCK;
	struct places **p = &x->kept[block % INDEX_KEPT];

	must(block < x->blocks);
	if (!*p)
		*p = calloc(1, sizeof(**p));
	if (!*p)
		return err_sys(e, "memory for the index");
	if ((*p)->block != block + 1 && read_places(*p, x, block, e) < 0)
		return -1;
	*offset = x->heads[block].begin + (*p)->offset[n % INDEX_BLOCK];
	memcpy(leaf, (*p)->leaf[n % INDEX_BLOCK], SEAL_HASH);
	return 0;
}

static int read_links(struct index *x, uint64_t block, struct err *e)
{
	struct index_links l;
	const uint8_t *bytes;
	uint64_t first = block * INDEX_BLOCK;
	size_t size, i;

	if (index_row(&bytes, &size, x, ROW_LINKS, block, e) < 0)
		return -1;
	if (size == 0 || !index_links_read(&l, bytes, size))
		return index_does_not_hold(x, "a row", block, e);
	memcpy(x->run + first, l.run, sizeof(l.run));
	for (i = 0; i < INDEX_BLOCK; i++) {
		if (l.back[i] == 0)
			continue;
		if (l.back[i] > first + i)
			return index_does_not_hold(x, "a row", block, e);
		x->other[first + i] = (uint32_t)(first + i - l.back[i]) + 1;
		x->other[first + i - l.back[i]] = (uint32_t)(first + i) + 1;
	}
	return 0;
}

static int know_links(struct index *x, struct err *e)
{
	uint32_t *run, *other;

	if (x->linked == x->blocks)
		return 0;
	run = realloc(x->run, index_records(x) * sizeof(*run));
	if (run)
		x->run = run;
	other = run ? realloc(x->other, index_records(x) * sizeof(*other)) : NULL;
	if (!other)
		return err_sys(e, "memory for the index");
	x->other = other;
	memset(other + x->linked * INDEX_BLOCK, 0, (x->blocks - x->linked) * INDEX_BLOCK * sizeof(*other));
	for (; x->linked < x->blocks; x->linked++)
		if (read_links(x, x->linked, e) < 0)
			return -1;
	return 0;
}

int index_links_of(const uint32_t **run, const uint32_t **other, struct index *x, struct err *e)
{
	if (know_links(x, e) < 0)
		return -1;
	*run = x->run;
	*other = x->other;
	return 0;
}

int index_other(uint64_t *other, struct index *x, uint64_t n, struct err *e)
{
	if (know_links(x, e) < 0)
		return -1;
	*other = x->other[n];
	return 0;
}

int index_link(struct index *x, uint64_t outcome, uint64_t intent, struct err *e)
{
	if (know_links(x, e) < 0)
		return -1;
	x->other[intent] = (uint32_t)outcome + 1;
	return 0;
}
