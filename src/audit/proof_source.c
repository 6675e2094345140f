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

/* The tile as it is in a tree of `size`; or, if it has grown since, its longer form. */
static int read_tile(char **out, size_t *bytes, const struct view *view, struct tile *t,
		     uint64_t size, struct err *e)
{
	size_t most = t->level == TILE_ENTRIES ? TILE_MOST : TILE_WIDTH * SEAL_HASH;
	char name[VIEW_PATH];
	bool there;

	t->width = tile_width(t, size);
	tile_name(name, t);
	if (view_read(&there, out, bytes, view, name, most, e) < 0)
		return -1;
	if (!there && t->width < TILE_WIDTH) {
		t->width = TILE_WIDTH;
		tile_name(name, t);
		if (view_read(&there, out, bytes, view, name, most, e) < 0)
			return -1;
	}
	if (!there)
		return err_set(e, ERR_INPUT, "%s/%s: missing", view->path, name);
	if (tile_prefix(t, *out, *bytes, t->width) != *bytes)
		return err_set(e, ERR_INPUT, "%s/%s: not a tile of this width", view->path, name);
	return 0;
}

/* The root over 2^bit leaves from `begin`, a multiple of that, on. */
static int read_node(uint8_t out[SEAL_HASH], const struct view *view, uint64_t begin, unsigned bit,
		     uint64_t size, struct err *e)
{
	struct tile t = { .level = (int)(bit / 8) };
	uint64_t first = begin >> (bit / 8 * 8);
	struct tree tree = { .hash = sum_prefixed };
	scoped(mem) char *bytes = NULL;
	size_t got, at = (size_t)(first % TILE_WIDTH), count = (size_t)1 << bit % 8;

	t.n = first / TILE_WIDTH;
	if (read_tile(&bytes, &got, view, &t, size, e) < 0)
		return -1;
	must((at + count) * SEAL_HASH <= got);
	for (; tree.size < count; at++)
		tree_add_hash(&tree, (const uint8_t *)bytes + at * SEAL_HASH);
	tree_root(out, &tree);
	return 0;
}

/* A part is a few whole subtrees, each half as large as the one before it or less: the digits of
 * its size. */
static int read_part(uint8_t out[SEAL_HASH], const struct view *view, const struct tree_part *part,
		     uint64_t size, struct err *e)
{
	struct tree tree = { .size = part->end - part->begin, .hash = sum_prefixed };
	uint64_t begin = part->begin;
	unsigned bit;

	for (bit = 63; bit < 64; bit--) {
		if (!(tree.size >> bit & 1))
			continue;
		if (read_node(tree.node[bit], view, begin, bit, size, e) < 0)
			return -1;
		begin += UINT64_C(1) << bit;
	}
	tree_root(out, &tree);
	return 0;
}

static int read_record(struct proof_of *p, const struct view *view, struct err *e)
{
	struct tile t = { .level = TILE_ENTRIES, .n = p->index / TILE_WIDTH };
	unsigned at = (unsigned)(p->index % TILE_WIDTH);
	scoped(mem) char *bytes = NULL;
	size_t size, begin, end;

	if (read_tile(&bytes, &size, view, &t, p->head.size, e) < 0)
		return -1;
	begin = tile_prefix(&t, bytes, size, at) + 2;
	end = tile_prefix(&t, bytes, size, at + 1);
	if (end - begin > RECORD_MOST)
		return err_set(e, ERR_INPUT, "%s: a record of %zu bytes", view->path, end - begin);
	p->record_size = end - begin;
	memcpy(p->record, bytes + begin, p->record_size);
	return 0;
}

int proof_of_view(struct proof_of *p, const char *dir, const struct seal_verifier *v, struct err *e)
{
	scoped(epochs) struct epochs s = { .count = 0 };
	scoped(view) struct view view = { .dir = -1 };
	scoped(mem) char *note = NULL;
	bool there;
	size_t i;

	if (view_open(&view, dir, false, e) < 0 ||
	    view_read(&there, &note, &p->note_size, &view, "checkpoint", SEAL_NOTE_MOST, e) < 0)
		return -1;
	if (!there)
		return err_set(e, ERR_SYSTEM, "%s: holds neither a ledger nor a published one",
			       dir);
	memcpy(p->note, note, p->note_size);
	if (epochs_begin(&s, v, e) < 0 || handover_walk(&s, &view, e) < 0 || open_note(p, &s, e) < 0 || place(p, p->head.size, e) < 0 || read_record(p, &view, e) < 0)
		return -1;
	for (i = 0; i < p->count; i++)
		if (read_part(p->beside[i], &view, &p->path[i], p->head.size, e) < 0)
			return -1;
	return proof_holds(p, e);
}
