/*
 * What init does on the program's behalf: the very call, on a folder that is pinned and a last part
 * that was judged. Init does one at a time, so no second thread of the program can change a name
 * between the judgement and the deed; and the kernel's own answer is the answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/names.h"

/* Which argument is what; -1: the call has none such. */
struct call {
	int number;
	int (*run)(struct question *q, const struct call *c);
	int at, path, more, flags, to_at, to_path;
};

static uint64_t argument(const struct question *q, int which)
{
	return which < 0 ? 0 : q->ask.data.args[which];
}

static int folder(const struct question *q, int which)
{
	return which < 0 ? AT_FDCWD : (int)q->ask.data.args[which];
}

static int result(int rc)
{
	return rc < 0 ? -errno : rc;
}

/* A name for the record: what cannot be shown is not. */
static void show(char *path)
{
	for (; *path; path++)
		if (*path < ' ' || *path > '~' || *path == '"' || *path == '\\')
			*path = '?';
}

int names_refuse(struct question *q, const struct spot *s, enum name_use use)
{
	enum name_kind kind = NAME_FREE;
	char path[sizeof(s->path)];

	if (s->zone->judged)
		kind = names_judge(s->path, s->zone->size, q->in->spec->protect);
	if (kind == NAME_FREE &&
	    (!s->zone->judged || !s->leaf[0] || !names_bare(s->parent, s->path, s->leaf)))
		return 0;
	if (kind == NAME_LEADS && use == USE_FOLDER)
		return 0;
	memcpy(path, s->path, strlen(s->path) + 1);
	show(path);
	return notify_refuse(q, EPERM, path);
}

/* One name of the call: where it stands, and whether it may be. */
static int claim(struct spot *out, struct question *q, int at, int path_at, enum name_use use)
{
	char path[PATH_MAX];
	int rc = path_read(path, q, argument(q, path_at));

	*out = NO_SPOT;
	if (rc == 0)
		rc = path_spot(out, q, folder(q, at), path, 0);
	if (rc == NOTIFY_LET && out->missing)
		return -ENOENT;
	return rc == 0 ? names_refuse(q, out, use) : rc;
}

static int do_mkdir(struct question *q, const struct call *c)
{
	scoped(spot) struct spot s;
	int rc = claim(&s, q, c->at, c->path, USE_FOLDER);

	if (rc == 0)
		rc = path_umask(q);
	return rc != 0 ? rc : result(mkdirat(s.parent, s.leaf, (mode_t)argument(q, c->more)));
}

/* A device takes a capability, or is a mark of overlayfs: neither is made here. */
static int do_mknod(struct question *q, const struct call *c)
{
	mode_t mode = (mode_t)argument(q, c->more);
	scoped(spot) struct spot s = NO_SPOT;
	int rc;

	if (S_ISCHR(mode) || S_ISBLK(mode))
		return NOTIFY_LET;
	rc = claim(&s, q, c->at, c->path, USE_CHANGE);
	if (rc == 0)
		rc = path_umask(q);
	return rc != 0 ? rc : result(mknodat(s.parent, s.leaf, mode, 0));
}

static int remove_it(struct question *q, const struct call *c, int flags)
{
	scoped(spot) struct spot s = NO_SPOT;
	int rc;

	if (flags & ~AT_REMOVEDIR)
		return NOTIFY_LET;
	rc = claim(&s, q, c->at, c->path, flags ? USE_FOLDER : USE_CHANGE);
	return rc != 0 ? rc : result(unlinkat(s.parent, s.leaf, flags));
}

static int do_unlink(struct question *q, const struct call *c)
{
	return remove_it(q, c, (int)argument(q, c->flags));
}

static int do_rmdir(struct question *q, const struct call *c)
{
	return remove_it(q, c, AT_REMOVEDIR);
}

/* Whole folders go as they are: a protected name stands at any depth, so it stands there too. */
static int do_rename(struct question *q, const struct call *c)
{
	scoped(spot) struct spot from = NO_SPOT, to = NO_SPOT;
	int rc = claim(&from, q, c->at, c->path, USE_CHANGE);

	if (rc == 0)
		rc = claim(&to, q, c->to_at, c->to_path, USE_CHANGE);
	if (rc != 0)
		return rc;
	return result((int)syscall(SYS_renameat2, from.parent, from.leaf, to.parent, to.leaf,
				   (unsigned)argument(q, c->flags)));
}

