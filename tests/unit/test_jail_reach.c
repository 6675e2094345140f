/*
 * A jail without a network of its own, as in a container: whatever reaches out goes by init. This program is its own
 * prisoner, and the proxy that init asks: each row is executed in a fresh jail as "test ROW PORT FOLDER", and its exit
 * status is the errno it met, 0 for success. PORT is heard outside, on the host's 127.0.0.1, TCP and UDP; FOLDER is the
 * workspace, and holds sockets of the host. Nothing may ever come in there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "jail/reach.h"
#include "jail_stage.h"

enum { GOT_OUT = 202, ANSWER_MS = 20000, SAID = 200, TURNS = 400 };

static const struct jail_hearing ears[] = {
	{ EAR_PROXY, 7339, NULL }, { EAR_DIRECT, 80, NULL }, { EAR_DNS, 53, NULL }, { EAR_DNS_STREAM, 53, NULL },
	{ EAR_UDP, 5000, NULL },   { EAR_UNIX, 0, "/run/host/agent.sock" },
};

static int port;
static const char *folder;

/* --- inside --- */

static int dial(int fd, const char *host, int to)
{
	struct sockaddr_storage at;
	socklen_t size = address(&at, host, to);

	return told(connect(fd, (struct sockaddr *)&at, size));
}

static int hears(int fd, const char *expected)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	char said[SAID] = "";
	ssize_t got = poll(&in, 1, ANSWER_MS) == 1 ? recv(fd, said, sizeof(said) - 1, 0) : -1;

	if (got < 0)
		return errno;
	if (strcmp(said, expected) == 0)
		return 0;
	fprintf(stderr, "# heard \"%s\", not \"%s\"\n", said, expected);
	return OTHERWISE;
}

static int stream(const char *host, int to, const char *expected)
{
	scoped(fd) int fd = socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	int met = fd < 0 ? errno : dial(fd, host, to);

	return met ? met : hears(fd, expected);
}

static int datagram(const char *host, int to, const char *expected)
{
	scoped(fd) int fd = socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	int met = fd < 0 ? errno : dial(fd, host, to);

	if (met || send(fd, "?", 1, 0) < 0)
		return met ? met : errno;
	return hears(fd, expected);
}

static int proxy(void)		{ return stream("127.0.0.1", 7339, "2 4 127.0.0.1 7339"); }
static int proxy_elsewhere(void){ return stream("203.0.113.7", 7339, ""); }
static int direct(void)		{ return stream("203.0.113.7", 80, "1 4 203.0.113.7 80"); }
static int direct_six(void)	{ return stream("2001:db8::7", 80, "1 6 2001:db8::7 80"); }
static int direct_mapped(void)	{ return stream("::ffff:203.0.113.7", 80, "1 4 203.0.113.7 80"); }
static int refused(void)	{ return stream("203.0.113.13", 80, ""); }
static int unreachable(void)	{ return stream("203.0.113.111", 80, ""); }
static int other_port(void)	{ return stream("203.0.113.7", 81, ""); }
static int host_port(void)	{ return stream("127.0.0.1", port, ""); }
static int host_port_six(void)	{ return stream("::ffff:127.0.0.1", port, ""); }
static int host_port_any(void)	{ return stream("0.0.0.0", port, ""); }
static int dns(void)		{ return datagram("192.0.2.53", 53, "5 4 192.0.2.53 53: ?"); }
static int dns_six(void)	{ return datagram("2001:db8::53", 53, "5 6 2001:db8::53 53: ?"); }
static int dns_stream(void)	{ return stream("8.8.8.8", 53, "3 4 8.8.8.8 53"); }
static int udp(void)		{ return datagram("203.0.113.9", 5000, "4 4 203.0.113.9 5000: ?"); }
static int quic(void)		{ return datagram("203.0.113.9", 443, ""); }
static int source(void)		{ return datagram("203.0.113.9", 0, ""); }

static int dns_by_sendto(void)
{
	struct sockaddr_storage to;
	socklen_t size = address(&to, "192.0.2.53", 53);
	scoped(fd) int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int met;

	if (sendto(fd, "one", 3, 0, (struct sockaddr *)&to, size) != 3)
		return errno;
	met = hears(fd, "5 4 192.0.2.53 53: one");
	if (met || sendto(fd, "two", 3, 0, (struct sockaddr *)&to, size) != 3)
		return met ? met : errno;
	return hears(fd, "5 4 192.0.2.53 53: two");
}

static int dns_dialled_again(void)
{
	scoped(fd) int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int met = dial(fd, "192.0.2.53", 53);

	if (met || connect(fd, &none, sizeof(none)) < 0 || (met = dial(fd, "192.0.2.54", 53)))
		return met ? met : errno;
	return send(fd, "?", 1, 0) < 0 ? errno : hears(fd, "5 4 192.0.2.54 53: ?");
}

