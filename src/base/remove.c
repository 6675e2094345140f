/*
 * Removing what an agent made: folders nested deeper than any path reaches, folders that may not be
 * read. Two descriptors are enough: what lies deeper is moved up until nothing has folders in it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"

/* Each pass takes a level away; more than these, and somebody is adding to it. */
enum { PASSES = 1 << 20 };

/* A folder of ours, open for listing and changing; never through a link. */
static int open_folder(int parent, const char *name)
{
	scoped(fd) int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[FD_NAME];

	if (fd < 0)
		return -1;
	(void)!fd_chmod(fd, 0700);
	return open(fd_name(path, fd), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int remove_leaf(int dir, const char *name)
{
	return unlinkat(dir, name, 0) == 0 || errno == ENOENT ? 0 : -1;
}

/* A folder keeps its ".." in itself: to be moved it must be ours to write. */
static int move_up(int from, const char *name, int top, size_t *number)
{
	scoped(fd) int opened = open_folder(from, name);
	char fresh[32];

	(void)opened;
	do
		snprintf(fresh, sizeof(fresh), "up-%zu", (*number)++);
	while (renameat2(from, name, top, fresh, RENAME_NOREPLACE) < 0 && errno == EEXIST);
	return faccessat(from, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT ? 0 : -1;
}

/* Empty one folder of `top` and remove it; what folders it has become top's own. */
static int flatten(int top, const char *name, size_t *number)
{
	int dir = open_folder(top, name), again = dup(dir);
	DIR *list = again < 0 ? NULL : fdopendir(again);
	const struct dirent *d;
	int done = 0;

	while (list && done == 0 && (d = readdir(list)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
		    remove_leaf(dir, d->d_name) < 0)
			done = move_up(dir, d->d_name, top, number);
	if (list)
		closedir(list);
	fd_close(&dir);
	return list && done == 0 ? unlinkat(top, name, AT_REMOVEDIR) : -1;
}

/* One pass; *left says whether there was anything. */
static int sweep(int top, bool *left, size_t *number)
{
	int again = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = again < 0 ? NULL : fdopendir(again);
	const struct dirent *d;
	int done = 0;

	*left = false;
	if (!list) {
		fd_close(&again);
		return -1;
	}
	while (done == 0 && (d = readdir(list))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		*left = true;
		if (remove_leaf(top, d->d_name) < 0)
			done = flatten(top, d->d_name, number);
	}
	closedir(list);
	return done;
}

int fd_remove_all(int parent, const char *name, struct err *e)
{
	scoped(fd) int top = -1;
	size_t number = 0, passes;
	bool left = true;

	if (remove_leaf(parent, name) == 0)
		return 0;
	top = open_folder(parent, name);
	if (top < 0)
		return err_sys(e, "remove %s", name);
	for (passes = 0; left && passes < PASSES; passes++)
		if (sweep(top, &left, &number) < 0)
			return err_sys(e, "remove %s", name);
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 ? err_sys(e, "remove %s", name) : 0;
}
