/* ledger/agents.h - what the ledger last said of each agent, so that it says it again only when it changes. */
#ifndef LEDGER_AGENTS_H
#define LEDGER_AGENTS_H

#include "ledger/ledger.h"

enum { AGENTS_MOST = 4096 };	/* remembered; of more it is said every time */

struct agents {
	struct agent_known {
		char name[65];
		uint64_t index;
		uint8_t sum[SEAL_HASH];	/* of the members that a launcher sets */
	} *known;			/* owned */
	size_t count, room;
};

/* The last record of this agent, 0 if there is none; and whether it says just this. */
uint64_t agents_last(const struct agents *a, const struct record *r, bool *same);

/* The next one, as it is stored: `former` is the one before it. */
int agents_check(const struct agents *a, const struct record *r, struct err *e) must_use;
int agents_take(struct agents *a, const struct record *r, struct err *e) must_use;
void agents_free(struct agents *a);

#endif
