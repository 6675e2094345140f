/* What the asker's descriptor and address are, read once; and another socket put in that descriptor's place. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/reaching.h"

enum { NAMED = 64 };

/* sockfs(5) tells lsof(8) what a socket is by this attribute: no descriptor of the asker's has to be taken for it. */
static const struct {
	const char *protocol;
	enum socket_kind kind;
	bool six;
} kinds[] = {
	{ "TCP", KIND_STREAM, false },
	{ "TCPv6", KIND_STREAM, true },
	{ "UDP", KIND_DATAGRAM, false },
	{ "UDPv6", KIND_DATAGRAM, true },
	{ "UNIX-STREAM", KIND_UNIX_STREAM, false },
	{ "UNIX", KIND_UNIX, false },
	{ "NETLINK", KIND_NETLINK, false },
};

/* Who may not be looked at gets nothing. */
static int unseen(void)
{
	return errno == ENOENT ? -EBADF : errno == ESRCH ? NOTIFY_GONE : -EPERM;
}

static int read_kind(struct target *out, const struct question *q)
{
	char path[NAMED], protocol[NAMED] = "";
	struct stat st;
	size_t i;

	snprintf(path, sizeof(path), "/proc/%u/fd/%d", q->ask.pid, out->number);
	if (stat(path, &st) < 0)
		return unseen();
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	if (getxattr(path, "system.sockprotoname", protocol, sizeof(protocol) - 1) < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? -ENOTSOCK : unseen();
	out->inode = st.st_ino;
	out->kind = KIND_OTHER;
	for (i = 0; i < count_of(kinds); i++)
		if (strcmp(protocol, kinds[i].protocol) == 0) {
			out->kind = kinds[i].kind;
			out->six = kinds[i].six;
		}
	return 0;
}

static int read_flags(struct target *out, const struct question *q)
{
	char path[NAMED], text[NAMED] = "", *flags;
	scoped(fd) int fd = -1;

	snprintf(path, sizeof(path), "%u/fdinfo/%d", q->ask.pid, out->number);
	fd = openat(q->in->names->proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return unseen();
	flags = strstr(text, "flags:");
	if (!flags)
		return -EPERM;
	out->flags = (int)strtol(flags + strlen("flags:"), NULL, 8) & (O_CLOEXEC | O_NONBLOCK);
	return 0;
}

int target_read(struct target *out, const struct question *q, int number)
{
	int rc;

	*out = (struct target){ .number = number };
	if (number < 0)
		return -EBADF;
	rc = read_kind(out, q);
	if (rc == 0)
		rc = read_flags(out, q);
	return notify_still(q) ? rc : NOTIFY_GONE;
}

int address_read(union address *out, const struct question *q, uint64_t at, uint64_t size)
{
	int rc;

	memset(out, 0, sizeof(*out));
	size = (uint32_t)size;
	if (size < sizeof(out->any.sa_family) || size > sizeof(*out))
		return -EINVAL;
	rc = path_copy(out, q, at, (size_t)size);
	if (rc == 0 && ((out->any.sa_family == AF_INET && size < sizeof(out->four)) ||
			(out->any.sa_family == AF_INET6 && size < offsetof(struct sockaddr_in6, sin6_scope_id))))
		rc = -EINVAL;
	return notify_still(q) ? rc : NOTIFY_GONE;
}

/* Its flags are the open file's, so they are set before it is the asker's. */
int target_put(struct question *q, const struct target *t, int fd, int value)
{
	struct seccomp_notif_addfd add = { .id = q->ask.id,
					   .flags = SECCOMP_ADDFD_FLAG_SETFD,
					   .srcfd = (uint32_t)fd,
					   .newfd = (uint32_t)t->number,
					   .newfd_flags = (uint32_t)(t->flags & O_CLOEXEC) };
	int rc = fcntl(fd, F_SETFL, t->flags & O_NONBLOCK), why;

	if (rc == 0)
		rc = ioctl(q->in->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	why = errno;
	close(fd);
	if (rc < 0)
		return why == ENOENT ? NOTIFY_GONE : -why;
	return value;
}
