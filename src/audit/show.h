/* audit/show.h - the timeline: records as lines for people, or as they are stored. */
#ifndef AUDIT_SHOW_H
#define AUDIT_SHOW_H

#include "audit/audit.h"
#include "base/buf.h"

struct show {
	struct buf line;	/* one or a few lines at a time */
	bool color, json;
	bool one_run;
	uint64_t run;		/* only this one */
	uint64_t last_intent;	/* whose line was printed last; 0: none */
	uint64_t shown;
};

/* Adds the record's lines to s->line. It has a time. */
void show_text(struct show *s, const struct record *r);

#endif
