/*
 * Where a jail is heard when it reaches out. The sockets are made in the jail's own network before anything of the
 * agent runs, and passed out: nobody inside holds one. None of them lets another share its port (SO_REUSEADDR and
 * SO_REUSEPORT stay off), so nothing inside can stand in their place.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

/* Those that wait to be accepted; net.core.somaxconn may cut it. */
enum { WAITING_TO_BE_HEARD = 1024 };

struct option {
	int level, name;
};

/* Urgent bytes stay in their place, so that who reads has all there is; what is accepted inherits both. */
static const struct option of_streams[] = { { SOL_SOCKET, SO_OOBINLINE }, { IPPROTO_TCP, TCP_NODELAY } };
/* To which address a datagram was sent: the answer must come from there, though no interface has it. */
static const struct option of_datagrams[] = { { IPPROTO_IP, IP_PKTINFO } };
static const struct option of_six[] = { { IPPROTO_IPV6, IPV6_RECVPKTINFO }, { IPPROTO_IPV6, IPV6_FREEBIND } };

static const struct {
	int type;
	bool everywhere;	/* of every address, not of 127.0.0.1 alone */
} kinds[] = {
	[EAR_PROXY] = { SOCK_STREAM, false },	  [EAR_DIRECT] = { SOCK_STREAM, true },
	[EAR_DNS] = { SOCK_DGRAM, true },	  [EAR_DNS_STREAM] = { SOCK_STREAM, true },
	[EAR_UDP] = { SOCK_DGRAM, true },
};

static int switch_on(int fd, const struct option *options, size_t count)
{
	const int on = 1;
	size_t i;

	for (i = 0; i < count; i++)
		if (setsockopt(fd, options[i].level, options[i].name, &on, sizeof(on)) < 0)
			return -1;
	return 0;
}

/* One socket for both families; where there is no IPv6, IPv4 alone. */
static int socket_of(enum jail_ear kind, bool *six)
{
	const int type = kinds[kind].type | SOCK_CLOEXEC | SOCK_NONBLOCK;
	const int off = 0;
	int fd = kinds[kind].everywhere ? socket(AF_INET6, type, 0) : -1;

	*six = fd >= 0;
	if (fd < 0)
		return socket(AF_INET, type, 0);
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0 ||
	    (kinds[kind].type == SOCK_DGRAM && switch_on(fd, of_six, count_of(of_six)) < 0))
		fd_close(&fd);
	return fd;
}

static int bind_ear(int fd, const struct jail_hearing *h, bool six)
{
	const struct sockaddr_in6 all = { .sin6_family = AF_INET6, .sin6_port = htons(h->port) };
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(h->port) };

	at.sin_addr.s_addr = htonl(kinds[h->kind].everywhere ? INADDR_ANY : INADDR_LOOPBACK);
	if (six)
		return bind(fd, (const struct sockaddr *)&all, sizeof(all));
	return bind(fd, (const struct sockaddr *)&at, sizeof(at));
}

static int open_port(int *out, const struct jail_hearing *h, struct err *e)
{
	bool six, stream = kinds[h->kind].type == SOCK_STREAM;
	scoped(fd) int fd = socket_of(h->kind, &six);
	int rc = fd;

	if (rc >= 0)
		rc = stream ? switch_on(fd, of_streams, count_of(of_streams))
			    : switch_on(fd, of_datagrams, count_of(of_datagrams));
	if (rc < 0 || bind_ear(fd, h, six) < 0 || (stream && listen(fd, WAITING_TO_BE_HEARD) < 0))
		return err_sys(e, "port %u (%s)", (unsigned)h->port, stream ? "TCP" : "UDP");
	*out = fd_take(&fd);
	return 0;
}

static int open_ear(struct inside *in, size_t n, struct err *e)
{
	const struct jail_hearing *h = &in->spec->ears[n];
	char room[INSIDE_PATH];

	if (h->kind == EAR_UNIX && !in->layers[LAYER_MOUNT].obtained)
		return err_set(e, ERR_INPUT, "%s: the host's own socket is there without the layer mount: leave out "
			       "--without=mount, or the profile's \"unix\"", h->path);
	if (h->kind == EAR_UNIX)
		return sockets_listen_at(&in->ears[n], apart_name(in, h->path, room), e);
	must((size_t)h->kind < count_of(kinds));
	return open_port(&in->ears[n], h, e);
}

int ears_open(struct inside *in, struct err *e)
{
	size_t i;

	if (in->spec->ear_count == 0)
		return 0;
	must(in->spec->ear_count <= JAIL_EARS);
	if (!in->layers[LAYER_NET].obtained)
		return 0; /* reach.c's: one channel for all of them */
	if (routes_all_local(e) < 0)
		return -1;
	for (i = 0; i < in->spec->ear_count; i++)
		if (open_ear(in, i, e) < 0)
			return -1;
	return 0;
}
