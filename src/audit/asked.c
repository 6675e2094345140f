/*
 * A ledger that is asked: read once for what belongs to what (each run's first record, each intent's outcome), and
 * then for every question from front to back. Memory grows by sixteen bytes a record.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/ask.h"

struct run_of {
	uint64_t index, offset;
};

struct read {
	struct frame frame;
	struct record record;
	char room[RECORD_MOST], bytes[RECORD_MOST];
	uint64_t offset;	/* of what is held; 0: nothing */
};

struct asked_ledger {
	const char *path;		/* borrowed */
	struct journal *j, *beside;	/* owned; beside: for what a record belongs to */
	uint64_t *offsets, *others;	/* owned; by number: where it stands, where its other half does (0: nowhere) */
	struct run_of *runs;		/* owned, ascending */
	uint64_t records, end;
	size_t room, run_count, run_room;
	struct read own, run, other;
};

static int read_at(struct read *out, struct journal *j, uint64_t offset, struct err *e)
{
	enum frame_got got;

	if (out->offset == offset && offset)
		return 0;
	if (journal_frame(j, &out->frame, &got, offset, e) < 0)
		return -1;
	if (got != FRAME_WHOLE || out->frame.size > RECORD_MOST)
		return err_set(e, ERR_INPUT, "the journal changed while it was read; try again");
	memcpy(out->bytes, out->frame.body, out->frame.size);
	out->frame.body = out->bytes;
	if (entry_read(&out->record, out->room, out->bytes, out->frame.size, e) < 0)
		return err_in(e, "record %" PRIu64 " cannot be read; run verify", out->frame.index);
	out->offset = offset;
	return 0;
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

static int add_run(struct asked_ledger *a, uint64_t index, uint64_t offset, struct err *e)
{
	struct run_of *more;

	if (a->run_count == a->run_room) {
		a->run_room = a->run_room ? a->run_room * 2 : 64;
		more = realloc(a->runs, a->run_room * sizeof(*more));
		if (!more)
			return err_sys(e, "memory for runs");
		a->runs = more;
	}
	a->runs[a->run_count++] = (struct run_of){ index, offset };
	return 0;
}

/* By the frames' heads alone: the verifier has seen, or will see, that records say the same. */
static int take_frame(struct asked_ledger *a, const struct frame *f, uint64_t at, struct err *e)
{
	if (f->kind == FRAME_COMMIT)
		return 0;
	if (f->index != a->records)
		return err_set(e, ERR_INPUT, "record %" PRIu64 " is not in its place; run verify", f->index);
	if (a->records == a->room && grow(a, e) < 0)
		return -1;
	a->offsets[a->records] = at;
	a->others[a->records++] = 0;
	if (f->kind == RECORD_RUN)
		return add_run(a, f->index, at, e);
	if (f->kind == RECORD_OUTCOME && f->ref < f->index) {
		a->others[f->ref] = at;
		a->others[f->index] = a->offsets[f->ref];
	}
	return 0;
}

static int look_through(struct asked_ledger *a, struct err *e)
{
	const struct seal_verifier nobody = { .name = "-" };
	uint64_t at = a->end ? a->end : JOURNAL_MAGIC;
	struct journal_extent x;
	enum frame_got got;
	struct frame f;

	if (journal_extent(&x, a->j, &nobody, e) < 0)
		return -1;
	for (a->end = x.end; at < a->end; at += frame_whole(&f)) {
		if (journal_frame(a->j, &f, &got, at, e) < 0)
			return -1;
		if (got != FRAME_WHOLE)
			return err_set(e, ERR_INPUT, "the journal changed while it was read; try again");
		if (take_frame(a, &f, at, e) < 0)
			return -1;
	}
	return 0;
}

int asked_open(struct asked_ledger **out, const char *path, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = calloc(1, sizeof(*a));

	if (!a)
		return err_sys(e, "memory for a ledger");
	a->path = path;
	if (journal_open(&a->j, path, e) < 0 || journal_open(&a->beside, path, e) < 0 || look_through(a, e) < 0)
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
	free(a->offsets);
	free(a->others);
	free(a->runs);
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
	if (records < a->records)
		a->records = records;
}

uint64_t asked_records(const struct asked_ledger *a)
{
	return a->records;
}

static uint64_t offset_of_run(const struct asked_ledger *a, uint64_t run)
{
	size_t low = 0, high = a->run_count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (a->runs[mid].index < run)
			low = mid + 1;
		else
			high = mid;
	}
	return low < a->run_count && a->runs[low].index == run ? a->runs[low].offset : 0;
}

int asked_one(struct joined *out, bool *there, struct asked_ledger *a, uint64_t n, struct err *e)
{
	uint64_t run;

	*there = n < a->records;
	if (!*there)
		return 0;
	if (read_at(&a->own, a->j, a->offsets[n], e) < 0)
		return -1;
	run = offset_of_run(a, a->own.frame.run);
	if ((run && read_at(&a->run, a->beside, run, e) < 0) ||
	    (a->others[n] && read_at(&a->other, a->beside, a->others[n], e) < 0))
		return -1;
	*out = (struct joined){ .own = &a->own.record, .frame = &a->own.frame, .run = run ? &a->run.record : NULL,
				.other = a->others[n] ? &a->other.record : NULL };
	return 0;
}

int asked_each(struct asked_ledger *a, const struct question *q,
	       int (*one)(void *to, const struct joined *j, struct err *e), void *to, struct err *e)
{
	uint64_t n, found = 0;
	struct joined j = { 0 };
	bool there;
	int done;

	for (n = q->after; n < a->records; n++) {
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
