/* tests/unit/test_proxy_ways.c - the ways to ask for a connection other than CONNECT, and how each is answered. */
#include "proxy_stage.h"

/* --- http:// --- */

static int request(struct stage *s, const char *head)
{
	int fd = program(s, 0);

	say_text(fd, head);
	asked(s);
	return fd;
}

static void a_request_is_judged_whole_and_sent_rewritten(void **state)
{
	static const char sent[] = "POST /a%20b/c?x=1&y HTTP/1.1\r\nHost: example.com:8080\r\nAccept: */*\r\n"
				   "Content-Length: 4\r\nConnection: close\r\n\r\nbody";
	struct stage s;
	char got[1024];
	int fd, far;

	(void)state;
	furnish(&s);
	hear_at(&s, EAR_PROXY);
	fd = request(&s, "POST http://EXAMPLE.com:8080/a%20b/c?x=1&y HTTP/1.1\r\nHost: example.com:8080\r\nAccept: */*\r\n"
			 "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nConnection: X-Mine, Upgrade\r\n"
			 "X-Mine: 1\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nTE: trailers\r\nKeep-Alive: 5\r\nContent-Length: 4\r\n\r\nbo");
	assert_int_equal(s.ask.way, NET_BY_HTTP);
	assert_string_equal(s.ask.host, "example.com");
	assert_int_equal(s.ask.port, 8080);
	assert_string_equal(s.ask.scheme, "http");
	assert_string_equal(s.ask.method, "POST");
	assert_string_equal(s.ask.path, "/a%20b/c");
	assert_string_equal(s.ask.query, "x=1&y");
	assert_int_equal(strncmp(s.ask.digest, "sha256:", 7), 0);
	far = open_world(&s);
	say_text(fd, "dy");
	hear_bytes(&s, far, got, sizeof(sent) - 1);
	assert_memory_equal(got, sent, sizeof(sent) - 1);
	say_text(far, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
	close(far);
	assert_int_equal(hear_all(&s, fd, got, sizeof(got)), 45);
	assert_non_null(strstr(got, "\r\n\r\nok"));
	was_over(&s);
	assert_string_equal(s.over.status, "ok");
	assert_int_equal(s.over.http, 201);
	assert_int_equal(s.over.sent, sizeof(sent) - 1);
	close(fd);
	turn(&s);
	assert_int_equal(s.p->link_count, 0);
	leave(&s);
}

#define HEAD "POST http://example.com/ HTTP/1.1\r\nHost: example.com\r\n"
#define SENT "POST / HTTP/1.1\r\nHost: example.com\r\n"
#define END "Connection: close\r\n\r\n"
#define SECOND "GET http://evil.com/ HTTP/1.1\r\nHost: evil.com\r\n\r\n"

/* What a program sends after its head, and what of it the server gets. */
static const struct {
	const char *what, *fields, *said;
	const char *passes;		/* with the fields of the head that pass */
	const char *reported;		/* begins so; NULL: nothing */
	const char *why;		/* begins so; NULL: it goes on */
} bodies[] = {
	{ "no body, and a second request", "", SECOND, SENT END, "a second request", NULL },
	{ "a body, and a second request", "Content-Length: 3\r\n", "abc" SECOND, SENT "Content-Length: 3\r\n" END "abc", "a second request", NULL },
	{ "chunks, and a second request", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n" SECOND,
	  SENT "Transfer-Encoding: chunked\r\n" END "3\r\nabc\r\n0\r\n\r\n", "a second request", NULL },
	{ "an empty body, and a second request", "Content-Length: 0\r\n", SECOND, SENT "Content-Length: 0\r\n" END, "a second request", NULL },
	{ "chunks that lie", "Transfer-Encoding: chunked\r\n", "3\r\nabcX\r\n0\r\n\r\n", SENT "Transfer-Encoding: chunked\r\n" END, NULL, "a body that is badly" },
	{ "a chunk of huge size", "Transfer-Encoding: chunked\r\n", "ffffffffffffffff1\r\n", SENT "Transfer-Encoding: chunked\r\n" END, NULL, "a body that is badly" },
	{ "a chunk with an extension", "Transfer-Encoding: chunked\r\n", "3;a=b\r\nabc\r\n0\r\n\r\n", SENT "Transfer-Encoding: chunked\r\n" END, NULL, "a body that is badly" },
	{ "a trailer", "Transfer-Encoding: chunked\r\n", "0\r\nHost: evil.com\r\n\r\n", SENT "Transfer-Encoding: chunked\r\n" END, NULL, "a body that is badly" },
};

static void nothing_follows_a_request(void **state)
{
	struct stage s;
	char head[512], got[1024];
	int fd, far;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(bodies); i++) {
		furnish(&s);
		hear_at(&s, EAR_PROXY);
		snprintf(head, sizeof(head), HEAD "%s\r\n", bodies[i].fields);
		fd = request(&s, head);
		far = open_world(&s);
		say_text(fd, bodies[i].said);
		hear_bytes(&s, far, got, strlen(bodies[i].passes));
		assert_memory_equal(got, bodies[i].passes, strlen(bodies[i].passes));
		if (bodies[i].reported) {
			asked(&s);
			assert_int_equal(strncmp(s.ask.fault, bodies[i].reported, strlen(bodies[i].reported)), 0);
			deny(&s, NET_BAD, 0, "recorded");
		}
		if (bodies[i].why) {
			was_over(&s);
			assert_string_equal(s.over.status, "refused");
			assert_int_equal(strncmp(s.over.why, bodies[i].why, strlen(bodies[i].why)), 0);
			assert_true(hear_all(&s, fd, got, sizeof(got)) > 0);
			assert_memory_equal(got, "HTTP/1.1 400 ", 13);
		}
		if (hear_all(&s, far, got, sizeof(got)) > 0)
			fail_msg("%s: \"%s\" reached the server", bodies[i].what, got);
		if (!bodies[i].why) {
			say_text(far, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
			close(far);
			far = -1;
			assert_int_equal(hear_all(&s, fd, got, sizeof(got)), 40);
			assert_string_equal(was_over(&s)->status, "ok");
		}
		close(fd);
		close(far);
		leave(&s);
	}
}

static void a_body_that_ends_early(void **state)
{
	static const char *const fields[] = { "Content-Length: 5\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\n" };
	struct stage s;
	char head[512], got[1024];
	int fd, far;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		furnish(&s);
		hear_at(&s, EAR_PROXY);
		snprintf(head, sizeof(head), HEAD "%sab", fields[i]);
		fd = request(&s, head);
		shutdown(fd, SHUT_WR);
		far = open_world(&s);
		assert_string_equal(was_over(&s)->why, "a body that ends early");
		(void)!hear_all(&s, far, got, sizeof(got));
		close(fd);
		close(far);
		leave(&s);
	}
}

