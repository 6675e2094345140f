/* Sending without ever connecting, and to a listener of the host: THREATS 10, 12, 14. That nothing arrives is
 * seen outside: outside.c. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "threat.h"

/* "A.B.C.D PORT" or "ADDR6 PORT"; port 0: the listener's outside. */
static socklen_t address(struct sockaddr_storage *out, const char *on)
{
	char host[64];
	int port = 0;
	struct sockaddr_in *v4 = (void *)out;
	struct sockaddr_in6 *v6 = (void *)out;

	memset(out, 0, sizeof(*out));
	sscanf(on, "%63s %d", host, &port);
	port = port ? port : around.port;
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return sizeof(*v4);
	}
	inet_pton(AF_INET6, host, &v6->sin6_addr);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	return sizeof(*v6);
}

static int streams(const char *on)
{
	struct sockaddr_storage at;
	socklen_t size = address(&at, on);
	int fd = socket(at.ss_family, SOCK_STREAM, 0);

	return fd < 0 ? BROKEN : told(connect(fd, (struct sockaddr *)&at, size)) == WORKED ? OUT : errno;
}

static int fast_open(const char *on)
{
	struct sockaddr_storage at;
	socklen_t size = address(&at, on);
	int fd = socket(at.ss_family, SOCK_STREAM, 0);

	return told(sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&at, size));
}

static int fast_open_by_message(const char *on)
{
	struct sockaddr_storage at;
	struct iovec part = { "x", 1 };
	struct msghdr m = { .msg_name = &at, .msg_namelen = address(&at, on), .msg_iov = &part, .msg_iovlen = 1 };

	return told(sendmsg(socket(at.ss_family, SOCK_STREAM, 0), &m, MSG_FASTOPEN | MSG_NOSIGNAL));
}

static int fast_open_by_messages(const char *on)
{
	struct sockaddr_storage at;
	struct iovec part = { "x", 1 };
	struct msghdr m = { .msg_name = &at, .msg_namelen = address(&at, on), .msg_iov = &part, .msg_iovlen = 1 };
	struct mmsghdr mm = { .msg_hdr = m };

	return told(sendmmsg(socket(at.ss_family, SOCK_STREAM, 0), &mm, 1, MSG_FASTOPEN | MSG_NOSIGNAL));
}

static int sends_to(const char *on)
{
	struct sockaddr_storage at;
	socklen_t size = address(&at, on);
	int fd = socket(at.ss_family, SOCK_DGRAM, 0);

	return told(sendto(fd, "x", 1, 0, (struct sockaddr *)&at, size));
}

static int sends_message(const char *on)
{
	struct sockaddr_storage at;
	struct iovec part = { "x", 1 };
	struct msghdr m = { .msg_name = &at, .msg_namelen = address(&at, on), .msg_iov = &part, .msg_iovlen = 1 };
	struct mmsghdr mm = { .msg_hdr = m };
	int fd = socket(at.ss_family, SOCK_DGRAM, 0);

	if (sendmsg(fd, &m, 0) >= 0 || sendmmsg(fd, &mm, 1, 0) >= 0)
		return WORKED;
	return errno;
}

static int connected(const char *on)
{
	struct sockaddr_storage at;
	socklen_t size = address(&at, on);
	int fd = socket(at.ss_family, SOCK_DGRAM, 0);

	return told(connect(fd, (struct sockaddr *)&at, size));
}

/* On our own loopback nobody listens: the packet is sent, and comes to nothing. */
static int asks_resolver(const char *on)
{
	static const unsigned char query[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1";
	struct sockaddr_storage at;
	socklen_t size = address(&at, on);
	char answer[64];
	int fd = socket(at.ss_family, SOCK_DGRAM, 0);

	if (connect(fd, (struct sockaddr *)&at, size) < 0 || send(fd, query, sizeof(query), 0) < 0)
		return errno;
	return recv(fd, answer, sizeof(answer), MSG_DONTWAIT) > 0 ? OUT : errno;
}

static int spliced(const char *on)
{
	struct sockaddr_storage at;
	socklen_t size = address(&at, on);
	int fd = socket(at.ss_family, SOCK_STREAM, 0), pipes[2];

	if (pipe(pipes) < 0 || write(pipes[1], "x", 1) != 1)
		return BROKEN;
	if (connect(fd, (struct sockaddr *)&at, size) == 0)
		return OUT;
	return told(splice(pipes[0], NULL, fd, NULL, 1, 0));
}

static int to_device(const char *on)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return told(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, on, (socklen_t)strlen(on) + 1));
}

