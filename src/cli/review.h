/* cli/review.h - one run's copy of a workspace, as the operator looks at it. Private to cli/. */
#ifndef CLI_REVIEW_H
#define CLI_REVIEW_H

#include "json/json.h"
#include "launcher/cow.h"
#include "launcher/launcher.h"

enum review_state {
	REVIEW_BUSY,		/* the run goes on, or another reeve works on it */
	REVIEW_NOT_CLOSED,	/* it ended without its effects being recorded */
	REVIEW_OPEN,		/* recorded, waiting for a decision */
	REVIEW_COMMITTED,	/* taken over */
};

struct review {
	const struct paths *at;
	char number[24];
	int folder, upper, workspace;	/* directories; -1: not there */
	json_t *run;			/* the file `run`, checked */
	const char *where, *began;	/* in it */
	enum review_state state;
	struct cow_effects effects;
	char digest[SEAL_DIGEST_TEXT];	/* of the manifest */
};

enum { REVIEW_PATHS = 256 };

/* Names in the workspace that the operator gave. */
struct named {
	const char *at[REVIEW_PATHS];
	size_t count;
};

int named_add(void *into, const char *value, struct err *e) must_use;	/* for OPTION_EACH */
bool named_holds(const struct named *n, const char *path);		/* one of them is it, or above it */

/* Open and lock it. What it was is in ->state; an error is ERR_INPUT if there is no such run. */
int review_open(struct review *out, const struct paths *at, const char *number, struct err *e) must_use;
void review_free(struct review *w);
static inline void leave_review(struct review *w)
{
	review_free(w);
}

/* The folder the run worked on, if it is still the same one. */
int review_workspace(struct review *w, struct err *e) must_use;
/* From the manifest; of a run that was not closed, by walking. */
int review_effects(struct review *w, struct err *e) must_use;
size_t review_count(const struct review *w);	/* lines of the manifest */
/* 1: the manifest is the one whose digest stands in the ledger; 0: it is not (e says why). */
int review_proven(const struct review *w, struct err *e) must_use;

/* A name as it may be shown on a terminal. */
void print_visible(const char *text, size_t size);

int review_diff(struct review *w, bool json, bool stat, struct err *e) must_use;
int review_commit(struct review *w, const struct named *only, const struct named *with, struct err *e) must_use;
/* review_check.c: may this be done? Fills steps; returns how many conflicts were printed, or -1. */
enum step_is { STEP_LEFT, STEP_TODO, STEP_DONE };
int review_check(const struct review *w, enum step_is *steps, const struct named *only, const struct named *with,
		 struct err *e) must_use;
bool state_is_same(const struct cow_state *a, const struct cow_state *b);

#endif