static void who_waits_for_continue_is_told(void **state)
{
	struct stage s;
	char got[256];
	int fd, far;

	(void)state;
	furnish(&s);
	hear_at(&s, EAR_PROXY);
	fd = request(&s, HEAD "Expect: 100-Continue\r\nContent-Length: 3\r\n\r\n");
	far = open_world(&s);
	hear_bytes(&s, fd, got, 25);
	assert_memory_equal(got, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	say_text(fd, "abc");
	hear_bytes(&s, far, got, sizeof(SENT "Content-Length: 3\r\n" END "abc") - 1);
	assert_memory_equal(got, SENT "Content-Length: 3\r\n" END "abc", sizeof(SENT "Content-Length: 3\r\n" END "abc") - 1);
	close(fd);
	close(far);
	leave(&s);
}

static const struct {
	enum net_no no;
	int error;
	unsigned http;
	char socks;
} noes[] = {
	{ NET_REFUSED, 0, 403, 2 },	   { NET_BAD, 0, 400, 1 },		      { NET_UNKNOWN, 0, 502, 4 },
	{ NET_PRIVATE, 0, 403, 2 },	   { NET_UNREACHABLE, ECONNREFUSED, 502, 5 }, { NET_UNREACHABLE, EHOSTUNREACH, 502, 4 },
	{ NET_UNREACHABLE, ENETUNREACH, 502, 3 }, { NET_LATE, 0, 504, 4 },	      { NET_BUSY, 0, 503, 1 },
};

static void each_no_has_its_answer(void **state)
{
	struct stage s;
	char want[32], got[1024];
	size_t i;
	int fd;

	(void)state;
	furnish(&s);
	hear_at(&s, EAR_PROXY);
	for (i = 0; i < count_of(noes); i++) {
		fd = request(&s, "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n");
		deny(&s, noes[i].no, noes[i].error, "because\r\nSet-Cookie: x");
		assert_true(hear_all(&s, fd, got, sizeof(got)) > 0);
		snprintf(want, sizeof(want), "HTTP/1.1 %u ", noes[i].http);
		assert_memory_equal(got, want, strlen(want));
		assert_non_null(strstr(got, "\r\n\r\nreeve: because\\x0d"));
		close(fd);
		fd = program(&s, 0);
		say(fd, "\5\1\0\5\1\0\3\13example.com\0P", 21);
		asked(&s);
		deny(&s, noes[i].no, noes[i].error, "because");
		assert_int_equal(hear_all(&s, fd, got, sizeof(got)), 12);
		assert_int_equal(got[3], noes[i].socks);
		close(fd);
	}
	leave(&s);
}

/* --- SOCKS --- */

static void socks_by_name_and_by_address(void **state)
{
	static const struct {
		const char *bytes, *host;
		size_t size;
	} asks[] = {
		{ "\5\1\0\3\13Example.COM\1\273", "example.com", 18 },
		{ "\5\1\0\1\313\0\161\7\1\273", "203.0.113.7", 10 },
		{ "\5\1\0\4\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\1\273", "2001:db8::1", 22 },
	};
	struct stage s;
	char got[64];
	int fd, far;
	size_t i, at;

	(void)state;
	furnish(&s);
	hear_at(&s, EAR_PROXY);
	for (i = 0; i < count_of(asks); i++) {
		fd = program(&s, 0);
		for (at = 0; at < 4; at++) { /* a byte at a time */
			say(fd, &"\5\2\1\0"[at], 1);
			turn(&s);
		}
		hear_bytes(&s, fd, got, 2);
		assert_memory_equal(got, "\5\0", 2);
		for (at = 0; at < asks[i].size; at++) {
			say(fd, asks[i].bytes + at, 1);
			turn(&s);
		}
		assert_string_equal(asked(&s)->host, asks[i].host);
		assert_int_equal(s.ask.port, 443);
		assert_int_equal(s.ask.way, NET_BY_SOCKS);
		far = open_world(&s);
		hear_bytes(&s, fd, got, 10);
		assert_memory_equal(got, "\5\0\0\1\0\0\0\0\0\0", 10);
		say_text(far, "hi");
		hear_bytes(&s, fd, got, 2);
		close(fd);
		close(far);
		was_over(&s);
	}
	leave(&s);
}

/* --- names --- */

static size_t make_question(uint8_t *out, const char *name, unsigned type)
{
	const char *dot;
	size_t at = 12, label;

	memcpy(out, "\x12\x34\1\0\0\1\0\0\0\0\0\0", 12);
	for (; *name; name += label + (name[label] == '.')) {
		dot = strchr(name, '.');
		label = dot ? (size_t)(dot - name) : strlen(name);
		out[at++] = (uint8_t)label;
		memcpy(out + at, name, label);
		at += label;
	}
	memcpy(out + at, (const uint8_t[]){ 0, 0, (uint8_t)type, 0, 1 }, 5);
	return at + 5;
}

static void put_question(struct stage *s, int fd, const char *name, unsigned type)
{
	uint8_t bytes[600];
	size_t size = make_question(bytes, name, type);

	say(fd, bytes, size);
	turn(s);
}

/* The code of the answer; the address it gives in out[4], or zeros. */
static unsigned answer_of(struct stage *s, int fd, uint8_t out[4])
{
	uint8_t got[600];
	ssize_t size;

	memset(out, 0, 4);
	if (!comes(s, fd))
		fail_msg("no answer");
	size = recv(fd, got, sizeof(got), 0);
	assert_true(size >= 12 && got[0] == 0x12 && got[1] == 0x34 && (got[2] & 0x80));
	if (got[7] == 1)
		memcpy(out, got + size - 4, 4);
	return got[3] & 15;
}

static void a_name_is_asked_about_once(void **state)
{
	static const uint8_t first[] = { 198, 18, 0, 1 }, second[] = { 198, 18, 0, 2 }, none[4] = { 0 };
	struct stage s;
	uint8_t at[4];
	int fd, two;

	(void)state;
	furnish(&s);
	hear_at(&s, EAR_DNS);
	fd = program_at(&s.at[0], SOCK_DGRAM);
	two = program_at(&s.at[0], SOCK_DGRAM);
	put_question(&s, fd, "Example.com", 1);
	put_question(&s, two, "example.COM", 28);	/* while it is being asked */
	assert_string_equal(asked(&s)->host, "example.com");
	assert_int_equal(s.ask.way, NET_BY_DNS);
	assert_string_equal(s.ask.scheme, "dns");
	assert_false(readable(s.broker_fd));
	may(&s);
	assert_int_equal(answer_of(&s, fd, at), 0);
	assert_memory_equal(at, first, 4);
	assert_int_equal(answer_of(&s, two, at), 0);
	assert_memory_equal(at, none, 4);
	put_question(&s, fd, "other.example.com", 1);
	asked(&s);
	deny(&s, NET_REFUSED, 0, "no rule could allow it");
	assert_int_equal(answer_of(&s, fd, at), 5);
	put_question(&s, fd, "other.example.com", 1);	/* it is known by now */
	assert_int_equal(answer_of(&s, fd, at), 5);
	put_question(&s, fd, "example.com", 1);
	assert_int_equal(answer_of(&s, fd, at), 0);
	assert_memory_equal(at, first, 4);
	put_question(&s, fd, "third.com", 1);		/* the second address is never another's */
	asked(&s);
	may(&s);
	assert_int_equal(answer_of(&s, fd, at), 0);
	assert_true(memcmp(at, second, 4) != 0);
	put_question(&s, fd, "db.localhost", 1);
	assert_int_equal(answer_of(&s, fd, at), 0);
	assert_memory_equal(at, "\177\0\0\1", 4);
	assert_false(readable(s.broker_fd));
	close(fd);
	close(two);
	leave(&s);
}

static const struct {
	const char *what, *name, *fault;
	unsigned type, code;
} bad_questions[] = {
	{ "a text", "example.com", "only addresses", 16, 5 },
	{ "anything", "example.com", "only addresses", 255, 5 },
	{ "https parameters", "example.com", "only addresses", 65, 5 },
	{ "an address's name", "1.0.0.10.in-addr.arpa", "only addresses", 12, 5 },
	{ "a tunnel",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb."
	  "cccccccccccccccccccccccccccccccccccccccccccccccccc.example.com",
	  "a name that no host has", 1, 5 },
	{ "an address as a name", "10.0.0.1", "a name that no host has", 1, 5 },
	{ "a blank", "exam ple.com", "a name that no host has", 1, 5 },
};

static void bad_questions_are_recorded_and_then_refused(void **state)
{
	struct stage s;
	uint8_t at[4];
	size_t i;
	int fd;

	(void)state;
	furnish(&s);
	hear_at(&s, EAR_DNS);
	fd = program_at(&s.at[0], SOCK_DGRAM);
	for (i = 0; i < count_of(bad_questions); i++) {
		put_question(&s, fd, bad_questions[i].name, bad_questions[i].type);
		asked(&s);
		if (strncmp(s.ask.fault, bad_questions[i].fault, strlen(bad_questions[i].fault)) != 0)
			fail_msg("%s: %s", bad_questions[i].what, s.ask.fault);
		turn(&s);
		assert_false(readable(fd));
		deny(&s, NET_BAD, 0, "recorded");
		assert_int_equal(answer_of(&s, fd, at), bad_questions[i].code);
	}
	assert_int_equal(s.p->query_count, 0);
	close(fd);
	leave(&s);
}

static void a_flood_of_names_is_told_as_one(void **state)
{
	unsigned asks = 0, faults = 0, i;
	struct stage s;
	uint8_t at[4];
	char name[64];
	int fd;

	(void)state;
	furnish(&s);
	hear_at(&s, EAR_DNS);
	fd = program_at(&s.at[0], SOCK_DGRAM);
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%u.example.com", i);
		put_question(&s, fd, name, 1);
		while (readable(s.broker_fd)) {
			asked(&s);
			asks += !s.ask.fault[0];
			faults += s.ask.fault[0] != '\0';
			deny(&s, NET_REFUSED, 0, "no");
		}
		assert_int_equal(answer_of(&s, fd, at), 5);
	}
	assert_true(asks >= PROXY_NEW_NAMES && asks < 3 * PROXY_NEW_NAMES); /* in as many seconds as it took */
	assert_int_equal(faults, 1);
	proxy_expire(s.p, s.p->now + UINT64_C(10000000000));
	asked(&s);
	snprintf(name, sizeof(name), "%u were not looked up", 300 - asks - 1);
	assert_non_null(strstr(s.ask.fault, name));
	close(fd);
	leave(&s);
}

