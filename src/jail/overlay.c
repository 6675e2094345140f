/*
 * A workspace that is a copy: an overlay, made detached and before any name inside is followed, as
 * every other source is. Its three folders are held by descriptors, so that their names may hold
 * anything, and nothing between here and the kernel can exchange them.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

static const char *advice(int why)
{
	if (why == EPERM)
		return " (an overlay in a user namespace takes Linux 5.11, and no rule of the host against it; "
		       "otherwise use \"workspace\": \"write\")";
	if (why == ENODEV)
		return " (this kernel has no overlayfs: modprobe overlay, or use \"workspace\": \"write\")";
	if (why == EINVAL || why == EOPNOTSUPP)
		return " (its copy cannot lie on NFS, FAT or another overlay: set XDG_STATE_HOME to a folder on "
		       "ext4, xfs, btrfs or tmpfs)";
	return "";
}

static int give_folder(int made, const char *key, const char *path, int *held, struct err *e)
{
	char name[FD_NAME];

	*held = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*held < 0)
		return err_sys(e, "%s %s", key, path);
	if (fsconfig(made, FSCONFIG_SET_STRING, key, fd_name(name, *held), 0) < 0)
		return err_sys(e, "overlay of %s: %s", path, key);
	return 0;
}

/* No index, no redirects, no copied metadata alone: what lies in `upper` is read back by us. */
static int configure(int made, struct err *e)
{
	static const char *const options[][2] = { { "index", "off" }, { "xino", "off" } };
	size_t i;

	if (fsconfig(made, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
		return err_sys(e, "overlay%s", advice(EPERM));
	for (i = 0; i < count_of(options); i++)
		if (fsconfig(made, FSCONFIG_SET_STRING, options[i][0], options[i][1], 0) < 0)
			return err_sys(e, "overlay: %s", options[i][0]);
	return 0;
}

int overlay_tree(int *out, const struct jail_mount *m, struct err *e)
{
	scoped(fd) int made = fsopen("overlay", FSOPEN_CLOEXEC);
	scoped(fd) int lower = -1;
	scoped(fd) int upper = -1;
	scoped(fd) int work = -1;

	must(m->upper && m->upper[0] && m->work);
	if (made < 0)
		return err_sys(e, "overlay%s", advice(errno));
	if (give_folder(made, "lowerdir", m->source, &lower, e) < 0 ||
	    give_folder(made, "upperdir", m->upper, &upper, e) < 0 ||
	    give_folder(made, "workdir", m->work, &work, e) < 0 || configure(made, e) < 0)
		return -1;
	if (fsconfig(made, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(e, "overlay of %.60s%s", m->source, advice(errno));
	*out = fsmount(made, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	return *out < 0 ? err_sys(e, "overlay of %s", m->source) : 0;
}
