/* jail/calls.h - another list of calls than our own as a program, and what stands beneath it. Private to jail/. */
#ifndef JAIL_CALLS_H
#define JAIL_CALLS_H

#include <linux/seccomp.h>

#include "jail/filter.h"
#include "jail/jail.h"

/*
 * The list as a program, and `ours` (filter_agent() with want.theirs) behind it. `notify`: what the list answers
 * with an errno is told to the listener instead, who asks calls_errno() for it.
 */
int calls_compile(struct filter *out, const struct jail_calls *calls, const struct sock_filter *ours,
		  size_t count, bool notify, struct err *e) must_use;

/* Which errno the list answers this; 0: the list (or no list) has nothing against it. */
int calls_errno(const struct jail_calls *calls, const struct seccomp_data *d);

#endif
