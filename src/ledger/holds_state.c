/* Held calls as a state keeps them: by the records that made them what they are, and what cannot be read from those. */
#include "ledger/holds_parts.h"

#include <stdlib.h>

enum { RUNS_MOST = 1 << 20 };

static void save_one(struct buf *out, const struct hold *h)
{
	size_t i;

	pack_bytes(out, h->line, h->size);
	pack_bytes(out, h->where, sizeof(h->where));
	pack_number(out, h->state);
	pack_number(out, h->changed);
	pack_number(out, h->vote_count);
	for (i = 0; i < h->vote_count; i++) {
		pack_bytes(out, h->votes[i].line, h->votes[i].size);
		pack_number(out, h->votes[i].needs);
	}
}

static void save_all(struct buf *out, struct hold *const *all, size_t count)
{
	size_t i;

	pack_number(out, count);
	for (i = 0; i < count; i++)
		save_one(out, all[i]);
}

void holds_save(struct buf *out, const struct holds *h)
{
	pack_number(out, h->changes);
	pack_number(out, h->last);
	pack_bytes(out, h->runs, h->run_count * sizeof(*h->runs));
	save_all(out, h->open, h->open_count);
	save_all(out, h->ended, h->ended_count);
}

static int load_vote(struct hold *h, struct packed *from, struct err *e)
{
	char room[RECORD_MOST];
	struct record r;
	size_t size;
	const char *line = packed_bytes(from, &size);
	unsigned needs = (unsigned)packed_number(from);

	if (from->bad || entry_read(&r, room, line, size, e) < 0)
		return -1;
	hold_copy(h->who, sizeof(h->who), &r, FIELD_REVIEWER);
	hold_copy(h->why, sizeof(h->why), &r, FIELD_WHY);
	return hold_add_vote(h, &r, line, size, needs, e);
}

static int load_one(struct hold **out, struct packed *from, struct err *e)
{
	scoped(hold) struct hold *h = NULL;
	size_t size, votes;
	const char *line = packed_bytes(from, &size);

	if (from->bad || hold_make(&h, line, size, e) < 0)
		return -1;
	packed_fixed(from, h->where, sizeof(h->where));
	h->state = (enum hold_state)packed_number(from);
	h->changed = packed_number(from);
	votes = packed_count(from, count_of(h->votes));
	while (votes-- > 0)
		if (load_vote(h, from, e) < 0)
			return -1;
	if (from->bad || h->state >= HOLD_STATES)
		return -1;
	*out = take(&h);
	return 0;
}

static int load_all(struct hold ***all, size_t *count, size_t *room, struct packed *from, size_t most, struct err *e)
{
	size_t left = packed_count(from, most);

	*room = left;
	*all = calloc(left + 1, sizeof(**all));
	if (!*all)
		return err_sys(e, "memory for held calls");
	for (; *count < left; ++*count)
		if (load_one(&(*all)[*count], from, e) < 0)
			return -1;
	return 0;
}

int holds_load(struct holds *h, struct packed *from, struct err *e)
{
	const char *runs;
	size_t size;

	h->changes = packed_number(from);
	h->last = packed_number(from);
	runs = packed_bytes(from, &size);
	if (from->bad || size % sizeof(*h->runs) || size > RUNS_MOST * sizeof(*h->runs))
		return err_set(e, ERR_INPUT, "held calls of a state");
	h->run_count = h->run_room = size / sizeof(*h->runs);
	h->runs = malloc(size + 1);
	if (!h->runs)
		return err_sys(e, "memory for held calls");
	memcpy(h->runs, runs, size);
	return load_all(&h->open, &h->open_count, &h->open_room, from, HOLDS_MOST, e) < 0 ? -1
		: load_all(&h->ended, &h->ended_count, &h->ended_room, from, HOLDS_ENDED, e);
}
