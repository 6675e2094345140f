#include <inttypes.h>

#include "audit/audit.h"

int each_frame(struct journal *j, uint64_t records,
	       int (*one)(void *of, const struct frame *f, struct err *e), void *of, struct err *e)
{
	uint64_t at = JOURNAL_MAGIC;
	enum frame_got got;
	struct frame f;

	for (;; at += frame_whole(&f)) {
		if (journal_frame(j, &f, &got, at, e) < 0)
			return -1;
		if (got != FRAME_WHOLE)
			return err_set(e, ERR_INPUT,
				       "the journal changed while it was read; try again");
		if (one(of, &f, e) < 0)
			return -1;
		if (f.kind == FRAME_COMMIT && f.index >= records)
			return 0;
	}
}
