/*
 * Every name is resolved to a descriptor (O_PATH: nothing is opened, a FIFO does not block) and the
 * kernel is asked for the name of what it found. Only such names are compared.
 */
#include "base/under.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"
#include "base/text.h"

/* Magic links (/proc/self/fd/3, /proc/1/root) lead where no path says; they are refused. */
static int resolve(int dir, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(O_PATH | O_CLOEXEC | flags),
		.resolve = RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

/*
 * The name of what a descriptor stands for. False if it has none any more or lies outside our root:
 * the kernel marks a removed file by a suffix, and what is unreachable by no leading slash.
 */
static bool name_of(int fd, char name[PATH_MAX])
{
	char link[FD_NAME];
	struct stat st, again;
	ssize_t size;

	size = readlink(fd_name(link, fd), name, PATH_MAX - 1);
	if (size <= 0 || size >= PATH_MAX - 1 || name[0] != '/')
		return false;
	name[size] = '\0';
	return fstat(fd, &st) == 0 && lstat(name, &again) == 0 && st.st_dev == again.st_dev &&
	       st.st_ino == again.st_ino;
}

/* What follows the part that exists: plain names only, so that it can lead nowhere else. */
static bool plain_rest(const char *rest)
{
	size_t size;

	for (;; rest += size + 1) {
		size = strcspn(rest, "/");
		if (size == 0 || size > NAME_MAX || (size == 1 && rest[0] == '.') ||
		    (size == 2 && rest[0] == '.' && rest[1] == '.'))
			return false;
		if (rest[size] == '\0')
			return true;
	}
}

/* Is there really nothing of that name in dir? A dangling link is something. */
static bool is_missing(int dir, const char *rest)
{
	char first[NAME_MAX + 1];
	size_t size = strcspn(rest, "/");
	struct stat st;

	memcpy(first, rest, size);
	first[size] = '\0';
	return fstatat(dir, first, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

/*
 * The descriptor of the deepest part of `path` that exists; *rest is what follows, "" if nothing
 * does. Walks from the end, so a component is never judged without what stands before it.
 */
static int deepest(int base_fd, const char *path, size_t *rest)
{
	char part[PATH_MAX];
	size_t size = strlen(path);
	int fd;

	memcpy(part, path, size + 1);
	*rest = size;
	fd = resolve(base_fd, part, 0);
	while (fd < 0 && errno == ENOENT && size > 0) {
		while (size > 0 && part[size - 1] == '/')
			size--;
		while (size > 0 && part[size - 1] != '/')
			size--;
		*rest = size;
		part[size] = '\0';
		fd = resolve(base_fd, size ? part : ".", O_DIRECTORY);
	}
	return fd;
}

static bool path_beneath(int base_fd, const char *root, const char *path)
{
	scoped(fd) int fd = -1;
	char name[PATH_MAX], whole[PATH_MAX];
	size_t size = strlen(path), rest;

	while (size > 1 && path[size - 1] == '/')
		size--; /* "new/" names what "new" names */
	if (size == 0 || size >= PATH_MAX)
		return false;
	memcpy(whole, path, size);
	whole[size] = '\0';
	fd = deepest(base_fd, whole, &rest);
	if (fd < 0 || !name_of(fd, name) || !path_is_within(name, root))
		return false;
	return rest == size || (plain_rest(whole + rest) && is_missing(fd, whole + rest));
}

int path_under(bool *yes, int base_fd, const char *root, const char *path, struct err *e)
{
	scoped(fd) int fd = resolve(base_fd, root, O_DIRECTORY);
	char name[PATH_MAX];

	*yes = false;
	if (fd < 0)
		return err_sys(e, "the root %s", root);
	if (!name_of(fd, name))
		return err_set(e, ERR_SYSTEM,
			       "the root %s: the kernel gives it no name; is /proc mounted?", root);
	*yes = path_beneath(base_fd, name, path);
	return 0;
}
