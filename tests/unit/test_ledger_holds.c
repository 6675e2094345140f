/* Held calls by their records alone, with clocks that the test sets: who is asked when, what counts, what ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ledger/agents.h"
#include "ledger/holds.h"
#include "ledger/pack.h"

#define SECOND UINT64_C(1000000)
#define LIST(text) text, sizeof(text)

enum { NOON = 1700000000 };

/* When, by each clock; and in which life of the machine. */
struct when {
	uint64_t wall_s, mono_s;
	const char *boot;
};

struct stage {
	struct holds h;
	uint64_t next;
	struct when now;
	const char *action, *server, *tool;	/* of what is held, and of an intent */
	char said[256];		/* why the last record was not taken */
};

static void begin(struct stage *s)
{
	*s = (struct stage){ .h = { .keep = HOLDS_ENDED }, .next = 1, .now = { NOON, 1000, "one" }, .action = "tool.call",
			     .server = "bank", .tool = "pay" };
}

static struct record made(const struct stage *s, enum record_kind kind, uint64_t run, uint64_t ref, char stamp[32])
{
	struct record r = { .kind = kind, .ref = ref };

	clock_stamp(stamp, s->now.wall_s * SECOND);
	record_text(&r, FIELD_LEDGER, "reeve.local/t/1");
	record_text(&r, FIELD_KIND, record_word(kind));
	record_text(&r, FIELD_TIME, stamp);
	record_text(&r, FIELD_BOOT, s->now.boot);
	record_number(&r, FIELD_N, s->next);
	record_number(&r, FIELD_RUN, kind == RECORD_RUN ? s->next : run);
	record_number(&r, FIELD_MONO, s->now.mono_s * SECOND);
	if (ref)
		record_number(&r, FIELD_HELD, ref);
	return r;
}

/* Through a state and back: from then on nobody may notice. */
static void restart(struct stage *s)
{
	scoped(buf) struct buf one = BUF(1 << 24), two = BUF(1 << 24);
	struct holds h = { .keep = s->h.keep };
	struct err e = { .kind = ERR_NONE };
	struct packed from;

	holds_save(&one, &s->h);
	from = (struct packed){ .at = one.data, .left = one.size };
	assert_int_equal(holds_load(&h, &from, &e), 0);
	assert_false(from.bad || from.left);
	holds_save(&two, &h);
	assert_int_equal(one.size, two.size);
	assert_memory_equal(one.data, two.data, one.size);
	holds_free(&s->h);
	s->h = h;
}

/* Its index; 0: not taken, and s->said says why. */
static uint64_t take_record(struct stage *s, const struct record *r)
{
	char bytes[RECORD_MOST], room[RECORD_MOST];
	struct err e = { .kind = ERR_NONE };
	size_t size = entry_write(bytes, r);
	struct record stored;

	assert_int_equal(entry_read(&stored, room, bytes, size, &e), 0);
	s->said[0] = '\0';
	if (holds_take(&s->h, &stored, bytes, size, &e) < 0) {
		assert_int_not_equal(e.kind, ERR_NONE);
		snprintf(s->said, sizeof(s->said), "%s", e.text);
		return 0;
	}
	restart(s);
	return s->next++;
}

static uint64_t run(struct stage *s, const char *agent)
{
	char stamp[32];
	struct record r = made(s, RECORD_RUN, 0, 0, stamp);

	record_text(&r, FIELD_AGENT, agent);
	record_text(&r, FIELD_OWNER, "ann");
	record_text(&r, FIELD_SIGNERS, "sha256:list");
	return take_record(s, &r);
}

