/* From the root's key by the lines of a log alone: which lines count, how far back a ledger went, and what forges nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/proof.h"
#include "audit/sightings.h"
#include "ledger/vault.h"

enum { KEYS = 6, RECORDS = 128 };

static const char NAME[] = "reeve.local/t/0123456789abcdef";
static struct seal_key *keys[KEYS];	/* [0] is the root, the last one nobody's */

/* A ledger, and the log that has seen it. */
struct history {
	uint8_t leaves[RECORDS][SEAL_HASH];
	uint64_t size, former;		/* former: the record of its last epoch */
	FILE *log;
	char path[64];
};

static struct seal_key *key_new(void)
{
	char path[] = "/tmp/reeve-links-XXXXXX";
	struct err e = { .kind = ERR_NONE };
	struct seal_key *k = NULL;

	close(mkstemp(path));
	unlink(path);
	assert_int_equal(seal_key_make(path, NAME, &e), 0);
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
		keys[i] = key_new();
	return 0;
}

static int teardown(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < KEYS; i++)
		seal_key_free(keys[i]);
	return 0;
}

static void open_log(struct history *h)
{
	*h = (struct history){ .path = "/tmp/reeve-links-log-XXXXXX" };
	h->log = fdopen(mkstemp(h->path), "w");
	assert_non_null(h->log);
}

static struct tree tree_of(const struct history *h, uint64_t begin, uint64_t end)
{
	struct tree t = { .size = 0 };

	for (; begin < end; begin++)
		tree_add_hash(&t, h->leaves[begin]);
	return t;
}

static void grow(struct history *h, uint64_t to, const char *what)
{
	for (; h->size < to; h->size++)
		seal_prefixed(h->leaves[h->size], TREE_LEAF, what, strlen(what), &h->size, sizeof(h->size));
}

static void say(const struct history *h, const struct seal_key *by)
{
	scoped(buf) struct buf note = BUF(SEAL_NOTE_MOST), line = BUF(SEAL_NOTE_MOST);
	struct tree t = tree_of(h, 0, h->size);

	assert_true(checkpoint_sign(&note, by, NULL, &t));
	assert_true(sighting_line(&line, note.data, note.size));
	fprintf(h->log, "Nov 21 host reeve[1]: %.*s\n", (int)line.size, line.data);
}

static size_t write_record(char out[RECORD_MOST], const struct history *h, uint64_t epoch, uint64_t revoked, const struct seal_key *k)
{
	struct record r = { .kind = RECORD_EPOCH };
	char verifier[SEAL_VERIFIER_TEXT], why[VAULT_WHY + 1] = "";

	seal_verifier_text(verifier, seal_key_verifier(k));
	record_text(&r, FIELD_KIND, "epoch");
	record_text(&r, FIELD_LEDGER, NAME);
	record_text(&r, FIELD_KEY, verifier);
	record_number(&r, FIELD_N, h->size);
	record_number(&r, FIELD_EPOCH, epoch);
	if (epoch > 1)
		record_number(&r, FIELD_FORMER, h->former);
	record_text(&r, FIELD_BOOT, "e11c51d9-5616-405f-b771-ba3fe4cfade7");
	record_text(&r, FIELD_TIME, "2026-11-22T00:07:50.891154Z");
	if (revoked) {
		record_number(&r, FIELD_REVOKED, revoked);
		memset(why, 'w', VAULT_WHY);
		record_text(&r, FIELD_WHY, why);	/* as long as it may be */
	}
	return entry_write(out, &r);
}

static void say_handover(const struct history *h, struct proof_of *p, const struct seal_key *old, const struct seal_key *new)
{
	scoped(buf) struct buf note = BUF(SEAL_NOTE_MOST), text = BUF(PROOF_MOST), line = BUF(PROOF_MOST);
	struct tree t = tree_of(h, 0, h->size), part;
	const char *at;
	size_t i, size;

	p->index = h->size - 1;
	p->count = tree_path(p->path, p->index, h->size);
	for (i = 0; i < p->count; i++) {
		part = tree_of(h, p->path[i].begin, p->path[i].end);
		tree_root(p->beside[i], &part);
	}
	assert_true(checkpoint_sign(&note, old, new, &t));
	memcpy(p->note, note.data, note.size);
	p->note_size = note.size;
	assert_true(proof_write(&text, p));
	assert_true(sighting_handover(&line, &at, &size, text.data, text.size));
	assert_int_equal(size, note.size);
	fprintf(h->log, "Nov 21 host reeve[1]: %.*s\n", (int)line.size, line.data);
}

