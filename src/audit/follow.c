/* Answers that go on while the ledger grows. */
#include <stdio.h>
#include <time.h>

#include "audit/ask.h"
#include "audit/cursor.h"

enum { PAUSE_MS = 250 };

/* Where --limit ended it, what was told is all that is known to be written. */
int rows_move_on(struct rows *r, const struct question *q, const struct asked_ledger *a, struct err *e)
{
	bool ended = q->limit && r->told >= q->limit;

	if (!r->cursor)
		return 0;
	return cursor_move(r->cursor, ended ? r->next : asked_records(a), e);
}

/* Until whoever reads has gone, or somebody ends us. What cannot be read now ends it, too: nothing is left out. */
int rows_follow(struct rows *r, struct question *q, struct asked_ledger *a, struct err *e)
{
	const struct timespec pause = { 0, PAUSE_MS * 1000000L };

	while (fflush(stdout) == 0 && !ferror(stdout)) {
		q->after = asked_records(a);
		nanosleep(&pause, NULL);
		if (asked_more(a, e) < 0 || asked_each(a, q, rows_one, r, e) < 0)
			return -1;
		if (q->after < asked_records(a) && rows_move_on(r, q, a, e) < 0)
			return -1;
	}
	return err_set(e, ERR_SYSTEM, "whoever read this has gone");
}
