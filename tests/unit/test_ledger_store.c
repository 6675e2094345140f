/* The ledger on disk: vectors, canonical form, and every way a journal can be cut, flipped or fail. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/text.h"
#include "ledger/ledger.h"

static void sums(void **state)
{
	static const struct {
		int first, step;
		uint32_t sum;
	} rows[] = {	/* RFC 3720 B.4 */
		{ 0, 0, 0x8a9136aa }, { 0xff, 0, 0x62a8ab43 }, { 0, 1, 0x46dd794e }, { 31, -1, 0x113fdb5c },
	};
	uint8_t bytes[32];
	size_t i, j;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		for (j = 0; j < sizeof(bytes); j++)
			bytes[j] = (uint8_t)(rows[i].first + rows[i].step * (int)j);
		assert_int_equal(crc32c(0, bytes, sizeof(bytes)), rows[i].sum);
		assert_int_equal(crc32c(crc32c(0, bytes, 5), bytes + 5, 27), rows[i].sum);
	}
}

static void roots(void **state)
{
	static const struct {	/* the test tree of RFC 6962's reference implementation */
		const char *leaf;
		size_t size;
		const char *root;
	} rows[] = {
		{ "", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
		{ "\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
		{ "\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
	};
	struct tree t = { .size = 0 };
	uint8_t root[SEAL_HASH];
	char hex[65];
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		tree_add(&t, rows[i].leaf, rows[i].size);
		tree_root(root, &t);
		text_hex(hex, root, sizeof(root));
		assert_string_equal(hex, rows[i].root);
	}
}

static void forms(void **state)
{
	static const struct {
		const char *line;
		int takes;
	} rows[] = {
		{ "{\"kind\":\"intent\",\"n\":0}", 0 },
		{ "{\"kind\":\"outcome\",\"why\":\"\\u001b\\n\\\"\\\\ \xc3\xbc\"}", 0 },
		{ "{\"command\":[\"a\",\"\"],\"kind\":\"run\"}", 0 },
		{ "{\"command\":[],\"kind\":\"run\"}", 0 },
		{ "{\"n\":0,\"kind\":\"intent\"}", -1 },	{ "{\"kind\":\"intent\",\"kind\":\"intent\"}", -1 },
		{ "{\"kind\":\"intent\", \"n\":0}", -1 },	{ "{\"kind\":\"intent\",\"n\":00}", -1 },
		{ "{\"kind\":\"intent\",\"n\":-1}", -1 },	{ "{\"kind\":\"intent\",\"n\":9007199254740992}", -1 },
		{ "{\"kind\":\"outcome\",\"why\":\"\\u0041\"}", -1 },	{ "{\"kind\":\"outcome\",\"why\":\"\\u001B\"}", -1 },
		{ "{\"kind\":\"outcome\",\"why\":\"\\/\"}", -1 },	{ "{\"kind\":\"outcome\",\"why\":\"\\u000a\"}", -1 },
		{ "{\"kind\":\"outcome\",\"why\":\"\xff\"}", -1 },	{ "{\"kind\":\"other\"}", -1 },
		{ "{\"kind\":\"intent\"}x", -1 }, { "{\"kind\":\"intent\",}", -1 }, { "{}", -1 },
		{ "{\"kind\":\"intent\",\"unknown\":\"x\"}", -1 },	{ "{\"kind\":\"intent\"", -1 },
		{ "{\"command\":[\"a\",],\"kind\":\"run\"}", -1 },
	};
	struct err e = { .kind = ERR_NONE };
	char room[RECORD_MOST];
	struct record r;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++)
		if (entry_read(&r, room, rows[i].line, strlen(rows[i].line), &e) != rows[i].takes)
			fail_msg("%s", rows[i].line);
}

/* Controls grow sixfold: however hostile, the record fits, and reads back. */
static void shortening(void **state)
{
	struct record r = { .kind = RECORD_INTENT }, back;
	struct err e = { .kind = ERR_NONE };
	char hostile[512], room[RECORD_MOST], out[RECORD_MOST];
	size_t size;

	(void)state;
	memset(hostile, 1, sizeof(hostile));
	record_bytes(&r, FIELD_RESOURCE, hostile, sizeof(hostile));
	record_bytes(&r, FIELD_TASK, hostile, sizeof(hostile));
	record_bytes(&r, FIELD_WORKSPACE, hostile, sizeof(hostile));
	record_text(&r, FIELD_KIND, "intent");
	size = entry_write(out, &r);
	assert_in_range(size, 1000, RECORD_MOST);
	assert_int_equal(entry_read(&back, room, out, size, &e), 0);
	assert_true(back.value[FIELD_WORKSPACE].set);
}

/* --- a small ledger to break --- */

struct fixture {
	char dir[64];
	struct seal_key *key;
	char *bytes;
	size_t size;
};

static void path_in(char out[96], const struct fixture *f, const char *name)
{
	snprintf(out, 96, "%s/%s", f->dir, name);
}

static void append(struct ledger *l, enum record_kind kind, uint64_t run, uint64_t ref)
{
	struct record r = { .kind = kind, .ref = ref };
	struct err e = { .kind = ERR_NONE };
	uint64_t index;

	record_text(&r, FIELD_STATUS, "ok");
	assert_int_equal(ledger_append(&index, l, &r, run, &e), 0);
}

static int setup(void **state)
{
	static struct fixture f;
	struct err e = { .kind = ERR_NONE };
	struct ledger *l = NULL;
	char path[96];

	snprintf(f.dir, sizeof(f.dir), "/tmp/reeve-ledger-XXXXXX");
	assert_non_null(mkdtemp(f.dir));
	path_in(path, &f, "key");
	assert_int_equal(seal_key_make(path, "test/l", &e), 0);
	assert_int_equal(seal_key_load(&f.key, path, &e), 0);
	assert_int_equal(ledger_make(f.dir, f.key, "t", &e), 0);
	assert_int_equal(ledger_open(&l, f.dir, f.key, NULL, &e), LEDGER_OPENED);
	path_in(path, &f, "journal");
	append(l, RECORD_RUN, 0, 0);
	append(l, RECORD_INTENT, 1, 0);
	assert_int_equal(ledger_commit(l, &e), 0);
	append(l, RECORD_OUTCOME, 1, 2);
	append(l, RECORD_REFUSAL, 1, 0);
	assert_int_equal(ledger_commit(l, &e), 0);
	append(l, RECORD_CLOSE, 1, 0);
	assert_int_equal(ledger_finish(l, &e), 0);
	ledger_free(l);
	assert_int_equal(fd_read_file(&f.bytes, &f.size, path, 1 << 20, &e), 0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	DIR *listing = opendir(f->dir);
	const struct dirent *d;

	while (listing && (d = readdir(listing)))
		unlinkat(dirfd(listing), d->d_name, 0);	/* "." and ".." stay */
	closedir(listing);
	seal_key_free(f->key);
	free(f->bytes);
	return rmdir(f->dir);
}

static void put_file(const struct fixture *f, const char *name, const char *bytes, size_t size)
{
	struct err e = { .kind = ERR_NONE };
	char path[96];
	int fd;

	path_in(path, f, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, size, &e), 0);
	close(fd);
}

/* How many records stand after opening; -1 refused. */
static long long reopened(const struct fixture *f, const char *head)
{
	scoped(ledger) struct ledger *l = NULL;
	struct err e = { .kind = ERR_NONE };

	put_file(f, "head", head, strlen(head));
	if (ledger_open(&l, f->dir, f->key, NULL, &e) < 0) {
		assert_non_null(strstr(e.text, "record"));
		return -1;
	}
	return (long long)ledger_order(l)->next;
}

static const char WHOLE_HEAD[] = "00000000000000000006\n", OLD_HEAD[] = "00000000000000000001\n";

static void cuts(void **state)
{
	const struct fixture *f = *state;
	size_t at, padding = 0;

	while (f->bytes[f->size - padding - 1] == '\0')
		padding++;
	assert_in_range(padding, 1, 7);
	for (at = JOURNAL_MAGIC; at < f->size; at++) {
		put_file(f, "journal", f->bytes, at);	/* 6 were acknowledged: never fewer */
		assert_int_equal(reopened(f, WHOLE_HEAD), at < f->size - padding ? -1 : 6);
		put_file(f, "journal", f->bytes, at);
		if (at > 640)
			assert_true(reopened(f, OLD_HEAD) >= 1);	/* a crash before head: goes on */
	}
	put_file(f, "journal", f->bytes, f->size);
	assert_int_equal(reopened(f, WHOLE_HEAD), 6);
}

static void flips(void **state)
{
	const struct fixture *f = *state;
	size_t at;

	for (at = 0; at < f->size; at++) {
		f->bytes[at] ^= 0x10;
		put_file(f, "journal", f->bytes, f->size);
		if (reopened(f, WHOLE_HEAD) != -1)
			fail_msg("a flip at %zu was not seen", at);
		f->bytes[at] ^= 0x10;
	}
}

/* A power failure in the last commit: some of its blocks are on disk, some are not, in no order. */
static void tears(void **state)
{
	enum { SECTOR = 512, BEFORE = 6, AFTER = 26 };
	const struct fixture *f = *state;
	scoped(mem) char *whole = NULL, *torn = NULL;
	struct err e = { .kind = ERR_NONE };
	struct ledger *l = NULL;
	size_t size, from, at, i;
	unsigned turn, which;
	char path[96];

	put_file(f, "journal", f->bytes, f->size);
	put_file(f, "head", WHOLE_HEAD, strlen(WHOLE_HEAD));
	assert_int_equal(ledger_open(&l, f->dir, f->key, NULL, &e), LEDGER_OPENED);
	append(l, RECORD_RUN, 0, 0);
	for (i = BEFORE + 1; i < AFTER; i++)
		append(l, RECORD_REFUSAL, BEFORE, 0);
	assert_int_equal(ledger_finish(l, &e), 0);
	ledger_free(l);
	path_in(path, f, "journal");
	assert_int_equal(fd_read_file(&whole, &size, path, 1 << 20, &e), 0);
	torn = malloc(size);
	from = (f->size + 7) / 8 * 8;
	assert_in_range((size - from) / SECTOR, 8, 24);
	for (turn = 1; turn < 120; turn++) {
		which = turn * 2654435761u;	/* a bit of it for each sector: not written */
		memcpy(torn, whole, size);
		for (at = from, i = 0; at < size; at = (at / SECTOR + 1) * SECTOR, i++)
			if (which >> i & 1)
				memset(torn + at, 0, (size < (at / SECTOR + 1) * SECTOR ? size : (at / SECTOR + 1) * SECTOR) - at);
		put_file(f, "journal", torn, size);
		assert_in_range(reopened(f, WHOLE_HEAD), BEFORE, BEFORE + 1);	/* 6 were acknowledged */
		put_file(f, "journal", torn, size);
		assert_int_equal(reopened(f, "00000000000000000026\n"), -1);	/* all were */
	}
	memcpy(torn, whole, size);
	torn[f->size - 400] ^= 1;	/* the commit before it: never */
	put_file(f, "journal", torn, size);
	assert_int_equal(reopened(f, OLD_HEAD), -1);
}

static int failing_sync(int fd)
{
	(void)fd;
	errno = EIO;
	return -1;
}

static int no_space(int fd, int mode, off_t at, off_t size)
{
	(void)fd, (void)mode, (void)at, (void)size;
	errno = ENOSPC;
	return -1;
}

static void disks(void **state)
{
	static const struct ledger_disk broken = { pwrite, failing_sync, fallocate, ftruncate };
	static const struct ledger_disk full = { pwrite, fdatasync, no_space, ftruncate };
	const struct fixture *f = *state;
	struct record run = { .kind = RECORD_RUN };
	struct err e = { .kind = ERR_NONE };
	struct ledger *l = NULL;
	uint64_t index;

	put_file(f, "journal", f->bytes, f->size);
	put_file(f, "head", WHOLE_HEAD, strlen(WHOLE_HEAD));
	assert_int_equal(ledger_open(&l, f->dir, f->key, &broken, &e), LEDGER_OPENED);
	assert_int_equal(ledger_append(&index, l, &run, 0, &e), 0);
	assert_int_equal(ledger_commit(l, &e), -1);
	assert_int_equal(ledger_commit(l, &e), -1);	/* no second chance */
	assert_int_equal(ledger_append(&index, l, &run, 0, &e), -1);
	ledger_free(l);
	put_file(f, "journal", f->bytes, f->size);
	assert_int_equal(ledger_open(&l, f->dir, f->key, &full, &e), LEDGER_OPENED);
	assert_int_equal(ledger_room(l, &e), -1);
	ledger_free(l);
}
/* As many open intents as a run may have; half are closed, the oldest first, and a crash leaves the rest. */
static void many(void **state)
{
	const struct fixture *f = *state;
	struct record intent = { .kind = RECORD_INTENT };
	struct err e = { .kind = ERR_NONE };
	uint64_t run = 6, first = 7, index, i;
	struct ledger *l = NULL;

	put_file(f, "journal", f->bytes, f->size);
	put_file(f, "head", WHOLE_HEAD, strlen(WHOLE_HEAD));
	assert_int_equal(ledger_open(&l, f->dir, f->key, NULL, &e), LEDGER_OPENED);
	append(l, RECORD_RUN, 0, 0);
	for (i = 0; i < ORDER_INTENTS_PER_RUN; i++)
		append(l, RECORD_INTENT, run, 0);
	assert_int_equal(ledger_append(&index, l, &intent, run, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	append(l, RECORD_REFUSAL, run, 0);
	assert_int_equal(ledger_commit(l, &e), 0);
	for (i = 0; i < ORDER_INTENTS_PER_RUN / 2; i++)
		append(l, RECORD_OUTCOME, run, first + i);
	append(l, RECORD_INTENT, run, 0);
	assert_int_equal(ledger_commit(l, &e), 0);
	ledger_free(l);
	e = (struct err){ .kind = ERR_NONE };
	assert_int_equal(ledger_open(&l, f->dir, f->key, NULL, &e), LEDGER_OPENED);
	assert_int_equal(ledger_order(l)->intent_count, 0);
	assert_int_equal(ledger_order(l)->run_count, 0);
	/* two more than it took; a recovery's record, the outcomes, a close */
	assert_true(ledger_order(l)->next >= first + 3 * ORDER_INTENTS_PER_RUN / 2 + ORDER_INTENTS_PER_RUN / 2 + 3);
	ledger_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums),	 cmocka_unit_test(roots), cmocka_unit_test(forms),
		cmocka_unit_test(shortening), cmocka_unit_test(cuts), cmocka_unit_test(flips),
		cmocka_unit_test(tears), cmocka_unit_test(disks), cmocka_unit_test(many),
	};
	struct err e;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 ? 1 : cmocka_run_group_tests(tests, setup, teardown);
}
