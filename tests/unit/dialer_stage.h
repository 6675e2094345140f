/*
 * tests/unit/dialer_stage.h - a dialer on stage: it runs in a process of its own, under its own list of calls;
 * the test is its launcher and its broker, and one more process is the name server it asks.
 */
#ifndef DIALER_STAGE_H
#define DIALER_STAGE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dialer/dialer.h"
#include "jail/jail.h"

/* What the name server says of a name; addresses are taken by their form. */
struct zone {
	const char *name;
	const char *addresses[6];
	enum { PLAIN, TRUNCATED, SILENT, MISSING, FAILS, GARBAGE, LOOPS, STRANGER, MANY } how;
	const char *later;	/* its one address from the second question of the same type on */
};

struct stage {
	struct wire launcher, broker;
	struct msg msg;
	pid_t dialer, names;
	unsigned *asked;	/* shared: how many questions the name server had */
	uint16_t names_port;
};

static inline int listen_at(const char *address, uint16_t *port, int backlog)
{
	bool six = strchr(address, ':');
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(*port) };
	struct sockaddr_in6 sixth = { .sin6_family = AF_INET6, .sin6_port = htons(*port) };
	struct sockaddr *at = six ? (struct sockaddr *)&sixth : (struct sockaddr *)&four;
	socklen_t size = six ? sizeof(sixth) : sizeof(four);
	int fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	assert_int_equal(inet_pton(at->sa_family, address, six ? (void *)&sixth.sin6_addr : (void *)&four.sin_addr), 1);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, at, size), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, at, &size), 0);
	*port = ntohs(six ? sixth.sin6_port : four.sin_port);
	return fd;
}

/* What a test listens on is its own: a child that kept it open would answer for it. */
static void keep_only(int one, int other)
{
	int fd;

	for (fd = 3; fd < 64; fd++)
		if (fd != one && fd != other)
			close(fd);
}

/* --- the name server --- */

static size_t put(uint8_t *out, size_t n, const void *bytes, size_t size)
{
	memcpy(out + n, bytes, size);
	return n + size;
}

static size_t put_record(uint8_t *out, size_t n, const char *address, unsigned type)
{
	uint8_t head[12] = { 0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0, 60, 0, type == 1 ? 4 : 16 }, bytes[16];

	if (inet_pton(type == 1 ? AF_INET : AF_INET6, address, bytes) != 1)
		return n;
	n = put(out, n, head, sizeof(head));
	out[7]++;
	return put(out, n, bytes, type == 1 ? 4 : 16);
}

static size_t question_end(const uint8_t *q, char *name)
{
	size_t at = 12;
	uint8_t label;

	for (name[0] = '\0'; q[at]; at += label + 1u) {
		label = q[at];
		snprintf(name + strlen(name), 256 - strlen(name), "%s%.*s", name[0] ? "." : "", label, (const char *)q + at + 1);
	}
	return at + 5;
}

static size_t answer_zone(uint8_t *out, size_t n, const struct zone *z, unsigned type, bool tcp, unsigned times)
{
	static const uint8_t loop[] = { 0xc0, 0xff, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1 };
	size_t i;

	if (z->how == TRUNCATED && !tcp) {
		out[2] |= 2;
		return n;
	}
	out[3] = (uint8_t)(z->how == MISSING ? 3 : z->how == FAILS ? 2 : 0);
	if (z->how == LOOPS) { /* a name that points at itself */
		out[7] = 1;
		n = put(out, n, loop, sizeof(loop));
		out[n - 16] = (uint8_t)(0xc0 | (n - 16) >> 8);
		out[n - 15] = (uint8_t)(n - 16);
	}
	if (z->how == GARBAGE)
		out[7] = 40;
	if (z->how == STRANGER)
		out[0] ^= 1;
	if (z->how == MANY && tcp)
		for (i = 0; i < 250 && type == 1; i++)
			n = put_record(out, n, i == 249 ? "127.0.0.1" : "10.0.0.1", 1);
	if (z->how == MANY && !tcp)
		out[2] |= 2;
	if (z->later && times > 1)
		return put_record(out, n, z->later, type);
	for (i = 0; i < count_of(z->addresses) && z->addresses[i]; i++)
		n = put_record(out, n, z->addresses[i], type);
	return n;
}

