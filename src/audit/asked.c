/*
 * A ledger that is asked: read once for what belongs to what (each outcome's intent), and then for every question from
 * front to back. Memory grows by sixteen bytes a record. Where an index holds, both begin behind its records, and of those
 * only the ones that it cannot rule out are read; what is read decides. Without one, zones of other times are gone over,
 * and read only for what a record in another belongs to.
 */
#include <inttypes.h>
#include <string.h>

#include "audit/asked_parts.h"

/* What the index says wrong is no harm but to itself. */
static int place_of(uint64_t *offset, uint8_t leaf[SEAL_HASH], bool *hashed, struct asked_ledger *a, uint64_t n, struct err *e)
{
	*hashed = n < a->base;
	if (*hashed && index_place(offset, leaf, a->index, n, &a->note) < 0) {
		*hashed = false;
		if (asked_drop_index(a, e) < 0)
			return -1;
	}
	if (n >= a->records)
		return asked_changed(e);
	if (*hashed)
		return 0;
	if (!a->offsets[n - a->base] && asked_zone_read(a, n, e) < 0)
		return -1;
	*offset = a->offsets[n - a->base];
	return 0;
}

static int read_record(struct read *out, struct asked_ledger *a, struct journal *j, uint64_t n, struct err *e)
{
	uint8_t leaf[SEAL_HASH], sum[SEAL_HASH];
	enum frame_got got;
	uint64_t offset = 0;
	bool hashed;

	if (out->held == n + 1)
		return 0;
	if (place_of(&offset, leaf, &hashed, a, n, e) != 0 || journal_frame(j, &out->frame, &got, offset, e) < 0)
		return -1;
	if (got != FRAME_WHOLE || out->frame.size > RECORD_MOST || out->frame.index != n)
		return asked_changed(e);
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
	if (n < a->base && asked_drop_index(a, e) < 0)
		return -1;
	if (n >= a->records || n < a->base)
		return asked_changed(e);
	if (a->own.frame.kind == RECORD_INTENT && asked_zone_outcome(a, n, e) < 0)
		return -1;
	*other = a->others[n - a->base];
	return 0;
}

int asked_one(struct joined *out, bool *there, struct asked_ledger *a, uint64_t n, struct err *e)
{
	uint64_t run, other = 0;
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
	uint64_t n, found = 0, looked = a->base, until = 0;
	struct joined j = { 0 };
	bool there;
	int done;

	if (looked > q->after && index_look(&bits, a->index, q, &a->note) < 0 && asked_drop_index(a, e) < 0)
		return -1;
	looked = bits ? looked : 0;
	for (n = next_of(bits, looked, q->after); n < a->records; n = next_of(bits, looked, n + 1)) {
		if (n >= until && asked_zones_over(&n, &until, a, q, e) < 0)
			return -1;
		if (n >= a->records)
			return 0;
		if (read_record(&a->own, a, a->j, n, e) < 0)
			return -1;
		if (!question_may(q, &a->own.record))	/* then nobody needs what it belongs to */
			continue;
		if (asked_one(&j, &there, a, n, e) < 0)
			return -1;
		if (!there || !question_holds(q, &j))
			continue;
		done = one(to, &j, e);
		if (done != 0)
			return done < 0 ? -1 : 0;
		if (q->limit && ++found == q->limit)
			return 0;
	}
	return 0;
}
