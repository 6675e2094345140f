/* inspect/inspect.h - what stands in texts: secrets, credentials, what is shown as nothing. No I/O. */
#ifndef INSPECT_INSPECT_H
#define INSPECT_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/scope.h"

struct json_t;

/* --- look.c: names that people and models take for each other --- */

/*
 * Append what a name is taken for: look-alikes of other scripts, case, 0 and o, 1 and l and i, rn and m,
 * marks and what is shown as nothing are all made one. Two names with one skeleton look alike. For
 * comparing only, never for showing. Linear; the skeleton is never longer than the name.
 */
bool inspect_skeleton(struct buf *out, const char *text, size_t size);

/* The same name counts as one that looks alike. */
bool inspect_look_alike(const char *a, const char *b);

#endif
