/* The jail's own network where it is heard (reeve run --network): every way round who hears it. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "threat.h"

enum { WAIT_MS = 10000 };

static socklen_t address(struct sockaddr_storage *out, const char *host, int port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((unsigned short)port);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((unsigned short)port);
	return inet_pton(AF_INET6, host, &six->sin6_addr) == 1 ? sizeof(*six) : 0;
}

/* Whoever answers with as much as one byte is somebody outside: no rule allows anything here. */
static int dial(const char *host, int port)
{
	struct sockaddr_storage to;
	socklen_t size = address(&to, host, port);
	int fd = socket(to.ss_family, SOCK_STREAM, 0);
	struct pollfd in = { .fd = fd, .events = POLLIN };
	char byte;

	if (connect(fd, (struct sockaddr *)&to, size) < 0)
		return errno;
	if (poll(&in, 1, WAIT_MS) != 1)
		return BROKEN;
	return recv(fd, &byte, 1, 0) > 0 ? OUT : errno ? errno : ECONNRESET;
}

static int direct(const char *on)	{ return dial(on, 80); }
static int other_port(const char *on)	{ return dial(on, 22); }
static int listener_outside(const char *on) { return dial(on, around.port); }

static int datagram(const char *on, int port)
{
	struct sockaddr_storage to;
	socklen_t size = address(&to, on, port);
	int fd = socket(to.ss_family, SOCK_DGRAM, 0);
	struct pollfd in = { .fd = fd, .events = POLLIN };
	char byte;

	if (connect(fd, (struct sockaddr *)&to, size) < 0 || send(fd, "?", 1, 0) < 0)
		return errno;
	return poll(&in, 1, WAIT_MS) != 1 ? BROKEN : recv(fd, &byte, 1, 0) > 0 ? OUT : errno;
}

static int quic(const char *on)		{ return datagram(on, 443); }
static int ntp(const char *on)		{ return datagram(on, 123); }

static int fast_open(const char *on)
{
	struct sockaddr_storage to;
	socklen_t size = address(&to, on, 80);

	return told(sendto(socket(to.ss_family, SOCK_STREAM, 0), "?", 1, MSG_FASTOPEN, (struct sockaddr *)&to, size));
}

/* With all that could let it share the port of who listens. */
static int take(const char *on, int type, int port)
{
	static const int options[] = { SO_REUSEADDR, SO_REUSEPORT };
	const int yes = 1;
	struct sockaddr_storage at;
	socklen_t size = address(&at, on, port);
	int fd = socket(at.ss_family, type, 0);
	size_t i;

	for (i = 0; i < count_of(options); i++)
		if (setsockopt(fd, SOL_SOCKET, options[i], &yes, sizeof(yes)) < 0)
			return BROKEN;
	if (bind(fd, (struct sockaddr *)&at, size) < 0)
		return errno;
	return type == SOCK_STREAM && listen(fd, 8) < 0 ? errno : OUT;
}

static int take_proxy(const char *on)	{ return take(on, SOCK_STREAM, 7339); }
static int take_web(const char *on)	{ return take(on, SOCK_STREAM, 443); }
static int take_names(const char *on)	{ return take(on, SOCK_DGRAM, 53); }

/* A route, a rule, an address, or lo itself. */
static int change(unsigned short type, unsigned short flags, unsigned char family)
{
	struct {
		struct nlmsghdr head;
		struct rtmsg route;
		char room[64];
	} r = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)), .nlmsg_type = type,
			  .nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags) },
		.route = { .rtm_family = family, .rtm_table = RT_TABLE_LOCAL, .rtm_type = RTN_LOCAL, .rtm_scope = RT_SCOPE_HOST } };
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
	} a = { 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (send(fd, &r, r.head.nlmsg_len, 0) < 0 || recv(fd, &a, sizeof(a), 0) < 0)
		return errno;
	return a.error.error == 0 ? OUT : -a.error.error;
}

static int route_gone(const char *on)	{ (void)on; return change(RTM_DELROUTE, 0, AF_INET); }
static int route_gone6(const char *on)	{ (void)on; return change(RTM_DELROUTE, 0, AF_INET6); }
static int route_made(const char *on)	{ (void)on; return change(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, AF_INET); }
static int rule_made(const char *on)	{ (void)on; return change(RTM_NEWRULE, NLM_F_CREATE, AF_INET); }
static int address_gone(const char *on)	{ (void)on; return change(RTM_DELADDR, 0, AF_INET); }
static int link_made(const char *on)	{ (void)on; return change(RTM_NEWLINK, NLM_F_CREATE, AF_UNSPEC); }

static int lo_down(const char *on)
{
	struct ifreq lo = { .ifr_name = "lo" };

	(void)on;
	return told(ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &lo));
}

static int option(const char *on, int level, int name)
{
	const int yes = 1;

	(void)on;
	return told(setsockopt(socket(level == IPPROTO_IPV6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0), level, name, &yes, sizeof(yes)));
}

