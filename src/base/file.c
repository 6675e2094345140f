/* Apart from fd.c: a program that opens nothing by name does not even link the calls that would. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"

int fd_read_file(char **out, size_t *size, const char *path, size_t most, struct err *e)
{
	scoped(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: not a regular file", path);
	if ((uint64_t)st.st_size > most)
		return err_set(e, ERR_LIMIT, "%s: %lld bytes, more than the %zu accepted", path,
			       (long long)st.st_size, most);
	if (fd_read_all(out, size, fd, most, e) < 0)
		return err_in(e, "%s", path);
	return 0;
}

int fd_make_dirs(const char *path, unsigned mode, struct err *e)
{
	char part[PATH_MAX];
	size_t size = strlen(path), i;

	if (size == 0 || size >= sizeof(part))
		return err_set(e, ERR_INPUT, "%s: not a usable directory name", path);
	for (i = 1; i <= size; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return err_sys(e, "make directory %s", part);
	}
	return 0;
}

int fd_chmod(int fd, mode_t mode)
{
	char name[FD_NAME];

	return chmod(fd_name(name, fd), mode);
}
