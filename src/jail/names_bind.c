/*
 * A unix socket gets its name by bind(2), which takes no folder: so init goes there, binds the
 * program's own socket to the last part, and comes back. Everything else that is bound is left
 * alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/names.h"

/* The asker's descriptor as one of ours. A process is opened by its first thread only. */
static int borrow(const struct question *q, int number)
{
	scoped(fd) int process = (int)syscall(SYS_pidfd_open, path_process(q), 0);

	return process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, number, 0);
}

static int bind_there(int socket, const struct spot *s)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int rc;

	if (strlen(s->leaf) >= sizeof(name.sun_path))
		return -EINVAL;
	memcpy(name.sun_path, s->leaf, strlen(s->leaf));
	if (fchdir(s->parent) < 0)
		return -errno;
	rc = bind(socket, (struct sockaddr *)&name, sizeof(name)) < 0 ? -errno : 0;
	if (chdir("/") < 0)
		_exit(NAMES_LOST); /* nowhere to stand: nothing may go on */
	return rc;
}

int names_bind(struct question *q, int number, uint64_t at, uint64_t size)
{
	struct sockaddr_un name = { .sun_family = AF_UNSPEC };
	scoped(spot) struct spot s = NO_SPOT;
	char path[sizeof(name.sun_path) + 1] = "";
	scoped(fd) int socket = -1;
	int rc;

	if (size <= offsetof(struct sockaddr_un, sun_path) || size > sizeof(name))
		return NOTIFY_LET;
	rc = path_copy(&name, q, at, size);
	if (rc != 0)
		return rc;
	if (name.sun_family != AF_UNIX || name.sun_path[0] == '\0')
		return NOTIFY_LET;
	memcpy(path, name.sun_path, size - offsetof(struct sockaddr_un, sun_path));
	rc = path_spot(&s, q, AT_FDCWD, path, 0);
	if (rc == 0)
		rc = names_refuse(q, &s, USE_CHANGE);
	if (rc != 0)
		return rc;
	socket = borrow(q, number);
	if (socket < 0)
		return errno == EBADF ? -EBADF : -EPERM;
	rc = path_umask(q);
	return rc != 0 ? rc : bind_there(socket, &s);
}
