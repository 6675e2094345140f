/*
 * The asker's path, taken as the kernel would take it for the asker: its memory, its folders, its
 * descriptors, its "self". A folder is pinned first and its true path is what the kernel then says
 * of it, so what is judged is what is used. Whatever cannot be followed is left to the kernel,
 * under Landlock, which also knows the right errno.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "jail/names.h"

enum { PAGE = 4096, NAMED_FD = 64 };

void spot_leave(struct spot *s)
{
	if (s->parent >= 0)
		close(s->parent);
	s->parent = AT_FDCWD;
}

static ssize_t peek(void *out, const struct question *q, uint64_t at, size_t size)
{
	struct iovec here = { .iov_base = out, .iov_len = size };
	struct iovec there = { .iov_base = (void *)(uintptr_t)at, .iov_len = size };

	return process_vm_readv((pid_t)q->ask.pid, &here, 1, &there, 1, 0);
}

/* Gone is no answer at all; unreadable is a refusal, because letting it go on unread is not safe to
 * be right. */
static int unread(void)
{
	return errno == ESRCH ? NOTIFY_GONE : errno == EFAULT ? -EFAULT : -EPERM;
}

int path_copy(void *out, const struct question *q, uint64_t at, size_t size)
{
	ssize_t got = peek(out, q, at, size);

	return got == (ssize_t)size ? 0 : got < 0 ? unread() : -EFAULT;
}

/* Page by page: what follows the end of the text may not be there. */
int path_read(char out[PATH_MAX], const struct question *q, uint64_t at)
{
	size_t have = 0, want;
	ssize_t got;

	while (have < PATH_MAX) {
		want = PAGE - (size_t)((at + have) % PAGE);
		want = want < PATH_MAX - have ? want : PATH_MAX - have;
		got = peek(out + have, q, at + have, want);
		if (got <= 0)
			return got < 0 ? unread() : -EFAULT;
		if (memchr(out + have, '\0', (size_t)got))
			return 0;
		have += (size_t)got;
	}
	return -ENAMETOOLONG;
}

static int of_asker(const struct question *q, const char *what)
{
	char path[2 * NAMED_FD];

	snprintf(path, sizeof(path), "%u/%s", q->ask.pid, what);
	return openat(q->in->names->proc, path, O_PATH | O_CLOEXEC);
}

static int descriptor_of_asker(const struct question *q, int number)
{
	char what[NAMED_FD];

	snprintf(what, sizeof(what), "fd/%d", number);
	return of_asker(q, what);
}

int path_cwd(const struct question *q)
{
	return of_asker(q, "cwd");
}

int path_text(char out[PATH_MAX], const struct names *n, int fd)
{
	char link[NAMED_FD];
	ssize_t size;

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	size = readlinkat(n->proc, link, out, PATH_MAX - 1);
	if (size < 0)
		return -1;
	out[size] = '\0';
	return out[0] == '/' ? 0 : -1;
}

int path_reopen(const struct question *q, int fd, int flags)
{
	char link[NAMED_FD];

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	return openat(q->in->names->proc, link, flags);
}

/* /proc/self, /proc/thread-self, or either by the asker's own number; what follows it, or NULL. */
static const char *past_self(const struct question *q, const char *path)
{
	char own[NAMED_FD];
	const char *const ways[] = { "/proc/self/", "/proc/thread-self/", own };
	size_t i;

	snprintf(own, sizeof(own), "/proc/%u/", q->ask.pid);
	for (i = 0; i < count_of(ways); i++)
		if (strncmp(path, ways[i], strlen(ways[i])) == 0)
			return path + strlen(ways[i]);
	return NULL;
}

static int number_at(const char *text, const char **rest)
{
	char *end;
	long number = *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : -1;

	if (number < 0 || number > INT_MAX || (*end && *end != '/'))
		return -1;
	*rest = end;
	return (int)number;
}

static int descriptor_in(const struct question *q, const char *path, const char **rest)
{
	static const char *const named[] = { "/dev/stdin", "/dev/stdout", "/dev/stderr" };
	const char *of = past_self(q, path);
	int i;

	for (i = 0; i < 3; i++)
		if (strcmp(path, named[i]) == 0) {
			*rest = path + strlen(path);
			return i;
		}
	if (strncmp(path, "/dev/fd/", 8) == 0)
		return number_at(path + 8, rest);
	return of && strncmp(of, "fd/", 3) == 0 ? number_at(of + 3, rest) : -1;
}

int path_descriptor(const struct question *q, const char *path)
{
	const char *rest = "";
	int number = descriptor_in(q, path, &rest);

	return *rest ? -1 : number;
}

/* Where the walk begins; *path is what is left to walk. Links that the kernel makes up mean the
 * asker's. */
