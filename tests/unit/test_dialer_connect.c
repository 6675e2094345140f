/* Connections: to an address, one after another of a name's, to a path; and what is told where none is made. */
#include "dialer_stage.h"

static const char *const loop[] = { "127.0.0.0/8", "::1", NULL };

/* Accepts nothing and has no room for one more: who connects is not answered. */
struct hole {
	int listener, callers[2];
};

static struct hole dig(const char *address, uint16_t *port)
{
	struct hole h = { .listener = listen_at(address, port, 0) };
	struct sockaddr_in6 at;
	socklen_t size = sizeof(at);
	size_t i;

	assert_int_equal(getsockname(h.listener, (struct sockaddr *)&at, &size), 0);
	for (i = 0; i < 2; i++) {
		h.callers[i] = socket(at.sin6_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(h.callers[i], (struct sockaddr *)&at, size);
	}
	return h;
}

static void fill(const struct hole *h)
{
	close(h->callers[0]);
	close(h->callers[1]);
	close(h->listener);
}

static void addresses_are_connected_to(void **state)
{
	uint16_t port = 0, six = 0;
	int listener = listen_at("127.0.0.1", &port, 4), listener6 = listen_at("::1", &six, 4), caller;
	char want[64], got;
	struct stage s;
	struct told t;

	(void)state;
	raise_stage(&s, loop, NULL);
	t = dial(&s, "127.0.0.1", port);
	snprintf(want, sizeof(want), "127.0.0.1:%u", port);
	assert_true(t.connected);
	assert_string_equal(t.text, want);
	assert_int_equal(send(t.fd, "x", 1, 0), 1);
	caller = accept(listener, NULL, NULL);
	assert_int_equal(recv(caller, &got, 1, 0), 1);
	assert_true(fcntl(t.fd, F_GETFL) & O_NONBLOCK);
	close(caller);
	close(t.fd);
	t = dial(&s, "::1", six);
	snprintf(want, sizeof(want), "[::1]:%u", six);
	assert_true(t.connected);
	assert_string_equal(t.text, want);
	close(t.fd);
	close(listener);
	close(listener6);
	t = dial(&s, "127.0.0.1", port);
	assert_false(t.connected);
	assert_int_equal(t.no, NET_UNREACHABLE);
	assert_int_equal(t.error, ECONNREFUSED);
	assert_int_equal(strike_stage(&s), 0);
}

static void nobody_answers(void **state)
{
	uint16_t port = 0;
	struct hole h = dig("127.0.0.1", &port);
	struct stage s;
	struct told t;

	(void)state;
	raise_stage(&s, loop, NULL);
	send_dial(&s, 9, "127.0.0.1", port, false, 50);
	t = be_told(&s);
	assert_false(t.connected);
	assert_int_equal(t.no, NET_LATE);
	assert_int_equal(t.error, ETIMEDOUT);
	fill(&h);
	assert_int_equal(strike_stage(&s), 0);
}

static const struct zone zones[] = {
	{ "both.example", { "127.0.0.1", "::1" }, PLAIN, NULL },
	{ "four.example", { "127.0.0.2", "127.0.0.3", "127.0.0.1" }, PLAIN, NULL },
	{ NULL, { NULL }, PLAIN, NULL },
};

/* The sixth version is tried first, and if it is silent the fourth is not kept waiting for it. */
static void eyeballs_are_happy(void **state)
{
	uint16_t port = 0;
	struct hole six = dig("::1", &port);
	int four = listen_at("127.0.0.1", &port, 4);
	struct stage s;
	struct told t;

	(void)state;
	raise_stage(&s, loop, zones);
	send_dial(&s, 1, "both.example", port, false, STAGGER_MS / 2);
	t = be_told(&s);
	assert_false(t.connected);
	assert_int_equal(t.no, NET_LATE);
	t = dial(&s, "both.example", port);
	assert_true(t.connected);
	assert_int_equal(strncmp(t.text, "127.0.0.1:", 10), 0);
	close(t.fd);
	close(four);
	fill(&six);
	assert_int_equal(strike_stage(&s), 0);
}

/* What is refused at once is no reason to wait: the second and third address have their turn. */
static void the_next_address_is_tried(void **state)
{
	uint16_t port = 0;
	int third = listen_at("127.0.0.1", &port, 4);
	struct stage s;
	struct told t;

	(void)state;
	raise_stage(&s, loop, zones);
	send_dial(&s, 1, "four.example", port, false, STAGGER_MS - 10);
	t = be_told(&s);
	assert_true(t.connected);
	assert_int_equal(strncmp(t.text, "127.0.0.1:", 10), 0);
	close(t.fd);
	close(third);
	t = dial(&s, "four.example", port);
	assert_int_equal(t.no, NET_UNREACHABLE);
	assert_int_equal(t.error, ECONNREFUSED);
	assert_int_equal(strike_stage(&s), 0);
}

static void datagrams(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int there = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), type = 0;
	socklen_t size = sizeof(at), type_size = sizeof(type);
	struct stage s;
	struct told t;
	char got[4];

