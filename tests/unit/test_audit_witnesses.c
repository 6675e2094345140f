/* How far a quorum has seen a ledger: trust files, anchors, cosigned checkpoints, and all that may be wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/witnesses.h"
#include "base/fd.h"

enum { WITNESSES = 4 };

struct stage {
	char dir[64], path[96];
	struct seal_key *key, *witness[WITNESSES];
	struct ledger *ledger;
};

static void open_stage(struct stage *s)
{
	struct err e = { .kind = ERR_NONE };
	char name[32];
	int i;

	snprintf(s->dir, sizeof(s->dir), "/tmp/reeve-test-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	for (i = 0; i < WITNESSES; i++) {
		snprintf(s->path, sizeof(s->path), "%s/w%d", s->dir, i);
		snprintf(name, sizeof(name), "witness.example/%d", i);
		assert_int_equal(seal_cosigner_make(s->path, name, &e), 0);
		assert_int_equal(seal_cosigner_load(&s->witness[i], s->path, &e), 0);
	}
	snprintf(s->path, sizeof(s->path), "%s/key", s->dir);
	assert_int_equal(seal_key_make(s->path, "ledger.example/t", &e), 0);
	assert_int_equal(seal_key_load(&s->key, s->path, &e), 0);
	snprintf(s->path, sizeof(s->path), "%s/l", s->dir);
	assert_int_equal(fd_make_dirs(s->path, 0700, &e), 0);
	assert_int_equal(ledger_make(s->path, s->key, "t", &e), 0);
	assert_int_equal(ledger_open(&s->ledger, s->path, s->key, NULL, &e), LEDGER_OPENED);
}

static void close_stage(struct stage *s)
{
	struct err e;
	int i;

	ledger_free(s->ledger);
	for (i = 0; i < WITNESSES; i++)
		seal_key_free(s->witness[i]);
	seal_key_free(s->key);
	assert_int_equal(fd_remove_all(-100, s->dir, &e), 0);
}

static void append(struct stage *s, const struct record *r)
{
	struct err e;
	uint64_t index;

	assert_int_equal(ledger_append(&index, s->ledger, r, 0, &e), 0);
	assert_int_equal(ledger_commit(s->ledger, &e), 0);
}

static void grow(struct stage *s)
{
	struct record r = { .kind = RECORD_GAP };

	record_text(&r, FIELD_WHY, "nothing");
	append(s, &r);
}

static int keep_note(void *of, const struct frame *f, struct err *e)
{
	struct buf *note = of;

	(void)e;
	if (f->kind == FRAME_COMMIT) {
		note->size = 0;
		assert_true(buf_add(note, f->body, f->size));
	}
	return 0;
}

/* The last checkpoint, signed. */
static void last_note(struct stage *s, struct buf *note)
{
	scoped(journal) struct journal *j = NULL;
	struct journal_extent x;
	struct err e;

	assert_int_equal(journal_open(&j, s->path, &e), 0);
	assert_int_equal(journal_extent(&x, j, seal_key_verifier(s->key), &e), 0);
	assert_int_equal(each_frame(j, x.records, keep_note, note, &e), 0);
}

/* This witness's anchor of that note; `hurt`: a digit of its cosignature is another. */
static void anchor(struct stage *s, int who, const struct buf *note, bool hurt)
{
	scoped(buf) struct buf line = BUF(512);
	struct record r = { .kind = RECORD_ANCHOR };
	char origin[64], root[64];
	struct seal_note n;
	uint64_t size;
	struct err e;

	assert_int_equal(seal_note_split(&n, note->data, note->size, 4096, &e), 0);
	assert_int_equal(sscanf(n.text, "%63s\n%lu\n%63s\n", origin, &size, root), 3);
	assert_true(seal_cosign(&line, s->witness[who], 1700000000, n.text, n.size));
	line.data[--line.size] = '\0';
	if (hurt)
		line.data[line.size - 10] = line.data[line.size - 10] == 'A' ? 'B' : 'A';
	record_text(&r, FIELD_WITNESS, seal_key_verifier(s->witness[who])->name);
	record_text(&r, FIELD_ROOT, root);
	record_text(&r, FIELD_COSIGNATURE, line.data);
	record_number(&r, FIELD_UPTO, size);
	append(s, &r);
}

