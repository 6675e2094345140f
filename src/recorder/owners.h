/* recorder/owners.h - who answers for what a uid runs: by the operator's list, or by the names of this machine's users. */
#ifndef RECORDER_OWNERS_H
#define RECORDER_OWNERS_H

#include <sys/types.h>

#include "base/err.h"
#include "base/scope.h"

enum { OWNERS_TEXT = 65 };

struct owners;

struct owner {
	char name[OWNERS_TEXT];
	const char *by;		/* how that is known: the word in the record */
};

/* `path` NULL: there is no list, and whoever can connect may run any agent as himself. */
int owners_open(struct owners **out, const char *path, struct err *e) must_use;
void owners_free(struct owners *o);

/* -1: this user may not run that agent, and why. */
int owners_find(struct owner *out, const struct owners *o, uid_t uid, const char *agent, struct err *e) must_use;

#endif
