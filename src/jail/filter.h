/* jail/filter.h - seccomp programs: our own lists by libseccomp before a process is confined, the agent's by hand inside. */
#ifndef JAIL_FILTER_H
#define JAIL_FILTER_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

#if defined(__x86_64__)
#define FILTER_NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define FILTER_NATIVE AUDIT_ARCH_AARCH64
#endif

/* x32 numbers begin here, in x86_64's own table. */
#define FILTER_FOREIGN 0x40000000u

/* What the agent's program depends on besides jail/agent.def. */
struct filter_want {
	bool asks;		/* what is refused goes to a listener, who answers and records it */
	bool names;		/* what makes or changes a name goes there too */
	bool reach;		/* what reaches out goes there too: reaching.h */
	bool theirs;		/* another list stands before this: what is not refused by name here is its to judge */
	bool own_net;		/* a network namespace, or Landlock by the spec's word, says where packets go; otherwise no socket does */
};

/* Room for arguments.c's blocks, and for the whole. */
enum { FILTER_ARGUMENTS = 160, FILTER_LONGEST = 1216 };

/* jail/agent.def as a program: which calls exist inside. No memory of its own: it is made in the jail. */
size_t filter_agent(struct sock_filter code[FILTER_LONGEST], const struct filter_want *want) must_use;

/* arguments.c: what calls that exist may not ask for. How many instructions; at most FILTER_ARGUMENTS. */
size_t filter_arguments(struct sock_filter *code, const struct filter_want *want) must_use;

/* What a refused call answers. */
bool filter_is_native(uint32_t arch) must_use;
int filter_errno(uint32_t arch, int call) must_use;

/* jail/init.def, put on at once: init's own list, which is not the agent's. `reaches`: reaching.h. */
int filter_init(bool reaches, struct err *e) must_use;

/* seccomp(2) alone: no memory, no library. The process must have no_new_privs. */
int filter_install(const struct filter *f, struct err *e) must_use;

/* The same with a listener: its descriptor. */
int filter_listen(const struct filter *f, struct err *e) must_use;

#endif
