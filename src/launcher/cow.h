/* launcher/cow.h - what a run did to a copy-on-write workspace, found beneath the folder it wrote to. */
#ifndef LAUNCHER_COW_H
#define LAUNCHER_COW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/scope.h"
#include "seal/seal.h"

/*
 * STATE/cow/TENANT/RUN/ holds `upper` and `work` (the overlay's), `run` (one JSON object: where and
 * when), `manifest` (a JSON line per effect; only there once its digest is in the ledger), and, after
 * a whole commit, `committed`. Who works on the folder holds flock(2) on it.
 */
enum {
	COW_NAMES = 200000,		/* most effects of one run, and most names of one folder */
	COW_PATH = 4096,		/* longest path within the workspace, with its NUL */
	COW_DEPTH = 512,
};

#define COW_BYTES (UINT64_C(32) << 30)	/* most that is hashed for one run */

enum cow_type { COW_NONE, COW_FILE, COW_FOLDER, COW_LINK, COW_OTHER };
enum cow_change { COW_ADDED, COW_CHANGED, COW_REMOVED, COW_MODE };

const char *cow_type_word(enum cow_type t);		/* "file" */
const char *cow_change_word(enum cow_change c);		/* "added" */

/* What stands at a name, as far as anybody compares it. */
struct cow_state {
	enum cow_type type;
	unsigned mode;			/* 07777; 0 of a link */
	uint64_t size;			/* of a file, of a link's text */
	char digest[SEAL_DIGEST_TEXT];	/* of a file's bytes, of a link's text; otherwise "" */
	bool unread;			/* it is there, but we may not read it */
	uint64_t changed_ns;		/* its ctime */
};

struct cow_effect {
	enum cow_change change;
	struct cow_state before, after;
	bool meanwhile;			/* what was there before changed after the run began */
	char *path;			/* relative to the workspace; owned */
};

struct cow_effects {
	struct cow_effect *at;
	size_t count, room;
};

void cow_effects_free(struct cow_effects *l);
static inline void leave_cow_effects(struct cow_effects *l)
{
	cow_effects_free(l);
}
int cow_effects_add(struct cow_effects *l, const char *path, const struct cow_effect *effect, struct err *e) must_use;

/* cow_look.c: a name beneath a directory; no link is ever followed, no other file system entered. */
int cow_open(int root, const char *path, int flags);	/* -1 and errno */
/* `ours`: what may not be read is made readable as long as it takes. `left`: bytes that may still be hashed. */
int cow_look(struct cow_state *out, int root, const char *path, bool ours, uint64_t *left, struct err *e) must_use;
/* A regular file or nothing, open for reading, though its mode may forbid that. -1 and errno. */
int cow_open_file(int root, const char *path);
bool cow_is_whiteout(int root, const char *path);
bool cow_is_opaque(int root, const char *path);
/* The names in a folder, sorted, without "." and ".."; freed by cow_names_free(). */
struct cow_names {
	char **at;
	size_t count, room;
};
int cow_list(struct cow_names *out, int root, const char *path, bool ours, struct err *e) must_use;
void cow_names_free(struct cow_names *n);
static inline void leave_cow_names(struct cow_names *n)
{
	cow_names_free(n);
}

/* cow_walk.c: everything in which the view through `upper` differs from `lower`, parents first. */
int cow_walk(struct cow_effects *out, int upper, int lower, uint64_t began_ns, struct err *e) must_use;

/* cow_text.c: an effect as a line of the manifest: ASCII, members sorted. */
bool cow_line(struct buf *out, const struct cow_effect *effect);
/* `"NAME":"text"`, or `"NAME_hex":"…"` of what is no UTF-8. */
void cow_member(struct buf *out, const char *name, const char *text);

#endif
