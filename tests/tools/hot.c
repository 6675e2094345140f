/*
 * tests/tools/hot.c - the calls that programs make most often, in a loop: nanoseconds of one, the best of many
 * rounds, because whatever else runs can only add to it.
 *
 *   hot FILE ROUNDS     prints "GETPPID READ CLOCK OPEN"
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 4, EACH = 20000 };

static int zero;
static const char *name;

static void ask_parent(void)
{
	syscall(SYS_getppid);
}

static void read_zero(void)
{
	char bytes[512];

	if (read(zero, bytes, sizeof(bytes)) < 0)
		exit(3);
}

static void ask_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
}

static void open_file(void)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		exit(3);
	close(fd);
}

static double once(void (*call)(void))
{
	struct timespec a, b;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (i = 0; i < EACH; i++)
		call();
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / EACH;
}

int main(int argc, char **argv)
{
	void (*const calls[CALLS])(void) = { ask_parent, read_zero, ask_clock, open_file };
	double best[CALLS] = { 0 }, took;
	int rounds = argc > 2 ? atoi(argv[2]) : 0, i, j;

	if (rounds < 1)
		return 2;
	name = argv[1];
	zero = open("/dev/zero", O_RDONLY);
	for (i = 0; i < rounds; i++)
		for (j = 0; j < CALLS; j++) {
			took = once(calls[j]);
			if (best[j] == 0 || took < best[j])
				best[j] = took;
		}
	printf("%.1f %.1f %.1f %.1f\n", best[0], best[1], best[2], best[3]);
	return 0;
}
