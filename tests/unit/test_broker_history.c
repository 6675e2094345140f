/* tests/unit/test_broker_history.c - counts that outlive a run: by many at once, over boots, in files that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"
#include "broker/cells.h"

static const uint64_t HOUR = 3600000, START = 1780000000000;

static int new_file(void)
{
	int fd = memfd_create("history", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, HISTORY_SIZE), 0);
	return fd;
}

static struct history *open_at(int fd, const char *boot, uint64_t up_ms, uint64_t wall_ms)
{
	struct history *h = NULL;
	struct err e = { 0 };

	assert_int_equal(history_open(&h, fd, boot, (struct history_time){ up_ms, wall_ms }, &e), 0);
	return h;
}

static struct history_key key(uint64_t hash, uint64_t within_ms)
{
	return (struct history_key){ HISTORY_HOUSE, hash, within_ms };
}

static bool add(struct history *h, struct history_key k, uint64_t up_ms, uint64_t amount)
{
	struct history_place place;

	return history_add(h, &k, (struct history_time){ .boot_ms = up_ms }, amount, &place);
}

static uint64_t count(struct history *h, struct history_key k, uint64_t up_ms)
{
	uint64_t sum = 0;

	if (history_doubt(h))
		fail_msg("%s", history_doubt(h));
	assert_true(history_count(h, &k, (struct history_time){ .boot_ms = up_ms }, &sum));
	return sum;
}

/* At least as long as was said, and a 64th longer at most. */
static void a_time_is_looked_back(void **state)
{
	scoped(fd) int fd = new_file();
	struct history *h = open_at(fd, "one", 5000, START);
	struct history_key day = key(7, 24 * HOUR), ever = key(7, 0);

	(void)state;
	assert_true(add(h, day, 5000, 3));
	assert_true(add(h, ever, 5000, 3));
	assert_true(add(h, day, 5000 + 23 * HOUR, 4));
	assert_int_equal(count(h, day, 5000 + 24 * HOUR - 1), 7);
	assert_int_equal(count(h, day, 5000 + 24 * HOUR + 24 * HOUR / 64), 4);
	assert_int_equal(count(h, day, 5000 + 48 * HOUR), 0);
	assert_int_equal(count(h, ever, 5000 + 4800 * HOUR), 3);
	assert_int_equal(count(h, key(8, 24 * HOUR), 5000), 0);
	assert_int_equal(count(h, key(7, 23 * HOUR), 5000), 0);
	history_free(h);
}

static void what_is_taken_back_was_not(void **state)
{
	scoped(fd) int fd = new_file();
	struct history *h = open_at(fd, "one", 0, START);
	struct history_key k = key(1, HOUR);
	struct history_time now = { 10, START };
	struct history_place place;

	(void)state;
	assert_true(add(h, k, 10, 5));
	assert_true(history_add(h, &k, now, 9, &place));
	assert_int_equal(count(h, k, 10), 14);
	history_take_back(h, &place);
	history_take_back(h, &place);
	assert_int_equal(count(h, k, 10), 5);
	assert_true(add(h, k, 10, HISTORY_AMOUNT));
	assert_true(add(h, k, 10, HISTORY_AMOUNT));
	assert_int_equal(count(h, k, 10), HISTORY_AMOUNT);
	history_free(h);
}

/* Within a boot no step of the wall clock matters; over two of them one back does not, and one ahead is time. */
static void clocks_are_set(void **state)
{
	static const struct {
		const char *boot;
		uint64_t up;
		int64_t wall;	/* from START, hours */
		uint64_t then;
	} rows[] = {
		{ "one", 2, 1, 5 },		/* an hour later */
		{ "one", 2, -9000, 5 },		/* and the clock was set back */
		{ "one", 2, 9000, 5 },		/* or ahead */
		{ "one", 26, 25, 0 },
		{ "two", 0, 3, 5 },		/* booted, two hours later */
		{ "two", 0, -9000, 5 },		/* with a clock that has lost its battery */
		{ "two", 26, -8974, 0 },	/* which goes on from the last that is known */
		{ "two", 0, 26, 0 },
		{ "", 0, -9000, 5 },		/* nobody knows which boot */
	};
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(fd) int fd = new_file();
		struct history *h = open_at(fd, "one", HOUR, START);
		struct history_key day = key(7, 24 * HOUR);

		assert_true(add(h, day, HOUR, 5));
		history_free(h);
		h = open_at(fd, rows[i].boot, rows[i].up == 26 && rows[i].wall < 0 ? 0 : rows[i].up * HOUR,
			    (uint64_t)((int64_t)START + rows[i].wall * (int64_t)HOUR));
		if (count(h, day, rows[i].up * HOUR) != rows[i].then)
			fail_msg("row %zu: %lu", i, (unsigned long)count(h, day, rows[i].up * HOUR));
		history_free(h);
	}
}

