/*
 * fails.so - LD_PRELOAD: the call that REEVE_FAILS names, when it comes for the Nth time, does nothing and fails with
 * ENOSPC (openat, write) or EIO (fsync, renameat). REEVE_FAILS=fsync:2 for example. strace injects no errors into
 * a program with a list of system calls: it does it by a number that is in no list.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(const char *call, int with)
{
	static long left;
	static const char *said;

	if (!said) {
		said = getenv("REEVE_FAILS");
		said = said ? said : "";
		left = strchr(said, ':') ? strtol(strchr(said, ':') + 1, NULL, 10) : 0;
	}
	if (left == 0 || strncmp(said, call, strlen(call)) != 0 || said[strlen(call)] != ':' || --left > 0)
		return 0;
	errno = with;
	return 1;
}

int fsync(int fd)
{
	return fails("fsync", EIO) ? -1 : (int)syscall(SYS_fsync, fd);
}

int renameat(int from, const char *a, int to, const char *b)
{
	return fails("renameat", EIO) ? -1 : (int)syscall(SYS_renameat, from, a, to, b);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	return fails("write", ENOSPC) ? -1 : syscall(SYS_write, fd, bytes, size);
}

int openat(int folder, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return fails("openat", ENOSPC) ? -1 : (int)syscall(SYS_openat, folder, name, flags, mode);
}
