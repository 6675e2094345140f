/* audit/verify.h - the part of the proof that is about held calls. Private to audit/verify*.c. */
#ifndef AUDIT_VERIFY_H
#define AUDIT_VERIFY_H

#include "audit/audit.h"
#include "ledger/agents.h"
#include "ledger/epochs.h"
#include "ledger/holds.h"
#include "ledger/signers.h"

struct review_proof {
	struct holds holds;
	struct agents agents;
	const struct ssh_signers *given;	/* borrowed; NULL: those beside the ledger */
	struct signers *lists;			/* owned */
	size_t held, used, signatures, unlisted, bad;
	char why[248];				/* of the first bad one */
};

int review_begin(struct review_proof *p, const char *path, const struct ssh_signers *given, struct err *e) must_use;
/* -1: it may not come there. A signature that is no good is counted, and the walk goes on. */
int review_take(struct review_proof *p, const struct record *r, const char *line, size_t size, struct err *e) must_use;
void review_judge(struct finding *out, const struct review_proof *p);
void review_end(struct review_proof *p);

/* verify_keys.c. `known`: all signatures are good. */
void keys_judge(struct finding *out, const struct epochs *s, bool known);

#endif