static uint64_t hold(struct stage *s, uint64_t in, const char *digest, const char *asked, size_t size, uint64_t within)
{
	char stamp[32], expires[32];
	struct record r = made(s, RECORD_HELD, in, 0, stamp);

	clock_stamp(expires, (s->now.wall_s + within) * SECOND);
	record_text(&r, FIELD_ACTION, s->action);
	record_text(&r, FIELD_AGENT, "bot");
	record_text(&r, FIELD_OWNER, "ann");
	record_text(&r, FIELD_SIGNERS, "sha256:list");
	record_text(&r, FIELD_SERVER, s->server);
	record_text(&r, FIELD_TOOL, s->tool);
	record_text(&r, FIELD_DIGEST, digest);
	record_text(&r, FIELD_POLICY, "sha256:policy");
	record_text(&r, FIELD_RULE, "p:pay");
	record_text(&r, FIELD_REASON, "review");
	record_text(&r, FIELD_EXPIRES, expires);
	record_text(&r, FIELD_NONCE, "0123456789abcdef0123456789abcdef");
	record_list(&r, FIELD_ASKED_OF, asked, size - 1);	/* LIST() counts the literal's own NUL, too */
	record_number(&r, FIELD_WITHIN, within);
	return take_record(s, &r);
}

static uint64_t decide(struct stage *s, uint64_t held, const char *word, const char *reviewer, const char *key)
{
	const struct hold *h = holds_find(&s->h, held);
	char stamp[32];
	struct record r = made(s, RECORD_DECISION, h ? h->run : 0, held, stamp);

	record_text(&r, FIELD_DECISION, word);
	record_text(&r, FIELD_REVIEWER, reviewer);
	record_text(&r, FIELD_SIGNER, key);
	record_text(&r, FIELD_SIGNATURE, key ? "AAAA" : NULL);
	return take_record(s, &r);
}

static uint64_t intent(struct stage *s, uint64_t in, uint64_t held, const char *digest)
{
	char stamp[32];
	struct record r = made(s, RECORD_INTENT, in, held, stamp);

	record_text(&r, FIELD_ACTION, s->action);
	record_text(&r, FIELD_SERVER, s->server);
	record_text(&r, FIELD_TOOL, s->tool);
	record_text(&r, FIELD_DIGEST, digest);
	record_text(&r, FIELD_REASON, "approved");
	return take_record(s, &r);
}

static enum hold_state state(struct stage *s, uint64_t held)
{
	return holds_find(&s->h, held)->state;
}

static void later(struct stage *s, uint64_t wall_s, uint64_t mono_s)
{
	s->now.wall_s += wall_s;
	s->now.mono_s += mono_s;
}

/* --- tests --- */

static void a_life(void **unused)
{
	struct stage s;
	uint64_t in, held;

	(void)unused;
	begin(&s);
	in = run(&s, "bot");
	held = hold(&s, in, "d", LIST("1 1 0 alice\0"), 600);
	assert_int_equal(intent(&s, in, held, "d"), 0);
	assert_non_null(strstr(s.said, "not approved"));
	assert_true(decide(&s, held, "approve", "alice", "K1") > held);
	assert_int_equal(state(&s, held), HOLD_APPROVED);
	assert_int_equal(intent(&s, in, held, "other"), 0);
	assert_int_equal(intent(&s, in, 0, "d"), 0);
	assert_true(intent(&s, in, held, "d") > held);
	assert_int_equal(state(&s, held), HOLD_USED);
	assert_int_equal(intent(&s, in, held, "d"), 0);
	assert_int_equal(decide(&s, held, "deny", "alice", "K1"), 0);
	assert_null(holds_open(&s.h, held));
	holds_free(&s.h);
}

/* Two of three for one rule, one of two for another: an approval counts for both, a name and a key once. */
static void needs(void **unused)
{
	struct stage s;
	uint64_t in, held;

	(void)unused;
	begin(&s);
	in = run(&s, "bot");
	held = hold(&s, in, "d", LIST("1 2 0 alice bob carol\0" "2 1 0 bob dave\0"), 600);
	assert_true(held);
	assert_true(decide(&s, held, "approve", "alice", "K1"));
	assert_int_equal(decide(&s, held, "approve", "alice", "K2"), 0);
	assert_int_equal(decide(&s, held, "approve", "carol", "K1"), 0);
	assert_non_null(strstr(s.said, "this key"));
	assert_int_equal(decide(&s, held, "approve", "mallory", "K9"), 0);
	assert_int_equal(decide(&s, held, "approve", "ali", "K9"), 0);
	assert_int_equal(decide(&s, held, "approve", "", "K9"), 0);
	assert_int_equal(decide(&s, held, "approve", "alice bob", "K9"), 0);
	assert_int_equal(state(&s, held), HOLD_WAITING);
	assert_true(decide(&s, held, "approve", "carol", "K3"));
	assert_int_equal(state(&s, held), HOLD_WAITING);	/* the second need has nobody yet */
	assert_true(decide(&s, held, "approve", "bob", "K2"));
	assert_int_equal(state(&s, held), HOLD_APPROVED);
	assert_int_equal(decide(&s, held, "approve", "dave", "K4"), 0);
	assert_true(decide(&s, held, "deny", "dave", "K4"));
	assert_int_equal(state(&s, held), HOLD_DENIED);
	assert_int_equal(intent(&s, in, held, "d"), 0);
	holds_free(&s.h);
}

