/*
 * tests/tools/disk.c - what the disk can do for a ledger: append to a preallocated file, fdatasync.
 *
 *   disk FILE ROUNDS GROUP     GROUP records of 512 bytes a commit; prints "P50_US RECORDS_A_SECOND"
 *   disk -c FILE ROUNDS N      N callers, each of which waits for its own record before it brings the
 *                              next; who is there shares a commit; prints "RECORDS_A_SECOND"
 */
#include <fcntl.h>
#include <pthread.h>
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

static int alone(int argc, char **argv)
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

/* A group commit with nothing around it: threads, one lock, one writer at a time. */
static struct group {
	pthread_mutex_t lock;
	pthread_cond_t durable;
	int fd, rounds, waiting, writing;
	long opened, written;	/* commits: the one that is being gathered, the last one on disk */
	off_t at;
	char *bytes;
} group = { .lock = PTHREAD_MUTEX_INITIALIZER, .durable = PTHREAD_COND_INITIALIZER, .opened = 1 };

/* Whoever finds nobody writing writes for all that have gathered. */
static void bring(struct group *g)
{
	long mine = g->opened;

	g->waiting++;
	while (g->written < mine) {
		size_t size = 512 * (size_t)g->waiting;
		long this = g->opened;

		if (g->writing) {
			pthread_cond_wait(&g->durable, &g->lock);
			continue;
		}
		g->writing = 1;
		g->opened++;
		g->waiting = 0;
		pthread_mutex_unlock(&g->lock);
		if (pwrite(g->fd, g->bytes, size, g->at) != (ssize_t)size || fdatasync(g->fd) < 0)
			exit(3);
		pthread_mutex_lock(&g->lock);
		g->at += (off_t)size;
		g->written = this;
		g->writing = 0;
		pthread_cond_broadcast(&g->durable);
	}
}

static void *caller(void *unused)
{
	int i;

	pthread_mutex_lock(&group.lock);
	for (i = 0; i < group.rounds; i++)
		bring(&group);
	pthread_mutex_unlock(&group.lock);
	return unused;
}

static int callers(const char *path, int rounds, int count)
{
	pthread_t *threads = calloc((size_t)count, sizeof(*threads));
	double began;
	int i;

	group.fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	group.rounds = rounds;
	group.bytes = calloc((size_t)count, 512);
	if (group.fd < 0 || posix_fallocate(group.fd, 0, (off_t)512 * rounds * count) != 0)
		return 3;
	fdatasync(group.fd);
	began = now_us();
	for (i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, caller, NULL) != 0)
			return 3;
	for (i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%.0f\n", (double)rounds * count / ((now_us() - began) / 1e6));
	unlink(path);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "-c") == 0)
		return callers(argv[2], atoi(argv[3]), atoi(argv[4]));
	return alone(argc, argv);
}
