/*
 * A file of the new root that holds a text of ours. Where its folder is ours it is simply made; where the host has such
 * a file, ours is put over it; and where the host has a link to something that is not inside, as resolv.conf often is,
 * ours is made where the link leads.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

enum { LINKS = 8 };

/* One way to say where: what is still to be followed, and what leads there. */
struct text {
	const struct jail_mount *mount;
	size_t number;
	char at[PATH_MAX];
};

static int make(int parent, const char *leaf, const struct text *t, struct err *e)
{
	scoped(fd) int fd = openat(parent, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);

	if (fd < 0)
		return err_sys(e, "make %s", t->at);
	return fd_write_all(fd, t->mount->text, strlen(t->mount->text), e);
}

/* The one that is there is the host's: it is covered, not written. */
static int cover(struct inside *in, const struct text *t, int there, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	scoped(fd) int parent = -1, ours = -1;
	const char *leaf = "";
	char own[64];

	snprintf(own, sizeof(own), "/run/reeve/text/%zu", t->number);
	parent = place_parent(in, own, &leaf, e);
	if (parent < 0 || make(parent, leaf, t, e) < 0)
		return -1;
	ours = open_tree(parent, leaf, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (ours < 0 || mount_setattr(ours, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ||
	    move_mount(ours, "", there, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "put over %s", t->at);
	return 0;
}

/* true: there is a link, and t->at is now where it leads. */
static bool follow(struct text *t, int parent, const char *leaf)
{
	char link[PATH_MAX], whole[PATH_MAX];
	ssize_t size = readlinkat(parent, leaf, link, sizeof(link) - 1);
	int length;

	if (size <= 0)
		return false;
	link[size] = '\0';
	length = snprintf(whole, sizeof(whole), "%.*s%s", link[0] == '/' ? 0 : (int)(leaf - t->at), t->at, link);
	if (length < 0 || (size_t)length >= sizeof(whole))
		return false;
	memcpy(t->at, whole, (size_t)length + 1);
	return true;
}

static int put(struct inside *in, struct text *t, unsigned links, struct err *e)
{
	scoped(fd) int there = place_open(in, t->at, e);
	scoped(fd) int parent = -1;
	const char *leaf = "";

	if (there >= 0)
		return cover(in, t, there, e);
	parent = place_parent(in, t->at, &leaf, e);
	if (parent < 0)
		return -1;
	if (links < LINKS && follow(t, parent, leaf))
		return put(in, t, links + 1, e);
	if (place_is_ours(in, parent))
		return make(parent, leaf, t, e);
	return t->mount->maybe ? 0 : err_set(e, ERR_INPUT, "%s would have to be made in a directory of the host", t->at);
}

int text_put(struct inside *in, size_t i, struct err *e)
{
	struct text t = { .mount = &in->spec->mounts[i], .number = i };

	if ((size_t)snprintf(t.at, sizeof(t.at), "%s", t.mount->target) >= sizeof(t.at))
		return err_set(e, ERR_INPUT, "%.100s: not a usable name inside", t.mount->target);
	return put(in, &t, 0, e);
}
