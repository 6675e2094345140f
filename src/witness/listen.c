#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "witness/witness.h"

enum { GIVEN = 3, BACKLOG = 128 };

/* As sd_listen_fds(3) has it: one socket, meant for this process. */
static int listen_given(int *out, struct err *e)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	int listens = 0, type = 0;
	socklen_t size = sizeof(listens);

	if (!pid || !count || strtol(pid, NULL, 10) != getpid() || strcmp(count, "1") != 0)
		return err_set(e, ERR_INPUT, "say where to listen: --listen ADDRESS:PORT or --listen /PATH");
	if (getsockopt(GIVEN, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || getsockopt(GIVEN, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
	    !listens || type != SOCK_STREAM)
		return err_set(e, ERR_INPUT, "descriptor 3 is no stream socket that listens; ListenStream= in the socket's unit");
	if (fcntl(GIVEN, F_SETFL, O_NONBLOCK) < 0 || fcntl(GIVEN, F_SETFD, FD_CLOEXEC) < 0)
		return err_sys(e, "descriptor 3");
	*out = GIVEN;
	return 0;
}

static int listen_path(int *out, const char *path, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	scoped(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (fd < 0)
		return err_sys(e, "socket");
	if (strlen(path) >= sizeof(at.sun_path))
		return err_set(e, ERR_INPUT, "--listen %s: longer than %zu bytes", path, sizeof(at.sun_path) - 1);
	memcpy(at.sun_path, path, strlen(path));
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return err_set(e, ERR_INPUT, "--listen %s: is there and is no socket", path);
	if ((unlink(path) < 0 && errno != ENOENT) || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, BACKLOG) < 0)
		return err_sys(e, "--listen %s", path);
	*out = fd_take(&fd);
	return 0;
}

/* "127.0.0.1:8080", "[::1]:8080": numbers only, so that nothing is looked up. */
static int listen_inet(int *out, const char *where, struct err *e)
{
	const struct addrinfo want = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(where, ':');
	scoped(fd) int fd = -1;
	struct addrinfo *at = NULL;
	char host[64];
	int on = 1;
	bool bracket = where[0] == '[';
	size_t size = colon ? (size_t)(colon - where) : sizeof(host);

	if (size >= sizeof(host) || size < 2 || bracket != (colon[-1] == ']'))
		return err_set(e, ERR_INPUT, "--listen %s: expected ADDRESS:PORT, [ADDRESS]:PORT or a path with a slash", where);
	snprintf(host, sizeof(host), "%.*s", (int)(bracket ? size - 2 : size), where + bracket);
	if (getaddrinfo(host, colon + 1, &want, &at) != 0)
		return err_set(e, ERR_INPUT, "--listen %s: not an address and a port in numbers", where);
	fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 || bind(fd, at->ai_addr, at->ai_addrlen) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		err_sys(e, "--listen %s", where);
		freeaddrinfo(at);
		return -1;
	}
	freeaddrinfo(at);
	*out = fd_take(&fd);
	return 0;
}

int listen_at(int *out, const char *where, struct err *e)
{
	if (!where)
		return listen_given(out, e);
	return strchr(where, '/') ? listen_path(out, where, e) : listen_inet(out, where, e);
}

void listen_name(char out[128], int fd)
{
	struct sockaddr_storage at = { 0 };
	struct sockaddr_un path;
	socklen_t size = sizeof(at);
	char host[64], port[16];

	snprintf(out, 128, "a socket");
	if (getsockname(fd, (struct sockaddr *)&at, &size) < 0)
		return;
	memcpy(&path, &at, sizeof(path));
	if (at.ss_family == AF_UNIX)
		snprintf(out, 128, "%.*s", (int)sizeof(path.sun_path), path.sun_path);
	else if (getnameinfo((struct sockaddr *)&at, size, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(out, 128, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}