/* The policy, in which Wn stands for a witness's key; and what verify finds under it. */
static void judge(struct findings *f, struct stage *s, const char *policy, const struct buf *given)
{
	scoped(buf) struct buf text = BUF(16384), note = BUF(4096);
	scoped(trust) struct trust *t = NULL;
	struct known_head known = { 0 };
	struct cosigned by;
	char key[SEAL_VERIFIER_TEXT];
	struct checkpoint c;
	struct err e;
	int i;

	for (i = 0; i < WITNESSES; i++) {
		seal_cosigner_text(key, seal_key_verifier(s->witness[i]));
		buf_printf(&text, "witness W%d %s\n", i, key);
	}
	buf_puts(&text, policy);
	assert_int_equal(trust_read(&t, text.data, text.size, &e), 0);
	known.trust = t;
	if (given) {
		assert_int_equal(cosigned_read(&by, &note, t, "ledger.example/t", given->data, given->size, &e), 0);
		assert_int_equal(checkpoint_open(&c, seal_key_verifier(s->key), note.data, note.size, &e), 0);
		known.given = known.has_root = true;
		known.size = c.size;
		known.cosigned = &by;
		memcpy(known.root, c.root, SEAL_HASH);
	}
	assert_int_equal(verify_ledger(f, s->path, seal_key_verifier(s->key), &known, &e), 0);
	assert_true(f->witnesses_asked);
}

static const char TWO_OF_THREE[] = "group G 2 W0 W1 W2\nquorum G\n";

static void anchors(void **state)
{
	scoped(buf) struct buf early = BUF(4096), late = BUF(4096);
	struct findings f;
	struct stage s;
	char expected[96];
	unsigned long size, records;

	(void)state;
	open_stage(&s);
	grow(&s);
	last_note(&s, &early);
	judge(&f, &s, TWO_OF_THREE, NULL);
	assert_int_equal(verify_exit(&f), EXIT_WITNESSES);
	judge(&f, &s, "quorum none\n", NULL);
	assert_int_equal(verify_exit(&f), EXIT_WHOLE);
	anchor(&s, 0, &early, false);
	anchor(&s, 3, &early, false);	/* no member */
	judge(&f, &s, TWO_OF_THREE, NULL);
	assert_int_equal(verify_exit(&f), EXIT_WITNESSES);
	judge(&f, &s, "quorum W3\n", NULL);
	assert_int_equal(verify_exit(&f), EXIT_WHOLE);

	/* One has seen more than the other: both have seen what the other has. */
	last_note(&s, &late);
	anchor(&s, 1, &late, false);
	judge(&f, &s, TWO_OF_THREE, NULL);
	assert_int_equal(verify_exit(&f), EXIT_WHOLE);
	assert_int_equal(sscanf(early.data, "%*s\n%lu", &size), 1);
	records = f.records;
	snprintf(expected, sizeof(expected), "the first %lu records, by the quorum G; %lu since then are unwitnessed", size, records - size);
	assert_string_equal(f.witnesses.text, expected);
	judge(&f, &s, "group A any W0 W1\ngroup B all W2 W3\ngroup C 1 A B\nquorum C\n", NULL);
	assert_int_equal(sscanf(late.data, "%*s\n%lu", &size), 1);
	snprintf(expected, sizeof(expected), "the first %lu records, by the quorum C; %lu since then are unwitnessed", size, records - size);
	assert_string_equal(f.witnesses.text, expected);
	judge(&f, &s, "group A any W0 W1\ngroup B all W2 W3\ngroup C all A B\nquorum C\n", NULL);
	assert_int_equal(verify_exit(&f), EXIT_WITNESSES);
	close_stage(&s);
}

static void forged(void **state)
{
	scoped(buf) struct buf note = BUF(4096);
	struct findings f;
	struct stage s;

	(void)state;
	open_stage(&s);
	grow(&s);
	last_note(&s, &note);
	anchor(&s, 0, &note, false);
	anchor(&s, 1, &note, false);
	anchor(&s, 3, &note, true);
	judge(&f, &s, TWO_OF_THREE, NULL);
	assert_int_equal(verify_exit(&f), EXIT_WITNESSES);	/* though the quorum needs it not */
	assert_non_null(strstr(f.witnesses.text, "a cosignature that is not of W3"));
	close_stage(&s);
}

/* A witness has cosigned what this ledger is not: another root, or a size that it never had. */
static void other_history(void **state)
{
	struct findings f;
	struct stage s;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		scoped(buf) struct buf note = BUF(4096);
		char other[512];
		unsigned long size;

		open_stage(&s);
		grow(&s);
		last_note(&s, &note);
		anchor(&s, 0, &note, false);
		assert_int_equal(sscanf(note.data, "%*s\n%lu", &size), 1);
		note.size = 0;
		snprintf(other, sizeof(other), "ledger.example/t\n%s%lu\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
			 "\xe2\x80\x94 x aaaaaaaaaaaaaaaa\n", i ? "1" : "", size);
		buf_puts(&note, other);
		anchor(&s, 1, &note, false);
		judge(&f, &s, "quorum W0\n", NULL);
		assert_int_equal(verify_exit(&f), EXIT_WITNESSES);
		assert_non_null(strstr(f.witnesses.text, "another history than this was cosigned by W1"));
		close_stage(&s);
	}
}

