/*
 * The jail's root: a small tmpfs into which the spec's mounts are put, in the spec's order. All
 * sources are taken first, as detached trees with their flags already set: from then on no name of
 * the host is followed again, and nothing appears writable even for a moment.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

#define FLAGS_READ (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define FLAGS_WRITE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

static const uint64_t TMPFS_BYTES = 2ull << 30;

/* First: what happens here must not travel back to the host. */
static int cut_propagation(struct inside *in, struct err *e)
{
	(void)in;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, "private mounts");
	return 0;
}

static int take_sources(struct inside *in, struct err *e)
{
	const struct jail_mount *m;
	size_t i;

	if (in->spec->mount_count > JAIL_MOUNTS)
		return err_set(e, ERR_LIMIT, "%zu mounts, more than %d", in->spec->mount_count,
			       JAIL_MOUNTS);
	for (i = 0; i < in->spec->mount_count; i++) {
		m = &in->spec->mounts[i];
		in->trees[i] = -1;
		if (m->kind == JAIL_COW && overlay_tree(&in->trees[i], m, e) < 0)
			return -1;
		if (m->kind != JAIL_READ && m->kind != JAIL_WRITE)
			continue;
		if (tree_of(&in->trees[i], m->source,
			    m->kind == JAIL_READ ? FLAGS_READ : FLAGS_WRITE, e) < 0 &&
		    !(m->maybe && (errno == ENOENT || errno == ENOTDIR)))
			return -1;
	}
	return 0;
}

/* After the sources: it covers a directory they may lie in. */
static int lay_base(struct inside *in, struct err *e)
{
	static const char *const places[] = { "/tmp", "/run", "/mnt", "/usr" };
	struct stat st;
	size_t i;

	for (i = 0; i < count_of(places); i++)
		if (mount("tmpfs", places[i], "tmpfs", MS_NOSUID | MS_NODEV,
			  "mode=0755,size=4m,nr_inodes=8192") == 0)
			break;
	if (i == count_of(places))
		return err_sys(e, "mount a tmpfs");
	in->base = open(places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (in->base < 0 || fstat(in->base, &st) < 0)
		return err_sys(e, "open the new root");
	in->own[in->own_count++] = st.st_dev;
	return 0;
}

static int put_tree(struct inside *in, size_t i, struct err *e)
{
	int rc;

	if (in->trees[i] < 0)
		return 0;
	rc = place_tree(in, in->trees[i], in->spec->mounts[i].target, e);
	fd_close(&in->trees[i]);
	return rc;
}

static int put_tmpfs(struct inside *in, size_t i, struct err *e)
{
	const struct jail_mount *m = &in->spec->mounts[i];

	return place_tmpfs(in, m->target, m->mode ? m->mode : 01777,
			   m->most ? m->most : TMPFS_BYTES, m->names, e);
}

static int put_link(struct inside *in, size_t i, struct err *e)
{
	const struct jail_mount *m = &in->spec->mounts[i];
	const char *leaf;
	scoped(fd) int parent = place_parent(in, m->target, &leaf, e);

	if (parent < 0)
		return -1;
	if (symlinkat(m->source, parent, leaf) < 0)
		return err_sys(e, "link %s", m->target);
	return 0;
}

static int put_proc(struct inside *in, size_t i, struct err *e)
{
	return root_fill_proc(in, in->spec->mounts[i].target, e);
}

static int put_dev(struct inside *in, size_t i, struct err *e)
{
	return root_fill_dev(in, &in->spec->mounts[i], e);
}

static int put_mounts(struct inside *in, struct err *e)
{
	static int (*const put[])(struct inside *, size_t, struct err *) = {
		[JAIL_READ] = put_tree, [JAIL_WRITE] = put_tree, [JAIL_TMPFS] = put_tmpfs,
		[JAIL_LINK] = put_link, [JAIL_PROC] = put_proc,  [JAIL_DEV] = put_dev,
		[JAIL_COW] = put_tree,	 [JAIL_TEXT] = text_put,
	};
	size_t i;

	for (i = 0; i < in->spec->mount_count; i++)
		if (put[in->spec->mounts[i].kind](in, i, e) < 0)
			return -1;
	return 0;
}

/* Something that is there and readable, but that no Landlock rule covers: see probes.c. */
static int leave_denied(struct inside *in, struct err *e)
{
	scoped(fd) int fd = place_make_file(in, JAIL_DENIED, e);

	return fd < 0 ? -1 : 0;
}

/* Last: until here the host's /proc and /dev were needed. */
static int pivot(struct inside *in, struct err *e)
{
	if (fchdir(in->base) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(e, "pivot_root");
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_sys(e, "let go of the old root");
	fd_close(&in->base);
	return 0;
}

int root_build(struct inside *in, struct err *e)
{
	static const struct step steps[] = {
		{ "cut propagation", LAYERS, cut_propagation },
		{ "take sources", LAYERS, take_sources },
		{ "lay the base", LAYERS, lay_base },
		{ "put mounts", LAYERS, put_mounts },
		{ "leave the probe", LAYERS, leave_denied },
		{ "pivot", LAYERS, pivot },
	};

	return steps_walk(in, steps, count_of(steps), e);
}

/* After the sockets are bound: nothing is made in the root any more. */
int root_seal(struct inside *in, struct err *e)
{
	static const char *const sealed[] = { "/", "/dev" };
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	struct stat st;
	size_t i;

	(void)in;
	for (i = 0; i < count_of(sealed); i++)
		if (stat(sealed[i], &st) == 0 &&
		    mount_setattr(AT_FDCWD, sealed[i], 0, &attr, sizeof(attr)) < 0 &&
		    errno != EINVAL) /* no mount of its own: the root's flag covers it */
			return err_sys(e, "%s read-only", sealed[i]);
	return 0;
}