static int transparent(const char *on)	{ return option(on, IPPROTO_IP, IP_TRANSPARENT); }
static int transparent6(const char *on)	{ return option(on, IPPROTO_IPV6, IPV6_TRANSPARENT); }
static int repair(const char *on)	{ return option(on, IPPROTO_TCP, TCP_REPAIR); }
static int mark(const char *on)		{ return option(on, SOL_SOCKET, SO_MARK); }

static int raw(const char *on)		{ (void)on; return told(socket(AF_INET, SOCK_RAW, IPPROTO_RAW)); }
static int packets(const char *on)	{ (void)on; return told(socket(AF_PACKET, SOCK_RAW, 0)); }
static int ping(const char *on)		{ (void)on; return told(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)); }
static int sockets_of_all(const char *on) { (void)on; return told(socket(AF_NETLINK, SOCK_RAW, 4)); }
static int filters(const char *on)	{ (void)on; return told(socket(AF_NETLINK, SOCK_RAW, 12)); }

/* The listening sockets are outside: none can be found among what init, or anybody here, has open. */
static int of_init(const char *on)	{ return readlink(on, (char[64]){ 0 }, 64) < 0 ? errno : OUT; }

static int setting(const char *on)
{
	int fd = open(on, O_WRONLY);

	return fd < 0 ? errno : OUT;
}

static const struct attempt attempts[] = {
	{ "an address of somebody", direct, "203.0.113.7", ECONNRESET, 0, NULL, NULL },
	{ "of IPv6", direct, "2001:db8::7", ECONNRESET, 0, NULL, NULL },
	{ "of IPv4 in IPv6", direct, "::ffff:203.0.113.7", ECONNRESET, 0, NULL, NULL },
	{ "the clouds' metadata", direct, "169.254.169.254", ECONNRESET, 0, NULL, NULL },
	{ "the host's loopback", direct, "127.0.0.1", ECONNRESET, 0, NULL, NULL },
	{ "0.0.0.0", direct, "0.0.0.0", ECONNRESET, 0, NULL, NULL },
	{ "::", direct, "::", ECONNRESET, 0, NULL, NULL },
	{ "a listener outside, on the host's loopback", listener_outside, "127.0.0.1", ECONNREFUSED, 0, NULL, NULL },
	{ "a port that is not heard", other_port, "203.0.113.7", ECONNREFUSED, 0, NULL, NULL },
	{ "by IPv6", other_port, "2001:db8::7", ECONNREFUSED, 0, NULL, NULL },
	{ "QUIC", quic, "203.0.113.7", ECONNREFUSED, 0, NULL, NULL },
	{ "QUIC by IPv6", quic, "2001:db8::7", ECONNREFUSED, 0, NULL, NULL },
	{ "datagrams elsewhere", ntp, "203.0.113.7", ECONNREFUSED, 0, NULL, NULL },
	{ "a first word with the connection", fast_open, "203.0.113.7", EOPNOTSUPP, 0, "sendto", NULL },
	{ "the proxy's port, shared", take_proxy, "127.0.0.1", EADDRINUSE, 0, NULL, NULL },
	{ "of all addresses", take_proxy, "0.0.0.0", EADDRINUSE, 0, NULL, NULL },
	{ "of IPv6", take_proxy, "::", EADDRINUSE, 0, NULL, NULL },
	{ "a direct port, shared", take_web, "203.0.113.7", EACCES, EADDRINUSE, NULL, NULL },
	{ "the resolver's, shared", take_names, "127.0.0.1", EACCES, EADDRINUSE, NULL, NULL },
	{ "the route taken away", route_gone, "", EPERM, 0, NULL, NULL },
	{ "of IPv6", route_gone6, "", EPERM, 0, NULL, NULL },
	{ "another route", route_made, "", EPERM, 0, NULL, NULL },
	{ "a rule of routing", rule_made, "", EPERM, 0, NULL, NULL },
	{ "the address taken away", address_gone, "", EPERM, 0, NULL, NULL },
	{ "an interface", link_made, "", EPERM, 0, NULL, NULL },
	{ "lo let down", lo_down, "", EPERM, 0, NULL, NULL },
	{ "a transparent socket", transparent, "", EPERM, 0, NULL, NULL },
	{ "of IPv6", transparent6, "", EPERM, 0, NULL, NULL },
	{ "a connection out of nothing", repair, "", EPERM, 0, NULL, NULL },
	{ "a mark for routes", mark, "", EPERM, 0, NULL, NULL },
	{ "raw packets", raw, "", EAFNOSUPPORT, 0, "socket", NULL },
	{ "packets of the link", packets, "", EAFNOSUPPORT, 0, "socket", NULL },
	{ "ping", ping, "", EAFNOSUPPORT, 0, "socket", NULL },
	{ "ending others' sockets", sockets_of_all, "", EAFNOSUPPORT, 0, "socket", NULL },
	{ "filters of packets", filters, "", EAFNOSUPPORT, 0, "socket", NULL },
	{ "what init has open", of_init, "/proc/1/fd/3", EACCES, EPERM, NULL, NULL },
	{ "a setting of the network", setting, "/proc/sys/net/ipv4/ip_unprivileged_port_start", EROFS, EACCES, NULL, NULL },
	{ "what resolvers read", setting, "/etc/resolv.conf", EROFS, EACCES, NULL, NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}