/* From outside: a checkpoint that a quorum has cosigned, of the whole ledger, of its beginning, and forged. */
static void given(void **state)
{
	scoped(buf) struct buf note = BUF(SEAL_COSIGNED_MOST);
	struct seal_note n;
	struct findings f;
	struct stage s;
	struct err e;
	size_t size, text;
	int i;

	(void)state;
	open_stage(&s);
	grow(&s);
	last_note(&s, &note);
	size = note.size;
	assert_int_equal(seal_note_split(&n, note.data, note.size, 4096, &e), 0);
	text = n.size;
	for (i = 0; i < 100; i++)	/* of anybody: more than a ledger's note may hold */
		buf_puts(&note, "\xe2\x80\x94 someone.example/x aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
	judge(&f, &s, TWO_OF_THREE, &note);
	assert_int_equal(verify_exit(&f), EXIT_WITNESSES);
	for (i = 0; i < 2; i++)
		assert_true(seal_cosign(&note, s.witness[i], 1700000000, note.data, text));
	judge(&f, &s, TWO_OF_THREE, &note);
	assert_int_equal(verify_exit(&f), EXIT_WHOLE);
	assert_memory_equal(f.witnesses.text, "all ", 4);
	grow(&s);
	judge(&f, &s, TWO_OF_THREE, &note);
	assert_int_equal(verify_exit(&f), EXIT_WHOLE);
	assert_non_null(strstr(f.witnesses.text, "; 1 since then are unwitnessed"));
	assert_true(seal_cosign(&note, s.witness[2], 1700000000, note.data, text));
	note.data[note.size - 10] = note.data[note.size - 10] == 'A' ? 'B' : 'A';
	judge(&f, &s, TWO_OF_THREE, &note);
	assert_int_equal(verify_exit(&f), EXIT_WITNESSES);
	assert_true(size < note.size);
	close_stage(&s);
}

#define K1 "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
#define L1 "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6"

enum { MLDSA = 0x06, MLDSA_KEY = 1312, MLDSA_LINE = 4 + 8 + 2420 };	/* C2SP tlog-cosignature */

/* The verifier key of a witness by ML-DSA-44, and a line in its name; `hurt`: the id is not that of the key. */
static void make_foreign(struct buf *key, struct buf *line, const char *name, bool hurt)
{
	uint8_t bytes[64 + 2 + MLDSA_KEY], id[SEAL_HASH], blob[MLDSA_LINE] = { 0 };
	size_t size = (size_t)snprintf((char *)bytes, sizeof(bytes), "%s\n", name);
	int i;

	memset(bytes + size, 'k', 1 + MLDSA_KEY);
	bytes[size] = MLDSA;
	seal_hash(id, bytes, size + 1 + MLDSA_KEY);
	id[0] ^= hurt;
	buf_printf(key, "%s+", name);
	for (i = 0; i < 4; i++)
		buf_printf(key, "%02x", id[i]);
	buf_puts(key, "+");
	seal_base64_add(key, bytes + size, 1 + MLDSA_KEY);
	memcpy(blob, id, 4);
	buf_printf(line, "\xe2\x80\x94 %s ", name);
	seal_base64_add(line, blob, sizeof(blob));
	buf_puts(line, "\n");
}

/* A cosigner whose algorithm nobody here knows: its lines do no harm, and it is a member that has seen nothing. */
static void foreign(void **state)
{
	scoped(buf) struct buf note = BUF(SEAL_COSIGNED_MOST), key = BUF(4096), line = BUF(4096), policy = BUF(8192);
	struct seal_note n;
	struct findings f;
	struct stage s;
	struct err e;
	size_t text;
	int i;

	(void)state;
	open_stage(&s);
	grow(&s);
	last_note(&s, &note);
	assert_int_equal(seal_note_split(&n, note.data, note.size, 4096, &e), 0);
	text = n.size;
	make_foreign(&key, &line, "pq.example/w", false);
	for (i = 0; i < 10; i++)
		buf_add(&note, line.data, line.size);
	buf_puts(&policy, "log ");
	buf_add(&policy, key.data, key.size);
	buf_puts(&policy, "\nwitness F ");
	buf_add(&policy, key.data, key.size);
	buf_puts(&policy, "\ngroup G 2 W0 F W1\nquorum G\n");
	assert_true(seal_cosign(&note, s.witness[0], 1700000000, note.data, text));
	judge(&f, &s, buf_text(&policy), &note);
	assert_int_equal(verify_exit(&f), EXIT_WITNESSES);
	assert_non_null(strstr(f.witnesses.text, "no record is witnessed by the quorum G"));
	buf_add(&note, line.data, line.size);
	assert_true(seal_cosign(&note, s.witness[1], 1700000000, note.data, text));
	judge(&f, &s, buf_text(&policy), &note);
	assert_int_equal(verify_exit(&f), EXIT_WHOLE);
	assert_memory_equal(f.witnesses.text, "all ", 4);
	close_stage(&s);
}

static void foreign_keys(void **state)
{
	scoped(buf) struct buf good = BUF(4096), bad = BUF(4096), line = BUF(8192);
	struct seal_verifier v;
	struct err e;

	(void)state;
	make_foreign(&good, &line, "pq.example/w", false);
	make_foreign(&bad, &line, "pq.example/w", true);
	assert_true(seal_verifier_foreign(good.data, good.size));
	assert_false(seal_verifier_foreign(good.data, good.size - 4));
	assert_false(seal_verifier_foreign(bad.data, bad.size));
	assert_false(seal_verifier_foreign(K1, strlen(K1)));
	assert_false(seal_verifier_foreign(L1, strlen(L1)));
	assert_int_equal(seal_cosigner_read(&v, good.data, good.size, &e), -1);
	assert_non_null(strstr(e.text, "an algorithm that is not known here"));
	assert_int_equal(seal_cosigner_read(&v, bad.data, bad.size, &e), -1);
	assert_non_null(strstr(e.text, "not a verifier key"));
}

static void policies(void **state)
{
	static const struct {
		const char *text, *wrong;	/* NULL: good */
	} rows[] = {
		{ "quorum none\n", NULL },
		{ "", NULL },
		{ "# a comment\n \t \n\tlog\t" L1 "  https://example.com/ \n  # another\nquorum none\n", NULL },
		{ "witness \xe2\x84\xaa " K1 "\nquorum \xe2\x84\xaa\n", NULL },
		{ "witness w " K1 "\ngroup g 1 w\ngroup h all g\nquorum h\n", NULL },
		{ "quorum none", "line 1 does not end" },
		{ "quorum none\nquorum none\n", "a second quorum" },
		{ "quorum w\nwitness w " K1 "\n", "not defined above" },
		{ "witness w " K1 "\nwitness w " K1 "\n", "is taken" },
		{ "witness w " K1 "\nwitness v " K1 "\n", "the same key" },
		{ "log " L1 "\nlog " L1 "\n", "the same key" },
		{ "witness none " K1 "\n", "is taken" },
		{ "witness w " K1 "\ngroup g any w\ngroup h any w\n", "in a group already" },
		{ "witness w " K1 "\ngroup g any w w\n", "in a group already" },
		{ "group g any g\n", "not defined above" },
		{ "group g any none\n", "not defined above" },
		{ "group g any\n", "expected: group" },
		{ "witness w " K1 "\ngroup g 0 w\n", "any, all or a number" },
		{ "witness w " K1 "\ngroup g 2 w\n", "any, all or a number" },
		{ "witness w " K1 "\ngroup g 01 w\n", "any, all or a number" },
		{ "witness w " K1 "\ngroup g 99999999999999999999 w\n", "any, all or a number" },
		{ "witness w " L1 "\n", "a witness's" },
		{ "log " K1 "\n", "a log's" },
		{ "log\n", "expected: log" },
		{ "logs " L1 "\n", "begins with none of" },
		{ "quorum none\r\n", "a control character" },
		{ "quorum\vnone\n", "a control character" },
	};
	struct trust *t = NULL;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		e = (struct err){ .kind = ERR_NONE };
		if (rows[i].wrong) {
			assert_int_equal(trust_read(&t, rows[i].text, strlen(rows[i].text), &e), -1);
			assert_non_null(strstr(e.text, rows[i].wrong));
		} else {
			assert_int_equal(trust_read(&t, rows[i].text, strlen(rows[i].text), &e), 0);
			trust_free(t);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),	 cmocka_unit_test(anchors), cmocka_unit_test(forged),
		cmocka_unit_test(other_history), cmocka_unit_test(given), cmocka_unit_test(foreign),
		cmocka_unit_test(foreign_keys),
	};
	struct err e;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 ? 1 : cmocka_run_group_tests_name("audit witnesses", tests, NULL, NULL);
}
