/* jail/filter.h - seccomp programs: made before clone(2) with libseccomp, installed after it without. */
#ifndef JAIL_FILTER_H
#define JAIL_FILTER_H

#include <linux/filter.h>
#include <seccomp.h>
#include <stddef.h>

#include "base/err.h"
#include "base/scope.h"

/* A BPF program in memory: what is left of libseccomp once a jail starts. */
struct filter {
	struct sock_filter *code;	/* owned */
	size_t count;
};

static inline void leave_filter(struct filter *f)
{
	free(f->code);
}

/* Takes the context: it is released on every path, before the program could forbid releasing it. */
int filter_export(struct filter *out, scmp_filter_ctx ctx, struct err *e) must_use;

/* jail/agent.def as a program: which calls exist inside. */
int filter_agent(struct filter *out, struct err *e) must_use;

/* seccomp(2) alone: no memory, no library. The process must have no_new_privs. */
int filter_install(const struct filter *f, struct err *e) must_use;

/* The second program of every jail: what calls that exist may not ask for. */
int filter_install_arguments(struct err *e) must_use;

#endif