/* Whoever is asked later is asked when both clocks say so. */
static void steps(void **unused)
{
	static const struct {
		uint64_t wall_s, mono_s;
		const char *boot;
		bool asked;
	} rows[] = {
		{ 59, 59, "one", false }, { 60, 60, "one", true }, { 60, 3, "one", false },
		{ 3, 60, "one", false },  { 60, 0, "two", true },  { 59, 500, "two", false },
	};
	struct stage s;
	uint64_t in, held;
	size_t i;

	(void)unused;
	for (i = 0; i < count_of(rows); i++) {
		begin(&s);
		in = run(&s, "bot");
		held = hold(&s, in, "d", LIST("1 1 0 alice\0" "1 1 60 cfo\0"), 600);
		later(&s, rows[i].wall_s, rows[i].mono_s);
		s.now.boot = rows[i].boot;
		assert_int_equal(decide(&s, held, "approve", "cfo", "K") > 0, rows[i].asked);
		if (!rows[i].asked)
			assert_non_null(strstr(s.said, "later"));
		holds_free(&s.h);
	}
}

/* It is over when either clock says so; a clock set back prolongs nothing, and after a reboot the wall clock counts. */
static void times(void **unused)
{
	static const struct {
		int64_t wall_s, mono_s;
		const char *boot;
		bool over;
	} rows[] = {
		{ 599, 599, "one", false }, { 600, 1, "one", true }, { 1, 600, "one", true }, { -5000, 600, "one", true },
		{ -5000, 5, "one", false }, { 1, 5000, "two", false }, { 600, 0, "two", true },
	};
	struct stage s;
	uint64_t in, waits, approved;
	size_t i;

	(void)unused;
	for (i = 0; i < count_of(rows); i++) {
		begin(&s);
		in = run(&s, "bot");
		waits = hold(&s, in, "w", LIST("1 1 0 alice\0"), 600);
		approved = hold(&s, in, "a", LIST("1 1 0 alice\0"), 600);
		assert_true(decide(&s, approved, "approve", "alice", "K1"));
		later(&s, (uint64_t)rows[i].wall_s, (uint64_t)rows[i].mono_s);
		s.now.boot = rows[i].boot;
		assert_int_equal(intent(&s, in, approved, "a") == 0, rows[i].over);
		assert_int_equal(decide(&s, waits, "approve", "alice", "K1") == 0, rows[i].over);
		if (rows[i].over) {
			assert_int_equal(decide(&s, waits, "deny", "alice", "K1"), 0);
			assert_true(decide(&s, waits, "expire", NULL, NULL));
			assert_int_equal(state(&s, waits), HOLD_EXPIRED);
		}
		holds_free(&s.h);
	}
}

static void ends(void **unused)
{
	static const char *const words[] = { "expire", "withdraw" };
	struct stage s;
	uint64_t in, held;
	size_t i;

	(void)unused;
	begin(&s);
	in = run(&s, "bot");
	for (i = 0; i < count_of(words); i++) {
		held = hold(&s, in, "d", LIST("1 1 0 alice\0"), 600);
		assert_int_equal(decide(&s, held, words[i], "alice", "K1"), 0);
		assert_int_equal(decide(&s, held, "undo", NULL, NULL), 0);
		assert_int_equal(decide(&s, held, "approve", NULL, NULL), 0);
		assert_int_equal(decide(&s, held, "approve", "alice", NULL), 0);
		assert_true(decide(&s, held, words[i], NULL, NULL));
		assert_int_equal(decide(&s, held, "approve", "alice", "K1"), 0);
		assert_int_equal(intent(&s, in, held, "d"), 0);
	}
	holds_free(&s.h);
}

