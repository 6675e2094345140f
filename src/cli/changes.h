/* cli/changes.h - one run's copy of a workspace, as the operator looks at it. Private to cli/. */
#ifndef CLI_CHANGES_H
#define CLI_CHANGES_H

#include "json/json.h"
#include "launcher/cow.h"
#include "launcher/launcher.h"

enum changes_state {
	CHANGES_BUSY,		/* the run goes on, or another reeve works on it */
	CHANGES_NOT_CLOSED,	/* it ended without its effects being recorded */
	CHANGES_OPEN,		/* recorded, waiting for a decision */
	CHANGES_COMMITTED,	/* taken over */
};

struct changes {
	const struct paths *at;
	char number[24];
	int folder, upper, workspace;	/* directories; -1: not there */
	json_t *run;			/* the file `run`, checked */
	const char *where, *began;	/* in it */
	enum changes_state state;
	struct cow_effects effects;
	char digest[SEAL_DIGEST_TEXT];	/* of the manifest */
};

enum { CHANGES_PATHS = 256 };

/* Names in the workspace that the operator gave. */
struct named {
	const char *at[CHANGES_PATHS];
	size_t count;
};

int named_add(void *into, const char *value, struct err *e) must_use;	/* for OPTION_EACH */
bool named_holds(const struct named *n, const char *path);		/* one of them is it, or above it */

/* Open and lock it. What it was is in ->state; an error is ERR_INPUT if there is no such run. */
int changes_open(struct changes *out, const struct paths *at, const char *number, struct err *e) must_use;
void changes_free(struct changes *w);
static inline void leave_changes(struct changes *w)
{
	changes_free(w);
}

/* The folder the run worked on, if it is still the same one. */
int changes_workspace(struct changes *w, struct err *e) must_use;
/* From the manifest; of a run that was not closed, by walking. */
int changes_effects(struct changes *w, struct err *e) must_use;
size_t changes_count(const struct changes *w);	/* lines of the manifest */
/* 1: the manifest is the one whose digest stands in the ledger; 0: it is not (e says why). */
int changes_proven(const struct changes *w, struct err *e) must_use;

/* A name as it may be shown on a terminal. */
void print_visible(const char *text, size_t size);

int changes_diff(struct changes *w, bool json, bool stat, struct err *e) must_use;
int changes_commit(struct changes *w, const struct named *only, const struct named *with, struct err *e) must_use;
/* changes_check.c: may this be done? Fills steps; returns how many conflicts were printed, or -1. */
enum step_is { STEP_LEFT, STEP_TODO, STEP_DONE };
int changes_check(const struct changes *w, enum step_is *steps, const struct named *only, const struct named *with,
		 struct err *e) must_use;
bool state_is_same(const struct cow_state *a, const struct cow_state *b);

#endif
