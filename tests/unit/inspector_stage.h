/* tests/unit/inspector_stage.h - an inspector in a child, and all that it speaks with played by the test. */
#ifndef TESTS_UNIT_INSPECTOR_STAGE_H
#define TESTS_UNIT_INSPECTOR_STAGE_H

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "inspector/inspector.h"
#include "jail/jail.h"

#define HOST "api.example.com"
#define OTHER "files.example.com"
#define SECRET "sk-live/4+7=secret%20x"
#define PLACEHOLDER "reeve-placeholder-key"

struct stage {
	pid_t inspector;
	struct wire launcher, broker, hands;
	struct authority world;		/* who signs for real servers */
	X509_STORE *inside;		/* what a program in the jail trusts: this run's authority alone */
	struct msg msg;
};

/* A sanitizer needs calls that a jail refuses. */
static int confine(struct err *e)
{
#ifdef __SANITIZE_ADDRESS__
	(void)e;
	return 0;
#else
	return jail_self(JAIL_INSPECTOR, e);
#endif
}

/* As the launcher would see it end. */
static void stage_inspector(int channel)
{
	struct inspector *in = calloc(1, sizeof(*in));
	struct err e = { 0 };
	int done = -1;

	in->launcher = (struct wire){ channel, ROLE_PROXY, ROLE_LAUNCHER, PHASE_STARTING };
	in->broker = (struct wire){ -1, ROLE_PROXY, ROLE_BROKER, PHASE_RUNNING };
	in->hands = (struct wire){ -1, ROLE_PROXY, ROLE_PROXY, PHASE_RUNNING };
	if (inspector_begin(in, &e) == 0 && confine(&e) == 0)
		done = inspector_run(in, &e);
	if (done < 0)
		fprintf(stderr, "# inspector: %s\n", e.text);
	fflush(stderr);
	inspector_free(in);
	free(in);
	_exit(done < 0);
}

static inline void stage_pack(struct pack *p, const char *text)
{
	pack_text(p, text, strlen(text));
}

static void stage_tell(struct stage *s)
{
	static const char *const hosts[] = { HOST, "*." OTHER };
	scoped(buf) struct buf pem = BUF(INSPECTOR_PEM);
	uint8_t body[1024];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };
	int fd, ends[2];
	size_t i;

	stage_pack(&p, HOST);
	stage_pack(&p, "key");
	stage_pack(&p, PLACEHOLDER);
	assert_int_equal(fd_of_bytes(&fd, "secret", SECRET, strlen(SECRET), &e), 0);
	assert_int_equal(wire_send(&s->launcher, MSG_CREDENTIAL, 0, body, p.size, &fd, 1, &e), 0);
	close(fd);
	assert_int_equal(authority_pem(&pem, &s->world, &e), 0);
	assert_int_equal(fd_of_bytes(&fd, "trust", pem.data, pem.size, &e), 0);
	assert_int_equal(wire_send(&s->launcher, MSG_TRUST, 0, NULL, 0, &fd, 1, &e), 0);
	close(fd);
	assert_int_equal(wire_pair(ends, &e), 0);
	p.size = 0;
	pack_number(&p, count_of(hosts), 2);
	for (i = 0; i < count_of(hosts); i++)
		stage_pack(&p, hosts[i]);
	assert_int_equal(wire_send(&s->launcher, MSG_INSPECT, 0, body, p.size, &ends[1], 1, &e), 0);
	close(ends[1]);
	s->hands = (struct wire){ ends[0], ROLE_PROXY, ROLE_PROXY, PHASE_RUNNING };
}

static void stage_hear_authority(struct stage *s)
{
	struct err e = { 0 };
	struct unpack u;
	const char *pem;
	size_t size = 0;

	assert_int_equal(wire_receive(&s->launcher, &s->msg, true, &e), WIRE_MESSAGE);
	assert_int_equal(s->msg.type, MSG_AUTHORITY);
	u = (struct unpack){ .at = s->msg.body, .left = s->msg.size };
	pem = unpack_text(&u, &size);
	s->inside = X509_STORE_new();
	if (verify_more(s->inside, pem, size, &e) < 0)
		fail_msg("%s", e.text);
}

static int stage_begin(void **state)
{
	static const char *const world[] = { "example.com", "example.org" };
	struct stage *s = calloc(1, sizeof(*s));
	struct err e = { 0 };
	uint8_t ech = 0;
	int ends[2];

	*state = s;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(wire_pair(ends, &e), 0);
	s->inspector = fork(); /* before anything of the library is in use: so it finds it when it is started */
	if (s->inspector == 0) {
		close(ends[0]);
		stage_inspector(ends[1]);
	}
	assert_int_equal(authority_make(&s->world, world, count_of(world), &e), 0);
	close(ends[1]);
	s->launcher = (struct wire){ ends[0], ROLE_LAUNCHER, ROLE_PROXY, PHASE_STARTING };
	stage_tell(s);
	stage_hear_authority(s);
	assert_int_equal(wire_pair(ends, &e), 0);
	assert_int_equal(wire_send(&s->launcher, MSG_CARRY, 0, &ech, 1, &ends[1], 1, &e), 0);
	close(ends[1]);
	s->broker = (struct wire){ ends[0], ROLE_BROKER, ROLE_PROXY, PHASE_RUNNING };
	assert_int_equal(wire_receive(&s->launcher, &s->msg, true, &e), WIRE_MESSAGE);
	assert_int_equal(s->msg.type, MSG_CARRYING);
	return 0;
}

