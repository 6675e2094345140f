/*
 * Where a proof's hashes come from. A ledger has none at hand: it is read once, and every record
 * goes into the one part of the tree that it belongs to. A published view has them in its tiles.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/handover.h"

struct gather {
	struct proof_of *p;
	struct handovers handed;
	struct tree all; /* for who hands over must have signed these very records */
	uint64_t next; /* record */
	size_t part;   /* where the one before it went */
	struct tree parts[TREE_PATH_MOST];
};

static void gather_free(struct gather *g)
{
	handovers_end(&g->handed);
	free(g);
}

SCOPED(gather, struct gather *, gather_free)

static bool is_in(const struct tree_part *part, uint64_t index)
{
	return index >= part->begin && index < part->end;
}

static int one(void *of, const struct frame *f, struct err *e)
{
	struct gather *g = of;
	struct proof_of *p = g->p;
	uint8_t leaf[SEAL_HASH];

	if (f->kind == FRAME_COMMIT) {
		p->note_size = f->size;
		memcpy(p->note, f->body, f->size);
		return handovers_check(&g->handed, f, &g->all, e);
	}
	if (handovers_take(&g->handed, f, &g->all, e) < 0)
		return err_in(e, "record %" PRIu64, g->next);
	sum_prefixed(leaf, TREE_LEAF, f->body, f->size, "", 0);
	tree_add_hash(&g->all, leaf);
	if (g->next++ == p->index) {
		p->record_size = f->size;
		memcpy(p->record, f->body, f->size);
		return 0;
	}
	while (!is_in(&p->path[g->part], g->next - 1))
		g->part = (g->part + 1) % p->count;
	tree_add_hash(&g->parts[g->part], leaf);
	return 0;
}

static int place(struct proof_of *p, uint64_t size, struct err *e)
{
	if (p->index >= size)
		return err_set(e, ERR_LIMIT,
			       "there is no record %" PRIu64 ": the ledger has %" PRIu64
			       ", from 0 on",
			       p->index, size);
	p->count = tree_path(p->path, p->index, size);
	return 0;
}

static int open_note(struct proof_of *p, const struct epochs *s, struct err *e)
{
	if (epochs_open(&p->head, s, p->note, p->note_size, e) == 0)
		return 0;
	e->kind = ERR_PEER;
	return -1;
}

int proof_of_ledger(struct proof_of *p, const char *ledger, const struct seal_verifier *v,
		    struct err *e)
{
	scoped(gather) struct gather *g = calloc(1, sizeof(*g));
	scoped(journal) struct journal *j = NULL;
	struct journal_extent x;
	size_t i;

	if (!g)
		return err_sys(e, "memory for a proof");
	g->p = p;
	g->all.hash = sum_prefixed;
	if (handovers_begin(&g->handed, v, e) < 0 || journal_open(&j, ledger, e) < 0 || journal_extent(&x, j, v, e) < 0)
		return -1;
	if (x.damaged || x.records == 0)
		return err_set(e, ERR_INPUT, "the ledger is damaged; run verify");
	if (place(p, x.records, e) < 0)
		return -1;
	for (i = 0; i < p->count; i++)
		g->parts[i].hash = sum_prefixed;
	if (each_frame(j, x.records, one, g, e) < 0 || open_note(p, &g->handed.epochs, e) < 0)
		return -1;
	for (i = 0; i < p->count; i++)
		tree_root(p->beside[i], &g->parts[i]);
	if (p->head.size != x.records)
		return err_set(e, ERR_INPUT, "the last checkpoint is of other records; run verify");
	return proof_holds(p, e);
}

/*
 * A view of `size` records, and what was read of it: of each level two tiles, one of them the level's last, and of each
 * size the last part's root. Records that stand side by side have most of their way in common.
 */
struct tiles {
	struct view view;
	uint64_t size;
	struct kept {
		struct tile tile;
		char *bytes;	/* owned; NULL: none */
		size_t size;
	} kept[TILE_LEVELS + 1][2];
	struct {
		struct tree_part part;
		uint8_t root[SEAL_HASH];
	} last[64];
};

static void leave_tiles(struct tiles *s)
{
	size_t i;

	for (i = 0; i < 2 * count_of(s->kept); i++)
		free(s->kept[i / 2][i % 2].bytes);
	view_close(&s->view);
}

/* As it is in a tree of that size; or, if it has grown since, its longer form. */
static int read_tile(struct kept *k, const struct tiles *s, struct err *e)
{
	size_t most = k->tile.level == TILE_ENTRIES ? TILE_MOST : TILE_WIDTH * SEAL_HASH;
	char name[VIEW_PATH];
	bool there;

	k->tile.width = tile_width(&k->tile, s->size);
	tile_name(name, &k->tile);
	if (view_read(&there, &k->bytes, &k->size, &s->view, name, most, e) < 0)
		return -1;
	if (!there && k->tile.width < TILE_WIDTH) {
		k->tile.width = TILE_WIDTH;
		tile_name(name, &k->tile);
		if (view_read(&there, &k->bytes, &k->size, &s->view, name, most, e) < 0)
			return -1;
	}
	if (!there)
		return err_set(e, ERR_INPUT, "%s/%s: missing", s->view.path, name);
	if (tile_prefix(&k->tile, k->bytes, k->size, k->tile.width) != k->size)
		return err_set(e, ERR_INPUT, "%s/%s: not a tile of this width", s->view.path, name);
	return 0;
}

