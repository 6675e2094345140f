/* What the index leaves out is no answer, whatever the records and the questions; and rows of another form are none. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/index.h"
#include "base/fd.h"

enum { RECORDS = 2200, QUESTIONS = 150, ANSWERS = RECORDS };

struct world {
	unsigned state;
	char folder[64], journal[80];
};

static unsigned next(struct world *w, unsigned below)
{
	w->state = w->state * 1664525u + 1013904223u;
	return (w->state >> 8) % below;
}

/* Few values, so that questions meet them; some that globs, quotes and prefixes could mistake. */
static const char *value(struct world *w)
{
	static const char *const values[] = { "a", "ab", "a/b", "b", "s/a", "s", "", "'a\"", "*", "x\ty", "a%_", "\xc3\xa9", "/", "abc", "abc%xyz", "it's \"q\"", "00ff" };

	return values[next(w, count_of(values))];
}

static void fill(struct record *r, struct world *w, uint64_t n)
{
	static const enum field fields[] = { FIELD_AGENT, FIELD_OWNER,  FIELD_TOOL, FIELD_SERVER, FIELD_RESOURCE, FIELD_STATUS,
					     FIELD_GUARD, FIELD_DIGEST, FIELD_WHY,  FIELD_TASK };
	static char list[64], time[ASK_TIME];	/* the record has them until it is written */
	size_t i;

	for (i = 0; i < count_of(fields); i++)
		if (next(w, 3) == 0)
			record_text(r, fields[i], value(w));
	if (next(w, 4) == 0)
		record_list(r, FIELD_CONTROLS, list, (size_t)snprintf(list, sizeof(list), "%s%c%s", value(w), 0, value(w)) + 1);
	if (next(w, 4) == 0)
		record_number(r, FIELD_SIZE, next(w, 300));
	record_text(r, FIELD_KIND, record_word(r->kind));
	record_text(r, FIELD_LEDGER, "t");
	record_number(r, FIELD_N, n);
	snprintf(time, sizeof(time), "2026-01-%02uT00:00:00.%06uZ", (unsigned)(1 + n / 100 + next(w, 2)), next(w, 1000000));
	record_text(r, FIELD_TIME, next(w, 50) ? time : "an awkward time");
}

/* Numbers of runs and intents that are right, wrong, and of records that come later: the index trusts none of them. */
static void add_record(struct buf *out, struct tree *tree, struct world *w, uint64_t n)
{
	static const enum record_kind kinds[] = { RECORD_RUN, RECORD_INTENT, RECORD_INTENT, RECORD_OUTCOME, RECORD_OUTCOME,
						  RECORD_REFUSAL, RECORD_HELD, RECORD_DECISION, RECORD_CLOSE };
	struct record r = { .kind = n ? kinds[next(w, count_of(kinds))] : RECORD_GENESIS };
	char body[RECORD_MOST];
	struct frame f = { .kind = (uint16_t)r.kind, .index = n, .body = body };

	f.run = r.kind == RECORD_RUN ? n : next(w, 20) == 0 ? next(w, RECORDS + 50) : n - next(w, 200) % (n + 1);
	if (r.kind == RECORD_OUTCOME)
		f.ref = next(w, 10) == 0 ? next(w, RECORDS) : n - 1 - next(w, 100) % n;
	fill(&r, w, n);
	f.size = entry_write(body, &r);
	tree_add(tree, f.body, f.size);
	frame_put(out, &f);
}

static void add_commit(struct buf *out, const struct tree *tree)
{
	char root[SEAL_HASH_BASE64], note[256];
	uint8_t hash[SEAL_HASH];
	struct frame f = { .kind = FRAME_COMMIT, .index = tree->size, .body = note };

	tree_root(hash, tree);
	seal_base64(root, hash);
	f.size = (size_t)snprintf(note, sizeof(note), "t\n%llu\n%s\n", (unsigned long long)tree->size, root);
	frame_put(out, &f);
}

static void write_journal(struct world *w, size_t records)
{
	scoped(buf) struct buf out = BUF(64 << 20);
	struct tree tree = { .size = 0 };
	struct err e = { 0 };
	scoped(fd) int fd = -1;
	size_t n;

	buf_add(&out, journal_magic, JOURNAL_MAGIC);
	for (n = 0; n < records; n++) {
		add_record(&out, &tree, w, n);
		if (next(w, 7) == 0 || n + 1 == records)
			add_commit(&out, &tree);
	}
	fd = open(w->journal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && fd_write_all(fd, out.data, out.size, &e) == 0);
}

struct told {
	uint64_t n[ANSWERS];
	size_t count;
};

static int tell(void *to, const struct joined *j, struct err *e)
{
	struct told *t = to;

	(void)e;
	t->n[t->count++] = j->frame->index;
	return 0;
}

static void answer(struct told *out, struct world *w, const struct question *q, bool indexed, uint64_t least)
{
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	struct err e = { 0 };
	const char *note;

	out->count = 0;
	assert_int_equal(asked_open(&a, w->journal, indexed ? ASKED_INDEXED : ASKED_READ, NULL, &e), 0);
	if (indexed) {
		assert_true(asked_indexed(a, &note) >= least);
		assert_null(note);
	}
	assert_int_equal(asked_each(a, q, tell, out, &e), 0);
}

