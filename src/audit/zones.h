/*
 * audit/zones.h - stretches of a journal of which its recorder has signed when their records were made: states, of which
 * reeve-ledger(5) says what they are and reeve-audit(1) when they count. Private to audit/asked*.c.
 */
#ifndef AUDIT_ZONES_H
#define AUDIT_ZONES_H

#include "audit/ask.h"
#include "ledger/epochs.h"
#include "ledger/state_head.h"

struct zone {
	uint64_t begin, end;	/* offsets */
	uint64_t first, next;	/* its records */
	uint64_t at, known;	/* it has been read up to there; records below `known` are in their places */
	size_t epoch;		/* whose key signed the checkpoint at its end */
	bool passed;		/* a question went over it */
	char least[STATE_TIME], greatest[STATE_TIME];
};

struct zones {
	int dir;		/* owned */
	uint64_t *states;	/* owned: offsets of the files there are, ascending */
	size_t state_count, state_room;
	struct zone *all;	/* owned, ascending */
	size_t count, room;
	struct epochs epochs;	/* from the key in the ledger's first record on */
	bool broken;		/* they are not known any more: no zone counts */
};

/* NULL: there are none, or the journal is not of one piece. */
int zones_open(struct zones **out, const char *path, struct journal *j, struct err *e) must_use;
void zones_free(struct zones *z);
SCOPED(zones, struct zones *, zones_free)

/* A frame that was read, in order: who signs hangs on it. */
void zones_heed(struct zones *z, const struct frame *f);

/* What stands in a state, not judged yet; false: none that could count. */
struct zone_note {
	struct state_head says;
	char bytes[SEAL_NOTE_MOST];
	size_t size;
};

bool zones_look(struct zone_note *out, const struct zones *z, uint64_t offset);
/* The zone from this place, where n records were before, to that state's; false: it does not count. */
bool zones_judge(struct zone *out, struct zones *z, struct journal *j, const struct zone_note *note, uint64_t at, uint64_t n);
int zones_add(struct zones *z, const struct zone *one, struct err *e) must_use;

struct zone *zones_find(struct zones *z, uint64_t n);	/* the first that ends behind record n; NULL: none */
/* None of its records is of these times. */
bool zones_rule_out(const struct zones *z, const struct zone *one, const struct question *q);

#endif
