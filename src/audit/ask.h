/*
 * audit/ask.h - questions about a ledger: which records are asked for, and each with what its run and its other half
 * say. Answers are read from the journal itself, never from an index, and what is asked for is decided on the bytes
 * that were proved. Private to audit.
 */
#ifndef AUDIT_ASK_H
#define AUDIT_ASK_H

#include "audit/audit.h"

enum { ASK_TERMS = 32, ASK_TIME = 28 };

/* One thing that must hold: a field and a pattern, or a number. */
struct term {
	enum field field;
	bool verdict;		/* not a field: allow, refuse or review */
	bool not;
	char op;		/* '=' '<' '>' */
	const char *pattern;	/* '*' any run; borrowed */
	uint64_t number;
};

struct question {
	struct term terms[ASK_TERMS];
	size_t count;
	char from[ASK_TIME], to[ASK_TIME];	/* as records write time; "" open */
	const char *text;			/* stands in any text of it; NULL: not asked */
	bool kinds;				/* a kind is asked for: records as they stand, not calls */
	uint64_t after, limit;			/* record numbers from here on; 0: all */
};

/* From the command line. What is wrong is said with the words that would be right. */
int question_where(struct question *q, const char *text, struct err *e) must_use;	/* one more --where */
int question_read(struct question *out, const struct options *o, struct err *e) must_use;

/* A record, its run's, and of an intent its outcome or the other way round; NULL: there is none. */
struct joined {
	const struct record *own, *run, *other;
	const struct frame *frame;
};

/* What it says of a field, itself or through those it belongs to. */
const struct field_value *joined_value(const struct joined *j, enum field f);
bool joined_is_of_run(enum field f);	/* it stands in a run's first record, once for all of its records */
/* A value as people read it: a list with this between its items. */
void joined_put(struct buf *out, enum field f, const struct field_value *v, const char *between);
/* '*' any run of bytes, the rest as it stands. */
bool pattern_fits(const char *pattern, const char *text, size_t size);
/* As records write it, 27 bytes; a ledger may be hostile: what has another form is shown as none. */
const char *time_seen(const struct record *r);
const char *joined_verdict(const struct joined *j);	/* "allow", "refuse", "review", "" */
bool question_holds(const struct question *q, const struct joined *j);
bool question_may(const struct question *q, const struct record *own);	/* false: by that alone it does not */

/*
 * Every record that the question is about, in order. The ledger is read twice: first what belongs to what. Calls
 * (intents, refusals) come with their outcomes, which do not come by themselves unless kinds are asked for.
 */
struct asked_ledger;

/*
 * READ: all of it is read. ZONED: but for what signed states tell of the times of. INDEXED: by the index in this file,
 * NULL: in the cache; made and brought up to date where that helps; where there can be none, zoned. INDEX_ONLY: or read.
 */
enum asked_by { ASKED_READ, ASKED_ZONED, ASKED_INDEXED, ASKED_INDEX_ONLY };

int asked_open(struct asked_ledger **out, const char *path, enum asked_by by, const char *index, struct err *e) must_use;
void asked_free(struct asked_ledger *a);
SCOPED(asked_ledger, struct asked_ledger *, asked_free)
/* What was committed since. `path` of asked_open() must still be there. */
int asked_more(struct asked_ledger *a, struct err *e) must_use;
void asked_cut(struct asked_ledger *a, uint64_t records); /* what came since is not looked at */
uint64_t asked_records(const struct asked_ledger *a);
/* How many of them are looked up; *note: what is wrong with the index, or NULL. */
uint64_t asked_indexed(const struct asked_ledger *a, const char **note);
uint64_t asked_passed(const struct asked_ledger *a);	/* how many were not read, for their times */
int asked_check(bool *good, struct asked_ledger *a, struct err *e) must_use;	/* the whole index, against the ledger */
/* `one` answers: 0 go on, 1 enough, -1 with *e. */
int asked_each(struct asked_ledger *a, const struct question *q, int (*one)(void *to, const struct joined *j, struct err *e),
	       void *to, struct err *e) must_use;
/* One record by its number; false: there is none. What is borrowed lives until the next call. */
int asked_one(struct joined *out, bool *there, struct asked_ledger *a, uint64_t n, struct err *e) must_use;

/*
 * Open it; with --key only what is proved: 0, and a sentence about it in `how`. Otherwise an exit code, or -1.
 * Without --key nothing is proved, and the sentence says so.
 */
int asked_begin(struct asked_ledger **out, char how[512], const char *ledger, const struct options *o, struct err *e) must_use;

/* On stderr, so that what is piped on stays data: a sentence ("" for none), what `how` says, and what was not read. */
void asked_say(const struct asked_ledger *a, const char *how, const char *fmt, ...) printf_like(3, 4);
/* What `how` says, on stdout, behind a label. */
void asked_tell(const char *label, const char *how);

/* The proof alone, by --key: 0, or the exit code for what is wrong, which has been told. */
int asked_prove(struct findings *f, struct handovers *handed, const char *ledger, const struct options *o, struct err *e) must_use;

/* rows.c: how they are told. */
enum form { FORM_TABLE, FORM_JSON, FORM_CSV, FORM_LINE, FORM_CEF, FORM_SYSLOG, FORM_OCSF };

struct cursor;

struct rows {
	enum form form;
	struct buf line;
	uint64_t told, next;	/* next: the record behind the last of them */
	bool goes_on;		/* the head was told before */
	struct cursor *cursor;	/* NULL: nobody wants to go on */
};

void rows_head(struct rows *r);
int rows_one(void *rows, const struct joined *j, struct err *e) must_use;
void rows_end(struct rows *r);
/* follow.c: what is committed from now on, until whoever reads has gone; the cursor, if there is one, goes along. */
int rows_follow(struct rows *r, struct question *q, struct asked_ledger *a, struct err *e) must_use;
int rows_move_on(struct rows *r, const struct question *q, const struct asked_ledger *a, struct err *e) must_use;

/* feed.c: one record as a log collector takes it, with its leaf hash, by which it is found in the ledger again. */
void feed_cef(struct buf *line, const struct joined *j);
void feed_syslog(struct buf *line, const struct joined *j);

#endif
