/* When an epoch is over, whatever the clocks do; and whose word of a ledger is believed by who opens it behind that. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "ledger/state.h"
#include "recorder/recorder.h"

static const char NAME[] = "reeve.local/t/0123456789abcdef";

enum { HOUR = 3600, YEAR = 365 * 24 * HOUR, RECORDS = 8000, MANY = 100 };

/* How far from the kernel's clocks ours are, in seconds. */
static long wall_by, boot_by;

int clock_gettime(clockid_t clock, struct timespec *out)
{
	int done = (int)syscall(SYS_clock_gettime, clock, out);

	out->tv_sec += clock == CLOCK_REALTIME ? wall_by : clock == CLOCK_BOOTTIME ? boot_by : 0;
	return done;
}

/* No room for zeros over a key, as where what is written over is put elsewhere first. */
static bool is_full;

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
	if (is_full && size == SEAL_PLACE && *(const char *)bytes == '\0') {
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, bytes, size, at);
}

struct place {
	char dir[64], key[128], epoch[128];
	struct recorder r;
};

static void join(char out[128], const struct place *p, const char *name)
{
	snprintf(out, 128, "%s/%s", p->dir, name);
}

static void open_by(struct place *p, const struct seal_key *root)
{
	struct err e = { .kind = ERR_NONE };

	p->r = (struct recorder){ .rotation = { .every_us = 2 * HOUR * UINT64_C(1000000), .records = 1000000 } };
	if (signing_open(&p->r.signing, p->key, &e) < 0 || (root && signing_lend(p->r.signing, root, &e) < 0) ||
	    ledger_open_by(&p->r.ledger, p->dir, p->r.signing, NULL, &e) != LEDGER_OPENED)
		fail_msg("%s", e.text);
}

static void shut(struct place *p)
{
	ledger_free(take(&p->r.ledger));
	signing_free(take(&p->r.signing));
}

static int setup(void **state)
{
	static struct place p;
	scoped(signing) struct signing *signing = NULL;
	scoped(seal_key) struct seal_key *root = NULL;
	struct err e = { .kind = ERR_NONE };
	scoped(fd) int places = -1;
	char verifier[SEAL_VERIFIER_TEXT];

	wall_by = boot_by = 0;
	snprintf(p.dir, sizeof(p.dir), "/tmp/reeve-rotate-XXXXXX");
	assert_non_null(mkdtemp(p.dir));
	join(p.key, &p, "t.key");
	join(p.epoch, &p, "t.epoch");
	assert_int_equal(seal_places_make(&places, p.epoch, SIGNING_PLACES, &e), 0);
	assert_int_equal(seal_key_make(p.key, NAME, &e), 0);
	assert_int_equal(seal_key_load(&root, p.key, &e), 0);
	seal_verifier_text(verifier, seal_key_verifier(root));
	assert_int_equal(fd_replace_file(p.dir, "t.pub", 0644, verifier, strlen(verifier), &e), 0);
	assert_int_equal(signing_make(&signing, root, &places, &e), 0);
	assert_int_equal(ledger_make_by(p.dir, signing, "t", &e), 0);
	open_by(&p, NULL);
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	struct err e = { .kind = ERR_NONE };

	shut(p);
	return fd_remove_all(AT_FDCWD, p->dir, &e);
}

static void append(struct place *p, size_t count)
{
	struct record r = { .kind = RECORD_RECOVERY };
	struct err e = { .kind = ERR_NONE };
	uint64_t index;

	record_text(&r, FIELD_STATUS, "ok");
	while (count-- > 0)
		assert_int_equal(ledger_append(&index, p->r.ledger, &r, 0, &e), 0);
	assert_int_equal(ledger_commit(p->r.ledger, &e), 0);
}

static size_t epochs(const struct place *p)
{
	return ledger_epochs(p->r.ledger)->count - 1;
}

static void turn(struct place *p)
{
	struct err e = { .kind = ERR_NONE };

	assert_int_equal(rotate_if_due(&p->r, &e), 0);
}

