/* profile/plan.h - a jail plan while it is put together. Private to profile/. */
#ifndef PROFILE_PLAN_H
#define PROFILE_PLAN_H

#include "profile/check.h"
#include "profile/profile.h"

enum { PLAN_MOUNTS = 200, PLAN_TEXTS = 256, PLAN_LIMITS = 8 };

struct text_kept {
	struct text_kept *next;
	char text[];
};

struct plan {
	struct jail_mount mounts[PLAN_MOUNTS];
	struct jail_limit limits[PLAN_LIMITS];
	const char *env[PLAN_TEXTS], *argv[PLAN_TEXTS], *protect[PLAN_TEXTS];
	size_t mount_count, limit_count, env_count, argv_count;
	struct text_kept *texts;
	bool over;			/* something did not fit: sticky, asked once by plan_done() */
};

struct profile {
	struct json_file file;		/* checked: everything below borrows from it */
	char *name, *tools;
	char digest[80];
};

void plan_free(struct plan *p);
SCOPED(plan, struct plan *, plan_free)

const char *plan_keep(struct plan *p, const char *fmt, ...) printf_like(2, 3);
void plan_mount(struct plan *p, struct jail_mount m);
void plan_env(struct plan *p, const char *name, const char *value);	/* replaces */
void plan_argv(struct plan *p, const char *word);

/* What every jail has: proc, dev, private /tmp and home, the profile's system, its limits. */
int plan_common(struct plan *p, const struct profile *from, const struct place *at, struct err *e) must_use;

/* Bind paths listed in an array, as they are on the host: links stay links where what they lead to is there. */
int plan_paths(struct plan *p, json_t *list, enum jail_mount_kind kind, bool maybe, json_t *system,
	       struct err *e) must_use;
int plan_workspace(struct plan *p, const struct profile *from, const struct place *at, enum jail_mount_kind kind,
		   struct err *e) must_use;
/* apart.c: nothing by which the agent is judged lies in the mounts. plan_done() asks. */
int plan_apart(const struct plan *p, const struct place *at, struct err *e) must_use;
/* If the profile says "cow": nothing of the workspace can be written but through the copy. */
int plan_copy_alone(const struct plan *p, const struct profile *from, const struct place *at, struct err *e) must_use;
/* Word number `place` of a tool server's argv names nothing that the agent can write. */
int plan_program(const char *word, size_t place, const char *server, const struct profile *from,
		 const struct place *at, struct err *e) must_use;
int plan_variable(const char *name, const char *value, const char *server, const struct profile *from,
		  const struct place *at, struct err *e) must_use;
const char *const *plan_protect(struct plan *p, const struct profile *from);
int plan_done(struct jail_plan *out, struct plan **p, struct jail_spec spec, const struct place *at,
	      struct err *e) must_use;

#endif