enum { WRITERS = 8, TIMES = 40000, LIMIT = 1000 };

/* Each has the file mapped for itself; some of what they ask for is refused, and taken back. */
static void write_many(int fd, int go, unsigned seed)
{
	struct history *h = open_at(fd, "one", 0, START);
	struct history_key k = key(42, HOUR), last = key(43, 0);
	struct history_time now = { 0, START };
	struct history_place place;
	uint64_t sum;
	unsigned i, had = 0;
	char byte;

	must(read(go, &byte, 1) == 0);	/* all of them, once the last is there */
	for (i = 0; i < TIMES; i++) {
		must(add(h, k, i % 7 * (HOUR / 64), 1) && add(h, key(100 + (i * 31 + seed) % 500, HOUR), 0, 1));
		must(history_add(h, &last, now, 1, &place) && history_count(h, &last, now, &sum));
		had += sum <= LIMIT;
		if (sum > LIMIT)
			history_take_back(h, &place);
	}
	_exit(history_doubt(h) || had > LIMIT);
}

static void many_count_at_once(void **state)
{
	scoped(fd) int fd = new_file();
	struct history *h;
	uint64_t others = 0, last;
	int i, status, go[2];

	(void)state;
	assert_int_equal(pipe(go), 0);
	for (i = 0; i < WRITERS; i++)
		if (fork() == 0) {
			close(go[1]);
			write_many(fd, go[0], (unsigned)i);
		}
	close(go[0]);
	close(go[1]);
	for (i = 0; i < WRITERS; i++)
		assert_true(wait(&status) > 0 && status == 0);
	h = open_at(fd, "one", 0, START);
	assert_int_equal(count(h, key(42, HOUR), 7 * (HOUR / 64)), WRITERS * TIMES);
	for (i = 0; i < 500; i++)
		others += count(h, key(100 + (uint64_t)i, HOUR), 0);
	assert_int_equal(others, WRITERS * TIMES);
	last = count(h, key(43, 0), 0);
	assert_true(last <= LIMIT && last > LIMIT - WRITERS);
	history_free(h);
}

/* What an agent makes up fills its own part; then it is not known, and the house's is. */
static void a_full_table_knows_that_it_is(void **state)
{
	struct history_time now = { 1000, 0 }, later = { 1000 + 3 * HOUR, 0 };
	struct history *h = NULL;
	struct err e = { 0 };
	struct history_key k = { HISTORY_AGENT, 0, HOUR };
	struct history_place place;
	uint64_t sum;

	(void)state;
	assert_int_equal(history_new(&h, &e), 0);
	assert_true(add(h, key(5, HOUR), 1000, 2));
	for (k.hash = 1; history_add(h, &k, now, 1, &place); k.hash++)
		assert_true(k.hash < 60000);
	assert_true(k.hash > 10000);
	history_lose(h, &k, now);
	assert_false(history_count(h, &k, now, &sum));
	assert_int_equal(count(h, key(5, HOUR), 1000), 2);
	assert_true(history_count(h, &k, later, &sum));
	assert_true(history_add(h, &k, later, 1, &place));
	history_free(h);
}

/* Asked for and refused, again and again, takes no room. */
static void what_is_refused_fills_nothing(void **state)
{
	struct history_time now = { 1000, 0 };
	struct history *h = NULL;
	struct err e = { 0 };
	struct history_key k = key(0, 0);
	struct history_place place;

	(void)state;
	assert_int_equal(history_new(&h, &e), 0);
	for (k.hash = 1; k.hash < 200000; k.hash++) {
		assert_true(history_add(h, &k, now, 1, &place));
		history_take_back(h, &place);
	}
	history_free(h);
}

static void spoil(int fd, off_t at, uint64_t with)
{
	assert_int_equal(pwrite(fd, &with, sizeof(with), at), sizeof(with));
}

static off_t place_of_a_counter(int fd)
{
	uint64_t at[4];
	off_t i;

	for (i = HEAD; i < HISTORY_SIZE; i += (off_t)sizeof(struct cell)) {
		assert_int_equal(pread(fd, at, sizeof(at), i), sizeof(at));
		if (at[0] > TAKEN)
			return i;
	}
	fail_msg("nothing was counted");
	return 0;
}

static void lengthen(int fd)
{
	assert_int_equal(ftruncate(fd, HISTORY_SIZE / 2), 0);
	assert_int_equal(ftruncate(fd, HISTORY_SIZE), 0);
}

static void shorten(int fd)
{
	assert_int_equal(ftruncate(fd, HISTORY_SIZE / 2), 0);
}

static void spoil_magic(int fd)
{
	spoil(fd, 0, 7);
}

