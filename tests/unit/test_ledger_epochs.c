/* Whose signature a checkpoint needs: every epoch's own, both at a handover, and no other's. */
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
#include "ledger/epochs.h"

enum { KEYS = 8, MANY = 200 };

static const char NAME[] = "reeve.local/t/0123456789abcdef";
static struct seal_key *keys[KEYS], *foreign;

static struct seal_key *new_key(const char *name)
{
	char path[] = "/tmp/reeve-epochs-XXXXXX";
	struct err e = { .kind = ERR_NONE };
	struct seal_key *k = NULL;
	int fd = mkstemp(path);

	close(fd);
	unlink(path);
	assert_int_equal(seal_key_make(path, name, &e), 0);
	assert_int_equal(seal_key_load(&k, path, &e), 0);
	unlink(path);
	return k;
}

static int setup(void **state)
{
	struct err e = { .kind = ERR_NONE };
	int i;

	(void)state;
	assert_int_equal(seal_ready(&e), 0);
	for (i = 0; i < KEYS; i++)
		keys[i] = new_key(NAME);
	foreign = new_key("reeve.local/u/0123456789abcdef");
	return 0;
}

static int teardown(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < KEYS; i++)
		seal_key_free(keys[i]);
	seal_key_free(foreign);
	return 0;
}

/* What an epoch record says; a number of UINT64_MAX is left out. */
struct spoken {
	uint64_t epoch, former, revoked, since;
};

static void number(struct record *r, enum field f, uint64_t n)
{
	if (n != UINT64_MAX)
		record_number(r, f, n);
}

static int hand(struct epochs *s, uint64_t index, const struct spoken *said, const struct seal_key *k, struct err *e)
{
	struct frame f = { .kind = RECORD_EPOCH, .index = index };
	struct record r = { .kind = RECORD_EPOCH };
	char verifier[SEAL_VERIFIER_TEXT], bytes[RECORD_MOST];

	seal_verifier_text(verifier, seal_key_verifier(k));
	record_text(&r, FIELD_KIND, "epoch");
	record_text(&r, FIELD_KEY, verifier);
	record_text(&r, FIELD_TIME, "2026-11-21T20:00:00.000000Z");
	number(&r, FIELD_EPOCH, said->epoch);
	number(&r, FIELD_FORMER, said->former);
	number(&r, FIELD_REVOKED, said->revoked);
	number(&r, FIELD_SINCE, said->since);
	f.body = bytes;
	f.size = entry_write(bytes, &r);
	return epochs_take(s, &f, e);
}

static int take_other(struct epochs *s, uint64_t index, struct err *e)
{
	struct frame f = { .kind = RECORD_RECOVERY, .index = index, .body = "{}", .size = 2 };

	return epochs_take(s, &f, e);
}

static int note(struct epochs *s, uint64_t size, const struct seal_key *a, const struct seal_key *b, struct err *e)
{
	scoped(buf) struct buf text = BUF(SEAL_NOTE_MOST);
	struct tree t = { .size = size };
	struct checkpoint c;

	assert_true(checkpoint_sign(&text, a, b, &t));
	return epochs_note(&c, s, size, text.data, text.size, e);
}

/* Epoch 1 at record 1, epoch 2 at record 5. */
static void begin(struct epochs *s)
{
	const struct spoken first = { 1, UINT64_MAX, UINT64_MAX, UINT64_MAX }, second = { 2, 1, UINT64_MAX, UINT64_MAX };
	struct err e = { .kind = ERR_NONE };
	uint64_t i;

	assert_int_equal(epochs_begin(s, seal_key_verifier(keys[0]), &e), 0);
	assert_int_equal(take_other(s, 0, &e), 0);
	assert_int_equal(hand(s, 1, &first, keys[1], &e), 0);
	assert_int_equal(note(s, 2, keys[0], keys[1], &e), 0);
	for (i = 2; i < 5; i++)
		assert_int_equal(take_other(s, i, &e), 0);
	assert_int_equal(note(s, 5, keys[1], NULL, &e), 0);
	assert_int_equal(hand(s, 5, &second, keys[2], &e), 0);
	assert_int_equal(note(s, 6, keys[1], keys[2], &e), 0);
}

