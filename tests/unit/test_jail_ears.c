/*
 * Where a jail is heard when it reaches out. This program is its own prisoner, and the launcher that hears it: each
 * row is executed in a fresh jail as "test ROW", and is answered, on whichever ear it came in by, with the ear's
 * number and the address that was meant. Its exit status is the errno it met, 0 for success.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "jail_stage.h"

static char etc[] = "/tmp/reeve-etc-XXXXXX";	/* the host's, as the jail is given it */

enum { ANSWER_MS = 5000, SAID = 128 };

static const struct jail_hearing ears[] = {
	{ EAR_PROXY, 7339, NULL }, { EAR_DIRECT, 80, NULL },	   { EAR_DIRECT, 8443, NULL },
	{ EAR_DNS, 53, NULL },	   { EAR_DNS_STREAM, 53, NULL },   { EAR_UDP, 5000, NULL },
	{ EAR_UNIX, 0, "/run/host/agent.sock" },
};

/* --- inside --- */

static int hears(int fd, const char *expected)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	char said[SAID] = "";

	if (poll(&in, 1, ANSWER_MS) != 1)
		return ETIMEDOUT;
	if (recv(fd, said, sizeof(said) - 1, 0) < 0)
		return errno;
	if (strcmp(said, expected) == 0)
		return 0;
	fprintf(stderr, "# heard \"%s\", not \"%s\"\n", said, expected);
	return OTHERWISE;
}

static int stream(const char *host, int port, const char *expected)
{
	struct sockaddr_storage to;
	socklen_t size = address(&to, host, port);
	scoped(fd) int fd = socket(to.ss_family, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&to, size) < 0 ? errno : hears(fd, expected);
}

/* Connected, so that an answer from elsewhere is not heard. */
static int datagram(const char *host, int port, const char *expected)
{
	struct sockaddr_storage to;
	socklen_t size = address(&to, host, port);
	scoped(fd) int fd = socket(to.ss_family, SOCK_DGRAM, 0);

	if (connect(fd, (struct sockaddr *)&to, size) < 0 || send(fd, "?", 1, 0) < 0)
		return errno;
	return hears(fd, expected);
}

static int proxy(void)		{ return stream("127.0.0.1", 7339, "0 127.0.0.1 7339"); }
static int proxy_elsewhere(void){ return stream("203.0.113.7", 7339, ""); }
static int direct(void)		{ return stream("203.0.113.7", 80, "1 ::ffff:203.0.113.7 80"); }
static int direct_named(void)	{ return stream("198.18.0.1", 8443, "2 ::ffff:198.18.0.1 8443"); }
static int direct_six(void)	{ return stream("2001:db8::7", 80, "1 2001:db8::7 80"); }
static int direct_mapped(void)	{ return stream("::ffff:203.0.113.7", 80, "1 ::ffff:203.0.113.7 80"); }
static int direct_self(void)	{ return stream("127.0.0.1", 80, "1 ::ffff:127.0.0.1 80"); }
static int direct_nowhere(void)	{ return stream("0.0.0.0", 80, "1 ::ffff:127.0.0.1 80"); }
static int direct_nowhere6(void){ return stream("::", 80, "1 ::1 80"); }
static int metadata(void)	{ return stream("169.254.169.254", 80, "1 ::ffff:169.254.169.254 80"); }
static int other_port(void)	{ return stream("203.0.113.7", 81, ""); }
static int other_port_six(void)	{ return stream("2001:db8::7", 81, ""); }
static int dns(void)		{ return datagram("192.0.2.53", 53, "3 ::ffff:192.0.2.53 53"); }
static int dns_self(void)	{ return datagram("127.0.0.1", 53, "3 ::ffff:127.0.0.1 53"); }
static int dns_six(void)	{ return datagram("2001:db8::53", 53, "3 2001:db8::53 53"); }
static int dns_stream(void)	{ return stream("8.8.8.8", 53, "4 ::ffff:8.8.8.8 53"); }
static int udp(void)		{ return datagram("203.0.113.9", 5000, "5 ::ffff:203.0.113.9 5000"); }
static int quic(void)		{ return datagram("203.0.113.9", 443, ""); }
static int quic_six(void)	{ return datagram("2001:db8::9", 443, ""); }

static int host_socket(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/run/host/agent.sock" };
	scoped(fd) int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? errno : hears(fd, "6");
}

