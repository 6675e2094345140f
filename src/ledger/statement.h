/* ledger/statement.h - what a reviewer signs: a text that says all of it, and nothing else. reeve-review(7). */
#ifndef LEDGER_STATEMENT_H
#define LEDGER_STATEMENT_H

#include "base/buf.h"
#include "model/model.h"

#define STATEMENT_NAMESPACE "review@reeve"	/* of the SSH signature: no signature made for anything else fits */

enum { STATEMENT_MOST = 8192, STATEMENT_REASON = 200, STATEMENT_REVIEWER = 127 };

enum decision { DECISION_APPROVE, DECISION_DENY, DECISIONS };

const char *decision_word(enum decision d);	/* "approve" */

/* Does it say this member of the held record? */
bool statement_has(enum field f);

/* A reason and a reviewer's name are one line of UTF-8 without control characters, and not too long. */
bool statement_fits(const char *reviewer, const char *reason);

/*
 * Lines of "member: value" in a fixed order, each ended by a newline; from the held record as the ledger has
 * it, `index` its place. false: the record lacks a member, a text does not fit, or there is no room.
 */
bool statement_write(struct buf *out, const struct record *held, uint64_t index, const char *reviewer,
		     enum decision decision, const char *reason);

#endif
