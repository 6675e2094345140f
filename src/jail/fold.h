/* jail/fold.h - refused calls, counted by kind so that a flood is a few events. Private to jail/. */
#ifndef JAIL_FOLD_H
#define JAIL_FOLD_H

#include "jail/jail.h"

/* Kinds kept apart; protected names among them. What does not fit is counted as one kind of its own. */
enum { FOLD_KINDS = 96, FOLD_NAMES = 32, FOLD_OTHER = -1 };

struct fold {
	size_t count, names;
	bool waiting;				/* something is due that could not be told yet */
	struct fold_kind {
		struct jail_event event;	/* count: how often so far; the rest as the first time */
		uint64_t told, due;		/* count when last told, and at which it is told next */
	} kinds[FOLD_KINDS + 1];		/* the last: all others */
};

/* Tells one event to who listens; false: not now. */
typedef bool fold_teller(void *to, const struct jail_event *event);

/* Count it; tell what is due. */
void fold_count(struct fold *f, const struct jail_event *one, fold_teller *tell, void *to);

/* Tell what is due and could not be told; `all`: whatever was counted and not told. */
void fold_tell(struct fold *f, bool all, fold_teller *tell, void *to);

#endif