static void walks(void **state)
{
	struct err e = { .kind = ERR_NONE };
	struct epochs s;
	uint64_t wall;

	(void)state;
	begin(&s);
	assert_int_equal(s.count, 3);
	assert_int_equal(epochs_now(&s)->record, 5);
	assert_true(clock_stamp_read(&wall, "2026-11-21T20:00:00.000000Z", 27));
	assert_true(epochs_now(&s)->wall_us == wall);
	assert_int_equal(note(&s, 7, keys[2], NULL, &e), 0);
	epochs_free(&s);
}

/* A ledger of before: no epoch record, all of it is the root's. */
static void root_alone(void **state)
{
	struct err e = { .kind = ERR_NONE };
	struct epochs s;

	(void)state;
	assert_int_equal(epochs_begin(&s, seal_key_verifier(keys[0]), &e), 0);
	assert_int_equal(take_other(&s, 0, &e), 0);
	assert_int_equal(note(&s, 1, keys[0], NULL, &e), 0);
	assert_int_equal(note(&s, 1000000, keys[0], NULL, &e), 0);
	assert_int_equal(note(&s, 1000001, keys[1], NULL, &e), -1);
	epochs_free(&s);
}

static const uint64_t NO = UINT64_MAX;

/* The next epoch record at index 8, after begin(). */
static const struct {
	const char *what, *error;
	struct spoken said;
	int key;	/* -1: of another ledger */
} records[] = {
	{ "the next one", NULL, { 3, 5, NO, NO }, 3 },
	{ "one that revokes", NULL, { 3, 5, 2, 6 }, 3 },
	{ "one that revokes nothing that was signed", NULL, { 3, 5, 2, 8 }, 3 },
	{ "one that revokes an earlier one", NULL, { 3, 5, 1, 3 }, 3 },
	{ "without a number", "not epoch 3", { NO, 5, NO, NO }, 3 },
	{ "a number skipped", "not epoch 3", { 4, 5, NO, NO }, 3 },
	{ "a number repeated", "not epoch 3", { 2, 5, NO, NO }, 3 },
	{ "the root again", "not epoch 3", { 0, 5, NO, NO }, 3 },
	{ "another one before it", "does not name the epoch before", { 3, 1, NO, NO }, 3 },
	{ "none before it", "does not name the epoch before", { 3, NO, NO, NO }, 3 },
	{ "the key it has", "that of epoch 2", { 3, 5, NO, NO }, 2 },
	{ "a key of before", "that of epoch 1", { 3, 5, NO, NO }, 1 },
	{ "the root's key", "that of epoch 0", { 3, 5, NO, NO }, 0 },
	{ "a key of another ledger", "another ledger", { 3, 5, NO, NO }, -1 },
	{ "the root revoked", "revokes no epoch", { 3, 5, 0, 0 }, 3 },
	{ "itself revoked", "revokes no epoch", { 3, 5, 3, 8 }, 3 },
	{ "revoked since nowhere", "revokes no epoch", { 3, 5, 2, NO }, 3 },
	{ "since, and nothing revoked", "revokes no epoch", { 3, 5, NO, 6 }, 3 },
	{ "since before its own", "not its own", { 3, 5, 2, 5 }, 3 },
	{ "since later than now", "not its own", { 3, 5, 2, 9 }, 3 },
};

