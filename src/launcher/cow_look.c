/*
 * One name, looked at without being followed. Names were chosen by the agent, or by whoever else can
 * write in the workspace: each is resolved by the kernel beneath a directory we hold, and whatever
 * is opened has first been seen to be what may be opened.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/cow.h"

int cow_open(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | O_NOFOLLOW),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, root, path[0] ? path : ".", &how, sizeof(how));
}

/* What `fd` (O_PATH, known to be a file or a folder) stands for, opened. */
static int open_found(int fd, mode_t mode, int flags, bool ours)
{
	mode_t need = flags & O_DIRECTORY ? S_IRWXU : S_IRUSR;
	char name[FD_NAME];
	int opened = open(fd_name(name, fd), flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int why = errno;

	if (opened >= 0 || why != EACCES || !ours || fd_chmod(fd, (mode & 07777) | need) < 0)
		return opened;
	opened = open(name, flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	why = errno;
	if (fd_chmod(fd, mode & 07777) < 0)
		fd_close(&opened);
	errno = why;
	return opened;
}

static enum cow_type type_of(mode_t mode)
{
	if (S_ISREG(mode))
		return COW_FILE;
	if (S_ISDIR(mode))
		return COW_FOLDER;
	return S_ISLNK(mode) ? COW_LINK : COW_OTHER;
}

static int look_link(struct cow_state *out, int fd, struct err *e)
{
	char text[PATH_MAX];
	ssize_t size = readlinkat(fd, "", text, sizeof(text));

	if (size < 0)
		return err_sys(e, "read a link");
	out->mode = 0;
	out->size = (uint64_t)size;
	seal_digest(out->digest, text, (size_t)size);
	return 0;
}

static int look_file(struct cow_state *out, int fd, mode_t mode, bool ours, uint64_t *left,
		     struct err *e)
{
	scoped(fd) int bytes = open_found(fd, mode, 0, ours);

	if (bytes < 0) {
		out->unread = errno == EACCES || errno == EPERM;
		return out->unread ? 0 : err_sys(e, "open");
	}
	if (seal_digest_fd(out->digest, &out->size, bytes, *left, e) < 0)
		return -1;
	*left -= out->size;
	return 0;
}

int cow_look(struct cow_state *out, int root, const char *path, bool ours, uint64_t *left,
	     struct err *e)
{
	scoped(fd) int fd = cow_open(root, path, O_PATH);
	struct stat st;

	*out = (struct cow_state){ .type = COW_NONE };
	/* What lies behind a link is not in this folder. */
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0;
	if (fd < 0 && errno == EACCES) {
		*out = (struct cow_state){ .type = COW_OTHER, .unread = true };
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "look at a name");
	out->type = type_of(st.st_mode);
	out->mode = st.st_mode & 07777;
	out->changed_ns = (uint64_t)st.st_ctim.tv_sec * UINT64_C(1000000000) +
			  (uint64_t)st.st_ctim.tv_nsec;
	if (out->type == COW_LINK)
		return look_link(out, fd, e);
	return out->type == COW_FILE ? look_file(out, fd, st.st_mode, ours, left, e) : 0;
}

int cow_open_file(int root, const char *path)
{
	scoped(fd) int fd = cow_open(root, path, O_PATH);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	return open_found(fd, st.st_mode, 0, true);
}

/* How an overlay says that what the lower folder has is gone. */
bool cow_is_whiteout(int root, const char *path)
{
	scoped(fd) int fd = cow_open(root, path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
}

/* The agent cannot say so itself: an overlay shows no user.overlay.* and sets none when asked. */
bool cow_is_opaque(int root, const char *path)
{
	scoped(fd) int fd = cow_open(root, path, O_PATH | O_DIRECTORY);
	scoped(fd) int found = -1;
	char name[FD_NAME], value[4];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	found = open_found(fd, st.st_mode, O_DIRECTORY, true);
	return found >= 0 &&
	       getxattr(fd_name(name, found), "user.overlay.opaque", value, sizeof(value)) == 1 &&
	       value[0] == 'y';
}

void cow_names_free(struct cow_names *n)
{
	size_t i;

	for (i = 0; i < n->count; i++)
		free(n->at[i]);
	free(n->at);
	*n = (struct cow_names){ 0 };
}

static int add_name(struct cow_names *n, const char *name, struct err *e)
{
	size_t room = n->room ? n->room * 2 : 64;
	char **more;

	if (n->count == COW_NAMES)
		return err_set(e, ERR_LIMIT, "more than %d names in one folder", COW_NAMES);
	if (n->count == n->room) {
		more = reallocarray(n->at, room, sizeof(*more));
		if (!more)
			return err_sys(e, "memory for names");
		n->at = more;
		n->room = room;
	}
	n->at[n->count] = strdup(name);
	return n->at[n->count] ? (n->count++, 0) : err_sys(e, "memory for names");
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(struct cow_names *out, DIR *dir, struct err *e)
{
	const struct dirent *d;

	while ((errno = 0, d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
		    add_name(out, d->d_name, e) < 0)
			return -1;
	return errno ? err_sys(e, "list a folder") : 0;
}

int cow_list(struct cow_names *out, int root, const char *path, bool ours, struct err *e)
{
	scoped(fd) int fd = cow_open(root, path, O_PATH | O_DIRECTORY);
	scoped(cow_names) struct cow_names names = { 0 };
	struct stat st;
	DIR *dir;
	int list, done;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open a folder");
	list = open_found(fd, st.st_mode, O_DIRECTORY, ours);
	dir = list < 0 ? NULL : fdopendir(list);
	if (!dir) {
		err_sys(e, "list a folder");
		fd_close(&list);
		return -1;
	}
	done = read_names(&names, dir, e);
	closedir(dir);
	if (done < 0)
		return -1;
	if (names.count)
		qsort(names.at, names.count, sizeof(*names.at), by_bytes);
	*out = names;
	names = (struct cow_names){ 0 };
	return 0;
}
