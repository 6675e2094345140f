/*
 * Two ends of a connection to ourselves. Others may share this network: the listener lives for one connection, and
 * what it accepts counts only if it comes from our own port.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "jail/reaching.h"

/* It takes microseconds; a firewall that drops what we send ourselves would let us wait for ever. */
static const uint64_t PAIR_NS = 250ull * 1000 * 1000;

static struct sockaddr_in self(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return at;
}

static bool await(int fd, short events, uint64_t until)
{
	struct pollfd way = { .fd = fd, .events = events };

	return poll(&way, 1, clock_left_ms(until)) > 0;
}

static int listen_once(struct sockaddr_in *at)
{
	const int on = 1;
	socklen_t size = sizeof(*at);
	scoped(fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*at = self();
	/* A port where an old connection still dies is as good as any. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)at, size) < 0 || listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)at, &size) < 0)
		return -1;
	return fd_take(&fd);
}

/* A program that made a socket of IPv6 gets one: what it asks of it later is answered as before. */
static int dial(const struct sockaddr_in *to, bool six, uint64_t until)
{
	struct sockaddr_in6 mapped = { .sin6_family = AF_INET6, .sin6_port = to->sin_port };
	socklen_t size = sizeof(int);
	int rc, why = 0;
	scoped(fd) int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xff;
	memcpy(mapped.sin6_addr.s6_addr + 12, &to->sin_addr, 4);
	if (fd < 0)
		return -1;
	rc = six ? connect(fd, (struct sockaddr *)&mapped, sizeof(mapped))
		 : connect(fd, (const struct sockaddr *)to, sizeof(*to));
	if (rc < 0 && (errno != EINPROGRESS || !await(fd, POLLOUT, until) ||
		       getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size) < 0 || why != 0))
		return -1;
	return fd_take(&fd);
}

int pair_dial(uint16_t port, bool six)
{
	struct sockaddr_in at = self();

	at.sin_port = htons(port);
	return dial(&at, six, clock_mono_ns() + PAIR_NS);
}

static uint16_t port_of(int fd)
{
	union address a = { 0 };
	socklen_t size = sizeof(a);

	if (getsockname(fd, &a.any, &size) < 0)
		return 0;
	return a.any.sa_family == AF_INET6 ? a.six.sin6_port : a.four.sin_port;
}

/* Whoever else came is turned away. */
static int accept_own(int listener, uint16_t port, uint64_t until)
{
	struct sockaddr_in from = { 0 };
	socklen_t size;
	int fd;

	while (port != 0 && await(listener, POLLIN, until)) {
		size = sizeof(from);
		fd = accept4(listener, (struct sockaddr *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0 && from.sin_port == port && from.sin_addr.s_addr == htonl(INADDR_LOOPBACK))
			return fd;
		fd_close(&fd);
	}
	return -1;
}

int pair_stream(int ends[2], bool six)
{
	const uint64_t until = clock_mono_ns() + PAIR_NS;
	const int on = 1;
	struct sockaddr_in at;
	scoped(fd) int listener = listen_once(&at), ours = -1, theirs = -1;

	if (listener < 0)
		return -errno;
	ours = dial(&at, six, until);
	if (ours < 0)
		return -ENETUNREACH;
	theirs = accept_own(listener, port_of(ours), until);
	if (theirs < 0 || setsockopt(theirs, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on)) < 0 ||
	    setsockopt(theirs, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		return -ENETUNREACH;
	ends[0] = fd_take(&ours);
	ends[1] = fd_take(&theirs);
	return 0;
}

int pair_local(int ends[2], int type)
{
	return socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0 ? -errno : 0;
}

/* shutdown(2) says that nothing is connected, and shuts it all the same: the last row of the test tries it. */
int pair_inert(int family, int flags)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = { .len = 1, .filter = &nothing };
	const int on = 1;
	scoped(fd) int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		return -errno;
	if ((shutdown(fd, SHUT_WR) < 0 && errno != ENOTCONN) ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) < 0)
		return -EACCES;
	return fd_take(&fd);
}
