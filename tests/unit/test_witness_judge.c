/*
 * What a witness answers a ledger whose keys we hold: growth, forks, and handovers of keys in every wrong form. Its
 * records are made here, so that a checkpoint can be signed by whom it should not.
 */
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

#include "base/clock.h"
#include "base/fd.h"
#include "witness/witness.h"

#define ORIGIN "ledger.example/t"

enum { KEYS = 6, RECORDS = 64, ROOT = 0, STRANGER = 5 };

struct log {
	char dir[64];
	struct seal_key *key[KEYS];	/* [0] the root, [5] nobody's */
	char record[RECORDS][RECORD_MOST];
	size_t size[RECORDS], count;
	struct witness w;
	struct answer a;
};

static void open_log(struct log *l)
{
	char path[96], list[96], text[SEAL_VERIFIER_TEXT];
	struct err e = { .kind = ERR_NONE };
	FILE *f;
	int i;

	memset(l, 0, sizeof(*l));
	snprintf(l->dir, sizeof(l->dir), "/tmp/reeve-test-XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	for (i = 0; i < KEYS; i++) {
		snprintf(path, sizeof(path), "%s/%d", l->dir, i);
		assert_int_equal(seal_key_make(path, ORIGIN, &e), 0);
		assert_int_equal(seal_key_load(&l->key[i], path, &e), 0);
	}
	snprintf(path, sizeof(path), "%s/w", l->dir);
	assert_int_equal(seal_cosigner_make(path, "witness.example/w", &e), 0);
	assert_int_equal(seal_cosigner_load(&l->w.key, path, &e), 0);
	snprintf(list, sizeof(list), "%s/logs", l->dir);
	seal_verifier_text(text, seal_key_verifier(l->key[ROOT]));
	f = fopen(list, "w");
	assert_true(f && fprintf(f, "log %s\n", text) > 0 && fclose(f) == 0);
	snprintf(path, sizeof(path), "%s/state", l->dir);
	assert_int_equal(origins_open(&l->w, list, path, true, &e), 0);
}

static void close_log(struct log *l)
{
	struct err e;
	int i;

	witness_close(&l->w);
	for (i = 0; i < KEYS; i++)
		seal_key_free(l->key[i]);
	assert_int_equal(fd_remove_all(AT_FDCWD, l->dir, &e), 0);
}

/* As if it had been ended and started again: only what is on disk is left. */
static void restart(struct log *l)
{
	struct err e;

	state_begin(&l->w.origins[0].state);
	assert_int_equal(state_read(&l->w.origins[0].state, l->w.folder, &l->w.origins[0], &e), STATE_READ);
}

static void put(struct log *l, struct record *r)
{
	char stamp[32];

	clock_stamp(stamp, clock_wall_us());
	record_text(r, FIELD_KIND, record_word(r->kind));
	record_text(r, FIELD_LEDGER, ORIGIN);
	record_number(r, FIELD_N, l->count);
	record_number(r, FIELD_RUN, 0);
	record_text(r, FIELD_TIME, stamp);
	l->size[l->count] = entry_write(l->record[l->count], r);
	l->count++;
}

static void grow(struct log *l, size_t by)
{
	struct record r = { .kind = RECORD_GAP };

	while (by-- > 0)
		put(l, &r);
}

struct epoch_of {
	uint64_t epoch, former, revoked;
	int key;
};

static void put_epoch(struct log *l, const struct epoch_of *x)
{
	struct record r = { .kind = RECORD_EPOCH };
	char key[SEAL_VERIFIER_TEXT];

	seal_verifier_text(key, seal_key_verifier(l->key[x->key]));
	record_number(&r, FIELD_EPOCH, x->epoch);
	record_text(&r, FIELD_KEY, key);
	if (x->former)
		record_number(&r, FIELD_FORMER, x->former);
	if (x->revoked) {
		record_number(&r, FIELD_REVOKED, x->revoked);
		record_number(&r, FIELD_SINCE, l->count);
	}
	put(l, &r);
}

static void root_of(uint8_t out[SEAL_HASH], const struct log *l, uint64_t begin, uint64_t end)
{
	struct tree t = { 0 };
	uint64_t i;

	for (i = begin; i < end; i++)
		tree_add(&t, l->record[i], l->size[i]);
	tree_root(out, &t);
}

static void add_hash(struct buf *out, const struct log *l, const struct tree_part *part)
{
	char text[SEAL_HASH_BASE64];
	uint8_t hash[SEAL_HASH];

	root_of(hash, l, part->begin, part->end);
	seal_base64(text, hash);
	buf_printf(out, "%s\n", text);
}

