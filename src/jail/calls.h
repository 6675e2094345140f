/* jail/calls.h - another list of calls than our own as a program, and what stands beneath it. Private to jail/. */
#ifndef JAIL_CALLS_H
#define JAIL_CALLS_H

#include <stdint.h>

#include "jail/filter.h"
#include "jail/jail.h"

/*
 * The list as a program for this architecture's calls. `notify`: what it would answer with an errno is
 * told to the listener instead, who asks jail_calls_answer() for it.
 */
int calls_compile(struct filter *out, const struct jail_calls *calls, bool notify, struct err *e) must_use;

/* Where `first` allows, `then` decides. `first` keeps every other answer. */
int calls_join(struct filter *first, const struct filter *then, struct err *e) must_use;

#endif
