/* base/under.h - is this path beneath that root? The kernel's word for it, never the text's. */
#ifndef BASE_UNDER_H
#define BASE_UNDER_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Is `path`, as an agent wrote it, beneath `root`, as an operator wrote it? Both may be relative to
 * base_fd, the workspace directory ("." is the workspace itself). Symbolic links are followed as
 * the kernel follows them; of a path that does not exist yet, the part that does is asked about,
 * and the rest may hold no "." or "..". A dangling link, an empty path, a path that cannot be
 * resolved is not beneath anything: that is an answer, with *yes false. -1 only if the question
 * itself cannot be asked (no such root, no /proc). Creates nothing, opens nothing for reading, and
 * cannot block. The answer is true of the moment it was given.
 */
int path_under(bool *yes, int base_fd, const char *root, const char *path,
	       struct err *e) must_use;

#endif
