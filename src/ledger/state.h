/* ledger/state.h - what a recorder knows at one place of the journal, so that the next one need not read all before it. */
#ifndef LEDGER_STATE_H
#define LEDGER_STATE_H

#include "ledger/store.h"

enum { STATES_TRIED = 8 };

/*
 * Beside the journal, at its end as it is now, where a segment `begins` or in the middle of one: there it is of use
 * until the next. That it cannot be written is no harm.
 */
void state_write(struct ledger *l, bool begins);

/* The offsets of the newest there are, at most STATES_TRIED and none behind `end`; newest first. */
size_t states_find(uint64_t out[STATES_TRIED], const struct ledger *l, uint64_t end);
/* -1: it is none of ours or not whole, and the ledger is as it was. */
int state_load(struct ledger *l, uint64_t offset, struct err *e) must_use;
/* Those in the middle of a segment that are not the one we go on from: nobody asks them. */
void states_sweep(const struct ledger *l);

/* A record's own time widens what the next state says; one that begins an epoch is named there. */
void state_heed(struct ledger *l, enum record_kind kind, uint64_t at, const char *stamp);
void state_heed_record(struct ledger *l, const struct frame *f, uint64_t at);

#endif
