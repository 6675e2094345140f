/*
 * What stands held, and what was said of it. The recorder holds itself to it before it appends, and the auditor holds
 * the ledger to it, with this same file; so both mean the same by "approved". Rules: holds_check.c.
 */
#include "ledger/holds_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

bool holds_want(enum record_kind kind, uint64_t ref)
{
	return kind == RECORD_RUN || kind == RECORD_CLOSE || kind == RECORD_HELD || kind == RECORD_DECISION ||
	       (kind == RECORD_INTENT && ref != 0);
}

/* --- members --- */

bool hold_says(const struct record *r, enum field f, const char *word)
{
	const struct field_value *v = &r->value[f];

	return v->set && v->size == strlen(word) && memcmp(v->text, word, v->size) == 0;
}

bool hold_same(const struct record *a, const struct record *b, enum field f)
{
	const struct field_value *x = &a->value[f], *y = &b->value[f];

	return x->set == y->set && (!x->set || (x->size == y->size && memcmp(x->text, y->text, x->size) == 0));
}

void hold_copy(char *out, size_t room, const struct record *r, enum field f)
{
	const struct field_value *v = &r->value[f];
	size_t size = v->set ? v->size : 0;

	if (size >= room)
		size = room - 1;
	if (size)
		memcpy(out, v->text, size);
	out[size] = '\0';
}

int hold_moment_of(struct hold_moment *out, const struct record *r, struct err *e)
{
	const struct field_value *time = &r->value[FIELD_TIME];

	if (!time->set || !clock_stamp_read(&out->wall_us, time->text, time->size))
		return err_set(e, ERR_INPUT, "it does not say when it was made");
	out->mono_us = r->value[FIELD_MONO].number;
	hold_copy(out->boot, sizeof(out->boot), r, FIELD_BOOT);
	return 0;
}

/* --- time --- */

