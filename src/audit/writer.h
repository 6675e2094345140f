/* audit/writer.h - the files of a view, written by a thread of their own, in the order in which they are put. */
#ifndef AUDIT_WRITER_H
#define AUDIT_WRITER_H

#include "audit/view.h"

struct writer;

/* Until it ends the view, borrowed, is the writer's. */
int writer_begin(struct writer **out, struct view *v, struct err *e) must_use;
/* As view_put(), but later; -1 may be for one that was put before. */
int writer_put(struct writer *w, const struct tile *t, const char *bytes, size_t size, struct err *e) must_use;
/* All that was put is written. */
int writer_end(struct writer *w, struct err *e) must_use;
void writer_free(struct writer *w);

SCOPED(writer, struct writer *, writer_free)

#endif
