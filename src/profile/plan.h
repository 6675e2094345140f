/* profile/plan.h - a jail plan while it is put together. Private to profile/. */
#ifndef PROFILE_PLAN_H
#define PROFILE_PLAN_H

#include "profile/check.h"
#include "profile/profile.h"

enum { PLAN_MOUNTS = 200, PLAN_TEXTS = 256, PLAN_LIMITS = 8, NETWORK_PEERS = 32 };

struct text_kept {
	struct text_kept *next;
	size_t size;
	char text[];
};

struct plan {
	struct jail_mount mounts[PLAN_MOUNTS];
	struct jail_limit limits[PLAN_LIMITS];
	const char *env[PLAN_TEXTS], *argv[PLAN_TEXTS], *protect[PLAN_TEXTS];
	uint16_t ports[NETWORK_PEERS + 1];
	struct jail_hearing ears[JAIL_EARS];
	size_t mount_count, limit_count, env_count, argv_count, ear_count;
	struct text_kept *texts;
	bool over;			/* something did not fit: sticky, asked once by plan_done() */
};

/* One of the files a profile is made of. */
struct profile_part {
	char *path;
	struct json_file file;		/* checked on its own */
	char digest[80];
};

/* The file that was named, what that extends, and so on; last, if there is one, the project's own. */
enum { PROFILE_DEEP = 8, PROFILE_PARTS };

struct profile {
	struct json_file file;		/* root: all parts as one, each list an array; the bytes are the first part's */
	struct profile_part parts[PROFILE_PARTS];
	size_t part_count;
	json_t *because;		/* why, by list and name: merge.c */
	struct profile *tight;		/* as the project's own file leaves it, for the agent alone; NULL: as it is */
	struct oci *oci;		/* the list of calls that "seccomp" names; NULL: reeve's own */
	char *name, *tools;
	char digest[80];
	char run[33];			/* this reading's own, by which placeholders of credentials are told apart */
};

/* oci.c: what "seccomp" names, if it does. */
int check_seccomp(const struct json_file *f, struct err *e) must_use;
int profile_load_oci(struct profile *p, struct err *e) must_use;
const struct jail_calls *profile_calls(const struct profile *p);

/* profile.c: one file, as it stands. */
int profile_check(const struct json_file *f, struct err *e) must_use;
int check_limits(const struct json_file *f, struct err *e) must_use;
int protect_item(const struct item *item, struct err *e) must_use;
bool profile_has_member(const char *key);
/* merge.c: what only several members, or several files, can say together. */
int check_because(const struct json_file *f, struct err *e) must_use;
int check_grants(const struct json_file *f, struct err *e) must_use;
json_t *list_names(json_t *list);			/* of either form, as a new array of strings */
void list_protect(json_t *root, json_t *more);		/* add to what a whole profile protects */
int profile_merge(struct profile *p, struct err *e) must_use;
void profile_seal(struct profile *p);			/* its digest, over all parts */

/* An error about one name of a list, with its place in whichever part names it. */
int profile_wrong(const struct profile *p, const char *pointer, const char *name, struct err *e, const char *fmt, ...)
	printf_like(5, 6);
bool profile_names(const struct profile *p, const char *pointer, const char *name);	/* does the whole? */
int list_wrong(const struct json_file *f, const char *pointer, const char *name, struct err *e, const char *text);
/* What the agent's own jail is cut from: the project's file has its say there. */
const struct profile *for_agent(const struct profile *p);

void plan_free(struct plan *p);
SCOPED(plan, struct plan *, plan_free)

const char *plan_keep(struct plan *p, const char *fmt, ...) printf_like(2, 3);
void plan_mount(struct plan *p, struct jail_mount m);
void plan_env(struct plan *p, const char *name, const char *value);	/* replaces */
void plan_argv(struct plan *p, const char *word);

/* What every jail has, and nothing of the host's: proc, dev, private /tmp and home, the limits. */
int plan_private(struct plan *p, const struct profile *from, const struct place *at, struct err *e) must_use;
/* And, in all jails but a courier's, the profile's system. */
int plan_common(struct plan *p, const struct profile *from, const struct place *at, struct err *e) must_use;

/* A list of paths, and where it stands: in the file of tools, otherwise in one of the profile's. */
struct grant {
	enum jail_mount_kind kind;
	bool maybe;
	const struct profile *from;
	const struct json_file *file;	/* NULL: the profile's */
	const char *pointer;
};

int grant_wrong(const struct grant *g, const char *name, struct err *e, const char *fmt, ...) printf_like(4, 5);

/* Bind the paths, as they are on the host: links stay links where what they lead to is in `system`. */
int plan_paths(struct plan *p, const struct grant *g, const struct place *at, struct err *e) must_use;
void plan_workspace(struct plan *p, const struct place *at, enum jail_mount_kind kind);
/* apart.c: nothing by which the agent is judged lies in the mounts. plan_done() asks. */
int plan_apart(const struct plan *p, const struct place *at, struct err *e) must_use;
/* If the profile says "cow": nothing of the workspace can be written but through the copy. */
int plan_copy_alone(const struct plan *p, const struct profile *from, const struct place *at, struct err *e) must_use;
/* Where a granted path leads is not for the agent to decide: no link on the way is in its reach. */
int plan_steady(const struct grant *g, const char *path, const struct place *at, struct err *e) must_use;
/* Word number `place` of a tool server's argv names nothing that the agent can write. */
int plan_program(const char *word, size_t place, const char *server, const struct profile *from,
		 const struct place *at, struct err *e) must_use;
int plan_variable(const char *name, const char *value, const char *server, const struct profile *from,
		  const struct place *at, struct err *e) must_use;
const char *const *plan_protect(struct plan *p, const struct profile *from);
int plan_done(struct jail_plan *out, struct plan **p, struct jail_spec spec, const struct place *at,
	      struct err *e) must_use;

#endif
