/*
 * tests/tools/lap.c - run two commands in turns and say how long each takes: one table, one run.
 *
 *   lap ROUNDS A... // B...     prints "MEDIAN_A_US MEDIAN_B_US"; exit 1 if a command fails
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double once(char **argv)
{
	struct timespec a, b;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &a);
	if (fork() == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	wait(&status);
	clock_gettime(CLOCK_MONOTONIC, &b);
	if (status != 0) {
		fprintf(stderr, "lap: %s ended with status %#x\n", argv[0], (unsigned)status);
		exit(1);
	}
	return (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0, i, second = 0;
	double *a = calloc((size_t)rounds + 1, sizeof(*a)), *b = calloc((size_t)rounds + 1, sizeof(*b));

	for (i = 2; i < argc; i++)
		if (!second && strcmp(argv[i], "//") == 0) {
			argv[i] = NULL;
			second = i + 1;
		}
	if (rounds < 1 || !second)
		return 2;
	for (i = 0; i < rounds; i++) {
		a[i] = once(argv + 2);
		b[i] = once(argv + second);
	}
	qsort(a, (size_t)rounds, sizeof(*a), by_value);
	qsort(b, (size_t)rounds, sizeof(*b), by_value);
	printf("%.0f %.0f\n", a[rounds / 2], b[rounds / 2]);
	return 0;
}
