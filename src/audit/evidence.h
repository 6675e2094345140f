/* audit/evidence.h - a folder for who has no reeve: records, proofs, and how to check them. Private to audit. */
#ifndef AUDIT_EVIDENCE_H
#define AUDIT_EVIDENCE_H

#include "audit/controls.h"
#include "audit/handover.h"
#include "audit/leaves.h"

enum { EVIDENCE_MOST = 20000 };	/* records */

struct evidence {
	const char *folder, *key;	/* borrowed; the key as text */
	int dir;			/* owned */
	const struct seal_verifier *v;
	const struct options *options;
	struct item item;
	struct leaves *leaves;		/* owned */
	struct handovers handed;	/* owned */
	struct tree tree;		/* of what was read, for those */
	struct proof_of *proof;		/* owned; one at a time */
	uint64_t records;		/* of the ledger, that were proved */
	FILE *lines;			/* owned: records.jsonl */
};

void evidence_free(struct evidence *v);

static inline void leave_evidence(struct evidence *v)
{
	evidence_free(v);
}

/* A file of the folder, new. */
int evidence_put(const struct evidence *v, const char *name, const void *bytes, size_t size, struct err *e) must_use;
/* Every record that is wanted, with its proof, by reading the ledger once more. */
int evidence_prove(struct evidence *v, const char *ledger, struct err *e) must_use;
/* evidence_text.c: what is said about it; the page for people last. */
int evidence_tell(const struct evidence *v, const char *how, struct err *e) must_use;

#endif