static int stage_end(void **state)
{
	struct stage *s = *state;
	int status = -1;

	close(s->launcher.fd);
	assert_int_equal(waitpid(s->inspector, &status, 0), s->inspector);
	assert_int_equal(status, 0);
	close(s->hands.fd);
	close(s->broker.fd);
	authority_free(&s->world);
	X509_STORE_free(s->inside);
	free(s);
	return 0;
}

/* A connection of the agent, handed over as the proxy does; our end of it. */
static int stage_hand(struct stage *s, const char *host, uint16_t port, const char *first, size_t size)
{
	uint8_t body[4096];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	stage_pack(&p, host);
	pack_number(&p, port, 2);
	pack_number(&p, NET_BY_CONNECT, 1);
	pack_text(&p, first, size);
	assert_int_equal(wire_send(&s->hands, MSG_HAND, 0, body, p.size, &ends[1], 1, &e), 0);
	close(ends[1]);
	return ends[0];
}

/* TLS as a program in the jail does it, waiting. NULL: it came to nothing. */
static inline SSL *stage_program(struct stage *s, int fd, const char *name, const char *must_be)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	SSL_CTX_set1_cert_store(ctx, s->inside);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_fd(ssl, fd);
	if (name)
		SSL_set_tlsext_host_name(ssl, name);
	if (must_be)
		SSL_set1_host(ssl, must_be);
	if (SSL_connect(ssl) == 1)
		return ssl;
	ERR_clear_error();
	SSL_free(ssl);
	return NULL;
}

/* The next ASK; its tag. */
static uint64_t stage_asked(struct stage *s, struct net_ask *ask)
{
	struct pollfd in = { .fd = s->broker.fd, .events = POLLIN };
	struct err e = { 0 };

	assert_int_equal(poll(&in, 1, 10000), 1);
	assert_int_equal(wire_receive(&s->broker, &s->msg, true, &e), WIRE_MESSAGE);
	assert_int_equal(s->msg.type, MSG_ASK);
	assert_true(net_ask_unpack(ask, &s->msg));
	return s->msg.tag;
}

static inline void stage_over(struct stage *s, struct net_over *over)
{
	struct pollfd in = { .fd = s->broker.fd, .events = POLLIN };
	struct err e = { 0 };

	assert_int_equal(poll(&in, 1, 10000), 1);
	assert_int_equal(wire_receive(&s->broker, &s->msg, true, &e), WIRE_MESSAGE);
	assert_int_equal(s->msg.type, MSG_OVER);
	assert_true(net_over_unpack(over, &s->msg));
}

static void stage_deny(struct stage *s, uint64_t tag, enum net_no no, const char *text)
{
	uint8_t body[512];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };

	pack_number(&p, no, 1);
	pack_number(&p, 0, 2);
	stage_pack(&p, text);
	assert_int_equal(wire_send(&s->broker, MSG_DENIED, tag, body, p.size, NULL, 0, &e), 0);
}

/* Yes; the server's end of the connection. */
static inline int stage_open(struct stage *s, uint64_t tag)
{
	uint8_t body[128];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	stage_pack(&p, "203.0.113.7:443");
	assert_int_equal(wire_send(&s->broker, MSG_OPENED, tag, body, p.size, &ends[1], 1, &e), 0);
	close(ends[1]);
	return ends[0];
}

/* The real server's TLS, waiting, with a certificate of `by` for this name. NULL: it was not believed. */
static inline SSL *stage_server(struct authority *by, int fd, const char *name)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct egress_host host;
	struct err e = { 0 };
	X509 *leaf = NULL;
	SSL *ssl;

	assert_true(egress_host(&host, name, strlen(name), false));
	assert_int_equal(authority_leaf(&leaf, by, &host, &e), 0);
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_use_certificate(ssl, leaf);
	SSL_use_PrivateKey(ssl, by->leaf_key);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1)
		return ssl;
	ERR_clear_error();
	SSL_free(ssl);
	return NULL;
}

/* Until the bytes end with `end`, or there are no more; as a C string. */
static inline size_t stage_read(SSL *ssl, char *out, size_t room, const char *end)
{
	size_t size = 0, want = end ? strlen(end) : 0;
	int got;

	do {
		got = SSL_read(ssl, out + size, (int)(room - 1 - size));
		size += got > 0 ? (size_t)got : 0;
		out[size] = '\0';
	} while (got > 0 && size + 1 < room && !(end && size >= want && strcmp(out + size - want, end) == 0));
	ERR_clear_error();
	return size;
}

static inline void stage_write(SSL *ssl, const char *text)
{
	assert_int_equal(SSL_write(ssl, text, (int)strlen(text)), (int)strlen(text));
}

#endif
