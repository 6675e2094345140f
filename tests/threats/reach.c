/*
 * Ways out of a jail that has no network of its own (a container's entrypoint): THREATS 3, 6, 7, 10 and 12. What
 * connects, binds or listens is stopped by init; meanwhile the address and the descriptor are changed.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "threat.h"

enum { TURNS = 2000, NUMBER = 99 };

static volatile struct sockaddr_in at = { .sin_family = AF_INET };
static volatile bool done;
static volatile int flips;

static struct sockaddr_in host(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)around.port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* As long on one as on the other, or nobody ever sees it. */
static void stay(void)
{
	volatile int turns = 200;

	while (turns > 0)
		turns--;
}

/* 127.0.0.1:80, which the policy refuses, and what listens outside. */
static void *flip_port(void *unused)
{
	for (unused = NULL; !done; flips++) {
		at.sin_port = htons((uint16_t)around.port);
		stay();
		at.sin_port = htons(80);
		stay();
	}
	return unused;
}

static void *flip_family(void *unused)
{
	for (unused = NULL; !done; flips++) {
		at.sin_family = AF_UNIX;
		stay();
		at.sin_family = AF_INET;
		stay();
	}
	return unused;
}

static void *flip_number(void *unused)
{
	int all[] = { socket(AF_INET, SOCK_STREAM, 0), socket(AF_UNIX, SOCK_STREAM, 0), socket(AF_NETLINK, SOCK_RAW, 0),
		      socket(AF_INET, SOCK_DGRAM, 0), open("/dev/null", O_RDWR) };
	size_t i;

	for (unused = NULL; !done; flips++)
		for (i = 0; i < count_of(all); i++)
			dup2(all[i], NUMBER);
	return unused;
}

static int reached(int fd)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.sin_family == AF_INET &&
	       peer.sin_port == htons((uint16_t)around.port);
}

static int race(void *(*flip)(void *), int number)
{
	pthread_t other;
	int i, fd, met = EACCES;

	at = host();
	if (pthread_create(&other, NULL, flip, NULL) != 0)
		return BROKEN;
	for (i = 0; (i < TURNS || flips < TURNS) && met == EACCES; i++) {
		fd = number ? number : socket(AF_INET, SOCK_STREAM, 0);
		connect(fd, (void *)(size_t)&at, sizeof(at));
		(void)!sendto(fd, "x", 1, MSG_NOSIGNAL, (void *)(size_t)&at, sizeof(at));
		bind(fd, (void *)(size_t)&at, sizeof(at));
		if (reached(fd))
			met = OUT;
		if (!number)
			close(fd);
	}
	done = true;
	pthread_join(other, NULL);
	return met;
}

static int by_port(const char *on)	{ (void)on; return race(flip_port, 0); }
static int by_family(const char *on)	{ (void)on; return race(flip_family, 0); }
static int by_number(const char *on)	{ (void)on; return race(flip_number, NUMBER); }

static int plain(const char *on)
{
	struct sockaddr_in to = host();

	(void)on;
	return told(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof(to)));
}

static int hidden(const char *on)
{
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? BROKEN : plain(on);
}

static int fast(const char *on)
{
	struct sockaddr_in to = host();

	(void)on;
	return told(sendto(socket(AF_INET, SOCK_STREAM, 0), "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof(to)));
}

static int packet(const char *on)
{
	struct sockaddr_in to = host();
	struct iovec part = { .iov_base = "x", .iov_len = 1 };
	struct mmsghdr m = { .msg_hdr = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &part, .msg_iovlen = 1 } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		return BROKEN;
	if (strcmp(on, "sendto") == 0)
		return told(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	if (strcmp(on, "connect") == 0)
		return told(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	return told(strcmp(on, "sendmsg") == 0 ? sendmsg(fd, &m.msg_hdr, 0) : sendmmsg(fd, &m, 1, 0));
}

static int listens(const char *on)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(on)) };
	socklen_t size = sizeof(own);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if ((own.sin_port && bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0) || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&own, &size) < 0)
		return errno;
	return own.sin_addr.s_addr == htonl(INADDR_LOOPBACK) ? WORKED : OUT;
}

static socklen_t name_of(struct sockaddr_un *out, const char *on)
{
	size_t size;

	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strstr(on, "%d"))
		snprintf(out->sun_path, sizeof(out->sun_path), on, around.pid);
	else
		snprintf(out->sun_path, sizeof(out->sun_path), on, around.runtime);
	size = strlen(out->sun_path);
	if (out->sun_path[0] == '@')
		out->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

static int local(const char *on)
{
	struct sockaddr_un to;
	socklen_t size = name_of(&to, on);

	return told(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, size));
}

static int local_packets(const char *on)
{
	struct sockaddr_un to;
	socklen_t size = name_of(&to, on);
	struct iovec part = { .iov_base = "x", .iov_len = 1 };
	struct msghdr m = { .msg_name = &to, .msg_namelen = size, .msg_iov = &part, .msg_iovlen = 1 };

	return told(sendmsg(socket(AF_UNIX, SOCK_DGRAM, 0), &m, MSG_NOSIGNAL));
}

static int bound(const char *on)
{
	struct sockaddr_un to;
	socklen_t size = name_of(&to, on);

	return told(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, size));
}

static int pair(const char *on)
{
	int ends[2];

	(void)on;
	return told(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
}

static int multipath(const char *on)
{
	(void)on;
	return told(socket(AF_INET, SOCK_STREAM, 262));
}

static const struct attempt attempts[] = {
	{ "a port of the host", plain, NULL, EACCES, 0, "connect", NULL },
	{ "by who hides its memory", hidden, NULL, EPERM, 0, "connect", NULL },
	{ "with the port flipped", by_port, NULL, EACCES, 0, "connect EACCES", NULL },
	{ "with the family flipped", by_family, NULL, EACCES, 0, "bind EACCES", NULL },
	{ "with the descriptor flipped", by_number, NULL, EACCES, 0, "connect EACCES", NULL },
	{ "with its first bytes", fast, NULL, EOPNOTSUPP, 0, "sendto", NULL },
	{ "by another protocol", multipath, NULL, EAFNOSUPPORT, 0, "socket", NULL },
	{ "a datagram to the host", packet, "sendto", EACCES, 0, "sendto", NULL },
	{ "connected", packet, "connect", EACCES, 0, "connect", NULL },
	{ "by a message", packet, "sendmsg", EPIPE, 0, NULL, NULL },
	{ "by messages", packet, "sendmmsg", EPIPE, 0, NULL, NULL },
	{ "a port for others to connect to", listens, "4444", EACCES, 0, "bind", NULL },
	{ "one that was never named is one's own", listens, "0", WORKED, 0, NULL, NULL },
	{ "a socket of the host in /tmp", local, "/tmp/reeve-threat-%d", EACCES, 0, "connect", NULL },
	{ "in its runtime folder", local, "%s/reeve-threat", EACCES, 0, "connect", NULL },
	{ "through a link of the kernel's", local, "/proc/self/root/tmp/reeve-threat-%d", ELOOP, 0, NULL, NULL },
	{ "without a file", local, "@reeve-threat-%d", EACCES, 0, "connect", NULL },
	{ "a datagram to one", local_packets, "/tmp/reeve-threat-%d", EPIPE, 0, NULL, NULL },
	{ "a name in /tmp", bound, "/tmp/reeve-threat-mine-%d", EACCES, 0, "bind", NULL },
	{ "a name without a file", bound, "@reeve-threat-mine-%d", EACCES, 0, "bind", NULL },
	{ "a pair that sends to any name", pair, NULL, EAFNOSUPPORT, 0, "socketpair", NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}
