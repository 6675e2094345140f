/* audit/verify.h - the parts of the proof. Private to audit/verify*.c. */
#ifndef AUDIT_VERIFY_H
#define AUDIT_VERIFY_H

#include "audit/audit.h"
#include "audit/handover.h"
#include "audit/sightings.h"
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

struct payloads;
struct witnesses;

struct proof {
	struct findings *f;
	const struct seal_verifier *v;
	const struct known_head *known;
	struct handovers *handed;
	struct tree tree;
	struct notary *notary;
	struct order order;
	struct payloads *payloads;
	struct witnesses *witnesses;
	struct review_proof review;
	struct seconds seconds;
	uint8_t known_root[SEAL_HASH];	/* ours, at the size of the known head */
	uint64_t own_head;
	bool own_head_there, live, quick;
};

enum { AGAIN = 1 };

/*
 * verify_walk.c: up to `end`; what is wrong with the ledger is in *why. AGAIN: somewhere it is not whole, and where is to
 * be looked for frame by frame.
 */
int verify_ahead(struct proof *p, struct journal *j, uint64_t end, struct err *why, struct err *e) must_use;
int verify_along(struct proof *p, struct journal *j, uint64_t end, struct err *why, struct err *e) must_use;

int review_begin(struct review_proof *p, const char *path, const struct ssh_signers *given, struct err *e) must_use;
/* -1: it may not come there. A signature that is no good is counted, and the walk goes on. */
int review_take(struct review_proof *p, const struct record *r, const char *line, size_t size, struct err *e) must_use;
void review_judge(struct finding *out, const struct review_proof *p);
void review_end(struct review_proof *p);

/* verify_keys.c. `known`: all signatures are good. */
void keys_judge(struct finding *out, const struct epochs *s, bool known);

#endif
