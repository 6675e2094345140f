/* launcher/sealed.h - `reeve run` works from a copy of itself that nobody can change. */
#ifndef LAUNCHER_SEALED_H
#define LAUNCHER_SEALED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * First thing of a run: execute the same arguments again from a sealed copy in memory. Returns 0 in that
 * copy, and where this user could not write the original; otherwise it does not return but on failure.
 */
int sealed_enter(char **argv, struct err *e) must_use;

/* In such a copy: where the program lay that it was made of. false: this is no sealed copy. */
bool sealed_origin(char *out, size_t room);

#endif
