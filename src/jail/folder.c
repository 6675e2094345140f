/* Apart from the agents' jail, so that who confines only itself links nothing that makes processes. */
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/jail.h"
#include "jail/known.h"

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
	if (fd < 0 || syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_landlock_restrict_self, fd, k.flags) < 0)
		return err_sys(e, "own jail: the one folder");
	return JAIL_HELD;
}
