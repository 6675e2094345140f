/* The two directories a program expects although no package owns them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

enum { NAME_MOST = 64, DEV_BYTES = 1 << 20, SHM_BYTES = 512 << 20 };

/* Joined into a small buffer: targets of /dev and /proc are ours, not an operator's. */
static const char *join(char out[NAME_MOST], const char *dir, const char *name)
{
	snprintf(out, NAME_MOST, "%s/%s", dir, name);
	return out;
}

static int put_node(struct inside *in, const char *dir, const char *name, struct err *e)
{
	char source[NAME_MOST], target[NAME_MOST];
	scoped(fd) int tree = -1;

	if (tree_of(&tree, join(source, "/dev", name), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, e) <
	    0)
		return -1;
	return place_tree(in, tree, join(target, dir, name), e);
}

/* Terminals of its own: what is opened here is no terminal of the host, not even by number. */
static int put_terminals(struct inside *in, const char *dir, struct err *e)
{
	char target[NAME_MOST], path[FD_NAME];
	scoped(fd) int at = place_make_dir(in, join(target, dir, "pts"), e);

	if (at < 0)
		return -1;
	if (mount("devpts", fd_name(path, at), "devpts", MS_NOSUID | MS_NOEXEC,
		  "newinstance,ptmxmode=0666,mode=0620") < 0)
		return err_sys(e, "terminals at %s", target);
	return 0;
}

/* Nodes are the host's, bound: making one takes a capability that no user namespace gives. */
int root_fill_dev(struct inside *in, const struct jail_mount *m, struct err *e)
{
	static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty" };
	static const char *const links[][2] = {
		{ "fd", "/proc/self/fd" },
		{ "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" },
		{ "stderr", "/proc/self/fd/2" },
		{ "ptmx", "pts/ptmx" },
	};
	const char *target = m->target;
	scoped(fd) int dir = -1;
	char shm[NAME_MOST];
	size_t i;

	if (place_tmpfs(in, target, 0755, DEV_BYTES, 0, e) < 0)
		return -1;
	for (i = 0; i < count_of(nodes); i++)
		if (put_node(in, target, nodes[i], e) < 0)
			return -1;
	dir = place_open(in, target, e);
	if (dir < 0)
		return -1;
	for (i = 0; i < count_of(links); i++)
		if (symlinkat(links[i][1], dir, links[i][0]) < 0)
			return err_sys(e, "link %s/%s", target, links[i][0]);
	if (put_terminals(in, target, e) < 0)
		return -1;
	return place_tmpfs(in, join(shm, target, "shm"), 01777, m->most ? m->most : SHM_BYTES,
			   m->names, e);
}

/*
 * Files that only their owner, uid 0, may read: run by root, the agent would be that owner, with no
 * capability asked for. And the list of keys, which shows everybody his own. Covered by /dev/null and
 * by an empty directory.
 */
static int cover(struct inside *in, const char *dir, const char *name, struct err *e)
{
	static const uint64_t flags =
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	char target[NAME_MOST];
	scoped(fd) int at = place_open(in, join(target, dir, name), e);
	scoped(fd) int tree = -1;
	struct stat st;
	char path[FD_NAME];

	if (at < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(at, &st) < 0)
		return err_sys(e, "%s", target);
	if (S_ISDIR(st.st_mode)) {
		if (mount("tmpfs", fd_name(path, at), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV,
			  "size=4k,nr_inodes=2,mode=0555") < 0)
			return err_sys(e, "cover %s", target);
		return 0;
	}
	if (tree_of(&tree, "/dev/null", flags, e) < 0)
		return -1;
	return place_tree(in, tree, target, e);
}

/* Without a pid namespace there are no other processes to show than the host's. */
static int put_outer_proc(struct inside *in, const char *target, struct err *e)
{
	scoped(fd) int tree = -1;

	if (tree_of(&tree, "/proc",
		    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e) < 0)
		return -1;
	return place_tree(in, tree, target, e);
}

/*
 * Read-only as a whole, not file by file: as uid 0 the owner check alone would let the agent write
 * kernel.core_pattern, and a list of what to protect would be out of date with the next kernel.
 */
int root_fill_proc(struct inside *in, const char *target, struct err *e)
{
	static const char *const covered[] = { "keys",	      "kcore",	    "timer_list",
					       "kpagecount",  "kpageflags", "kpagecgroup",
					       "slabinfo",    "vmallocinfo", "sysrq-trigger",
					       "acpi",	      "scsi" };
	const size_t of_everybody = 1; /* whoever runs it: the names of his keys outside */
	scoped(fd) int at = place_make_dir(in, target, e);
	char path[FD_NAME];
	size_t i;

	if (at < 0)
		return -1;
	if (!in->layers[LAYER_PID].obtained) {
		if (put_outer_proc(in, target, e) < 0)
			return -1;
	} else if (mount("proc", fd_name(path, at), "proc",
			 MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
		return err_sys(
			e,
			"mount proc (a container that masks parts of its own /proc forbids this)");
	}
	for (i = 0; i < (in->uid == 0 ? count_of(covered) : of_everybody); i++)
		if (cover(in, target, covered[i], e) < 0)
			return -1;
	return 0;
}
