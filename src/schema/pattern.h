/* schema/pattern.h - the regular expressions that can be matched in time linear in the text. */
#ifndef SCHEMA_PATTERN_H
#define SCHEMA_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/scope.h"

struct pattern;

/*
 * ECMA-262's, read by code points, but for what a text is not linear in or that needs tables: no back
 * references, no looking ahead or behind, no \p, no named groups. The error says which.
 */
int pattern_read(struct pattern **out, const char *text, struct err *e) must_use;
void pattern_free(struct pattern *p);
SCOPED(pattern, struct pattern *, pattern_free)

size_t pattern_size(const struct pattern *p);	/* steps a character takes at most */

/* Anywhere in the text, as JSON Schema wants it. */
bool pattern_found(const struct pattern *p, const char *text, size_t size);

#endif
