/* A network of one's own in which every address is local: what connects to where, and who may listen. */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "platform.h"

enum { SOON_MS = 5000 };

struct ask {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr oif;
	int lo;
	struct rtattr source;
	struct in_addr self;
};

static int told(const struct ask *r)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
	} a = { 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (send(fd, r, r->head.nlmsg_len, 0) < 0 || recv(fd, &a, sizeof(a), 0) < 0)
		return errno;
	return -a.error.error;
}

/* As jail/routes.c does it. */
static int all_local(unsigned char family)
{
	struct ask r = {
		.head = { .nlmsg_len = sizeof(r), .nlmsg_type = RTM_NEWROUTE, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE },
		.route = { .rtm_family = family, .rtm_table = RT_TABLE_LOCAL, .rtm_protocol = RTPROT_STATIC,
			   .rtm_scope = RT_SCOPE_HOST, .rtm_type = RTN_LOCAL },
		.oif = { sizeof(struct rtattr) + sizeof(int), RTA_OIF },
		.lo = (int)if_nametoindex("lo"),
		.source = { sizeof(struct rtattr) + sizeof(struct in_addr), RTA_PREFSRC },
		.self = { htonl(INADDR_LOOPBACK) },
	};

	if (family == AF_INET6)
		r.head.nlmsg_len -= sizeof(r.source) + sizeof(r.self);
	return told(&r);
}

static bool enter(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	return enter_user_space(CLONE_NEWNET) && ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &lo) == 0;
}

static bool enter_all_local(void)
{
	return enter() && all_local(AF_INET) == 0 && all_local(AF_INET6) == 0;
}

static struct sockaddr_in6 place(const char *host, int port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port) };

	inet_pton(AF_INET6, host, &at.sin6_addr);
	return at;
}

/* Of both families, at every address; `reuse`: an option of its own, or 0. */
static int everywhere(int type, int port, int reuse)
{
	const struct sockaddr_in6 all = place("::", port);
	const int yes = 1, no = 0;
	int fd = socket(AF_INET6, type | SOCK_NONBLOCK, 0);

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (reuse)
		setsockopt(fd, SOL_SOCKET, reuse, &yes, sizeof(yes));
	if (bind(fd, (const struct sockaddr *)&all, sizeof(all)) < 0 || (type == SOCK_STREAM && listen(fd, 8) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int dial(int type, const char *host, int port)
{
	const struct sockaddr_in6 to = place(host, port);
	int fd = socket(AF_INET6, type, 0);

	return connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ? -1 : fd;
}

static bool meant(int fd, const char *host)
{
	struct sockaddr_in6 at;
	const struct sockaddr_in6 expected = place(host, 0);
	socklen_t size = sizeof(at);

	return getsockname(fd, (struct sockaddr *)&at, &size) == 0 &&
	       memcmp(&at.sin6_addr, &expected.sin6_addr, sizeof(at.sin6_addr)) == 0;
}

static int any_address_is_accepted(void)
{
	static const char *const hosts[] = { "::ffff:203.0.113.7", "2001:db8::7", "::ffff:127.0.0.1", "::1",
					     "::ffff:169.254.169.254" };
	int listener, fd;
	size_t i;

	if (!enter_all_local())
		return LACKS;
	listener = everywhere(SOCK_STREAM, 8080, 0);
	expect(listener >= 0);
	for (i = 0; i < count_of(hosts); i++) {
		expect(dial(SOCK_STREAM, hosts[i], 8080) >= 0);
		fd = accept(listener, NULL, NULL);
		expect(fd >= 0 && meant(fd, hosts[i]));
	}
	return HOLDS;
}

static int source_is_loopback(void)
{
	int fd;

	if (!enter_all_local())
		return LACKS;
	expect(everywhere(SOCK_STREAM, 8080, 0) >= 0);
	fd = dial(SOCK_STREAM, "::ffff:203.0.113.7", 8080);
	expect(fd >= 0 && meant(fd, "::ffff:127.0.0.1"));
	fd = dial(SOCK_STREAM, "2001:db8::7", 8080);
	expect(fd >= 0 && meant(fd, "::1"));
	return HOLDS;
}

static int nobody_refuses_at_once(void)
{
	static const char *const hosts[] = { "::ffff:203.0.113.7", "2001:db8::7" };
	char byte;
	size_t i;
	int fd;

	if (!enter_all_local())
		return LACKS;
	for (i = 0; i < count_of(hosts); i++) {
		expect(dial(SOCK_STREAM, hosts[i], 81) < 0 && errno == ECONNREFUSED);
		fd = dial(SOCK_DGRAM, hosts[i], 443);
		expect(fd >= 0 && send(fd, "?", 1, 0) == 1);
		expect(poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, SOON_MS) == 1);
		expect(recv(fd, &byte, 1, 0) < 0 && errno == ECONNREFUSED);
	}
	return HOLDS;
}

static int unreachable_without(void)
{
	if (!enter())
		return LACKS;
	expect(dial(SOCK_STREAM, "::ffff:203.0.113.7", 80) < 0 && errno == ENETUNREACH);
	expect(dial(SOCK_STREAM, "2001:db8::7", 80) < 0 && (errno == ENETUNREACH || errno == EADDRNOTAVAIL));
	return HOLDS;
}

/* No interface has that address: who answers from it has to say so. */
static int answers_from_where_it_was_asked(void)
{
	const struct sockaddr_in6 here = place("2001:db8::53", 5353);
	const int yes = 1;
	int fd;

	if (!enter_all_local())
		return LACKS;
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	expect(setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &yes, sizeof(yes)) == 0);
	expect(bind(fd, (const struct sockaddr *)&here, sizeof(here)) == 0);
	return HOLDS;
}

/* One user's sockets share a port only if each of them says so. */
static int a_port_is_shared_by_both_or_not(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	size_t i;
	int fd;

	if (!enter_all_local())
		return LACKS;
	for (i = 0; i < count_of(types); i++) {
		fd = everywhere(types[i], 9000, 0);
		expect(fd >= 0);
		expect(everywhere(types[i], 9000, SO_REUSEPORT) < 0 && errno == EADDRINUSE);
		expect(everywhere(types[i], 9000, SO_REUSEADDR) < 0 && errno == EADDRINUSE);
		close(fd);
		fd = everywhere(types[i], 9000, SO_REUSEPORT);
		expect(fd >= 0 && everywhere(types[i], 9000, SO_REUSEPORT) >= 0);
	}
	return HOLDS;
}

static int routes_take_a_capability(void)
{
	if (!enter_all_local())
		return LACKS;
	expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	expect(unshare(CLONE_NEWUSER) == 0);	/* capable of everything, but not here */
	expect(all_local(AF_INET) == EPERM && all_local(AF_INET6) == EPERM);
	return HOLDS;
}

static const struct fact facts[] = {
	{ "where all addresses are local, one listener hears them all, and is told which", any_address_is_accepted, "user namespaces" },
	{ "who connects comes from the loopback address", source_is_loopback, "user namespaces" },
	{ "where nobody listens, TCP and UDP are refused at once", nobody_refuses_at_once, "user namespaces" },
	{ "without those routes nothing is reached", unreachable_without, "user namespaces" },
	{ "a socket may speak from an address that only a route makes local", answers_from_where_it_was_asked, "user namespaces" },
	{ "a port is shared only by sockets that all say so", a_port_is_shared_by_both_or_not, "user namespaces" },
	{ "who is capable in another user namespace changes no route", routes_take_a_capability, "user namespaces" },
};

int main(void)
{
	return facts_main(facts, count_of(facts));
}
