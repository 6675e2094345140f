/* Between our own processes: whoever misspeaks is found out before its message is looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/net.h"
#include "wire/wire.h"

struct head {
	uint16_t version, type;
	uint32_t size;
	uint64_t tag;
};

enum { NOTHING = WIRE_MOST + 1 };	/* as the size of a body: not even a head */

static struct msg got;

/* What a broker makes of these raw bytes, in this phase, from this peer. */
static int broker_hears(struct head h, size_t body, enum role peer, enum phase now, int with_fds,
			struct err *e)
{
	static uint8_t bytes[WIRE_MOST + 64];
	struct iovec part = { bytes, body == NOTHING ? 0 : sizeof(h) + body };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	struct wire w = { .me = ROLE_BROKER, .peer = peer, .now = now };
	int pair[2], fds[2] = { 0, 0 }, done;

	assert_int_equal(wire_pair(pair, e), 0);
	memcpy(bytes, &h, sizeof(h));
	if (with_fds) {
		control.head = (struct cmsghdr){ CMSG_LEN(sizeof(int) * (size_t)with_fds), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.head), fds, sizeof(int) * (size_t)with_fds);
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)with_fds);
	}
	assert_int_equal(sendmsg(pair[1], &m, 0), (ssize_t)part.iov_len);
	w.fd = pair[0];
	done = wire_receive(&w, &got, false, e);
	msg_drop(&got);
	close(pair[0]);
	close(pair[1]);
	return done;
}

static void the_table_decides(void **state)
{
	static const struct {
		const char *says;	/* NULL: admitted */
		struct head head;
		size_t body;
		enum role peer;
		enum phase now;
		int fds;
	} rows[] = {
		{ NULL, { 1, MSG_RECEIPT, 8, 7 }, 8, ROLE_RECORDER, PHASE_RUNNING, 0 },
		{ NULL, { 1, MSG_SPAWNED, 0, 7 }, 0, ROLE_LAUNCHER, PHASE_RUNNING, 2 },
		{ NULL, { 1, MSG_DOOR, 2, 7 }, 2, ROLE_PORTER, PHASE_RUNNING, 1 },
		{ "from the wrong process", { 1, MSG_RECEIPT, 8, 7 }, 8, ROLE_PORTER, PHASE_RUNNING, 0 },
		{ "out of turn", { 1, MSG_DOOR, 2, 7 }, 2, ROLE_PORTER, PHASE_STARTING, 1 },
		{ "unknown message", { 2, MSG_RECEIPT, 8, 7 }, 8, ROLE_RECORDER, PHASE_RUNNING, 0 },
		{ "unknown message", { 1, MSG_TYPES, 0, 0 }, 0, ROLE_RECORDER, PHASE_RUNNING, 0 },
		{ "from the wrong process", { 1, MSG_RECEIPT, 8, 7 }, 8, ROLE_LAUNCHER, PHASE_RUNNING, 0 },
		{ "from the wrong process", { 1, MSG_COMMIT, 8, 7 }, 8, ROLE_LAUNCHER, PHASE_RUNNING, 0 },
		{ "out of turn", { 1, MSG_START, 0, 0 }, 0, ROLE_LAUNCHER, PHASE_RUNNING, 0 },
		{ "out of turn", { 1, MSG_RECEIPT, 8, 7 }, 8, ROLE_RECORDER, PHASE_STARTING, 0 },
		{ "of 257 bytes", { 1, MSG_RECEIPT, 257, 7 }, 257, ROLE_RECORDER, PHASE_RUNNING, 0 },
		{ "of 8 bytes", { 1, MSG_RECEIPT, 4, 7 }, 8, ROLE_RECORDER, PHASE_RUNNING, 0 },
		{ "descriptors", { 1, MSG_RECEIPT, 8, 7 }, 8, ROLE_RECORDER, PHASE_RUNNING, 1 },
		{ "descriptors", { 1, MSG_SPAWNED, 0, 7 }, 0, ROLE_LAUNCHER, PHASE_RUNNING, 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		struct err e = { 0 };
		int done = broker_hears(rows[i].head, rows[i].body, rows[i].peer, rows[i].now, rows[i].fds, &e);

		assert_int_equal(done, rows[i].says ? -1 : WIRE_MESSAGE);
		if (rows[i].says)
			assert_non_null(strstr(e.text, rows[i].says));
	}
}

/* A descriptor that came with a refused message, or with no byte at all, must not stay open in us. */
static void unwanted_descriptors_are_closed(void **state)
{
	struct err e = { 0 };
	int before = dup(0), after;

	(void)state;
	close(before);
	broker_hears((struct head){ 1, MSG_RECEIPT, 8, 7 }, 8, ROLE_RECORDER, PHASE_RUNNING, 2, &e);
	assert_int_equal(broker_hears((struct head){ 0 }, NOTHING, ROLE_RECORDER, PHASE_RUNNING, 2, &e), WIRE_CLOSED);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

static void bodies_are_read_to_the_byte(void **state)
{
	uint8_t room[32];
	struct pack p = { .at = room, .room = sizeof(room) };
	struct unpack u;
	char text[8];

	(void)state;
	pack_number(&p, 0x1234, 2);
	pack_text(&p, "abc", 3);
	assert_false(p.over);
	u = (struct unpack){ .at = room, .left = p.size };
	assert_int_equal(unpack_number(&u, 2), 0x1234);
	assert_true(unpack_copy(&u, text, sizeof(text)));
	assert_string_equal(text, "abc");
	assert_true(unpack_done(&u));
	u = (struct unpack){ .at = room, .left = p.size - 1 };
	unpack_number(&u, 2);
	assert_false(unpack_copy(&u, text, sizeof(text)));
	assert_false(unpack_done(&u));
	u = (struct unpack){ .at = room, .left = p.size };
	unpack_number(&u, 2);
	assert_false(unpack_copy(&u, text, 3));	/* no room for its NUL */
	pack_text(&p, "0123456789012345678901234567890", 31);
	assert_true(p.over);
}

/* It becomes a line of a head that others parse: whatever a host, a rule or its reason holds, it is one line of ASCII. */
static void a_phrase_is_one_line(void **state)
{
	char out[NET_PHRASE], longer[400] = "reeve ";

	(void)state;
	assert_string_equal(net_phrase(out, "reeve refused x.y:1: no rule. Try not. To", "No"), "reeve refused x.y:1: no rule");
	assert_string_equal(net_phrase(out, "reeve a\r\nSet-Cookie: b", "No"), "reeve a??Set-Cookie: b");
	assert_string_equal(net_phrase(out, "reeve \xc3\xa4\x7f", "No"), "reeve ???");
	assert_string_equal(net_phrase(out, "a head that is too long", "No"), "No");
	assert_string_equal(net_phrase(out, "", "No"), "No");
	memset(longer + 6, 'a', sizeof(longer) - 7);
	assert_int_equal(strlen(net_phrase(out, longer, "No")), NET_PHRASE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_decides),
		cmocka_unit_test(unwanted_descriptors_are_closed),
		cmocka_unit_test(bodies_are_read_to_the_byte),
		cmocka_unit_test(a_phrase_is_one_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