/* What the clocks do in an epoch of two hours that has just begun; and is it over? */
static const struct {
	const char *what;
	bool serving;	/* else a recorder opens the ledger behind it */
	long wall, boot;
	bool over;
} clocks[] = {
	{ "nothing", true, 0, 0, false },
	{ "nearly two hours", true, 2 * HOUR - 60, 2 * HOUR - 60, false },
	{ "two hours", true, 2 * HOUR + 1, 2 * HOUR + 1, true },
	{ "two hours, of which the time of day knows nothing", true, 0, 2 * HOUR + 1, true },
	{ "a month asleep", true, 30 * 24 * HOUR, 30 * 24 * HOUR, true },
	{ "set ahead by years", true, 10 * YEAR, 60, false },
	{ "set back by years", true, -10L * YEAR, 60, false },
	{ "nearly two hours without one", false, 2 * HOUR - 60, 0, false },
	{ "two hours without one", false, 2 * HOUR + 1, 0, true },
	{ "the machine began again", false, HOUR, -YEAR, false },
	{ "years without one, or set ahead by them", false, 10 * YEAR, 0, true },
	{ "set back by a little", false, -30, 0, false },
	{ "set back by more", false, -90, 0, true },
	{ "set back by years", false, -10L * YEAR, 0, true },
};

static void by_hours(void **state)
{
	struct place *p = *state;
	size_t i, was;

	for (i = 0; i < count_of(clocks); i++) {
		teardown(state);
		setup(state);
		was = epochs(p);
		assert_in_range(rotate_ms(&p->r), 1, 2 * HOUR * 1000 + 1);
		wall_by = clocks[i].wall;
		boot_by = clocks[i].boot;
		if (!clocks[i].serving) {
			shut(p);
			open_by(p, NULL);
		}
		turn(p);
		if (epochs(p) != was + clocks[i].over)
			fail_msg("%s: epoch %zu", clocks[i].what, epochs(p));
		turn(p);	/* and the next has just begun */
		if (!clocks[i].serving) {
			shut(p);
			open_by(p, NULL);
		}
		turn(p);
		if (epochs(p) != was + clocks[i].over)
			fail_msg("%s: once more: epoch %zu", clocks[i].what, epochs(p));
	}
}

/* A clock that was years ahead when an epoch began and is right again; and the next one is as long as any. */
static void set_right(void **state)
{
	struct place *p = *state;

	wall_by = 10 * YEAR;
	shut(p);
	open_by(p, NULL);
	turn(p);
	assert_int_equal(epochs(p), 2);
	assert_true(rotate_ms(&p->r) > 0);	/* as it asks before it waits */
	wall_by = 0;
	turn(p);
	assert_int_equal(epochs(p), 2);
	shut(p);
	open_by(p, NULL);
	turn(p);
	assert_int_equal(epochs(p), 3);
	assert_in_range(rotate_ms(&p->r), 2 * HOUR * 1000 - 60000, 2 * HOUR * 1000 + 1);
}

/* Nothing happens for days: one epoch behind the other, empty, each sealed by who hands over and who takes over. */
static void idle(void **state)
{
	struct place *p = *state;
	const struct epochs *s;
	size_t i;

	for (i = 0; i < 5; i++) {
		assert_true(rotate_ms(&p->r) > 0);
		boot_by += 2 * HOUR + 1;
		assert_int_equal(rotate_ms(&p->r), 0);
		turn(p);
	}
	shut(p);
	open_by(p, NULL);	/* all that was signed is looked at */
	s = ledger_epochs(p->r.ledger);
	assert_int_equal(epochs(p), 6);
	for (i = 2; i < s->count; i++)
		assert_int_equal(s->all[i].record, s->all[i - 1].record + 1);
	assert_int_equal(ledger_order(p->r.ledger)->next, s->all[6].size);
}

static void by_records(void **state)
{
	struct place *p = *state;

	p->r.rotation.records = 5;
	append(p, 4);
	turn(p);
	assert_int_equal(epochs(p), 1);
	append(p, 1);
	turn(p);
	assert_int_equal(epochs(p), 2);
	append(p, 4);
	turn(p);
	assert_int_equal(epochs(p), 2);
	append(p, 1);
	snprintf(p->r.halted, sizeof(p->r.halted), "halted");
	assert_int_equal(rotate_ms(&p->r), -1);
	turn(p);
	assert_int_equal(epochs(p), 2);
	p->r.halted[0] = '\0';
	p->r.rotation.again_us = UINT64_MAX;	/* it could not begin, and waits */
	turn(p);
	assert_int_equal(epochs(p), 2);
	p->r.rotation.again_us = 0;
	turn(p);
	assert_int_equal(epochs(p), 3);
}

