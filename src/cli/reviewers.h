/*
 * cli/reviewers.h - who may approve what is held for review: reeve-reviewers(5). Two files of the configuration's
 * folder, neither of which need be there: allowed_signers has names and keys, reviewers.json has groups of names.
 */
#ifndef CLI_REVIEWERS_H
#define CLI_REVIEWERS_H

#include "json/json.h"
#include "launcher/launcher.h"

struct reviewers;
struct ssh_signers;

/* What is wrong in either file is said with its line and column. Keys that are past their time now count for nothing. */
int reviewers_load(struct reviewers **out, const char *folder, struct err *e) must_use;
void reviewers_free(struct reviewers *r);
SCOPED(reviewers, struct reviewers *, reviewers_free)

/* The bytes of allowed_signers as they were read, and no others were; none where there is no such file. */
const char *reviewers_signers(const struct reviewers *r, size_t *size);
const struct ssh_signers *reviewers_keys(const struct reviewers *r);	/* the same, read */
const char *reviewers_path(const struct reviewers *r);	/* of that file, also where it is not there */

/*
 * How many different people could approve, each with a key of his own, if these are asked: an array of names and groups;
 * NULL: everybody who has a key.
 */
int reviewers_people(size_t *out, const struct reviewers *r, const json_t *by, struct err *e) must_use;

/* Is it anybody, or a group, at all? Whoever has no key but stands in a group is. */
bool reviewers_know(const struct reviewers *r, const char *name);

/* What the broker is told: each group with those of it who have a key, then each of these as a group of one. */
struct reviewers_list {
	const char *name;
	const char *const *members;
	size_t count;		/* never 0 */
};

/* The i-th; false past the last. */
bool reviewers_list(struct reviewers_list *out, const struct reviewers *r, size_t i);

/* What is not wrong and yet no use, such as a member of a group who has no key: "FILE:LINE:COLUMN" and a sentence. */
void reviewers_warn(const struct reviewers *r, void (*tell)(void *to, const char *where, const char *what), void *to);

#endif
