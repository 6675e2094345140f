/*
 * Addresses of the internet. What is connected goes to the proxy, which asks the broker; what is bound is bound to
 * 127.0.0.1, and listens at once, so that listen(2) need never be let go on with a socket that nobody has looked at.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/reaching.h"

enum { FIRST_DATAGRAM = 16384, WAITING = 1024 };

static bool is_inet(const union address *a)
{
	return a->any.sa_family == AF_INET || a->any.sa_family == AF_INET6;
}

/* In one form: an IPv4 address in clothes of IPv6 is the address. */
static struct reach_ask ask_of(const union address *a)
{
	struct reach_ask what = { .family = 4, .port = ntohs(a->four.sin_port) };

	if (a->any.sa_family == AF_INET)
		memcpy(what.address, &a->four.sin_addr, 4);
	else if (IN6_IS_ADDR_V4MAPPED(&a->six.sin6_addr))
		memcpy(what.address, a->six.sin6_addr.s6_addr + 12, 4);
	else {
		what.family = 6;
		memcpy(what.address, &a->six.sin6_addr, 16);
	}
	return what;
}

/* 127.0.0.0/8 and ::1, and what connect(2) takes for them: 0.0.0.0 and ::. */
static bool is_self(const struct reach_ask *w)
{
	static const uint8_t zero[16], one[16] = { [15] = 1 };

	if (w->family == 4)
		return w->address[0] == 127 || memcmp(w->address, zero, 4) == 0;
	return memcmp(w->address, zero, 16) == 0 || memcmp(w->address, one, 16) == 0;
}

static bool hears(const struct inside *in, enum jail_ear kind, uint16_t port)
{
	size_t i;

	for (i = 0; i < in->spec->ear_count; i++)
		if (in->spec->ears[i].kind == kind && in->spec->ears[i].port == port)
			return true;
	return false;
}

/* As what it is asked for; 0: it is not to be had. */
static uint8_t kind_of(const struct inside *in, const struct target *t, const struct reach_ask *w)
{
	static const struct {
		bool stream, self;
		enum jail_ear ear;
		uint8_t kind;
	} ways[] = {
		{ true, true, EAR_PROXY, REACH_PROXY },	  { true, false, EAR_DNS_STREAM, REACH_DNS_STREAM },
		{ true, false, EAR_DIRECT, REACH_STREAM }, { false, false, EAR_DNS, REACH_DNS },
		{ false, false, EAR_UDP, REACH_DATAGRAM },
	};
	size_t i;

	for (i = 0; i < count_of(ways); i++)
		if (ways[i].stream == (t->kind == KIND_STREAM) && (!ways[i].self || is_self(w)) &&
		    hears(in, ways[i].ear, w->port))
			return ways[i].kind;
	return 0;
}

/* The program talks to itself: to a port that init bound for it. */
static int connect_own(struct question *q, const struct target *t, const struct own *own)
{
	scoped(fd) int fd = pair_dial(own->port, t->six);

	if (fd < 0)
		return -ECONNREFUSED;
	/* Asked again: what listens still has listened all the time. */
	if (!own_listens(q->in, own))
		return reach_refuse(q, EACCES);
	return target_put(q, t, fd_take(&fd), 0);
}

static int make_ends(int ends[2], const struct target *t)
{
	return t->kind == KIND_STREAM ? pair_stream(ends, t->six) : pair_local(ends, SOCK_SEQPACKET);
}

int inet_connect(struct question *q, const struct target *t, const union address *a)
{
	const struct own *own;
	struct reach_ask what;
	int ends[2], rc;

	if (!is_inet(a))
		return a->any.sa_family == AF_UNSPEC && t->kind != KIND_STREAM ? 0 : -EAFNOSUPPORT;
	what = ask_of(a);
	own = t->kind == KIND_STREAM && is_self(&what) ? own_port(q->in->reach, what.port) : NULL;
	if (own && own_listens(q->in, own))
		return connect_own(q, t, own);
	/* libc asks so which of its own addresses it would use: nothing is sent, and nothing is told. */
	if (t->kind != KIND_STREAM && what.port == 0)
		return -ENETUNREACH;
	what.kind = kind_of(q->in, t, &what);
	if (what.kind == 0)
		return reach_refuse(q, EACCES);
	rc = make_ends(ends, t);
	return rc < 0 ? rc : reach_ask_proxy(q, t, &what, ends, 0);
}

