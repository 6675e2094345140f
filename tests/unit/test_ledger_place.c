/* One writer: where a ledger may be, who opened it, and whether anybody else wrote. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "ledger/place.h"
#include "ledger/store.h"

enum { FUSE = 0x65735546 };

static char dir[64];
static struct seal_key *key;

static int setup(void **state)
{
	struct err e = { .kind = ERR_NONE };
	char path[96];

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/reeve-place-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
	assert_int_equal(seal_key_make(path, "test/l", &e), 0);
	assert_int_equal(seal_key_load(&key, path, &e), 0);
	assert_int_equal(ledger_make(dir, key, "t", &e), 0);
	return 0;
}

static int teardown(void **state)
{
	struct err e = { .kind = ERR_NONE };

	(void)state;
	seal_key_free(key);
	return fd_remove_all(AT_FDCWD, dir, &e);
}

static struct ledger *opened(void)
{
	struct err e = { .kind = ERR_NONE };
	struct ledger *l = NULL;

	assert_int_equal(ledger_open(&l, dir, key, NULL, &e), LEDGER_OPENED);
	return l;
}

static int write_one(struct ledger *l, struct err *e)
{
	struct record r = { .kind = RECORD_RUN };
	uint64_t index;

	return ledger_append(&index, l, &r, 0, e) < 0 ? -1 : ledger_commit(l, e);
}

static void places(void **state)
{
	static const struct {
		uint32_t type;
		const char *kind;
		int may;
	} rows[] = {
		{ 0xef53, "", 0 },	 { 0x01021994, "", 0 }, { 0x58465342, "", 0 },	{ 0x9123683e, "", 0 },
		{ 0x794c7630, "", 0 },	 { 0x6969, "", -1 },	{ 0xff534d42, "", -1 }, { 0xfe534d42, "", -1 },
		{ 0x00c36400, "", -1 },	 { 0x01021997, "", -1 }, { FUSE, "fuseblk", 0 }, { FUSE, "fuse.fuse-overlayfs", 0 },
		{ FUSE, "fuse.sshfs", -1 }, { FUSE, "fuse.rclone", -1 }, { FUSE, "virtiofs", -1 }, { FUSE, "fuse", -1 },
		{ FUSE, "", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		struct err e = { .kind = ERR_NONE };

		if (place_judge(rows[i].type, rows[i].kind, &e) != rows[i].may)
			fail_msg("%x %s", rows[i].type, rows[i].kind);
		assert_true(rows[i].may == 0 || strstr(e.text, "local disk"));
	}
}

/* A child of fork(2) has the descriptors and the lock, and all that is in memory; it writes nothing, and takes no lock away. */
static void forked(void **state)
{
	struct err e = { .kind = ERR_NONE };
	struct ledger *l = opened(), *second = NULL;
	int status = 0;
	pid_t child;

	(void)state;
	child = fork();
	if (child == 0) {
		status = write_one(l, &e) < 0 && strstr(e.text, "fork") ? 0 : 1;
		ledger_free(l);
		_exit(status);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(ledger_open(&second, dir, key, NULL, &e), LEDGER_BUSY);
	assert_int_equal(write_one(l, &e), 0);
	assert_int_equal(ledger_finish(l, &e), 0);
	ledger_free(l);
	l = opened();
	assert_int_equal(ledger_order(l)->next, 3);	/* the run's end, lost */
	ledger_free(l);
}

/* The lock was gone round: the next commit sees the other's head, and is the last. */
static void another(void **state)
{
	struct err e = { .kind = ERR_NONE };
	struct ledger *l = opened();

	(void)state;
	assert_int_equal(write_one(l, &e), 0);
	assert_int_equal(pwrite(l->head, "00000000000000000007\n", 21, 0), 21);
	assert_int_equal(write_one(l, &e), -1);
	assert_non_null(strstr(e.text, "somebody else"));
	assert_int_equal(write_one(l, &e), -1);
	ledger_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test_setup_teardown(forked, setup, teardown),
		cmocka_unit_test_setup_teardown(another, setup, teardown),
	};
	struct err e = { .kind = ERR_NONE };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