/* Every way to send, on what socket(2) gives; to what is heard outside. */
static int inert(int fd, const struct sockaddr *to, socklen_t size)
{
	static const int flags[] = { 0, MSG_DONTWAIT, MSG_MORE, MSG_CONFIRM, MSG_ZEROCOPY, MSG_FASTOPEN, MSG_OOB };
	struct iovec part = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	struct mmsghdr m = { .msg_hdr = { .msg_name = (void *)(uintptr_t)to, .msg_namelen = size, .msg_iov = &part,
					  .msg_iovlen = 1 } };
	size_t i;

	for (i = 0; i < count_of(flags); i++)
		if (sendmsg(fd, &m.msg_hdr, flags[i] | MSG_NOSIGNAL) >= 0 ||
		    sendmmsg(fd, &m, 1, flags[i] | MSG_NOSIGNAL) >= 0 ||
		    sendto(fd, "x", 1, flags[i] | MSG_NOSIGNAL, to, size) >= 0 ||
		    send(fd, "x", 1, flags[i] | MSG_NOSIGNAL) >= 0)
			return GOT_OUT;
	return write(fd, "x", 1) < 0 ? EPIPE : GOT_OUT;
}

static int inert_udp(void)
{
	struct sockaddr_storage to;
	socklen_t size = address(&to, "127.0.0.1", port);

	return inert(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&to, size);
}

static int inert_udp_six(void)
{
	struct sockaddr_storage to;
	socklen_t size = address(&to, "::ffff:127.0.0.1", port);

	return inert(socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP), (struct sockaddr *)&to, size);
}

/* It has a port by now; who sends there is not heard. */
static int deaf_udp(void)
{
	struct sockaddr_storage at;
	socklen_t size = sizeof(at);
	scoped(fd) int fd = socket(AF_INET, SOCK_DGRAM, 0);
	const int off = 0;

	(void)!send(fd, "x", 1, MSG_NOSIGNAL);
	if (setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &off, sizeof(off)) == 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) < 0)
		return GOT_OUT;
	return errno;
}

static socklen_t local(struct sockaddr_un *out, const char *in, const char *name)
{
	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	snprintf(out->sun_path, sizeof(out->sun_path), "%s/%s", in, name);
	return sizeof(*out);
}

static int inert_unix(void)
{
	struct sockaddr_un to;
	socklen_t size = local(&to, folder, "host.dgram");

	return inert(socket(AF_UNIX, SOCK_DGRAM, 0), (struct sockaddr *)&to, size);
}

static int inert_unix_raw(void)
{
	struct sockaddr_un to;
	socklen_t size = local(&to, folder, "host.dgram");

	return inert(socket(AF_UNIX, SOCK_RAW, 0), (struct sockaddr *)&to, size);
}

static int pair_of(int type)
{
	int pair[2];

	return told(socketpair(AF_UNIX, type, 0, pair));
}

static int pair_stream(void)	{ return pair_of(SOCK_STREAM); }
static int pair_messages(void)	{ return pair_of(SOCK_SEQPACKET | SOCK_CLOEXEC); }
static int pair_datagram(void)	{ return pair_of(SOCK_DGRAM); }
static int pair_raw(void)	{ return pair_of(SOCK_RAW | SOCK_NONBLOCK); }

/* Messages with a name in them go where the pair goes. */
static int pair_with_name(void)
{
	struct sockaddr_un to;
	socklen_t size = local(&to, folder, "host.dgram");
	struct iovec part = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	struct msghdr m = { .msg_name = &to, .msg_namelen = size, .msg_iov = &part, .msg_iovlen = 1 };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0 || sendmsg(pair[0], &m, 0) != 1)
		return errno;
	return hears(pair[1], "x");
}

static int fast_open(void)
{
	struct sockaddr_storage to;
	socklen_t size = address(&to, "127.0.0.1", port);
	scoped(fd) int fd = socket(AF_INET, SOCK_STREAM, 0);

	return told(sendto(fd, "?", 1, MSG_FASTOPEN, (struct sockaddr *)&to, size));
}

/* --- what it was stays: flags; and who does not wait --- */

static int flags_stay(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), met = dial(fd, "203.0.113.7", 80);

	if (met || !(fcntl(fd, F_GETFL) & O_NONBLOCK) || !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
		return met ? met : OTHERWISE;
	met = hears(fd, "1 4 203.0.113.7 80");
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (met || (met = dial(fd, "203.0.113.7", 80)))
		return met;
	return (fcntl(fd, F_GETFL) & O_NONBLOCK) || (fcntl(fd, F_GETFD) & FD_CLOEXEC) ? OTHERWISE : 0;
}

static int not_waiting_refused(void)
{
	return dial(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "203.0.113.13", 80);
}

/* 203.0.113.99 is answered when another asks for 203.0.113.98. */
static int not_waiting(void)
{
	scoped(fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int met = dial(fd, "203.0.113.99", 80);

	return met ? met : stream("203.0.113.98", 80, "1 4 203.0.113.98 80") || hears(fd, "1 4 203.0.113.99 80");
}

static int no_descriptor(void)	{ return dial(77, "203.0.113.7", 80); }
static int no_socket(void)	{ return dial(0, "203.0.113.7", 80); }
static int short_address(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	return told(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&at, 4));
}
static int unreadable(void)
{
	void *at = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return told(connect(socket(AF_INET, SOCK_STREAM, 0), at, sizeof(struct sockaddr_in)));
}
static int not_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? OTHERWISE : direct();
}

