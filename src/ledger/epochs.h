/* ledger/epochs.h - whose signature a ledger's checkpoints need, from its root key on. reeve-ledger(5), Epochs. */
#ifndef LEDGER_EPOCHS_H
#define LEDGER_EPOCHS_H

#include "ledger/ledger.h"

enum { EPOCHS_MOST = 65536 };

struct epoch {
	struct seal_verifier key;
	uint64_t record;	/* the index of the one it begins with; of the root, 0 */
	uint64_t size;		/* of the checkpoint by which it is handed over: it signs all behind, until the next one's */
	uint64_t wall_us;	/* when it began, by its record; of the root, 0 */
	uint64_t revoked;	/* the index of the record that says that its key is not believed; 0: it is */
	uint64_t since;		/* then: the first record that it was believed for no more */
	bool by_root;		/* handed over by the root, not by the epoch before: that one or another is revoked */
};

/* [0] is the root: epoch E is [E]. Plain values, so that a state may carry them. */
struct epochs {
	struct epoch *all;	/* owned */
	size_t count, room;
	bool handing;		/* the last one's record was taken, its checkpoint was not met yet */
	uint32_t *slots;	/* owned: by a key's id, the epoch that has it and one more; as many as are a power of two */
	size_t slot_count, slotted;	/* how many of them are there: epochs.c sees to it when it asks */
};

/* Who must have signed a checkpoint: one key, or at a handover two. Copies: good for another thread. */
struct epochs_due {
	size_t count;
	struct seal_verifier by[2];
};

int epochs_begin(struct epochs *out, const struct seal_verifier *root, struct err *e) must_use;
void epochs_free(struct epochs *s);
void epochs_forget(struct epochs *s);	/* all but the root */

static inline void leave_epochs(struct epochs *s)
{
	epochs_free(s);
}

/*
 * Every record's frame, in order. Of an epoch record the next epoch: its number follows, its key is new, and nothing
 * stands between it and its checkpoint. Only that checkpoint's signatures make it true.
 */
int epochs_take(struct epochs *s, const struct frame *f, struct err *e) must_use;

/* Here, behind `size` records, stands a checkpoint: what must have signed it. */
void epochs_pass(struct epochs_due *out, struct epochs *s, uint64_t size);
/* The same of any checkpoint over so many records, by the epochs that are known; passes nothing. */
void epochs_due(struct epochs_due *out, const struct epochs *s, uint64_t size);

/* Signatures first, of all that are due; then origin and form. */
int epochs_open_due(struct checkpoint *out, const struct epochs_due *due, const char *note, size_t size,
		    struct err *e) must_use;
/* epochs_pass() and that; it must be of `records`. */
int epochs_note(struct checkpoint *out, struct epochs *s, uint64_t records, const char *note, size_t size,
		struct err *e) must_use;
/* A checkpoint from anywhere, held against the epoch that signs at the size that it says. */
int epochs_open(struct checkpoint *out, const struct epochs *s, const char *note, size_t size, struct err *e) must_use;

/*
 * How much is left of an epoch that lasts so long, by a clock that may have been set meanwhile. Set back to before it
 * began, nobody knows: then it is over, and the next one begins by the clock as it is now.
 */
uint64_t epochs_left_us(const struct epochs *s, uint64_t wall_us, uint64_t every_us);

static inline const struct epoch *epochs_now(const struct epochs *s)
{
	return &s->all[s->count - 1];
}

#endif
