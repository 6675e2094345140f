/*
 * tests/tools/disk.c - what the disk can do for a ledger: append to a preallocated file, fdatasync.
 *
 *   disk FILE ROUNDS GROUP     GROUP records of 512 bytes a commit; prints "P50_US RECORDS_A_SECOND"
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[2]) : 0, group = argc > 3 ? atoi(argv[3]) : 0, i;
	size_t size = 512 * (size_t)group;
	double *took = calloc((size_t)rounds + 1, sizeof(*took)), began;
	char *bytes = malloc(size + 1);
	off_t at = 0;
	int fd;

	if (rounds < 1 || group < 1)
		return 2;
	fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600);
	memset(bytes, 'x', size);
	if (fd < 0 || posix_fallocate(fd, 0, (off_t)size * rounds) != 0)
		return 3;
	fdatasync(fd);
	began = now_us();
	for (i = 0; i < rounds; i++) {
		double start = now_us();

		if (pwrite(fd, bytes, size, at) != (ssize_t)size || fdatasync(fd) < 0)
			return 3;
		at += (off_t)size;
		took[i] = now_us() - start;
	}
	began = now_us() - began;
	qsort(took, (size_t)rounds, sizeof(*took), by_value);
	printf("%.1f %.0f\n", took[rounds / 2], (double)rounds * group / (began / 1e6));
	close(fd);
	unlink(argv[1]);
	return 0;
}
