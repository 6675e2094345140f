/* No outage of a place stays untold: of one that leaves no records of its own, of one that is over at once, of too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "anchor/anchor.h"
#include "base/clock.h"
#include "wire/wire.h"

enum { PATIENCE_S = 20 };

/* Its recorder, and the process that tells the place, are we. */
struct played {
	struct wire recorder;
	int duty;
	pid_t pid;
	uint64_t size;		/* of the checkpoint it was told */
};

static void begin(struct played *p, const char *kind, uint64_t paid_s)
{
	struct charge c = { .known = -1, .spine = -1, .count = 1 };
	struct err e = { .kind = ERR_NONE };
	int recorder[2], duty[2];

	assert_int_equal(wire_pair(recorder, &e), 0);
	assert_int_equal(wire_pair(duty, &e), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		alarm(PATIENCE_S);
		close(recorder[0]);
		close(duty[0]);
		c.recorder = recorder[1];
		c.duties[0] = (struct duty){ .kind = duty_kind_of(kind, strlen(kind)), .fd = duty[1], .of = &c, .gaps_s = paid_s };
		snprintf(c.duties[0].name, sizeof(c.duties[0].name), "%s", kind);
		_exit(keep_run(&c, &e) < 0);
	}
	close(recorder[1]);
	close(duty[1]);
	p->recorder = (struct wire){ .fd = recorder[0], .me = ROLE_RECORDER, .peer = ROLE_ANCHOR, .now = PHASE_RUNNING };
	p->duty = duty[0];
	p->size = 0;
	alarm(PATIENCE_S);
}

static void end(struct played *p)
{
	int status;

	close(p->recorder.fd);
	close(p->duty);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	assert_int_equal(status, 0);
	alarm(0);
}

static void signs(struct played *p, uint64_t size, bool last)
{
	struct err e = { .kind = ERR_NONE };
	uint8_t body[1024];
	struct pack out = { .at = body, .room = sizeof(body) };
	char note[256];

	p->size = size;
	snprintf(note, sizeof(note), "o\n%llu\n%s=\n\n\u2014 o AAAAAAAAAAAA\n", (unsigned long long)size,
		 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	pack_number(&out, last, 1);
	pack_number(&out, 0, 8);
	pack_text(&out, note, strlen(note));
	assert_int_equal(wire_send(&p->recorder, MSG_SIGNED, 0, body, out.size, NULL, 0, &e), 0);
}

/* What it was asked, it has done, or not. */
static void place_is(struct played *p, bool there)
{
	struct done done = { .there = there };
	struct job j;

	assert_int_equal(recv(p->duty, &j, sizeof(j), 0), sizeof(j));
	assert_int_equal(j.size, p->size);
	done.size = j.size;
	snprintf(done.why, sizeof(done.why), there ? "" : "away");
	assert_int_equal(send(p->duty, &done, sizeof(done), 0), sizeof(done));
}

/* The number that stands second: of outages, of the gap that is over. */
static uint64_t says(struct played *p, enum msg_type type)
{
	struct err e = { .kind = ERR_NONE };
	static struct msg m;
	struct unpack u;

	assert_int_equal(wire_receive(&p->recorder, &m, true, &e), 1);
	assert_int_equal(m.type, type);
	u = (struct unpack){ .at = m.body, .left = m.size };
	unpack_number(&u, 8);
	return unpack_number(&u, 8);
}

static void entered(struct played *p, uint64_t index)
{
	struct err e = { .kind = ERR_NONE };

	assert_int_equal(wire_send_u64(&p->recorder, MSG_ENTERED, 1, index, &e), 0);
}

static void each_of_the_spine(void **state)
{
	struct played p;
	uint64_t i;

	(void)state;
	begin(&p, "spine", 0);
	for (i = 1; i <= 3; i++) {
		signs(&p, i, false);
		place_is(&p, false);
		assert_int_equal(says(&p, MSG_MISSED), 1);
		entered(&p, 10 * i);
		place_is(&p, false);	/* the same outage */
		place_is(&p, true);
		assert_int_equal(says(&p, MSG_ANCHORED), 10 * i);
	}
	end(&p);
}

/* Its record is on disk only when it is over; the next one is another. */
static void one_that_is_over_at_once(void **state)
{
	struct played p;

	(void)state;
	begin(&p, "syslog", 0);
	signs(&p, 1, false);
	place_is(&p, false);
	assert_int_equal(says(&p, MSG_MISSED), 1);
	place_is(&p, true);
	assert_int_equal(says(&p, MSG_ANCHORED), 0);
	entered(&p, 7);
	signs(&p, 2, false);
	place_is(&p, false);
	assert_int_equal(says(&p, MSG_MISSED), 1);
	end(&p);
}

/* Behind what may be told now: how many there were is told at the end, though it is back. */
static void too_many(void **state)
{
	const char *const kinds[] = { "syslog", "spine" };
	struct played p;
	uint64_t n;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		begin(&p, kinds[i], clock_wall_us() / 1000000 + DUTY_GAPS * (uint64_t)DUTY_QUIET_S);
		for (n = 1; n <= 3; n++) {
			signs(&p, n, false);
			place_is(&p, false);
			place_is(&p, true);
			if (i == 0)
				assert_int_equal(says(&p, MSG_ANCHORED), 0);
		}
		signs(&p, n, true);
		place_is(&p, true);
		assert_int_equal(says(&p, MSG_MISSED), 3);
		assert_int_equal(says(&p, MSG_ANCHORED), 0);
		says(&p, MSG_SETTLED);
		end(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_of_the_spine),
		cmocka_unit_test(one_that_is_over_at_once),
		cmocka_unit_test(too_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