/* A key that is out of use and still there is soon out of the way, not only when the next epoch is over. */
static void still_there(void **state)
{
	struct place *p = *state;

	assert_true(rotate_ms(&p->r) > 0);
	boot_by = 2 * HOUR + 1;
	is_full = true;
	turn(p);
	is_full = false;
	assert_int_equal(epochs(p), 2);
	assert_in_range(rotate_ms(&p->r), 1, EPOCH_AGAIN_MS + 1);
	boot_by += EPOCH_AGAIN_MS / 1000 + 1;
	turn(p);
	assert_int_equal(epochs(p), 3);
	assert_in_range(rotate_ms(&p->r), EPOCH_AGAIN_MS + 2, INT_MAX);
}

static void root_of(uint8_t out[SEAL_HASH], const struct place *p)
{
	tree_root(out, &p->r.ledger->tree);
}

/* What who has the key that signs could write: a state of this very place with another tree. Gives its name. */
static void forge(char name[64], struct place *p)
{
	struct ledger *l = p->r.ledger;
	size_t i;

	for (i = 0; i < count_of(l->tree.node); i++)
		l->tree.node[i][0] ^= 1;
	memset(l->state.key, 0, sizeof(l->state.key));
	store_renew_state(l);
	snprintf(name, 64, "state.%020llu", (unsigned long long)(l->base + l->written));
	shut(p);
}

static void copy(const struct place *p, const char *to, const char *from)
{
	struct err e = { .kind = ERR_NONE };
	scoped(mem) char *bytes = NULL;
	char path[128];
	size_t size;

	join(path, p, from);
	assert_int_equal(fd_read_file(&bytes, &size, path, 1 << 24, &e), 0);
	assert_int_equal(fd_replace_file(p->dir, to, 0600, bytes, size, &e), 0);
}

static void remove_in(const struct place *p, const char *name)
{
	char path[128];

	join(path, p, name);
	assert_int_equal(unlink(path), 0);
}

/* Who revokes a key believes nothing that it has signed alone, and when it is over nobody does. */
static void by_a_thief(void **state)
{
	struct place *p = *state;
	scoped(seal_key) struct seal_key *root = NULL;
	uint8_t true_root[SEAL_HASH], now[SEAL_HASH];
	struct err e = { .kind = ERR_NONE };
	char name[64];

	append(p, RECORDS);
	assert_true(p->r.ledger->written > STORE_STEP);
	root_of(true_root, p);
	forge(name, p);
	copy(p, "forged", name);
	open_by(p, NULL);
	root_of(now, p);
	assert_memory_not_equal(now, true_root, SEAL_HASH);	/* it is a good forgery */
	shut(p);
	remove_in(p, name);
	open_by(p, NULL);	/* and one of what no tree is over, with a good checkpoint behind it */
	p->r.ledger->epochs.all[1].wall_us = 7;
	memset(p->r.ledger->state.key, 0, sizeof(p->r.ledger->state.key));
	store_renew_state(p->r.ledger);
	append(p, 1);
	root_of(true_root, p);
	shut(p);
	open_by(p, NULL);
	assert_true(epochs_now(ledger_epochs(p->r.ledger))->wall_us == 7);
	shut(p);
	assert_int_equal(seal_key_load(&root, p->key, &e), 0);
	open_by(p, root);
	root_of(now, p);
	assert_memory_equal(now, true_root, SEAL_HASH);
	assert_true(epochs_now(ledger_epochs(p->r.ledger))->wall_us != 7);
	assert_int_equal(ledger_revoke(p->r.ledger, "all", "stolen", &e), 0);
	assert_int_equal(ledger_finish(p->r.ledger, &e), 0);
	root_of(true_root, p);
	shut(p);
	copy(p, name, "forged");
	open_by(p, NULL);
	root_of(now, p);
	assert_memory_equal(now, true_root, SEAL_HASH);
}