static void hand(struct history *h, uint64_t epoch, uint64_t revoked, const struct seal_key *old, const struct seal_key *new)
{
	struct proof_of p = { 0 };

	p.record_size = write_record(p.record, h, epoch, revoked, new);
	seal_prefixed(h->leaves[h->size], TREE_LEAF, p.record, p.record_size, "", 0);
	h->former = h->size++;
	say_handover(h, &p, old, new);
}

/* Epochs 1 to 4 behind records 1, 9, 19, 29; but `without`. */
static void live(struct history *h, uint64_t without)
{
	uint64_t e;
	FILE *log;

	open_log(h);
	log = h->log;
	for (e = 1; e <= 4; e++) {
		grow(h, e == 1 ? 1 : e * 10 - 11, "honest");
		h->log = e == without ? fopen("/dev/null", "w") : log;
		hand(h, e, 0, keys[e - 1], keys[e]);
		if (e == without)
			fclose(h->log);
		h->log = log;
		grow(h, h->size + 3, "honest");
		say(h, keys[e]);
	}
}

/* The ledger is the first `records` of `own`, with so many epochs; `gone` of them has been revoked by the last, 0: none. */
static void judge_revoked(struct findings *f, struct history *h, const struct history *own, uint64_t records, size_t epochs,
			  size_t gone)
{
	struct sightings s = { .count = 0 };
	struct err e = { .kind = ERR_NONE };
	struct epochs by = { .count = 0 };
	struct tree t = { .size = 0 };
	size_t i;

	*f = (struct findings){ .records = records };
	assert_int_equal(fclose(h->log), 0);
	assert_int_equal(epochs_begin(&by, seal_key_verifier(keys[0]), &e), 0);
	by.all = realloc(by.all, KEYS * sizeof(*by.all));
	assert_non_null(by.all);
	for (i = 1; i <= epochs; i++)
		by.all[i] = (struct epoch){ .key = *seal_key_verifier(keys[i]), .record = i == 1 ? 1 : i * 10 - 11, .size = i == 1 ? 2 : i * 10 - 10 };
	by.count = epochs + 1;
	if (gone) {
		by.all[gone].revoked = by.all[epochs].record;
		by.all[epochs].by_root = true;
	}
	assert_int_equal(sightings_read(&s, h->path, NAME, &e), 0);
	for (i = 0; i < records; i++) {
		tree_add_hash(&t, own->leaves[i]);
		sightings_pass(&s, &t);
	}
	sightings_judge(f, &s, &by);
	sightings_free(&s);
	epochs_free(&by);
	unlink(h->path);
}

static void judge(struct findings *f, struct history *h, const struct history *own, uint64_t records, size_t epochs)
{
	judge_revoked(f, h, own, records, epochs, 0);
}

static const struct {
	uint64_t records, without;
	size_t epochs;
	const char *expect;
} rows[] = {
	{ 2, 0, 0, "rolled back from 33 to 2 records, past 4 changes of its key, from epoch 4 to 0, by " },
	{ 5, 0, 1, "rolled back from 33 to 5 records, past 3 changes of its key, from epoch 4 to 1, by " },
	{ 15, 0, 2, "rolled back from 33 to 15 records, past 2 changes of its key, from epoch 4 to 2, by " },
	{ 29, 0, 3, "rolled back from 33 to 29 records, past 1 change of its key, from epoch 4 to 3, by " },
	{ 31, 0, 4, "rolled back from 33 to 31 records, by " },
	/* What the log lacks, the ledger may still have; else it reaches as far as it does. */
	{ 15, 1, 2, "rolled back from 33 to 15 records, past 2 changes of its key, from epoch 4 to 2, by " },
	{ 15, 2, 2, "rolled back from 33 to 15 records, past 2 changes of its key, from epoch 4 to 2, by " },
	{ 5, 2, 1, "nothing is missing up to 5, by " },
	{ 15, 4, 2, "rolled back from 23 to 15 records, past 1 change of its key, from epoch 3 to 2, by " },
};

static void goes_back(void **state)
{
	struct findings f;
	struct history h;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		live(&h, rows[i].without);
		judge(&f, &h, &h, rows[i].records, rows[i].epochs);
		if (strncmp(f.completeness.text, rows[i].expect, strlen(rows[i].expect)) != 0)
			fail_msg("row %zu: %s", i, f.completeness.text);
		assert_int_equal(f.completeness.bad, rows[i].expect[0] == 'r');
		assert_false(f.integrity.bad);
	}
}

static void revoked(void **state)
{
	struct findings f;
	struct history h;

	(void)state;
	open_log(&h);
	grow(&h, 1, "honest");
	hand(&h, 1, 0, keys[0], keys[1]);
	grow(&h, 5, "honest");
	hand(&h, 2, 1, keys[0], keys[2]);
	grow(&h, 9, "honest");
	say(&h, keys[2]);
	judge(&f, &h, &h, 3, 1);
	assert_non_null(strstr(f.completeness.text, "rolled back from 9 to 3 records, past 1 change of its key"));
}

