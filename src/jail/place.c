/*
 * Making names in the new root while the old one is still there. Every name is resolved beneath the
 * new root by openat2(RESOLVE_IN_ROOT), because a workspace may hold links that an earlier agent
 * made; and a missing name is made only in a tmpfs of ours, never in what is the operator's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

enum { TRIES = 1000 };

int place_open(struct inside *in, const char *target, struct err *e)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd, tries = 0;

	/* EAGAIN: something, anywhere on the machine, was moved while ".." was looked at. */
	do
		fd = (int)syscall(SYS_openat2, in->base, target, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN && ++tries < TRIES);
	if (fd < 0)
		return err_sys(e, "%s", target);
	return fd;
}

bool place_is_ours(const struct inside *in, int dir)
{
	struct stat st;
	size_t i;

	if (fstat(dir, &st) < 0)
		return false;
	for (i = 0; i < in->own_count; i++)
		if (in->own[i] == st.st_dev)
			return true;
	return false;
}

/* The directory that will hold the last part of `target`, made if need be; *leaf is that part. */
int place_parent(struct inside *in, const char *target, const char **leaf, struct err *e)
{
	const char *slash = strrchr(target, '/');
	char parent[PATH_MAX];

	if (!slash || slash[1] == '\0' || (size_t)(slash - target) >= sizeof(parent))
		return err_set(e, ERR_INPUT, "%s: not a usable name inside", target);
	*leaf = slash + 1;
	memcpy(parent, target, (size_t)(slash - target));
	parent[slash - target] = '\0';
	return place_make_dir(in, slash == target ? "/" : parent, e);
}

static int make(int parent, const char *leaf, bool is_dir)
{
	if (is_dir)
		return mkdirat(parent, leaf, 0755);
	return mknodat(parent, leaf, S_IFREG | 0444, 0);
}

static int place_make(struct inside *in, const char *target, bool is_dir, struct err *e)
{
	scoped(fd) int parent = -1;
	const char *leaf = "";
	int fd = place_open(in, target, e);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	parent = place_parent(in, target, &leaf, e);
	if (parent < 0)
		return -1;
	if (!place_is_ours(in, parent))
		return err_set(
			e, ERR_INPUT,
			"%s does not exist, and would have to be made in a directory of the host; "
			"make it there first, or leave it out",
			target);
	if (make(parent, leaf, is_dir) < 0 && errno != EEXIST)
		return err_sys(e, "make %s", target);
	return place_open(in, target, e);
}

int place_make_dir(struct inside *in, const char *target, struct err *e)
{
	return place_make(in, target, true, e);
}

int place_make_file(struct inside *in, const char *target, struct err *e)
{
	return place_make(in, target, false, e);
}

/* Always bounded: in bytes, and in names, which are kernel memory too. */
int place_tmpfs(struct inside *in, const char *target, unsigned mode, uint64_t most, uint64_t names,
		struct err *e)
{
	scoped(fd) int over = place_make_dir(in, target, e);
	scoped(fd) int root = -1;
	char options[96], path[FD_NAME];
	struct stat st;

	if (over < 0)
		return -1;
	snprintf(options, sizeof(options), "mode=%04o,size=%llu,nr_inodes=%llu", mode,
		 (unsigned long long)most, (unsigned long long)(names ? names : most / 4096 + 64));
	if (mount("tmpfs", fd_name(path, over), "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
		return err_sys(e, "tmpfs at %s", target);
	root = place_open(in, target, e);
	if (root < 0)
		return -1;
	if (fstat(root, &st) < 0 || in->own_count == JAIL_OWN)
		return err_set(e, ERR_LIMIT, "more than %d private directories", JAIL_OWN);
	in->own[in->own_count++] = st.st_dev;
	return 0;
}

int tree_of(int *out, const char *source, uint64_t flags, struct err *e)
{
	struct mount_attr attr = { .attr_set = flags };
	scoped(fd) int tree =
		open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	if (tree < 0)
		return err_sys(e, "%s", source);
	if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return err_sys(e, "%s: set mount flags", source);
	*out = fd_take(&tree);
	return 0;
}

int place_tree(struct inside *in, int tree, const char *target, struct err *e)
{
	scoped(fd) int at = -1;
	struct stat st;

	if (fstat(tree, &st) < 0)
		return err_sys(e, "%s", target);
	at = S_ISDIR(st.st_mode) ? place_make_dir(in, target, e) : place_make_file(in, target, e);
	if (at < 0)
		return -1;
	if (move_mount(tree, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "mount at %s", target);
	return 0;
}