/* --- races --- */

static volatile struct sockaddr_in flipping = { .sin_family = AF_INET };
static volatile bool done;
static volatile int flips;
static volatile int number;

/* As long on one as on the other, or nobody ever sees it. */
static void stay(void)
{
	volatile int turns = 200;

	while (turns > 0)
		turns--;
}

static void *flip_address(void *unused)
{
	const uint32_t allowed = inet_addr("203.0.113.7"), not = inet_addr("127.0.0.1");

	for (unused = NULL; !done; flips++) {
		flipping.sin_port = htons((uint16_t)port);
		flipping.sin_addr.s_addr = not;
		stay();
		flipping.sin_port = htons(80);
		flipping.sin_addr.s_addr = allowed;
		stay();
	}
	return unused;
}

/* Half of one and half of the other is an address too, and is judged as such. */
static bool hears_port_80(int fd)
{
	char said[SAID] = "";

	return recv(fd, said, sizeof(said) - 1, 0) > 0 &&
	       (strcmp(said, "1 4 203.0.113.7 80") == 0 || strcmp(said, "1 4 127.0.0.1 80") == 0);
}

/* Who hears outside counts what comes: the parent looks at that. Here: what was connected is what was judged. */
static int address_flipped(void)
{
	pthread_t other;
	int i, fd, met, wrong = 0;

	if (pthread_create(&other, NULL, flip_address, NULL) != 0)
		return OTHERWISE;
	for (i = 0; i < TURNS || flips < TURNS; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		met = told(connect(fd, (struct sockaddr *)(uintptr_t)&flipping, sizeof(flipping)));
		wrong += met ? met != EACCES : !hears_port_80(fd);
		close(fd);
	}
	done = true;
	pthread_join(other, NULL);
	return wrong ? OTHERWISE : 0;
}

static void *flip_number(void *unused)
{
	int plain = socket(AF_INET, SOCK_STREAM, 0), file = open("/dev/null", O_RDWR), packets;

	packets = socket(AF_INET, SOCK_DGRAM, 0);
	for (unused = NULL; !done; flips++) {
		dup2(plain, number);
		dup2(packets, number);
		dup2(file, number);
		close(number);
	}
	return unused;
}

static int number_flipped(void)
{
	struct sockaddr_storage out;
	socklen_t size = address(&out, "127.0.0.1", port);
	pthread_t other;
	int i;

	number = 99;
	if (pthread_create(&other, NULL, flip_number, NULL) != 0)
		return OTHERWISE;
	for (i = 0; i < TURNS || flips < TURNS; i++) {
		(void)!dial(number, i % 2 ? "203.0.113.7" : "192.0.2.53", i % 2 ? 80 : 53);
		(void)!sendto(number, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&out, size);
		(void)!bind(number, (struct sockaddr *)&out, size);
		(void)!listen(number, 1);
	}
	done = true;
	pthread_join(other, NULL);
	return 0;
}

/* A netlink socket's name is let through: what it becomes meanwhile gains nothing by it. */
static void *flip_netlink(void *unused)
{
	int route = socket(AF_NETLINK, SOCK_RAW, 0), plain = socket(AF_INET, SOCK_STREAM, 0);

	for (unused = NULL; !done; flips++) {
		dup2(route, number);
		dup2(plain, number);
	}
	return unused;
}

static bool listens(int fd)
{
	int on = 0;
	socklen_t size = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on;
}

static int bound_by_netlink(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET }, met = { 0 };
	socklen_t size = sizeof(met);
	int i, bad = 0;
	pthread_t other;

	number = 99;
	if (pthread_create(&other, NULL, flip_netlink, NULL) != 0)
		return OTHERWISE;
	for (i = 0; i < TURNS || flips < TURNS; i++) {
		(void)!bind(number, (struct sockaddr *)&any, sizeof(any));
		(void)!listen(number, 1);
		size = sizeof(met);
		if (listens(number) && getsockname(number, (struct sockaddr *)&met, &size) == 0 &&
		    met.sin_family == AF_INET && met.sin_addr.s_addr != htonl(INADDR_LOOPBACK))
			bad++;
	}
	done = true;
	pthread_join(other, NULL);
	return bad ? GOT_OUT : 0;
}

/* The child's own table holds the connection; ours still holds what it was. */
static int shared(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), status;
	pid_t child = fork();

	if (child == 0)
		_exit(dial(fd, "203.0.113.7", 80) || hears(fd, "1 4 203.0.113.7 80"));
	if (waitpid(child, &status, 0) != child || status != 0)
		return OTHERWISE;
	return send(fd, "x", 1, MSG_NOSIGNAL) < 0 ? errno : GOT_OUT;
}