/* Who has the log, an old line of it, and a key of his own; in the later rows that of the last epoch, too. */
static const struct {
	uint64_t from, epoch, former, revoked;
	int old, named, new;	/* keys: who hands over, which the record names, who takes over */
	const char *expect;
} forged[] = {
	{ 29, 4, 19, 0, 5, 5, 5, "nothing is missing up to 23" },	/* nobody handed over to him */
	{ 29, 4, 19, 3, 3, 5, 5, "rolled back from 30 to 23 records, by " },	/* only the root revokes */
	{ 29, 4, 19, 0, 3, 4, 5, "rolled back from 30 to 23 records, by " },	/* it names another key */
	{ 29, 4, 19, 0, 3, 5, 3, "rolled back from 30 to 23 records, by " },	/* the new key has signed nothing */
	{ 29, 5, 19, 0, 3, 5, 5, "rolled back from 30 to 23 records, by " },	/* an epoch is left out */
	{ 29, 4, 9, 0, 3, 5, 5, "rolled back from 30 to 23 records, by " },	/* it follows on another record */
};

static void forges_nothing(void **state)
{
	struct history h, own;
	struct findings f;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(forged); i++) {
		struct proof_of p = { 0 };

		live(&h, 4);
		own = h;
		h.size = forged[i].from;
		h.former = forged[i].former;
		p.record_size = write_record(p.record, &h, forged[i].epoch, forged[i].revoked, keys[forged[i].named]);
		seal_prefixed(h.leaves[h.size++], TREE_LEAF, p.record, p.record_size, "", 0);
		say_handover(&h, &p, keys[forged[i].old], keys[forged[i].new]);
		grow(&h, 99, "forged");
		say(&h, keys[5]);
		judge(&f, &h, &own, 23, 3);
		if (f.integrity.bad || strncmp(f.completeness.text, forged[i].expect, strlen(forged[i].expect)) != 0 ||
		    !strstr(f.completeness.text, "not by its key"))
			fail_msg("row %zu: %s, %s", i, f.integrity.text, f.completeness.text);
	}
}

/* Of a key that was revoked its thief can make more: that is an alarm all the same, since the root could hide by revoking. */
static void thief_is_named(void **state)
{
	static const uint64_t at[] = { 27, 40 };	/* behind which records; the ledger has 31, and revokes epoch 2 by epoch 3 */
	struct history h, own;
	struct findings f;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(at); i++) {
		live(&h, 4);
		own = h;
		h.size = 20;
		h.former = 9;
		grow(&h, at[i], "forged");
		hand(&h, 3, 0, keys[2], keys[5]);
		grow(&h, h.size + 1, "forged");
		say(&h, keys[5]);
		judge_revoked(&f, &h, &own, 31, 3, 2);
		assert_true(i == 0 ? f.integrity.bad : f.completeness.bad);
		assert_non_null(strstr(i == 0 ? f.integrity.text : f.completeness.text, " (by a revoked key: perhaps its thief)"));
	}
}

/* His record in the place of the honest one, under the honest signature: it is not in that tree. */
static void exchanges_nothing(void **state)
{
	struct proof_of p = { 0 };
	struct history h, own;
	struct findings f;

	(void)state;
	live(&h, 3);
	own = h;
	h.size = 19;
	h.former = 9;
	p.record_size = write_record(p.record, &h, 3, 0, keys[5]);
	h.size = 20;
	say_handover(&h, &p, keys[2], keys[5]);
	grow(&h, 99, "forged");
	say(&h, keys[5]);
	judge(&f, &h, &own, 15, 2);
	assert_non_null(strstr(f.completeness.text, "rolled back from 20 to 15 records, by "));
	assert_non_null(strstr(f.completeness.text, "not by its key"));
}

/* Rolled back past a handover and grown on under another key of the same root: the log knows who signed the first history. */
static void another_history(void **state)
{
	struct history h, other;
	struct findings f;

	(void)state;
	live(&h, 0);
	other = h;
	other.size = 15;
	grow(&other, 60, "other");
	judge(&f, &h, &other, 60, 2);
	assert_true(f.integrity.bad);
	assert_non_null(strstr(f.integrity.text, "another history: the first 20 records"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_back),
		cmocka_unit_test(revoked),
		cmocka_unit_test(forges_nothing),
		cmocka_unit_test(thief_is_named),
		cmocka_unit_test(exchanges_nothing),
		cmocka_unit_test(another_history),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
