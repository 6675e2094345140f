/* Damage is never taken for a tail: whatever a later checkpoint's size, place or surroundings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "ledger/ledger.h"

enum { WINDOW = 1 << 20, SPAN = 2 << 20 };

/* A name of 54 bytes: with the digits of a size, notes of 255 bytes and more. */
static const char NAME[] = "reeve.local/aaaaaaaaaaaaaaaaaaaaaaaaa/0123456789abcdef";
static struct seal_key *key;

static int setup(void **state)
{
	char path[] = "/tmp/reeve-damage-XXXXXX";
	struct err e = { .kind = ERR_NONE };
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	unlink(path);
	return seal_key_make(path, NAME, &e) < 0 || seal_key_load(&key, path, &e) < 0 || unlink(path) < 0;
}

static int teardown(void **state)
{
	(void)state;
	seal_key_free(key);
	return 0;
}

static void add_note(struct buf *out, uint64_t size, size_t want)
{
	struct tree t = { .size = size };
	size_t before = out->size;

	assert_true(checkpoint_sign(out, key, NULL, &t));
	if (out->size - before < want) {	/* another's signature line makes it longer */
		buf_puts(out, "\xe2\x80\x94 other ");
		while (out->size - before < want - 1)
			buf_puts(out, "A");
		buf_puts(out, "\n");
	}
	if (want)
		assert_int_equal(out->size - before, want);
}

static void add_commit(struct buf *out, uint64_t size, size_t want)
{
	scoped(buf) struct buf note = BUF(SEAL_NOTE_MOST);
	struct frame f = { .kind = FRAME_COMMIT, .index = size };

	add_note(&note, size, want);
	f.body = note.data;
	f.size = note.size;
	assert_true(frame_put(out, &f));
}

static void add_record(struct buf *out, uint64_t index, size_t size)
{
	char body[RECORD_MOST];
	struct frame f = { .kind = RECORD_REFUSAL, .index = index, .body = body, .size = size };

	memset(body, 'x', sizeof(body));
	assert_true(frame_put(out, &f));
}

static struct journal_extent extent_of_fd(int fd)
{
	scoped(journal) struct journal *j = NULL;
	struct err e = { .kind = ERR_NONE };
	struct journal_extent x;

	assert_int_equal(journal_of_fd(&j, fd, &e), 0);
	assert_int_equal(journal_extent(&x, j, seal_key_verifier(key), &e), 0);
	return x;
}

static struct journal_extent extent_of(const struct buf *bytes)
{
	scoped(fd) int fd = -1;
	struct err e = { .kind = ERR_NONE };

	assert_int_equal(fd_of_bytes(&fd, "journal", bytes->data, bytes->size, &e), 0);
	return extent_of_fd(fd);
}

/* One committed record, and then one that will be broken. Returns the latter's offset. */
static size_t begin(struct buf *out)
{
	size_t at;

	buf_add(out, journal_magic, JOURNAL_MAGIC);
	add_record(out, 0, 100);
	add_commit(out, 1, 0);
	at = out->size;
	add_record(out, 1, 100);
	return at;
}

static const struct row {
	const char *what;
	uint64_t size;		/* of the later checkpoint; 0: there is none */
	size_t note;		/* its bytes */
	size_t lost;		/* bytes taken out of the broken record */
	int frame;		/* offset in the checkpoint's frame where a bit is turned; -1: nowhere */
	bool damaged;
} rows[] = {
	{ "a note of 255 bytes", 9, 255, 0, -1, true },
	{ "a note of 256 bytes", 12, 256, 0, -1, true },
	{ "a note of 257 bytes", 123, 257, 0, -1, true },
	{ "a note of 512 bytes", 12, 512, 0, -1, true },
	{ "a note of 4096 bytes", 12, 4096, 0, -1, true },
	{ "one byte lost before it", 12, 256, 1, -1, true },
	{ "four bytes lost before it", 12, 256, 4, -1, true },
	{ "its frame's length damaged", 12, 256, 0, 1, true },
	{ "its frame's sum damaged", 12, 256, 0, 4, true },
	{ "its frame's kind damaged", 12, 256, 0, 32, true },
	{ "its signature damaged", 12, 256, 0, FRAME_HEAD + 250, false },
	{ "no later checkpoint", 0, 0, 0, -1, false },
};

static void later(void **state)
{
	struct journal_extent x;
	size_t at, commit, i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(buf) struct buf b = BUF(1 << 16);

		at = begin(&b);
		b.size -= rows[i].lost;
		b.data[at + 60] ^= 1;
		commit = b.size;
		if (rows[i].size)
			add_commit(&b, rows[i].size, rows[i].note);
		if (rows[i].frame >= 0)
			b.data[commit + (size_t)rows[i].frame] ^= 1;
		x = extent_of(&b);
		if (x.damaged != rows[i].damaged || x.records != 1 || (x.damaged && x.damaged_at != 1))
			fail_msg("%s", rows[i].what);
		if (!x.damaged)
			assert_int_equal(x.tail, b.size - at - (rows[i].size ? 0 : 4));	/* but for its padding */
	}
}

/* The same from every byte around the edge of the reader's window, also as the file's last bytes. */
static void edges(void **state)
{
	static const char zeros[SEAL_NOTE_MOST];
	scoped(buf) struct buf b = BUF(1 << 16), note = BUF(SEAL_NOTE_MOST);
	scoped(fd) int fd = memfd_create("journal", MFD_CLOEXEC);
	size_t bad = begin(&b), at, end;
	int again;

	(void)state;
	add_note(&note, 12, 256);
	b.data[bad + 60] ^= 1;
	assert_int_equal(pwrite(fd, b.data, b.size, 0), b.size);
	for (at = WINDOW - 300; at < WINDOW + 16; at++)
		for (again = 0; again < 2; again++) {
			end = again ? SPAN : at + note.size;
			assert_int_equal(ftruncate(fd, (off_t)end), 0);
			assert_int_equal(pwrite(fd, note.data, note.size, (off_t)at), note.size);
			if (!extent_of_fd(fd).damaged)
				fail_msg("at %zu, %s", at, again ? "with more behind it" : "at the end");
			assert_int_equal(pwrite(fd, zeros, note.size, (off_t)at), note.size);
		}
	assert_false(extent_of_fd(fd).damaged);
}

/* Whole frames, of every size, over that edge: none is lost, none found bad. */
static void whole(void **state)
{
	struct journal_extent x;
	uint64_t n;
	size_t size;

	(void)state;
	for (size = 1; size <= RECORD_MOST; size += 8) {
		scoped(buf) struct buf b = BUF(SPAN);

		buf_add(&b, journal_magic, JOURNAL_MAGIC);
		add_record(&b, 0, size);
		for (n = 1; b.size < WINDOW + 2ul * FRAME_MOST; n++) {
			if (n % 16 == 0)
				add_commit(&b, n, 0);
			add_record(&b, n, RECORD_MOST);
		}
		add_commit(&b, n, 0);
		x = extent_of(&b);
		if (x.records != n || x.end != b.size || x.tail || x.damaged)
			fail_msg("a first record of %zu bytes", size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later), cmocka_unit_test(edges), cmocka_unit_test(whole),
	};
	struct err e;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 ? 1 : cmocka_run_group_tests(tests, setup, teardown);
}
