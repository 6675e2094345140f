/* ledger/state.h - what a recorder knows at one place of the journal, so that the next one need not read all before it. */
#ifndef LEDGER_STATE_H
#define LEDGER_STATE_H

#include "ledger/store.h"

enum { STATES_TRIED = 8, STATE_TIME = 32 };

/* What anybody may read of it, signed: reeve-ledger(5), States. */
struct state_head {
	uint64_t offset, size;		/* in the journal, of the tree there */
	uint64_t since, first;		/* where the state before it was, and the first record behind that */
	uint8_t root[SEAL_HASH];
	char least[STATE_TIME], greatest[STATE_TIME];	/* of those records; "" if there are none */
	char body[SEAL_DIGEST_TEXT];
};

/* Beside the journal, at its end as it is now. That it cannot be written is no harm. */
void state_write(struct ledger *l);

/* The offsets of the newest there are, at most STATES_TRIED and none behind `end`; newest first. */
size_t states_find(uint64_t out[STATES_TRIED], const struct ledger *l, uint64_t end);
/* -1: it is none of ours or not whole, and the ledger is as it was. */
int state_load(struct ledger *l, uint64_t offset, struct err *e) must_use;

/* The head of one, if this key signed it. */
int state_head_read(struct state_head *out, size_t *body, const char *bytes, size_t size, const struct seal_verifier *v,
		    struct err *e) must_use;

/* A record's own time widens what the next state says. */
void state_heed(struct ledger *l, const char *stamp);
void state_heed_record(struct ledger *l, const char *bytes, size_t size);

#endif