/* What has no name yet (O_TMPFILE), or is named by a descriptor. */
static int link_object(struct question *q, const struct call *c, int descriptor)
{
	scoped(spot) struct spot object = NO_SPOT, to = NO_SPOT;
	int rc = path_object(&object, q, descriptor);
	char link[64];

	if (rc == 0)
		rc = names_refuse(q, &object, USE_CHANGE);
	if (rc == 0)
		rc = claim(&to, q, c->to_at, c->to_path, USE_CHANGE);
	snprintf(link, sizeof(link), "self/fd/%d", object.parent);
	return rc != 0 ? rc
		       : result(linkat(q->in->names->proc, link, to.parent, to.leaf,
				       AT_SYMLINK_FOLLOW));
}

/* A second name for a protected file would be a way to change it, so the first is judged too. */
static int do_link(struct question *q, const struct call *c)
{
	int flags = (int)argument(q, c->flags), rc, descriptor = -1;
	scoped(spot) struct spot from = NO_SPOT, to = NO_SPOT;
	char path[PATH_MAX];

	rc = path_read(path, q, argument(q, c->path));
	if (rc != 0)
		return rc;
	if ((flags & AT_EMPTY_PATH) && path[0] == '\0')
		descriptor = folder(q, c->at);
	else if (flags & AT_SYMLINK_FOLLOW)
		descriptor = path_descriptor(q, path);
	if (descriptor >= 0)
		return link_object(q, c, descriptor);
	if (flags & ~AT_SYMLINK_FOLLOW)
		return NOTIFY_LET;
	rc = path_spot(&from, q, folder(q, c->at), path, 0);
	if (rc == 0 && (flags & AT_SYMLINK_FOLLOW))
		rc = path_follow(&from, q);
	if (rc == 0)
		rc = names_refuse(q, &from, USE_CHANGE);
	if (rc == 0)
		rc = claim(&to, q, c->to_at, c->to_path, USE_CHANGE);
	return rc != 0 ? rc : result(linkat(from.parent, from.leaf, to.parent, to.leaf, 0));
}

static int do_symlink(struct question *q, const struct call *c)
{
	scoped(spot) struct spot s = NO_SPOT;
	char text[PATH_MAX];
	int rc = path_read(text, q, argument(q, c->more));

	if (rc == 0)
		rc = claim(&s, q, c->at, c->path, USE_CHANGE);
	return rc != 0 ? rc : result(symlinkat(text, s.parent, s.leaf));
}