static int fast_open(void)
{
	struct sockaddr_storage to;
	socklen_t size = address(&to, "203.0.113.7", 80);
	scoped(fd) int fd = socket(AF_INET, SOCK_STREAM, 0);

	return sendto(fd, "?", 1, MSG_FASTOPEN, (struct sockaddr *)&to, size) < 0 ? errno : 0;
}

static int fast_open_by_option(void)
{
	const int on = 1;
	struct sockaddr_storage to;
	socklen_t size = address(&to, "203.0.113.7", 80);
	scoped(fd) int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, size) < 0 || send(fd, "?", 1, 0) < 0)
		return errno;
	return hears(fd, "1 ::ffff:203.0.113.7 80");
}

/* Who asks where it stands is told its loopback, and nothing connects to itself by chance. */
static int own_address(void)
{
	struct sockaddr_storage to;
	struct sockaddr_in me;
	socklen_t size = address(&to, "203.0.113.7", 80), own = sizeof(me);
	scoped(fd) int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&to, size) < 0 || getsockname(fd, (struct sockaddr *)&me, &own) < 0)
		return errno;
	return me.sin_addr.s_addr == htonl(INADDR_LOOPBACK) ? 0 : OTHERWISE;
}

/* Its own servers, on ports that are not heard, are its own. */
static int own_server(void)
{
	struct sockaddr_storage at;
	socklen_t size = address(&at, "127.0.0.1", 3000);
	scoped(fd) int server = socket(AF_INET, SOCK_STREAM, 0);
	scoped(fd) int client = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(server, (struct sockaddr *)&at, size) < 0 || listen(server, 1) < 0 ||
	    connect(client, (struct sockaddr *)&at, size) < 0)
		return errno;
	return accept(server, NULL, NULL) < 0 ? errno : 0;
}

/* By every means that could let it share the port, and at every name of the place. */
static int steal(int type, const char *host, int port)
{
	static const int options[] = { SO_REUSEADDR, SO_REUSEPORT };
	const int on = 1;
	struct sockaddr_storage at;
	socklen_t size = address(&at, host, port);
	scoped(fd) int fd = socket(at.ss_family, type, 0);
	size_t i;

	for (i = 0; i < count_of(options); i++)
		if (setsockopt(fd, SOL_SOCKET, options[i], &on, sizeof(on)) < 0)
			return OTHERWISE;
	(void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
	if (bind(fd, (struct sockaddr *)&at, size) < 0)
		return errno;
	return type == SOCK_STREAM && listen(fd, 1) < 0 ? errno : 0;
}

static int steal_each(int type, int port)
{
	static const char *const places[] = { "127.0.0.1", "0.0.0.0", "203.0.113.7", "::", "::1", "::ffff:127.0.0.1" };
	size_t i;
	int met;

	for (i = 0; i < count_of(places); i++) {
		met = steal(type, places[i], port);
		if (met != EADDRINUSE)
			return met ? met : OTHERWISE;
	}
	return EADDRINUSE;
}

static int steal_direct(void)	{ return steal_each(SOCK_STREAM, 8443); }
static int steal_udp(void)	{ return steal_each(SOCK_DGRAM, 5000); }
static int steal_proxy(void)	{ return steal(SOCK_STREAM, "127.0.0.1", 7339); }
static int steal_proxy_all(void){ return steal(SOCK_STREAM, "0.0.0.0", 7339); }
static int steal_dns(void)	{ return steal(SOCK_DGRAM, "127.0.0.1", 53); }

/* What the kernel answers to a message about lo, its addresses or its routes. */
static int netlink(unsigned short type, unsigned char family)
{
	struct {
		struct nlmsghdr head;
		union {
			struct rtmsg route;
			struct ifaddrmsg address;
			struct ifinfomsg link;
		} about;
		struct rtattr oif;
		int index;
	} r = { .head = { .nlmsg_len = sizeof(r), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK } };
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
	} a = { 0 };
	scoped(fd) int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	r.head.nlmsg_len = NLMSG_LENGTH(sizeof(r.about.route));
	r.about.route = (struct rtmsg){ .rtm_family = family, .rtm_table = RT_TABLE_LOCAL, .rtm_type = RTN_LOCAL,
					.rtm_scope = RT_SCOPE_HOST };
	if (type == RTM_NEWLINK)
		r.about.link = (struct ifinfomsg){ .ifi_index = 1, .ifi_change = IFF_UP };
	if (send(fd, &r, r.head.nlmsg_len, 0) < 0 || recv(fd, &a, sizeof(a), 0) < 0)
		return errno;
	return -a.error.error;
}

