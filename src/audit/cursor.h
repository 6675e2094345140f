/* audit/cursor.h - how far an export has come, for whoever goes on with it. */
#ifndef AUDIT_CURSOR_H
#define AUDIT_CURSOR_H

#include <stdint.h>

#include "base/err.h"

enum { ORIGIN_ROOM = 160, CURSOR_EACH = 1024 };	/* records between two of its places */

struct cursor {
	const char *path;		/* borrowed */
	char origin[ORIGIN_ROOM];	/* of the ledger */
	uint64_t next;			/* the first record that has not been written */
	uint64_t device, inode, size;	/* of the file that was written to, if it was one */
	int lock;			/* owned; -1: not open */
};

void cursor_close(struct cursor *c);

static inline void leave_cursor(struct cursor *c)
{
	cursor_close(c);
}

/* Whoever else goes on by it is locked out. Where it was left, or at the ledger's beginning. Cuts what standard output has behind it, if that is the same file. */
int cursor_open(struct cursor *c, const char *path, const char *origin, struct err *e) must_use;
/* All records before this one are written. */
int cursor_move(struct cursor *c, uint64_t next, struct err *e) must_use;

#endif
