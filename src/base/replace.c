#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"

static int sync_folder(const char *dir, struct err *e)
{
	scoped(fd) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? err_sys(e, "%s", dir) : 0;
}

static int write_whole(int fd, const char *path, const void *bytes, size_t size, struct err *e)
{
	if (fd_write_all(fd, bytes, size, e) < 0)
		return err_in(e, "%s", path);
	return fsync(fd) < 0 ? err_sys(e, "%s", path) : 0;
}

int fd_replace_file(const char *dir, const char *name, mode_t mode, const void *bytes, size_t size, struct err *e)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	scoped(fd) int fd = -1;
	int size_of = snprintf(temporary, sizeof(temporary), "%s/.%s.%d", dir, name, (int)getpid());

	if (size_of < 0 || (size_t)size_of >= sizeof(temporary))
		return err_set(e, ERR_INPUT, "%.80s…: name too long", dir);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return err_sys(e, "%s", temporary);
	if (write_whole(fd, path, bytes, size, e) == 0) {
		if (rename(temporary, path) == 0)
			return sync_folder(dir, e);
		err_sys(e, "%s", path);
	}
	unlink(temporary);
	return -1;
}
