/*
 * May a run's changes be taken over? Everything is looked at before anything is done, and every
 * reason against it is said. Names, links and modes in the workspace, and all in `upper`, are
 * whatever somebody made of them since: they are compared, never believed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "cli/changes.h"

struct check {
	const struct changes *w;
	const struct named *with;
	enum step_is *steps;
	const struct cow_effect **by_path;	/* those chosen, sorted */
	size_t chosen;
	uint64_t left;
	size_t wrong;
};

enum { SHOWN_MOST = 200 };

static void say(struct check *c, const char *path, const char *why)
{
	if (c->wrong++ >= SHOWN_MOST)
		return;
	fputs("refused  ", stdout);
	print_visible(path, strlen(path));
	printf(": %s\n", why);
}

bool state_is_same(const struct cow_state *a, const struct cow_state *b)
{
	if (a->type != b->type || a->unread || b->unread)
		return false;
	if (a->type == COW_FOLDER)
		return (a->mode & 0777) == (b->mode & 0777);
	return a->mode == b->mode && strcmp(a->digest, b->digest) == 0;
}

/* --- which --- */

/* Also the new folders it lies in, or it would have no place. */
static bool is_chosen(const struct named *only, const struct cow_effect *x)
{
	size_t i;

	if (only->count == 0 || named_holds(only, x->path))
		return true;
	for (i = 0; i < only->count; i++)
		if (path_is_within(only->at[i], x->path))
			return true;
	return false;
}

static int check_named(const struct changes *w, const struct named *only, struct err *e)
{
	struct named one = { .count = 1 };
	size_t i, k;

	for (i = 0; i < only->count; i++) {
		one.at[0] = only->at[i];
		for (k = 0; k < w->effects.count && !named_holds(&one, w->effects.at[k].path); k++)
			;
		if (k == w->effects.count)
			return err_set(e, ERR_INPUT, "run %s changed nothing at %.100s", w->number, only->at[i]);
	}
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct cow_effect *const *x = a, *const *y = b;
	int order = strcmp((*x)->path, (*y)->path);

	return order ? order : (int)(*y)->change - (int)(*x)->change;
}

/* The chosen effect on this name that removes it, or that does not; NULL: none. */
static const struct cow_effect *find(const struct check *c, const char *path, bool removes)
{
	size_t low = 0, high = c->chosen, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(c->by_path[mid]->path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < c->chosen && strcmp(c->by_path[low]->path, path) == 0; low++)
		if ((c->by_path[low]->change == COW_REMOVED) == removes)
			return c->by_path[low];
	return NULL;
}

/* --- names that are obeyed later --- */

/* Does `path` from here on begin with the parts of `name`? Where it ends first, *part is set. */
static bool begins(const char *path, const char *name, bool *part)
{
	size_t a, b;

	for (;; path += a + 1, name += b + 1) {
		a = strcspn(path, "/");
		b = strcspn(name, "/");
		if (a != b || strncasecmp(path, name, a) != 0)
			return false;
		if (name[b] == '\0')
			return true;
		if (path[a] == '\0') {
			*part = true;
			return false;
		}
	}
}

/* A link or a file where a protected name's folder would be decides what that name means. */
static bool is_protected(const struct check *c, const struct cow_effect *x)
{
	bool stands_in = x->after.type == COW_LINK || x->after.type == COW_FILE, part;
	const char *at, *slash, *name;
	json_t *value;
	size_t i;

	json_array_foreach(json_object_get(c->w->run, "protect"), i, value) {
		name = json_string_value(json_object_get(value, "name"));
		for (at = x->path; name && at; at = slash ? slash + 1 : NULL) {
			slash = strchr(at, '/');
			part = false;
			if (begins(at, name, &part) || (part && stands_in))
				return true;
		}
	}
	return false;
}

/* --- one effect --- */

/* What cannot be carried over, or must not be without being named. */
static const char *cannot(const struct check *c, const struct cow_effect *x)
{
	if (x->before.unread || x->after.unread)
		return "it may not be read, so it cannot be compared";
	if (x->after.type == COW_OTHER)
		return "neither file, folder nor link: it is not taken over; leave it out by --only";
	if (x->after.type == COW_FILE && (x->after.mode & 06000))
		return "a set-user-id or set-group-id file is not taken over; leave it out by --only";
	if (strstr(x->path, ".reeve-commit-"))
		return "its name is one that commit uses itself";
	if (is_protected(c, x) && !named_holds(c->with, x->path))
		return "somebody who trusts it would obey it later; look at it, then name it by --with";
	return NULL;
}

/* What the run left must still be what it left. */
static int check_upper(struct check *c, const struct cow_effect *x, const char **why, struct err *e)
{
	struct cow_state now;

	if (x->after.type == COW_NONE)
		return 0;
	if (cow_look(&now, c->w->upper, x->path, true, &c->left, e) < 0)
		return -1;
	if (x->after.type == COW_FOLDER ? now.type != COW_FOLDER : !state_is_same(&now, &x->after))
		*why = "the copy was changed after the run; the ledger says it was otherwise";
	return 0;
}

