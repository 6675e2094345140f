/* audit/show.h - one record as lines for a person. Private to audit/show*.c. */
#ifndef AUDIT_SHOW_H
#define AUDIT_SHOW_H

#include "audit/audit.h"

enum paint { PLAIN, DIM, BOLD, GREEN, RED, YELLOW, PAINTS };

struct show {
	struct buf line;	/* one or a few lines at a time */
	bool color, json;
	bool one_run;
	uint64_t run;		/* only this one */
	uint64_t last_intent;	/* whose line was printed last; 0: none */
	uint64_t shown;
};

/* show_put.c: parts of a line. Text goes through text_visible(), and is cut to what a line holds. */
void put_paint(struct show *s, enum paint p);
/* A member, visible, in at most `most` columns (as bytes of what is shown, cut between points). */
void put(struct show *s, const struct record *r, enum field f, size_t most);
void put_word(struct show *s, enum paint p, const char *word);
/* "04:30:01" out of "2026-11-21T04:30:01.123456Z", and the number others refer to it by. */
void put_clock(struct show *s, const struct record *r);
void put_duration(struct show *s, uint64_t us);
void put_member(struct show *s, const struct record *r, enum field f, const char *name);
/* A list's items with `between` between, as many on a line as fit. */
void put_list(struct show *s, const struct record *r, enum field f, const char *name, const char *between);

/* show_kinds.c: parts that several kinds have. */
void put_indent(struct show *s);	/* as wide as clock, number and word */
void put_call(struct show *s, const struct record *r);
void put_because(struct show *s, const struct record *r);
void put_layers(struct show *s, const struct record *r);

/* show_review.c */
void show_held(struct show *s, const struct record *r);
void show_decision(struct show *s, const struct record *r);
void show_policy(struct show *s, const struct record *r);
void show_agent(struct show *s, const struct record *r);
void show_access(struct show *s, const struct record *r);
void show_purge(struct show *s, const struct record *r);
void show_epoch(struct show *s, const struct record *r);

/* show_second.c */
void show_anchor(struct show *s, const struct record *r);
void show_gap(struct show *s, const struct record *r);

/* show_kinds.c: the lines of each kind of record, appended to s->line. */
void show_kind(struct show *s, const struct record *r);

#endif
