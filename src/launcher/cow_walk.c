/*
 * The run's effects: its `upper` folder laid over the workspace, name by name. An overlay writes down
 * three things there: what it holds, whiteouts (a name below is gone), and opaque folders (all below
 * is gone). Everything is bounded, because the agent decided how much there is and how it is called;
 * past a bound the walk fails, and nothing of the run can be taken over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "launcher/cow.h"

struct walk {
	struct cow_effects *out;
	int upper, lower;
	uint64_t began_ns, left;
	char path[COW_PATH];	/* of what is being looked at */
	size_t size;
	unsigned depth;
};

void cow_effects_free(struct cow_effects *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->at[i].path);
	free(l->at);
	*l = (struct cow_effects){ 0 };
}

int cow_effects_add(struct cow_effects *l, const char *path, const struct cow_effect *effect,
		    struct err *e)
{
	size_t room = l->room ? l->room * 2 : 64;
	struct cow_effect *more;
	char *kept;

	if (l->count == COW_NAMES)
		return err_set(e, ERR_LIMIT, "more than %d names were changed", COW_NAMES);
	if (l->count == l->room) {
		more = reallocarray(l->at, room, sizeof(*more));
		if (!more)
			return err_sys(e, "memory for what changed");
		l->at = more;
		l->room = room;
	}
	kept = strdup(path);
	if (!kept)
		return err_sys(e, "memory for what changed");
	l->at[l->count] = *effect;
	l->at[l->count++].path = kept;
	return 0;
}

static int emit(struct walk *w, enum cow_change change, const struct cow_state *before,
		const struct cow_state *after, struct err *e)
{
	struct cow_effect effect = { .change = change, .before = *before, .after = *after };

	effect.meanwhile = before->type != COW_NONE && before->type != COW_FOLDER &&
			   before->changed_ns > w->began_ns;
	return cow_effects_add(w->out, w->path, &effect, e);
}

/* The name `leaf` in the folder that w->path names; undone by leave(). */
static int enter(struct walk *w, const char *leaf, size_t *was, struct err *e)
{
	size_t size = strlen(leaf), slash = w->size ? 1 : 0;

	*was = w->size;
	if (w->size + slash + size >= sizeof(w->path) || w->depth == COW_DEPTH)
		return err_set(e, ERR_LIMIT,
			       "a name of more than %d bytes, or more than %d folders deep",
			       COW_PATH, COW_DEPTH);
	if (slash)
		w->path[w->size] = '/';
	memcpy(w->path + w->size + slash, leaf, size + 1);
	w->size += slash + size;
	w->depth++;
	return 0;
}

static void leave(struct walk *w, size_t was)
{
	w->size = was;
	w->path[was] = '\0';
	w->depth--;
}

/* What cannot be listed cannot be removed either: a commit will say so. */
static int mark_unread(struct walk *w)
{
	w->out->at[w->out->count - 1].before.unread = true;
	return 0;
}

/* Everything below at this name is gone: a record for each, so that each has its digest. */
static int gone(struct walk *w, const struct cow_state *before, struct err *e)
{
	static const struct cow_state nothing = { .type = COW_NONE };
	scoped(cow_names) struct cow_names names = { 0 };
	struct cow_state below;
	size_t was, i;

	if (emit(w, COW_REMOVED, before, &nothing, e) < 0)
		return -1;
	if (before->type != COW_FOLDER)
		return 0;
	if (cow_list(&names, w->lower, w->path, false, e) < 0)
		return e->kind == ERR_SYSTEM && errno == EACCES ? mark_unread(w) : -1;
	for (i = 0; i < names.count; i++) {
		if (enter(w, names.at[i], &was, e) < 0 ||
		    cow_look(&below, w->lower, w->path, false, &w->left, e) < 0 ||
		    gone(w, &below, e) < 0)
			return -1;
		leave(w, was);
	}
	return 0;
}

static int walk_folder(struct walk *w, bool has_lower, bool hides, struct err *e);

/*
 * Its mode is known by now. From here on its owner, who we are, can look into it; that is not undone,
 * because whoever reads it later has to as well.
 */
static int open_up(struct walk *w, unsigned mode, struct err *e)
{
	scoped(fd) int fd = cow_open(w->upper, w->path, O_PATH | O_DIRECTORY);

	if (fd < 0)
		return err_sys(e, "open a folder");
	if ((mode & S_IRWXU) == S_IRWXU)
		return 0;
	return fd_chmod(fd, mode | S_IRWXU) < 0 ? err_sys(e, "open a folder") : 0;
}

