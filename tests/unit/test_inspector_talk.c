/* tests/unit/test_inspector_talk.c - the whole inspector, confined, between a program, a broker and a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inspector_stage.h"

enum { ROOM = 1 << 16 };

struct call {
	SSL *program, *server;
	struct net_ask ask;
	char sent[ROOM], heard[ROOM];	/* what the server was sent; what the program heard */
	struct net_over over;
};

/* From the program's request to the server's having it. */
static void call_out(struct stage *s, struct call *c, const char *request, const char *ends)
{
	int fd = stage_hand(s, HOST, 443, "", 0);
	uint64_t tag;

	c->program = stage_program(s, fd, HOST, HOST);
	assert_non_null(c->program);
	stage_write(c->program, request);
	tag = stage_asked(s, &c->ask);
	assert_string_equal(c->ask.fault, "");
	c->server = stage_server(&s->world, stage_open(s, tag), HOST);
	assert_non_null(c->server);
	stage_read(c->server, c->sent, sizeof(c->sent), ends);
}

static void shut(SSL **ssl)
{
	int fd = SSL_get_fd(*ssl);

	SSL_shutdown(*ssl);
	SSL_free(*ssl);
	close(fd);
	*ssl = NULL;
}

/* The server answers and ends; the program has it all. */
static void call_back(struct stage *s, struct call *c, const char *answer)
{
	stage_write(c->server, answer);
	shut(&c->server);
	stage_over(s, &c->over);
	SSL_shutdown(c->program);
	stage_read(c->program, c->heard, sizeof(c->heard), NULL);
	shut(&c->program);
}