/* The first datagram waits in the pair until its other end is the proxy's. */
static int send_first(struct question *q, const struct target *t, const struct reach_ask *what)
{
	char bytes[FIRST_DATAGRAM];
	uint64_t size = q->ask.data.args[2];
	int ends[2], rc;

	if (size > sizeof(bytes))
		return -EMSGSIZE;
	rc = size ? path_copy(bytes, q, q->ask.data.args[1], (size_t)size) : 0;
	if (rc == 0)
		rc = make_ends(ends, t);
	if (rc != 0)
		return rc;
	if (send(ends[0], bytes, (size_t)size, MSG_NOSIGNAL) < 0) {
		rc = -errno;
		close(ends[0]);
		close(ends[1]);
		return rc;
	}
	return reach_ask_proxy(q, t, what, ends, (int)size);
}

/*
 * What sendto(2) with an address may go on with is held by what it is asked for: a stream does not look at the address,
 * a datagram socket sends nothing. Only a datagram's first words are worth an answer of ours.
 */
int inet_send(struct question *q, const struct target *t)
{
	struct reach_ask what;
	union address a;
	int rc;

	if (q->ask.data.args[3] & MSG_FASTOPEN)
		return reach_refuse(q, EOPNOTSUPP);
	if (t->kind != KIND_DATAGRAM)
		return NOTIFY_LET;
	rc = address_read(&a, q, q->ask.data.args[4], q->ask.data.args[5]);
	if (rc != 0)
		return rc;
	if (!is_inet(&a))
		return -EAFNOSUPPORT;
	what = ask_of(&a);
	what.kind = kind_of(q->in, t, &what);
	return what.kind == 0 ? reach_refuse(q, EACCES) : send_first(q, t, &what);
}

static bool is_named(const uint16_t *ports, uint16_t port)
{
	while (ports && *ports && *ports != port)
		ports++;
	return ports && *ports;
}

/* Nobody outside finds what no profile names: any address is 127.0.0.1. */
static void to_self(union address *a)
{
	const uint32_t self = htonl(INADDR_LOOPBACK);

	if (a->any.sa_family == AF_INET) {
		a->four.sin_addr.s_addr = self;
		return;
	}
	memset(&a->six.sin6_addr, 0, sizeof(a->six.sin6_addr));
	a->six.sin6_addr.s6_addr[10] = a->six.sin6_addr.s6_addr[11] = 0xff;
	memcpy(a->six.sin6_addr.s6_addr + 12, &self, sizeof(self));
}

static socklen_t size_of(const union address *a)
{
	return a->any.sa_family == AF_INET ? sizeof(a->four) : sizeof(a->six);
}

static int bind_stream(struct question *q, const struct target *t, union address a)
{
	const int on = 1;
	socklen_t size = size_of(&a);
	scoped(fd) int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 || bind(fd, &a.any, size) < 0 ||
	    listen(fd, WAITING) < 0 || getsockname(fd, &a.any, &size) < 0 || fstat(fd, &st) < 0)
		return -errno;
	own_remember(q->in->reach, &(struct own){ .socket = st.st_ino, .port = ntohs(a.four.sin_port) });
	return target_put(q, t, fd_take(&fd), 0);
}

int inet_bind(struct question *q, const struct target *t, const union address *a)
{
	const struct reach_ask what = ask_of(a);
	union address at = *a;

	if (!is_inet(a) || (a->any.sa_family == AF_INET6) != t->six)
		return -EAFNOSUPPORT;
	if (what.port == 0 ? !is_self(&what) : !is_named(q->in->spec->bind, what.port))
		return reach_refuse(q, EACCES);
	if (t->kind != KIND_STREAM)
		return 0; /* it neither sends nor receives: no name makes a difference */
	if (what.port == 0)
		to_self(&at);
	return bind_stream(q, t, at);
}

/* What was never bound gets a port now, as the kernel would give it one. */
int inet_listen(struct question *q, const struct target *t)
{
	union address any = { .four = { .sin_family = AF_INET } };

	if (t->kind != KIND_STREAM)
		return -EOPNOTSUPP;
	if (own_socket(q->in->reach, t->inode))
		return 0;
	if (t->six)
		any.six = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
	to_self(&any);
	return bind_stream(q, t, any);
}