static void clear_magic(int fd)
{
	spoil(fd, 0, 0);
}

static void spoil_latest(int fd)
{
	spoil(fd, 16, 77);
}

static void spoil_amount(int fd)
{
	spoil(fd, place_of_a_counter(fd) + 16, 1);
}

static void spoil_until(int fd)
{
	spoil(fd, place_of_a_counter(fd) + 8, 1);
}

static void spoil_key(int fd)
{
	spoil(fd, place_of_a_counter(fd), 99);
}

/* None of it crashes, and nothing of it is known. */
static void what_is_damaged_is_not_believed(void **state)
{
	static const struct {
		void (*damage)(int fd);
		const char *doubt;
	} rows[] = {
		{ shorten, "it is not as long as it was made" }, { lengthen, "its end is missing" },
		{ spoil_magic, "it does not begin as one" },	 { clear_magic, "it does not begin as one" },
		{ spoil_latest, "its beginning is damaged" },	 { spoil_amount, "a counter in it is damaged" },
		{ spoil_until, "a counter in it is damaged" },	 { spoil_key, "a counter in it is damaged" },
	};
	uint64_t sum;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(fd) int fd = new_file();
		struct history *h = open_at(fd, "one", 0, START);
		struct history_key k = key(1, HOUR);

		assert_true(add(h, k, 0, 5));
		history_free(h);
		rows[i].damage(fd);
		h = open_at(fd, "one", 0, START);
		assert_non_null(history_doubt(h));
		assert_string_equal(history_doubt(h), rows[i].doubt);
		assert_false(history_count(h, &k, (struct history_time){ 0, START }, &sum));
		assert_false(add(h, k, 0, 5));
		history_lose(h, &k, (struct history_time){ 0, START });
		history_free(h);
	}
}

/* A run that looks through it makes none of what nobody has written: neither to begin it nor later. */
static void what_is_not_there_is_not_made(void **state)
{
	scoped(fd) int fd = new_file();
	struct history_key k = key(1, HOUR);
	struct history *h;
	struct stat st;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		h = open_at(fd, "one", 0, START);
		assert_true(add(h, k, 0, 5));
		history_free(h);
	}
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_blocks * 512 < HISTORY_SIZE / 16);
}

/* While it is mapped: what another process writes is met when it is counted. */
static void what_changes_under_our_hands(void **state)
{
	scoped(fd) int fd = new_file();
	struct history *h = open_at(fd, "one", 0, START);
	struct history_key k = key(1, HOUR);
	uint64_t sum;

	(void)state;
	assert_true(add(h, k, 0, 5));
	spoil_amount(fd);
	assert_false(history_count(h, &k, (struct history_time){ 0, START }, &sum));
	assert_non_null(history_doubt(h));
	assert_false(add(h, k, 0, 5));
	history_free(h);
}

/* Any bytes at all, the same each time. */
static void anything_may_stand_in_it(void **state)
{
	struct history_key k = key(1, HOUR), far = key(2, 7 * 24 * HOUR);
	unsigned round, i;
	uint64_t sum;

	(void)state;
	srand(20261121);
	for (round = 0; round < 40; round++) {
		scoped(fd) int fd = new_file();
		struct history *h = open_at(fd, "one", 0, START);

		assert_true(add(h, k, 0, 5) && add(h, far, 0, 5));
		for (i = 0; i < 200; i++)
			spoil(fd, rand() % (HISTORY_SIZE - 8), (uint64_t)rand() << 33 ^ (uint64_t)rand() >> (round % 31));
		history_count(h, &k, (struct history_time){ (uint64_t)rand() << 20, START }, &sum);
		add(h, far, (uint64_t)rand() << 33, (uint64_t)rand() << 33);
		history_free(h);
		h = open_at(fd, "one", (uint64_t)rand() << 33, 0);
		history_count(h, &far, (struct history_time){ (uint64_t)rand() << 33, START }, &sum);
		history_free(h);
	}
}

static void no_file_is_no_history(void **state)
{
	struct history *h;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	h = open_at(pipes[0], "one", 0, START);
	assert_string_equal(history_doubt(h), "it is no file");
	history_free(h);
	close(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_looked_back),
		cmocka_unit_test(what_is_taken_back_was_not),
		cmocka_unit_test(clocks_are_set),
		cmocka_unit_test(many_count_at_once),
		cmocka_unit_test(a_full_table_knows_that_it_is),
		cmocka_unit_test(what_is_refused_fills_nothing),
		cmocka_unit_test(what_is_damaged_is_not_believed),
		cmocka_unit_test(what_is_not_there_is_not_made),
		cmocka_unit_test(what_changes_under_our_hands),
		cmocka_unit_test(anything_may_stand_in_it),
		cmocka_unit_test(no_file_is_no_history),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
