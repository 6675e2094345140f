/* launcher/custodian.h - what a ledger's owner asks of its recorder about payloads: reeve-vault(5). */
#ifndef LAUNCHER_CUSTODIAN_H
#define LAUNCHER_CUSTODIAN_H

#include "launcher/reviewer.h"

enum custodian_act { CUSTODIAN_DESTROY, CUSTODIAN_SAY, CUSTODIAN_HOLD, CUSTODIAN_RELEASE, CUSTODIAN_LIST };

/* Days as "2026-11-21"; NULL is "". */
struct custodian_asks {
	enum custodian_act act;
	const char *class, *first, *last;	/* of RELEASE `first` is the number of the hold */
	const char *why;
};

enum { CUSTODIAN_LINES = 65536, CUSTODIAN_WHY = 127 };

/* Lines of what was done: "CLASS DAY destroyed|due|held N", "CLASS - more N"; of holds "N CLASS FIRST LAST WHY". */
int custodian_ask(struct buf *lines, struct reviewer *r, const struct custodian_asks *a, struct err *e) must_use;

enum revealed_how { REVEALED_HERE, REVEALED_DAMAGED, REVEALED_GONE };

struct revealed {
	uint64_t index;		/* of the record */
	enum revealed_how how;
	const char *bytes;	/* borrowed for the call; HERE alone */
	size_t size;
	const uint8_t *salt;	/* of the record's commitment, 32 bytes */
};

/* Every payload that is kept of the records from `first` to `last`. *access: the record that says so. */
int custodian_reveal(uint64_t *access, struct reviewer *r, uint64_t first, uint64_t last, const char *why,
		     int (*each)(void *to, const struct revealed *one, struct err *e), void *to,
		     struct err *e) must_use;

/* The next epoch: its number, the index of its record, and its verifier key. */
int custodian_rotate(uint64_t *epoch, uint64_t *index, char verifier[256], struct reviewer *r, struct err *e) must_use;

/* By which key the ledger is to be checked; and that records are about to be carried away, once that is recorded. */
int custodian_vouch(char verifier[256], struct reviewer *r, struct err *e) must_use;
int custodian_access(uint64_t *index, struct reviewer *r, const char *what, const char *why, struct err *e) must_use;

#endif
