/* The vault: what opens, what does not, what a crash or a full disk leaves, and that what was destroyed is gone. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "ledger/vault_store.h"

static const char ORIGIN[] = "reeve.local/test/0123456789abcdef";

enum { DAY = 20000 };

/* A folder with a vault, a key beside it, and what was put. */
struct stage {
	char dir[64], key[96], data[96], keys[96];
	struct vault *v;
};

static struct vault *opened(const struct stage *s, const struct ledger_disk *disk)
{
	struct err e = { .kind = ERR_NONE };
	struct vault *v = NULL;

	if (vault_open(&v, s->dir, s->key, ORIGIN, disk, &e) < 0)
		print_message("# %s\n", e.text);
	return v;
}

static void begin(struct stage *s)
{
	snprintf(s->dir, sizeof(s->dir), "/tmp/vaultXXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->key, sizeof(s->key), "%s/test.vault", s->dir);
	snprintf(s->data, sizeof(s->data), "%s/vault", s->dir);
	snprintf(s->keys, sizeof(s->keys), "%s/vault.keys", s->dir);
	s->v = opened(s, NULL);
	assert_non_null(s->v);
}

static void reopen(struct stage *s)
{
	vault_free(s->v);
	s->v = opened(s, NULL);
	assert_non_null(s->v);
}

static void end(struct stage *s)
{
	struct err e = { .kind = ERR_NONE };
	char parent[] = "/tmp";
	int fd = open(parent, O_RDONLY | O_DIRECTORY);

	vault_free(s->v);
	assert_int_equal(fd_remove_all(fd, s->dir + sizeof(parent), &e), 0);
	close(fd);
}

static int put(struct vault_place *p, struct vault *v, enum vault_class class, unsigned day, uint64_t index,
	       const char *text)
{
	const struct vault_at at = { .class = class, .day = day };
	struct err e = { .kind = ERR_NONE };
	int done = vault_put(p, v, &at, index, text, strlen(text), &e);

	return done == 0 ? vault_sync(v, &e) : -(int)e.kind;
}

/* 1: it opens, and is that; 0: gone; -1: an error; 2: it is something else. */
static int is(struct vault *v, uint64_t index, const char *text)
{
	struct err e = { .kind = ERR_NONE };
	struct vault_plain p = { 0 };
	int got = vault_get(&p, v, index, &e), same = 2;

	if (got != VAULT_GOT)
		return got == VAULT_GONE ? 0 : -1;
	if (p.size == BOX_SALT + strlen(text) && memcmp(p.bytes + BOX_SALT, text, strlen(text)) == 0)
		same = 1;
	vault_plain_free(&p);
	return same;
}

static void words(void **state)
{
	static const struct {
		const char *text;
		bool good;
		unsigned day;
		uint64_t offset;
	} rows[] = {
		{ "operational 1970-01-01 16", true, 0, 16 },
		{ "pii 2024-02-29 0", true, 19782, 0 },
		{ "compliance 2026-11-21 123456789", true, 20778, 123456789 },
		{ "pii 2023-02-29 16", false, 0, 0 },	{ "none 2024-02-29 16", false, 0, 0 },
		{ "pii 2024-02-29 016", false, 0, 0 },	{ "pii 2024-02-29 ", false, 0, 0 },
		{ "pii 2024-02-29", false, 0, 0 },	{ "pii 2024-13-01 1", false, 0, 0 },
		{ "pii 1969-12-31 1", false, 0, 0 },	{ "pii  2024-02-29 1", false, 0, 0 },
		{ "pii 2024-02-29 1x", false, 0, 0 },	{ "pii 2024-02-29 99999999999999999", false, 0, 0 },
		{ "", false, 0, 0 },			{ "pii 20240229 1", false, 0, 0 },
	};
	struct vault_at at;
	char day[VAULT_DAY_TEXT], again[VAULT_DAY_TEXT];
	unsigned n, read;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		assert_int_equal(vault_at_read(&at, rows[i].text, strlen(rows[i].text)), rows[i].good);
		if (rows[i].good) {
			assert_int_equal(at.day, rows[i].day);
			assert_int_equal(at.offset, rows[i].offset);
		}
	}
	for (n = 0; n < 60000; n++) { /* until 2134: every day there and back */
		vault_day_text(day, n);
		assert_true(vault_day_read(&read, day, 10));
		assert_int_equal(read, n);
		vault_day_text(again, n + 1);
		assert_true(strcmp(day, again) < 0);
	}
}

