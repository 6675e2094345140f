/*
 * The zones of an asked ledger. When it is opened none is read, but all are held against the journal; a question reads
 * those whose times meet its own, and of others no more than it takes to find what a record that it read belongs to: its
 * run, its intent, or its outcome. So an answer is what it would have been, if they say what is true.
 */
#include <inttypes.h>

#include "audit/asked_parts.h"

/* From a->end to where the next zone may begin, behind a commit. False: it does not come to stand there, and nothing was read. */
static int read_up_to(bool *there, struct asked_ledger *a, uint64_t to, struct err *e)
{
	const uint64_t end = a->end, records = a->records;
	enum frame_got got = FRAME_WHOLE;
	struct frame f = { 0 };

	for (; a->end < to; a->end += frame_whole(&f)) {
		if (journal_frame(a->j, &f, &got, a->end, e) < 0)
			return -1;
		if (got != FRAME_WHOLE || (f.kind != FRAME_COMMIT && f.index != a->records))
			break;
		zones_heed(a->zones, &f);
		if (f.kind == FRAME_COMMIT)
			continue;
		if (asked_room(a, ++a->records, e) < 0)
			return -1;
		asked_place(a, &f, a->end);
	}
	*there = a->end == to && f.kind == FRAME_COMMIT;
	if (!*there) {
		a->end = end;
		a->records = records;
	}
	return 0;
}

int asked_zones(struct asked_ledger *a, struct err *e)
{
	struct zones *z = a->zones;
	struct zone_note note;
	struct zone next;
	bool there = true;
	size_t i;

	for (i = 0; i < z->state_count && there && !z->broken; i++) {
		if (!zones_look(&note, z, z->states[i]))
			continue;
		if (note.says.since > a->end && read_up_to(&there, a, note.says.since, e) < 0)
			return -1;
		if (!there || !zones_judge(&next, z, a->j, &note, a->end, a->records))
			continue;
		if (zones_add(z, &next, e) < 0 || asked_room(a, next.next, e) < 0)
			return -1;
		a->end = next.end;
		a->records = next.next;
	}
	return 0;
}

/* One more frame of it. */
static int step(struct asked_ledger *a, struct zone *z, struct err *e)
{
	enum frame_got got;
	struct frame f;

	if (journal_frame(a->beside, &f, &got, z->at, e) < 0)
		return -1;
	if (got != FRAME_WHOLE || z->at >= z->end || (f.kind != FRAME_COMMIT && f.index != z->known))
		return err_set(e, ERR_INPUT, "record %" PRIu64 " is not in its place; run verify", z->known);
	if (f.kind != FRAME_COMMIT) {
		asked_place(a, &f, z->at);
		z->known++;
	}
	z->at += frame_whole(&f);
	return 0;
}

int asked_zone_read(struct asked_ledger *a, uint64_t n, struct err *e)
{
	struct zone *z = a->zones ? zones_find(a->zones, n) : NULL;

	if (!z || n < z->first)
		return asked_changed(e);
	while (z->known <= n)
		if (step(a, z, e) < 0)
			return -1;
	return 0;
}

int asked_zone_outcome(struct asked_ledger *a, uint64_t intent, struct err *e)
{
	struct zone *z = a->zones ? zones_find(a->zones, intent) : NULL;

	for (; z && z < a->zones->all + a->zones->count; z++)
		while (!a->others[intent - a->base] && z->known < z->next)
			if (step(a, z, e) < 0)
				return -1;
	return 0;
}

int asked_zones_over(uint64_t *n, uint64_t *until, struct asked_ledger *a, const struct question *q, struct err *e)
{
	struct zone *z;

	*until = UINT64_MAX;
	while (a->zones && (z = zones_find(a->zones, *n))) {
		*until = *n < z->first ? z->first : z->next;
		if (*n < z->first)
			return 0;
		if (!zones_rule_out(a->zones, z, q))
			return asked_zone_read(a, z->next - 1, e);
		z->passed = true;
		*n = z->next;
		*until = UINT64_MAX;
	}
	return 0;
}

uint64_t asked_passed(const struct asked_ledger *a)
{
	uint64_t unread = 0;
	size_t i;

	for (i = 0; a->zones && i < a->zones->count; i++)
		unread += a->zones->all[i].passed ? a->zones->all[i].next - a->zones->all[i].known : 0;
	return unread;
}
