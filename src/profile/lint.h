/* profile/lint.h - what a row of the table of exposure asks. Private to profile/. */
#ifndef PROFILE_LINT_H
#define PROFILE_LINT_H

#include "profile/plan.h"

struct lint {
	const struct profile *p;
	json_t *root;
	const char *workspace; /* NULL: not asked */
	struct buf *names;     /* what the row at hand is about */
};

enum { READS = 1, WRITES = 2 };

struct row {
	const char *id;
	unsigned tenths;
	bool (*applies)(const struct lint *l, const struct row *row);
	unsigned lists; /* READS, WRITES */
	const char *const *places;
	const char *what, *instead;
};

/* Is `path` this place, within it, or does it hold it? "~" stands for any home. */
bool meets(const char *path, const char *place);
/* Exactly this place, or a folder that holds it; not what lies within. */
bool holds(const char *path, const char *place);
bool any_place(const char *path, const char *const *places, bool (*is)(const char *, const char *));

/* Each blames the names it is about. `places` are paths, or limits of which one is enough. */
bool reaches(const struct lint *l, const struct row *row);
bool covers(const struct lint *l, const struct row *row);
bool lies_in_foreign_home(const struct lint *l, const struct row *row);
bool grants_any(const struct lint *l, const struct row *row);
bool world_writable(const struct lint *l, const struct row *row);
bool overlaps(const struct lint *l, const struct row *row);
bool is_missing(const struct lint *l, const struct row *row);
bool maybe_unused(const struct lint *l, const struct row *row);
bool passes_secrets(const struct lint *l, const struct row *row);
bool passes_loaders(const struct lint *l, const struct row *row);
bool path_writable(const struct lint *l, const struct row *row);
bool protects_nothing(const struct lint *l, const struct row *row);
bool writes_at_once(const struct lint *l, const struct row *row);
bool has_own_calls(const struct lint *l, const struct row *row);
bool unlimited(const struct lint *l, const struct row *row);

/* lint_network.c */
bool reaches_out(const struct lint *l, const struct row *row);
bool reaches_private(const struct lint *l, const struct row *row);
bool reaches_wide(const struct lint *l, const struct row *row);
bool reaches_loopback(const struct lint *l, const struct row *row);
bool hears_sockets(const struct lint *l, const struct row *row);
bool sends_datagrams(const struct lint *l, const struct row *row);
bool hides_names(const struct lint *l, const struct row *row);

/* This name is one of those that the row at hand is about. */
void blame(const struct lint *l, const char *name);

#endif
