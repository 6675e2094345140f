/*
 * Doing what was checked. Each name's folder is resolved beneath the workspace without a link, each
 * name is compared once more right before it is replaced, and a file appears whole, by rename. What
 * replaces goes first, removals last; interrupted, it can be run again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/changes.h"

struct apply {
	const struct changes *w;
	enum step_is *steps;
	char temp[48];		/* how a file is called until it is whole */
	size_t done;
	uint64_t told_ns;	/* when progress was said last */
};

static int open_parent(int root, const char *path, const char **leaf)
{
	const char *slash = strrchr(path, '/');
	char parent[COW_PATH];
	size_t size = slash ? (size_t)(slash - path) : 0;

	*leaf = slash ? slash + 1 : path;
	memcpy(parent, path, size);
	parent[size] = '\0';
	return cow_open(root, parent, O_PATH | O_DIRECTORY);
}

/* Between the check and now, somebody else may have been there. */
static int look_again(const struct apply *a, const struct cow_effect *x, const struct cow_state *expected,
		      struct err *e)
{
	uint64_t left = COW_BYTES;
	struct cow_state now;

	if (cow_look(&now, a->w->workspace, x->path, false, &left, e) < 0)
		return -1;
	if (!state_is_same(&now, expected))
		return err_set(e, ERR_INPUT, "it was changed outside while this commit went on");
	return 0;
}

static int copy_bytes(int to, int from, struct err *e)
{
	enum { PIECE = 1 << 16 };
	scoped(mem) char *room = malloc(PIECE);
	ssize_t got;

	if (!room)
		return err_sys(e, "memory for a copy");
	while ((got = read(from, room, PIECE)) != 0)
		if (got < 0 ? errno != EINTR : fd_write_all(to, room, (size_t)got, e) < 0)
			return got < 0 ? err_sys(e, "read the copy") : -1;
	return 0;
}

/* Whose it was, if it was somebody's: a rename must not change that silently. */
static int keep_owner(int fd, int parent, const char *leaf, struct err *e)
{
	struct stat old, new;

	if (fstatat(parent, leaf, &old, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "look at it");
	if (fstat(fd, &new) < 0)
		return err_sys(e, "look at it");
	if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid) && fchown(fd, old.st_uid, old.st_gid) < 0)
		return err_sys(e, "keep its owner");
	return 0;
}

