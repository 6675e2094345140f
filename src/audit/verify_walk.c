/*
 * The walk of the proof: every record and every checkpoint in its place, held against those before it. Either by all
 * processors at once, or, when that finds something wrong, once more frame by frame, which says what.
 */
#include <inttypes.h>
#include <string.h>

#include "audit/ahead.h"
#include "audit/payloads.h"
#include "audit/verify.h"
#include "audit/witnesses.h"

static bool is_number(const struct record *r, enum field f, uint64_t expected)
{
	return r->value[f].set && r->value[f].number == expected;
}

/* The frame's head is what recovery believes; the record is what is signed. They must agree. NULL: they do. */
static const char *differs(const struct record *r, const struct frame *f, const char *origin, uint64_t place)
{
	const struct field_value *ledger = &r->value[FIELD_LEDGER];

	if (!ledger->set || !r->value[FIELD_TIME].set)
		return "\"ledger\" or \"time\" is missing";
	if (ledger->size != strlen(origin) || memcmp(ledger->text, origin, ledger->size) != 0)
		return "belongs to another ledger";
	if (f->index != place || !is_number(r, FIELD_N, f->index))
		return "its number is not its place";
	if ((uint16_t)r->kind != f->kind || !is_number(r, FIELD_RUN, f->run) || r->ref != f->ref ||
	    r->value[FIELD_INTENT].set != (r->kind == RECORD_OUTCOME) ||
	    r->value[FIELD_HELD].set != (r->ref && r->kind != RECORD_OUTCOME))
		return "its frame says something else than the record";
	return NULL;
}

static int agree(const struct record *r, const struct frame *f, const char *origin, uint64_t place, struct err *e)
{
	const char *why = differs(r, f, origin, place);

	return why ? err_set(e, ERR_INPUT, "%s", why) : 0;
}

static void taken(struct proof *p)
{
	p->f->records = p->tree.size;
	if (p->known->sightings)
		sightings_pass(p->known->sightings, &p->tree);
	if (p->known->given && p->known->size == p->tree.size)
		tree_root(p->known_root, &p->tree);
}

static void take_origin(struct findings *f, const struct record *r)
{
	if (r->value[FIELD_LEDGER].set && r->value[FIELD_LEDGER].size < SEAL_NAME)
		memcpy(f->origin, r->value[FIELD_LEDGER].text, r->value[FIELD_LEDGER].size);
}

/* Of another ledger's it has no epochs: no signature in it can be good. */
static bool is_of_key(const struct proof *p)
{
	return strcmp(p->f->origin, p->v->name) == 0;
}

static int take_record(struct proof *p, const struct frame *f, struct err *e)
{
	char room[RECORD_MOST];
	struct record r;

	if (entry_read(&r, room, f->body, f->size, e) < 0)
		return err_in(e, "record %" PRIu64, p->tree.size);
	if (f->index == 0)
		take_origin(p->f, &r);
	if (agree(&r, f, p->f->origin, p->tree.size, e) < 0 ||
	    (is_of_key(p) && handovers_take(p->handed, f, &p->tree, e) < 0) ||
	    order_take(&p->order, r.kind, f->run, f->ref, e) < 0 || review_take(&p->review, &r, f->body, f->size, e) < 0 ||
	    payloads_take(p->payloads, &r, f->index, e) < 0)
		return err_in(e, "record %" PRIu64, p->tree.size);
	witnesses_take(p->witnesses, &r, f->index);
	seconds_take(&p->seconds, &r);
	tree_add(&p->tree, f->body, f->size);
	taken(p);
	return 0;
}

