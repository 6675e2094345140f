/* audit/leaves.h - many proofs out of one reading: the hashes of a tree, but of leaves only near those that are wanted. */
#ifndef AUDIT_LEAVES_H
#define AUDIT_LEAVES_H

#include "audit/proof.h"

struct leaves;

/* A ledger of so many records. What is wanted is said before anything is added. */
int leaves_new(struct leaves **out, uint64_t records, struct err *e) must_use;
void leaves_free(struct leaves *l);
SCOPED(leaves, struct leaves *, leaves_free)

int leaves_want(struct leaves *l, uint64_t index, struct err *e) must_use;
bool leaves_wanted(const struct leaves *l, uint64_t index);
uint64_t leaves_count(const struct leaves *l);		/* of those that are wanted */

/* The next leaf, from 0 on. */
void leaves_add(struct leaves *l, const uint8_t hash[SEAL_HASH]);
/* When all were added: the hashes beside that way. */
void leaves_beside(struct proof_of *p, struct leaves *l);

#endif