static void what_follows(void **state)
{
	struct err e;
	struct epochs s;
	size_t i;
	int done;

	(void)state;
	for (i = 0; i < count_of(records); i++) {
		e = (struct err){ .kind = ERR_NONE };
		begin(&s);
		assert_int_equal(take_other(&s, 6, &e), 0);
		assert_int_equal(take_other(&s, 7, &e), 0);
		done = hand(&s, 8, &records[i].said, records[i].key < 0 ? foreign : keys[records[i].key], &e);
		if ((done < 0) != !!records[i].error || (done < 0 && !strstr(e.text, records[i].error)))
			fail_msg("%s: %d %s", records[i].what, done, e.text);
		assert_int_equal(s.count, done < 0 ? 3 : 4);
		epochs_free(&s);
	}
}

/* Epoch 3's record stands at 6, after begin(); 0: it is not there. Then a checkpoint over `size`, by these. */
static const struct {
	const char *what;
	bool hands, revokes;
	uint64_t size;
	int by[2];
	bool good;
} notes[] = {
	{ "both", true, false, 7, { 2, 3 }, true },
	{ "the old alone", true, false, 7, { 2, -1 }, false },
	{ "the new alone", true, false, 7, { 3, -1 }, false },
	{ "the root and the new, nothing revoked", true, false, 7, { 0, 3 }, false },
	{ "a former one and the new", true, false, 7, { 1, 3 }, false },
	{ "the old and another", true, false, 7, { 2, 4 }, false },
	{ "revoked: the root and the new", true, true, 7, { 0, 3 }, true },
	{ "revoked: the old and the new", true, true, 7, { 2, 3 }, false },
	{ "revoked: the root alone", true, true, 7, { 0, -1 }, false },
	{ "its own", false, false, 8, { 2, -1 }, true },
	{ "resealed by the epoch before", false, false, 8, { 1, -1 }, false },
	{ "resealed by the root", false, false, 8, { 0, -1 }, false },
	{ "resealed by one that never began", false, false, 8, { 4, -1 }, false },
};

static void who_signs(void **state)
{
	const struct spoken plain = { 3, 5, NO, NO }, revoking = { 3, 5, 2, 6 };
	struct err e;
	struct epochs s;
	size_t i;
	int done;

	(void)state;
	for (i = 0; i < count_of(notes); i++) {
		e = (struct err){ .kind = ERR_NONE };
		begin(&s);
		if (notes[i].hands)
			assert_int_equal(hand(&s, 6, notes[i].revokes ? &revoking : &plain, keys[3], &e), 0);
		done = note(&s, notes[i].size, keys[notes[i].by[0]], notes[i].by[1] < 0 ? NULL : keys[notes[i].by[1]], &e);
		if ((done == 0) != notes[i].good)
			fail_msg("%s: %d %s", notes[i].what, done, e.text);
		epochs_free(&s);
	}
}

static void last_of_its_commit(void **state)
{
	const struct spoken third = { 3, 5, NO, NO }, fourth = { 4, 6, NO, NO };
	struct err e = { .kind = ERR_NONE };
	struct epochs s;

	(void)state;
	begin(&s);
	assert_int_equal(hand(&s, 6, &third, keys[3], &e), 0);
	assert_int_equal(take_other(&s, 7, &e), -1);
	assert_non_null(strstr(e.text, "between epoch 3 and the checkpoint"));
	assert_int_equal(hand(&s, 7, &fourth, keys[4], &e), -1);
	assert_int_equal(note(&s, 7, keys[2], keys[3], &e), 0);
	assert_int_equal(take_other(&s, 7, &e), 0);
	epochs_free(&s);
}

