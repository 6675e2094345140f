/*
 * tests/tools/proxy_load.c - reeve-proxy under load, with this tool as launcher, broker, program and the world, by loopback:
 * what is measured is the proxy, and the same without it in the same run.
 *
 *   proxy_load PROXY throughput MIB ROUNDS	"DIRECT PROXIED" in MiB/s, medians, in turns
 *   proxy_load PROXY upload MIB ROUNDS		the same, from the program to the world
 *   proxy_load PROXY idle N			"N RSS_KIB": so many connections open, one byte each way gone through
 *   proxy_load PROXY latency N			"DIRECT PROXIED CONNECT" in us, medians: there and back, and until it is open
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wire/net.h"

enum { PIECE = 128 << 10, EAR_PROXY = 0, CHANNEL = 3 };

static char piece[PIECE];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *all, size_t count)
{
	qsort(all, count, sizeof(*all), by_value);
	return all[count / 2];
}

static int listen_here(struct sockaddr_in *at)
{
	socklen_t size = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(fd, (struct sockaddr *)at, size) < 0 || listen(fd, 4096) < 0 || getsockname(fd, (struct sockaddr *)at, &size) < 0)
		fail("listen");
	return fd;
}

static int dial(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0)
		fail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void say(int fd, const void *bytes, size_t size)
{
	if (send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
		fail("send");
}

static void hear(int fd, void *bytes, size_t size)
{
	if (recv(fd, bytes, size, MSG_WAITALL) != (ssize_t)size)
		fail("recv");
}

/* --- the world: "d" and 8 bytes: send so many; "u" and 8 bytes: take so many, then say one; others: say it back --- */

static void send_many(int fd, uint64_t left)
{
	ssize_t some;

	while (left > 0) {
		some = send(fd, piece, left < PIECE ? left : PIECE, MSG_NOSIGNAL);
		if (some <= 0)
			return;
		left -= (uint64_t)some;
	}
}

static void take_many(int fd, uint64_t left)
{
	ssize_t some;

	while (left > 0) {
		some = recv(fd, piece, left < PIECE ? left : PIECE, 0);
		if (some <= 0)
			fail("recv");
		left -= (uint64_t)some;
	}
}

static bool serve_one(int fd)
{
	uint64_t size;
	char word;

	if (recv(fd, &word, 1, 0) != 1)
		return false;
	if (word != 'd' && word != 'u') {
		say(fd, &word, 1);
		return true;
	}
	hear(fd, &size, sizeof(size));
	if (word == 'd') {
		send_many(fd, size);
	} else {
		take_many(fd, size);
		say(fd, "k", 1);
	}
	return true;
}

static void be_world(int listener)
{
	int loop = epoll_create1(EPOLL_CLOEXEC), fd, on = 1;
	struct epoll_event e = { .events = EPOLLIN, .data.fd = listener };

	epoll_ctl(loop, EPOLL_CTL_ADD, listener, &e);
	while (epoll_wait(loop, &e, 1, -1) == 1) {
		if (e.data.fd != listener) {
			if (!serve_one(e.data.fd))
				close(e.data.fd);
			continue;
		}
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		e = (struct epoll_event){ .events = EPOLLIN, .data.fd = fd };
		epoll_ctl(loop, EPOLL_CTL_ADD, fd, &e);
	}
}

/* --- the broker and the dialer --- */

static void be_broker(int channel, const struct sockaddr_in *world)
{
	struct wire w = { channel, ROLE_BROKER, ROLE_PROXY, PHASE_RUNNING };
	static struct msg m;
	struct err e = { 0 };
	uint8_t body[64];
	int fd;

	while (wire_receive(&w, &m, true, &e) == WIRE_MESSAGE) {
		struct pack p = { .at = body, .room = sizeof(body) };

		if (m.type != MSG_ASK)
			continue;
		fd = dial(world);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		pack_text(&p, "127.0.0.1:80", 12);
		if (wire_send(&w, MSG_OPENED, m.tag, body, p.size, &fd, 1, &e) < 0)
			break;
		close(fd);
	}
	if (e.kind)
		fprintf(stderr, "proxy_load: %s\n", e.text);
}

static pid_t child(void (*be)(int, const struct sockaddr_in *), int fd, const struct sockaddr_in *at)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	be(fd, at);
	_exit(0);
}

static void world(int fd, const struct sockaddr_in *at)
{
	(void)at;
	be_world(fd);
}

/* --- the launcher --- */