/* RFC 4231's vectors have other keys than 32 bytes; this one is by Python's hmac. */
static void commitments(void **state)
{
	uint8_t salt[BOX_SALT];
	char text[BOX_COMMITMENT_TEXT], other[BOX_COMMITMENT_TEXT];
	struct vault_place a, b;
	struct stage s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(salt); i++)
		salt[i] = (uint8_t)i;
	box_commitment(text, salt, "what was asked", 14);
	assert_string_equal(text, "hmac-sha256:fe7698f568d3dc19e7eeae0454759cfbae93994239135bedf6138726046cae8b");
	salt[31] ^= 1;
	box_commitment(other, salt, "what was asked", 14);
	assert_string_not_equal(text, other);

	begin(&s); /* the same payload twice: nothing that the records say shows it */
	assert_int_equal(put(&a, s.v, VAULT_PII, DAY, 5, "yes"), 0);
	assert_int_equal(put(&b, s.v, VAULT_PII, DAY, 6, "yes"), 0);
	assert_string_not_equal(a.commitment, b.commitment);
	assert_string_not_equal(a.sealed, b.sealed);
	end(&s);
}

static void opens(void **state)
{
	static char large[VAULT_PAYLOAD + 2];
	const struct vault_at at = { .class = VAULT_PII, .day = DAY };
	struct err e = { .kind = ERR_NONE };
	struct vault_plain plain = { 0 };
	char commitment[BOX_COMMITMENT_TEXT];
	struct vault_place p, q;
	struct vault_at where;
	enum vault_seen seen;
	struct stage s;
	int fd;

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	begin(&s);
	assert_int_equal(put(&p, s.v, VAULT_PII, DAY, 7, "{\"to\":\"alice\"}"), 0);
	assert_int_equal(put(&q, s.v, VAULT_OPERATIONAL, DAY + 1, 8, ""), 0);
	assert_int_equal(vault_put(&q, s.v, &at, 9, large, VAULT_PAYLOAD + 1, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_int_equal(vault_put(&q, s.v, &at, 9, large, VAULT_PAYLOAD, &e), 0);
	assert_int_equal(vault_sync(s.v, &e), 0);
	assert_int_equal(is(s.v, 7, "{\"to\":\"alice\"}"), 1);
	reopen(&s);
	assert_int_equal(is(s.v, 7, "{\"to\":\"alice\"}"), 1);
	assert_int_equal(is(s.v, 8, ""), 1);
	assert_int_equal(is(s.v, 10, ""), 0);
	assert_int_equal(vault_get(&plain, s.v, 9, &e), VAULT_GOT);
	assert_int_equal(plain.size, BOX_SALT + VAULT_PAYLOAD);
	box_commitment(commitment, plain.bytes, plain.bytes + BOX_SALT, plain.size - BOX_SALT);
	assert_string_equal(commitment, q.commitment);
	vault_plain_free(&plain);
	assert_int_equal(vault_finish(s.v, &e), 0);

	fd = open(s.data, O_RDONLY);
	assert_true(vault_at_read(&where, q.where, strlen(q.where)));
	assert_int_equal(vault_look(&seen, fd, &where, 9, q.sealed, &e), 0);
	assert_int_equal(seen, VAULT_WHOLE);
	assert_int_equal(vault_look(&seen, fd, &where, 8, q.sealed, &e), 0);
	assert_int_equal(seen, VAULT_OTHER);
	assert_int_equal(vault_look(&seen, fd, &where, 9, p.sealed, &e), 0);
	assert_int_equal(seen, VAULT_OTHER);
	where.offset += 8;
	assert_int_equal(vault_look(&seen, fd, &where, 9, q.sealed, &e), 0);
	assert_int_equal(seen, VAULT_MISSING);
	close(fd);
	end(&s);
}

static void edit(const char *path, uint64_t at, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY);

	assert_int_equal(pwrite(fd, bytes, size, (off_t)at), size);
	close(fd);
}

static size_t slurp(uint8_t **out, const char *path)
{
	struct err e = { .kind = ERR_NONE };
	size_t size;

	assert_int_equal(fd_read_file((char **)out, &size, path, 64 << 20, &e), 0);
	return size;
}

/* Two payloads of one class, day and size change places, by whoever can write the file and knows no key. */
static void swapped(void **state)
{
	struct vault_place p[2];
	struct vault_at at[2];
	scoped(mem) char *all = NULL;
	size_t size, part;
	struct stage s;

	(void)state;
	begin(&s);
	assert_int_equal(put(&p[0], s.v, VAULT_PII, DAY, 1, "pay alice 100"), 0);
	assert_int_equal(put(&p[1], s.v, VAULT_PII, DAY, 2, "pay bob 99999"), 0);
	assert_true(vault_at_read(&at[0], p[0].where, strlen(p[0].where)));
	assert_true(vault_at_read(&at[1], p[1].where, strlen(p[1].where)));
	size = slurp((uint8_t **)&all, s.data);
	part = at[1].offset - at[0].offset;
	assert_true(size >= at[1].offset + part);
	edit(s.data, at[0].offset, all + at[1].offset, part); /* whole: found under its own number */
	edit(s.data, at[1].offset, all + at[0].offset, part);
	reopen(&s);
	assert_int_equal(is(s.v, 1, "pay alice 100"), 1);
	edit(s.data, at[0].offset, all + at[0].offset, part);
	edit(s.data, at[1].offset, all + at[1].offset, part);
	edit(s.data, at[0].offset + BLOB_BOUND, all + at[1].offset + BLOB_BOUND, part - BLOB_BOUND); /* without heads */
	reopen(&s);
	assert_int_equal(is(s.v, 1, "pay alice 100"), -1);
	assert_int_equal(is(s.v, 2, "pay bob 99999"), 1);
	end(&s);
}

static void flipped(void **state)
{
	struct vault_place p;
	struct vault_at at;
	scoped(mem) char *all = NULL;
	struct stage s;
	uint8_t byte;
	uint64_t i;
	int got;

	(void)state;
	begin(&s);
	assert_int_equal(put(&p, s.v, VAULT_PII, DAY, 1, "pay alice 100"), 0);
	assert_true(vault_at_read(&at, p.where, strlen(p.where)));
	slurp((uint8_t **)&all, s.data);
	for (i = at.offset; i < at.offset + BLOB_OVER + 13; i++) {
		byte = (uint8_t)all[i] ^ 0x10;
		edit(s.data, i, &byte, 1);
		reopen(&s);
		got = is(s.v, 1, "pay alice 100");
		assert_true(got == -1 || got == 0);
		edit(s.data, i, all + i, 1);
	}
	reopen(&s);
	assert_int_equal(is(s.v, 1, "pay alice 100"), 1);
	end(&s);
}

static void other_keys(void **state)
{
	struct err e = { .kind = ERR_NONE };
	struct vault *v = NULL;
	struct vault_place p;
	struct stage s;
	char aside[128];

	(void)state;
	begin(&s);
	assert_int_equal(put(&p, s.v, VAULT_PII, DAY, 1, "x"), 0);
	snprintf(aside, sizeof(aside), "%s.aside", s.key);
	assert_int_equal(rename(s.key, aside), 0);
	assert_int_equal(vault_open(&v, s.dir, s.key, ORIGIN, NULL, &e), -1); /* missing: not made again */
	assert_int_equal(access(s.key, F_OK), -1);
	assert_int_equal(box_key_make(s.key, &e), 0);
	assert_int_equal(vault_open(&v, s.dir, s.key, ORIGIN, NULL, &e), -1); /* another */
	assert_non_null(strstr(e.text, "not the one of this vault"));
	unlink(s.key);
	assert_int_equal(rename(aside, s.key), 0);
	assert_int_equal(vault_open(&v, s.dir, s.key, "reeve.local/other/1", NULL, &e), -1); /* of another ledger */
	assert_int_equal(chmod(s.key, 0640), 0);
	assert_int_equal(vault_open(&v, s.dir, s.key, ORIGIN, NULL, &e), -1);
	assert_non_null(strstr(e.text, "0600"));
	assert_int_equal(chmod(s.key, 0600), 0);
	assert_int_equal(rename(s.data, aside), 0);
	assert_int_equal(vault_open(&v, s.dir, s.key, ORIGIN, NULL, &e), -1);
	assert_non_null(strstr(e.text, "\"vault\" is missing"));
	unlink(s.data);
	assert_int_equal(rename(aside, s.data), 0);
	assert_int_equal(rename(s.keys, aside), 0);
	assert_int_equal(vault_open(&v, s.dir, s.key, ORIGIN, NULL, &e), -1);
	assert_non_null(strstr(e.text, "\"vault.keys\" is missing"));
	unlink(s.keys);
	assert_int_equal(rename(aside, s.keys), 0);
	reopen(&s);
	assert_int_equal(is(s.v, 1, "x"), 1);
	end(&s);
}

/* Wherever the file ends: what is whole opens, what is not does not, and the next payload finds its place. */
static void cut_short(void **state)
{
	struct vault_place p[2], q;
	struct vault_at at;
	struct stage s;
	uint64_t size, whole;
	int got;

	(void)state;
	begin(&s);
	assert_int_equal(put(&p[0], s.v, VAULT_PII, DAY, 1, "first"), 0);
	assert_int_equal(put(&p[1], s.v, VAULT_PII, DAY, 2, "second"), 0);
	assert_true(vault_at_read(&at, p[1].where, strlen(p[1].where)));
	whole = at.offset + blob_whole(6);
	for (size = whole; size > at.offset; size--) {
		assert_int_equal(truncate(s.data, (off_t)size), 0);
		reopen(&s);
		assert_int_equal(is(s.v, 1, "first"), 1);
		got = is(s.v, 2, "second");
		assert_int_equal(got == 1, got == 1 && size >= at.offset + BLOB_OVER + 6);
		assert_true(got < 2 && (got == 1 || size < whole));
	}
	assert_int_equal(put(&q, s.v, VAULT_PII, DAY, 2, "again"), 0);
	reopen(&s);
	assert_int_equal(is(s.v, 1, "first"), 1);
	assert_int_equal(is(s.v, 2, "again"), 1);
	end(&s);
}

/* --- a disk that fails: the n-th call, in this way --- */

static struct {
	int left, error;
	bool half;
} fault;

static bool fails(void)
{
	if (fault.left == 0 || --fault.left > 0)
		return false;
	errno = fault.error;
	return true;
}

static ssize_t bad_write(int fd, const void *bytes, size_t size, off_t at)
{
	if (!fails())
		return pwrite(fd, bytes, size, at);
	if (fault.half && size > 1)
		(void)!pwrite(fd, bytes, size / 2, at);
	return -1;
}

static int bad_sync(int fd)
{
	return fails() ? -1 : fdatasync(fd);
}

static int bad_allocate(int fd, int mode, off_t at, off_t size)
{
	return fails() ? -1 : fallocate(fd, mode, at, size);
}

static const struct ledger_disk bad_disk = {
	.write_at = bad_write, .sync = bad_sync, .allocate = bad_allocate, .truncate = ftruncate,
};

enum { CALLS = 15 };	/* of work(): three keys written and synced, space, four payloads written and synced */

/* Some work, that stops where the disk does. How many payloads were acknowledged. */
static int work(struct vault *v, bool *poisoned)
{
	static const struct {
		enum vault_class class;
		unsigned day;
	} rows[] = { { VAULT_PII, DAY }, { VAULT_PII, DAY }, { VAULT_OPERATIONAL, DAY }, { VAULT_PII, DAY + 1 } };
	struct vault_place p;
	char text[16];
	int i, done;

	for (i = 0; i < (int)count_of(rows); i++) {
		snprintf(text, sizeof(text), "payload %d", i);
		done = put(&p, v, rows[i].class, rows[i].day, (uint64_t)i + 1, text);
		if (done == 0)
			continue;
		*poisoned = v->poisoned;
		return i;
	}
	return i;
}

static void crashes(void **state)
{
	static const int errors[] = { EIO, ENOSPC, EDQUOT, EINTR };
	struct vault_place p;
	struct stage s;
	bool poisoned;
	char text[16];
	size_t k;
	int n, i, done = 0;

	(void)state;
	for (k = 0; k < count_of(errors) * 2; k++) {
		for (n = 1; n <= CALLS + 1; n++) {
			begin(&s);
			vault_free(take(&s.v));
			fault.left = 0;
			s.v = opened(&s, &bad_disk);
			assert_non_null(s.v);
			fault.left = n;
			fault.error = errors[k / 2];
			fault.half = k % 2;
			poisoned = false;
			done = work(s.v, &poisoned);
			if (done < 4 && fault.error == EIO) /* from then on nothing is taken */
				assert_true(put(&p, s.v, VAULT_PII, DAY, 9, "x") < 0 || !poisoned);
			assert_int_equal(fault.left == 0, n <= CALLS);
			fault.left = 0;
			if (done < 4 && !poisoned) /* a full disk is made room on, and it goes on */
				assert_int_equal(put(&p, s.v, VAULT_PII, DAY, 9, "later"), 0);
			reopen(&s);
			for (i = 0; i < done; i++) {
				snprintf(text, sizeof(text), "payload %d", i);
				assert_int_equal(is(s.v, (uint64_t)i + 1, text), 1);
			}
			if (done < 4 && !poisoned)
				assert_int_equal(is(s.v, 9, "later"), 1);
			assert_int_equal(put(&p, s.v, VAULT_PII, DAY, 10, "after"), 0);
			assert_int_equal(is(s.v, 10, "after"), 1);
			end(&s);
		}
		assert_int_equal(done, 4); /* the last of them had nothing to fail */
	}
}

/* --- destruction --- */

/* With all that lies on the disk: does any 32 bytes there, or whatever the vault's key opens, open this payload? */
static bool can_be_read(const struct stage *s, const char *where)
{
	uint8_t vault_key[BOX_KEY], with[BLOB_BOUND + SEAL_NAME], room[SLOT], key[BOX_KEY];
	scoped(mem) char *data = NULL;
	scoped(mem) char *keys = NULL;
	struct err e = { .kind = ERR_NONE };
	size_t size, i, bound;
	struct vault_at at;
	bool can = false;

	assert_int_equal(box_key_load(vault_key, s->key, &e), 0);
	slurp((uint8_t **)&data, s->data);
	size = slurp((uint8_t **)&keys, s->keys);
	assert_true(vault_at_read(&at, where, strlen(where)));
	bound = vault_bind(with, data + at.offset, BLOB_BOUND, ORIGIN);
	for (i = 0; i + BOX_KEY <= size; i++)
		can |= box_open(key, (uint8_t *)keys + i, (uint8_t *)data + at.offset + BLOB_BOUND, BLOB_WRAPPED, with, bound);
	can |= box_open(key, vault_key, (uint8_t *)data + at.offset + BLOB_BOUND, BLOB_WRAPPED, with, bound);
	for (i = 0; i + SLOT <= size; i += SLOT) {
		uint8_t slot_with[BLOB_BOUND + SEAL_NAME];
		size_t slot_bound = vault_bind(slot_with, keys + i, SLOT_BOUND, ORIGIN);

		if (box_open(room, vault_key, (uint8_t *)keys + i + SLOT_BOUND, SLOT - SLOT_BOUND, slot_with, slot_bound))
			can |= box_open(key, room, (uint8_t *)data + at.offset + BLOB_BOUND, BLOB_WRAPPED, with, bound);
	}
	return can;
}

static void destroyed(void **state)
{
	static const char secret[] = "4929 1234 5678 9012 belongs to nobody any more";
	struct err e = { .kind = ERR_NONE };
	struct vault_place old, edge, kept, other, again;
	scoped(mem) char *data = NULL;
	struct vault_at at;
	struct stage s;
	size_t count, i;

	(void)state;
	begin(&s);
	assert_int_equal(put(&old, s.v, VAULT_PII, DAY - 1, 1, secret), 0);
	assert_int_equal(put(&edge, s.v, VAULT_PII, DAY, 2, secret), 0);
	assert_int_equal(put(&kept, s.v, VAULT_PII, DAY + 1, 3, secret), 0);
	assert_int_equal(put(&other, s.v, VAULT_COMPLIANCE, DAY - 1, 4, secret), 0);
	assert_true(can_be_read(&s, old.where) && can_be_read(&s, edge.where));
	assert_int_equal(vault_destroy(&count, s.v, VAULT_PII, DAY, &e), 0);
	assert_int_equal(count, 2);
	assert_false(can_be_read(&s, old.where) || can_be_read(&s, edge.where));
	assert_true(can_be_read(&s, kept.where) && can_be_read(&s, other.where));
	for (i = 0; i < 2; i++) { /* with what is in memory, and with what is on disk */
		assert_int_equal(is(s.v, 1, secret), 0);
		assert_int_equal(is(s.v, 2, secret), 0);
		assert_int_equal(is(s.v, 3, secret), 1);
		assert_int_equal(is(s.v, 4, secret), 1);
		reopen(&s);
	}
	assert_int_equal(put(&again, s.v, VAULT_PII, DAY, 5, secret), 0); /* its slot is taken again, its key is another */
	assert_int_equal(s.v->slots[1].first, DAY);
	assert_int_equal(is(s.v, 5, secret), 1);
	assert_int_equal(is(s.v, 2, secret), 0);
	assert_false(can_be_read(&s, edge.where));
	assert_true(vault_at_read(&at, old.where, strlen(old.where)));
	slurp((uint8_t **)&data, s.data);
	for (i = 0; i < sizeof(secret) - 1 + BOX_SALT; i++)
		assert_int_equal(data[at.offset + BLOB_HEAD + i], 0); /* where holes can be made, one is */
	assert_int_equal(vault_destroy(&count, s.v, VAULT_PII, DAY - 2, &e), 0);
	assert_int_equal(count, 0);
	end(&s);
}

static void held(void **state)
{
	const struct vault_hold one = { 40, VAULT_PII, DAY - 5, DAY, "case 17" }, all = { 41, VAULT_CLASSES, DAY - 1, DAY - 1, "" };
	struct err e = { .kind = ERR_NONE };
	struct vault_place p;
	struct vault_day *days;
	struct stage s;
	size_t count;

	(void)state;
	begin(&s);
	assert_int_equal(put(&p, s.v, VAULT_PII, DAY - 6, 1, "a"), 0);
	assert_int_equal(put(&p, s.v, VAULT_PII, DAY - 1, 2, "b"), 0);
	assert_int_equal(put(&p, s.v, VAULT_PII, DAY + 1, 3, "c"), 0);
	assert_int_equal(put(&p, s.v, VAULT_OPERATIONAL, DAY - 1, 4, "d"), 0);
	assert_int_equal(vault_hold(s.v, &one, &e), 0);
	assert_int_equal(vault_hold(s.v, &all, &e), 0);
	reopen(&s);
	assert_string_equal(vault_hold_at(s.v, 0)->why, "case 17");
	assert_int_equal(vault_hold_at(s.v, 1)->index, 41);
	assert_null(vault_hold_at(s.v, 2));
	assert_int_equal(vault_days(&days, &count, s.v, VAULT_PII, DAY + 1, &e), 0);
	assert_int_equal(count, 3);
	assert_int_equal(days[0].held, 0);
	assert_int_equal(days[1].held, 40);
	assert_int_equal(days[2].held, 0);
	free(days);
	assert_int_equal(vault_destroy(&count, s.v, VAULT_PII, DAY + 1, &e), 0);
	assert_int_equal(count, 2);
	assert_int_equal(vault_destroy(&count, s.v, VAULT_OPERATIONAL, DAY + 1, &e), 0);
	assert_int_equal(count, 0);
	assert_int_equal(is(s.v, 2, "b"), 1);
	assert_int_equal(is(s.v, 4, "d"), 1);
	assert_int_equal(vault_release(s.v, 40, &e), 0);
	assert_int_equal(vault_release(s.v, 40, &e), -1);
	assert_int_equal(vault_destroy(&count, s.v, VAULT_PII, DAY + 1, &e), 0);
	assert_int_equal(count, 0); /* the other one holds it still */
	assert_int_equal(vault_release(s.v, 41, &e), 0);
	reopen(&s);
	assert_int_equal(vault_destroy(&count, s.v, VAULT_PII, DAY + 1, &e), 0);
	assert_int_equal(count, 1);
	assert_int_equal(is(s.v, 2, "b"), 0);
	end(&s);
}

/* A destruction that fails is an error, and what it was to destroy is not called gone before it is. */
static void half_destroyed(void **state)
{
	struct err e = { .kind = ERR_NONE };
	struct vault_place p, q;
	struct stage s;
	size_t count = 0;
	int n;

	(void)state;
	for (n = 1; n < 4; n++) {
		begin(&s);
		assert_int_equal(put(&p, s.v, VAULT_PII, DAY, 1, "a"), 0);
		assert_int_equal(put(&q, s.v, VAULT_PII, DAY + 1, 2, "b"), 0);
		vault_free(take(&s.v));
		s.v = opened(&s, &bad_disk);
		fault.left = n;
		fault.error = EIO;
		fault.half = false;
		assert_int_equal(vault_destroy(&count, s.v, VAULT_PII, DAY + 1, &e), -1);
		fault.left = 0;
		reopen(&s);
		assert_int_equal(vault_destroy(&count, s.v, VAULT_PII, DAY + 1, &e), 0);
		assert_false(can_be_read(&s, p.where) || can_be_read(&s, q.where));
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),	  cmocka_unit_test(commitments), cmocka_unit_test(opens),
		cmocka_unit_test(swapped),	  cmocka_unit_test(flipped),	 cmocka_unit_test(other_keys),
		cmocka_unit_test(cut_short),	  cmocka_unit_test(crashes),	 cmocka_unit_test(destroyed),
		cmocka_unit_test(held),		  cmocka_unit_test(half_destroyed),
	};

	struct err e = { .kind = ERR_NONE };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (seal_ready(&e) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