static pid_t asks_for_ever(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(dial(socket(AF_INET, SOCK_STREAM, 0), "203.0.113.100", 80));
	return child;
}

static int killed(void)
{
	pid_t child = asks_for_ever();
	int status;

	if (kill(child, SIGKILL) < 0 || waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
		return OTHERWISE;
	return direct();
}

/* More than init keeps: who comes late hears so, nobody else waits, and who is killed makes room. */
static int crowd(void)
{
	enum { MANY = 270 };
	pid_t all[MANY];
	int i, status, late = 0;

	for (i = 0; i < MANY; i++)
		all[i] = asks_for_ever();
	while (late < MANY - 256 && waitpid(-1, &status, 0) > 0)
		late += WIFEXITED(status) && WEXITSTATUS(status) == EAGAIN ? 1 : MANY;
	if (late != MANY - 256 || stream("203.0.113.7", 80, "") != EAGAIN)
		return OTHERWISE;
	for (i = 0; i < MANY; i++)
		kill(all[i], SIGKILL);
	while (waitpid(-1, &status, 0) > 0)
		;
	return direct();
}

static int many(void)
{
	int i, fd, met;

	for (i = 0; i < 100000; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		met = fd < 0 ? errno : dial(fd, "203.0.113.7", i % 50 ? 81 : 80);
		close(fd);
		if (met != (i % 50 ? EACCES : 0))
			return met ? met : GOT_OUT;
	}
	return 0;
}

/* --- names of unix sockets --- */

static int dial_local(const char *in, const char *name)
{
	struct sockaddr_un to;
	socklen_t size = local(&to, in, name);

	return told(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, size));
}

static int host_stream(void)	{ return dial_local(folder, "host.stream"); }
static int host_by_link(void)
{
	char to[PATH_MAX], at[PATH_MAX];

	snprintf(to, sizeof(to), "%s/host.stream", folder);
	snprintf(at, sizeof(at), "%s/link", getenv("TMPDIR"));
	return symlink(to, at) < 0 ? errno : dial_local(getenv("TMPDIR"), "link");
}
static int host_hard_linked(void)
{
	char to[PATH_MAX], at[PATH_MAX];

	snprintf(to, sizeof(to), "%s/host.stream", folder);
	snprintf(at, sizeof(at), "%s/hard", folder);
	return link(to, at) < 0 && errno != EEXIST ? EACCES : dial_local(folder, "hard");
}
static int host_moved(int (*move)(const char *, const char *))
{
	char from[PATH_MAX], to[PATH_MAX];
	int met;

	snprintf(from, sizeof(from), "%s/host.stream", folder);
	snprintf(to, sizeof(to), "%s/moved", getenv("TMPDIR"));
	if (move(from, to) < 0)
		return errno == EPERM ? EACCES : errno; /* who does not own it may not */
	met = dial_local(getenv("TMPDIR"), "moved");
	return rename(to, from) < 0 ? OTHERWISE : met;
}
static int host_renamed(void)	{ return host_moved(rename); }
static int host_linked(void)	{ return host_moved(link); }
/* Its own name is gone, and somebody else's socket has its number: file systems use them again. */
static int host_after_own(void)
{
	struct sockaddr_un at;
	socklen_t size = local(&at, folder, "again.sock");
	int i, fd;

	for (i = 0; i < 8; i++) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (bind(fd, (struct sockaddr *)&at, size) < 0 || unlink(at.sun_path) < 0)
			return errno;
		close(fd);
	}
	/* Who hears outside makes one there now. */
	if (stream("203.0.113.55", 80, "1 4 203.0.113.55 80") != 0)
		return OTHERWISE;
	return dial_local(folder, "again.sock");
}
static int broker(void)		{ return dial_local(getenv("SOCKETS"), "all.sock"); }
static int nothing_there(void)	{ return dial_local(folder, "none"); }
static int a_file(void)		{ return dial_local("/usr/bin", "env"); }
static int granted(void)
{
	struct sockaddr_un to;
	socklen_t size = local(&to, folder, "granted");
	scoped(fd) int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char expected[SAID];

	snprintf(expected, sizeof(expected), "6 %s/granted", folder);
	return connect(fd, (struct sockaddr *)&to, size) < 0 ? errno : hears(fd, expected);
}
static int host_abstract(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	snprintf(to.sun_path + 1, sizeof(to.sun_path) - 1, "reeve-test-%d", port);
	return told(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to,
			    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(to.sun_path + 1))));
}
static int abstract_bound(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "\0mine" };

	return told(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof(to)));
}

/* Its own server, where it may write. */
static int own_local(const char *in, int type)
{
	struct sockaddr_un at;
	socklen_t size = local(&at, in, "own.sock");
	int listener = socket(AF_UNIX, type, 0), fd = socket(AF_UNIX, type, 0), heard;

	unlink(at.sun_path);
	if (bind(listener, (struct sockaddr *)&at, size) < 0 || listen(listener, 5) < 0 ||
	    connect(fd, (struct sockaddr *)&at, size) < 0)
		return errno;
	heard = accept(listener, NULL, NULL);
	return send(heard, "own", 3, MSG_NOSIGNAL) < 0 ? errno : hears(fd, "own");
}