static uint64_t between(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

/* The monotonic clock counts within one life of the machine. */
static bool one_boot(const struct hold *h, const struct hold_moment *now)
{
	return now->boot[0] && strcmp(h->made.boot, now->boot) == 0;
}

uint64_t hold_since(const struct hold *h, const struct hold_moment *now)
{
	uint64_t wall = between(h->made.wall_us, now->wall_us), mono = between(h->made.mono_us, now->mono_us);

	return one_boot(h, now) && mono < wall ? mono : wall;
}

bool hold_is_over(const struct hold *h, const struct hold_moment *now)
{
	return between(h->made.wall_us, now->wall_us) >= h->within_us ||
	       (one_boot(h, now) && between(h->made.mono_us, now->mono_us) >= h->within_us);
}

/* --- finding --- */

static size_t place_of(const struct holds *h, uint64_t index)
{
	size_t i = h->open_count;

	while (i > 0 && h->open[i - 1]->index >= index)
		i--;
	return i;
}

const struct hold *holds_open(const struct holds *h, uint64_t index)
{
	size_t i = place_of(h, index);

	return i < h->open_count && h->open[i]->index == index ? h->open[i] : NULL;
}

struct hold *holds_find(struct holds *h, uint64_t index)
{
	size_t i = place_of(h, index);

	if (i < h->open_count && h->open[i]->index == index)
		return h->open[i];
	for (i = h->ended_count; i > 0; i--)
		if (h->ended[i - 1]->index == index)
			return h->ended[i - 1];
	return NULL;
}

/* Bytes alone do not say whose tool gets them, nor under which list of signers somebody is to approve them. */
struct hold *holds_alike(const struct holds *h, const struct record *r)
{
	static const enum field key[] = { FIELD_DIGEST, FIELD_ACTION, FIELD_SERVER, FIELD_TOOL, FIELD_PIN, FIELD_AGENT,
					  FIELD_OWNER, FIELD_POLICY, FIELD_RULE, FIELD_ASKED_OF, FIELD_SIGNERS };
	const struct hold_run *run = holds_run(h, r->value[FIELD_RUN].number);
	size_t i, k;

	for (i = 0; run && i < h->open_count; i++) {
		if (strcmp(h->open[i]->where, run->where) != 0)
			continue;
		for (k = 0; k < count_of(key) && hold_same(&h->open[i]->record, r, key[k]); k++)
			;
		if (k == count_of(key))
			return h->open[i];
	}
	return NULL;
}

const struct hold_run *holds_run(const struct holds *h, uint64_t index)
{
	size_t i;

	for (i = h->run_count; i > 0; i--)
		if (h->runs[i - 1].index == index)
			return &h->runs[i - 1];
	return NULL;
}

enum hold_state hold_ending(const struct record *r)
{
	static const char *const words[HOLD_STATES] = {
		[HOLD_APPROVED] = "approve", [HOLD_DENIED] = "deny", [HOLD_EXPIRED] = "expire", [HOLD_WITHDRAWN] = "withdraw",
	};
	enum hold_state s;

	for (s = 0; s < HOLD_STATES; s++)
		if (words[s] && hold_says(r, FIELD_DECISION, words[s]))
			break;
	return s;
}

/* --- taking --- */

static int grow(void *array, size_t *room, size_t count, size_t each, struct err *e)
{
	size_t wanted = *room ? *room * 2 : 16;
	void *more;

	if (count < *room)
		return 0;
	more = realloc(*(void **)array, wanted * each);
	if (!more)
		return err_sys(e, "memory for held calls");
	*(void **)array = more;
	*room = wanted;
	return 0;
}

void hold_free(struct hold *h)
{
	size_t i;

	for (i = 0; h && i < count_of(h->votes); i++)
		free(h->votes[i].line);
	if (h) {
		free(h->line);
		free(h->room);
		free(h->payload);
	}
	free(h);
}

void holds_free(struct holds *h)
{
	size_t i;

	for (i = 0; i < h->open_count; i++)
		hold_free(h->open[i]);
	for (i = 0; i < h->ended_count; i++)
		hold_free(h->ended[i]);
	free(h->open);
	free(h->ended);
	free(h->runs);
	*h = (struct holds){ .keep = h->keep };
}

/* Which list, which tools, in which folder, of which environment. */
static int write_where(struct hold_run *run, const struct record *r, struct err *e)
{
	static const enum field parts[] = { FIELD_SIGNERS, FIELD_TOOLS, FIELD_WORKSPACE, FIELD_ENVIRONMENT };
	scoped(buf) struct buf all = BUF(RECORD_MOST);
	const struct field_value *v;
	size_t i;

	for (i = 0; i < count_of(parts); i++) {
		v = &r->value[parts[i]];
		if (!buf_printf(&all, "%d %zu ", v->set, v->size) || (v->set && !buf_add(&all, v->text, v->size)))
			return err_sys(e, "memory for held calls");
	}
	seal_digest(run->where, all.data, all.size);
	return 0;
}

static int take_run(struct holds *h, const struct record *r, const char *line, size_t size, struct err *e)
{
	struct hold_run *run;

	(void)line;
	(void)size;
	if (grow(&h->runs, &h->run_room, h->run_count, sizeof(*h->runs), e) < 0)
		return -1;
	run = &h->runs[h->run_count];
	if (write_where(run, r, e) < 0)
		return -1;
	h->run_count++;
	run->index = r->value[FIELD_N].number;
	hold_copy(run->agent, sizeof(run->agent), r, FIELD_AGENT);
	hold_copy(run->owner, sizeof(run->owner), r, FIELD_OWNER);
	hold_copy(run->signers, sizeof(run->signers), r, FIELD_SIGNERS);
	return 0;
}

static int take_close(struct holds *h, const struct record *r, const char *line, size_t size, struct err *e)
{
	const struct hold_run *run = holds_run(h, r->value[FIELD_RUN].number);
	size_t at = run ? (size_t)(run - h->runs) : 0;

	(void)line;
	(void)size;
	(void)e;
	if (run)
		memmove(h->runs + at, h->runs + at + 1, (--h->run_count - at) * sizeof(*h->runs));
	return 0;
}

/* Everything that is known of it comes from its own stored bytes. */
int hold_make(struct hold **out, const char *line, size_t size, struct err *e)
{
	scoped(hold) struct hold *hold = calloc(1, sizeof(*hold));

	if (!hold || !(hold->line = malloc(size)) || !(hold->room = malloc(RECORD_MOST)))
		return err_sys(e, "memory for a held call");
	memcpy(hold->line, line, size);
	hold->size = size;
	if (entry_read(&hold->record, hold->room, line, size, e) < 0 || hold_moment_of(&hold->made, &hold->record, e) < 0 ||
	    hold_steps_read(hold->steps, &hold->step_count, &hold->record, e) < 0)
		return -1;
	hold->index = hold->record.value[FIELD_N].number;
	hold->run = hold->record.value[FIELD_RUN].number;
	hold->within_us = hold->record.value[FIELD_WITHIN].number * 1000000;
	*out = take(&hold);
	return 0;
}

static int take_held(struct holds *h, const struct record *r, const char *line, size_t size, struct err *e)
{
	const struct hold_run *run = holds_run(h, r->value[FIELD_RUN].number);
	struct hold *hold = NULL;

	if (!run)
		return err_set(e, ERR_INPUT, "a held call of a run that is not there");
	if (grow(&h->open, &h->open_room, h->open_count, sizeof(*h->open), e) < 0 || hold_make(&hold, line, size, e) < 0)
		return -1;
	must(hold);
	memcpy(hold->where, run->where, sizeof(hold->where));
	hold->changed = ++h->changes;
	h->open[h->open_count++] = hold;
	h->last = hold->index;
	return 0;
}

/* It stands open no longer. Who keeps none forgets it; who keeps some forgets the oldest. */
static void end(struct holds *h, struct hold *hold)
{
	size_t at = place_of(h, hold->index);

	memmove(h->open + at, h->open + at + 1, (--h->open_count - at) * sizeof(*h->open));
	free(take(&hold->payload));
	hold->payload_size = 0;
	if (h->ended_count && h->ended_count >= h->keep) {
		hold_free(h->ended[0]);
		memmove(h->ended, h->ended + 1, --h->ended_count * sizeof(*h->ended));
	}
	if (h->keep == 0)
		hold_free(hold);
	else
		h->ended[h->ended_count++] = hold;
}

int hold_add_vote(struct hold *hold, const struct record *r, const char *line, size_t size, unsigned needs, struct err *e)
{
	struct hold_vote *v = &hold->votes[hold->vote_count];

	must(hold->vote_count < count_of(hold->votes));
	v->line = malloc(size);
	if (!v->line)
		return err_sys(e, "memory for a decision");
	memcpy(v->line, line, size);
	v->size = size;
	v->index = hold->decision = r->value[FIELD_N].number;
	v->needs = needs;
	hold_copy(v->reviewer, sizeof(v->reviewer), r, FIELD_REVIEWER);
	hold_copy(v->signer, sizeof(v->signer), r, FIELD_SIGNER);
	hold->vote_count++;
	return 0;
}

static int take_decision(struct holds *h, const struct record *r, const char *line, size_t size, struct err *e)
{
	struct hold *hold = h->open[place_of(h, r->ref)];
	enum hold_state to = hold_ending(r);
	struct hold_moment now = { .wall_us = 0 };
	unsigned needs = 0;

	must(to != HOLD_STATES);
	hold_copy(hold->who, sizeof(hold->who), r, FIELD_REVIEWER);
	hold_copy(hold->why, sizeof(hold->why), r, FIELD_WHY);
	if (hold_moment_of(&now, r, e) < 0 || grow(&h->ended, &h->ended_room, h->ended_count, sizeof(*h->ended), e) < 0)
		return -1;
	if (to == HOLD_APPROVED)
		needs = hold_asks(hold, hold->who, hold_since(hold, &now));
	if (hold_add_vote(hold, r, line, size, needs, e) < 0)
		return -1;
	hold->changed = ++h->changes;
	if (to != HOLD_APPROVED || !hold_lacks(hold))
		hold->state = to;
	if (to != HOLD_APPROVED)
		end(h, hold);
	return 0;
}

static int take_intent(struct holds *h, const struct record *r, const char *line, size_t size, struct err *e)
{
	struct hold *hold;

	(void)line;
	(void)size;
	if (r->ref == 0)
		return 0;
	if (grow(&h->ended, &h->ended_room, h->ended_count, sizeof(*h->ended), e) < 0)
		return -1;
	hold = h->open[place_of(h, r->ref)];
	hold->state = HOLD_USED;
	hold->changed = ++h->changes;
	end(h, hold);
	return 0;
}

static int (*const takes[RECORD_KINDS])(struct holds *, const struct record *, const char *, size_t, struct err *) = {
	[RECORD_RUN] = take_run,	   [RECORD_CLOSE] = take_close,	  [RECORD_HELD] = take_held,
	[RECORD_DECISION] = take_decision, [RECORD_INTENT] = take_intent,
};

int holds_take(struct holds *h, const struct record *r, const char *line, size_t size, struct err *e)
{
	if (holds_check(h, r, e) < 0)
		return -1;
	return takes[r->kind] ? takes[r->kind](h, r, line, size, e) : 0;
}