static const struct attempt attempts[] = {
	{ "the listener outside", streams, "127.0.0.1 0", ECONNREFUSED, 0, NULL, NULL },
	{ "it by 0.0.0.0", streams, "0.0.0.0 0", ECONNREFUSED, 0, NULL, NULL },
	{ "it by another loopback address", streams, "127.1.2.3 0", ECONNREFUSED, 0, NULL, NULL },
	{ "it by [::1]", streams, "::1 0", ECONNREFUSED, EADDRNOTAVAIL, NULL, NULL },
	{ "it by [::]", streams, ":: 0", ECONNREFUSED, EADDRNOTAVAIL, NULL, NULL },
	{ "it by [::ffff:127.0.0.1]", streams, "::ffff:127.0.0.1 0", ECONNREFUSED, 0, NULL, NULL },
	{ "it by TCP fast open", fast_open, "127.0.0.1 0", EOPNOTSUPP, 0, "sendto", NULL },
	{ "it by fast open of sendmsg", fast_open_by_message, "127.0.0.1 0", EOPNOTSUPP, 0, "sendmsg", NULL },
	{ "it by fast open of sendmmsg", fast_open_by_messages, "127.0.0.1 0", EOPNOTSUPP, 0, "sendmmsg", NULL },
	{ "it by datagram", sends_to, "127.0.0.1 0", WORKED, 0, NULL, NULL },
	{ "a host", streams, "192.0.2.1 80", ENETUNREACH, 0, NULL, NULL },
	{ "a host by IPv6", streams, "2001:db8::1 80", ENETUNREACH, EADDRNOTAVAIL, NULL, NULL },
	{ "the host's gateway", streams, "10.0.2.2 80", ENETUNREACH, 0, NULL, NULL },
	{ "docker's gateway", streams, "172.17.0.1 2375", ENETUNREACH, 0, NULL, NULL },
	{ "a cloud's metadata", streams, "169.254.169.254 80", ENETUNREACH, 0, NULL, NULL },
	{ "DNS over TCP", streams, "9.9.9.9 53", ENETUNREACH, 0, NULL, NULL },
	{ "DNS over TLS", streams, "9.9.9.9 853", ENETUNREACH, 0, NULL, NULL },
	{ "fast open to a host", fast_open, "192.0.2.1 80", EOPNOTSUPP, 0, "sendto", NULL },
	{ "sendto", sends_to, "192.0.2.1 53", ENETUNREACH, 0, NULL, NULL },
	{ "sendto, broadcast", sends_to, "255.255.255.255 67", ENETUNREACH, EACCES, NULL, NULL },
	{ "sendto, multicast", sends_to, "224.0.0.251 5353", ENETUNREACH, 0, NULL, NULL },
	{ "sendmsg and sendmmsg", sends_message, "192.0.2.1 53", ENETUNREACH, 0, NULL, NULL },
	{ "a connected datagram socket", connected, "192.0.2.1 53", ENETUNREACH, 0, NULL, NULL },
	{ "the local resolver", asks_resolver, "127.0.0.53 53", ECONNREFUSED, 0, NULL, NULL },
	{ "splice into a socket", spliced, "192.0.2.1 80", EPIPE, ENOTCONN, NULL, NULL },
	{ "a device by name", to_device, "eth0", ENODEV, EPERM, NULL, NULL },
};

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	return threat_main(attempts, count_of(attempts), argc, argv);
}