static void questions_over_a_connection(void **state)
{
	static const uint8_t first[] = { 198, 18, 0, 1 };
	uint8_t bytes[1200] = { 0 }, got[64];
	struct stage s;
	size_t size;
	int fd;

	(void)state;
	furnish(&s);
	hear_at(&s, EAR_DNS_STREAM);
	fd = program(&s, 0);
	size = make_question(bytes + 2, "example.com", 1);
	bytes[1] = (uint8_t)size;
	memcpy(bytes + 2 + size, bytes, 2 + size);	/* two at once */
	say(fd, bytes, 2 * (2 + size));
	asked(&s);
	may(&s);
	hear_bytes(&s, fd, (char *)got, size + 2 + 16);
	assert_memory_equal(got + size + 2 + 12, first, 4);
	hear_bytes(&s, fd, (char *)got, size + 2 + 16);
	proxy_expire(s.p, s.p->now + UINT64_C(10000000000));
	assert_int_equal(hear_all(&s, fd, (char *)got, sizeof(got)), 0);
	close(fd);
	fd = program(&s, 0);
	say(fd, "\377\377", 2);
	(void)!hear_all(&s, fd, (char *)got, sizeof(got));
	close(fd);
	turn(&s);
	assert_int_equal(s.p->link_count, 0);
	leave(&s);
}

