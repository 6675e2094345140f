/* ledger/agents.h - what the ledger said last of each agent, so that it says it once. */
#ifndef LEDGER_AGENTS_H
#define LEDGER_AGENTS_H

#include "model/model.h"
#include "seal/seal.h"

enum { AGENTS_MOST = 65536 };	/* remembered; one too many is written down each time */

struct agent_said {
	uint8_t id[SEAL_HASH], all[SEAL_HASH];
	uint64_t index;		/* of the record */
};

/* Zero knows nobody. */
struct agents {
	struct agent_said *at;	/* owned */
	size_t count, room;
};

void agents_free(struct agents *a);

/* The last record of this agent: its index, and whether it said the same; 0: there is none. */
uint64_t agents_former(const struct agents *a, const struct record *r, bool *same);
int agents_take(struct agents *a, const struct record *r, uint64_t index, struct err *e) must_use;

#endif