static int own_private(void)	{ return own_local(getenv("TMPDIR"), SOCK_STREAM); }
static int own_workspace(void)	{ return own_local(folder, SOCK_STREAM); }
static int own_messages(void)	{ return own_local(folder, SOCK_SEQPACKET); }
static int own_elsewhere(void)	{ return own_local("/var/tmp", SOCK_STREAM); }

static int listening(const char *host, int to, struct sockaddr_storage *at)
{
	socklen_t size = address(at, host, to);
	int fd = socket(at->ss_family, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)at, size) < 0 || listen(fd, 5) < 0)
		return -1;
	size = sizeof(*at);
	return getsockname(fd, (struct sockaddr *)at, &size) < 0 ? -1 : fd;
}

static int own_server_at(const char *host, const char *expected)
{
	struct sockaddr_storage at;
	int listener = listening(host, 0, &at), fd, heard, met;
	char text[INET6_ADDRSTRLEN];

	if (listener < 0)
		return errno;
	inet_ntop(at.ss_family, at.ss_family == AF_INET ? (void *)&((struct sockaddr_in *)&at)->sin_addr
							: (void *)&((struct sockaddr_in6 *)&at)->sin6_addr,
		  text, sizeof(text));
	if (strcmp(text, expected) != 0)
		return GOT_OUT;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	met = dial(fd, "127.0.0.1", ntohs(((struct sockaddr_in *)&at)->sin_port));
	if (met)
		return met;
	heard = accept(listener, NULL, NULL);
	return send(heard, "own", 3, MSG_NOSIGNAL) < 0 ? errno : hears(fd, "own");
}

/* A port that was its own, and is the host's by now: 203.0.113.57 has it heard there. */
/* Between our close and the host's bind somebody else on the machine may be given the port: then another one. */
static int host_after_own_port(void)
{
	int tries, to = 0, met = OTHERWISE;
	struct sockaddr_storage at;
	char host[32], expected[64];

	for (tries = 0; tries < 5 && met; tries++) {
		close(listening("127.0.0.1", 0, &at));
		to = ntohs(((struct sockaddr_in *)&at)->sin_port);
		snprintf(host, sizeof(host), "203.57.%d.%d", to / 256, to % 256);
		snprintf(expected, sizeof(expected), "1 4 %s 80", host);
		met = stream(host, 80, expected);
	}
	return met ? OTHERWISE : dial(socket(AF_INET, SOCK_STREAM, 0), "127.0.0.1", to);
}

static int own_server(void)	{ return own_server_at("127.0.0.1", "127.0.0.1"); }
static int own_server_any(void)	{ return own_server_at("0.0.0.0", "127.0.0.1"); }
static int own_server_any6(void){ return own_server_at("::", "::ffff:127.0.0.1"); }
static int own_fixed(void)	{ struct sockaddr_storage at; return told(listening("127.0.0.1", 18080, &at)); }
static int own_unbound(void)
{
	struct sockaddr_in at;
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (listen(fd, 1) < 0 || getsockname(fd, (struct sockaddr *)&at, &size) < 0)
		return errno;
	return at.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && listens(fd) ? 0 : GOT_OUT;
}

static int interfaces(void)
{
	struct if_nameindex *all = if_nameindex();
	struct ifaddrs *addresses = NULL;
	int met = all ? told(getifaddrs(&addresses)) : errno;

	if (met == 0 && !addresses)
		met = OTHERWISE;
	if_freenameindex(all);
	freeifaddrs(addresses);
	return met;
}