static void ask(struct question *q, struct world *w, char room[4][64])
{
	static const char *const names[] = { "agent", "owner", "tool", "server", "resource", "status", "guard", "digest", "task", "controls",
					     "size", "kind", "verdict", "why", "run", "intent" };
	static const char *const patterns[] = { "%s", "%s*", "*%s", "*%s*", "%s/%s", "%s*/%s", "s/%s*", "*", "" };
	static const char *const texts[] = { "abc", "abc%x", "t's \"", "00ff", "ward tim", "26-01-0", "'a\"", "no such text" };
	struct err e = { 0 };
	char pattern[32];
	unsigned i, terms = next(w, 4), size;

	*q = (struct question){ .kinds = next(w, 2) == 0 };
	for (i = 0; i < terms; i++) {
		size = (unsigned)snprintf(room[i], 64, "%s%s", names[next(w, count_of(names))], next(w, 5) == 0 ? "!=" : "=");
		snprintf(pattern, sizeof(pattern), "%s", patterns[next(w, count_of(patterns))]);
		if (strncmp(room[i], "size", 4) == 0 && next(w, 2) == 0)
			snprintf(room[i], 64, "size%c%u", next(w, 2) ? '<' : '>', next(w, 300));
		else if (strncmp(room[i], "kind", 4) == 0)
			snprintf(room[i] + size, 64 - size, "%s", next(w, 2) ? "outcome" : "*e*");
		else if (strncmp(room[i], "verdict", 7) == 0)
			snprintf(room[i] + size, 64 - size, "%s", next(w, 2) ? "allow" : "re*");
		else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(room[i] + size, 64 - size, pattern, value(w), value(w));
#pragma GCC diagnostic pop
		}
		assert_int_equal(question_where(q, room[i], &e), 0);
	}
	if (next(w, 4) == 0)
		q->text = texts[next(w, count_of(texts))];
	if (next(w, 6) == 0)
		snprintf(q->from, sizeof(q->from), "2026-01-%02uT00:00:00.000000Z", 1 + next(w, 20));
	if (next(w, 8) == 0)
		q->after = next(w, RECORDS);
}

static void compare(struct world *w, uint64_t least)
{
	struct told *with = calloc(1, sizeof(*with)), *without = calloc(1, sizeof(*without));
	struct question q;
	char room[4][64];
	size_t i, some = 0;

	for (i = 0; i < QUESTIONS; i++) {
		ask(&q, w, room);
		answer(without, w, &q, false, 0);
		answer(with, w, &q, true, least);
		if (with->count != without->count || memcmp(with->n, without->n, with->count * sizeof(with->n[0])) != 0)
			fail_msg("question %zu of %zu terms (%s) text %s: %zu answers, not %zu", i, q.count, q.count ? room[0] : "", q.text ? q.text : "-", with->count,
				 without->count);
		some += with->count > 0 && with->count < 200;
	}
	assert_true(some > QUESTIONS / 20);
	free(with);
	free(without);
}

static int begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->state = 7;
	snprintf(w->folder, sizeof(w->folder), "/tmp/test_audit_index.XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->journal, sizeof(w->journal), "%s/journal", w->folder);
	setenv("XDG_CACHE_HOME", w->folder, 1);
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };

	assert_int_equal(fd_remove_all(AT_FDCWD, w->folder, &e), 0);
	free(w);
	return 0;
}

static void test_same_answers(void **state)
{
	struct world *w = *state;

	write_journal(w, RECORDS);
	compare(w, 2 * INDEX_BLOCK);
}

/* The first records are the same whenever they are written: the index of the short ledger is that of the long one. */
static void test_grows(void **state)
{
	struct world *w = *state;

	w->state = 11;
	write_journal(w, 1500);
	compare(w, INDEX_BLOCK);
	w->state = 11;
	write_journal(w, RECORDS);
	compare(w, 2 * INDEX_BLOCK);
}

static void test_links(void **state)
{
	scoped(buf) struct buf row = BUF(1 << 16);
	struct index_links l = { .run = { 5 }, .back = { 0 } }, again;
	size_t i;

	(void)state;
	for (i = 0; i < INDEX_BLOCK; i++) {
		l.run[i] = (uint32_t)(i % 3 * 70000);
		l.back[i] = (uint32_t)(i % 5 * 30000);
	}
	index_links_write(&row, &l);
	assert_true(index_links_read(&again, (const uint8_t *)row.data, row.size));
	assert_memory_equal(&again, &l, sizeof(l));
	for (i = 0; i < row.size; i++)
		assert_false(index_links_read(&again, (const uint8_t *)row.data, i));
}

static void test_rows_of_no_form(void **state)
{
	uint8_t bytes[4 + 1024 + 4] = { 1, 0, 0, 0, 1 };
	struct index_column c;

	(void)state;
	assert_true(index_column_read(&c, bytes, sizeof(bytes)));
	assert_int_equal(index_column_id(&c, 0), 1);
	assert_false(index_column_read(&c, bytes, sizeof(bytes) - 1));
	bytes[4 + 1023] = 2;	/* a value that is not there */
	assert_false(index_column_read(&c, bytes, sizeof(bytes)));
	bytes[4 + 1023] = 0;
	bytes[2] = 1;		/* as wide as it is not */
	assert_false(index_column_read(&c, bytes, sizeof(bytes)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same_answers, begin, end),
		cmocka_unit_test_setup_teardown(test_grows, begin, end),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_rows_of_no_form),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