static int route_gone(void)	{ return netlink(RTM_DELROUTE, AF_INET); }
static int route_gone_six(void)	{ return netlink(RTM_DELROUTE, AF_INET6); }
static int route_new(void)	{ return netlink(RTM_NEWROUTE, AF_INET); }
static int rule_new(void)	{ return netlink(RTM_NEWRULE, AF_INET); }
static int address_gone(void)	{ return netlink(RTM_DELADDR, AF_INET); }
static int lo_down(void)	{ return netlink(RTM_NEWLINK, AF_UNSPEC); }

static int lo_flags(void)
{
	struct ifreq lo = { .ifr_name = "lo" };
	scoped(fd) int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return ioctl(fd, SIOCSIFFLAGS, &lo) < 0 ? errno : 0;
}

static int transparent(void)
{
	const int on = 1;
	scoped(fd) int fd = socket(AF_INET, SOCK_STREAM, 0);

	return setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on)) < 0 ? errno : 0;
}

static int raw(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_UDP) < 0 ? errno : 0;
}

/* Over the host's own file, where the host's link leads, and nowhere if there is neither. */
static int read_as(const char *path, const char *expected)
{
	char text[64] = "";
	scoped(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return errno;
	if (open(path, O_WRONLY | O_CLOEXEC) >= 0 || unlink(path) == 0)
		return OTHERWISE;
	return strcmp(text, expected) == 0 ? 0 : OTHERWISE;
}

static int text_over(void)	{ return read_as("/etc/hosts", "ours"); }
static int text_by_link(void)	{ return read_as("/etc/resolv.conf", "ours too"); }
static int text_nowhere(void)	{ return read_as("/etc/none", ""); }

static const struct {
	const char *what;
	int (*does)(void);
	int meets;
} rows[] = {
	{ "the proxy's port is heard",			proxy,			0 },
	{ "the proxy's port is 127.0.0.1's alone",	proxy_elsewhere,	ECONNREFUSED },
	{ "a direct port, of any address",		direct,			0 },
	{ "another one, of an address that stands for a name", direct_named,	0 },
	{ "of IPv6",					direct_six,		0 },
	{ "of IPv4 in IPv6",				direct_mapped,		0 },
	{ "of its own loopback",			direct_self,		0 },
	{ "of 0.0.0.0",					direct_nowhere,		0 },
	{ "of ::",					direct_nowhere6,	0 },
	{ "of where clouds keep their metadata",	metadata,		0 },
	{ "with its first bytes at once",		fast_open_by_option,	0 },
	{ "which a call alone cannot do",		fast_open,		EOPNOTSUPP },
	{ "a port that is not heard is refused",	other_port,		ECONNREFUSED },
	{ "by IPv6 too",				other_port_six,		ECONNREFUSED },
	{ "a question of DNS, of any address",		dns,			0 },
	{ "of 127.0.0.1",				dns_self,		0 },
	{ "of IPv6",					dns_six,		0 },
	{ "by stream",					dns_stream,		0 },
	{ "datagrams of a named port",			udp,			0 },
	{ "QUIC is refused at once",			quic,			ECONNREFUSED },
	{ "by IPv6 too",				quic_six,		ECONNREFUSED },
	{ "a socket of the host, by its name",		host_socket,		0 },
	{ "its own address is its loopback",		own_address,		0 },
	{ "its own server works",			own_server,		0 },
	{ "a direct port cannot be taken over",		steal_direct,		EADDRINUSE },
	{ "nor one for datagrams",			steal_udp,		EADDRINUSE },
	{ "nor the proxy's",				steal_proxy,		EADDRINUSE },
	{ "nor the proxy's, of all addresses",		steal_proxy_all,	EADDRINUSE },
	{ "nor that of DNS",				steal_dns,		EACCES },
	{ "routes cannot be removed",			route_gone,		EPERM },
	{ "of IPv6",					route_gone_six,		EPERM },
	{ "or made",					route_new,		EPERM },
	{ "nor rules about them",			rule_new,		EPERM },
	{ "addresses stay",				address_gone,		EPERM },
	{ "lo stays up",				lo_down,		EPERM },
	{ "by ioctl too",				lo_flags,		EPERM },
	{ "no transparent sockets",			transparent,		EPERM },
	{ "no raw ones",				raw,			EAFNOSUPPORT },
	{ "a text of ours over the host's file",	text_over,		0 },
	{ "where the host's link leads",		text_by_link,		0 },
	{ "where the host has neither there is none",	text_nowhere,		ENOENT },
};

/* --- the launcher, who hears --- */

static size_t describe(char out[SAID], size_t n, const struct sockaddr_storage *a)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a;
	char text[INET6_ADDRSTRLEN] = "";
	int size;

	if (a->ss_family == AF_UNIX)
		return (size_t)snprintf(out, SAID, "%zu", n);
	inet_ntop(a->ss_family, a->ss_family == AF_INET ? (const void *)&four->sin_addr : &six->sin6_addr, text,
		  sizeof(text));
	size = snprintf(out, SAID, "%zu %s %u", n, text, (unsigned)ntohs(six->sin6_port));
	return (size_t)size;
}

