/* ledger/holds.h - held calls: which stand open, who has said what of them, and what may be said next. */
#ifndef LEDGER_HOLDS_H
#define LEDGER_HOLDS_H

#include "ledger/ledger.h"

enum {
	HOLDS_MOST = 1024,	/* open at once in a ledger */
	HOLDS_ENDED = 256,	/* remembered by a recorder, for who asks what became of them */
	HOLD_VOTES = 24,	/* approvals that one held call may need, of all its rules together */
	HOLD_STEPS = REVIEWS * REVIEW_STEPS,
	HOLD_NAME = 128,
	HOLD_WHY = 257,
	HOLD_BOOT = 41,
};

/* When a record was made, as it says itself. */
struct hold_moment {
	uint64_t wall_us, mono_us;
	char boot[HOLD_BOOT];	/* "": not known */
};

/* "NEED COUNT SECONDS NAME NAME …", an item of asked_of. */
struct hold_step {
	unsigned need, count;
	uint64_t after_us;
	const char *names;	/* borrowed from the record, blanks between */
};

struct hold_vote {
	uint64_t index;
	unsigned needs;		/* bits: which it counts for */
	char reviewer[HOLD_NAME], signer[HOLD_NAME];
	char *line;		/* the decision as it is stored, owned */
	size_t size;
};

struct hold {
	uint64_t index, run;
	char where[SEAL_DIGEST_TEXT];	/* of its run */
	enum hold_state state;
	uint64_t decision;	/* the last one's index; 0: none */
	char who[HOLD_NAME], why[HOLD_WHY];	/* of what ended it */
	struct record record;	/* as it is stored; borrows from room */
	char *line, *room;	/* owned */
	size_t size;
	struct hold_moment made;
	uint64_t within_us;
	struct hold_step steps[HOLD_STEPS];
	size_t step_count;
	struct hold_vote votes[HOLD_VOTES + 1];	/* and one that ended it */
	size_t vote_count;
	uint64_t changed;	/* holds.changes when this last did */
	/* The recorder's own: */
	uint64_t due_boot_us;	/* CLOCK_BOOTTIME when its time is over; 0: not yet worked out */
	uint64_t open_steps;	/* bits of the steps that had begun when somebody last looked */
	char *payload;		/* owned; NULL: not here */
	size_t payload_size;
};

/*
 * Who a run is of, and where: a hold made in one may be used in another of the same agent and owner, in which the same
 * bytes mean the same. `where` is a digest of all that the bytes do not say and that decides what they do.
 */
struct hold_run {
	uint64_t index;
	char agent[65], owner[65], signers[81], where[SEAL_DIGEST_TEXT];
};

struct holds {
	struct hold **open, **ended;	/* owned, ascending by index; by time of their end */
	size_t open_count, open_room, ended_count, ended_room;
	size_t keep;			/* of the ended, at most; 0: none */
	uint64_t changes, last;		/* the index of the newest */
	struct hold_run *runs;		/* owned, ascending */
	size_t run_count, run_room;
};

/* Whether a record of this kind is any business of holds: then it must be read from the bytes that are stored. */
bool holds_want(enum record_kind kind, uint64_t ref);

/*
 * May this record come next? Whole, as it is stored, with the ledger's own members. Says which rule it breaks.
 * What its signature is worth is not asked here: holds know who is asked, not who has which key.
 */
int holds_check(const struct holds *h, const struct record *r, struct err *e) must_use;
/* The same, and take it. Fails after a holds_check() only for want of memory; `line` is copied. */
int holds_take(struct holds *h, const struct record *r, const char *line, size_t size, struct err *e) must_use;
void holds_free(struct holds *h);

/* holds_state.c: for a state, and back into an empty one. */
struct packed;
void holds_save(struct buf *out, const struct holds *h);
int holds_load(struct holds *h, struct packed *from, struct err *e) must_use;

const struct hold *holds_open(const struct holds *h, uint64_t index);	/* NULL: it does not stand open */
struct hold *holds_find(struct holds *h, uint64_t index);		/* ended ones as well, while remembered */
/* The one that stands open for the same call by the same agent under the same policy and signers; NULL: none. */
struct hold *holds_alike(const struct holds *h, const struct record *r);

/* Do both say the same there, or neither anything? */
bool hold_same(const struct record *a, const struct record *b, enum field f);

/* The moment that a record says it was made in. */
int hold_moment_of(struct hold_moment *out, const struct record *r, struct err *e) must_use;
/* Is its time over, by either clock? */
bool hold_is_over(const struct hold *h, const struct hold_moment *now);

/* expire.c: of a held call of this ledger, now; 0 left: it does not stand open, or not for long. */
uint64_t ledger_left_us(struct ledger *l, struct hold *h);
uint64_t ledger_since_us(const struct ledger *l, const struct hold *h);

/* --- holds_asked.c: who is asked --- */

int hold_steps_read(struct hold_step out[HOLD_STEPS], size_t *count, const struct record *held, struct err *e) must_use;
/* Bits of the needs in which this name is asked now; and of those that lack an approval still. */
unsigned hold_asks(const struct hold *h, const char *name, uint64_t since_us);
unsigned hold_lacks(const struct hold *h);
uint64_t hold_steps_begun(const struct hold *h, uint64_t since_us);	/* bits */
/* Time since it was held: the least that the clocks say, since nobody is to be asked too early. */
uint64_t hold_since(const struct hold *h, const struct hold_moment *now);
/* Names that may still approve now, ", " between. */
bool hold_awaits(struct buf *out, const struct hold *h, uint64_t since_us);

#endif
