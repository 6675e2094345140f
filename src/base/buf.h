/* base/buf.h - a byte buffer that knows the most it may ever hold. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/* Zero is a valid empty buffer that may hold nothing; set `most` before use. */
struct buf {
	char *data;	/* owned; not NUL-terminated unless buf_text() made it so */
	size_t size;	/* bytes held */
	size_t room;	/* bytes allocated */
	size_t most;	/* bytes it may ever hold */
	bool over;	/* something did not fit: sticky, so callers check once at the end */
};

#define BUF(limit) ((struct buf){ .most = (limit) })

/* Each returns false, and sets `over`, if it would not fit or memory ran out. */
bool buf_add(struct buf *b, const void *bytes, size_t size);
bool buf_puts(struct buf *b, const char *text);
bool buf_printf(struct buf *b, const char *fmt, ...) printf_like(2, 3);
bool buf_reserve(struct buf *b, size_t more);	/* room for `more` bytes at data + size */

void buf_drop(struct buf *b, size_t count);	/* forget the first `count` bytes */
const char *buf_text(struct buf *b);		/* as a C string; NULL if it cannot be */
void buf_free(struct buf *b);			/* keeps `most` */

static inline void leave_buf(struct buf *b)
{
	buf_free(b);
}

#endif