static const struct {
	const char *what;
	int (*does)(void);
	int meets;
} rows[] = {
	{ "the proxy's port",				proxy,			0 },
	{ "is 127.0.0.1's alone",			proxy_elsewhere,	EACCES },
	{ "a direct port",				direct,			0 },
	{ "of IPv6",					direct_six,		0 },
	{ "of IPv4 in IPv6",				direct_mapped,		0 },
	{ "what the proxy refuses",			refused,		EACCES },
	{ "and what it cannot reach",			unreachable,		EHOSTUNREACH },
	{ "a port that is not heard",			other_port,		EACCES },
	{ "a port of the host",				host_port,		EACCES },
	{ "in clothes of IPv6",				host_port_six,		EACCES },
	{ "by 0.0.0.0",					host_port_any,		EACCES },
	{ "a question of DNS",				dns,			0 },
	{ "by IPv6",					dns_six,		0 },
	{ "by stream",					dns_stream,		0 },
	{ "by sendto",					dns_by_sendto,		0 },
	{ "of another server, by the same socket",	dns_dialled_again,	0 },
	{ "datagrams of a named port",			udp,			0 },
	{ "QUIC",					quic,			EACCES },
	{ "libc asks for its own address",		source,			ENETUNREACH },
	{ "a datagram socket sends nothing",		inert_udp,		EPIPE },
	{ "nor does one of IPv6",			inert_udp_six,		EPIPE },
	{ "nor does it receive",			deaf_udp,		EPERM },
	{ "nor does one without a network",		inert_unix,		EPIPE },
	{ "by its other name",				inert_unix_raw,		EPIPE },
	{ "a pair of streams",				pair_stream,		0 },
	{ "a pair of messages",				pair_messages,		0 },
	{ "with a name in a message",			pair_with_name,		0 },
	{ "a pair of datagrams would send to any name",	pair_datagram,		EAFNOSUPPORT },
	{ "by its other name",				pair_raw,		EAFNOSUPPORT },
	{ "fast open",					fast_open,		EOPNOTSUPP },
	{ "flags stay as they were",			flags_stay,		0 },
	{ "who does not wait is refused at once",	not_waiting_refused,	EACCES },
	{ "or goes on, and sees what becomes of it",	not_waiting,		0 },
	{ "no descriptor",				no_descriptor,		EBADF },
	{ "no socket",					no_socket,		ENOTSOCK },
	{ "half an address",				short_address,		EINVAL },
	{ "an address in memory that cannot be read",	unreadable,		EFAULT },
	{ "who is not dumpable is refused",		not_dumpable,		EPERM },
	{ "the address flipped",			address_flipped,	0 },
	{ "the number flipped",				number_flipped,		0 },
	{ "a name for netlink, and then another",	bound_by_netlink,	0 },
	{ "a socket that is shared",			shared,			EPIPE },
	{ "who asked is killed",			killed,			0 },
	{ "a crowd",					crowd,			0 },
	{ "a hundred thousand",				many,			0 },
	{ "the broker",					broker,			0 },
	{ "a socket of the host",			host_stream,		EACCES },
	{ "by a link",					host_by_link,		EACCES },
	{ "by another name",				host_hard_linked,	EACCES },
	{ "moved into a private place",			host_renamed,		EACCES },
	{ "linked there",				host_linked,		EACCES },
	{ "where its own was",				host_after_own,		EACCES },
	{ "without a file",				host_abstract,		EACCES },
	{ "nothing there",				nothing_there,		ENOENT },
	{ "a file",					a_file,			ECONNREFUSED },
	{ "one that the profile names",			granted,		0 },
	{ "its own, in a private place",		own_private,		0 },
	{ "its own, in the workspace",			own_workspace,		0 },
	{ "of messages",				own_messages,		0 },
	{ "its own, where it may not write",		own_elsewhere,		EACCES },
	{ "without a file",				abstract_bound,		EACCES },
	{ "its own server",				own_server,		0 },
	{ "of any address is one of 127.0.0.1",		own_server_any,		0 },
	{ "of IPv6 too",				own_server_any6,	0 },
	{ "a server of the host where its own was",	host_after_own_port,	EACCES },
	{ "of a port that no profile names",		own_fixed,		EACCES },
	{ "that was never bound",			own_unbound,		0 },
	{ "the interfaces are listed",			interfaces,		0 },
};

/* --- the launcher, and the proxy --- */

struct outside {
	char self[PATH_MAX], work[64], apart[64], grant[80];
	int streams, datagrams, local, local_datagrams, abstract, port;
};

struct proxy {
	const char *work;
	int again, port;		/* heard where the program's own were */
	int late;			/* 203.0.113.99's end, and its question */
	uint64_t late_id;
	int datagrams[64];
	struct reach_ask of[64];
	size_t count;
};

static void describe(char out[SAID], const struct reach_ask *a)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (a->kind == REACH_UNIX) {
		snprintf(out, SAID, "%d %s", a->kind, a->path);
		return;
	}
	inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->address, text, sizeof(text));
	snprintf(out, SAID, "%d %d %s %u", a->kind, a->family, text, (unsigned)a->port);
}

static void answer(int channel, uint64_t id, int error)
{
	const struct reach_answer r = { .id = id, .error = error };

	(void)!send(channel, &r, sizeof(r), MSG_NOSIGNAL);
}

static void say(int fd, const char *said)
{
	(void)!send(fd, said, strlen(said), MSG_NOSIGNAL);
	close(fd);
}

static int hear_local(const char *in, const char *name, int type)
{
	struct sockaddr_un at;
	socklen_t size = local(&at, in, name);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (bind(fd, (struct sockaddr *)&at, size) < 0 || chmod(at.sun_path, 0777) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 5) < 0))
		return -1;
	return fd;
}

static void hear_port(struct proxy *p, uint16_t to)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(to) };

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->port = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(p->port, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(p->port, 5) < 0)
		fprintf(stderr, "# port %u: %s\n", (unsigned)to, strerror(errno));
}

