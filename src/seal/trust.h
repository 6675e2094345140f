/* seal/trust.h - whom a verifier believes: logs, witnesses, and how many of them (C2SP tlog-policy). */
#ifndef SEAL_TRUST_H
#define SEAL_TRUST_H

#include "seal/seal.h"

enum { TRUST_MOST = 256 << 10, TRUST_LOGS = 256, TRUST_NAMES = 256 };

struct trust_name {		/* a witness or, where `needed` is not 0, a group of the names before it */
	char name[SEAL_NAME];
	struct seal_verifier key;
	bool foreign;		/* its key is of an algorithm that is not known here, so it has seen nothing */
	size_t needed, members;
	size_t group;		/* that it is a member of; TRUST_NAMES: of none */
};

struct trust {
	struct seal_verifier logs[TRUST_LOGS];
	struct trust_name names[TRUST_NAMES];
	size_t log_count, name_count;
	size_t quorum;		/* a name; TRUST_NAMES: "none" */
	bool quorum_there;
};

/* An error names the line. A file without a quorum is no policy, but may well be a list of logs: quorum_there says. */
int trust_read(struct trust **out, const char *text, size_t size, struct err *e) must_use;
void trust_free(struct trust *t);

SCOPED(trust, struct trust *, trust_free)

static inline bool trust_is_witness(const struct trust_name *n)
{
	return n->needed == 0 && !n->foreign;
}

/* How far the quorum reaches, by how far each witness does: reach[i] is that of names[i]; those of groups are filled in. */
uint64_t trust_reach(const struct trust *t, uint64_t reach[TRUST_NAMES]);

#endif
