/* launcher/status.h - JSON lines about a run for whoever started it: reeve(1), --status-fd. */
#ifndef LAUNCHER_STATUS_H
#define LAUNCHER_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "jail/jail.h"
#include "launcher/hooks.h"

struct run;

enum { STATUS_LINE = 2048 };

struct status_lines {
	int fd;				/* 0: nobody listens */
	uint64_t dropped;		/* lines that did not fit since the last that did */
	char rest[STATUS_LINE];		/* what of a line could not be written yet: it goes first */
	size_t rest_size;
};

void status_begun(struct run *r);	/* the record is written, the agent may go: degraded lines, then ready */
/* As the record of it, which reeve-ledger(5) describes; `server` NULL: the agent's jail. */
void status_refused(struct run *r, const struct jail_event *seen, const char *server);
void status_told(struct run *r, enum hook_kind of, uint64_t record, const char *what);	/* somebody is to look at it */
void status_ended(struct run *r, const char *why);	/* why NULL: the agent ended by itself, or was out of time */

#endif
