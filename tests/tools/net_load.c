/*
 * tests/tools/net_load.c - connections that carry much, come often, or stay for long: directly, or by CONNECT.
 *
 *   net_load serve ADDRESS                      prints "PORT", and serves until its standard input ends
 *   net_load relay ADDRESS PORT                 prints "PORT": what is said there goes to the other by splice(2), and
 *                                               nothing else is done: what anyone in between costs
 *   net_load get BYTES ADDRESS PORT [PROXY]     prints bytes a second
 *   net_load put BYTES ADDRESS PORT [PROXY]
 *   net_load connect TIMES ADDRESS PORT [PROXY] prints "P50 P99", us from connect(2) to a byte sent and come back
 *   net_load idle COUNT ADDRESS PORT [PROXY]    prints "open" when each has had a byte sent and come back, then
 *                                               waits until its standard input ends
 *
 * PROXY is a port of 127.0.0.1. What is asked of a server is one line: "get N", "put N" or "echo".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 256 << 10, MOST = 32768, LINE = 64 };

struct served {
	char line[LINE];
	size_t size;
	long long left;		/* to send, or to read */
	bool gets, puts, echoes;
};

static char block[BLOCK];

static void fail(const char *what)
{
	fprintf(stderr, "net_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void want_descriptors(void)
{
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static struct sockaddr_in at(const char *address, const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)strtol(port, NULL, 10)) };

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		fail("an address of IPv4");
	return to;
}

/* --- the server --- */

static void heed(struct served *c)
{
	c->gets = strncmp(c->line, "get ", 4) == 0;
	c->puts = strncmp(c->line, "put ", 4) == 0;
	c->echoes = !c->gets && !c->puts;
	c->left = c->echoes ? 0 : strtoll(c->line + 4, NULL, 10);
}

/* False: it is done with. */
static bool attend(int fd, struct served *c)
{
	ssize_t got = 1;

	while (got > 0 && !c->gets && !c->puts && !c->echoes) {
		got = read(fd, c->line + c->size, 1);
		if (got > 0 && (c->line[c->size] == '\n' || c->size == LINE - 2))
			heed(c);
		else if (got > 0)
			c->size++;
	}
	while (got > 0 && c->gets) {
		if (c->left == 0)
			return false;
		got = send(fd, block, c->left < BLOCK ? (size_t)c->left : BLOCK, MSG_NOSIGNAL);
		c->left -= got > 0 ? got : 0;
	}
	while (got > 0 && (c->puts || c->echoes)) {
		got = read(fd, block, BLOCK);
		if (got > 0 && c->puts && (c->left -= got) <= 0)
			return send(fd, "k", 1, MSG_NOSIGNAL) < 0;
		if (got > 0 && c->echoes && send(fd, block, (size_t)got, MSG_NOSIGNAL) < 0)
			return false;
	}
	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static void take_in(int listener, int events, struct served *all)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int yes = 1, fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (fd >= MOST) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		all[fd] = (struct served){ .size = 0 };
		e.data.fd = fd;
		epoll_ctl(events, EPOLL_CTL_ADD, fd, &e);
	}
}

static int serve(const char *address)
{
	static struct served all[MOST];
	struct epoll_event e = { .events = EPOLLIN }, got[64];
	struct sockaddr_in here = at(address, "0");
	socklen_t size = sizeof(here);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), events = epoll_create1(0), n, i;

	want_descriptors();
	if (bind(listener, (struct sockaddr *)&here, size) < 0 || listen(listener, 4096) < 0 ||
	    getsockname(listener, (struct sockaddr *)&here, &size) < 0)
		fail("listen");
	printf("%d\n", ntohs(here.sin_port));
	fflush(stdout);
	e.data.fd = listener;
	epoll_ctl(events, EPOLL_CTL_ADD, listener, &e);
	e.data.fd = 0;
	if (epoll_ctl(events, EPOLL_CTL_ADD, 0, &e) < 0)
		fail("a standard input that can be waited for");
	for (;;) {
		n = epoll_wait(events, got, 64, -1);
		for (i = 0; i < n; i++) {
			if (got[i].data.fd == 0)
				return 0;
			if (got[i].data.fd == listener)
				take_in(listener, events, all);
			else if (!attend(got[i].data.fd, &all[got[i].data.fd]))
				close(got[i].data.fd);
		}
	}
}

/* --- in between: two processes for each connection, which wait for nothing but bytes --- */

static void splice_on(int from, int to)
{
	ssize_t got = 1, some = 1;
	int ends[2];

	if (pipe(ends) < 0)
		fail("pipe");
	fcntl(ends[1], F_SETPIPE_SZ, BLOCK);
	while (some > 0 && (got = splice(from, NULL, ends[1], NULL, BLOCK, SPLICE_F_MOVE)) > 0)
		for (some = got; got > 0 && some > 0; got -= some)
			some = splice(ends[0], NULL, to, NULL, (size_t)got, SPLICE_F_MOVE);
	shutdown(to, SHUT_WR);
	exit(0);
}

