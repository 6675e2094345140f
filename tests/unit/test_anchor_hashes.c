/* Hashes of any part of a growing journal, and that by them it is proved to have grown; the one-line form of checkpoints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "anchor/witness.h"
#include "base/fd.h"

enum { RECORDS = 1100, BYTES = 1 << 20 };

static uint8_t roots[RECORDS + 1][SEAL_HASH];

/* Records from `*n` to `to`, with a commit after every third. */
static void grow(const char *path, size_t *n, size_t to)
{
	scoped(buf) struct buf b = BUF(BYTES);
	FILE *file = fopen(path, *n ? "a" : "w");
	char body[64];

	assert_non_null(file);
	if (*n == 0)
		buf_add(&b, journal_magic, JOURNAL_MAGIC);
	for (; *n < to; ++*n) {
		struct frame f = { .kind = RECORD_REFUSAL, .index = *n, .body = body };

		f.size = (size_t)snprintf(body, sizeof(body), "{\"n\":%zu}", *n);
		assert_true(frame_put(&b, &f));
		f = (struct frame){ .kind = FRAME_COMMIT, .index = *n + 1, .body = "note", .size = 4 };
		if (*n % 3 == 0)
			assert_true(frame_put(&b, &f));
	}
	assert_int_equal(fwrite(b.size ? b.data : "", 1, b.size, file), b.size);
	assert_int_equal(fclose(file), 0);
}

static void compute_roots(void)
{
	struct tree t = { .size = 0 };
	char body[64];
	size_t n;

	for (n = 0; n < RECORDS; n++) {
		tree_add(&t, body, (size_t)snprintf(body, sizeof(body), "{\"n\":%zu}", n));
		tree_root(roots[n + 1], &t);
	}
}

static void check_growth(struct hashes *h, uint64_t old, uint64_t size)
{
	uint8_t beside[TREE_PATH_MOST][SEAL_HASH];
	struct err e = { .kind = ERR_NONE };
	struct tree_part parts[TREE_PATH_MOST];
	size_t count = tree_growth(parts, old, size), i;

	for (i = 0; i < count; i++)
		assert_int_equal(hashes_of(beside[i], h, parts[i].begin, parts[i].end, &e), 0);
	assert_true(tree_grew(old, roots[old], size, roots[size], beside, count));
	if (count > 0) {
		beside[count / 2][0] ^= 1;
		assert_false(tree_grew(old, roots[old], size, roots[size], beside, count));
	}
}

static void grows(void **state)
{
	static const uint64_t sizes[] = { 1, 2, 3, 255, 256, 257, 511, 512, 513, 700, 1023, 1024, 1025, RECORDS };
	char path[] = "/tmp/test_anchor_XXXXXX";
	scoped(hashes) struct hashes *h = NULL;
	struct err e = { .kind = ERR_NONE };
	uint8_t root[SEAL_HASH];
	size_t n = 0, i, j;

	(void)state;
	compute_roots();
	close(mkstemp(path));
	grow(path, &n, 1);
	assert_int_equal(hashes_new(&h, path, &e), 0);
	for (i = 0; i < count_of(sizes); i++) {
		assert_true(hashes_to(h, sizes[i] + 1, &e) < 0);	/* not there yet, and no harm done */
		grow(path, &n, sizes[i]);
		e = (struct err){ .kind = ERR_NONE };
		assert_int_equal(hashes_to(h, sizes[i], &e), 0);
		assert_int_equal(hashes_of(root, h, 0, sizes[i], &e), 0);
		assert_memory_equal(root, roots[sizes[i]], sizeof(root));
		for (j = 0; j <= i; j++)
			check_growth(h, sizes[j], sizes[i]);
	}
	for (i = 1; i < RECORDS; i += 7)
		check_growth(h, i, RECORDS);
	unlink(path);
}

static const char NOTE[] = "reeve.local/a/1\n7\n2Fk1XJs0W6C1AJRwOtUUoJrPspRV5qkiqeJuOMyXOpk=\n\n\xe2\x80\x94 reeve.local/a/1 W3K6dA==\n"
			   "\xe2\x80\x94 other W3K6dB==\n\xe2\x80\x94 reeve.local/a/1 W3K6dC==\n";

static void one_line(void **state)
{
	static const char line[] = "reeve-checkpoint reeve.local/a/1 7 2Fk1XJs0W6C1AJRwOtUUoJrPspRV5qkiqeJuOMyXOpk= W3K6dA==,W3K6dC==";
	static const char note[] = "reeve.local/a/1\n7\n2Fk1XJs0W6C1AJRwOtUUoJrPspRV5qkiqeJuOMyXOpk=\n\n\xe2\x80\x94 reeve.local/a/1 W3K6dA==\n"
				   "\xe2\x80\x94 reeve.local/a/1 W3K6dC==\n";
	scoped(buf) struct buf out = BUF(8192), back = BUF(8192);
	char more[512];

	(void)state;
	assert_true(sighting_line(&out, NOTE, sizeof(NOTE) - 1));
	assert_string_equal(buf_text(&out), line);
	snprintf(more, sizeof(more), "{\"MESSAGE\":\"%s\",\"x\":1}", line);
	assert_true(sighting_note(&back, more, strlen(more)));
	assert_string_equal(buf_text(&back), note);
}

static void no_line(void **state)
{
	static const char *const rows[] = {
		"", "reeve-checkpoint ", "reeve-checkpoint a", "reeve-checkpoint a 7 x y", "reeve-checkpoint a 07 2Fk1XJs0W6C1AJRwOtUUoJrPspRV5qkiqeJuOMyXOpk= W3K6dA==",
		"reeve-checkpoint a 99999999999999999999999 2Fk1XJs0W6C1AJRwOtUUoJrPspRV5qkiqeJuOMyXOpk= W3K6dA==",
		"reeve-checkpoint a -1 2Fk1XJs0W6C1AJRwOtUUoJrPspRV5qkiqeJuOMyXOpk= W3K6dA==",
		"reeve-checkpoint a 9007199254740992 2Fk1XJs0W6C1AJRwOtUUoJrPspRV5qkiqeJuOMyXOpk= W3K6dA==",
		"reeve-checkpoint a 7 2Fk1XJs0W6C1AJRwOtUUoJrPspRV5qkiqeJuOMyXOpl= W3K6dA==",
		"reeve-checkpoint a 7 2Fk1XJs0W6C1AJRwOtUUoJrPspRV5qkiqeJuOMyXOpk= ", "reeve-checkpoint a 7 2Fk1XJs0W6C1AJRwOtUUoJrPspRV5qkiqeJuOMyXOpk= W3,",
		"reeve-checkpoint a+b 7 2Fk1XJs0W6C1AJRwOtUUoJrPspRV5qkiqeJuOMyXOpk= W3K6dA==",
	};
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(buf) struct buf out = BUF(8192);

		assert_false(sighting_note(&out, rows[i], strlen(rows[i])));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(grows), cmocka_unit_test(one_line), cmocka_unit_test(no_line) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