static void test_request(void **state)
{
	struct call *c = calloc(1, sizeof(*c));

	call_out(*state, c, "POST /v1/m%20x?q=1 HTTP/1.1\r\nHost: " HOST "\r\nContent-Length: 5\r\nConnection: keep-alive\r\n"
			    "Accept-Encoding: gzip\r\nRange: bytes=3-\r\n\r\nhello", "hello");
	assert_string_equal(c->ask.host, HOST);
	assert_int_equal(c->ask.port, 443);
	assert_int_equal(c->ask.way, NET_INSPECTED);
	assert_string_equal(c->ask.scheme, "https");
	assert_string_equal(c->ask.method, "POST");
	assert_string_equal(c->ask.path, "/v1/m%20x");
	assert_string_equal(c->ask.query, "q=1");
	assert_int_equal(strlen(c->ask.digest), 71);
	assert_string_equal(c->sent, "POST /v1/m%20x?q=1 HTTP/1.1\r\nHost: " HOST "\r\nContent-Length: 5\r\n"
				     "Accept-Encoding: identity\r\nConnection: close\r\n\r\nhello");
	call_back(*state, c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nAlt-Svc: h3\r\n\r\nyes");
	assert_string_equal(c->heard, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n");
	assert_string_equal(c->over.status, "ok");
	assert_int_equal(c->over.http, 200);
	assert_string_equal(c->over.sni, HOST);
	assert_int_equal(c->over.sent, strlen(c->sent));
	free(c);
}

/* A placeholder goes out as the secret, in any field and within Basic; the server says it back in every way it can. */
static void test_credential(void **state)
{
	struct call *c = calloc(1, sizeof(*c));

	call_out(*state, c,
		 "GET /" PLACEHOLDER " HTTP/1.1\r\nHost: " HOST "\r\nX-Key: a " PLACEHOLDER " b\r\n"
		 "Authorization: Basic dXNlcjpyZWV2ZS1wbGFjZWhvbGRlci1rZXk=\r\n\r\n", "\r\n\r\n");
	assert_non_null(strstr(c->sent, "GET /" PLACEHOLDER " HTTP/1.1\r\n"));
	assert_non_null(strstr(c->sent, "X-Key: a " SECRET " b\r\n"));
	assert_non_null(strstr(c->sent, "Authorization: Basic dXNlcjpzay1saXZlLzQrNz1zZWNyZXQlMjB4\r\n"));
	call_back(*state, c, "HTTP/1.1 200 OK\r\nX-Echo: " SECRET "\r\n\r\n{\"a\":\"" SECRET "\"} "
			     "dXNlcjpzay1saXZlLzQrNz1zZWNyZXQlMjB4 sk-live%2F4%2b7%3Dsecret%2520x "
			     "sk-live\\/4\\u002b7=secret%20x 736B2d6c6976652f342b373d73656372657425323078");
	assert_null(strstr(c->heard, "secret"));
	assert_null(strstr(c->heard, "live"));
	assert_null(strstr(c->heard, "zay1saXZl"));
	assert_null(strstr(c->heard, "6c697665"));
	assert_non_null(strstr(c->heard, "X-Echo: " PLACEHOLDER "\r\n"));
	assert_non_null(strstr(c->heard, "{\"a\":\"" PLACEHOLDER "\"} "));
	free(c);
}

/* Another host is told the placeholder, which is worth nothing there. */
static void test_other_host(void **state)
{
	struct stage *s = *state;
	struct net_ask ask;
	char sent[4096];
	int fd = stage_hand(s, OTHER, 8443, "", 0);
	SSL *program = stage_program(s, fd, OTHER, OTHER), *server;
	struct net_over over;

	assert_non_null(program);
	stage_write(program, "GET / HTTP/1.1\r\nHost: " OTHER ":8443\r\nX-Key: " PLACEHOLDER "\r\nAccept-Encoding: br\r\n\r\n");
	server = stage_server(&s->world, stage_open(s, stage_asked(s, &ask)), OTHER);
	assert_non_null(server);
	assert_int_equal(ask.port, 8443);
	stage_read(server, sent, sizeof(sent), "\r\n\r\n");
	assert_non_null(strstr(sent, "X-Key: " PLACEHOLDER "\r\nAccept-Encoding: br\r\n"));
	stage_write(server, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n\x0b\x02");
	stage_read(program, sent, sizeof(sent), "\x0b\x02");
	assert_non_null(strstr(sent, "Content-Encoding: br\r\nContent-Length: 2\r\n\r\n"));
	stage_over(s, &over);
	assert_string_equal(over.status, "ok");
	/* the connection stays: the next request is asked for by itself, and goes over a connection of its own */
	stage_write(program, "HEAD /2 HTTP/1.1\r\nHost: " OTHER ":8443\r\n\r\n");
	stage_deny(s, stage_asked(s, &ask), NET_REFUSED, "rule 3 refuses it");
	assert_string_equal(ask.path, "/2");
	stage_read(program, sent, sizeof(sent), NULL);
	assert_non_null(strstr(sent, "HTTP/1.1 403 Forbidden\r\n"));
	shut(&program);
	shut(&server);
}

static const struct {
	const char *what, *request, *fault;	/* in the question */
} hostile[] = {
	{ "two lengths", "POST / HTTP/1.1\r\nHost: " HOST "\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "only once" },
	{ "length and chunked", "POST / HTTP/1.1\r\nHost: " HOST "\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "two readers" },
	{ "an encoding that hides one", "POST / HTTP/1.1\r\nHost: " HOST "\r\nTransfer-Encoding: xchunked\r\n\r\n", "malformed" },
	{ "a blank before the colon", "POST / HTTP/1.1\r\nHost: " HOST "\r\nContent-Length : 5\r\n\r\n", "malformed" },
	{ "a folded field", "GET / HTTP/1.1\r\nHost: " HOST "\r\nA: b\r\n c\r\n\r\n", "malformed" },
	{ "a bare LF", "GET / HTTP/1.1\nHost: " HOST "\r\n\r\n", "CR LF" },
	{ "a bare CR", "GET / HTTP/1.1\r\nHost: " HOST "\r\nA: b\rc\r\n\r\n", "CR LF" },
	{ "absolute form", "GET https://" HOST "/ HTTP/1.1\r\nHost: " HOST "\r\n\r\n", "METHOD /PATH" },
	{ "CONNECT", "CONNECT " HOST ":443 HTTP/1.1\r\nHost: " HOST "\r\n\r\n", "METHOD /PATH" },
	{ "another host", "GET / HTTP/1.1\r\nHost: evil.example.com\r\n\r\n", "Host does not say" },
	{ "another port", "GET / HTTP/1.1\r\nHost: " HOST ":444\r\n\r\n", "Host does not say" },
	{ "no host", "GET / HTTP/1.1\r\n\r\n", "Host does not say" },
	{ "two hosts", "GET / HTTP/1.1\r\nHost: " HOST "\r\nHost: " HOST "\r\n\r\n", "only once" },
	{ "out of the folder", "GET /a/../b HTTP/1.1\r\nHost: " HOST "\r\n\r\n", "METHOD /PATH" },
	{ "out of the folder, encoded", "GET /a/%2e%2E/b HTTP/1.1\r\nHost: " HOST "\r\n\r\n", "METHOD /PATH" },
	{ "out of the folder, slash encoded", "GET /a%2f..%5cb HTTP/1.1\r\nHost: " HOST "\r\n\r\n", "METHOD /PATH" },
	{ "out of the folder, with a parameter", "GET /a/..;x/b HTTP/1.1\r\nHost: " HOST "\r\n\r\n", "METHOD /PATH" },
	{ "a fragment", "GET /a#b HTTP/1.1\r\nHost: " HOST "\r\n\r\n", "METHOD /PATH" },
	{ "a websocket", "GET / HTTP/1.1\r\nHost: " HOST "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "Upgrade" },
	{ "HTTP/1.0", "GET / HTTP/1.0\r\nHost: " HOST "\r\n\r\n", "METHOD /PATH" },
	{ "HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "METHOD /PATH" },
};

/* None of them gets an OPENED: the question carries what is wrong, and the program is told. */
static void test_hostile(void **state)
{
	struct stage *s = *state;
	struct net_ask ask;
	char heard[4096];
	SSL *program;
	size_t i;

	for (i = 0; i < count_of(hostile); i++) {
		program = stage_program(s, stage_hand(s, HOST, 443, "", 0), HOST, HOST);
		assert_non_null(program);
		stage_write(program, hostile[i].request);
		stage_deny(s, stage_asked(s, &ask), NET_BAD, "it cannot be read");
		if (!strstr(ask.fault, hostile[i].fault))
			fail_msg("%s: fault \"%s\"", hostile[i].what, ask.fault);
		stage_read(program, heard, sizeof(heard), NULL);
		if (!strstr(heard, "HTTP/1.1 400 Bad Request\r\n") || !strstr(heard, "reeve: it cannot be read\n"))
			fail_msg("%s: heard \"%s\"", hostile[i].what, heard);
		shut(&program);
	}
}

/* NUL cannot stand in the rows above. */
static void test_nul(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: " HOST "\r\nA: \0b\r\n\r\n";
	struct stage *s = *state;
	struct net_ask ask;
	SSL *program = stage_program(s, stage_hand(s, HOST, 443, "", 0), HOST, HOST);

	assert_int_equal(SSL_write(program, request, sizeof(request) - 1), (int)sizeof(request) - 1);
	stage_deny(s, stage_asked(s, &ask), NET_BAD, "no");
	assert_non_null(strstr(ask.fault, "NUL"));
	shut(&program);
}

/* What stands behind a request's end is not sent with it. */
static void test_pipelined(void **state)
{
	struct stage *s = *state;
	struct call *c = calloc(1, sizeof(*c));
	struct net_ask second;

	call_out(s, c, "POST /1 HTTP/1.1\r\nHost: " HOST "\r\nContent-Length: 3\r\n\r\noneDELETE /2 HTTP/1.1\r\nHost: " HOST "\r\n\r\n", "one");
	stage_write(c->server, "HTTP/1.1 204 No Content\r\n\r\n");
	stage_over(s, &c->over);
	assert_int_equal(c->over.sent, strlen(c->sent));
	assert_int_equal(stage_read(c->server, c->sent, sizeof(c->sent), NULL), 0);
	stage_deny(s, stage_asked(s, &second), NET_REFUSED, "no");
	assert_string_equal(second.method, "DELETE");
	assert_string_equal(second.path, "/2");
	stage_read(c->program, c->heard, sizeof(c->heard), "no\n");
	assert_non_null(strstr(c->heard, "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 403 Forbidden\r\n"));
	shut(&c->program);
	shut(&c->server);
	free(c);
}

static const struct {
	const char *what, *name, *fault;	/* SNI */
} names[] = {
	{ "another name in TLS", "evil.example.com", "another host" },
	{ "a longer name in TLS", HOST ".evil.example", "another host" },
	{ "no name in TLS", NULL, "names no host" },
};

static void test_names(void **state)
{
	struct stage *s = *state;
	struct net_ask ask;
	size_t i;
	pid_t pid;
	int fd;

	for (i = 0; i < count_of(names); i++) {
		fd = stage_hand(s, HOST, 443, "", 0);
		pid = fork(); /* the program waits for an answer that comes only after ours */
		if (pid == 0)
			_exit(stage_program(s, fd, names[i].name, NULL) != NULL);
		close(fd);
		stage_deny(s, stage_asked(s, &ask), NET_BAD, "no");
		if (!strstr(ask.fault, names[i].fault))
			fail_msg("%s: %s", names[i].what, ask.fault);
		assert_int_equal(waitpid(pid, &fd, 0), pid);
		assert_int_equal(fd, 0);
	}
}

/* A server that shows a certificate for another name, or of nobody we know, hears nothing of the request. */
static void test_server_lies(void **state)
{
	static const char *const nobody[] = { "example.com" };
	struct stage *s = *state;
	struct authority stranger;
	struct net_over over;
	struct net_ask ask;
	struct err e = { 0 };
	char heard[4096];
	SSL *program;
	int i;

	assert_int_equal(authority_make(&stranger, nobody, 1, &e), 0);
	for (i = 0; i < 2; i++) {
		program = stage_program(s, stage_hand(s, HOST, 443, "", 0), HOST, HOST);
		stage_write(program, "GET / HTTP/1.1\r\nHost: " HOST "\r\nX-Key: " PLACEHOLDER "\r\n\r\n");
		assert_null(stage_server(i ? &stranger : &s->world, stage_open(s, stage_asked(s, &ask)), i ? HOST : OTHER));
		stage_over(s, &over);
		assert_string_equal(over.status, "refused");
		assert_non_null(strstr(over.why, "not to be trusted"));
		assert_int_equal(over.sent, 0);
		stage_read(program, heard, sizeof(heard), NULL);
		assert_non_null(strstr(heard, "HTTP/1.1 502 Bad Gateway\r\n"));
		shut(&program);
	}
	authority_free(&stranger);
}

static const struct {
	const char *what, *answer, *why;
} answers[] = {
	{ "compressed in spite of it", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx", "compressed" },
	{ "two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nxx", "malformed" },
	{ "length and chunked", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "malformed" },
	{ "another protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "protocol" },
	{ "no HTTP", "SSH-2.0-x\r\n\r\n", "not HTTP" },
	{ "nothing", "", "before its answer" },
	{ "an encoding that hides one", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "malformed" },
};

static void test_answers(void **state)
{
	struct call *c = calloc(1, sizeof(*c));
	size_t i;

	for (i = 0; i < count_of(answers); i++) {
		call_out(*state, c, "GET / HTTP/1.1\r\nHost: " HOST "\r\n\r\n", "\r\n\r\n");
		if (answers[i].answer[0])
			stage_write(c->server, answers[i].answer);
		shut(&c->server);
		stage_over(*state, &c->over);
		stage_read(c->program, c->heard, sizeof(c->heard), NULL);
		if (strcmp(c->over.status, "error") != 0 || !strstr(c->over.why, answers[i].why) ||
		    strncmp(c->heard, "HTTP/1.1 502 ", 13) != 0)
			fail_msg("%s: %s, %s, %s", answers[i].what, c->over.status, c->over.why, c->heard);
		shut(&c->program);
	}
	free(c);
}

/* An answer that breaks off must not look whole: no last chunk, no goodbye. */
static void test_broken_off(void **state)
{
	struct call *c = calloc(1, sizeof(*c));

	call_out(*state, c, "GET / HTTP/1.1\r\nHost: " HOST "\r\n\r\n", "\r\n\r\n");
	stage_write(c->server, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	shut(&c->server);
	stage_over(*state, &c->over);
	assert_string_equal(c->over.status, "error");
	stage_read(c->program, c->heard, sizeof(c->heard), NULL);
	assert_null(strstr(c->heard, "\r\n0\r\n"));
	assert_int_equal(SSL_get_shutdown(c->program) & SSL_RECEIVED_SHUTDOWN, 0);
	shut(&c->program);
	free(c);
}

/* Chunked both ways, a 100 in between, and the hello already in the proxy's hands. */
static void test_chunked(void **state)
{
	struct call *c = calloc(1, sizeof(*c));

	call_out(*state, c, "PUT / HTTP/1.1\r\nHost: " HOST "\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n", "\r\n\r\n");
	stage_write(c->server, "HTTP/1.1 100 Continue\r\n\r\n");
	stage_read(c->program, c->heard, sizeof(c->heard), "\r\n\r\n");
	assert_string_equal(c->heard, "HTTP/1.1 100 Continue\r\n\r\n");
	stage_write(c->program, "3\r\nabc\r\n");
	stage_write(c->program, "0\r\n\r\n");
	stage_read(c->server, c->sent, sizeof(c->sent), "0\r\n\r\n");
	assert_string_equal(c->sent, "3\r\nabc\r\n0\r\n\r\n");
	call_back(*state, c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsk-liv\r\n10\r\ne/4+7=secret%20x\r\n0\r\n\r\n");
	assert_non_null(strstr(c->heard, PLACEHOLDER "\r\n0\r\n\r\n"));
	assert_null(strstr(c->heard, "sk-liv"));
	assert_string_equal(c->over.status, "ok");
	free(c);
}

static void test_first_bytes(void **state)
{
	struct stage *s = *state;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	struct net_ask ask;
	char *hello;
	long size;
	int fd;

	SSL_set_bio(ssl, in, out);
	SSL_set_tlsext_host_name(ssl, HOST);
	SSL_connect(ssl);
	size = BIO_get_mem_data(out, &hello);
	fd = stage_hand(s, HOST, 443, hello, (size_t)size);
	SSL_set_fd(ssl, fd);
	assert_int_equal(SSL_connect(ssl), 1);
	stage_write(ssl, "GET / HTTP/1.1\r\nHost: " HOST "\r\n\r\n");
	stage_deny(s, stage_asked(s, &ask), NET_REFUSED, "no");
	shut(&ssl);
	SSL_CTX_free(ctx);
}

/* The agent hangs up: the server's connection ends with it, and the broker hears so. */
static void test_hangs_up(void **state)
{
	struct call *c = calloc(1, sizeof(*c));
	int fd;

	call_out(*state, c, "GET / HTTP/1.1\r\nHost: " HOST "\r\n\r\n", "\r\n\r\n");
	fd = SSL_get_fd(c->program);
	SSL_free(c->program);
	close(fd);
	stage_over(*state, &c->over);
	assert_string_equal(c->over.status, "cancelled");
	assert_int_equal(stage_read(c->server, c->sent, sizeof(c->sent), NULL), 0);
	shut(&c->server);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),	   cmocka_unit_test(test_credential), cmocka_unit_test(test_other_host),
		cmocka_unit_test(test_hostile),	   cmocka_unit_test(test_nul),	      cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_names),	   cmocka_unit_test(test_server_lies), cmocka_unit_test(test_answers),
		cmocka_unit_test(test_broken_off), cmocka_unit_test(test_chunked),    cmocka_unit_test(test_first_bytes),
		cmocka_unit_test(test_hangs_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, stage_begin, stage_end);
}
