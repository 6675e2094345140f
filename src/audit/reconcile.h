/*
 * audit/reconcile.h - two records that were made independently, held together call by call: the ledger, and the log of
 * whom was called. reeve-audit(1), Maps. Private to audit.
 */
#ifndef AUDIT_RECONCILE_H
#define AUDIT_RECONCILE_H

#include <regex.h>

#include "audit/ask.h"
#include "json/json.h"

enum {
	MAP_MOST = 256 << 10,
	MAP_PAIRS = 8,
	MAP_COLUMNS = 16,
	MAP_JOINS = 4,
	JOIN_MOST = 320,
	LOG_LINE = 64 << 10,
	STAMP_NONE = -1,
};

/* A field of the ledger and the column of the log that must say the same. */
struct map_pair {
	enum field field;
	const char *column;	/* borrowed from the map */
};

/* How lines of a log are read, and which calls should stand in it. */
struct map {
	struct json_file file;		/* owned */
	struct question calls;		/* those that the log is about */
	const json_t *statuses;		/* borrowed: outcomes after which a line must be there */
	bool json;			/* a line is a JSON object, and columns are pointers into it */
	regex_t pattern, ignore;	/* otherwise: its groups are the columns; what it does not fit and this does is no call */
	bool compiled, ignores;
	const char *columns[MAP_COLUMNS];	/* borrowed */
	const char *pointers[MAP_COLUMNS];
	size_t column_count, plain_count;	/* the plain ones come first; the others are made of them */
	const char *joins[MAP_JOINS];		/* borrowed: "{dst}:{dport}" */
	struct map_pair match[MAP_PAIRS], compare[MAP_PAIRS];
	size_t match_count, compare_count;
	const char *time_column, *time_format;
	int64_t within_us;
	json_t *only;			/* borrowed: column to value; other lines are not about calls; NULL: all are */
};

int map_read(struct map *out, const char *path, struct err *e) must_use;
void map_free(struct map *m);

/* The next part of such a text, as it stands or the name of a column; NULL: a brace is not closed. */
const char *join_step(const char **at, size_t *size, bool *column);

/* One side's word about one call. */
struct told {
	uint64_t n;		/* record number, or line */
	int64_t time_us;	/* since 1970 */
	char *key, *rest;	/* owned: what must be the same to be the same call; what must be the same then */
	bool must;		/* the other side must have it */
	bool unsure;		/* what became of it is not known here */
	bool taken;
};

struct tells {
	struct told *at;	/* owned */
	size_t count, room;
	uint64_t unread;	/* lines that could not be read as the map says */
	uint64_t first_unread;	/* number of the first of them */
};

int tells_add(struct tells *t, const struct told *one, struct err *e) must_use;	/* takes key and rest */
void tells_free(struct tells *t);

/* reconcile_log.c: every line of the file, "-" standard input. */
int log_read(struct tells *out, const struct map *m, const char *path, struct err *e) must_use;
/* Microseconds since 1970; %f stands for a fraction of a second. */
bool stamp_read(int64_t *out, const char *text, const char *format);

/* Texts joined so that no two lists give one. */
bool key_add(struct buf *out, const char *text, size_t size);

enum found { FOUND_MATCHED, FOUND_MISSING_THERE, FOUND_MISSING_HERE, FOUND_DIFFERS, FOUND_UNSURE, FOUNDS };

struct pairing {
	enum found found;
	const struct told *here, *there;	/* of ledger and log; NULL where there is none */
};

/* Each call with the line nearest in time that says the same; by record, then the lines that are left. */
int pair_up(struct pairing **out, size_t *count, struct tells *here, struct tells *there, int64_t within_us, struct err *e) must_use;

#endif
