/* What a jail's init saw, as records: refused calls of the kernel and protected names. */
#include "launcher/run.h"

enum { NOTES_MOST = 16 };

/* Held back in init, which folds, rather than here: a flood costs its own jail and nobody else. */
bool events_ready(const struct run *r, const struct jail *j)
{
	return j->control >= 0 && r->notes < NOTES_MOST;
}

int note_send(struct run *r, const struct record *record, struct err *e)
{
	if (wire_send_record(&r->recorder, MSG_NOTE, 0, record, e) < 0)
		return -1;
	r->notes++;
	return 0;
}

int events_hear(struct run *r, struct jail *j, const char *server, struct err *e)
{
	struct jail_event seen;

	(void)server, (void)e;
	while (events_ready(r, j) && jail_hear(j, &seen) > 0)
		if (seen.what == JAIL_STOPPED)
			terminal_stopped(r);
		else
			status_refused(r, &seen);
	return 0;
}
