/* What the jail's init stops on its way, and asks about: the test is init, the broker, the programs and the world. */
#include "proxy_stage.h"

#include "jail/reach.h"

struct notified {
	struct stage s;
	int init;
};

static void begin(struct notified *n)
{
	int ends[2];

	furnish(&n->s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	add_ear(&n->s, EAR_NOTIFY, 0, "", ends[1]);
	n->init = ends[0];
}

static void end(struct notified *n)
{
	close(n->init);
	leave(&n->s);
}

static struct reach_ask of(uint8_t kind, const char *address, uint16_t port)
{
	struct reach_ask a = { .id = 77, .kind = kind, .family = strchr(address, ':') ? 6 : 4, .port = port };

	assert_int_equal(inet_pton(a.family == 4 ? AF_INET : AF_INET6, address, a.address), 1);
	return a;
}

/* The program's end; the other goes with the question. */
static int stop_sized(struct notified *n, const struct reach_ask *a, size_t size, int type)
{
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } with = { 0 };
	struct iovec part = { .iov_base = (void *)(uintptr_t)a, .iov_len = size };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &with, .msg_controllen = sizeof(with) };
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
	with.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&with.head), &ends[1], sizeof(int));
	assert_int_equal(sendmsg(n->init, &m, 0), (ssize_t)size);
	close(ends[1]);
	return ends[0];
}

static int stop(struct notified *n, const struct reach_ask *a, int type)
{
	return stop_sized(n, a, sizeof(*a), type);
}

/* What init is told: an errno. */
static int told(struct notified *n, uint64_t id)
{
	struct reach_answer a;

	if (!comes(&n->s, n->init))
		fail_msg("init was not told");
	assert_int_equal(recv(n->init, &a, sizeof(a), 0), sizeof(a));
	assert_int_equal(a.id, id);
	return a.error;
}

static void carries(struct notified *n, int program, int far)
{
	char said[8];

	say_text(program, "out");
	hear_bytes(&n->s, far, said, 3);
	assert_memory_equal(said, "out", 3);
	say_text(far, "in");
	hear_bytes(&n->s, program, said, 2);
	assert_memory_equal(said, "in", 2);
}

static void test_an_address(void **state)
{
	struct notified n;
	struct reach_ask a = of(REACH_STREAM, "203.0.113.7", 80);
	const struct net_ask *q;
	int program, far;

	(void)state;
	begin(&n);
	program = stop(&n, &a, SOCK_STREAM);
	q = asked(&n.s);
	assert_int_equal(q->way, NET_BY_NOTIFY);
	assert_string_equal(q->host, "203.0.113.7");
	assert_int_equal(q->port, 80);
	assert_string_equal(q->fault, "");
	assert_false(readable(n.init));
	far = open_world(&n.s);
	assert_int_equal(told(&n, 77), 0);
	carries(&n, program, far);
	close(program);
	close(far);
	assert_string_equal(was_over(&n.s)->status, "ok");
	a = of(REACH_STREAM, "2001:db8::7", 443);
	program = stop(&n, &a, SOCK_STREAM);
	assert_string_equal(asked(&n.s)->host, "2001:db8::7");
	close(program);
	end(&n);
}

static void test_what_connect_is_told(void **state)
{
	static const struct {
		enum net_no no;
		int error, told;
	} rows[] = {
		{ NET_REFUSED, 0, EACCES },	  { NET_PRIVATE, 0, EACCES },		      { NET_UNKNOWN, 0, EHOSTUNREACH },
		{ NET_UNREACHABLE, 0, EHOSTUNREACH }, { NET_UNREACHABLE, ECONNREFUSED, ECONNREFUSED },
		{ NET_LATE, 0, ETIMEDOUT },	  { NET_BUSY, 0, EAGAIN },
	};
	struct reach_ask a = of(REACH_STREAM, "203.0.113.7", 80);
	struct notified n;
	size_t i;
	int program;

	(void)state;
	begin(&n);
	for (i = 0; i < count_of(rows); i++) {
		a.id = 100 + i;
		program = stop(&n, &a, SOCK_STREAM);
		(void)asked(&n.s);
		deny(&n.s, rows[i].no, rows[i].error, "no");
		assert_int_equal(told(&n, 100 + i), rows[i].told);
		close(program);
	}
	end(&n);
}

/* Its own DNS first, by the same channel; then the name is what is asked for. */
static void test_a_name(void **state)
{
	static const uint8_t question[] = { 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w', 4, 't', 'e', 's', 't',
					    0, 0, 1, 0, 1 };
	struct reach_ask a = of(REACH_DNS, "192.0.2.53", 53);
	struct notified n;
	char answer[128];
	int program, i;

	(void)state;
	begin(&n);
	program = stop(&n, &a, SOCK_SEQPACKET);
	assert_int_equal(told(&n, 77), 0);
	for (i = 0; i < 3; i++) {
		say(program, question, sizeof(question));
		if (i == 0) {
			assert_int_equal(asked(&n.s)->way, NET_BY_DNS);
			assert_string_equal(n.s.ask.host, "www.test");
			may(&n.s);
		}
		assert_true(comes(&n.s, program));
		assert_int_equal(recv(program, answer, sizeof(answer), 0), (ssize_t)sizeof(question) + 16);
		assert_memory_equal(answer, question, 2);
		assert_memory_equal(answer + sizeof(question) + 12, "\xc6\x12\x00\x01", 4);
	}
	close(program);
	a = of(REACH_STREAM, "198.18.0.1", 443);
	program = stop(&n, &a, SOCK_STREAM);
	assert_string_equal(asked(&n.s)->host, "www.test");
	close(program);
	assert_int_equal(told(&n, 77), ECONNABORTED);
	a = of(REACH_STREAM, "198.18.9.9", 443);
	program = stop(&n, &a, SOCK_STREAM);
	assert_string_equal(asked(&n.s)->fault, "an address of 198.18.0.0/15 that stands for no name");
	deny(&n.s, NET_BAD, 0, "no");
	assert_int_equal(told(&n, 77), EINVAL);
	close(program);
	end(&n);
}