	(void)state;
	assert_int_equal(bind(there, (struct sockaddr *)&at, size), 0);
	assert_int_equal(getsockname(there, (struct sockaddr *)&at, &size), 0);
	raise_stage(&s, loop, NULL);
	send_dial(&s, 5, "127.0.0.1", ntohs(at.sin_port), true, 1000);
	t = be_told(&s);
	assert_true(t.connected);
	assert_int_equal(getsockopt(t.fd, SOL_SOCKET, SO_TYPE, &type, &type_size), 0);
	assert_int_equal(type, SOCK_DGRAM);
	assert_int_equal(send(t.fd, "abc", 3, 0), 3);
	assert_int_equal(recv(there, got, sizeof(got), 0), 3);
	close(t.fd);
	close(there);
	assert_int_equal(strike_stage(&s), 0);
}

static const char *const hosts[] = { "127.1", "0x7f.1", "2130706433", "fe80::1%lo", "[::1]", "a b", "a/b", "127.0.0.1:80",
				     "\xef\xbc\x91", "example..com", "host%00", "http://a",
				     /* and what has another form, by which it would be judged */
				     "EXAMPLE.com", "example.com.", "::FFFF:7f00:1", "::ffff:127.0.0.1", "0:0::1", "LOCALHOST" };

static void what_is_no_host(void **state)
{
	struct stage s;
	struct told t;
	size_t i;

	(void)state;
	raise_stage(&s, loop, NULL);
	for (i = 0; i < count_of(hosts); i++) {
		t = dial(&s, hosts[i], 80);
		assert_false(t.connected);
		assert_int_equal(t.no, NET_BAD);
	}
	assert_int_equal(strike_stage(&s), 0);
}

static void write_at(const char *folder, const char *name, char *out, size_t room)
{
	assert_true((size_t)snprintf(out, room, "%s/%s", folder, name) < room);
}

/* The agent may be able to write where the socket lies: no link that it puts there is followed. */
static void paths(void **state)
{
	char folder[] = "/tmp/reeve-dialer-XXXXXX", real[96], sock[128], link[128], inner[128], through[160];
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *none[] = { NULL };
	struct stage s;
	struct told t;

	(void)state;
	assert_non_null(mkdtemp(folder));
	write_at(folder, "real", real, sizeof(real));
	write_at(real, "sock", sock, sizeof(sock));
	write_at(folder, "link", link, sizeof(link));
	write_at(folder, "folder", inner, sizeof(inner));
	write_at(inner, "sock", through, sizeof(through));
	assert_int_equal(mkdir(real, 0700), 0);
	assert_true(snprintf(at.sun_path, sizeof(at.sun_path), "%s", sock) < (int)sizeof(at.sun_path));
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 4), 0);
	assert_int_equal(symlink(sock, link), 0);
	assert_int_equal(symlink("real", inner), 0);
	raise_stage(&s, none, NULL);
	t = dial(&s, sock, 0);
	assert_true(t.connected);
	assert_string_equal(t.text, "");
	close(t.fd);
	t = dial(&s, link, 0);
	assert_int_equal(t.error, ELOOP);
	assert_non_null(strstr(t.text, "symbolic link"));
	t = dial(&s, through, 0);
	assert_int_equal(t.error, ELOOP);
	t = dial(&s, real, 0);
	assert_int_equal(t.error, ENOTSOCK);
	t = dial(&s, "/nonexistent/socket", 0);
	assert_int_equal(t.error, ENOENT);
	assert_int_equal(strike_stage(&s), 0);
	close(listener);
	unlink(sock);
	unlink(link);
	unlink(inner);
	rmdir(real);
	rmdir(folder);
}

static const struct {
	const char *host;
	uint64_t receipt, datagrams, port, ms;
	size_t more;	/* bytes after it */
} malformed[] = {
	{ "a.example", 0, 0, 80, 1000, 0 },	 { "a.example", 7, 2, 80, 1000, 0 }, { "", 7, 0, 80, 1000, 0 },
	{ "a.example", 7, 0, 0, 1000, 0 },	 { "/a/path", 7, 1, 0, 1000, 0 },    { "a.example", 7, 0, 80, 0, 0 },
	{ "a.example", 7, 0, 80, 600001, 0 },	 { "a.example", 7, 0, 80, 1000, 1 }, { "relative", 7, 0, 0, 1000, 0 },
};

/* The broker does not write such: somebody else does by now. */
static void a_broker_that_misspeaks(void **state)
{
	uint8_t body[256];
	struct pack p;
	struct stage s;
	struct err e = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < count_of(malformed); i++) {
		raise_stage(&s, loop, NULL);
		p = (struct pack){ .at = body, .room = sizeof(body) };
		pack_number(&p, malformed[i].receipt, 8);
		pack_number(&p, malformed[i].datagrams, 1);
		pack_text(&p, malformed[i].host, strlen(malformed[i].host));
		pack_number(&p, malformed[i].port, 2);
		pack_number(&p, malformed[i].ms, 4);
		pack_number(&p, 0, malformed[i].more);
		assert_int_equal(wire_send(&s.broker, MSG_DIAL, 1, body, p.size, NULL, 0, &e), 0);
		assert_int_equal(wire_receive(&s.broker, &s.msg, true, &e), WIRE_CLOSED);
		assert_int_equal(strike_stage(&s), 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_connected_to), cmocka_unit_test(nobody_answers),
		cmocka_unit_test(eyeballs_are_happy),	      cmocka_unit_test(the_next_address_is_tried),
		cmocka_unit_test(datagrams),		      cmocka_unit_test(what_is_no_host),
		cmocka_unit_test(paths),		      cmocka_unit_test(a_broker_that_misspeaks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