/* Who asks for the address that stands for a name has asked for that name. */
static void a_stand_in_means_its_name(void **state)
{
	struct stage s;
	uint8_t at[4];
	int fd, dns;

	(void)state;
	furnish(&s);
	hear_at(&s, EAR_PROXY);
	hear_at(&s, EAR_DNS);
	dns = program_at(&s.at[1], SOCK_DGRAM);
	put_question(&s, dns, "example.com", 1);
	asked(&s);
	may(&s);
	answer_of(&s, dns, at);
	fd = program(&s, 0);
	say(fd, "\5\1\0\5\1\0\1\306\22\0\1\0P", 13);
	assert_string_equal(asked(&s)->host, "example.com");
	close(fd);
	fd = program(&s, 0);
	say_text(fd, "GET http://198.18.0.1/ HTTP/1.1\r\nHost: 198.18.0.1\r\n\r\n");
	assert_string_equal(asked(&s)->host, "example.com");
	close(fd);
	close(dns);
	leave(&s);
}

/* --- datagrams --- */

static void datagrams_flow_both_ways(void **state)
{
	struct sockaddr_in at, from;
	socklen_t size = sizeof(from);
	struct stage s;
	char got[64];
	int fd, near, far;

	(void)state;
	furnish(&s);
	hear_at(&s, EAR_UDP);
	fd = program_at(&s.at[0], SOCK_DGRAM);
	say_text(fd, "one");
	say_text(fd, "two");
	assert_string_equal(asked(&s)->host, "127.0.0.1");
	assert_int_equal(s.ask.way, NET_BY_UDP);
	assert_string_equal(s.ask.scheme, "udp");
	assert_int_equal(s.ask.port, ntohs(s.at[0].sin_port));
	turn(&s);
	assert_false(readable(s.broker_fd)); /* one question for both */
	far = listen_here(&at, SOCK_DGRAM);
	near = program_at(&at, SOCK_DGRAM);
	open_with(&s, near);
	assert_true(comes(&s, far));
	assert_int_equal(recvfrom(far, got, sizeof(got), 0, (struct sockaddr *)&from, &size), 3);
	assert_memory_equal(got, "one", 3);
	assert_true(comes(&s, far));
	assert_int_equal(recv(far, got, sizeof(got), 0), 3);
	assert_int_equal(sendto(far, "three", 5, 0, (struct sockaddr *)&from, size), 5);
	assert_true(comes(&s, fd));
	assert_int_equal(recv(fd, got, sizeof(got), 0), 5); /* it is connected: from there only */
	proxy_expire(s.p, s.p->now + UINT64_C(60000000000));
	was_over(&s);
	assert_int_equal(s.over.sent, 6);
	assert_int_equal(s.over.received, 5);
	turn(&s);
	assert_int_equal(s.p->flow_count, 0);
	close(fd);
	close(far);
	leave(&s);
}

