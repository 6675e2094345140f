/*
 * eio.so - LD_PRELOAD: the fdatasync that REEVE_EIO counts to (1: the first) fails with EIO and
 * writes nothing; all others are the kernel's.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static long left;

__attribute__((constructor)) static void begin(void)
{
	const char *count = getenv("REEVE_EIO");

	left = count ? strtol(count, NULL, 10) : 0;
}

int fdatasync(int fd)
{
	if (left > 0 && --left == 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}