/* "old", the hashes, an empty line. */
static void add_growth(struct buf *out, const struct log *l, uint64_t old, uint64_t size)
{
	struct tree_part parts[TREE_PATH_MOST];
	size_t i, count = old < size ? tree_growth(parts, old, size) : 0;

	buf_printf(out, "old %lu\n", (unsigned long)old);
	for (i = 0; i < count; i++)
		add_hash(out, l, &parts[i]);
	buf_puts(out, "\n");
}

/* The checkpoint of so many records, signed by these; -1: no more. */
static void add_note(struct buf *out, const struct log *l, uint64_t size, int first, int second)
{
	char text[256], root[SEAL_HASH_BASE64];
	const int by[] = { first, second };
	uint8_t hash[SEAL_HASH];
	size_t i;
	int n;

	root_of(hash, l, 0, size);
	seal_base64(root, hash);
	n = snprintf(text, sizeof(text), ORIGIN "\n%lu\n%s\n", (unsigned long)size, root);
	buf_printf(out, "%s\n", text);
	for (i = 0; i < 2; i++) {
		scoped(buf) struct buf note = BUF(1024);

		if (by[i] < 0)
			continue;
		assert_true(seal_note_sign(&note, l->key[by[i]], text, (size_t)n));
		buf_add(out, note.data + n + 1, note.size - (size_t)n - 1);
	}
}

static unsigned ask(struct log *l, uint64_t old, uint64_t size, int key)
{
	scoped(buf) struct buf body = BUF(16384);

	add_growth(&body, l, old, size);
	add_note(&body, l, size, key, -1);
	judge_checkpoint(&l->w, &l->a, body.data, body.size);
	return l->a.status;
}

/* The handover that the last record says; `bend` hurts the path. */
static unsigned hand(struct log *l, uint64_t old, int from, int to, bool bend)
{
	scoped(buf) struct buf body = BUF(32768);
	struct tree_part path[TREE_PATH_MOST];
	uint64_t index = l->count - 1;
	size_t i, count = tree_path(path, index, l->count);

	add_growth(&body, l, old, l->count);
	buf_puts(&body, "c2sp.org/tlog-proof@v1\nextra ");
	seal_base64_add(&body, l->record[index], l->size[index]);
	buf_printf(&body, "\nindex %lu\n", (unsigned long)index);
	for (i = 0; i < count; i++)
		add_hash(&body, l, bend && i == 0 ? &(struct tree_part){ 0, l->count } : &path[i]);
	buf_puts(&body, "\n");
	add_note(&body, l, l->count, from, to);
	judge_epoch(&l->w, &l->a, body.data, body.size);
	return l->a.status;
}

static void grows(void **state)
{
	static struct log l;
	uint64_t size, old = 0;

	(void)state;
	open_log(&l);
	grow(&l, 40);
	for (size = 1; size <= 40; size += 1 + size % 3) {
		assert_int_equal(ask(&l, old, size, ROOT), 200);
		restart(&l);
		assert_int_equal(ask(&l, old, size, ROOT), 409);
		old = size;
	}
	assert_int_equal(ask(&l, old, old, STRANGER), 403);
	/* Of the same size, with another record in it; and one that goes on from there. */
	l.record[3][l.size[3] - 3] ^= 1;
	assert_int_equal(ask(&l, old, old, ROOT), 409);
	assert_int_equal(ask(&l, 0, 5, ROOT), 409);
	grow(&l, 3);
	assert_int_equal(ask(&l, old, 43, ROOT), 422);
	l.record[3][l.size[3] - 3] ^= 1;
	assert_int_equal(ask(&l, old, 43, ROOT), 200);
	close_log(&l);
}

static void hands_over(void **state)
{
	static struct log l;

	(void)state;
	open_log(&l);
	grow(&l, 1);
	put_epoch(&l, &(struct epoch_of){ .epoch = 1, .key = 1 });
	assert_int_equal(hand(&l, 0, ROOT, -1, false), 403);
	assert_int_equal(hand(&l, 0, 1, -1, false), 403);
	assert_int_equal(hand(&l, 0, STRANGER, 1, false), 403);
	assert_int_equal(hand(&l, 0, ROOT, STRANGER, false), 403);
	assert_int_equal(hand(&l, 1, ROOT, 1, false), 409);
	assert_int_equal(hand(&l, 0, ROOT, 1, true), 422);
	assert_int_equal(ask(&l, 0, 2, 1), 403);
	assert_int_equal(hand(&l, 0, ROOT, 1, false), 200);
	restart(&l);
	/* Once more, by who lost the answer: it does no harm, and says where to go on. */
	assert_int_equal(hand(&l, 0, ROOT, 1, false), 409);
	assert_string_equal(l.a.text, "2\n");
	assert_int_equal(hand(&l, 2, ROOT, 1, false), 422);
	assert_int_equal(ask(&l, 2, 2, 1), 200);
	grow(&l, 5);
	assert_int_equal(ask(&l, 2, 7, ROOT), 403);	/* the root signs no more */
	assert_int_equal(ask(&l, 2, 7, 1), 200);

	/* The checkpoint of a handover may come first: the old key has signed it. */
	put_epoch(&l, &(struct epoch_of){ .epoch = 2, .former = 1, .key = 2 });
	assert_int_equal(ask(&l, 7, 8, 1), 200);
	assert_int_equal(hand(&l, 8, ROOT, 2, false), 403);	/* not the root's to give, but in a revocation */
	assert_int_equal(hand(&l, 8, 1, 2, false), 200);
	assert_int_equal(ask(&l, 8, 8, 1), 403);
	close_log(&l);
}