/* Further than the program itself may write is too far for us. */
static int cut(const struct question *q, const struct spot *s, off_t size)
{
	scoped(fd) int it = openat(s->parent, s->leaf, O_PATH | O_NOFOLLOW | O_CLOEXEC), fd = -1;
	struct rlimit most;
	struct stat st;

	if (it < 0 || fstat(it, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || size < 0)
		return NOTIFY_LET;
	if (prlimit((pid_t)q->ask.pid, RLIMIT_FSIZE, NULL, &most) < 0)
		return -EPERM;
	if (size > st.st_size && (rlim_t)size > most.rlim_cur)
		return -EFBIG;
	fd = path_reopen(q, it, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : result(ftruncate(fd, size));
}

static int do_truncate(struct question *q, const struct call *c)
{
	scoped(spot) struct spot s = NO_SPOT;
	char path[PATH_MAX];
	int rc = path_read(path, q, argument(q, c->path));

	if (rc == 0)
		rc = path_spot(&s, q, AT_FDCWD, path, 0);
	if (rc == 0)
		rc = path_follow(&s, q);
	if (rc == 0)
		rc = names_refuse(q, &s, USE_CHANGE);
	return rc != 0 ? rc : cut(q, &s, (off_t)argument(q, c->more));
}

static int do_open(struct question *q, const struct call *c)
{
	uint64_t flags =
		c->flags < 0 ? O_CREAT | O_WRONLY | O_TRUNC : (uint32_t)argument(q, c->flags);

	return names_open(q, folder(q, c->at), argument(q, c->path), flags, argument(q, c->more),
			  0);
}

/* Its flags lie in memory. A form that we do not know is left to the kernel, under Landlock. */
static int do_openat2(struct question *q, const struct call *c)
{
	struct open_how how;
	int rc;

	if (argument(q, c->flags) != sizeof(how))
		return NOTIFY_LET;
	rc = path_copy(&how, q, argument(q, c->more), sizeof(how));
	if (rc != 0)
		return rc;
	if ((how.flags & (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))) == 0 ||
	    how.flags > UINT32_MAX)
		return NOTIFY_LET;
	return names_open(q, folder(q, c->at), argument(q, c->path), how.flags, how.mode,
			  how.resolve);
}

static int do_bind(struct question *q, const struct call *c)
{
	return names_bind(q, folder(q, c->at), argument(q, c->path),
			  (uint32_t)argument(q, c->more));
}

static const struct call calls[] = {
	/* number, who, at, path, more, flags, to_at, to_path */
	{ SYS_openat, do_open, 0, 1, 3, 2, -1, -1 },
	{ SYS_openat2, do_openat2, 0, 1, 2, 3, -1, -1 },
	{ SYS_mkdirat, do_mkdir, 0, 1, 2, -1, -1, -1 },
	{ SYS_mknodat, do_mknod, 0, 1, 2, -1, -1, -1 },
	{ SYS_unlinkat, do_unlink, 0, 1, -1, 2, -1, -1 },
	{ SYS_renameat2, do_rename, 0, 1, -1, 4, 2, 3 },
	{ SYS_linkat, do_link, 0, 1, -1, 4, 2, 3 },
	{ SYS_symlinkat, do_symlink, 1, 2, 0, -1, -1, -1 },
	{ SYS_truncate, do_truncate, -1, 0, 1, -1, -1, -1 },
	{ SYS_bind, do_bind, 0, 1, 2, -1, -1, -1 },
#ifdef SYS_renameat
	{ SYS_renameat, do_rename, 0, 1, -1, -1, 2, 3 },
#endif
#ifdef SYS_open
	{ SYS_open, do_open, -1, 0, 2, 1, -1, -1 },
	{ SYS_creat, do_open, -1, 0, 1, -1, -1, -1 },
	{ SYS_mkdir, do_mkdir, -1, 0, 1, -1, -1, -1 },
	{ SYS_mknod, do_mknod, -1, 0, 1, -1, -1, -1 },
	{ SYS_unlink, do_unlink, -1, 0, -1, -1, -1, -1 },
	{ SYS_rmdir, do_rmdir, -1, 0, -1, -1, -1, -1 },
	{ SYS_rename, do_rename, -1, 0, -1, -1, -1, 1 },
	{ SYS_link, do_link, -1, 0, -1, -1, -1, 1 },
	{ SYS_symlink, do_symlink, -1, 1, 0, -1, -1, -1 },
#endif
};

/* Only these empty a file. What openat2(2) wishes lies in memory, where it could change: so none of it goes on. */
static bool empties(const struct question *q, const struct call *c)
{
	if (c->run == do_truncate || c->run == do_openat2)
		return true;
	return c->run == do_open && (c->flags < 0 || (argument(q, c->flags) & O_TRUNC));
}

/* Programs that are told ENOSYS ask openat(2) instead. */
static int serve(struct question *q, const struct call *c)
{
	int rc;

	if (!q->in->layers[LAYER_NAMES].obtained)
		return NOTIFY_LET;
	rc = c->run(q, c);
	if (rc != NOTIFY_LET || !q->in->names->empties || !empties(q, c))
		return rc;
	return c->run == do_openat2 && argument(q, c->flags) == sizeof(struct open_how) ? -ENOSYS
											: -EPERM;
}

bool names_serve(struct question *q, int *answer)
{
	size_t i;

	if (!q->in->names || !filter_is_native(q->ask.data.arch))
		return false;
	for (i = 0; i < count_of(calls); i++)
		if (calls[i].number == q->ask.data.nr) {
			*answer = serve(q, &calls[i]);
			return true;
		}
	return false;
}