static int found_folder(struct walk *w, const struct cow_state *before,
			const struct cow_state *after, bool hides, struct err *e)
{
	bool was_folder = before->type == COW_FOLDER;

	if (!was_folder && before->type != COW_NONE && gone(w, before, e) < 0)
		return -1;
	if (!was_folder &&
	    emit(w, COW_ADDED, &(struct cow_state){ .type = COW_NONE }, after, e) < 0)
		return -1;
	if (was_folder && before->mode != after->mode && emit(w, COW_MODE, before, after, e) < 0)
		return -1;
	if (open_up(w, after->mode, e) < 0)
		return -1;
	return walk_folder(w, was_folder, hides || cow_is_opaque(w->upper, w->path), e);
}

static int found_other(struct walk *w, const struct cow_state *before,
		       const struct cow_state *after, struct err *e)
{
	static const struct cow_state nothing = { .type = COW_NONE };

	if (before->type == COW_FOLDER)
		return gone(w, before, e) < 0 ? -1 : emit(w, COW_ADDED, &nothing, after, e);
	if (before->type == COW_NONE)
		return emit(w, COW_ADDED, before, after, e);
	if (before->type != after->type || before->unread || after->unread ||
	    strcmp(before->digest, after->digest) != 0)
		return emit(w, COW_CHANGED, before, after, e);
	return before->mode != after->mode ? emit(w, COW_MODE, before, after, e) : 0;
}

/* `has_lower`: there is a folder below of the same name; `hides`: and nothing of it shines through. */
static int walk_name(struct walk *w, bool has_lower, bool hides, struct err *e)
{
	struct cow_state before = { .type = COW_NONE }, after = { .type = COW_NONE };

	if (has_lower && cow_look(&before, w->lower, w->path, false, &w->left, e) < 0)
		return -1;
	if (!cow_is_whiteout(w->upper, w->path) &&
	    cow_look(&after, w->upper, w->path, true, &w->left, e) < 0)
		return -1;
	if (after.type == COW_NONE)
		return before.type == COW_NONE ? 0 : gone(w, &before, e);
	if (after.type == COW_FOLDER)
		return found_folder(w, &before, &after, hides, e);
	return found_other(w, &before, &after, e);
}

/* Names of both sides where the upper hides the lower; otherwise of the upper alone. Sorted, once each. */
static int walk_folder(struct walk *w, bool has_lower, bool hides, struct err *e)
{
	scoped(cow_names) struct cow_names above = { 0 };
	scoped(cow_names) struct cow_names below = { 0 };
	size_t a = 0, b = 0, was;
	const char *name;
	int order;

	if (cow_list(&above, w->upper, w->path, true, e) < 0 ||
	    (has_lower && hides && cow_list(&below, w->lower, w->path, false, e) < 0))
		return -1;
	while (a < above.count || b < below.count) {
		order = a == above.count ? 1 :
			b == below.count ? -1 :
					   strcmp(above.at[a], below.at[b]);
		name = order <= 0 ? above.at[a] : below.at[b];
		a += order <= 0;
		b += order >= 0;
		if (enter(w, name, &was, e) < 0 || walk_name(w, has_lower, hides, e) < 0)
			return -1;
		leave(w, was);
	}
	return 0;
}

/* The agent may have shut the workspace itself. */
static int open_root(int upper, struct err *e)
{
	struct stat st;

	if (fstat(upper, &st) < 0 ||
	    ((st.st_mode & S_IRWXU) != S_IRWXU && fd_chmod(upper, (st.st_mode & 07777) | S_IRWXU) < 0))
		return err_sys(e, "open the copy");
	return 0;
}

int cow_walk(struct cow_effects *out, int upper, int lower, uint64_t began_ns, struct err *e)
{
	scoped(cow_effects) struct cow_effects found = { 0 };
	struct walk *w = calloc(1, sizeof(*w));
	int done;

	if (!w)
		return err_sys(e, "memory for a walk");
	*w = (struct walk){ .out = &found,
			    .upper = upper,
			    .lower = lower,
			    .began_ns = began_ns,
			    .left = COW_BYTES };
	done = open_root(upper, e) < 0 ? -1 : walk_folder(w, true, false, e);
	if (done < 0 && w->size)
		err_in(e, "%.100s", w->path);
	free(w);
	if (done < 0)
		return -1;
	*out = found;
	found = (struct cow_effects){ 0 };
	return 0;
}