static void wrong_records(void **state)
{
	static const struct epoch_of rows[] = {
		{ .epoch = 1, .former = 1, .key = 2 },	/* again */
		{ .epoch = 3, .former = 1, .key = 2 },	/* one is left out */
		{ .epoch = 2, .former = 2, .key = 2 },	/* behind another record */
		{ .epoch = 2, .key = 2 },		/* behind none */
	};
	static struct log l;
	struct record other = { .kind = RECORD_GAP };
	size_t i;

	(void)state;
	open_log(&l);
	grow(&l, 1);
	put_epoch(&l, &(struct epoch_of){ .epoch = 1, .key = 1 });
	assert_int_equal(hand(&l, 0, ROOT, 1, false), 200);
	grow(&l, 2);
	for (i = 0; i < count_of(rows); i++) {
		put_epoch(&l, &rows[i]);
		assert_int_equal(hand(&l, 2, 1, 2, false), 422);
		l.count--;
	}
	put(&l, &other);
	assert_int_equal(hand(&l, 2, 1, 2, false), 422);
	l.count--;
	put_epoch(&l, &(struct epoch_of){ .epoch = 2, .former = 1, .key = 2 });
	grow(&l, 1);	/* its record is no longer the last */
	assert_int_equal(hand(&l, 2, 1, 2, false), 422);
	l.count--;
	assert_int_equal(hand(&l, 2, 1, 2, false), 200);
	assert_int_equal(l.w.origins[0].state.epoch, 2);
	close_log(&l);
}

/* The thief of a day's key may hand it on; the root takes it back, and what the thief grew stays seen. */
static void revoked(void **state)
{
	static struct log l;

	(void)state;
	open_log(&l);
	grow(&l, 1);
	put_epoch(&l, &(struct epoch_of){ .epoch = 1, .key = 1 });
	assert_int_equal(hand(&l, 0, ROOT, 1, false), 200);
	grow(&l, 4);
	assert_int_equal(ask(&l, 2, 6, 1), 200);
	put_epoch(&l, &(struct epoch_of){ .epoch = 2, .former = 1, .revoked = 1, .key = 3 });
	assert_int_equal(hand(&l, 6, 1, 3, false), 403);	/* the stolen key revokes nothing */
	assert_int_equal(hand(&l, 6, ROOT, 1, false), 403);
	assert_int_equal(hand(&l, 6, ROOT, 3, false), 200);
	grow(&l, 1);
	assert_int_equal(ask(&l, 7, 8, 1), 403);
	assert_int_equal(ask(&l, 7, 8, 3), 200);
	close_log(&l);
}

/* What cannot be written down is not signed, and what was signed stays. */
static void no_room(void **state)
{
	static struct log l;
	struct err e;
	int folder;

	(void)state;
	open_log(&l);
	grow(&l, 9);
	assert_int_equal(ask(&l, 0, 4, ROOT), 200);
	folder = l.w.folder;
	l.w.folder = open("/proc", O_RDONLY | O_DIRECTORY);	/* where nobody makes a file */
	assert_int_equal(ask(&l, 4, 6, ROOT), 500);
	assert_null(strstr(l.a.text, "witness.example"));
	close(l.w.folder);
	l.w.folder = folder;
	assert_int_equal(ask(&l, 4, 7, ROOT), 200);
	assert_int_equal(state_read(&l.w.origins[0].state, folder, &l.w.origins[0], &e), STATE_READ);
	assert_int_equal(l.w.origins[0].state.size, 7);
	close_log(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),   cmocka_unit_test(hands_over), cmocka_unit_test(wrong_records),
		cmocka_unit_test(revoked), cmocka_unit_test(no_room),
	};
	struct err e;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 ? 1 : cmocka_run_group_tests_name("witness judge", tests, NULL, NULL);
}
