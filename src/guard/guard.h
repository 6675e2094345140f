/*
 * guard/guard.h - what no policy can allow. A guard looks at what a call is called, at its category and at
 * what stands in its arguments, so that a tool which nobody classified, or somebody wrongly, does not
 * slip by. No I/O. A guard refuses or says nothing; it allows nothing.
 */
#ifndef GUARD_GUARD_H
#define GUARD_GUARD_H

#include "base/err.h"
#include "base/scope.h"
#include "model/model.h"

enum guard {
#define GUARD(id, word, why) GUARD_##id,
#include "guard/guards.def"
#undef GUARD
	GUARDS
};

const char *guard_word(enum guard g);	/* "admin-role": as the record has it */
const char *guard_why(enum guard g);	/* the sentence for who asked */

struct guards;

int guards_new(struct guards **out, struct err *e) must_use;
void guards_free(struct guards *g);
SCOPED(guards, struct guards *, guards_free)

/* A path of reeve's own: a policy, which may be read; or (`secret`) a ledger, key or socket. Absolute; copied. */
int guards_keep(struct guards *g, const char *path, bool secret, struct err *e) must_use;

/*
 * Does it pass? `executes`: the arguments become words of a command. Not so: which guard is in *which. What
 * cannot be looked through (too deep, no memory) does not pass: GUARD_UNCLEAR.
 */
bool guards_pass(const struct guards *g, const struct action *a, bool executes, enum guard *which) must_use;

#endif
