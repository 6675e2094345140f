/* ledger/store.h - the open ledger, as its own files share it. */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "ledger/agents.h"
#include "ledger/epochs.h"
#include "ledger/holds.h"
#include "ledger/signing.h"
#include "ledger/state_head.h"

enum {
	STORE_STEP = 1 << 20,		/* how far ahead space is taken */
	STORE_RESERVE = 256 << 10,	/* kept for refusals, outcomes and closes when the disk is full */
	STORE_PER_INTENT = 3 << 9,	/* and this for the outcome of each open intent */
	STORE_PER_HOLD = 1 << 10,	/* and for the end of each held call */
	STORE_QUEUE = 64 << 20,		/* bytes between two commits, at most */
	STORE_SEGMENT = 64 << 20,	/* bytes of a segment, about */
};

struct blocks;

struct ledger {
	int journal, head;		/* owned; journal: the segment that is written to */
	int dir, lock;			/* owned; lock: the first segment; both -1 while a ledger is made */
	struct signing *signing;	/* borrowed */
	struct signing *own_signing;	/* owned: around a root that was lent */
	struct epochs epochs;
	const struct ledger_disk *disk;
	struct tree tree;
	struct order order;
	struct holds holds;
	struct agents agents;
	struct buf queue;		/* frames not yet written */
	struct buf note;		/* the last checkpoint */
	uint64_t written, allocated;	/* offsets in that segment */
	uint64_t base, segment;		/* where it begins in the journal; and from what size on the next one does */
	struct blocks *blocks;		/* owned; NULL: bytes go through the page cache */
	struct {
		uint64_t offset;	/* of the newest state */
		uint8_t key[32];	/* that signed it; zeros: there is none yet */
		uint64_t since, first;	/* of the newest at a segment's beginning, and the first record behind it */
		char least[STATE_TIME], greatest[STATE_TIME];	/* when the records since that one were made */
		uint64_t epochs[STATE_EPOCHS];	/* and where those of them stand that begin an epoch */
		size_t epoch_count;	/* more than STATE_EPOCHS: not all of them are known */
	} state;
	uint64_t headed;		/* what we know that `head` says */
	pid_t owner;			/* who opened it */
	bool poisoned;			/* a write failed: what is on disk is no longer known */
	char boot[41];
};

int store_new(struct ledger **out, struct signing *signing, const struct ledger_disk *disk, struct err *e) must_use;
void store_forget(struct ledger *l);	/* all that was learnt by reading it */
static inline const struct seal_key *store_key(const struct ledger *l)	/* in force */
{
	return signing_now(l->signing);
}
int store_file(int *out, const char *dir, const char *name, int flags, struct err *e) must_use;

/* What a record that is in its place means for those behind it: of keys, of held calls, and of agents. */
int ledger_heed(struct ledger *l, const struct frame *f, struct err *e) must_use;

/* rotate.c: queue the record of the next epoch, whose key is durable. Nothing else may be queued until it is committed. */
struct revocation {
	uint64_t epoch, since;
	const char *why;
};
int store_epoch(struct ledger *l, const struct revocation *x, struct err *e) must_use;	/* x: of another by the root; NULL: none */

/* roll.c: the next segment, if this one is full; and when a ledger is opened, the one to write to. */
int ledger_roll(struct ledger *l, struct err *e) must_use;
int ledger_take_segment(struct ledger *l, const struct journal *j, uint64_t end, struct err *e) must_use;

uint64_t ledger_bytes(const struct ledger *l, const struct journal *j);

/* blocks.c: how bytes reach the journal. */
int blocks_begin(struct ledger *l, struct err *e) must_use;
int blocks_next(struct ledger *l, struct err *e) must_use;	/* another segment */
int store_write(const struct ledger *l, int fd, const char *bytes, size_t size, uint64_t at, struct err *e) must_use; /* all */
int blocks_write(struct ledger *l, const char *bytes, size_t size, struct err *e) must_use;	/* at `written` */
int blocks_take(struct ledger *l, uint64_t to, struct err *e) must_use;	/* space up to there */
void blocks_free(struct blocks *b);

SCOPED(blocks, struct blocks *, blocks_free)

#endif
