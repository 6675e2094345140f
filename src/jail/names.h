/*
 * jail/names.h - names that would run later outside cannot be made inside, and everything else can. Private to jail/.
 *
 * Where such names could stand, Landlock lets the program read and no more; init makes, changes and removes names there on
 * its behalf, one call at a time. What init lets go on (NOTIFY_LET) is judged by Landlock again, so nothing is gained by
 * changing a path while init looks at it.
 */
#ifndef JAIL_NAMES_H
#define JAIL_NAMES_H

#include <limits.h>

#include "jail/notify.h"

/* Always protected: the self-test tries it. */
#define NAMES_PROBE ".reeve-probe"

/* One of spec->mounts, by its true path inside. */
struct zone {
	char *path;			/* NULL: there is nothing there */
	size_t size;
	bool done_here;			/* Landlock gives no right to change names here: init does it */
	bool judged;			/* and it is the operator's: protected names are refused */
	uint64_t mount;			/* its mount's number */
};

/* How a file is to be opened, apart from where. */
struct wish {
	int flags;
	mode_t mode;
};

/* A question about a pipe that nobody reads yet. */
struct kept {
	struct seccomp_notif ask;
	struct wish wish;
	int it;				/* O_PATH, ours */
};

enum { NAMES_KEPT = 64, NAMES_LOST = 128 + 9 };

struct names {
	size_t kept_count;
	struct kept kept[NAMES_KEPT];
	int proc;			/* procfs that shows those who ask */
	bool empties;			/* Landlock before ABI 3 judges nobody who empties a file: init does it, or nobody */
	size_t zone_count;
	struct zone zones[JAIL_MOUNTS];
};

/* names_zones.c: after the root stands, before the program's process is forked. */
int names_prepare(struct inside *in, struct err *e) must_use;
/* The innermost mount that a path lies on; NULL: the root, or one that is not done here. */
const struct zone *names_zone(const struct names *n, const char *path) must_use;
/* The innermost, if names may be made there at all: by the program itself, or by init. */
const struct zone *names_writable(const struct inside *in, const char *path) must_use;
/* Does init change names on the i-th of spec->mounts? */
bool names_done_here(const struct inside *in, size_t i) must_use;

/* names.c: what a path means, by its text alone. */
enum name_kind {
	NAME_FREE,
	NAME_LEADS,			/* an outer part of a protected name: only ever a real directory */
	NAME_PROTECTED,			/* such a name, or something beneath it */
};
/* Protected is what ends after the first `given` bytes: what the operator gave by that very name stays his to give. */
enum name_kind names_judge(const char *path, size_t given, const char *const *protect) must_use;
/* Do these parts name the same file where letters have no case? */
bool names_same(const char *part, size_t size, const char *other, size_t other_size) must_use;
/* names_bare.c: would this name make, or does it steer, a repository that git obeys without being called .git? */
bool names_bare(int parent, const char *path, const char *leaf) must_use;

/* names_path.c: a name as the kernel would take it: a folder that stands, and the last part. */
struct spot {
	int parent;			/* O_PATH, ours; AT_FDCWD: none */
	bool slash;			/* a slash follows: only a folder will do */
	bool missing;			/* no such folder. Do not ask the kernel again: made meanwhile, it is Landlock's EACCES */
	const struct zone *zone;
	char leaf[NAME_MAX + 2];	/* with that slash */
	char path[2 * PATH_MAX];	/* the true path of both */
};
#define NO_SPOT ((struct spot){ .parent = AT_FDCWD })

void spot_leave(struct spot *s);
static inline void leave_spot(struct spot *s)
{
	spot_leave(s);
}

/* A path in the asker's memory: 0, or what to answer. */
int path_read(char out[PATH_MAX], const struct question *q, uint64_t at) must_use;
int path_copy(void *out, const struct question *q, uint64_t at, size_t size) must_use;
/* Where a path stands for the asker. 0: init does the call there; otherwise what to answer. */
int path_spot(struct spot *out, const struct question *q, int at, const char *path, uint64_t resolve) must_use;
/* The same of a folder as a whole, with no last part. */
int path_folder(struct spot *out, const struct question *q, int at, const char *path, uint64_t resolve) must_use;
/* The same beneath a folder of ours, for the text of a link. */
int path_spot_from(struct spot *out, const struct question *q, int folder, const char *path) must_use;
/* Where a link at the last part leads in the end. 0, or what to answer. */
int path_follow(struct spot *s, const struct question *q) must_use;
/* A path that names a descriptor of the asker's (/dev/stdout, /proc/self/fd/3): that number, otherwise -1. */
int path_descriptor(const struct question *q, const char *path) must_use;
/* O_PATH of the folder the asker works in. */
int path_cwd(const struct question *q) must_use;
/* What a descriptor of the asker's stands for: O_PATH of ours, its true path, its zone. Or what to answer. */
int path_object(struct spot *out, const struct question *q, int descriptor) must_use;
/* From here on we make names as the asker would. 0, or what to answer. */
int path_umask(const struct question *q) must_use;
/* The process whose thread asks; 0: it is gone. */
pid_t path_process(const struct question *q) must_use;
/* A descriptor of ours, opened again in another way. */
int path_reopen(const struct question *q, int fd, int flags) must_use;
int path_text(char out[PATH_MAX], const struct names *n, int fd) must_use;

/* names_do.c: the answer to a call that makes or changes names. false: it is no such call. */
bool names_serve(struct question *q, int *answer) must_use;
/* EPERM, said and recorded, or 0. */
enum name_use { USE_CHANGE, USE_FOLDER };
int names_refuse(struct question *q, const struct spot *s, enum name_use use) must_use;
/* names_open.c */
int names_give(struct question *q, int fd, const struct wish *w) must_use;	/* ours is closed */
int names_open(struct question *q, int at, uint64_t path, uint64_t flags, uint64_t mode, uint64_t resolve) must_use;
/* names_bind.c */
int names_bind(struct question *q, int number, uint64_t at, uint64_t size) must_use;
/* names_fifo.c: `it` is O_PATH. Later: init tries again what it keeps, and is to come back after so many ms. */
int names_open_fifo(struct question *q, int it, const struct wish *w) must_use;
int names_again(struct inside *in) must_use;

#endif
