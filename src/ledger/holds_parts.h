/* ledger/holds_parts.h - what the files about held calls share. Private to ledger/holds*.c. */
#ifndef LEDGER_HOLDS_PARTS_H
#define LEDGER_HOLDS_PARTS_H

#include "ledger/holds.h"
#include "ledger/pack.h"

bool hold_says(const struct record *r, enum field f, const char *word);
/* As a C string; "" where there is none. What is longer was never a member: readers see to that. */
void hold_copy(char *out, size_t room, const struct record *r, enum field f);

const struct hold_run *holds_run(const struct holds *h, uint64_t index);	/* NULL: not open */

/* What the word in `decision` brings a held call to; HOLD_STATES: there is no such word. */
enum hold_state hold_ending(const struct record *r);

/* holds.c: all of it that its own bytes say; and what was said of it. */
int hold_make(struct hold **out, const char *line, size_t size, struct err *e) must_use;
int hold_add_vote(struct hold *h, const struct record *r, const char *line, size_t size, unsigned needs, struct err *e) must_use;
void hold_free(struct hold *h);

SCOPED(hold, struct hold *, hold_free)

#endif
