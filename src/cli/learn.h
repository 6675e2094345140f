/* cli/learn.h - from what a ledger says of a run to a profile and a policy as narrow as that run. */
#ifndef CLI_LEARN_H
#define CLI_LEARN_H

#include <stdint.h>

#include "json/json.h"
#include "profile/profile.h"

/* What the operator said, and what has been found out. json_t are owned. */
struct learn {
	const char *ledger, *tenant, *profile, *tools, *files, *name, *out;
	uint64_t run;			/* 0: the last */
	json_t *grants;			/* paths and SERVER/TOOLs that are named to be granted, as an object */
	json_t *record;			/* learn_record() */
	json_t *refused;		/* what was not granted: name and why */
	struct profile *base;		/* what the run used */
	struct tools *read_tools;
	bool changed;			/* something was left out: the profile cannot just extend the base */
};

/*
 * The run as an object: "run", "profile", "digest", "workspace", "tools" as recorded; "calls", by
 * SERVER/TOOL: how often allowed, how often refused, which resources; "kernel": refused calls and how often;
 * "files": how many names were changed.
 */
int learn_record(struct learn *l, struct err *e) must_use;

/* Is this one named by --grant, or beneath a path that is? If not, it is put down as refused. */
bool learn_may(struct learn *l, const char *name, const char *why);

/* The profile's lists, narrowed by --files if given, without what is too broad. Owned by the caller. */
int learn_profile(json_t **out, struct learn *l, struct err *e) must_use;
int learn_policy(json_t **out, struct learn *l, struct err *e) must_use;

/* Readable: a member a line, short lists on one. */
bool json_write_pretty(struct buf *out, const json_t *value, unsigned indent);

#endif
