/*
 * tests/unit/test_proxy_hostile.c - what programs say to get further than they may (THREATS 1.13, 2.3): each is recorded as a
 * fault before it is answered, and nothing of it reaches the world.
 */
#include "proxy_stage.h"

#include <sys/mman.h>
#include <sys/uio.h>

#define H "Host: example.com\r\n"
#define ROW(text) text, sizeof(text) - 1

static const struct {
	const char *what, *bytes;
	size_t size;
	const char *fault;	/* begins so */
	const char *answer;	/* begins so */
} rows[] = {
	{ "no proxy's request", ROW("GET / HTTP/1.1\r\n" H "\r\n"), "expected", "HTTP/1.1 400 " },
	{ "HTTP/1.0", ROW("GET http://example.com/ HTTP/1.0\r\n" H "\r\n"), "expected", "HTTP/1.1 400 " },
	{ "https in clear", ROW("GET https://example.com/ HTTP/1.1\r\n" H "\r\n"), "expected", "HTTP/1.1 400 " },
	{ "a user", ROW("GET http://user@example.com/ HTTP/1.1\r\n" H "\r\n"), "expected", "HTTP/1.1 400 " },
	{ "an octal address", ROW("CONNECT 0251.0376.0251.0376:80 HTTP/1.1\r\n" H "\r\n"), "expected", "HTTP/1.1 400 " },
	{ "a decimal address", ROW("CONNECT 2852039166:80 HTTP/1.1\r\n" H "\r\n"), "expected", "HTTP/1.1 400 " },
	{ "a short address", ROW("CONNECT 127.1:80 HTTP/1.1\r\n" H "\r\n"), "expected", "HTTP/1.1 400 " },
	{ "an escaped host", ROW("CONNECT ex%61mple.com:443 HTTP/1.1\r\n" H "\r\n"), "expected", "HTTP/1.1 400 " },
	{ "port 0", ROW("CONNECT example.com:0 HTTP/1.1\r\n" H "\r\n"), "expected", "HTTP/1.1 400 " },
	{ "no port", ROW("CONNECT example.com HTTP/1.1\r\n" H "\r\n"), "expected", "HTTP/1.1 400 " },
	{ "port 65536", ROW("CONNECT example.com:65536 HTTP/1.1\r\n" H "\r\n"), "expected", "HTTP/1.1 400 " },
	{ "another Host", ROW("GET http://example.com/ HTTP/1.1\r\nHost: other.com\r\n\r\n"), "Host does not say", "HTTP/1.1 400 " },
	{ "two Hosts", ROW("GET http://example.com/ HTTP/1.1\r\n" H H "\r\n"), "a field", "HTTP/1.1 400 " },
	{ "another Host for CONNECT", ROW("CONNECT example.com:443 HTTP/1.1\r\nHost: other.com:443\r\n\r\n"), "Host does not say", "HTTP/1.1 400 " },
	{ "a bare LF", ROW("GET http://example.com/ HTTP/1.1\n" H "\r\n"), "a head whose lines", "HTTP/1.1 400 " },
	{ "a bare CR", ROW("GET http://example.com/ HTTP/1.1\r\nA: b\rc\r\n" H "\r\n"), "a head whose lines", "HTTP/1.1 400 " },
	{ "NUL", ROW("GET http://example.com/\0 HTTP/1.1\r\n" H "\r\n"), "a head whose lines", "HTTP/1.1 400 " },
	{ "a folded line", ROW("GET http://example.com/ HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n"), "a field", "HTTP/1.1 400 " },
	{ "a blank before the colon", ROW("GET http://example.com/ HTTP/1.1\r\n" H "A : b\r\n\r\n"), "a field", "HTTP/1.1 400 " },
	{ "two lengths", ROW("POST http://example.com/ HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), "a field", "HTTP/1.1 400 " },
	{ "a length and chunks", ROW("POST http://example.com/ HTTP/1.1\r\n" H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), "a request whose end", "HTTP/1.1 400 " },
	{ "another coding", ROW("POST http://example.com/ HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n"), "a field", "HTTP/1.1 400 " },
	{ "a signed length", ROW("POST http://example.com/ HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n"), "a field", "HTTP/1.1 400 " },
	{ "a body of CONNECT", ROW("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nContent-Length: 5\r\n\r\n"), "a request whose end", "HTTP/1.1 400 " },
	{ "a length for us alone", ROW("POST http://example.com/ HTTP/1.1\r\n" H "Connection: close, Content-Length\r\nContent-Length: 5\r\n\r\n"), "Connection names", "HTTP/1.1 400 " },
	{ "a coding for us alone", ROW("POST http://example.com/ HTTP/1.1\r\n" H "Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n"), "Connection names", "HTTP/1.1 400 " },
	{ "another expectation", ROW("POST http://example.com/ HTTP/1.1\r\n" H "Expect: payment\r\nContent-Length: 5\r\n\r\n"), "it expects", "HTTP/1.1 417 " },
	{ "a step up", ROW("GET http://example.com/public/../secret HTTP/1.1\r\n" H "\r\n"), "a path with", "HTTP/1.1 400 " },
	{ "an encoded step up", ROW("GET http://example.com/public/%2e%2E/secret HTTP/1.1\r\n" H "\r\n"), "a path with", "HTTP/1.1 400 " },
	{ "an encoded slash and a step", ROW("GET http://example.com/public%2f..%2Fsecret HTTP/1.1\r\n" H "\r\n"), "a path with", "HTTP/1.1 400 " },
	{ "a backslash", ROW("GET http://example.com\\@other.com/ HTTP/1.1\r\n" H "\r\n"), "expected", "HTTP/1.1 400 " },
	{ "SOCKS 4", ROW("\4\1\0P\1\1\1\1\0"), "a head whose lines", "HTTP/1.1 400 " },
	{ "TLS to the proxy", ROW("\x16\3\1\0\5\1\0\0\1\0"), "a head whose lines", "HTTP/1.1 400 " },
	{ "SOCKS with a password only", ROW("\5\1\2"), "SOCKS 5 is spoken here without", "\5\xff" },
	{ "SOCKS BIND", ROW("\5\1\0\5\2\0\1\1\1\1\1\0P"), "of SOCKS 5 only CONNECT", "\5" },
	{ "an escaped name by SOCKS", ROW("\5\1\0\5\1\0\3\5a%62c\0P"), "neither a host's name", "\5" },
	{ "a name with NUL by SOCKS", ROW("\5\1\0\5\1\0\3\5a.b\0c\0P"), "neither a host's name", "\5" },
	{ "a stand-in for no name", ROW("CONNECT 198.18.0.9:443 HTTP/1.1\r\nHost: 198.18.0.9:443\r\n\r\n"), "an address of 198.18", "HTTP/1.1 400 " },
	{ "a stand-in for no name by SOCKS", ROW("\5\1\0\5\1\0\1\306\22\0\0\0P"), "an address of 198.18", "\5" },
};

static void each_is_recorded_and_then_answered(void **state)
{
	struct stage s;
	char got[1024];
	int ear, fd;
	size_t i;

	(void)state;
	furnish(&s);
	ear = hear_at(&s, EAR_PROXY);
	for (i = 0; i < count_of(rows); i++) {
		fd = program(&s, ear);
		say(fd, rows[i].bytes, rows[i].size);
		asked(&s);
		if (strncmp(s.ask.fault, rows[i].fault, strlen(rows[i].fault)) != 0)
			fail_msg("%s: recorded as \"%s\"", rows[i].what, s.ask.fault);
		turn(&s);
		if (recv(fd, got, 1, MSG_PEEK | MSG_DONTWAIT) > 0 && !(got[0] == 5 && rows[i].size > 3))
			fail_msg("%s: answered before it was recorded", rows[i].what);
		deny(&s, NET_BAD, 0, s.ask.fault);
		(void)!hear_all(&s, fd, got, sizeof(got));
		if (strncmp(got, rows[i].answer, strlen(rows[i].answer)) != 0)
			fail_msg("%s: answered \"%s\"", rows[i].what, got);
		if (got[0] == 'H' && (!strstr(got, s.ask.fault) || !strstr(got, "Connection: close\r\n")))
			fail_msg("%s: answered \"%s\"", rows[i].what, got);
		close(fd);
		turn(&s);
	}
	assert_int_equal(s.p->link_count, 0);
	assert_int_equal(s.p->free_count, PROXY_SEATS);
	leave(&s);
}

/* An opened answer to a fault is a lie of the broker's. */
static void a_fault_is_never_opened(void **state)
{
	struct stage s;
	int ear, fd;

	(void)state;
	furnish(&s);
	ear = hear_at(&s, EAR_PROXY);
	fd = program(&s, ear);
	say_text(fd, "GET / HTTP/1.1\r\n\r\n");
	asked(&s);
	close(open_world(&s));
	turn(&s);
	assert_int_equal(s.p->err.kind, ERR_PEER);
	close(fd);
	leave(&s);
}

static void late_early_and_long_heads(void **state)
{
	static char head[EGRESS_HEAD + 100];
	struct stage s;
	char got[1024];
	int ear, fd, i;

	(void)state;
	for (i = 0; i < 3; i++) {
		furnish(&s);
		ear = hear_at(&s, EAR_PROXY);
		fd = program(&s, ear);
		say_text(fd, "CONNECT example.com:443 HTTP/1.1\r\nX: ");
		turn(&s);
		assert_int_equal(s.p->link_count, 1);
		if (i == 0) {
			proxy_expire(s.p, s.p->now + UINT64_C(9900000000));
			assert_false(readable(s.broker_fd));
			say_text(fd, "y"); /* a little more gains it nothing */
			turn(&s);
			proxy_expire(s.p, s.p->now + UINT64_C(10000000000));
		} else if (i == 1) {
			shutdown(fd, SHUT_WR);
		} else {
			memset(head, 'x', sizeof(head));
			say(fd, head, sizeof(head));
		}
		asked(&s);
		deny(&s, NET_BAD, 0, s.ask.fault);
		assert_true(hear_all(&s, fd, got, sizeof(got)) > 0);
		assert_memory_equal(got, i == 0 ? "HTTP/1.1 408 " : i == 1 ? "HTTP/1.1 400 " : "HTTP/1.1 431 ", 13);
		close(fd);
		leave(&s);
	}
}

/* --- TLS --- */

static int begin_tls(struct stage *s, const char *host, int *far)
{
	int ear = hear_at(s, EAR_PROXY), fd = program(s, ear);
	char text[600], got[64];

	snprintf(text, sizeof(text), "CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n", host, host);
	say_text(fd, text);
	asked(s);
	*far = open_world(s);
	hear_bytes(s, fd, got, 39);
	return fd;
}

static const uint8_t ssl_request[] = { 0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f }, gss_request[] = { 0, 0, 0, 8, 4, 0xd2, 0x16, 0x30 },
		     change_cipher[] = { 20, 3, 3, 0, 1, 1 }, no_change[] = { 20, 3, 3, 0, 0 }, alert[] = { 21, 3, 3, 0, 2, 1, 90 };

static const struct {
	const char *what, *host;
	const uint8_t *before;	/* goes first, and passes unless the row is refused by it */
	size_t before_size;
	const char *sni;
	bool ech, may_ech, first;	/* first: of a ClientHello for `host` that passes */
	const char *why;		/* begins so; NULL: it passes */
} hellos[] = {
	{ .what = "the same name", .host = "example.com", .sni = "example.com" },
	{ .what = "in other letters", .host = "example.com", .sni = "EXAMPLE.com" },
	{ .what = "another name", .host = "example.com", .sni = "other.com", .why = "a ClientHello for another" },
	{ .what = "a name beneath", .host = "example.com", .sni = "a.example.com", .why = "a ClientHello for another" },
	{ .what = "no name", .host = "example.com", .why = "a ClientHello that names no server" },
	{ .what = "no name for an address", .host = "203.0.113.7" },
	{ .what = "a name for an address", .host = "203.0.113.7", .sni = "other.com", .why = "a ClientHello for another" },
	{ .what = "an encrypted one", .host = "example.com", .sni = "example.com", .ech = true, .why = "an encrypted ClientHello" },
	{ .what = "an encrypted one that may", .host = "example.com", .sni = "example.com", .ech = true, .may_ech = true },
	{ .what = "an address as name", .host = "203.0.113.7", .sni = "203.0.113.7", .why = "a malformed ClientHello" },
	{ .what = "a dot at its end", .host = "example.com", .sni = "example.com.", .why = "a malformed ClientHello" },
	{ .what = "PostgreSQL", .host = "example.com", .before = ssl_request, .before_size = 8, .sni = "example.com" },
	{ .what = "PostgreSQL elsewhere", .host = "example.com", .before = ssl_request, .before_size = 8, .sni = "other.com",
	  .why = "a ClientHello for another" },
	{ .what = "GSSAPI elsewhere", .host = "example.com", .before = gss_request, .before_size = 8, .sni = "other.com",
	  .why = "a ClientHello for another" },
	{ .what = "a second one", .host = "example.com", .first = true, .sni = "example.com" },
	{ .what = "a second one elsewhere", .host = "example.com", .first = true, .sni = "other.com", .why = "a ClientHello for another" },
	{ .what = "a second one behind a change", .host = "example.com", .first = true, .before = change_cipher, .before_size = 6,
	  .sni = "other.com", .why = "a ClientHello for another" },
	{ .what = "a second one behind a change of no size", .host = "example.com", .first = true, .before = no_change,
	  .before_size = 5, .sni = "other.com", .why = "a record of TLS of a size" },
	{ .what = "a warning first", .host = "example.com", .before = alert, .before_size = 7, .sni = "other.com",
	  .why = "TLS that does not begin" },
	{ .what = "a change first", .host = "example.com", .before = change_cipher, .before_size = 6, .sni = "other.com",
	  .why = "TLS that does not begin" },
};

/* In pieces of that many bytes; the loop comes round between them. */
static void say_slowly(struct stage *s, int fd, const uint8_t *bytes, size_t size, size_t piece)
{
	size_t at, some;

	for (at = 0; at < size; at += some) {
		some = size - at < piece ? size - at : piece;
		(void)!send(fd, bytes + at, some, MSG_NOSIGNAL);
		(void)!proxy_turn(s->p, 0);
		(void)!proxy_turn(s->p, 0);
	}
}

static void try_hello(size_t i, size_t piece)
{
	uint8_t bytes[1024];
	size_t passed = 0, size = 0, all;
	struct stage s;
	char got[2048];
	int fd, far;

	furnish(&s);
	s.p->ech = hellos[i].may_ech;
	fd = begin_tls(&s, hellos[i].host, &far);
	if (hellos[i].first)
		size = make_hello(bytes, hellos[i].host, false);
	if (hellos[i].before)
		memcpy(bytes + size, hellos[i].before, hellos[i].before_size);
	size += hellos[i].before_size;
	passed = size;
	size += make_hello(bytes + size, hellos[i].sni, hellos[i].ech);
	say_slowly(&s, fd, bytes, size, piece);
	if (!hellos[i].why) {
		hear_bytes(&s, far, got, size);
		assert_memory_equal(got, bytes, size);
		say_text(far, "x");
		hear_bytes(&s, fd, got, 1);
		say_text(fd, "afterwards anything");
		hear_bytes(&s, far, got, 19);
	} else {
		was_over(&s);
		assert_string_equal(s.over.status, "refused");
		if (strncmp(s.over.why, hellos[i].why, strlen(hellos[i].why)) != 0)
			fail_msg("%s: %s", hellos[i].what, s.over.why);
		if (strstr(hellos[i].why, "another") && strcmp(s.over.sni, hellos[i].sni) != 0)
			fail_msg("%s: SNI %s", hellos[i].what, s.over.sni);
		all = (size_t)hear_all(&s, far, got, sizeof(got));
		if (all > passed || memcmp(got, bytes, all) != 0)
			fail_msg("%s: %zu bytes reached the world", hellos[i].what, all);
		assert_true(comes(&s, fd));
		assert_int_equal(recv(fd, got, 7, 0), 7);
		assert_memory_equal(got, "\x15\3\3\0\2\2", 6); /* an alert, fatal */
	}
	close(fd);
	close(far);
	leave(&s);
}

static void tls_is_for_whom_was_judged(void **state)
{
	static const size_t pieces[] = { 1024, 1, 7 };
	size_t i, n;

	(void)state;
	for (i = 0; i < count_of(hellos); i++)
		for (n = 0; n < count_of(pieces); n++)
			try_hello(i, pieces[n]);
}

static void half_a_hello(void **state)
{
	uint8_t bytes[1024];
	size_t size = make_hello(bytes, "example.com", false), i;
	struct stage s;
	char got[64];
	int fd, far;

	(void)state;
	for (i = 0; i < 2; i++) {
		furnish(&s);
		fd = begin_tls(&s, "example.com", &far);
		say(fd, bytes, size - 1);
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

/*
 * The bytes lie in a page that is the sender's still: it is given to the socket as it is, and changed when it has been
 * looked at. What was looked at must be what is sent.
 */
static void bytes_that_change_later(void **state)
{
	uint8_t good[1024], bad[1024], *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t size = make_hello(good, "example.com", false), i;
	struct iovec part = { page, size };
	int fd, far, pipes[2];
	bool shared = false;
	struct stage s;
	char got[1024];
	ssize_t n;

	(void)state;
	assert_int_equal(make_hello(bad, "exbmple.com", false), size);
	for (i = 0; i < 64; i++) {
		furnish(&s);
		fd = begin_tls(&s, "example.com", &far);
		memcpy(page, good, size);
		assert_int_equal(pipe(pipes), 0);
		assert_int_equal(vmsplice(pipes[1], &part, 1, 0), (ssize_t)size);
		assert_int_equal(splice(pipes[0], NULL, fd, NULL, size, 0), (ssize_t)size);
		if (i == 0) { /* this kernel does share the page: otherwise the test would show nothing */
			memcpy(page, bad, size);
			n = recv(TAILQ_FIRST(&s.p->links)->ends[AGENT].watch.fd, got, sizeof(got), MSG_PEEK | MSG_DONTWAIT);
			shared = n == (ssize_t)size && memcmp(got, bad, size) == 0;
			memcpy(page, good, size);
		}
		while (s.p->link_count && !readable(far)) {
			(void)!proxy_turn(s.p, 0);
			memcpy(page, bad, size);
		}
		n = recv(far, got, sizeof(got), 0);
		if (n > 0 && memcmp(got, good, (size_t)n) != 0)
			fail_msg("what was sent is not what was judged");
		close(pipes[0]);
		close(pipes[1]);
		close(fd);
		close(far);
		leave(&s);
	}
	munmap(page, 4096);
	assert_true(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_recorded_and_then_answered),
		cmocka_unit_test(a_fault_is_never_opened),
		cmocka_unit_test(late_early_and_long_heads),
		cmocka_unit_test(tls_is_for_whom_was_judged),
		cmocka_unit_test(half_a_hello),
		cmocka_unit_test(bytes_that_change_later),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