static void denied_datagrams_are_dropped(void **state)
{
	struct stage s;
	int fd, i;

	(void)state;
	furnish(&s);
	hear_at(&s, EAR_UDP);
	fd = program_at(&s.at[0], SOCK_DGRAM);
	say_text(fd, "one");
	asked(&s);
	deny(&s, NET_REFUSED, 0, "no");
	for (i = 0; i < 10; i++)
		say_text(fd, "again");
	turn(&s);
	assert_false(readable(s.broker_fd));
	proxy_expire(s.p, s.p->now + UINT64_C(10000000000));
	say_text(fd, "later");
	asked(&s);
	close(fd);
	leave(&s);
}

/* --- to the inspector --- */

static void inspected_hosts_are_handed_over(void **state)
{
	static const char *const asks[] = { "\5\1\0\5\1\0\3\11api.x.com\1\273", "CONNECT api.x.com:443 HTTP/1.1\r\nHost: api.x.com:443\r\n\r\n" };
	static const size_t sizes[] = { 19, 55 }, answers[] = { 12, 39 };
	struct wire inspector = { -1, ROLE_PROXY, ROLE_PROXY, PHASE_RUNNING };
	struct unpack u;
	struct err e = { 0 };
	struct stage s;
	char host[64], got[64];
	int fd, ends[2];
	size_t i;

	(void)state;
	furnish(&s);
	hear_at(&s, EAR_PROXY);
	must_ok(wire_pair(ends, &e), &e);
	must_ok(channel_begin(s.p, &s.p->inspector, ends[0], ROLE_PROXY, &e), &e);
	inspector.fd = ends[1];
	s.p->inspected = (struct hosts){ .count = 2, .text = { "*.x.com", "y.com" } };
	for (i = 0; i < 2; i++) {
		fd = program(&s, 0);
		say(fd, asks[i], sizes[i]);
		say_text(fd, "hello");
		hear_bytes(&s, fd, got, answers[i]);
		assert_true(comes(&s, ends[1]));
		assert_int_equal(wire_receive(&inspector, &s.msg, false, &e), WIRE_MESSAGE);
		u = (struct unpack){ .at = s.msg.body, .left = s.msg.size };
		assert_true(unpack_copy(&u, host, sizeof(host)));
		assert_string_equal(host, "api.x.com");
		assert_int_equal(unpack_number(&u, 2), 443);
		assert_int_equal(unpack_number(&u, 1), i == 0 ? NET_BY_SOCKS : NET_BY_CONNECT);
		assert_int_equal(recv(s.msg.fds[0], got, sizeof(got), 0), 5); /* what is unread is still there */
		turn(&s);
		assert_int_equal(s.p->link_count, 0);
		say_text(s.msg.fds[0], "yes");
		assert_int_equal(recv(fd, got, sizeof(got), 0), 3);
		msg_drop(&s.msg);
		close(fd);
	}
	fd = program(&s, 0);
	say_text(fd, "CONNECT x.com:443 HTTP/1.1\r\nHost: x.com:443\r\n\r\n"); /* "*.x.com" is what is beneath it */
	asked(&s);
	close(fd);
	fd = program(&s, 0);
	say_text(fd, "CONNECT y.com:80 HTTP/1.1\r\nHost: y.com:80\r\n\r\n");
	asked(&s);
	close(fd);
	close(ends[1]);
	leave(&s);
}

