/* tests/unit/test_proxy_links.c - connections from their first word to the last, as programs and the broker see them. */
#include "proxy_stage.h"

static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n";

static int connect_by_http(struct stage *s, int ear, int *far)
{
	int fd = program(s, ear);
	char got[sizeof(yes)];

	say_text(fd, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
	assert_string_equal(asked(s)->host, "example.com");
	*far = open_world(s);
	hear_bytes(s, fd, got, sizeof(yes) - 1);
	assert_memory_equal(got, yes, sizeof(yes) - 1);
	return fd;
}

static void connect_is_asked_about_and_carried(void **state)
{
	struct stage s;
	char got[64];
	int ear, fd, far;

	(void)state;
	furnish(&s);
	ear = hear_at(&s, EAR_PROXY);
	fd = connect_by_http(&s, ear, &far);
	assert_int_equal(s.ask.way, NET_BY_CONNECT);
	assert_int_equal(s.ask.port, 443);
	assert_string_equal(s.ask.scheme, "tcp");
	assert_string_equal(s.ask.fault, "");
	say_text(fd, "hello");
	hear_bytes(&s, far, got, 5);
	assert_memory_equal(got, "hello", 5);
	say_text(far, "world!");
	hear_bytes(&s, fd, got, 6);
	assert_memory_equal(got, "world!", 6);
	shutdown(fd, SHUT_WR);
	assert_int_equal(hear_all(&s, far, got, sizeof(got)), 0);	/* one half is closed */
	say_text(far, "the rest");
	hear_bytes(&s, fd, got, 8);					/* the other is not */
	close(far);
	assert_int_equal(hear_all(&s, fd, got, sizeof(got)), 0);
	was_over(&s);
	assert_string_equal(s.over.status, "ok");
	assert_int_equal(s.over.sent, 5);
	assert_int_equal(s.over.received, 14);
	turn(&s);
	assert_int_equal(s.p->link_count, 0);
	close(fd);
	leave(&s);
}

/* Who speaks first does not matter, and nothing waits for the program's word. */
static void a_server_may_speak_first(void **state)
{
	struct stage s;
	char got[64];
	int ear, fd, far;

	(void)state;
	furnish(&s);
	ear = hear_at(&s, EAR_DIRECT);
	fd = program(&s, ear);
	assert_string_equal(asked(&s)->host, "127.0.0.1");
	assert_int_equal(s.ask.way, NET_DIRECTLY);
	assert_int_equal(s.ask.port, ntohs(s.at[ear].sin_port));
	far = open_world(&s);
	say_text(far, "SSH-2.0-x\r\n");
	hear_bytes(&s, fd, got, 11);
	say_text(fd, "SSH-2.0-y\r\n");
	hear_bytes(&s, far, got, 11);
	close(fd);
	assert_int_equal(hear_all(&s, far, got, sizeof(got)), 0);
	close(far);
	was_over(&s);
	leave(&s);
}

static void resets_pass_both_ways(void **state)
{
	const struct linger now = { .l_onoff = 1 };
	struct stage s;
	char got[64];
	int ear, fd, far, from_world;

	(void)state;
	for (from_world = 0; from_world < 2; from_world++) {
		furnish(&s);
		ear = hear_at(&s, EAR_PROXY);
		fd = connect_by_http(&s, ear, &far);
		setsockopt(from_world ? far : fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(from_world ? far : fd);
		assert_int_equal(hear_all(&s, from_world ? fd : far, got, sizeof(got)), -1);
		assert_int_equal(errno, ECONNRESET);
		was_over(&s);
		assert_string_equal(s.over.status, from_world ? "error" : "cancelled");
		close(from_world ? fd : far);
		leave(&s);
	}
}

/* More than all buffers on the way hold: the sender waits, nothing is lost, nothing piles up in us. */
static void who_reads_slowly_slows_down_who_writes(void **state)
{
	enum { PIECE = 64 << 10, PIECES = 1024 };
	static char piece[PIECE], got[PIECE];
	size_t sent = 0, read = 0, i;
	struct stage s;
	int ear, fd, far;
	ssize_t n;

	(void)state;
	furnish(&s);
	ear = hear_at(&s, EAR_PROXY);
	fd = connect_by_http(&s, ear, &far);
	for (i = 0; i < sizeof(piece); i++)
		piece[i] = (char)(i * 7 + i / 251);
	for (i = 0; i < 64; i++) {
		while (sent < (size_t)PIECE * PIECES &&
		       (n = send(fd, piece + sent % PIECE, PIECE - sent % PIECE, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
			sent += (size_t)n;
		turn(&s);
	}
	assert_true(sent > PIECE && sent < (size_t)PIECE * PIECES); /* it is held up */
	assert_int_equal(TAILQ_FIRST(&s.p->links)->lanes[AGENT].held.size, 0);
	while (read < sent) {
		if (!comes(&s, far))
			fail_msg("%zu of %zu bytes came", read, sent);
		n = recv(far, got, PIECE - read % PIECE, 0);
		assert_true(n > 0);
		assert_memory_equal(got, piece + read % PIECE, (size_t)n);
		read += (size_t)n;
	}
	close(fd);
	close(far);
	assert_int_equal(was_over(&s)->sent, sent);
	leave(&s);
}

/* There are fewer pipes than connections: those without one are carried too. */
static void without_a_pipe_bytes_pass_as_well(void **state)
{
	static char piece[100000], got[100000];
	struct conduit *only;
	struct stage s;
	int ear, fd, far;

	(void)state;
	furnish(&s);
	ear = hear_at(&s, EAR_PROXY);
	fd = connect_by_http(&s, ear, &far);
	only = conduit_take(s.p);
	s.p->pipe_count = PROXY_PIPES;
	memset(piece, 'x', sizeof(piece));
	say(fd, piece, sizeof(piece));
	hear_bytes(&s, far, got, sizeof(got));
	assert_memory_equal(piece, got, sizeof(got));
	say(far, piece, sizeof(piece));
	hear_bytes(&s, fd, got, sizeof(got));
	assert_true(TAILQ_EMPTY(&s.p->pipes));
	conduit_give(s.p, only);
	close(fd);
	close(far);
	leave(&s);
}

static void idle_connections_hold_nothing(void **state)
{
	struct stage s;
	struct link *l;
	int ear, fd, far;
	char got[8];

	(void)state;
	furnish(&s);
	ear = hear_at(&s, EAR_PROXY);
	fd = connect_by_http(&s, ear, &far);
	say_text(fd, "x\n");
	hear_bytes(&s, far, got, 2);
	say_text(far, "y");
	hear_bytes(&s, fd, got, 1);
	l = TAILQ_FIRST(&s.p->links);
	assert_null(l->host);
	assert_null(l->lanes[AGENT].pipe);
	assert_null(l->lanes[WORLD].pipe);
	assert_null(l->lanes[AGENT].held.data);
	assert_null(l->lanes[WORLD].held.data);
	proxy_expire(s.p, s.p->now + UINT64_C(86400000000000)); /* a day */
	assert_int_equal(l->state, LINK_OPEN);
	assert_true(sizeof(*l) < 768);
	close(fd);
	close(far);
	leave(&s);
}

static void unix_sockets_are_asked_about_by_path(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct stage s;
	char got[8];
	int fd, listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ends[2];

	(void)state;
	furnish(&s);
	snprintf(at.sun_path, sizeof(at.sun_path), "%cproxy-test-%d", 0, (int)getpid());
	snprintf(at.sun_path + 1, sizeof(at.sun_path) - 1, "proxy-test-%d", (int)getpid());
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 4), 0);
	add_ear(&s, EAR_UNIX, 0, "/run/docker.sock", listener);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_string_equal(asked(&s)->path, "/run/docker.sock");
	assert_string_equal(s.ask.scheme, "unix");
	assert_int_equal(s.ask.way, NET_BY_UNIX);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	open_with(&s, ends[0]);
	say_text(fd, "ping");
	hear_bytes(&s, ends[1], got, 4);
	assert_memory_equal(got, "ping", 4);
	say_text(ends[1], "pong");
	hear_bytes(&s, fd, got, 4);
	assert_memory_equal(got, "pong", 4);
	close(fd);
	close(ends[1]);
	was_over(&s);
	leave(&s);
}

static void a_denied_direct_connection_is_reset(void **state)
{
	struct stage s;
	char got[8];
	int ear, fd;

	(void)state;
	furnish(&s);
	ear = hear_at(&s, EAR_DIRECT);
	fd = program(&s, ear);
	asked(&s);
	assert_false(readable(fd));
	deny(&s, NET_REFUSED, 0, "no rule allows it");
	assert_int_equal(hear_all(&s, fd, got, sizeof(got)), -1);
	assert_int_equal(errno, ECONNRESET);
	close(fd);
	leave(&s);
}

/* The program went away while it was asked about: what is opened all the same is closed, and that is told. */
static void nobody_waits_any_more(void **state)
{
	const struct linger now = { .l_onoff = 1 };
	struct stage s;
	char got[8];
	int ear, fd, far;

	(void)state;
	furnish(&s);
	ear = hear_at(&s, EAR_DIRECT);
	fd = program(&s, ear);
	asked(&s);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	turn(&s);
	assert_int_equal(s.p->link_count, 0);
	far = open_world(&s);
	assert_int_equal(hear_all(&s, far, got, sizeof(got)), 0);
	assert_string_equal(was_over(&s)->status, "cancelled");
	assert_int_equal(s.p->free_count, PROXY_SEATS);
	close(far);
	leave(&s);
}

static void a_broker_that_misspeaks_ends_it(void **state)
{
	static const char *const what[] = { "an answer to nothing", "two answers", "MAY to a connection" };
	struct stage s;
	size_t i;
	int ear, fd;

	(void)state;
	for (i = 0; i < count_of(what); i++) {
		furnish(&s);
		ear = hear_at(&s, EAR_DIRECT);
		fd = program(&s, ear);
		asked(&s);
		s.tag += i == 0;
		if (i == 2)
			may(&s);
		else
			deny(&s, NET_REFUSED, 0, "no");
		if (i == 1)
			deny(&s, NET_REFUSED, 0, "no");
		turn(&s);
		if (s.p->err.kind != ERR_PEER)
			fail_msg("%s: %s", what[i], s.p->err.text);
		close(fd);
		leave(&s);
	}
}

/* The broker has a minute; then the program is answered, and what comes later is over at once. */
static void an_answer_that_does_not_come(void **state)
{
	struct stage s;
	char got[1024];
	int ear, fd, far;

	(void)state;
	furnish(&s);
	ear = hear_at(&s, EAR_PROXY);
	fd = program(&s, ear);
	say_text(fd, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
	asked(&s);
	proxy_expire(s.p, s.p->now + UINT64_C(59000000000));
	assert_false(readable(fd));
	proxy_expire(s.p, s.p->now + UINT64_C(1000000000));
	assert_true(hear_all(&s, fd, got, sizeof(got)) > 0);
	assert_non_null(strstr(got, "HTTP/1.1 504 Gateway Timeout\r\n"));
	close(fd);
	far = open_world(&s);
	assert_string_equal(was_over(&s)->status, "cancelled");
	close(far);
	leave(&s);
}

static void too_many_are_told_so(void **state)
{
	struct stage s;
	char got[1024];
	int ear, fd[3], far, i;

	(void)state;
	furnish(&s);
	s.p->link_most = 1;
	ear = hear_at(&s, EAR_PROXY);
	fd[0] = connect_by_http(&s, ear, &far);
	fd[1] = program(&s, ear);
	say_text(fd[1], "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
	assert_string_equal(asked(&s)->fault, "more than 1 connections at once");
	deny(&s, NET_BAD, 0, "more than 1 connections at once");
	assert_true(hear_all(&s, fd[1], got, sizeof(got)) > 0);
	assert_non_null(strstr(got, "HTTP/1.1 503 Service Unavailable\r\n"));
	fd[2] = program(&s, ear);
	say(fd[2], "\5\1\0\5\1\0\1\1\1\1\1\0P", 13);
	assert_string_equal(asked(&s)->fault, "more than 1 connections at once");
	deny(&s, NET_BAD, 0, "more than 1 connections at once");
	hear_bytes(&s, fd[2], got, 12);
	assert_memory_equal(got, "\5\0\5\1", 4);
	for (i = 0; i < 3; i++)
		close(fd[i]);
	close(far);
	leave(&s);
}

static void the_end_of_a_run_is_the_end_of_all(void **state)
{
	struct stage s;
	char got[8];
	int ear, fd, far;

	(void)state;
	furnish(&s);
	ear = hear_at(&s, EAR_PROXY);
	fd = connect_by_http(&s, ear, &far);
	say_text(fd, "abc");
	hear_bytes(&s, far, got, 3);
	proxy_end(s.p);
	was_over(&s);
	assert_string_equal(s.over.status, "cancelled");
	assert_int_equal(s.over.sent, 3);
	close(s.broker_fd);
	s.broker_fd = -1;
	turn(&s);
	assert_true(s.p->over);
	close(fd);
	close(far);
	leave(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connect_is_asked_about_and_carried),
		cmocka_unit_test(a_server_may_speak_first),
		cmocka_unit_test(resets_pass_both_ways),
		cmocka_unit_test(who_reads_slowly_slows_down_who_writes),
		cmocka_unit_test(without_a_pipe_bytes_pass_as_well),
		cmocka_unit_test(idle_connections_hold_nothing),
		cmocka_unit_test(unix_sockets_are_asked_about_by_path),
		cmocka_unit_test(a_denied_direct_connection_is_reset),
		cmocka_unit_test(nobody_waits_any_more),
		cmocka_unit_test(a_broker_that_misspeaks_ends_it),
		cmocka_unit_test(an_answer_that_does_not_come),
		cmocka_unit_test(too_many_are_told_so),
		cmocka_unit_test(the_end_of_a_run_is_the_end_of_all),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
