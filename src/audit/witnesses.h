/* audit/witnesses.h - how far witnesses have seen a ledger: what its anchors say, and a checkpoint from elsewhere. */
#ifndef AUDIT_WITNESSES_H
#define AUDIT_WITNESSES_H

#include "audit/audit.h"
#include "model/model.h"
#include "seal/trust.h"

/* trust.c: a policy with its quorum; and the key of the log that a ledger is, which --key (NULL: not given) must not contradict. */
int trust_file(struct trust **out, const char *path, struct err *e) must_use;
int key_settle(struct seal_verifier *out, const char *given, const struct trust *t, const char *ledger, struct err *e) must_use;

/* The signatures on a checkpoint that somebody brings, by the names of the trust file. */
struct cosigned {
	enum seal_signed by[TRUST_NAMES];
};

/* A checkpoint with any number of cosignatures: who has signed it, and *out the note with those of the log alone. */
int cosigned_read(struct cosigned *by, struct buf *out, const struct trust *t, const char *origin, const char *note, size_t size,
		  struct err *e) must_use;

struct witnesses;

/* Borrows all; `known` may bring a cosigned head. */
int witnesses_begin(struct witnesses **out, const struct known_head *known, const char *origin, struct err *e) must_use;
void witnesses_free(struct witnesses *w);
SCOPED(witnesses, struct witnesses *, witnesses_free)

/* In the order of the ledger: each record, and at each checkpoint the tree. NULL as `w`: nobody asks. */
void witnesses_take(struct witnesses *w, const struct record *r, uint64_t index);
int witnesses_pass(struct witnesses *w, const struct tree *t, struct err *e) must_use;
/* `whole`: of what length, and is it our history that the given head is of? */
void witnesses_judge(struct finding *out, struct witnesses *w, uint64_t records, const uint8_t known_root[SEAL_HASH]);

#endif