/* One of a kind stands; of its agent and owner alone; and so many that is too many. */
static void bounds(void **unused)
{
	struct stage s;
	uint64_t in, other, first;
	char digest[16];
	int i;

	(void)unused;
	begin(&s);
	in = run(&s, "bot");
	other = run(&s, "else");
	first = hold(&s, in, "0", LIST("1 1 0 alice\0"), 600);
	assert_int_equal(hold(&s, in, "0", LIST("1 1 0 alice\0"), 600), 0);
	assert_non_null(strstr(s.said, "held already"));
	assert_int_equal(hold(&s, other, "1", LIST("1 1 0 alice\0"), 600), 0);
	assert_int_equal(hold(&s, 99, "1", LIST("1 1 0 alice\0"), 600), 0);
	for (i = 1; i < HOLDS_MOST; i++) {
		snprintf(digest, sizeof(digest), "%d", i);
		assert_true(hold(&s, in, digest, LIST("1 1 0 alice\0"), 600));
	}
	assert_int_equal(hold(&s, in, "more", LIST("1 1 0 alice\0"), 600), 0);
	assert_true(decide(&s, first, "approve", "alice", "K"));
	assert_int_equal(intent(&s, other, first, "0"), 0);
	assert_non_null(strstr(s.said, "another agent"));
	assert_true(intent(&s, in, first, "0"));
	assert_true(hold(&s, in, "more", LIST("1 1 0 alice\0"), 600));
	holds_free(&s.h);
}

/* The same bytes, but asked of another server, of another tool, or for something else: held, and approved, by itself. */
static void same_bytes_elsewhere(void **unused)
{
	static const char *const rows[][3] = {
		{ "tool.call", "bank", "pay" },	    { "tool.call", "shop", "pay" }, { "tool.call", "bank", "refund" },
		{ "prompt.get", "bank", "pay" },
	};
	uint64_t in, held[count_of(rows)];
	struct stage s;
	size_t i;

	(void)unused;
	begin(&s);
	in = run(&s, "bot");
	for (i = 0; i < count_of(rows); i++) {
		s.action = rows[i][0], s.server = rows[i][1], s.tool = rows[i][2];
		held[i] = hold(&s, in, "d", LIST("1 1 0 alice\0"), 600);
		assert_true(held[i]);
		assert_int_equal(hold(&s, in, "d", LIST("1 1 0 alice\0"), 600), 0);
	}
	assert_true(decide(&s, held[0], "approve", "alice", "K1"));
	for (i = 1; i < count_of(rows); i++) {
		s.action = rows[i][0], s.server = rows[i][1], s.tool = rows[i][2];
		assert_int_equal(state(&s, held[i]), HOLD_WAITING);
		assert_int_equal(intent(&s, in, held[0], "d"), 0);
		assert_non_null(strstr(s.said, "not the call that was approved"));
	}
	s.action = rows[0][0], s.server = rows[0][1], s.tool = rows[0][2];
	assert_true(intent(&s, in, held[0], "d"));
	holds_free(&s.h);
}