/* --- for init --- */

static void note(struct proxy *p, void *who, int error)
{
	(void)p;
	*(int *)who = error;
}

static void stopped_connections_are_carried(void **state)
{
	static const struct net_ask q = { .way = NET_BY_NOTIFY, .host = "203.0.113.7", .port = 22, .scheme = "tcp" };
	struct stage s;
	char got[8];
	int ends[2], far, told, i;

	(void)state;
	furnish(&s);
	for (i = 0; i < 3; i++) {
		told = -1;
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		carry_begin(s.p, ends[0], &q, &(struct carry_from){ .done = note, .who = &told });
		assert_string_equal(asked(&s)->host, "203.0.113.7");
		assert_int_equal(told, -1);
		if (i == 0) {
			deny(&s, NET_UNREACHABLE, ECONNREFUSED, "nobody hears");
			(void)!hear_all(&s, ends[1], got, sizeof(got));
			assert_int_equal(told, ECONNREFUSED);
		} else if (i == 1) {
			far = open_world(&s);
			say_text(ends[1], "ping");
			hear_bytes(&s, far, got, 4);
			assert_int_equal(told, 0);
			close(far);
		} else {
			close(ends[1]);
			turn(&s);
			assert_int_equal(told, ECONNABORTED);
			deny(&s, NET_REFUSED, 0, "no");
			turn(&s);
			assert_int_equal(s.p->err.kind, ERR_NONE);
		}
		if (i == 1)
			assert_true(close(ends[1]) == 0 && was_over(&s));
		else if (i == 0)
			close(ends[1]);
	}
	leave(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_judged_whole_and_sent_rewritten),
		cmocka_unit_test(nothing_follows_a_request),
		cmocka_unit_test(a_body_that_ends_early),
		cmocka_unit_test(who_waits_for_continue_is_told),
		cmocka_unit_test(each_no_has_its_answer),
		cmocka_unit_test(socks_by_name_and_by_address),
		cmocka_unit_test(a_name_is_asked_about_once),
		cmocka_unit_test(bad_questions_are_recorded_and_then_refused),
		cmocka_unit_test(a_flood_of_names_is_told_as_one),
		cmocka_unit_test(questions_over_a_connection),
		cmocka_unit_test(a_stand_in_means_its_name),
		cmocka_unit_test(datagrams_flow_both_ways),
		cmocka_unit_test(denied_datagrams_are_dropped),
		cmocka_unit_test(inspected_hosts_are_handed_over),
		cmocka_unit_test(stopped_connections_are_carried),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