static void answer_stream(int ear, size_t n)
{
	scoped(fd) int fd = accept(ear, NULL, NULL);
	struct sockaddr_storage at;
	socklen_t size = sizeof(at);
	char said[SAID];

	if (fd >= 0 && getsockname(fd, (struct sockaddr *)&at, &size) == 0)
		(void)!send(fd, said, describe(said, n, &at), MSG_NOSIGNAL);
}

/* From the address it was sent to: as it came, so it goes back. */
static void answer_datagram(int ear, size_t n)
{
	struct sockaddr_storage from, at = { .ss_family = AF_INET6 };
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&at;
	union { struct cmsghdr head; char room[256]; } with = { 0 }, back = { 0 };
	char said[SAID];
	struct iovec part = { .iov_base = said, .iov_len = sizeof(said) };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1,
			    .msg_control = &with, .msg_controllen = sizeof(with) };
	struct cmsghdr *c;

	if (recvmsg(ear, &m, 0) < 0)
		return;
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			six->sin6_addr = ((struct in6_pktinfo *)(void *)CMSG_DATA(c))->ipi6_addr;
			memcpy(&back, c, c->cmsg_len);
			((struct in6_pktinfo *)(void *)CMSG_DATA(&back.head))->ipi6_ifindex = 0;
			m.msg_controllen = CMSG_SPACE(sizeof(struct in6_pktinfo));
		}
	six->sin6_port = htons(ears[n].port);
	m.msg_control = &back;
	part.iov_len = describe(said, n, &at);
	(void)!sendmsg(ear, &m, 0);
}

/* Until the jail has ended. */
static void listen_to(struct jail *j)
{
	struct pollfd ways[count_of(ears) + 1];
	size_t i;

	for (i = 0; i < count_of(ears); i++)
		ways[i] = (struct pollfd){ .fd = j->ears[i], .events = POLLIN };
	ways[i] = (struct pollfd){ .fd = j->pidfd, .events = POLLIN };
	for (;;) {
		if (poll(ways, count_of(ways), ANSWER_MS) <= 0 || ways[count_of(ears)].revents)
			return;
		for (i = 0; i < count_of(ears); i++)
			if (ways[i].revents && (ears[i].kind == EAR_DNS || ears[i].kind == EAR_UDP))
				answer_datagram(j->ears[i], i);
			else if (ways[i].revents)
				answer_stream(j->ears[i], i);
	}
}