static int dial(const char *address, const char *port, const char *proxy);

static int relay(const char *address, const char *port)
{
	struct sockaddr_in here = at("127.0.0.1", "0");
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ends[2];
	socklen_t size = sizeof(here);

	signal(SIGCHLD, SIG_IGN);
	if (bind(listener, (struct sockaddr *)&here, size) < 0 || listen(listener, 64) < 0 ||
	    getsockname(listener, (struct sockaddr *)&here, &size) < 0)
		fail("listen");
	printf("%d\n", ntohs(here.sin_port));
	fflush(stdout);
	while ((ends[0] = accept(listener, NULL, NULL)) >= 0) {
		ends[1] = dial(address, port, NULL);
		if (fork() == 0)
			splice_on(ends[0], ends[1]);
		if (fork() == 0)
			splice_on(ends[1], ends[0]);
		close(ends[0]);
		close(ends[1]);
	}
	return 1;
}

/* --- who comes --- */

static void say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
		fail("send");
}

static void hear_one(int fd)
{
	char c;

	if (read(fd, &c, 1) != 1)
		fail("an answer");
}

static void go_through(int fd, const char *address, const char *port)
{
	char text[256] = { 0 };
	size_t size = 0;

	snprintf(text, sizeof(text), "CONNECT %s:%s HTTP/1.1\r\nHost: %s:%s\r\n\r\n", address, port, address, port);
	say(fd, text);
	memset(text, 0, sizeof(text));
	while (!strstr(text, "\r\n\r\n") && size < sizeof(text) - 1 && read(fd, text + size, 1) == 1)
		size++;
	if (strncmp(text, "HTTP/1.1 200 ", 13) != 0) {
		fprintf(stderr, "net_load: the proxy says: %s\n", text);
		exit(1);
	}
}

static int dial(const char *address, const char *port, const char *proxy)
{
	struct sockaddr_in to = proxy ? at("127.0.0.1", proxy) : at(address, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (proxy)
		go_through(fd, address, port);
	return fd;
}

static void carry(bool gets, const char *bytes, int fd)
{
	long long all = strtoll(bytes, NULL, 10), left = all;
	double begun = now_us();
	char line[LINE];
	ssize_t some;

	snprintf(line, sizeof(line), "%s %lld\n", gets ? "get" : "put", all);
	say(fd, line);
	while (left > 0) {
		some = gets ? read(fd, block, BLOCK) : send(fd, block, left < BLOCK ? (size_t)left : BLOCK, MSG_NOSIGNAL);
		if (some <= 0)
			fail("it ends early");
		left -= some;
	}
	if (!gets)
		hear_one(fd);
	printf("%.0f\n", (double)all / ((now_us() - begun) / 1e6));
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void come_often(size_t times, const char *address, const char *port, const char *proxy)
{
	double *took = calloc(times, sizeof(*took));
	size_t i;
	int fd;

	for (i = 0; took && i < times; i++) {
		took[i] = now_us();
		fd = dial(address, port, proxy);
		say(fd, "echo\nx");
		hear_one(fd);
		took[i] = now_us() - took[i];
		close(fd);
	}
	if (!took)
		fail("memory");
	qsort(took, times, sizeof(*took), by_value);
	printf("%.0f %.0f\n", took[times / 2], took[times * 99 / 100]);
	free(took);
}

static void stay(size_t count, const char *address, const char *port, const char *proxy)
{
	size_t i;
	int fd;

	for (i = 0; i < count; i++) {
		fd = dial(address, port, proxy);
		say(fd, "echo\nx");
		hear_one(fd);
	}
	puts("open");
	fflush(stdout);
	while (read(0, block, BLOCK) > 0)
		;
}

int main(int argc, char **argv)
{
	const char *proxy = argc > 5 ? argv[5] : NULL;

	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	if (argc == 4 && strcmp(argv[1], "relay") == 0)
		return relay(argv[2], argv[3]);
	if (argc < 5 || argc > 6) {
		fprintf(stderr, "usage: net_load serve ADDRESS | relay ADDRESS PORT | get|put|connect|idle NUMBER ADDRESS PORT [PROXY]\n");
		return 2;
	}
	want_descriptors();
	if (strcmp(argv[1], "connect") == 0)
		come_often(strtoul(argv[2], NULL, 10), argv[3], argv[4], proxy);
	else if (strcmp(argv[1], "idle") == 0)
		stay(strtoul(argv[2], NULL, 10), argv[3], argv[4], proxy);
	else
		carry(strcmp(argv[1], "get") == 0, argv[2], dial(argv[3], argv[4], proxy));
	return 0;
}
