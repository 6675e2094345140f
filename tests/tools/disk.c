/*
 * tests/tools/disk.c - what the disk can do for a ledger: append to a file as a recorder's journal is, fdatasync.
 *
 *   disk FILE ROUNDS GROUP        GROUP records of 512 bytes a commit; prints "P50_US RECORDS_A_SECOND"
 *   disk -c FILE ROUNDS N BYTES   N callers, each of which waits for its own record, of BYTES, before it brings the
 *                                 next; who is there shares a commit; prints "RECORDS_A_SECOND"
 *   disk -p FILE ROUNDS BYTES     one caller, who asks another process to write and is answered by it; the same
 *
 * Such a file is reserved and filled with zeros, and written in whole blocks past the page cache where that is offered.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

enum { BLOCK = 4096, ROOM = 1 << 20 };

struct file {
	int fd;
	size_t at;
	char *bytes;	/* ROOM of them, and what is written is any of them */
};

static int begin(struct file *f, const char *path, size_t size)
{
	size_t at, to = (size + BLOCK) / BLOCK * BLOCK + BLOCK;

	f->bytes = aligned_alloc(BLOCK, ROOM);
	f->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT, 0600);
	if (f->fd < 0)
		f->fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (f->fd < 0 || !f->bytes || posix_fallocate(f->fd, 0, (off_t)to) != 0)
		return -1;
	memset(f->bytes, 0, ROOM);
	for (at = 0; at < to; at += ROOM)
		if (pwrite(f->fd, f->bytes, to - at < ROOM ? to - at : ROOM, (off_t)at) < 0)
			return -1;
	memset(f->bytes, 'x', ROOM);
	return fdatasync(f->fd);
}

static int commit(struct file *f, size_t size)
{
	size_t from = f->at / BLOCK * BLOCK, whole = (f->at + size + BLOCK - 1) / BLOCK * BLOCK - from;

	f->at += size;
	return whole > ROOM || pwrite(f->fd, f->bytes, whole, (off_t)from) != (ssize_t)whole ? -1 : fdatasync(f->fd);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int alone(const char *path, int rounds, int count)
{
	double *took = calloc((size_t)rounds + 1, sizeof(*took)), began;
	size_t size = 512 * (size_t)count;
	struct file f = { .fd = -1 };
	int i;

	if (rounds < 1 || count < 1)
		return 2;
	if (begin(&f, path, size * (size_t)rounds) < 0)
		return 3;
	began = now_us();
	for (i = 0; i < rounds; i++) {
		took[i] = now_us();
		if (commit(&f, size) < 0)
			return 3;
		took[i] = now_us() - took[i];
	}
	began = now_us() - began;
	qsort(took, (size_t)rounds, sizeof(*took), by_value);
	printf("%.1f %.0f\n", took[rounds / 2], (double)rounds * count / (began / 1e6));
	return unlink(path);
}

/* Nothing is done but to write what was asked for, and nothing but waited for by who asks. */
static int asked(const char *path, int rounds, size_t size)
{
	struct file f = { .fd = -1 };
	double began;
	char said[128] = "";
	int pair[2], i;

	if (begin(&f, path, size * (size_t)rounds) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		return 3;
	if (fork() == 0) {
		close(pair[0]);
		while (recv(pair[1], said, sizeof(said), 0) > 0)
			if (commit(&f, size) < 0 || send(pair[1], said, 24, 0) < 0)
				_exit(3);
		_exit(0);
	}
	close(pair[1]);
	began = now_us();
	for (i = 0; i < rounds; i++)
		if (send(pair[0], said, sizeof(said), MSG_NOSIGNAL) < 0 || recv(pair[0], said, sizeof(said), 0) <= 0)
			return 3;
	printf("%.0f\n", (double)rounds / ((now_us() - began) / 1e6));
	close(pair[0]);
	wait(NULL);
	return unlink(path);
}

/* A group commit with nothing around it: threads, one lock, one writer at a time. */
static struct group {
	pthread_mutex_t lock;
	pthread_cond_t durable;
	struct file file;
	int rounds, waiting, writing;
	size_t size;
	long opened, written;	/* commits: the one that is being gathered, the last one on disk */
} group = { .lock = PTHREAD_MUTEX_INITIALIZER, .durable = PTHREAD_COND_INITIALIZER, .opened = 1 };

/* Whoever finds nobody writing writes for all that have gathered. */
static void bring(struct group *g)
{
	long mine = g->opened;

	g->waiting++;
	while (g->written < mine) {
		size_t size = g->size * (size_t)g->waiting;
		long this = g->opened;

		if (g->writing) {
			pthread_cond_wait(&g->durable, &g->lock);
			continue;
		}
		g->writing = 1;
		g->opened++;
		g->waiting = 0;
		pthread_mutex_unlock(&g->lock);
		if (commit(&g->file, size) < 0)
			exit(3);
		pthread_mutex_lock(&g->lock);
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

static int callers(const char *path, int rounds, int count, size_t size)
{
	pthread_t *threads = calloc((size_t)count, sizeof(*threads));
	double began;
	int i;

	group.rounds = rounds;
	group.size = size;
	if (begin(&group.file, path, size * (size_t)rounds * (size_t)count) < 0)
		return 3;
	began = now_us();
	for (i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, caller, NULL) != 0)
			return 3;
	for (i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%.0f\n", (double)rounds * count / ((now_us() - began) / 1e6));
	return unlink(path);
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "-c") == 0)
		return callers(argv[2], atoi(argv[3]), atoi(argv[4]), (size_t)atoi(argv[5]));
	if (argc == 5 && strcmp(argv[1], "-p") == 0)
		return asked(argv[2], atoi(argv[3]), (size_t)atoi(argv[4]));
	return argc == 4 ? alone(argv[1], atoi(argv[2]), atoi(argv[3])) : 2;
}