static pid_t start_proxy(const char *path, struct sockaddr_in *at, const struct sockaddr_in *far)
{
	int launch[2], broker[2], listener = listen_here(at);
	struct wire w;
	static struct msg m;
	struct err e = { 0 };
	uint8_t body[64];
	struct pack p = { .at = body, .room = sizeof(body) };
	pid_t pid;

	if (wire_pair(launch, &e) < 0 || wire_pair(broker, &e) < 0)
		fail("pair");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(launch[1], CHANNEL);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	close(launch[1]);
	child(be_broker, broker[1], far);
	close(broker[1]);
	w = (struct wire){ launch[0], ROLE_LAUNCHER, ROLE_PROXY, PHASE_STARTING };
	pack_number(&p, EAR_PROXY, 1);
	pack_number(&p, ntohs(at->sin_port), 2);
	pack_text(&p, "", 0);
	if (wire_send(&w, MSG_HEAR, 0, body, p.size, &listener, 1, &e) < 0 ||
	    wire_send(&w, MSG_CARRY, 0, "", 1, &broker[0], 1, &e) < 0 || wire_receive(&w, &m, true, &e) != WIRE_MESSAGE)
		fail(e.text);
	close(listener);
	close(broker[0]);
	return pid;
}

/* --- the program --- */

static int through(const struct sockaddr_in *proxy)
{
	static const char ask[] = "CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n";
	int fd = dial(proxy);
	char yes[39];

	say(fd, ask, sizeof(ask) - 1);
	hear(fd, yes, sizeof(yes));
	if (memcmp(yes, "HTTP/1.1 200", 12) != 0)
		fail("refused");
	return fd;
}

static double rate(int fd, uint64_t size, bool up)
{
	char head[9] = { up ? 'u' : 'd' }, word;
	double begun;

	memcpy(head + 1, &size, sizeof(size));
	begun = now();
	say(fd, head, sizeof(head));
	if (up) {
		send_many(fd, size);
		hear(fd, &word, 1);
	} else {
		take_many(fd, size);
	}
	close(fd);
	return (double)size / (1 << 20) / ((now() - begun) / 1e6);
}

static void throughput(const struct sockaddr_in *proxy, const struct sockaddr_in *far, uint64_t mib, size_t rounds, bool up)
{
	double *direct = calloc(rounds, sizeof(double)), *proxied = calloc(rounds, sizeof(double));
	size_t i;

	for (i = 0; i < rounds; i++) {
		direct[i] = rate(dial(far), mib << 20, up);
		proxied[i] = rate(through(proxy), mib << 20, up);
	}
	printf("%.0f %.0f\n", median(direct, rounds), median(proxied, rounds));
}

static double ping(int fd)
{
	double begun = now();
	char word = 'x';

	say(fd, &word, 1);
	hear(fd, &word, 1);
	return now() - begun;
}

static void latency(const struct sockaddr_in *proxy, const struct sockaddr_in *far, size_t count)
{
	double *direct = calloc(count, sizeof(double)), *proxied = calloc(count, sizeof(double)), *open = calloc(count, sizeof(double));
	int a = dial(far), b = through(proxy), c;
	size_t i;

	for (i = 0; i < count; i++) {
		direct[i] = ping(a);
		proxied[i] = ping(b);
		open[i] = now();
		c = through(proxy);
		open[i] = now() - open[i];
		close(c);
	}
	printf("%.0f %.0f %.0f\n", median(direct, count), median(proxied, count), median(open, count));
}

static long rss_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	return kib;
}

static void idle(const struct sockaddr_in *proxy, size_t count, pid_t pid)
{
	size_t i;

	for (i = 0; i < count; i++)
		(void)!ping(through(proxy));
	printf("%zu %ld\n", count, rss_kib(pid));
}

int main(int argc, char **argv)
{
	struct rlimit files;
	struct sockaddr_in far, proxy;
	size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	int listener;
	pid_t pid;

	if (argc < 4 || n == 0)
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	listener = listen_here(&far);
	child(world, listener, NULL);
	close(listener);
	pid = start_proxy(argv[1], &proxy, &far);
	if (strcmp(argv[2], "throughput") == 0 || strcmp(argv[2], "upload") == 0)
		throughput(&proxy, &far, n, argc > 4 ? strtoul(argv[4], NULL, 10) : 3, argv[2][0] == 'u');
	else if (strcmp(argv[2], "idle") == 0)
		idle(&proxy, n, pid);
	else if (strcmp(argv[2], "latency") == 0)
		latency(&proxy, &far, n);
	else
		return 2;
	return 0;
}
