/* In a file of its own, so that who makes a file durable links no signing. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "seal/seal.h"

int seal_sync_parent(const char *path, struct err *e)
{
	scoped(fd) int fd = -1;
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t size = slash ? (size_t)(slash - path) : 0;

	if (size >= sizeof(dir))
		return err_set(e, ERR_INPUT, "%s: name too long", path);
	memcpy(dir, path, size);
	dir[size] = '\0';
	fd = open(size ? dir : slash ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_sys(e, "make the directory of %s durable", path);
	return 0;
}

int seal_name_file(const char *from, const char *to, struct err *e)
{
	if (link(from, to) < 0)
		return err_sys(e, "%s", to);
	if (seal_sync_parent(to, e) < 0)
		return -1;
	return unlink(from) < 0 ? err_sys(e, "%s", from) : 0;
}
