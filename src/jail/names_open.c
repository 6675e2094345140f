/*
 * Opening a file to write or make it, for the program: regular files only, which never block and do
 * nothing by being opened. Everything else (terminals, pipes, folders) the kernel opens itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/names.h"

enum { LINKS = 40, TURNS = 100 };

#define WITHOUT_NAME (O_TMPFILE & ~O_DIRECTORY)
/* What openat(2) would ignore and openat2(2) refuse. */
#define KNOWN \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | \
	 O_DSYNC | O_ASYNC | O_DIRECT | O_LARGEFILE | 0100000 | O_DIRECTORY | O_NOFOLLOW | \
	 O_NOATIME | O_CLOEXEC | O_PATH | O_TMPFILE)

/*
 * Put in the asker's table; ours is closed before it hears so: a program that it has just written
 * could not be executed as long as somebody else holds it open.
 */
int names_give(struct question *q, int fd, const struct wish *w)
{
	struct seccomp_notif_addfd add = { .id = q->ask.id,
					   .srcfd = (uint32_t)fd,
					   .newfd_flags = w->flags & O_CLOEXEC };
	int number, why;

	if (fd < 0)
		return -errno;
	number = ioctl(q->in->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	why = errno;
	close(fd);
	if (number < 0)
		return why == ENOENT ? NOTIFY_GONE : -why;
	return number;
}

/* A file may be leased by another, who has 45 seconds to let go: who answers everybody cannot wait for that. */
static int reopen(struct question *q, int it, const struct wish *w)
{
	int flags = (w->flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW)) | O_CLOEXEC | O_NOCTTY;
	int fd = path_reopen(q, it, flags | O_NONBLOCK);

	if (fd >= 0 && fcntl(fd, F_SETFL, flags) < 0)
		fd_close(&fd);
	return names_give(q, fd, w);
}

/*
 * A terminal, /dev/null, a pipe: nothing to empty. It is left to the kernel, or, where nobody would judge
 * what the path means by then, opened here without that wish.
 */
static int open_other(struct question *q, int it, const struct wish *w, mode_t type)
{
	struct wish plain = { .flags = w->flags & ~O_TRUNC, .mode = w->mode };

	if (!q->in->names->empties || !(w->flags & O_TRUNC) || S_ISDIR(type))
		return NOTIFY_LET;
	return reopen(q, it, &plain);
}

/* It is there. */
static int open_old(struct question *q, const struct spot *s, const struct wish *w)
{
	scoped(fd) int it = openat(s->parent, s->leaf, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool is_pipe;
	int rc;

	if (it < 0 || fstat(it, &st) < 0)
		return -errno;
	if ((w->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	is_pipe = S_ISFIFO(st.st_mode) && (w->flags & O_ACCMODE) != O_RDONLY;
	if (!S_ISREG(st.st_mode) && !is_pipe)
		return open_other(q, it, w, st.st_mode);
	rc = names_refuse(q, s, USE_CHANGE);
	if (rc != 0)
		return rc;
	return is_pipe ? names_open_fifo(q, it, w) : reopen(q, it, w);
}

/* It is not: -EEXIST says that it came between. */
static int open_new(struct question *q, const struct spot *s, const struct wish *w)
{
	int rc, fd;

	if (!(w->flags & O_CREAT))
		return -ENOENT;
	rc = names_refuse(q, s, USE_CHANGE);
	if (rc == 0)
		rc = path_umask(q);
	if (rc != 0)
		return rc;
	fd = openat(s->parent, s->leaf, w->flags | O_EXCL | O_NOFOLLOW | O_CLOEXEC, w->mode);
	return names_give(q, fd, w);
}

/* The folder itself is opened; the file has no name that could be judged before somebody links it.
 */
static int open_unnamed(struct question *q, const struct spot *s, const struct wish *w)
{
	int rc = path_umask(q);

	if (rc != 0)
		return rc;
	return names_give(q, openat(s->parent, ".", w->flags | O_CLOEXEC, w->mode), w);
}

/* 1: it was a link, and the spot is now where it leads. */
static int follow_once(struct spot *s, const struct question *q)
{
	struct spot next;
	char text[PATH_MAX];
	ssize_t size = readlinkat(s->parent, s->leaf, text, sizeof(text) - 1);
	int rc;

	if (size < 0)
		return 0;
	text[size] = '\0';
	rc = path_descriptor(q, text) >= 0 ? NOTIFY_LET : path_spot_from(&next, q, s->parent, text);
	if (rc != 0)
		return rc;
	spot_leave(s);
	*s = next;
	return 1;
}

int path_follow(struct spot *s, const struct question *q)
{
	int left, rc = 1;

	for (left = LINKS; rc > 0 && left > 0; left--)
		rc = follow_once(s, q);
	return rc > 0 ? -ELOOP : rc;
}

static int open_at(struct question *q, struct spot *s, const struct wish *w, uint64_t resolve)
{
	struct stat st;
	int rc, turns;

	for (turns = 0; turns < TURNS; turns++) {
		if (fstatat(s->parent, s->leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
			rc = errno == ENOENT ? open_new(q, s, w) : -errno;
		else if (!S_ISLNK(st.st_mode))
			return open_old(q, s, w);
		else if ((w->flags & (O_NOFOLLOW | O_EXCL)) || resolve)
			return NOTIFY_LET; /* ELOOP, or EEXIST */
		else
			rc = turns < LINKS ? follow_once(s, q) : -ELOOP;
		if (rc != 1 && rc != -EEXIST)
			return rc;
	}
	return -ELOOP;
}

static int open_descriptor(struct question *q, int descriptor, const struct wish *w)
{
	scoped(spot) struct spot s = NO_SPOT;
	struct stat st;
	int rc = path_object(&s, q, descriptor);

	if (s.parent < 0 || fstat(s.parent, &st) < 0 || (w->flags & (O_EXCL | O_NOFOLLOW)))
		return rc != 0 ? rc : NOTIFY_LET;
	if (!S_ISREG(st.st_mode) && (rc == 0 || rc == NOTIFY_LET))
		return open_other(q, s.parent, w, st.st_mode); /* also where it lies in no zone */
	if (rc == 0)
		rc = names_refuse(q, &s, USE_CHANGE);
	return rc != 0 ? rc : reopen(q, s.parent, w);
}

int names_open(struct question *q, int at, uint64_t path_at, uint64_t flags, uint64_t mode,
	       uint64_t resolve)
{
	const struct wish w = { .flags = (int)flags, .mode = (mode_t)(mode & 07777) };
	bool unnamed = (flags & WITHOUT_NAME) != 0;
	scoped(spot) struct spot s = NO_SPOT;
	char path[PATH_MAX];
	int rc;

	if ((flags & ~(uint64_t)KNOWN) || (flags & O_PATH) || (!unnamed && (flags & O_DIRECTORY)))
		return NOTIFY_LET;
	rc = path_read(path, q, path_at);
	if (rc != 0)
		return rc;
	if (!unnamed && resolve == 0 && path_descriptor(q, path) >= 0)
		return open_descriptor(q, path_descriptor(q, path), &w);
	if (path[0] == '\0')
		return -ENOENT;
	rc = unnamed ? path_folder(&s, q, at, path, resolve) : path_spot(&s, q, at, path, resolve);
	if (rc == NOTIFY_LET && s.missing && (flags & O_CREAT))
		return -ENOENT;
	if (rc != 0)
		return rc;
	if (unnamed)
		return open_unnamed(q, &s, &w);
	return s.slash ? NOTIFY_LET : open_at(q, &s, &w, resolve);
}