/* What is decided is in the last number of the address: test data, RFC 5737. */
static void decide(struct proxy *p, int channel, const struct reach_ask *a, int fd)
{
	char said[SAID];

	describe(said, a);
	if (a->family == 4 && a->address[1] == 57)
		hear_port(p, (uint16_t)(a->address[2] * 256 + a->address[3]));
	if (a->family == 4 && a->address[0] == 203 && a->address[3] == 55)
		p->again = hear_local(p->work, "again.sock", SOCK_STREAM);
	if (a->family == 4 && a->address[0] == 203 && a->address[1] == 0 && a->address[3] == 100) {
		close(fd); /* never */
		return;
	}
	if (a->family == 4 && a->address[0] == 203 && (a->address[3] == 13 || a->address[3] == 111)) {
		answer(channel, a->id, a->address[3] == 13 ? EACCES : EHOSTUNREACH);
		close(fd);
		return;
	}
	if (a->family == 4 && a->address[0] == 203 && a->address[3] == 99) {
		p->late = fd;
		p->late_id = a->id;
		return;
	}
	answer(channel, a->id, 0);
	if (a->kind == REACH_DNS || a->kind == REACH_DATAGRAM) {
		p->of[p->count % 64] = *a;
		p->datagrams[p->count++ % 64] = fd;
		return;
	}
	if (p->late >= 0) {
		answer(channel, p->late_id, 0); /* too late to be known */
		say(p->late, "1 4 203.0.113.99 80");
		p->late = -1;
	}
	say(fd, said);
}

static void hear_ask(struct proxy *p, int channel)
{
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } with = { 0 };
	struct reach_ask a;
	struct iovec part = { .iov_base = &a, .iov_len = sizeof(a) };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &with, .msg_controllen = sizeof(with) };
	int fd;

	if (recvmsg(channel, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != (ssize_t)sizeof(a) || m.msg_controllen == 0)
		return;
	memcpy(&fd, CMSG_DATA(&with.head), sizeof(fd));
	decide(p, channel, &a, fd);
}

/* A datagram comes back with what it was sent to before it. */
static void echo(struct proxy *p, size_t i)
{
	char said[SAID + 32], got[16];
	ssize_t size = recv(p->datagrams[i], got, sizeof(got) - 1, MSG_DONTWAIT);

	if (size <= 0) {
		fd_close(&p->datagrams[i]);
		return;
	}
	got[size] = '\0';
	describe(said, &p->of[i]);
	snprintf(said + strlen(said), 32, ": %s", got);
	(void)!send(p->datagrams[i], said, strlen(said), MSG_NOSIGNAL);
}

static void serve(struct jail *j, const char *work)
{
	struct proxy p = { .late = -1, .again = -1, .port = -1, .work = work };
	struct pollfd ways[67];
	struct jail_event seen;
	size_t i;

	memset(p.datagrams, -1, sizeof(p.datagrams));
	for (;;) {
		ways[0] = (struct pollfd){ .fd = j->ears[0], .events = POLLIN };
		ways[1] = (struct pollfd){ .fd = j->pidfd, .events = POLLIN };
		ways[2] = (struct pollfd){ .fd = j->control, .events = POLLIN };
		for (i = 0; i < 64; i++)
			ways[3 + i] = (struct pollfd){ .fd = p.datagrams[i], .events = POLLIN };
		if (poll(ways, count_of(ways), 8 * ANSWER_MS) <= 0 || ways[1].revents) {
			if (p.port >= 0 && accept(p.port, NULL, NULL) >= 0)
				fprintf(stderr, "# it was heard where its own was\n");
			return;
		}
		if (ways[0].revents)
			hear_ask(&p, j->ears[0]);
		if (ways[2].revents)
			(void)jail_hear(j, &seen);
		for (i = 0; i < 64; i++)
			if (ways[3 + i].revents)
				echo(&p, i);
	}
}

/* A container: no namespaces are to be had, and nobody takes another's descriptor. */
static void contain(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	static const uint64_t spaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET;
	uint64_t bit;

	for (bit = 1; bit <= spaces; bit <<= 1)
		if (spaces & bit)
			seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
					 SCMP_A0(SCMP_CMP_MASKED_EQ, bit, bit));
	seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 0);
	seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(pidfd_getfd), 0);
	if (seccomp_load(ctx) < 0)
		_exit(NO_JAIL);
}

