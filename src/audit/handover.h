/* audit/handover.h - how a ledger's key became another: each time a proof that the root's verifier can walk. */
#ifndef AUDIT_HANDOVER_H
#define AUDIT_HANDOVER_H

#include "audit/proof.h"
#include "audit/view.h"
#include "ledger/epochs.h"

/* Epoch E of a ledger: the C2SP tlog-proof of its record under the checkpoint that both keys signed. */
struct handovers {
	struct epochs epochs;
	struct proof_of *next;	/* owned: of the record whose checkpoint has not come yet */
	struct buf *proofs;	/* owned; [E - 1] */
	size_t count, room;
};

int handovers_begin(struct handovers *h, const struct seal_verifier *root, struct err *e) must_use;
void handovers_end(struct handovers *h);

static inline void leave_handovers(struct handovers *h)
{
	handovers_end(h);
}

/* A record; `before` is the tree of those before it. */
int handovers_take(struct handovers *h, const struct frame *f, const struct tree *before, struct err *e) must_use;
/* A checkpoint: who must have signed it. That is still to be asked. */
int handovers_pass(struct epochs_due *due, struct handovers *h, const struct frame *f, struct err *e) must_use;
/* The same, and it is asked, and that it is over these records: for who walks alone. */
int handovers_check(struct handovers *h, const struct frame *f, const struct tree *t, struct err *e) must_use;

/* A step of the walk from the root, by the proof of the next epoch. Wrong: `s` is of no use any more. */
int handover_step(struct epochs *s, const char *proof, size_t size, struct err *e) must_use;

/* All steps that lie in a published view: epochs/1, epochs/2 ... */
int handover_walk(struct epochs *s, const struct view *view, struct err *e) must_use;
int handover_walk_at(struct epochs *s, const char *dir, struct err *e) must_use;

#endif
