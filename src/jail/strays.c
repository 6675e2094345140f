/*
 * Without a pid namespace no kernel ends the tree with its root, so we do: whoever descends from this
 * process, which is a subreaper, is stopped first, so that a fork bomb does not outrun us, and killed when
 * nobody is left who could still fork. Ids are used again: each is pinned by a pidfd, and its parent read
 * once more, before it is signalled.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

enum { ROUNDS = 3000, GROW = 1024 };

struct relative {
	pid_t pid, parent;
	char state;
	bool ours;
};

struct family {
	struct relative *at;	/* owned */
	size_t count, room;
};

/* proc(5): "PID (any name) STATE PPID"; false: it is gone, or not to be seen. */
static bool look_at(struct relative *out, const char *pid)
{
	char path[64], text[512], *end;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	fd_close(&fd);
	if (size <= 0)
		return false;
	text[size] = '\0';
	end = strrchr(text, ')');
	if (!end || strlen(end) < 4)
		return false;
	*out = (struct relative){ .pid = (pid_t)strtol(pid, NULL, 10),
				  .parent = (pid_t)strtol(end + 4, NULL, 10),
				  .state = end[2] };
	return true;
}

static int by_pid(const void *a, const void *b)
{
	const struct relative *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* In the order of their ids, which is the order in which the kernel lists them: has_ours() relies on it. */
static void list_all(struct family *f)
{
	DIR *proc = opendir("/proc");
	struct relative one, *more;
	struct dirent *d;

	f->count = 0;
	while (proc && (d = readdir(proc))) {
		if (d->d_name[0] < '1' || d->d_name[0] > '9' || !look_at(&one, d->d_name))
			continue;
		if (f->count == f->room) {
			more = realloc(f->at, (f->room + GROW) * sizeof(*more));
			if (!more)
				break;
			f->at = more;
			f->room += GROW;
		}
		f->at[f->count++] = one;
	}
	if (proc)
		closedir(proc);
}

static bool is_known(const pid_t *known, pid_t pid)
{
	for (; known && *known; known++)
		if (*known == pid)
			return true;
	return false;
}

static bool has_ours(const struct family *f, pid_t parent)
{
	const struct relative key = { .pid = parent };
	const struct relative *r = bsearch(&key, f->at, f->count, sizeof(key), by_pid);

	return r && r->ours;
}

/* Children, then theirs, until a pass finds nobody new. */
static size_t mark_ours(struct family *f, const pid_t *known)
{
	size_t found = 0, before, i;

	do {
		before = found;
		for (i = 0; i < f->count; i++) {
			struct relative *r = &f->at[i];

			if (r->ours || is_known(known, r->pid) ||
			    (r->parent != getpid() && !has_ours(f, r->parent)))
				continue;
			r->ours = true;
			found++;
		}
	} while (found > before);
	return found;
}

static void tell(const struct relative *r, int signal)
{
	scoped(fd) int pinned = (int)syscall(SYS_pidfd_open, r->pid, 0);
	struct relative now;
	char pid[24];

	snprintf(pid, sizeof(pid), "%d", (int)r->pid);
	if (pinned >= 0 && look_at(&now, pid) && now.parent == r->parent)
		syscall(SYS_pidfd_send_signal, pinned, signal, NULL, 0);
}

/* How many of ours still ran when they were told. */
static size_t tell_all(struct family *f, const pid_t *known, int signal)
{
	size_t running = 0, i;

	list_all(f);
	mark_ours(f, known);
	for (i = 0; i < f->count; i++) {
		if (!f->at[i].ours || strchr(signal == SIGSTOP ? "ZXTt" : "ZX", f->at[i].state))
			continue;
		running++;
		tell(&f->at[i], signal);
	}
	return running;
}

void jail_strays_reap(const pid_t *known)
{
	struct family f = { 0 };
	size_t i;

	list_all(&f);
	for (i = 0; i < f.count; i++)
		if (f.at[i].parent == getpid() && f.at[i].state == 'Z' && !is_known(known, f.at[i].pid))
			waitpid(f.at[i].pid, NULL, 0);
	free(f.at);
}

static void breathe(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

void jail_strays_end(const pid_t *known)
{
	struct family f = { 0 };
	int round, stop;

	for (round = 0; round < ROUNDS; round++) {
		for (stop = 0; stop < ROUNDS && tell_all(&f, known, SIGSTOP) > 0; stop++)
			;
		if (tell_all(&f, known, SIGKILL) == 0)
			break;
		jail_strays_reap(known);
		breathe();
	}
	jail_strays_reap(known);
	free(f.at);
}