/* One that says nothing about others but which run and which intent it is of. */
static bool looks_plain(const void *of, const struct record *r, const struct frame *f)
{
	static const bool plain[RECORD_KINDS] = { [RECORD_INTENT] = true, [RECORD_REFUSAL] = true, [RECORD_OUTCOME] = true,
						  [RECORD_SYSCALL] = true, [RECORD_FILE] = true, [RECORD_FILES] = true,
						  [RECORD_DROPPED] = true };
	const struct field_value *reason = &r->value[FIELD_REASON];

	return plain[r->kind] && !r->value[FIELD_HELD].set && !r->value[FIELD_VAULT].set &&
	       !(reason->set && reason->size == 8 && memcmp(reason->text, "approved", 8) == 0) &&
	       !differs(r, f, of, f->index);
}

static int take_plain(struct proof *p, const struct ahead_frame *a, struct err *e)
{
	if (a->frame.index != p->tree.size || p->handed->epochs.handing)
		return take_record(p, &a->frame, e);
	if (order_take(&p->order, (enum record_kind)a->frame.kind, a->frame.run, a->frame.ref, e) < 0)
		return err_in(e, "record %" PRIu64, p->tree.size);
	tree_add_merged(&p->tree, a->hash, a->level);
	taken(p);
	return 0;
}

static int take_commit(struct proof *p, const struct frame *f, struct err *e)
{
	struct epochs_due due;

	if (f->index != p->tree.size || f->run || f->ref)
		return err_set(e, ERR_INPUT, "checkpoint behind record %" PRIu64 " is in the wrong place",
			       p->tree.size - 1);
	if (handovers_pass(&due, p->handed, f, e) < 0)
		return -1;
	notary_take(p->notary, f, &p->tree, &due);
	return witnesses_pass(p->witnesses, &p->tree, e);
}

/* What every record has to say of itself; without a first record there is nothing to hurry for. */
static bool read_origin(struct proof *p, struct journal *j)
{
	struct err ignored = { .kind = ERR_NONE };
	char room[RECORD_MOST];
	enum frame_got got;
	struct record r;
	struct frame f;

	if (journal_frame(j, &f, &got, JOURNAL_MAGIC, &ignored) < 0 || got != FRAME_WHOLE ||
	    entry_read(&r, room, f.body, f.size, &ignored) < 0)
		return false;
	take_origin(p->f, &r);
	return true;
}

/* By all processors. AGAIN: somewhere it is not whole, and where is to be looked for from the beginning on. */
int verify_ahead(struct proof *p, struct journal *j, uint64_t end, struct err *why, struct err *e)
{
	scoped(ahead) struct ahead *a = NULL;
	struct err none = { .kind = ERR_NONE };
	const struct ahead_frame *f = NULL;
	bool committed = false;
	size_t count = 1, i;

	if (!read_origin(p, j))
		return AGAIN;
	if (ahead_begin(&a, j, end, looks_plain, p->f->origin, e) < 0)
		return -1;
	while (count > 0 && why->kind == ERR_NONE) {
		if (ahead_next(&f, &count, a, &none) < 0)
			return AGAIN;
		for (i = 0; i < count && why->kind == ERR_NONE; i++) {
			committed = f[i].frame.kind == FRAME_COMMIT;
			if ((committed ? take_commit(p, &f[i].frame, why) : f[i].plain ? take_plain(p, &f[i], why)
									  : take_record(p, &f[i].frame, why)) < 0)
				break;
		}
	}
	return committed || why->kind != ERR_NONE ? 0 : AGAIN;
}

int verify_along(struct proof *p, struct journal *j, uint64_t end, struct err *why, struct err *e)
{
	uint64_t at = JOURNAL_MAGIC;
	enum frame_got got;
	struct frame f;
	int bad = 0;

	for (; at < end && bad == 0; at += frame_whole(&f)) {
		if (journal_frame(j, &f, &got, at, e) < 0)
			return -1;
		if (got != FRAME_WHOLE)
			return err_set(e, ERR_INPUT, "the journal changed while it was read; try again");
		bad = f.kind == FRAME_COMMIT ? take_commit(p, &f, why) : take_record(p, &f, why);
	}
	return 0;
}