static int run_jail(const struct outside *o, const char *row)
{
	char to[16], tmp[80], sockets[160];
	const struct jail_mount m[] = {
		{ .kind = JAIL_PROC, .source = "/proc", .target = "/proc" },
		{ .kind = JAIL_DEV, .source = "/dev", .target = "/dev" },
		{ .kind = JAIL_TMPFS, .target = "/private" },
		{ .kind = JAIL_READ, .source = "/usr", .target = "/usr" },
		{ .kind = JAIL_READ, .source = "/lib", .target = "/lib", .maybe = true },
		{ .kind = JAIL_READ, .source = "/lib64", .target = "/lib64", .maybe = true },
		{ .kind = JAIL_READ, .source = o->self, .target = o->self },
		{ .kind = JAIL_WRITE, .source = o->work, .target = o->work },
	};
	const struct jail_hearing heard[] = { ears[0], ears[1], ears[2], ears[3], ears[4], { EAR_UNIX, 0, o->grant } };
	const char *argv[] = { o->self, row, to, o->work, NULL };
	const char *env[] = { "PATH=/usr/bin", tmp, sockets, NULL };
	struct jail_spec spec = { .name = "test", .mounts = m, .mount_count = count_of(m), .argv = argv, .env = env,
				  .sockets = { "/run/reeve/all.sock" }, .ears = heard, .ear_count = count_of(heard),
				  .cwd = o->work, .stdio = { -1, 1, 2 }, .apart = o->apart,
				  .without = JAIL_NAMESPACES | 1u << LAYER_NAMES };
	struct err e = { .kind = ERR_NONE };
	struct jail j = JAIL_NONE;
	int status = NO_JAIL;

	snprintf(to, sizeof(to), "%d", o->port);
	snprintf(tmp, sizeof(tmp), "TMPDIR=/private");
	snprintf(sockets, sizeof(sockets), "SOCKETS=/run/reeve");
	contain();
	if (jail_start(&j, &spec, &e) < 0 || jail_go(&j, &e) < 0) {
		fprintf(stderr, "# %s\n", e.text);
		return NO_JAIL;
	}
	if (j.layers[LAYER_NET].obtained || j.ears[0] < 0 || j.ears[1] >= 0)
		return OTHERWISE;
	serve(&j, o->work);
	while (!jail_ended(&j, &status))
		poll(&(struct pollfd){ .fd = j.pidfd, .events = POLLIN }, 1, ANSWER_MS);
	jail_end(&j);
	return status;
}

static int run_as(uid_t uid, const struct outside *o, size_t row)
{
	pid_t child = fork_as(uid);
	char text[16];

	if (child == 0) {
		snprintf(text, sizeof(text), "%zu", row);
		_exit(run_jail(o, text));
	}
	return status_of(child);
}

/* All that must hear nothing. */
static void furnish(struct outside *o, uid_t uid)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(at);

	*o = (struct outside){ .work = "/tmp/reeve-work-XXXXXX", .apart = "/tmp/reeve-apart-XXXXXX" };
	copy_self(o->self);
	assert_non_null(mkdtemp(o->work));
	assert_non_null(mkdtemp(o->apart));
	assert_int_equal(chmod(o->work, 0777), 0);
	assert_int_equal(chown(o->apart, uid, uid), 0);
	snprintf(o->grant, sizeof(o->grant), "%s/granted", o->work);
	o->streams = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	o->datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(o->streams, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(o->streams, 5), 0);
	assert_int_equal(getsockname(o->streams, (struct sockaddr *)&at, &size), 0);
	assert_int_equal(bind(o->datagrams, (struct sockaddr *)&at, size), 0);
	o->port = ntohs(at.sin_port);
	o->local = hear_local(o->work, "host.stream", SOCK_STREAM);
	o->local_datagrams = hear_local(o->work, "host.dgram", SOCK_DGRAM);
	close(hear_local(o->work, "granted", SOCK_STREAM));
	o->abstract = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "reeve-test-%d", o->port);
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name.sun_path + 1));
	assert_int_equal(bind(o->abstract, (struct sockaddr *)&name, size), 0);
	assert_int_equal(listen(o->abstract, 5), 0);
}

static int heard(const struct outside *o)
{
	char any[8];

	return accept(o->streams, NULL, NULL) >= 0 || accept(o->local, NULL, NULL) >= 0 ||
	       accept(o->abstract, NULL, NULL) >= 0 || recv(o->datagrams, any, sizeof(any), 0) >= 0 ||
	       recv(o->local_datagrams, any, sizeof(any), 0) >= 0;
}

static void leave(struct outside *o)
{
	struct err e = { 0 };

	close(o->streams);
	close(o->datagrams);
	close(o->local);
	close(o->local_datagrams);
	close(o->abstract);
	unlink(o->self);
	(void)!fd_remove_all(AT_FDCWD, o->work, &e);
	(void)!fd_remove_all(AT_FDCWD, o->apart, &e);
}

static void try_rows(uid_t uid)
{
	const char *only = getenv("ROW");
	struct outside o;
	int met, wrong = 0;
	size_t i;

	furnish(&o, uid);
	for (i = 0; i < count_of(rows); i++) {
		if (only && i != strtoul(only, NULL, 10))
			continue;
		met = run_as(uid, &o, i);
		if (met != rows[i].meets)
			print_message("# %zu %s: %d, not %d\n", i, rows[i].what, met, rows[i].meets);
		wrong += met != rows[i].meets;
		if (heard(&o)) {
			print_message("# %s: it was heard outside\n", rows[i].what);
			wrong++;
		}
	}
	leave(&o);
	assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_we_are),
		cmocka_unit_test(test_as_ordinary_user),
	};
	long row;

	if (argc == 4) {
		row = strtol(argv[1], NULL, 10);
		port = (int)strtol(argv[2], NULL, 10);
		folder = argv[3];
		return row >= 0 && row < (long)count_of(rows) ? rows[row].does() : OTHERWISE;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