static size_t answer(uint8_t *out, const uint8_t *q, size_t size, const struct zone *zones, bool tcp, unsigned *asked)
{
	static unsigned times[64][2];
	char name[256];
	unsigned type;
	size_t n, i;

	if (size < 17)
		return 0;
	n = question_end(q, name);
	type = q[n - 3];
	memcpy(out, q, n);
	memset(out + 2, 0, 10);
	out[2] = 0x81;
	out[5] = 1;
	for (i = 0; zones[i].name && strcmp(zones[i].name, name) != 0; i++)
		;
	if (!zones[i].name || zones[i].how == SILENT)
		return zones[i].name ? 0 : (out[3] = 3, n);
	if (!tcp)
		(*asked)++;
	return answer_zone(out, n, &zones[i], type, tcp, ++times[i][type == 28]);
}

static void serve_names(int udp, int tcp, const struct zone *zones, unsigned *asked)
{
	struct pollfd in[] = { { .fd = udp, .events = POLLIN }, { .fd = tcp, .events = POLLIN } };
	uint8_t q[2048], out[65536 + 2];
	struct sockaddr_storage from;
	socklen_t size;
	ssize_t got;
	size_t n;
	int fd;

	while (poll(in, 2, -1) > 0) {
		size = sizeof(from);
		got = in[0].revents ? recvfrom(udp, q, sizeof(q), 0, (struct sockaddr *)&from, &size) : 0;
		n = got > 0 ? answer(out, q, (size_t)got, zones, false, asked) : 0;
		if (n)
			(void)!sendto(udp, out, n, 0, (struct sockaddr *)&from, size);
		if (!in[1].revents)
			continue;
		fd = accept(tcp, NULL, NULL);
		while ((got = recv(fd, q, 2, MSG_WAITALL)) == 2 &&
		       (got = recv(fd, q, (size_t)(q[0] << 8 | q[1]), MSG_WAITALL)) > 0) {
			n = answer(out + 2, q, (size_t)got, zones, true, asked);
			out[0] = (uint8_t)(n >> 8);
			out[1] = (uint8_t)n;
			(void)!send(fd, out, n + 2, MSG_NOSIGNAL);
		}
		close(fd);
	}
}

static void start_names(struct stage *s, const struct zone *zones)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int tcp = listen_at("127.0.0.1", &s->names_port, 16), udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	at.sin_port = htons(s->names_port);
	assert_int_equal(bind(udp, (struct sockaddr *)&at, sizeof(at)), 0);
	s->asked = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	s->names = fork();
	if (s->names == 0) {
		keep_only(udp, tcp);
		serve_names(udp, tcp, zones, s->asked);
		_exit(1);
	}
	close(tcp);
	close(udp);
}

/* --- the dialer --- */

static void be_dialer(int channel, uint16_t names_port)
{
	struct dialer *d = calloc(1, sizeof(*d));
	struct err e = { 0 };
	struct rlimit limit;
	char servers[32];

	snprintf(servers, sizeof(servers), "127.0.0.1:%u", names_port);
	d->servers = names_port ? servers : NULL;
	d->launcher = (struct wire){ channel, ROLE_DIALER, ROLE_LAUNCHER, PHASE_STARTING };
	d->broker = (struct wire){ -1, ROLE_DIALER, ROLE_BROKER, PHASE_RUNNING };
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	ares_library_init(ARES_LIB_INIT_ALL);
#ifndef __SANITIZE_ADDRESS__
	if (jail_self(JAIL_DIALER, &e) < 0)
		_exit(99);
#endif
	if (dialer_serve(d, &e) < 0) {
		free(d);
		_exit(3);
	}
	free(d);
	_exit(0);
}

