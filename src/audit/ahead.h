/*
 * audit/ahead.h - the frames of a journal in their order, read, summed, parsed and hashed by all processors at once, so
 * that who walks them has only to hold them against each other. Private to audit.
 */
#ifndef AUDIT_AHEAD_H
#define AUDIT_AHEAD_H

#include "audit/audit.h"

/* Is this record, in its bytes, one that needs no second look? Called by any thread. */
typedef bool ahead_look(const void *of, const struct record *r, const struct frame *f);

struct ahead_frame {
	struct frame frame;
	bool plain;			/* not a commit, whole in itself, and ahead_look() said so */
	uint8_t level;
	uint8_t hash[SEAL_HASH];	/* of the 2^level leaves that end with this one, where its index is its place; without a
					   look, of its own leaf */
};

struct ahead;

/* `look` NULL: nothing is parsed or merged. */
int ahead_begin(struct ahead **out, struct journal *j, uint64_t end, ahead_look *look, const void *of, struct err *e) must_use;
/* Those that come next, until the next call; none: all was told up to `end`. A frame that is not whole is -1. */
int ahead_next(const struct ahead_frame **frames, size_t *count, struct ahead *a, struct err *e) must_use;
void ahead_free(struct ahead *a);

SCOPED(ahead, struct ahead *, ahead_free)

#endif