/* Any checkpoint that somebody kept, by what it says of its size. */
static void from_elsewhere(void **state)
{
	static const struct {
		uint64_t size;
		int by[2];
		bool good;
	} kept[] = {
		{ 1, { 0, -1 }, true },  { 1, { 1, -1 }, false }, { 2, { 0, 1 }, true },  { 2, { 1, -1 }, false },
		{ 3, { 1, -1 }, true },  { 3, { 0, -1 }, false }, { 3, { 2, -1 }, false }, { 5, { 1, -1 }, true },
		{ 6, { 1, 2 }, true },   { 6, { 2, -1 }, false }, { 9, { 2, -1 }, true },  { 9, { 1, -1 }, false },
	};
	scoped(buf) struct buf text = BUF(SEAL_NOTE_MOST);
	struct err e = { .kind = ERR_NONE };
	struct checkpoint c;
	struct epochs s;
	size_t i;

	(void)state;
	begin(&s);
	for (i = 0; i < count_of(kept); i++) {
		struct tree t = { .size = kept[i].size };

		buf_drop(&text, text.size);
		assert_true(checkpoint_sign(&text, keys[kept[i].by[0]], kept[i].by[1] < 0 ? NULL : keys[kept[i].by[1]], &t));
		if ((epochs_open(&c, &s, text.data, text.size, &e) == 0) != kept[i].good)
			fail_msg("size %d by %d", (int)kept[i].size, kept[i].by[0]);
	}
	assert_int_equal(epochs_open(&c, &s, "no note", 7, &e), -1);
	assert_int_equal(epochs_open(&c, &s, "", 0, &e), -1);
	epochs_free(&s);
}

/* However far back it was. */
static void none_again(struct epochs *s, uint64_t index, const struct spoken *said, const struct seal_key *k, uint64_t was)
{
	struct err e = { .kind = ERR_NONE };
	char expected[64];

	snprintf(expected, sizeof(expected), "its key is that of epoch %d", (int)was);
	assert_int_equal(hand(s, index, said, k, &e), -1);
	assert_string_equal(e.text, expected);
}

/* Any number of them: each verifies under its own key alone, and the walk through all is one chain. */
static void many(void **state)
{
	static struct seal_key *all[MANY + 1];
	struct err e = { .kind = ERR_NONE };
	struct spoken said;
	struct epochs s;
	uint64_t i;

	(void)state;
	for (i = 0; i <= MANY; i++)
		all[i] = new_key(NAME);
	assert_int_equal(epochs_begin(&s, seal_key_verifier(all[0]), &e), 0);
	assert_int_equal(take_other(&s, 0, &e), 0);
	for (i = 1; i <= MANY; i++) {	/* records 2i - 1: the epoch; 2i: another */
		said = (struct spoken){ i, i > 1 ? 2 * i - 3 : NO, NO, NO };
		assert_int_equal(hand(&s, 2 * i - 1, &said, all[i], &e), 0);
		assert_int_equal(note(&s, 2 * i, all[i - 1], all[i], &e), 0);
		assert_int_equal(take_other(&s, 2 * i, &e), 0);
		assert_int_equal(note(&s, 2 * i + 1, all[i - 1], NULL, &e), -1);
		assert_int_equal(note(&s, 2 * i + 1, all[i], NULL, &e), 0);
	}
	said = (struct spoken){ MANY + 1, 2 * MANY - 1, NO, NO };
	for (i = 0; i <= MANY; i++)
		none_again(&s, 2 * MANY + 1, &said, all[i], i);
	free(s.slots);	/* as a state gives them to who opens a ledger */
	s.slots = NULL;
	s.slot_count = s.slotted = 0;
	none_again(&s, 2 * MANY + 1, &said, all[1], 1);
	assert_int_equal(hand(&s, 2 * MANY + 1, &said, keys[0], &e), 0);
	epochs_forget(&s);
	said = (struct spoken){ 1, NO, NO, NO };
	assert_int_equal(hand(&s, 1, &said, all[1], &e), 0);
	for (i = 0; i <= MANY; i++)
		seal_key_free(all[i]);
	epochs_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks),	  cmocka_unit_test(root_alone),
		cmocka_unit_test(what_follows),	  cmocka_unit_test(who_signs),
		cmocka_unit_test(last_of_its_commit), cmocka_unit_test(from_elsewhere),
		cmocka_unit_test(many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
