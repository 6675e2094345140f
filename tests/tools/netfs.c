/* netfs.so - LD_PRELOAD: every folder is on the file system whose number (statfs(2), hexadecimal) REEVE_NETFS says. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

int fstatfs(int fd, struct statfs *out)
{
	const char *type = getenv("REEVE_NETFS");
	int done = (int)syscall(SYS_fstatfs, fd, out);

	if (type)
		out->f_type = (long)strtoul(type, NULL, 16);
	return done;
}