static int begin(const struct question *q, int at, const char **path, uint64_t resolve)
{
	const char *of = (*path)[0] == '/' && resolve == 0 ? past_self(q, *path) : NULL, *rest;
	int number;

	if ((*path)[0] != '/' || (resolve & (RESOLVE_IN_ROOT | RESOLVE_BENEATH)))
		return at == AT_FDCWD ? of_asker(q, "cwd") : descriptor_of_asker(q, at);
	number = resolve == 0 ? descriptor_in(q, *path, &rest) : -1;
	if (number >= 0 && *rest == '/') {
		*path = rest + strspn(rest, "/");
		return descriptor_of_asker(q, number);
	}
	if (of && strncmp(of, "cwd/", 4) == 0) {
		*path = of + 4 + strspn(of + 4, "/");
		return of_asker(q, "cwd");
	}
	if (of && strncmp(of, "root/", 5) == 0)
		*path = of + 4;
	return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The last part and its slash; what is before it stays in `path`. 0: there is no such part. */
static bool split(struct spot *out, char *path)
{
	size_t size = strlen(path), from;

	while (size > 0 && path[size - 1] == '/')
		size--;
	out->slash = path[size] == '/';
	for (from = size; from > 0 && path[from - 1] != '/';)
		from--;
	if (size == from || size - from > NAME_MAX || (size - from == 1 && path[from] == '.') ||
	    (size - from == 2 && memcmp(path + from, "..", 2) == 0))
		return false;
	snprintf(out->leaf, sizeof(out->leaf), "%.*s%s", (int)(size - from), path + from,
		 out->slash ? "/" : "");
	path[from] = '\0';
	return true;
}

/* The true path, and whose place it is. */
static int settle(struct spot *s, const struct question *q)
{
	char text[PATH_MAX];

	if (path_text(text, q->in->names, s->parent) < 0)
		return NOTIFY_LET;
	s->zone = names_zone(q->in->names, text);
	if (!s->zone)
		return NOTIFY_LET;
	snprintf(s->path, sizeof(s->path), "%s/%.*s", strcmp(text, "/") == 0 ? "" : text,
		 (int)strcspn(s->leaf, "/"), s->leaf);
	return notify_still(q) ? 0 : NOTIFY_GONE;
}

static bool pin(struct spot *out, int base, const char *path, struct open_how *how)
{
	int fd = path[0] ? (int)syscall(SYS_openat2, base, path, how, sizeof(*how))
			 : fcntl(base, F_DUPFD_CLOEXEC, 0);

	out->parent = fd < 0 ? AT_FDCWD : fd;
	return fd >= 0;
}

/* What is there may not be there for us: /proc/self/task/7, for one. */
static bool may_be_proc(const struct question *q, int base, const char *path)
{
	char text[PATH_MAX];

	return strstr(path, "proc") || path_text(text, q->in->names, base) < 0 ||
	       path_is_within(text, "/proc");
}

static int walk(struct spot *out, const struct question *q, int base, const char *path,
		uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = resolve | RESOLVE_NO_MAGICLINKS };
	char before[PATH_MAX];

	snprintf(before, sizeof(before), "%s", path);
	if (!split(out, before))
		return NOTIFY_LET;
	if (pin(out, base, before, &how))
		return settle(out, q);
	out->missing = errno == ENOENT && !may_be_proc(q, base, path);
	return NOTIFY_LET;
}

int path_spot(struct spot *out, const struct question *q, int at, const char *path,
	      uint64_t resolve)
{
	scoped(fd) int base = begin(q, at, &path, resolve);

	*out = NO_SPOT;
	return base < 0 ? NOTIFY_LET : walk(out, q, base, path, resolve);
}

int path_folder(struct spot *out, const struct question *q, int at, const char *path,
		uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = resolve | RESOLVE_NO_MAGICLINKS };
	scoped(fd) int base = begin(q, at, &path, resolve);

	*out = NO_SPOT;
	if (base < 0)
		return NOTIFY_LET;
	return pin(out, base, path, &how) ? settle(out, q) : NOTIFY_LET;
}

int path_spot_from(struct spot *out, const struct question *q, int folder, const char *path)
{
	*out = NO_SPOT;
	return path[0] == '/' ? path_spot(out, q, AT_FDCWD, path, 0)
			      : walk(out, q, folder, path, 0);
}

/* Its text alone could be that of a file outside, which was handed in: so its mount must be the
 * zone's. */
int path_object(struct spot *out, const struct question *q, int descriptor)
{
	struct statx st;

	*out = NO_SPOT;
	out->parent = descriptor_of_asker(q, descriptor);
	if (out->parent < 0 || path_text(out->path, q->in->names, out->parent) < 0)
		return NOTIFY_LET; /* a pipe, for one, has no path */
	out->zone = names_zone(q->in->names, out->path);
	if (!out->zone || statx(out->parent, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 ||
	    st.stx_mnt_id != out->zone->mount)
		return NOTIFY_LET;
	return notify_still(q) ? 0 : NOTIFY_GONE;
}

/* A number in the asker's status; -1: the asker is gone. */
static long status_number(const struct question *q, const char *name, int base)
{
	char path[NAMED_FD], text[512], *line;
	scoped(fd) int fd = -1;
	ssize_t size;

	snprintf(path, sizeof(path), "%u/status", q->ask.pid);
	fd = openat(q->in->names->proc, path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size < 0 || !notify_still(q))
		return -1;
	text[size] = '\0';
	line = strstr(text, name);
	return line ? strtol(line + strlen(name), NULL, base) : -1;
}

/* The kernel then does with it what it does for everybody, also below a default ACL. */
int path_umask(const struct question *q)
{
	long mask = status_number(q, "\nUmask:", 8);

	if (mask < 0)
		return NOTIFY_GONE;
	umask((mode_t)mask);
	return 0;
}

pid_t path_process(const struct question *q)
{
	long number = status_number(q, "\nTgid:", 10);

	return number < 0 ? 0 : (pid_t)number;
}
