/*
 * A ledger is opened for questions: what belongs to what (each outcome's intent), and where each record stands, is found
 * by reading it once; behind an index, or between zones, where there are any.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/asked_parts.h"

int asked_changed(struct err *e)
{
	return err_set(e, ERR_INPUT, "the journal changed while it was read; try again");
}

int asked_room(struct asked_ledger *a, uint64_t records, struct err *e)
{
	size_t room = a->room ? a->room : 4096, more;
	uint64_t *offsets, *others;

	while (room < records - a->base)
		room *= 2;
	if (room == a->room)
		return 0;
	offsets = realloc(a->offsets, room * sizeof(*offsets));
	others = offsets ? realloc(a->others, room * sizeof(*others)) : NULL;
	if (offsets)
		a->offsets = offsets;
	if (!others)
		return err_sys(e, "memory for the places of records");
	a->others = others;
	more = room - a->room;
	memset(offsets + a->room, 0, more * sizeof(*offsets));
	memset(others + a->room, 0, more * sizeof(*others));
	a->room = room;
	return 0;
}

static void link_halves(struct asked_ledger *a, uint64_t outcome, uint64_t intent)
{
	a->others[outcome - a->base] = intent + 1;
	if (intent >= a->base)
		a->others[intent - a->base] = outcome + 1;
	else if (index_link(a->index, outcome, intent, &a->note) < 0)
		a->anchored = false;
}

void asked_place(struct asked_ledger *a, const struct frame *f, uint64_t at)
{
	a->offsets[f->index - a->base] = at;
	if (f->kind == RECORD_OUTCOME && f->ref < f->index)
		link_halves(a, f->index, f->ref);
}

/* By the frames' heads alone: the verifier has seen, or will see, that records say the same. */
static int take_frame(struct asked_ledger *a, const struct frame *f, uint64_t at, struct err *e)
{
	if (a->zones)
		zones_heed(a->zones, f);
	if (f->kind == FRAME_COMMIT)
		return 0;
	if (f->index != a->records)
		return err_set(e, ERR_INPUT, "record %" PRIu64 " is not in its place; run verify", f->index);
	if (asked_room(a, a->records + 1, e) < 0)
		return -1;
	a->records++;
	asked_place(a, f, at);
	return 0;
}

/* The root that the ledger's own checkpoint says; whether it was signed is what --key is for. */
static bool says_root(const struct frame *f, const struct tree *t)
{
	const char *line = memchr(f->body, '\n', f->size), *end = f->body + f->size, *next;
	uint8_t said[SEAL_HASH], root[SEAL_HASH];

	line = line ? memchr(line + 1, '\n', (size_t)(end - line - 1)) : NULL;
	next = line ? memchr(line + 1, '\n', (size_t)(end - line - 1)) : NULL;
	tree_root(root, t);
	return next && f->index == t->size && seal_hash_read(said, line + 1, (size_t)(next - line - 1)) &&
	       memcmp(said, root, SEAL_HASH) == 0;
}

/* False: the index is about other records than these. */
static bool anchor(struct asked_ledger *a, const struct frame *f)
{
	if (a->anchored || f->kind != FRAME_COMMIT) {
		if (!a->anchored)
			tree_add(&a->tree, f->body, f->size);
		return true;
	}
	a->anchored = says_root(f, &a->tree);
	return a->anchored;
}

/* The offset behind the last commit. */
static int find_end(uint64_t *end, struct asked_ledger *a, struct err *e)
{
	uint64_t at = a->end, next = a->records;
	enum frame_got got;
	struct frame f;

	for (*end = at;; at += frame_whole(&f)) {
		if (journal_frame(a->j, &f, &got, at, e) < 0)
			return -1;
		if (got != FRAME_WHOLE || (f.kind != FRAME_COMMIT && f.index != next) || !anchor(a, &f))
			return 0;
		if (f.kind == FRAME_COMMIT)
			*end = at + frame_whole(&f);
		else
			next++;
	}
}

static void begin_at(struct asked_ledger *a)
{
	a->tree = (struct tree){ .hash = sum_prefixed };
	if (a->index)
		index_tree(&a->tree, a->index);
	a->base = a->records = a->index ? index_records(a->index) : 0;
	a->end = a->index ? index_end(a->index) : JOURNAL_MAGIC;
	a->anchored = a->base == 0;
	if (a->room > 0) {	/* of what was read before */
		memset(a->offsets, 0, a->room * sizeof(*a->offsets));
		memset(a->others, 0, a->room * sizeof(*a->others));
	}
}

