/* audit/proof.h - one record's place in a ledger, as C2SP tlog-proof. */
#ifndef AUDIT_PROOF_H
#define AUDIT_PROOF_H

#include "audit/audit.h"
#include "ledger/epochs.h"

enum { PROOF_MOST = 16 << 10 };	/* bytes of its text */

struct proof_of {
	uint64_t index;
	struct checkpoint head;
	struct tree_part path[TREE_PATH_MOST];
	size_t count;			/* of the path */
	uint8_t beside[TREE_PATH_MOST][SEAL_HASH];
	size_t record_size, note_size;
	char record[RECORD_MOST], note[SEAL_NOTE_MOST];
};

/* Does the record, by these hashes, lead to the root that is signed? */
int proof_holds(const struct proof_of *p, struct err *e) must_use;

/* The record goes along as what the format calls extra: no reader has to believe it, its hash is what is proven. */
bool proof_write(struct buf *out, const struct proof_of *p);
/* The form alone: its head is not known yet. Then, once it is: its hashes are as many as lead there, and they do. */
int proof_parse(struct proof_of *p, const char *text, size_t size, struct err *e) must_use;
int proof_place(struct proof_of *p, struct err *e) must_use;
/* Form, signature and hashes; what it gives is proven. */
int proof_read(struct proof_of *out, const struct epochs *s, const char *text, size_t size, struct err *e) must_use;

/* From a ledger, by hashing it once. */
int proof_of_ledger(struct proof_of *p, const char *ledger, const struct seal_verifier *v, struct err *e) must_use;
/* From a published view, by a few of its tiles, and by its handovers: of p->index, and on to `last`. `tell` answers 0, or -1 with *e. */
int proof_of_view(struct proof_of *p, uint64_t last, const char *dir, const struct seal_verifier *v,
		  int (*tell)(void *to, const struct proof_of *p, struct err *e), void *to, struct err *e) must_use;

#endif