static int run_jail(const char *self, const char *row, size_t ear_count)
{
	const struct jail_mount m[] = {
		{ .kind = JAIL_PROC, .target = "/proc" },
		{ .kind = JAIL_DEV, .target = "/dev" },
		{ .kind = JAIL_TMPFS, .target = "/tmp" },
		{ .kind = JAIL_READ, .source = "/usr", .target = "/usr" },
		{ .kind = JAIL_LINK, .source = "usr/lib", .target = "/lib" },
		{ .kind = JAIL_LINK, .source = "usr/lib64", .target = "/lib64" },
		{ .kind = JAIL_READ, .source = self, .target = "/run/reeve/bin/test" },
		{ .kind = JAIL_READ, .source = etc, .target = "/etc" },
		{ .kind = JAIL_TEXT, .text = "ours", .target = "/etc/hosts" },
		{ .kind = JAIL_TEXT, .text = "ours too", .target = "/etc/resolv.conf" },
		{ .kind = JAIL_TEXT, .text = "ours", .target = "/etc/none", .maybe = true },
	};
	const char *argv[] = { "test", row, NULL };
	const char *env[] = { "PATH=/run/reeve/bin:/usr/bin", NULL };
	struct jail_spec spec = { .name = "test", .mounts = m, .mount_count = count_of(m), .argv = argv, .env = env,
				  .sockets = { "/run/reeve/all.sock" }, .ears = ears, .ear_count = ear_count,
				  .cwd = "/tmp", .stdio = { -1, 1, 2 } };
	struct err e = { .kind = ERR_NONE };
	struct jail j = JAIL_NONE;
	int status = NO_JAIL;

	if (jail_start(&j, &spec, &e) < 0 || jail_go(&j, &e) < 0) {
		fprintf(stderr, "# %s\n", e.text);
		return NO_JAIL;
	}
	if (!j.layers[LAYER_NET].tested || j.listeners[0] < 0 || j.listeners[1] >= 0 ||
	    (ear_count < JAIL_EARS && j.ears[ear_count] >= 0))
		return OTHERWISE;
	if (ear_count > 0)
		listen_to(&j);
	while (!jail_ended(&j, &status))
		poll(&(struct pollfd){ .fd = j.pidfd, .events = POLLIN }, 1, ANSWER_MS);
	jail_end(&j);
	return status;
}

static int run_as(uid_t uid, const char *self, size_t row, size_t ear_count)
{
	pid_t child = fork_as(uid);
	char number[16];

	if (child == 0) {
		snprintf(number, sizeof(number), "%zu", row);
		_exit(run_jail(self, number, ear_count));
	}
	return status_of(child);
}

static size_t row_of(int (*does)(void))
{
	size_t i = 0;

	while (rows[i].does != does)
		i++;
	return i;
}

static void try_rows(uid_t uid)
{
	char self[PATH_MAX] = { 0 };
	int met, wrong = 0;
	size_t i;

	need_namespaces(uid);
	copy_self(self);
	for (i = 0; i < count_of(rows); i++) {
		met = run_as(uid, self, i, count_of(ears));
		if (met != rows[i].meets)
			print_message("# %s: %d, not %d\n", rows[i].what, met, rows[i].meets);
		wrong += met != rows[i].meets;
	}
	/* Nobody listens: all is as if there were no such thing. */
	wrong += run_as(uid, self, row_of(direct), 0) != ENETUNREACH;
	wrong += run_as(uid, self, row_of(direct_six), 0) != ENETUNREACH;
	wrong += run_as(uid, self, row_of(dns_self), 0) != ECONNREFUSED;
	unlink(self);
	assert_int_equal(wrong, 0);
}

/* An ear that cannot be made is no jail: nothing is quietly not heard. */
static void test_a_port_twice_is_an_error(void **state)
{
	const struct jail_hearing twice[] = { { EAR_DIRECT, 80, NULL }, { EAR_DNS_STREAM, 80, NULL } };
	const char *argv[] = { "/bin/true", NULL };
	struct jail_spec spec = { .name = "agent", .argv = argv, .ears = twice, .ear_count = count_of(twice),
				  .stdio = { -1, -1, -1 } };
	struct err e = { .kind = ERR_NONE };
	struct jail j = JAIL_NONE;

	(void)state;
	if (!have_namespaces(geteuid()))
		skip();
	assert_int_equal(jail_start(&j, &spec, &e), -1);
	assert_string_equal(e.text, "agent jail: ears: port 80 (TCP): Address already in use");
}

static int make_etc(void **state)
{
	char path[sizeof(etc) + 16];
	FILE *hosts;

	(void)state;
	if (!mkdtemp(etc) || chmod(etc, 0755) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/resolv.conf", etc);
	if (symlink("../run/stub/resolv.conf", path) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/hosts", etc);
	hosts = fopen(path, "w");
	return hosts && fputs("the host's", hosts) >= 0 && fclose(hosts) == 0 ? 0 : -1;
}

static int remove_etc(void **state)
{
	struct err e;

	(void)state;
	return fd_remove_all(AT_FDCWD, etc, &e);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_we_are),
		cmocka_unit_test(test_as_ordinary_user),
		cmocka_unit_test(test_a_port_twice_is_an_error),
	};
	long row;

	if (argc == 2) {
		row = strtol(argv[1], NULL, 10);
		return row >= 0 && row < (long)count_of(rows) ? rows[row].does() : OTHERWISE;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_etc, remove_etc);
}
