#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

enum { WAITING = 64 };

/* Parents by hand: the root, or the folder, is already ours, so plain names are enough. */
int sockets_listen_at(int *out, const char *path, struct err *e)
{
	scoped(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const char *slash = strrchr(path, '/');
	char dir[sizeof(at.sun_path)];

	if (fd < 0)
		return err_sys(e, "socket");
	if (!slash || strlen(path) >= sizeof(at.sun_path))
		return err_set(e, ERR_INPUT, "%s: too long for a socket's name", path);
	memcpy(at.sun_path, path, strlen(path));
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';
	if (slash != path && fd_make_dirs(dir, 0755, e) < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || chmod(path, 0600) < 0 ||
	    listen(fd, WAITING) < 0)
		return err_sys(e, "%s", path);
	*out = fd_take(&fd);
	return 0;
}

/*
 * Never in a network that others use too: who connects must be the agent. Urgent bytes stay in their
 * place, so that the porter reads what it has looked at.
 */
static int listen_http(int *out, const struct inside *in, struct err *e)
{
	scoped(fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(in->spec->http),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1;

	if (!in->layers[LAYER_NET].obtained)
		return err_set(e, ERR_INPUT,
			       "HTTP for the agent takes a network of its own: leave out --without=net, "
			       "or --http and the profile's \"http\"");
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, WAITING) < 0)
		return err_sys(e, "127.0.0.1:%u", (unsigned)in->spec->http);
	*out = fd_take(&fd);
	return 0;
}

/* In the jail's own root, so that no path on the host leads to them; without one, in a folder of its own. */
int sockets_listen(struct inside *in, struct err *e)
{
	char room[INSIDE_PATH];
	size_t i;

	for (i = 0; i < JAIL_SOCKETS && in->spec->sockets[i]; i++)
		if (sockets_listen_at(&in->listeners[i], apart_name(in, in->spec->sockets[i], room), e) < 0)
			return -1;
	must(!in->spec->http || i < JAIL_SOCKETS);
	return in->spec->http ? listen_http(&in->listeners[i], in, e) : 0;
}
