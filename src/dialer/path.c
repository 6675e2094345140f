/*
 * Sockets that have a path. The operator named it, but what lies there may be written by the agent:
 * a link in its place would lead wherever the agent likes, with the operator's rights. So no link
 * is followed, in no part, and what is connected to is what was looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dialer/dialer.h"

/* One part further: -1 and ELOOP where it is a link. */
static int step(int from, const char *part, struct stat *st)
{
	scoped(fd) int fd = openat(from, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0)
		return -1;
	if (S_ISLNK(st->st_mode)) {
		errno = ELOOP;
		return -1;
	}
	return fd_take(&fd);
}

static int walk(const char *path, struct stat *st)
{
	scoped(fd) int at = open("/", O_PATH | O_CLOEXEC);
	char part[NAME_MAX + 1];
	size_t size;
	int next;

	for (path += strspn(path, "/"); at >= 0 && *path; path += strspn(path, "/")) {
		size = strcspn(path, "/");
		if (size > NAME_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(part, path, size);
		part[size] = '\0';
		path += size;
		next = step(at, part, st);
		fd_close(&at);
		at = next;
	}
	return fd_take(&at);
}

int path_connect(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct stat st = { 0 };
	char name[FD_NAME];
	scoped(fd) int at = walk(path, &st), fd = -1;

	if (at < 0)
		return -1;
	if (!S_ISSOCK(st.st_mode)) {
		errno = ENOTSOCK;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", fd_name(name, at));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -1;
	return fd_take(&fd);
}
