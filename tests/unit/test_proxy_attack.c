/*
 * tests/unit/test_proxy_attack.c - what a program says through a tunnel to be heard by another server than was judged: HTTP in
 * clear, TLS in forms that only some servers read, and what goes before either.
 */
#include "proxy_stage.h"

#define H "Host: example.com\r\n"
#define ROW(text) text, sizeof(text) - 1

static int tunnel_to(struct stage *s, const char *host, unsigned port, int *far)
{
	int ear = hear_at(s, EAR_PROXY), fd = program(s, ear);
	char text[600], got[64];

	snprintf(text, sizeof(text), "CONNECT %s:%u HTTP/1.1\r\nHost: %s:%u\r\n\r\n", host, port, host, port);
	say_text(fd, text);
	asked(s);
	*far = open_world(s);
	hear_bytes(s, fd, got, 39);
	return fd;
}

static void say_in(struct stage *s, int fd, const char *bytes, size_t size, size_t piece)
{
	size_t at, some;

	for (at = 0; at < size; at += some) {
		some = size - at < piece ? size - at : piece;
		(void)!send(fd, bytes + at, some, MSG_NOSIGNAL);
		(void)!proxy_turn(s->p, 0);
		(void)!proxy_turn(s->p, 0);
	}
}

/* Said through a tunnel to example.com:80. */
static const struct {
	const char *what, *bytes;
	size_t size;
	const char *why;	/* begins so; NULL: it goes as it is */
	size_t first;		/* so many bytes may go before it is refused */
} rows[] = {
	{ "another host", ROW("GET / HTTP/1.1\r\nHost: other.com\r\n\r\n"), "Host does not say", 0 },
	{ "another port", ROW("GET / HTTP/1.1\r\nHost: example.com:8080\r\n\r\n"), "Host does not say", 0 },
	{ "no host", ROW("GET / HTTP/1.1\r\nA: b\r\n\r\n"), "Host does not say", 0 },
	{ "two hosts", ROW("GET / HTTP/1.1\r\n" H "Host: other.com\r\n\r\n"), "a field", 0 },
	{ "a host in the target", ROW("GET http://other.com/ HTTP/1.1\r\n" H "\r\n"), "expected", 0 },
	{ "a tunnel in the tunnel", ROW("CONNECT other.com:443 HTTP/1.1\r\nHost: other.com:443\r\n\r\n"), "expected", 0 },
	{ "HTTP/1.0", ROW("GET / HTTP/1.0\r\n" H "\r\n"), "expected", 0 },
	{ "HTTP/0.9 with a host", ROW("GET http://other.com/\r\n\r\n"), "expected", 0 },
	{ "any scheme in it", ROW("GET x://other.com/\r\n\r\n"), "expected", 0 },
	{ "HTTP/2", ROW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "expected", 0 },
	{ "small letters", ROW("get / http/1.1\r\nhost: other.com\r\n\r\n"), "expected", 0 },
	{ "a tab", ROW("GET\t/\tHTTP/1.1\r\nHost: other.com\r\n\r\n"), "expected", 0 },
	{ "two blanks", ROW("GET  /  HTTP/1.1\r\nHost: other.com\r\n\r\n"), "expected", 0 },
	{ "a blank in the target", ROW("GET /a b HTTP/1.1\r\nHost: other.com\r\n\r\n"), "expected", 0 },
	{ "bare LF", ROW("GET / HTTP/1.1\nHost: other.com\n\n"), "a head whose lines", 0 },
	{ "an empty line first", ROW("\r\nGET / HTTP/1.1\r\nHost: other.com\r\n\r\n"), "Host does not say", 2 },
	{ "many of them", ROW("\n\r\n\n\r\r\n \tGET / HTTP/1.1\r\nHost: other.com\r\n\r\n"), "Host does not say", 9 },
	{ "a method nobody knows", ROW("M-SEARCH / HTTP/1.1\r\nHost: other.com\r\n\r\n"), "Host does not say", 0 },
	{ "a step up", ROW("GET /a/../b HTTP/1.1\r\n" H "\r\n"), "expected", 0 },
	{ "two lengths", ROW("POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), "a field", 0 },
	{ "who connects, 1", ROW("PROXY TCP4 1.1.1.1 1.1.1.1 1 80\r\nGET / HTTP/1.1\r\nHost: other.com\r\n\r\n"), "expected", 0 },
	{ "who connects, 2", ROW("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" "aaaaaaaaaaaaGET / HTTP/1.1\r\nHost: other.com\r\n\r\n"), "the PROXY", 4 },
	{ "SSL 2", ROW("\x80\x1c\1\3\1\0\3\0\0\0\x10\0\0\x2f" "0123456789abcdef"), "a ClientHello of SSL 2", 0 },
	{ "TLS of a version that is none", ROW("\x16\4\1\0\5\1\0\0\1\0"), "this is not TLS", 0 },
	{ "a warning of such", ROW("\x15\0\1\0\2\1\x5a\x16\3\1\0\5\1\0\0\1\0"), "TLS that does not begin", 0 },
	{ "SSH", ROW("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), NULL, 0 },
	{ "SMTP", ROW("EHLO example.com\r\n"), NULL, 0 },
	{ "IRC", ROW("NICK a\r\nUSER a 0 * :b\r\n"), NULL, 0 },
	{ "Redis", ROW("*1\r\n$4\r\nPING\r\n"), NULL, 0 },
	{ "Redis in words", ROW("SET a b\r\n"), NULL, 0 },
	{ "memcached", ROW("get a\r\n"), NULL, 0 },
	{ "git", ROW("0032git-upload-pack /project.git\0host=myserver.com\0"), NULL, 0 },
	{ "LDAP", ROW("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"), NULL, 0 },
	{ "LDAP of 32 bytes", ROW("\x30\x20\x02\x01\x01\x60\x1b"), NULL, 0 },
	{ "RTSP", ROW("OPTIONS rtsp://example.com/a RTSP/1.0\r\nCSeq: 1\r\n\r\n"), NULL, 0 },
	{ "gopher", ROW("\r\n"), NULL, 0 },
	{ "AMQP", ROW("AMQP\0\0\x09\1"), NULL, 0 },
	{ "MySQL", ROW("\x20\0\0\1\x85\xa6\xff\x01"), NULL, 0 },
	{ "telnet", ROW("\xff\xfb\1"), NULL, 0 },
};

static void refused(struct stage *s, size_t i, int fd, int far)
{
	char got[2048];
	ssize_t size;

	was_over(s);
	assert_string_equal(s->over.status, "refused");
	if (strncmp(s->over.why, rows[i].why, strlen(rows[i].why)) != 0)
		fail_msg("%s: %s", rows[i].what, s->over.why);
	size = hear_all(s, far, got, sizeof(got));
	if (size != (ssize_t)rows[i].first || memcmp(got, rows[i].bytes, rows[i].first) != 0)
		fail_msg("%s: %zd bytes reached the world", rows[i].what, size);
	assert_true(hear_all(s, fd, got, sizeof(got)) >= 0);
	if (!strstr(rows[i].what, "TLS") && !strstr(rows[i].what, "SSL") && !strstr(rows[i].what, "warning") &&
	    !strstr(rows[i].why, "PROXY") && strncmp(got, "HTTP/1.1 400 ", 13) != 0)
		fail_msg("%s: answered \"%s\"", rows[i].what, got);
	assert_false(readable(s->broker_fd));
}

static void try_row(size_t i, size_t piece)
{
	struct stage s;
	char got[2048];
	int fd, far;

	furnish(&s);
	fd = tunnel_to(&s, "example.com", 80, &far);
	say_in(&s, fd, rows[i].bytes, rows[i].size, piece);
	if (rows[i].why) {
		refused(&s, i, fd, far);
	} else {
		hear_bytes(&s, far, got, rows[i].size);
		assert_memory_equal(got, rows[i].bytes, rows[i].size);
		say_text(far, "x");
		hear_bytes(&s, fd, got, 1);
	}
	close(fd);
	close(far);
	turn(&s);
	leave(&s);
}

static void http_in_clear_is_for_whom_was_judged(void **state)
{
	static const size_t pieces[] = { 2048, 1, 5 };
	size_t i, n;

	(void)state;
	for (i = 0; i < count_of(rows); i++)
		for (n = 0; n < count_of(pieces); n++)
			try_row(i, pieces[n]);
}

/* One that is for the right host is judged by itself, and has a connection to itself; nothing follows it. */
static void a_request_in_a_tunnel_is_judged(void **state)
{
	static const char said[] = "POST /a/b?c=d HTTP/1.1\r\nUser-Agent: x\r\nConnection: keep-alive\r\nHost: EXAMPLE.com:8080\r\n"
				   "Content-Length: 3\r\n\r\nabcGET /second HTTP/1.1\r\nHost: other.com\r\n\r\n";
	static const char sent[] = "POST /a/b?c=d HTTP/1.1\r\nHost: example.com:8080\r\nUser-Agent: x\r\n"
				   "Content-Length: 3\r\nConnection: close\r\n\r\nabc";
	static const size_t pieces[] = { 2048, 1 };
	struct stage s;
	char got[2048];
	int fd, far, other;
	size_t n;

	(void)state;
	for (n = 0; n < count_of(pieces); n++) {
		furnish(&s);
		fd = tunnel_to(&s, "example.com", 8080, &far);
		say_in(&s, fd, said, sizeof(said) - 1, pieces[n]);
		assert_string_equal(was_over(&s)->status, "ok");
		assert_int_equal(s.over.sent, 0);
		assert_int_equal(hear_all(&s, far, got, sizeof(got)), 0);
		asked(&s);
		assert_int_equal(s.ask.way, NET_BY_HTTP);
		assert_string_equal(s.ask.host, "example.com");
		assert_int_equal(s.ask.port, 8080);
		assert_string_equal(s.ask.scheme, "http");
		assert_string_equal(s.ask.method, "POST");
		assert_string_equal(s.ask.path, "/a/b");
		assert_string_equal(s.ask.query, "c=d");
		assert_int_equal(strncmp(s.ask.digest, "sha256:", 7), 0);
		other = open_world(&s);
		hear_bytes(&s, other, got, sizeof(sent) - 1);
		assert_memory_equal(got, sent, sizeof(sent) - 1);
		asked(&s);
		assert_non_null(strstr(s.ask.fault, "second request"));
		deny(&s, NET_BAD, 0, "no");
		say_text(other, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nyes");
		close(other);
		assert_string_equal(was_over(&s)->status, "ok");
		assert_int_equal(s.over.sent, sizeof(sent) - 1);
		assert_int_equal(s.over.http, 200);
		assert_true(hear_all(&s, fd, got, sizeof(got)) > 0);
		assert_non_null(strstr(got, "yes"));
		close(fd);
		close(far);
		turn(&s);
		assert_int_equal(s.p->free_count, PROXY_SEATS);
		leave(&s);
	}
}

static void and_may_be_refused(void **state)
{
	struct stage s;
	char got[2048];
	int fd, far;

	(void)state;
	furnish(&s);
	fd = tunnel_to(&s, "example.com", 80, &far);
	say_text(fd, "GET /admin HTTP/1.1\r\n" H "\r\n");
	was_over(&s);
	asked(&s);
	assert_string_equal(s.ask.path, "/admin");
	deny(&s, NET_REFUSED, 0, "reeve refused it");
	assert_true(hear_all(&s, fd, got, sizeof(got)) > 0);
	assert_memory_equal(got, "HTTP/1.1 403 ", 13);
	assert_int_equal(hear_all(&s, far, got, sizeof(got)), 0);
	close(fd);
	close(far);
	leave(&s);
}

/* A word alone is nothing yet; it goes when nothing comes, and what comes then makes no request of it. */
static void a_word_that_waits(void **state)
{
	static const struct {
		const char *then;
		bool goes;
	} after[] = { { " / HTTP/1.1\r\nHost: other.com\r\n\r\n", false }, { "\t/", false }, { "X / HTTP/1.1\r\n", false },
		      { "\r\nGET", true }, { "X\nmore and more", true } };
	struct stage s;
	char got[2048];
	int fd, far;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(after); i++) {
		furnish(&s);
		fd = tunnel_to(&s, "example.com", 80, &far);
		say_text(fd, "GET");
		turn(&s);
		assert_false(readable(far));
		proxy_expire(s.p, s.p->now + UINT64_C(2100000000));
		hear_bytes(&s, far, got, 3);
		say_text(fd, after[i].then);
		turn(&s);
		if (after[i].goes) {
			hear_bytes(&s, far, got, strlen(after[i].then));
			assert_memory_equal(got, after[i].then, strlen(after[i].then));
		} else {
			assert_string_equal(was_over(&s)->status, "refused");
			assert_int_equal(hear_all(&s, far, got, sizeof(got)), 0);
		}
		close(fd);
		close(far);
		leave(&s);
	}
}

/* Half a line is kept, however long: it could still be one. */
static void half_a_request(void **state)
{
	struct stage s;
	char got[2048];
	int fd, far, i;

	(void)state;
	for (i = 0; i < 2; i++) {
		furnish(&s);
		fd = tunnel_to(&s, "example.com", 80, &far);
		say_text(fd, "GET / HTTP/1.1\r\nHost: other");
		turn(&s);
		if (i == 0)
			proxy_expire(s.p, s.p->now + UINT64_C(10000000000));
		else
			shutdown(fd, SHUT_WR);
		assert_string_equal(was_over(&s)->status, "refused");
		assert_int_equal(hear_all(&s, far, got, sizeof(got)), 0);
		close(fd);
		close(far);
		leave(&s);
	}
}

/* Whoever has spoken first is no server of HTTP; and one that has hung up is not asked again. */
static void a_request_to_who_spoke_first(void **state)
{
	struct stage s;
	char got[2048];
	int fd, far, i;

	(void)state;
	for (i = 0; i < 2; i++) {
		furnish(&s);
		fd = tunnel_to(&s, "example.com", 80, &far);
		if (i == 0)
			say_text(far, "220 hello\r\n");
		else
			shutdown(far, SHUT_WR);
		turn(&s);
		say_text(fd, "GET / HTTP/1.1\r\n" H "\r\n");
		assert_string_equal(was_over(&s)->status, "refused");
		assert_int_equal(hear_all(&s, far, got, sizeof(got)), 0);
		turn(&s);
		assert_false(readable(s.broker_fd));
		close(fd);
		close(far);
		leave(&s);
	}
}

static void the_name_is_told_at_the_end(void **state)
{
	uint8_t bytes[1024];
	size_t size = make_hello(bytes, "EXAMPLE.com", false);
	struct stage s;
	char got[1024];
	int fd, far;

	(void)state;
	furnish(&s);
	fd = tunnel_to(&s, "example.com", 443, &far);
	say(fd, bytes, size);
	hear_bytes(&s, far, got, size);
	close(far);
	close(fd);
	assert_string_equal(was_over(&s)->sni, "example.com");
	leave(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_in_clear_is_for_whom_was_judged),
		cmocka_unit_test(a_request_in_a_tunnel_is_judged),
		cmocka_unit_test(and_may_be_refused),
		cmocka_unit_test(a_word_that_waits),
		cmocka_unit_test(half_a_request),
		cmocka_unit_test(a_request_to_who_spoke_first),
		cmocka_unit_test(the_name_is_told_at_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