/* NULL: with *e. Borrowed until the next of its level. */
static const struct kept *tile_of(struct tiles *s, int level, uint64_t n, struct err *e)
{
	struct tile t = { .level = level, .n = n };
	struct kept *k = &s->kept[level - TILE_ENTRIES][n == tile_hashes(&t, s->size) / TILE_WIDTH];

	if (k->bytes && k->tile.n == n)
		return k;
	free(k->bytes);
	*k = (struct kept){ .tile = t };
	return read_tile(k, s, e) < 0 ? NULL : k;
}

/* The root over 2^bit leaves from `begin`, a multiple of that, on. */
static int read_node(uint8_t out[SEAL_HASH], struct tiles *s, uint64_t begin, unsigned bit, struct err *e)
{
	uint64_t first = begin >> (bit / 8 * 8);
	size_t at = (size_t)(first % TILE_WIDTH), count = (size_t)1 << bit % 8;
	const struct kept *k = tile_of(s, (int)(bit / 8), first / TILE_WIDTH, e);
	struct tree tree = { .hash = sum_prefixed };

	if (!k)
		return -1;
	must((at + count) * SEAL_HASH <= k->size);
	for (; tree.size < count; at++)
		tree_add_hash(&tree, (const uint8_t *)k->bytes + at * SEAL_HASH);
	tree_root(out, &tree);
	return 0;
}

/* A part is a few whole subtrees, each half as large as the one before it or less: the digits of
 * its size. */
static int read_part(uint8_t out[SEAL_HASH], struct tiles *s, const struct tree_part *part, struct err *e)
{
	struct tree tree = { .size = part->end - part->begin, .hash = sum_prefixed };
	size_t slot = 63 - (size_t)__builtin_clzll(tree.size);
	uint64_t begin = part->begin;
	unsigned bit;

	if (s->last[slot].part.begin != part->begin || s->last[slot].part.end != part->end) {
		for (bit = 63; bit < 64; bit--) {
			if (!(tree.size >> bit & 1))
				continue;
			if (read_node(tree.node[bit], s, begin, bit, e) < 0)
				return -1;
			begin += UINT64_C(1) << bit;
		}
		tree_root(s->last[slot].root, &tree);
		s->last[slot].part = *part;
	}
	memcpy(out, s->last[slot].root, SEAL_HASH);
	return 0;
}

static int read_record(struct proof_of *p, struct tiles *s, struct err *e)
{
	const struct kept *k = tile_of(s, TILE_ENTRIES, p->index / TILE_WIDTH, e);
	unsigned at = (unsigned)(p->index % TILE_WIDTH);
	size_t begin, end;

	if (!k)
		return -1;
	begin = tile_prefix(&k->tile, k->bytes, k->size, at) + 2;
	end = tile_prefix(&k->tile, k->bytes, k->size, at + 1);
	if (end - begin > RECORD_MOST)
		return err_set(e, ERR_INPUT, "%s: a record of %zu bytes", s->view.path, end - begin);
	p->record_size = end - begin;
	memcpy(p->record, k->bytes + begin, p->record_size);
	return 0;
}

static int prove_one(struct proof_of *p, struct tiles *s, struct err *e)
{
	size_t i;

	if (place(p, s->size, e) < 0 || read_record(p, s, e) < 0)
		return -1;
	for (i = 0; i < p->count; i++)
		if (read_part(p->beside[i], s, &p->path[i], e) < 0)
			return -1;
	return proof_holds(p, e);
}

int proof_of_view(struct proof_of *p, uint64_t last, const char *dir, const struct seal_verifier *v,
		  int (*tell)(void *to, const struct proof_of *p, struct err *e), void *to, struct err *e)
{
	__attribute__((cleanup(leave_tiles))) struct tiles tiles = { .view = { .dir = -1 } };
	scoped(epochs) struct epochs s = { .count = 0 };
	scoped(mem) char *note = NULL;
	bool there;

	if (view_open(&tiles.view, dir, false, e) < 0 ||
	    view_read(&there, &note, &p->note_size, &tiles.view, "checkpoint", SEAL_NOTE_MOST, e) < 0)
		return -1;
	if (!there)
		return err_set(e, ERR_SYSTEM, "%s: holds neither a ledger nor a published one",
			       dir);
	memcpy(p->note, note, p->note_size);
	if (epochs_begin(&s, v, e) < 0 || handover_walk(&s, &tiles.view, e) < 0 || open_note(p, &s, e) < 0)
		return -1;
	tiles.size = p->head.size;
	for (; p->index <= last; p->index++)
		if (prove_one(p, &tiles, e) < 0 || tell(to, p, e) < 0)
			return -1;
	return 0;
}