static void test_datagrams(void **state)
{
	struct reach_ask a = of(REACH_DATAGRAM, "203.0.113.9", 5000);
	struct notified n;
	int program, world[2];
	char said[8];

	(void)state;
	begin(&n);
	program = stop(&n, &a, SOCK_SEQPACKET);
	assert_int_equal(asked(&n.s)->way, NET_BY_UDP);
	say_text(program, "early");
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, world), 0);
	open_with(&n.s, world[1]);
	assert_int_equal(told(&n, 77), 0);
	hear_bytes(&n.s, world[0], said, 5);
	say_text(world[0], "back");
	hear_bytes(&n.s, program, said, 4);
	assert_memory_equal(said, "back", 4);
	close(program);
	assert_int_equal(was_over(&n.s)->sent, 5);
	assert_int_equal(n.s.over.received, 4);
	program = stop(&n, &a, SOCK_SEQPACKET);
	(void)asked(&n.s);
	deny(&n.s, NET_REFUSED, 0, "no");
	assert_int_equal(told(&n, 77), EACCES);
	assert_true(comes(&n.s, program));
	assert_int_equal(recv(program, said, sizeof(said), 0), 0);
	close(program);
	close(world[0]);
	end(&n);
}

static void test_a_path(void **state)
{
	struct reach_ask a = { .id = 5, .kind = REACH_UNIX, .path = "/run/host/agent.sock" };
	struct notified n;
	int program, far;

	(void)state;
	begin(&n);
	program = stop(&n, &a, SOCK_STREAM);
	assert_int_equal(asked(&n.s)->way, NET_BY_UNIX);
	assert_string_equal(n.s.ask.path, "/run/host/agent.sock");
	far = open_world(&n.s);
	assert_int_equal(told(&n, 5), 0);
	carries(&n, program, far);
	close(program);
	close(far);
	end(&n);
}

static void test_the_proxy_itself(void **state)
{
	struct reach_ask a = of(REACH_PROXY, "127.0.0.1", 7339);
	struct notified n;
	int program;

	(void)state;
	begin(&n);
	program = stop(&n, &a, SOCK_STREAM);
	assert_int_equal(told(&n, 77), 0);
	say_text(program, "CONNECT www.test:443 HTTP/1.1\r\nHost: www.test:443\r\n\r\n");
	assert_int_equal(asked(&n.s)->way, NET_BY_CONNECT);
	assert_string_equal(n.s.ask.host, "www.test");
	close(program);
	end(&n);
}

/* More answers at once than the channel has room for: each is told all the same. */
static void test_a_crowd(void **state)
{
	enum { MANY = 4000 };
	struct reach_ask a = of(REACH_PROXY, "127.0.0.1", 7339);
	struct notified n;
	int i, program;

	(void)state;
	begin(&n);
	for (i = 0; i < MANY; i++) {
		a.id = (uint64_t)i;
		program = stop(&n, &a, SOCK_STREAM);
		turn(&n.s);
		close(program);
	}
	for (i = 0; i < MANY; i++)
		assert_int_equal(told(&n, (uint64_t)i), 0);
	end(&n);
}

/* Init is ours: what it would never say ends it, and nothing else. */
static void test_nonsense(void **state)
{
	const struct reach_ask good = of(REACH_STREAM, "203.0.113.7", 80);
	struct reach_ask rows[5];
	struct notified n;
	size_t i;
	char any;
	int program;

	(void)state;
	for (i = 0; i < count_of(rows); i++)
		rows[i] = good;
	rows[0].kind = 0;
	rows[1].kind = REACH_KINDS;
	rows[2].family = 5;
	rows[3].kind = REACH_UNIX;
	for (i = 0; i < count_of(rows); i++) {
		begin(&n);
		program = stop_sized(&n, &rows[i], sizeof(rows[i]) - (i == 4), SOCK_STREAM);
		assert_true(comes(&n.s, n.init));
		assert_int_equal(recv(n.init, &any, 1, MSG_DONTWAIT), 0);
		assert_int_equal(recv(program, &any, 1, MSG_DONTWAIT), 0);
		assert_false(readable(n.s.broker_fd));
		assert_int_equal(n.s.p->err.kind, ERR_NONE);
		close(program);
		end(&n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_address), cmocka_unit_test(test_what_connect_is_told),
		cmocka_unit_test(test_a_name),	   cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_a_path),	   cmocka_unit_test(test_the_proxy_itself),
		cmocka_unit_test(test_a_crowd),	   cmocka_unit_test(test_nonsense),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
