/*
 * broker/history.h - counts that outlive a run: what one agent has done, in one table that the brokers of all
 * its runs have mapped at once. See history.c for why it looks as it does.
 */
#ifndef BROKER_HISTORY_H
#define BROKER_HISTORY_H

#include "model/model.h"

struct history;

/* Apart, so that keys which an agent can make up never take the room of those it cannot. */
enum history_part { HISTORY_HOUSE, HISTORY_AGENT, HISTORY_TOOLS, HISTORY_PARTS };

struct history_key {
	enum history_part part;
	uint64_t hash;		/* of what is counted, how far back that is asked, and of whom */
	uint64_t within_ms;	/* 0: for ever */
};

/* A moment: by a clock that stands still when the machine is off, and by one that anybody may set. */
struct history_time {
	uint64_t boot_ms, wall_ms;
};

struct history_time history_now(void);

/*
 * The file that the launcher has opened; `boot` is the kernel's id of this boot. What cannot be believed
 * opens too: it then knows nothing, and history_doubt() says why. Takes no descriptor.
 */
int history_open(struct history **out, int fd, const char *boot, struct history_time now, struct err *e) must_use;
/* In memory alone: nobody else counts in it. */
int history_new(struct history **out, struct err *e) must_use;
void history_free(struct history *h);
const char *history_doubt(const struct history *h);	/* NULL: none */

/* Where it was counted, so that it can be taken back. */
struct history_place {
	void *cell;		/* NULL: it was not */
	uint64_t key, amount;
};

/* false: it could not be counted; place->cell is then NULL. */
bool history_add(struct history *h, const struct history_key *k, struct history_time now, uint64_t amount,
		 struct history_place *place);
void history_take_back(struct history *h, struct history_place *place);
/* It could not be, and was done: nobody knows any more what there was of this part, until that is long ago. */
void history_lose(struct history *h, const struct history_key *k, struct history_time now);

/* All that was added within the time, and up to a 64th of it longer. false: not known. */
bool history_count(struct history *h, const struct history_key *k, struct history_time now, uint64_t *sum);

enum { HISTORY_STEPS = 64 };

#define HISTORY_AMOUNT ((UINT64_C(1) << 53) - 1)	/* no sum is more: there it stays */

#endif
