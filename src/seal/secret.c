#include "seal/secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

int secret_check_file(int fd, const char *what, const char *path, size_t most, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "%s %s", what, path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s %s: not a regular file", what, path);
	if (st.st_uid != geteuid())
		return err_set(e, ERR_INPUT, "%s %s: belongs to uid %u, not to us; chown it", what, path,
			       (unsigned)st.st_uid);
	if ((st.st_mode & 07777) != 0600)
		return err_set(e, ERR_INPUT, "%s %s: mode %04o, must be 0600; if others could read it, it is burnt",
			       what, path, (unsigned)(st.st_mode & 07777));
	if (st.st_size <= 0 || (uint64_t)st.st_size >= most)
		return err_set(e, ERR_INPUT, "%s %s: not a key file of reeve", what, path);
	return 0;
}

int secret_make_file(const char *what, const char *path, const char *text, size_t size, struct err *e)
{
	scoped(fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(e, "make the %s %s", what, path);
	if (fchmod(fd, 0600) < 0) /* whatever the umask took away */
		return err_sys(e, "%s %s", what, path);
	if (fd_write_all(fd, text, size, e) < 0)
		return err_in(e, "%s %s", what, path);
	if (fsync(fd) < 0)
		return err_sys(e, "%s %s", what, path);
	return seal_sync_parent(path, e);
}