static void asked(void **unused)
{
	static const struct {
		const char *items;
		size_t size;
		bool takes;
	} rows[] = {
		{ LIST("1 1 0 alice\0"), true },	{ LIST("1 24 0 alice\0"), true },
		{ LIST("1 2 0 a b\0" "1 2 9 c\0" "2 1 0 d\0"), true },
		{ LIST(""), false },			{ LIST("1 25 0 alice\0"), false },
		{ LIST("1 0 0 alice\0"), false },	{ LIST("0 1 0 alice\0"), false },
		{ LIST("2 1 0 alice\0"), false },	{ LIST("1 1 0 \0"), false },
		{ LIST("1 1 0\0"), false },		{ LIST("1 1 0 a  b\0"), false },
		{ LIST("1 1 0 a \0"), false },		{ LIST("01 1 0 a\0"), false },
		{ LIST("1 1 -1 a\0"), false },		{ LIST("1 1 0 a\0" "1 2 5 b\0"), false },
		{ LIST("1 1 5 a\0" "1 1 5 b\0"), false }, { LIST("1 1 0 a\0" "3 1 0 b\0"), false },
		{ LIST("1 12 0 a\0" "2 13 0 b\0"), false }, { LIST("1 1 99999999999999999999 a\0"), false },
		{ LIST("1 1 0 a\0" "2 1 0 b\0" "1 1 9 c\0"), false }, { LIST("1 1 604801 a\0"), false },
		{ LIST("1 1 0 a\0" "1 1 1 b\0" "1 1 2 c\0" "1 1 3 d\0" "2 1 0 a\0" "2 1 604800 b\0"), true },
		{ LIST("1 1 0 a\0" "1 1 1 b\0" "1 1 2 c\0" "1 1 3 d\0" "1 1 4 e\0"), false },
	};
	struct stage s;
	uint64_t in;
	size_t i;

	(void)unused;
	for (i = 0; i < count_of(rows); i++) {
		begin(&s);
		in = run(&s, "bot");
		if ((hold(&s, in, "d", rows[i].items, rows[i].size, 600) > 0) != rows[i].takes)
			fail_msg("%s", rows[i].items);
		holds_free(&s.h);
	}
}

static uint64_t agent(struct agents *a, uint64_t n, const char *owner, uint64_t former)
{
	struct record r = { .kind = RECORD_AGENT };
	struct err e = { .kind = ERR_NONE };

	record_text(&r, FIELD_AGENT, "bot");
	record_text(&r, FIELD_OWNER, owner);
	record_number(&r, FIELD_N, n);
	if (former)
		record_number(&r, FIELD_FORMER, former);
	return agents_take(a, &r, &e) < 0 ? 0 : n;
}

static void agents(void **unused)
{
	struct agents a = { .count = 0 };
	struct record r = { .kind = RECORD_AGENT };
	bool same;

	(void)unused;
	record_text(&r, FIELD_AGENT, "bot");
	record_text(&r, FIELD_OWNER, "ann");
	assert_int_equal(agents_last(&a, &r, &same), 0);
	assert_false(same);
	assert_int_equal(agent(&a, 5, "ann", 4), 0);	/* there is none before it */
	assert_int_equal(agent(&a, 5, "ann", 0), 5);
	assert_int_equal(agents_last(&a, &r, &same), 5);
	assert_true(same);
	assert_int_equal(agent(&a, 9, "bea", 0), 0);	/* there is */
	assert_int_equal(agent(&a, 9, "bea", 5), 9);
	assert_int_equal(agents_last(&a, &r, &same), 9);
	assert_false(same);
	agents_free(&a);
}

static void stamps(void **unused)
{
	static const uint64_t walls[] = { 0, 951782399999999, 951782400000000, 1709164800000001, 4102444800000000 };
	static const char *const bad[] = { "2026-02-30T00:00:00.000000Z", "2026-01-01T24:00:00.000000Z", "2026-01-01T00:00:00.000000",
					   "2026-01-01 00:00:00.000000Z", "2026-1-001T00:00:00.000000Z", "1969-12-31T23:59:59.999999Z",
					   "2026-00-10T00:00:00.000000Z", "2026-13-10T00:00:00.000000Z", "" };
	uint64_t wall;
	char text[32];
	size_t i;

	(void)unused;
	for (i = 0; i < count_of(walls); i++) {
		clock_stamp(text, walls[i]);
		assert_true(clock_stamp_read(&wall, text, strlen(text)));
		assert_int_equal(wall, walls[i]);
	}
	for (i = 0; i < count_of(bad); i++)
		assert_false(clock_stamp_read(&wall, bad[i], strlen(bad[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_life), cmocka_unit_test(needs),  cmocka_unit_test(steps),  cmocka_unit_test(times),
		cmocka_unit_test(ends),	  cmocka_unit_test(bounds), cmocka_unit_test(asked),  cmocka_unit_test(agents),
		cmocka_unit_test(stamps), cmocka_unit_test(same_bytes_elsewhere),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
