/* audit/tally.h - texts, and how often each came. Private to audit. */
#ifndef AUDIT_TALLY_H
#define AUDIT_TALLY_H

#include "audit/ask.h"
#include "json/json.h"

enum { TALLY_SLOTS = 1 << 16, TALLY_KEY = 400 };

/* Bounded: what comes when it is full is counted together. */
struct tally {
	const char *title;
	struct counted {
		char *text;	/* owned; NULL: free */
		uint64_t count;
	} *slots;		/* owned */
	size_t used;
	uint64_t others;
};

int tally_begin(struct tally *t, const char *title, struct err *e) must_use;
int tally_add(struct tally *t, const char *text, size_t size, struct err *e) must_use;
int tally_field(struct tally *t, const struct joined *j, enum field f, struct err *e) must_use;	/* each item of a list */
void tally_sort(struct tally *t);	/* by count; nothing can be added any more */
void tally_tell(struct buf *out, const struct tally *t, uint64_t least);
json_t *tally_json(const struct tally *t);
void tally_free(struct tally *t);

/* stats_review.c: what people were asked, how long they took, and what they said every time. */
enum review_tallies { BY_REVIEWER, BY_DELAY, BY_END, ALWAYS_APPROVED, REVIEW_TALLIES };

struct stats_review {
	struct tally of[REVIEW_TALLIES], approved, denied;
	struct held_call *held;		/* owned, ascending */
	size_t count, room;
};

int stats_review_begin(struct stats_review *s, struct err *e) must_use;
int stats_review_take(struct stats_review *s, const struct joined *j, struct err *e) must_use;
int stats_review_end(struct stats_review *s, struct err *e) must_use;
void stats_review_free(struct stats_review *s);

#endif