static int look_through(struct asked_ledger *a, struct err *e)
{
	enum frame_got got;
	uint64_t end;
	struct frame f;

	if (find_end(&end, a, e) < 0)
		return -1;
	if (!a->anchored) {
		err_set(&a->note, ERR_INPUT, "the index %.180s is of another ledger, or of another history of it", index_name(a->index));
		return asked_drop_index(a, e);
	}
	for (; a->end < end; a->end += frame_whole(&f)) {
		if (journal_frame(a->j, &f, &got, a->end, e) < 0)
			return -1;
		if (got != FRAME_WHOLE)
			return asked_changed(e);
		if (take_frame(a, &f, a->end, e) < 0)
			return -1;
	}
	return a->anchored ? 0 : asked_drop_index(a, e);
}

/* It does not hold: all is read, and what it says is forgotten. */
int asked_drop_index(struct asked_ledger *a, struct err *e)
{
	if (a->note.kind == ERR_INPUT)
		index_spoil(a->index);
	index_free(take(&a->index));
	begin_at(a);
	return look_through(a, e);
}

static int open_index(struct asked_ledger *a, const char *name, bool make, struct err *e)
{
	uint8_t first[SEAL_HASH];
	enum frame_got got;
	struct frame f;

	if (journal_frame(a->j, &f, &got, JOURNAL_MAGIC, e) < 0)
		return -1;
	sum_prefixed(first, TREE_LEAF, f.body, got == FRAME_WHOLE ? f.size : 0, "", 0);
	return index_open(&a->index, name, make, a->path, first, e);
}

/* Blocks that have been filled since. Where that cannot be, questions are answered all the same. */
static int fill_index(struct asked_ledger *a, const char *name, struct err *e)
{
	if (a->records - a->base < INDEX_BLOCK || a->note.kind)
		return 0;
	if (!a->index && open_index(a, name, true, &a->note) < 0)
		return 0;
	if (index_records(a->index) != a->base || /* another auditor has made it meanwhile */
	    index_update(a->index, a->beside, a->offsets, a->records - a->base, &a->note) < 0)
		return 0;
	begin_at(a);
	return look_through(a, e);
}

/* An index is of more use, where there can be one: then all is read once more, for it. */
static int begin_zones(struct asked_ledger *a, bool indexed, const char *index, struct err *e)
{
	if (a->index)
		return 0;
	if (zones_open(&a->zones, a->path, a->j, e) < 0 || (a->zones && asked_zones(a, e) < 0))
		return -1;
	if (!a->zones || !indexed || a->note.kind || a->records < INDEX_BLOCK || open_index(a, index, true, &a->note) < 0)
		return 0;
	zones_free(take(&a->zones));
	begin_at(a);
	return 0;
}

int asked_open(struct asked_ledger **out, const char *path, enum asked_by by, const char *index, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = calloc(1, sizeof(*a));
	bool indexed = by == ASKED_INDEXED || by == ASKED_INDEX_ONLY;

	if (!a)
		return err_sys(e, "memory for a ledger");
	a->path = path;
	if (journal_open(&a->j, path, e) < 0 || journal_open(&a->beside, path, e) < 0)
		return -1;
	if (indexed && open_index(a, index, false, &a->note) < 0)
		a->index = NULL;
	begin_at(a);
	if ((by == ASKED_INDEXED || by == ASKED_ZONED) && begin_zones(a, indexed, index, e) < 0)
		return -1;
	if (look_through(a, e) < 0 || (indexed && !a->zones && fill_index(a, index, e) < 0))
		return -1;
	*out = take(&a);
	return 0;
}

void asked_free(struct asked_ledger *a)
{
	if (!a)
		return;
	journal_free(a->j);
	journal_free(a->beside);
	index_free(a->index);
	zones_free(a->zones);
	free(a->offsets);
	free(a->others);
	free(a);
}

int asked_more(struct asked_ledger *a, struct err *e)
{
	scoped(journal) struct journal *j = NULL, *beside = NULL; /* what was read before says where the file ended then */

	if (journal_open(&j, a->path, e) < 0 || journal_open(&beside, a->path, e) < 0)
		return -1;
	journal_free(a->j);
	journal_free(a->beside);
	a->j = take(&j);
	a->beside = take(&beside);
	return look_through(a, e);
}

void asked_cut(struct asked_ledger *a, uint64_t records)
{
	if (records >= a->records)
		return;
	must(!a->zones);
	a->end = a->offsets[records - a->base];
	a->records = records;
}

uint64_t asked_records(const struct asked_ledger *a)
{
	return a->records;
}

uint64_t asked_indexed(const struct asked_ledger *a, const char **note)
{
	*note = a->note.kind && a->records >= INDEX_BLOCK ? a->note.text : NULL; /* fewer need none */
	return a->base;
}

int asked_check(bool *good, struct asked_ledger *a, struct err *e)
{
	*good = true;
	if (!a->index)
		return 0;
	if (index_check(good, a->index, a->j, e) < 0)
		return -1;
	if (!*good)
		index_spoil(a->index);
	return 0;
}