static int write_temp(const struct apply *a, const struct cow_effect *x, int parent, const char *leaf, struct err *e)
{
	scoped(fd) int from = cow_open_file(a->w->upper, x->path);
	scoped(fd) int to = -1;
	char digest[SEAL_DIGEST_TEXT];
	uint64_t size;

	if (from < 0)
		return err_sys(e, "open the copy");
	to = openat(parent, a->temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return err_sys(e, "make %s", a->temp);
	if (copy_bytes(to, from, e) < 0 || keep_owner(to, parent, leaf, e) < 0)
		return -1;
	if (lseek(to, 0, SEEK_SET) < 0 || seal_digest_fd(digest, &size, to, UINT64_MAX, e) < 0)
		return err_sys(e, "read it back");
	if (strcmp(digest, x->after.digest) != 0)
		return err_set(e, ERR_INPUT, "the copy changed while it was read");
	return fchmod(to, x->after.mode & 0777) < 0 ? err_sys(e, "set its mode") : 0;
}

static int link_temp(const struct apply *a, const struct cow_effect *x, int parent, const char *leaf, struct err *e)
{
	scoped(fd) int from = cow_open(a->w->upper, x->path, O_PATH);
	char text[PATH_MAX + 1], digest[SEAL_DIGEST_TEXT];
	ssize_t size = from < 0 ? -1 : readlinkat(from, "", text, sizeof(text) - 1);

	(void)leaf;
	if (size < 0)
		return err_sys(e, "read the link");
	text[size] = '\0';
	seal_digest(digest, text, (size_t)size);
	if (strcmp(digest, x->after.digest) != 0)
		return err_set(e, ERR_INPUT, "the copy changed while it was read");
	return symlinkat(text, parent, a->temp) < 0 ? err_sys(e, "make the link") : 0;
}

static int put_leaf(const struct apply *a, const struct cow_effect *x, struct err *e)
{
	const char *leaf;
	scoped(fd) int parent = open_parent(a->w->workspace, x->path, &leaf);
	unsigned how = x->change == COW_ADDED ? RENAME_NOREPLACE : 0;
	const struct cow_state nothing = { 0 };
	int done;

	if (parent < 0)
		return err_sys(e, "open its folder");
	if (unlinkat(parent, a->temp, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove an old %s", a->temp);
	done = x->after.type == COW_LINK ? link_temp(a, x, parent, leaf, e) : write_temp(a, x, parent, leaf, e);
	if (done == 0)
		done = look_again(a, x, x->change == COW_ADDED ? &nothing : &x->before, e);
	if (done == 0 && renameat2(parent, a->temp, parent, leaf, how) < 0)
		done = err_sys(e, "put it in its place");
	if (done < 0)
		(void)!unlinkat(parent, a->temp, 0);
	return done;
}

/* Through a descriptor of what it is: chmod(2) by name would follow a link. */
static int set_mode(const struct apply *a, const struct cow_effect *x, unsigned more, struct err *e)
{
	scoped(fd) int fd = cow_open(a->w->workspace, x->path, O_PATH);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open it");
	if (S_ISDIR(st.st_mode) != (x->after.type == COW_FOLDER) || S_ISLNK(st.st_mode))
		return err_set(e, ERR_INPUT, "it was changed outside while this commit went on");
	if (fd_chmod(fd, (st.st_mode & 07000) | ((x->after.mode | more) & 0777)) < 0)
		return err_sys(e, "set its mode");
	return 0;
}

static int put_folder(const struct apply *a, const struct cow_effect *x, struct err *e)
{
	const char *leaf;
	scoped(fd) int parent = open_parent(a->w->workspace, x->path, &leaf);

	if (parent < 0)
		return err_sys(e, "open its folder");
	if (x->change == COW_ADDED && mkdirat(parent, leaf, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make it");
	return set_mode(a, x, 0700, e); /* its own mode comes when all in it is done */
}

static int remove_one(const struct apply *a, const struct cow_effect *x, struct err *e)
{
	const char *leaf;
	scoped(fd) int parent = open_parent(a->w->workspace, x->path, &leaf);
	bool folder = x->before.type == COW_FOLDER;

	if (parent < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, "open its folder");
	if (!folder && look_again(a, x, &x->before, e) < 0)
		return -1;
	if (unlinkat(parent, leaf, folder ? AT_REMOVEDIR : 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove it");
	return 0;
}

static int put(const struct apply *a, const struct cow_effect *x, struct err *e)
{
	if (x->after.type == COW_FOLDER)
		return put_folder(a, x, e);
	if (x->change != COW_MODE)
		return put_leaf(a, x, e);
	return look_again(a, x, &x->before, e) < 0 ? -1 : set_mode(a, x, 0, e);
}

/* --- the order --- */

/* Why it stopped, and that nothing is lost. */
static int stopped(const struct apply *a, const struct cow_effect *x, struct err *e)
{
	fputs("stopped at ", stdout);
	print_visible(x->path, strlen(x->path));
	printf(": %s\n", e->text);
	return err_set(e, ERR_SYSTEM, "commit stopped after %zu of its changes; put right what stopped it and commit again",
		       a->done);
}

/* Only to a person, and only if it takes long. */
static void tell(struct apply *a)
{
	uint64_t now = clock_mono_ns();

	if (now - a->told_ns < UINT64_C(1000000000))
		return;
	a->told_ns = now;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rreeve: %zu of %zu changes\033[K\r", a->done, a->w->effects.count);
}

static int do_one(struct apply *a, size_t i, int (*what)(const struct apply *, const struct cow_effect *, struct err *),
		  struct err *e)
{
	const struct cow_effect *x = &a->w->effects.at[i];

	if (what(a, x, e) < 0)
		return stopped(a, x, e);
	a->steps[i] = STEP_DONE;
	a->done++;
	tell(a);
	return 0;
}

/* All that stood where something else comes now; the walk lists it right before that. */
static int clear_for(struct apply *a, size_t i, struct err *e)
{
	const struct cow_effect *at = a->w->effects.at;

	while (i-- > 0 && at[i].change == COW_REMOVED)
		if (a->steps[i] == STEP_TODO && do_one(a, i, remove_one, e) < 0)
			return -1;
	return 0;
}

/* Is what comes right before it, removed, what stood at this very name, or in it? */
static bool replaces(const struct cow_effects *l, size_t i)
{
	size_t k = i;

	while (l->at[i].change == COW_ADDED && k-- > 0 && l->at[k].change == COW_REMOVED &&
	       path_is_within(l->at[k].path, l->at[i].path))
		if (strcmp(l->at[k].path, l->at[i].path) == 0)
			return true;
	return false;
}

static int set_final_mode(const struct apply *a, const struct cow_effect *x, struct err *e)
{
	return set_mode(a, x, 0, e);
}

static int apply_all(struct apply *a, struct err *e)
{
	const struct cow_effects *l = &a->w->effects;
	bool *folders = calloc(l->count + 1, sizeof(*folders));
	int done = 0;
	size_t i;

	if (!folders)
		return err_sys(e, "memory for folders");
	for (i = 0; done == 0 && i < l->count; i++) {
		if (a->steps[i] != STEP_TODO || l->at[i].change == COW_REMOVED)
			continue;
		folders[i] = l->at[i].after.type == COW_FOLDER;
		if (replaces(l, i))
			done = clear_for(a, i, e);
		if (done == 0)
			done = do_one(a, i, put, e);
	}
	for (i = l->count; done == 0 && i-- > 0;)
		if (a->steps[i] == STEP_TODO)
			done = do_one(a, i, remove_one, e);
	for (i = l->count; done == 0 && i-- > 0;)
		if (folders[i] && set_final_mode(a, &l->at[i], e) < 0)
			done = stopped(a, &l->at[i], e);
	free(folders);
	return done;
}

/* Only now may the copy go: all of it is on disk elsewhere. */
static int finish(struct changes *w, struct err *e)
{
	scoped(fd) int sync = open(w->where, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scoped(fd) int mark = -1;

	if (sync < 0 || syncfs(sync) < 0)
		return err_sys(e, "sync %s", w->where);
	mark = openat(w->folder, "committed", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (mark < 0 || fsync(mark) < 0 || fsync(w->folder) < 0)
		return err_sys(e, "mark run %s as committed", w->number);
	return fd_remove_all(w->folder, "upper", e) < 0 ? -1 : fd_remove_all(w->folder, "work", e);
}

int changes_commit(struct changes *w, const struct named *only, const struct named *with, struct err *e)
{
	struct apply a = { .w = w };
	size_t left = 0, i;
	int done;

	a.steps = calloc(w->effects.count + 1, sizeof(*a.steps));
	if (!a.steps)
		return err_sys(e, "memory for steps");
	a.told_ns = clock_mono_ns();
	snprintf(a.temp, sizeof(a.temp), ".reeve-commit-%s", w->number);
	done = changes_check(w, a.steps, only, with, e);
	if (done > 0) {
		log_say("workspace: nothing was done: %d of %zu changes cannot be taken over; "
			"leave them out by naming the others with --only, or discard", done, w->effects.count);
		free(a.steps);
		return EXIT_DIFFERS;
	}
	if (done == 0)
		done = apply_all(&a, e);
	for (i = 0; i < w->effects.count; i++)
		left += a.steps[i] != STEP_DONE;
	free(a.steps);
	if (done == 0 && left == 0)
		done = finish(w, e);
	if (done < 0)
		return -1;
	printf("run %s: %zu changes taken over, %zu left\n", w->number, w->effects.count - left, left);
	return EXIT_DONE;
}
