/* launcher/cgroup.h - a cgroup v2 of the agent's jail, where one was delegated to us. */
#ifndef LAUNCHER_CGROUP_H
#define LAUNCHER_CGROUP_H

#include <limits.h>
#include <stdbool.h>

#include "profile/profile.h"

/* Where the kernel says what there is; a test says it with files of its own. */
struct cgroup_view {
	const char *self;	/* /proc/self/cgroup */
	const char *mounts;	/* /proc/self/mountinfo */
};

#define CGROUP_VIEW ((struct cgroup_view){ "/proc/self/cgroup", "/proc/self/mountinfo" })

enum cgroup_holds { CGROUP_MEMORY = 1, CGROUP_PIDS = 2, CGROUP_CPU = 4 };

/* Where the new group can be made without disturbing anybody. */
struct cgroup_layout {
	char own[PATH_MAX];	/* our group's folder */
	char parent[PATH_MAX];	/* the folder the new one goes into: our own, or that which holds ours */
	bool leave;		/* we ourselves must step aside into a leaf first: no processes beside controllers */
	unsigned holds;		/* enum cgroup_holds: what of `need` can be had there */
};

/* Reads only. 0: *out says where; -1: nowhere, and e says why. */
int cgroup_look(struct cgroup_layout *out, const struct cgroup_view *view, unsigned need,
		struct err *e) must_use;

struct cgroup {
	struct cgroup_layout at;
	char path[PATH_MAX];	/* "": none */
	char leaf[PATH_MAX];	/* where we stepped aside to; "": nowhere */
	int dir;		/* locked as long as we live, so that another run lets it be; -1: none */
	unsigned holds;		/* what is in force */
};

#define CGROUP_NONE ((struct cgroup){ .dir = -1 })

unsigned cgroup_need(const struct bounds *b);

/* Make the group with these bounds, after removing what a killed run left there. */
int cgroup_make(struct cgroup *out, const struct cgroup_layout *at, const struct bounds *b,
		struct err *e) must_use;

/* Kill what is in it, remove it, step back. Safe on CGROUP_NONE and twice. */
void cgroup_end(struct cgroup *c);

#endif