/* Networks end with NULL. Zones may be NULL: then names are what this machine says. */
static inline void raise_stage(struct stage *s, const char *const *networks, const struct zone *zones)
{
	uint8_t body[2048];
	struct pack p = { .at = body, .room = sizeof(body) };
	int launcher[2], broker[2];
	struct err e = { 0 };
	size_t i;

	memset(s, 0, sizeof(*s));
	if (zones)
		start_names(s, zones);
	assert_int_equal(wire_pair(launcher, &e) | wire_pair(broker, &e), 0);
	s->dialer = fork();
	if (s->dialer == 0) {
		keep_only(launcher[1], launcher[1]);
		be_dialer(launcher[1], s->names_port);
	}
	close(launcher[1]);
	s->launcher = (struct wire){ launcher[0], ROLE_LAUNCHER, ROLE_DIALER, PHASE_STARTING };
	s->broker = (struct wire){ broker[0], ROLE_BROKER, ROLE_DIALER, PHASE_RUNNING };
	for (i = 0; networks[i]; i++)
		;
	pack_number(&p, i, 2);
	for (i = 0; networks[i]; i++)
		pack_text(&p, networks[i], strlen(networks[i]));
	assert_int_equal(wire_send(&s->launcher, MSG_REACH, 0, body, p.size, &broker[1], 1, &e), 0);
	close(broker[1]);
	assert_int_equal(wire_receive(&s->launcher, &s->msg, true, &e), WIRE_MESSAGE);
	assert_int_equal(s->msg.type, MSG_DIALING);
}

/* How it ended: its exit status, or 128 and the signal. */
static inline int strike_stage(struct stage *s)
{
	int status = 0;

	close(s->broker.fd);
	assert_int_equal(waitpid(s->dialer, &status, 0), s->dialer);
	close(s->launcher.fd);
	if (s->names) {
		kill(s->names, SIGKILL);
		waitpid(s->names, NULL, 0);
		munmap(s->asked, 4096);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline void send_dial(struct stage *s, uint64_t tag, const char *host, uint16_t port, bool datagrams, uint32_t ms)
{
	uint8_t body[2048];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };

	pack_number(&p, 7, 8);
	pack_number(&p, datagrams, 1);
	pack_text(&p, host, strlen(host));
	pack_number(&p, port, 2);
	pack_number(&p, ms, 4);
	assert_int_equal(wire_send(&s->broker, MSG_DIAL, tag, body, p.size, NULL, 0, &e), 0);
}

struct told {
	uint64_t tag;
	bool connected;
	int fd;
	enum net_no no;
	int error;
	char text[512];		/* address, or why not */
};

static inline struct told be_told(struct stage *s)
{
	struct told t = { .fd = -1 };
	struct unpack u;
	struct err e = { 0 };

	assert_int_equal(wire_receive(&s->broker, &s->msg, true, &e), WIRE_MESSAGE);
	u = (struct unpack){ .at = s->msg.body, .left = s->msg.size };
	t.tag = s->msg.tag;
	t.connected = s->msg.type == MSG_DIALED;
	if (t.connected) {
		t.fd = s->msg.fds[0];
	} else {
		assert_int_equal(s->msg.type, MSG_UNREACHED);
		t.no = (enum net_no)unpack_number(&u, 1);
		t.error = (int)unpack_number(&u, 2);
	}
	assert_true(unpack_copy(&u, t.text, sizeof(t.text)) && unpack_done(&u));
	return t;
}

static inline struct told dial(struct stage *s, const char *host, uint16_t port)
{
	struct told t;

	send_dial(s, 42, host, port, false, 20000);
	t = be_told(s);
	assert_int_equal(t.tag, 42);
	return t;
}

#endif
