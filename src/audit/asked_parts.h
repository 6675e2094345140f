/* audit/asked_parts.h - an asked ledger, as its own files share it. Private to audit/asked*.c. */
#ifndef AUDIT_ASKED_PARTS_H
#define AUDIT_ASKED_PARTS_H

#include "audit/ask.h"
#include "audit/index.h"
#include "audit/zones.h"

struct read {
	struct frame frame;
	struct record record;
	char room[RECORD_MOST], bytes[RECORD_MOST];
	uint64_t held;		/* number + 1; 0: nothing */
};

struct asked_ledger {
	const char *path;		/* borrowed */
	struct journal *j, *beside;	/* owned; beside: for what a record belongs to */
	struct index *index;		/* owned; NULL: there is none */
	struct zones *zones;		/* owned; NULL: none count. Never with an index. */
	uint64_t base;			/* records that the index knows; what follows is of those behind them */
	uint64_t *offsets, *others;	/* owned; where it stands (0: in a zone, not read yet); its other half's number + 1 (0: none) */
	uint64_t records, end;
	size_t room;
	struct tree tree;		/* of the index, and on to the first checkpoint: then `anchored` */
	bool anchored;
	struct err note;		/* why there is no index, or an old one */
	struct read own, run, other;
};

/* asked_open.c */
int asked_changed(struct err *e);
int asked_drop_index(struct asked_ledger *a, struct err *e) must_use;	/* it does not hold: all is read */
int asked_room(struct asked_ledger *a, uint64_t records, struct err *e) must_use;
void asked_place(struct asked_ledger *a, const struct frame *f, uint64_t at);	/* one for which there is room */

/* asked_zones.c: from a->end on over all zones that count, one behind the other; what lies between two is read. */
int asked_zones(struct asked_ledger *a, struct err *e) must_use;
/* A record of a zone, and those before it there, are in their places. */
int asked_zone_read(struct asked_ledger *a, uint64_t n, struct err *e) must_use;
/* The outcome of an intent that none has been seen of may stand in a zone that was not read. */
int asked_zone_outcome(struct asked_ledger *a, uint64_t intent, struct err *e) must_use;
/* Where the question goes on: over zones that it is not about; one that it is about is read. *until: as far as that holds. */
int asked_zones_over(uint64_t *n, uint64_t *until, struct asked_ledger *a, const struct question *q, struct err *e) must_use;

#endif
