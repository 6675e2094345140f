/* anchor/witness.h - asking a witness (C2SP tlog-witness), and the hashes by which it is shown that the ledger only grew. */
#ifndef ANCHOR_WITNESS_H
#define ANCHOR_WITNESS_H

#include "anchor/anchor.h"

enum { HASHES_BLOCK = 256 };

struct hashes;

/* Of the ledger in this folder, which is read when it is needed. */
int hashes_new(struct hashes **out, const char *ledger, struct err *e) must_use;
void hashes_free(struct hashes *h);
/* Read on until so many records are known; -1 too if there are not so many. */
int hashes_to(struct hashes *h, uint64_t size, struct err *e) must_use;
/* Of records [begin, end), all known: a subtree as RFC 6962 cuts it. */
int hashes_of(uint8_t out[SEAL_HASH], struct hashes *h, uint64_t begin, uint64_t end, struct err *e) must_use;
/* The same as a line of a proof. */
int hashes_line(struct buf *out, struct hashes *h, uint64_t begin, uint64_t end, struct err *e) must_use;
/* Of the handovers among them, in order: the size of its tree; false: there are not so many. And the proof that it is one. */
bool hashes_handover(uint64_t *size, const struct hashes *h, size_t i);
int hashes_proof(struct buf *out, struct hashes *h, size_t i, struct err *e) must_use;

SCOPED(hashes, struct hashes *, hashes_free)

/* "VERIFIERKEY URL" */
int witness_read(struct duty *d, const char *value, struct err *e) must_use;
int witness_begin(struct duty *d, struct err *e) must_use;
int witness_bring(struct duty *d, const struct job *j, struct done *out, struct err *e) must_use;
int witness_check(const struct duty *d, const struct job *j, struct done *done, struct err *e) must_use;

#endif