/* The power failed between a handover and the end of the former key: it is in the file, and no word of it counts behind. */
static void not_wiped_yet(void **state)
{
	struct place *p = *state;
	uint8_t true_root[SEAL_HASH], now[SEAL_HASH];
	scoped(mem) char *former = NULL, *both = NULL;
	struct err e = { .kind = ERR_NONE };
	uint64_t written, records;
	char name[64];
	size_t size, i;

	append(p, RECORDS);
	assert_int_equal(ledger_finish(p->r.ledger, &e), 0);
	copy(p, "former-journal", "journal");
	copy(p, "former-head", "head");
	assert_int_equal(fd_read_file(&former, &size, p->epoch, 1 << 20, &e), 0);
	assert_int_equal(ledger_rotate(p->r.ledger, &e), 0);
	assert_int_equal(ledger_finish(p->r.ledger, &e), 0);
	root_of(true_root, p);
	written = p->r.ledger->written;
	records = p->r.ledger->order.next;
	shut(p);
	copy(p, "real-journal", "journal");
	copy(p, "real-head", "head");
	assert_int_equal(fd_read_file(&both, &size, p->epoch, 1 << 20, &e), 0);
	for (i = 0; i < size; i++)
		both[i] = (char)(both[i] | former[i]);	/* each in its place */

	/* As if nothing had been handed over, all of it. */
	copy(p, "journal", "former-journal");
	copy(p, "head", "former-head");
	assert_int_equal(fd_replace_file(p->dir, "t.epoch", 0600, former, size, &e), 0);
	open_by(p, NULL);
	p->r.ledger->written = written;
	p->r.ledger->tree.size = p->r.ledger->order.next = records;
	forge(name, p);
	copy(p, "journal", "real-journal");
	copy(p, "head", "real-head");
	assert_int_equal(fd_replace_file(p->dir, "t.epoch", 0600, both, size, &e), 0);
	open_by(p, NULL);
	root_of(now, p);
	assert_memory_equal(now, true_root, SEAL_HASH);
	assert_int_equal(epochs(p), 2);
	append(p, 1);
}

/* Behind any number of them the last state is enough, and a key of long ago is none for another epoch. */
static void many(void **state)
{
	struct place *p = *state;
	struct err e = { .kind = ERR_NONE };
	uint8_t before[SEAL_HASH], now[SEAL_HASH];
	size_t i;

	append(p, RECORDS);
	for (i = 0; i < MANY; i++)
		assert_int_equal(ledger_rotate(p->r.ledger, &e), 0);
	assert_int_equal(ledger_finish(p->r.ledger, &e), 0);
	root_of(before, p);
	shut(p);
	open_by(p, NULL);
	root_of(now, p);
	assert_memory_equal(now, before, SEAL_HASH);
	assert_int_equal(epochs(p), MANY + 1);
	assert_int_equal(p->r.ledger->state.offset, p->r.ledger->written);	/* nothing was read again */
	append(p, 1);
	assert_int_equal(ledger_rotate(p->r.ledger, &e), 0);
}

/* Where a segment begins with a handover: its state stays, says what there was in the one before, and is gone on from. */
static void as_a_segment_ends(void **state)
{
	struct place *p = *state;
	scoped(mem) char *bytes = NULL;
	struct err e = { .kind = ERR_NONE };
	struct state_head says;
	char name[STATE_NAME], path[128];
	size_t size;

	append(p, RECORDS);
	ledger_segments(p->r.ledger, STORE_STEP);
	assert_int_equal(ledger_rotate(p->r.ledger, &e), 0);
	assert_true(p->r.ledger->base > 0 && p->r.ledger->written == 0);
	state_name(name, p->r.ledger->base);
	join(path, p, name);
	assert_int_equal(fd_read_file(&bytes, &size, path, 1 << 24, &e), 0);
	assert_true(state_head_seems(&says, bytes, size));
	assert_int_equal(says.since, 0);
	assert_int_equal(says.epoch_count, 2);
	shut(p);
	open_by(p, NULL);
	assert_int_equal(p->r.ledger->state.offset, says.offset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_hours, setup, teardown),
		cmocka_unit_test_setup_teardown(set_right, setup, teardown),
		cmocka_unit_test_setup_teardown(idle, setup, teardown),
		cmocka_unit_test_setup_teardown(by_records, setup, teardown),
		cmocka_unit_test_setup_teardown(still_there, setup, teardown),
		cmocka_unit_test_setup_teardown(by_a_thief, setup, teardown),
		cmocka_unit_test_setup_teardown(not_wiped_yet, setup, teardown),
		cmocka_unit_test_setup_teardown(many, setup, teardown),
		cmocka_unit_test_setup_teardown(as_a_segment_ends, setup, teardown),
	};
	struct err e = { .kind = ERR_NONE };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
