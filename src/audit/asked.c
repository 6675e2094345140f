/*
 * A ledger that is asked: read once for what belongs to what (each outcome's intent), and then for every question from
 * front to back. Memory grows by sixteen bytes a record. Where an index holds, both begin behind its records, and of those
 * only the ones that it cannot rule out are read; what is read decides.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/ask.h"
#include "audit/index.h"

struct read {
	struct frame frame;
	struct record record;
	char room[RECORD_MOST], bytes[RECORD_MOST];
	uint64_t held;		/* number + 1; 0: nothing */
};

struct asked_ledger {
	const char *path;		/* borrowed */
	struct journal *j, *beside;	/* owned; beside: for what a record belongs to */
	struct index *index;		/* owned; NULL: there is none */
	uint64_t base;			/* records that it knows; what follows is of those behind them */
	uint64_t *offsets, *others;	/* owned; where it stands; its other half's number + 1 (0: none) */
	uint64_t records, end;
	size_t room;
	struct tree tree;		/* of the index, and on to the first checkpoint: then `anchored` */
	bool anchored;
	struct err note;		/* why there is no index, or an old one */
	struct read own, run, other;
};

static int changed(struct err *e)
{
	return err_set(e, ERR_INPUT, "the journal changed while it was read; try again");
}

static int grow(struct asked_ledger *a, struct err *e)
{
	size_t room = a->room ? a->room * 2 : 4096;
	uint64_t *offsets = realloc(a->offsets, room * sizeof(*offsets));
	uint64_t *others = offsets ? realloc(a->others, room * sizeof(*others)) : NULL;

	if (offsets)
		a->offsets = offsets;
	if (!others)
		return err_sys(e, "memory for the places of records");
	a->others = others;
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

/* By the frames' heads alone: the verifier has seen, or will see, that records say the same. */
static int take_frame(struct asked_ledger *a, const struct frame *f, uint64_t at, struct err *e)
{
	if (f->kind == FRAME_COMMIT)
		return 0;
	if (f->index != a->records)
		return err_set(e, ERR_INPUT, "record %" PRIu64 " is not in its place; run verify", f->index);
	if (a->records - a->base == a->room && grow(a, e) < 0)
		return -1;
	a->offsets[a->records - a->base] = at;
	a->others[a->records++ - a->base] = 0;
	if (f->kind == RECORD_OUTCOME && f->ref < f->index)
		link_halves(a, f->index, f->ref);
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
}

static int drop_index(struct asked_ledger *a, struct err *e);

static int look_through(struct asked_ledger *a, struct err *e)
{
	enum frame_got got;
	uint64_t end;
	struct frame f;

	if (find_end(&end, a, e) < 0)
		return -1;
	if (!a->anchored) {
		err_set(&a->note, ERR_INPUT, "the index %.180s is of another ledger, or of another history of it", index_name(a->index));
		return drop_index(a, e);
	}
	for (; a->end < end; a->end += frame_whole(&f)) {
		if (journal_frame(a->j, &f, &got, a->end, e) < 0)
			return -1;
		if (got != FRAME_WHOLE)
			return changed(e);
		if (take_frame(a, &f, a->end, e) < 0)
			return -1;
	}
	return a->anchored ? 0 : drop_index(a, e);
}

/* It does not hold: all is read, and what it says is forgotten. */
static int drop_index(struct asked_ledger *a, struct err *e)
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

int asked_open(struct asked_ledger **out, const char *path, bool indexed, const char *index, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = calloc(1, sizeof(*a));

	if (!a)
		return err_sys(e, "memory for a ledger");
	a->path = path;
	if (journal_open(&a->j, path, e) < 0 || journal_open(&a->beside, path, e) < 0)
		return -1;
	if (indexed && open_index(a, index, false, &a->note) < 0)
		a->index = NULL;
	begin_at(a);
	if (look_through(a, e) < 0 || (indexed && fill_index(a, index, e) < 0))
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

/* What the index says wrong is no harm but to itself. */
static int place_of(uint64_t *offset, uint8_t leaf[SEAL_HASH], bool *hashed, struct asked_ledger *a, uint64_t n, struct err *e)
{
	*hashed = n < a->base;
	if (*hashed && index_place(offset, leaf, a->index, n, &a->note) < 0) {
		*hashed = false;
		if (drop_index(a, e) < 0)
			return -1;
	}
	if (n >= a->records)
		return changed(e);
	if (!*hashed)
		*offset = a->offsets[n - a->base];
	return 0;
}

static int read_record(struct read *out, struct asked_ledger *a, struct journal *j, uint64_t n, struct err *e)
{
	uint8_t leaf[SEAL_HASH], sum[SEAL_HASH];
	enum frame_got got;
	uint64_t offset;
	bool hashed;

	if (out->held == n + 1)
		return 0;
	if (place_of(&offset, leaf, &hashed, a, n, e) != 0 || journal_frame(j, &out->frame, &got, offset, e) < 0)
		return -1;
	if (got != FRAME_WHOLE || out->frame.size > RECORD_MOST || out->frame.index != n)
		return changed(e);
	out->held = 0;
	memcpy(out->bytes, out->frame.body, out->frame.size);
	out->frame.body = out->bytes;
	if (hashed)
		sum_prefixed(sum, TREE_LEAF, out->bytes, out->frame.size, "", 0);
	if (hashed && memcmp(sum, leaf, SEAL_HASH) != 0)
		return err_set(e, ERR_INPUT, "record %" PRIu64 " is not the one under the checkpoint behind it; run verify", n);
	if (entry_read(&out->record, out->room, out->bytes, out->frame.size, e) < 0)
		return err_in(e, "record %" PRIu64 " cannot be read; run verify", n);
	out->held = n + 1;
	return 0;
}

static int other_of(uint64_t *other, struct asked_ledger *a, uint64_t n, struct err *e)
{
	if (n < a->base && index_other(other, a->index, n, &a->note) == 0)
		return 0;
	if (n < a->base && drop_index(a, e) < 0)
		return -1;
	*other = n < a->records ? a->others[n - a->base] : 0;
	return 0;
}

int asked_one(struct joined *out, bool *there, struct asked_ledger *a, uint64_t n, struct err *e)
{
	uint64_t run, other;
	bool has_run;

	*there = n < a->records;
	if (!*there)
		return 0;
	if (read_record(&a->own, a, a->j, n, e) < 0 || other_of(&other, a, n, e) < 0)
		return -1;
	run = a->own.frame.run;
	if ((run < a->records && read_record(&a->run, a, a->beside, run, e) < 0) ||
	    (other && other <= a->records && read_record(&a->other, a, a->beside, other - 1, e) < 0))
		return -1;
	has_run = run < a->records && a->run.frame.kind == RECORD_RUN;
	*out = (struct joined){ .own = &a->own.record, .frame = &a->own.frame, .run = has_run ? &a->run.record : NULL,
				.other = other && other <= a->records ? &a->other.record : NULL };
	return 0;
}

SCOPED(bits, uint64_t *, free)

/* The next that may be an answer. */
static uint64_t next_of(const uint64_t *bits, uint64_t looked, uint64_t n)
{
	while (n < looked && !(bits[n / 64] >> n % 64 & 1))
		n = n % 64 == 0 && bits[n / 64] == 0 ? n + 64 : n + 1;
	return n;
}

int asked_each(struct asked_ledger *a, const struct question *q,
	       int (*one)(void *to, const struct joined *j, struct err *e), void *to, struct err *e)
{
	scoped(bits) uint64_t *bits = NULL; /* of records below `looked` */
	uint64_t n, found = 0, looked = a->base;
	struct joined j = { 0 };
	bool there;
	int done;

	if (looked > q->after && index_look(&bits, a->index, q, &a->note) < 0 && drop_index(a, e) < 0)
		return -1;
	looked = bits ? looked : 0;
	for (n = next_of(bits, looked, q->after); n < a->records; n = next_of(bits, looked, n + 1)) {
		if (asked_one(&j, &there, a, n, e) < 0)
			return -1;
		if (!question_holds(q, &j))
			continue;
		done = one(to, &j, e);
		if (done != 0)
			return done < 0 ? -1 : 0;
		if (q->limit && ++found == q->limit)
			return 0;
	}
	return 0;
}
