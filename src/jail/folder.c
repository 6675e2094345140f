/* Apart from the agents' jail, so that who confines only itself links nothing that makes processes. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/jail.h"
#include "jail/known.h"

static int restrict_to(int ruleset, const struct known *k, struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_landlock_restrict_self, ruleset, k->flags) < 0)
		return err_sys(e, "own jail: files");
	return JAIL_HELD;
}

/* Files are made, written and renamed in this folder and nowhere; nothing is read, bound or connected to by name. */
int jail_self_folder(int folder, struct err *e)
{
	struct known k = landlock_known(jail_landlock_abi());
	struct landlock_path_beneath_attr rule = { .parent_fd = folder };
	scoped(fd) int fd = -1;

	if (k.abi == 0)
		return JAIL_NO_LANDLOCK;
	rule.allowed_access = k.rights.fs & (LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
					     LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE);
	fd = (int)syscall(SYS_landlock_create_ruleset, &k.rights, k.size, 0);
	if (fd < 0 || syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return err_sys(e, "own jail: the one folder");
	return restrict_to(fd, &k, e);
}

/* What is not there needs no rule. */
static int allow_reading(int ruleset, const char *path, struct err *e)
{
	scoped(fd) int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = { .parent_fd = fd, .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE };
	struct stat st;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "%s", path);
	rule.allowed_access |= S_ISDIR(st.st_mode) ? LANDLOCK_ACCESS_FS_READ_DIR : 0;
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 ? err_sys(e, "own jail: %s", path) : 0;
}

int jail_self_reads(const char *const *paths, size_t count, struct err *e)
{
	struct known k = landlock_known(jail_landlock_abi());
	scoped(fd) int fd = -1;
	size_t i;

	if (k.abi == 0)
		return JAIL_NO_LANDLOCK;
	k.rights.net &= ~NET_CONNECT;
	fd = (int)syscall(SYS_landlock_create_ruleset, &k.rights, k.size, 0);
	if (fd < 0)
		return err_sys(e, "own jail: files to read");
	for (i = 0; i < count; i++)
		if (allow_reading(fd, paths[i], e) < 0)
			return -1;
	return restrict_to(fd, &k, e);
}