/* It will lie in a folder: a real one of the workspace, or one that this commit makes. */
static bool has_place(const struct check *c, const struct cow_effect *x)
{
	const char *slash = strrchr(x->path, '/');
	const struct cow_effect *makes;
	char parent[COW_PATH];
	scoped(fd) int fd = -1;

	if (!slash || x->change == COW_REMOVED)
		return true;
	memcpy(parent, x->path, (size_t)(slash - x->path));
	parent[slash - x->path] = '\0';
	makes = find(c, parent, false);
	if (makes && makes->change == COW_ADDED)
		return makes->after.type == COW_FOLDER;
	fd = cow_open(c->w->workspace, parent, O_PATH | O_DIRECTORY);
	return fd >= 0;
}

/* A folder goes only if all that is in it is known, and goes too. */
static int check_emptied(struct check *c, const struct cow_effect *x, const char **why, struct err *e)
{
	scoped(cow_names) struct cow_names names = { 0 };
	scoped(mem) char *path = malloc(2ul * COW_PATH);
	size_t i;

	if (!path)
		return err_sys(e, "memory for a name");
	if (cow_list(&names, c->w->workspace, x->path, false, e) < 0)
		return -1;
	for (i = 0; i < names.count; i++) {
		snprintf(path, 2ul * COW_PATH, "%s/%s", x->path, names.at[i]);
		if (!find(c, path, true))
			*why = "it holds something that was not there when the run ended, or is left out";
	}
	return 0;
}

/* It is already as this effect, or what comes in its place, leaves it; a folder's mode is set last. */
static bool is_done(const struct cow_state *now, const struct cow_effect *x, const struct cow_effect *twin)
{
	const struct cow_state *after = x->change == COW_REMOVED && twin ? &twin->after : &x->after;

	if (after->type == COW_FOLDER && now->type == COW_FOLDER && x->change != COW_MODE)
		return true;
	return state_is_same(now, after) || state_is_same(now, &x->after);
}

/* Also what an interrupted commit has already done is as it should be. */
static int check_outside(struct check *c, const struct cow_effect *x, enum step_is *step, const char **why,
			 struct err *e)
{
	const struct cow_effect *twin = find(c, x->path, x->change != COW_REMOVED);
	struct cow_state now;

	if (!has_place(c, x)) {
		*why = "the folder it belongs to is gone, or a link stands in its place";
		return 0;
	}
	if (cow_look(&now, c->w->workspace, x->path, false, &c->left, e) < 0)
		return -1;
	if (is_done(&now, x, twin)) {
		*step = now.type == COW_FOLDER && x->after.type == COW_FOLDER ? STEP_TODO : STEP_DONE;
		return 0;
	}
	if (!state_is_same(&now, &x->before) && !(x->change == COW_ADDED && twin && state_is_same(&now, &twin->before)))
		*why = "it was changed outside meanwhile";
	else if (x->meanwhile)
		*why = "it was changed outside while the run went on";
	else if (x->change == COW_REMOVED && x->before.type == COW_FOLDER)
		return check_emptied(c, x, why, e);
	return 0;
}

static int check_one(struct check *c, size_t i, struct err *e)
{
	const struct cow_effect *x = &c->w->effects.at[i];
	const char *why = cannot(c, x);

	c->steps[i] = STEP_TODO;
	if (!why && check_upper(c, x, &why, e) < 0)
		return err_in(e, "%.100s", x->path);
	if (!why && check_outside(c, x, &c->steps[i], &why, e) < 0) {
		why = strstr(e->text, "cross-device") ? "another file system is mounted there" : NULL;
		if (!why)
			return err_in(e, "%.100s", x->path);
	}
	if (why)
		say(c, x->path, why);
	return 0;
}

int changes_check(const struct changes *w, enum step_is *steps, const struct named *only, const struct named *with,
		 struct err *e)
{
	struct check c = { .w = w, .with = with, .steps = steps, .left = 2 * COW_BYTES };
	size_t i;
	int done = check_named(w, only, e);

	c.by_path = calloc(w->effects.count + 1, sizeof(*c.by_path));
	if (!c.by_path)
		return err_sys(e, "memory for names");
	for (i = 0; i < w->effects.count; i++) {
		steps[i] = is_chosen(only, &w->effects.at[i]) ? STEP_TODO : STEP_LEFT;
		if (steps[i] == STEP_TODO)
			c.by_path[c.chosen++] = &w->effects.at[i];
	}
	if (c.chosen)
		qsort(c.by_path, c.chosen, sizeof(*c.by_path), by_path);
	for (i = 0; done == 0 && i < w->effects.count; i++)
		if (steps[i] == STEP_TODO)
			done = check_one(&c, i, e);
	free(c.by_path);
	if (c.wrong > SHOWN_MOST)
		printf("... and %zu more\n", c.wrong - SHOWN_MOST);
	return done < 0 ? -1 : (int)c.wrong;
}
