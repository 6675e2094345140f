/*
 * Putting and getting. A payload is on disk before the record that speaks of it, so a record never promises what is
 * not there; what a crash leaves behind the last of them belongs to no record, and is stepped over.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "ledger/vault_store.h"

static const struct ledger_disk real_disk = {
	.write_at = pwrite, .sync = fdatasync, .allocate = fallocate, .truncate = ftruncate,
};

static bool is_full(void)
{
	return errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
}

int vault_read(int fd, void *out, size_t size, uint64_t at)
{
	uint8_t *to = out;
	ssize_t got;

	while (size > 0) {
		got = pread(fd, to, size, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		to += got;
		at += (uint64_t)got;
		size -= (size_t)got;
	}
	return 0;
}

int vault_write(struct vault *v, int fd, const void *bytes, size_t size, uint64_t at, struct err *e)
{
	const uint8_t *from = bytes;
	ssize_t done;

	while (size > 0) {
		done = v->disk->write_at(fd, from, size, (off_t)at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && is_full())
			return err_set(e, ERR_LIMIT, "no space for payloads in the vault; make room on its disk");
		if (done <= 0) {
			v->poisoned = true;
			return err_sys(e, "write the vault");
		}
		from += done;
		at += (uint64_t)done;
		size -= (size_t)done;
	}
	return 0;
}

/* --- opening --- */

/* Behind the last of its bytes that are no hole, so that a file that says it is huge takes no time. */
static uint64_t data_end(int fd, uint64_t size)
{
	off_t from = 0, data, end = 0;

	for (; (data = lseek(fd, from, SEEK_DATA)) >= 0; from = end) {
		end = lseek(fd, data, SEEK_HOLE);
		if (end <= data)
			return size;
	}
	if (errno != ENXIO || (uint64_t)end > size)
		return size;
	return end > VAULT_MAGIC ? (uint64_t)end : VAULT_MAGIC;
}

/* Behind the last byte that is not zero: no payload ends in zeros, and space that is taken ahead holds nothing else. */
static int find_end(struct vault *v, struct err *e)
{
	static const uint8_t zeros[4096];
	uint8_t piece[sizeof(zeros)];
	struct stat st;
	uint64_t at;
	size_t size;

	if (fstat(v->data, &st) < 0)
		return err_sys(e, "the vault");
	v->allocated = (uint64_t)st.st_size;
	for (at = data_end(v->data, v->allocated); at > VAULT_MAGIC; at -= size) {
		size = at - VAULT_MAGIC < sizeof(piece) ? at - VAULT_MAGIC : sizeof(piece);
		if (vault_read(v->data, piece, size, at - size) < 0)
			return err_sys(e, "read the vault");
		if (memcmp(piece, zeros, size) == 0)
			continue;
		while (piece[size - 1] == 0)
			size--, at--;
		break;
	}
	v->end = (at + BLOB_ALIGN - 1) / BLOB_ALIGN * BLOB_ALIGN;
	return 0;
}

/* Both names are durable before it says that keys were there. */
static int begin_data(struct vault *v, const char *path, struct err *e)
{
	if (seal_sync_parent(path, e) < 0 || vault_write(v, v->data, vault_magic, VAULT_MAGIC, 0, e) < 0)
		return -1;
	return v->disk->sync(v->data) < 0 ? err_sys(e, "%s", path) : 0;
}

static int open_file(int *out, char path[PATH_MAX], const char *dir, const char *name, mode_t mode, struct err *e)
{
	if (snprintf(path, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", dir);
	*out = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);
	return *out < 0 ? err_sys(e, "%s", path) : 0;
}

static bool has_magic(const struct vault *v)
{
	char magic[VAULT_MAGIC];

	return vault_read(v->data, magic, sizeof(magic), 0) == 0 && memcmp(magic, vault_magic, VAULT_MAGIC) == 0;
}

/* Nothing, or a beginning that was cut off: of the first bytes some are not there yet. */
static bool is_unbegun(const struct vault *v)
{
	char begun[VAULT_MAGIC] = { 0 };
	struct stat st;
	size_t i;

	if (fstat(v->data, &st) < 0 || st.st_size > VAULT_MAGIC || vault_read(v->data, begun, (size_t)st.st_size, 0) < 0)
		return false;
	for (i = 0; i < VAULT_MAGIC; i++)
		if (begun[i] && begun[i] != vault_magic[i])
			return false;
	return true;
}

static bool is_empty(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size == 0;
}

/* A key that is made anew opens nothing that is there. */
static int load_key(struct vault *v, const char *key_path, bool fresh, struct err *e)
{
	struct err no = { .kind = ERR_NONE };

	if (box_key_forget_begun(key_path, e) < 0)
		return -1;
	if (fresh && is_empty(v->keys) && access(key_path, F_OK) < 0 && errno == ENOENT &&
	    box_key_make(key_path, e) < 0)
		return -1;
	if (box_key_load(v->secret->key, key_path, &no) == 0)
		return 0;
	return err_set(e, no.kind, "%s; without it nothing in the vault can be read: restore it from a backup", no.text);
}

static int open_parts(struct vault *v, const char *dir, const char *key_path, struct err *e)
{
	char path[PATH_MAX];
	bool fresh;

	/* An auditor counts sealed payloads; what their keys are sealed in is nobody's business but ours. */
	if (open_file(&v->keys, path, dir, "vault.keys", 0600, e) < 0 || open_file(&v->data, path, dir, "vault", 0640, e) < 0)
		return -1;
	fresh = !has_magic(v);
	if (fresh && !is_unbegun(v))
		return err_set(e, ERR_INPUT, "%s: not a vault of reeve", path);
	if (load_key(v, key_path, fresh, e) < 0 || keys_open(v, fresh, e) < 0)
		return -1;
	if (fresh && begin_data(v, path, e) < 0)
		return -1;
	return find_end(v, e);
}

int vault_open(struct vault **out, const char *dir, const char *key_path, const char *origin,
	       const struct ledger_disk *disk, struct err *e)
{
	scoped(vault) struct vault *v = calloc(1, sizeof(*v));
	void *secret;

	must(strlen(origin) < SEAL_NAME);
	if (!v)
		return err_sys(e, "memory for the vault");
	v->data = v->keys = -1;
	v->disk = disk ? disk : &real_disk;
	memcpy(v->origin, origin, strlen(origin));
	v->slots = calloc(VAULT_SLOTS, sizeof(*v->slots));
	if (!v->slots)
		return err_sys(e, "memory for the vault");
	if (box_pages(&secret, sizeof(*v->secret), e) < 0)
		return -1;
	v->secret = secret;
	if (open_parts(v, dir, key_path, e) < 0)
		return err_in(e, "vault of %s", dir);
	*out = take(&v);
	return 0;
}

int vault_finish(struct vault *v, struct err *e)
{
	if (vault_sync(v, e) < 0)
		return -1;
	if (v->allocated > v->end && v->disk->truncate(v->data, (off_t)v->end) < 0)
		return err_sys(e, "end the vault");
	v->allocated = v->end;
	return 0;
}

void vault_free(struct vault *v)
{
	if (!v)
		return;
	fd_close(&v->data);
	fd_close(&v->keys);
	box_pages_free(v->secret);
	free(v->slots);
	free(v->holds);
	free(v->entries);
	free(v);
}

/* --- putting --- */

/* Taken ahead, so that an append does not change the file's size each time. Where a disk cannot, it does. */
static int take_space(struct vault *v, uint64_t end, struct err *e)
{
	uint64_t to = (end + VAULT_STEP) / VAULT_STEP * VAULT_STEP;

	if (end <= v->allocated)
		return 0;
	if (v->disk->allocate(v->data, 0, (off_t)v->allocated, (off_t)(to - v->allocated)) == 0)
		v->allocated = to;
	else if (is_full())
		return err_set(e, ERR_LIMIT, "no space for payloads in the vault; make room on its disk");
	return 0;
}

/* The salt is seen here alone, and lies sealed with what it salts. */
static void seal(struct vault_place *out, uint8_t *bytes, const struct vault *v, const struct blob *b,
		 const uint8_t *day_key, const void *payload)
{
	uint8_t with[BLOB_BOUND + SEAL_NAME], key[BOX_KEY];
	uint8_t *box = bytes + BLOB_BOUND + BLOB_WRAPPED, *plain = box + BOX_NONCE;
	size_t bound;

	blob_head_write(bytes, b);
	bound = vault_bind(with, bytes, BLOB_BOUND, v->origin);
	seal_random(key, sizeof(key));
	box_close(bytes + BLOB_BOUND, day_key, key, sizeof(key), with, bound);
	seal_random(plain, BOX_SALT);
	box_commitment(out->commitment, plain, payload, b->size);
	memcpy(plain + BOX_SALT, payload, b->size);
	box_close(box, key, plain, BOX_SALT + b->size, with, bound);
	box_wipe(key, sizeof(key));
	seal_digest(out->sealed, bytes, BLOB_OVER + b->size);
	blob_end_write(bytes, b->size);
}

static void place(struct vault_place *out, const struct vault *v, const struct vault_at *at)
{
	char day[VAULT_DAY_TEXT];

	vault_day_text(day, at->day);
	snprintf(out->where, sizeof(out->where), "%s %s %llu", vault_class_word(at->class), day,
		 (unsigned long long)v->end);
}

static int write_blob(struct vault *v, const uint8_t *bytes, const struct blob *b, struct err *e)
{
	uint64_t whole = blob_whole(b->size);

	if (take_space(v, v->end + whole, e) < 0 || vault_write(v, v->data, bytes, whole, v->end, e) < 0)
		return -1;
	index_add(v, b->index, v->end);
	v->end += whole;
	if (v->allocated < v->end)
		v->allocated = v->end;
	v->dirty = true;
	return 0;
}

int vault_put(struct vault_place *out, struct vault *v, const struct vault_at *at, uint64_t index, const void *payload,
	      size_t size, struct err *e)
{
	const struct blob b = { at->class, at->day, index, size };
	scoped(mem) char *bytes = NULL;
	uint8_t *day_key;
	bool there;

	if (v->poisoned)
		return err_set(e, ERR_SYSTEM, "the vault takes nothing more after a failed write");
	if (size > VAULT_PAYLOAD)
		return err_set(e, ERR_LIMIT, "a payload of %zu bytes; at most %d", size, VAULT_PAYLOAD);
	bytes = malloc(blob_whole(size));
	if (!bytes)
		return err_sys(e, "memory for a payload");
	if (keys_of(&day_key, &there, v, &b, true, e) < 0)
		return -1;
	seal(out, (uint8_t *)bytes, v, &b, day_key, payload);
	place(out, v, at);
	return write_blob(v, (uint8_t *)bytes, &b, e);
}

int vault_sync(struct vault *v, struct err *e)
{
	if (v->poisoned)
		return err_set(e, ERR_SYSTEM, "the vault takes nothing more after a failed write");
	if (!v->dirty)
		return 0;
	v->poisoned = true; /* until it has succeeded: after a failure nobody knows what is on the disk */
	if (v->disk->sync(v->data) < 0)
		return err_sys(e, "the disk did not take the vault (fdatasync)");
	v->poisoned = v->dirty = false;
	return 0;
}

/* --- getting --- */

void vault_plain_free(struct vault_plain *p)
{
	if (p->bytes)
		box_wipe(p->bytes, p->size);
	free(p->bytes);
	*p = (struct vault_plain){ 0 };
}

static bool unseal(struct vault_plain *out, const struct vault *v, const uint8_t *bytes, const struct blob *b,
		   const uint8_t *day_key)
{
	uint8_t with[BLOB_BOUND + SEAL_NAME], key[BOX_KEY];
	size_t bound = vault_bind(with, bytes, BLOB_BOUND, v->origin);
	bool good = box_open(key, day_key, bytes + BLOB_BOUND, BLOB_WRAPPED, with, bound) &&
		    box_open(out->bytes, key, bytes + BLOB_BOUND + BLOB_WRAPPED, BOX_MORE + BOX_SALT + b->size, with,
			     bound);

	box_wipe(key, sizeof(key));
	return good;
}

static int get_at(struct vault_plain *out, struct vault *v, uint64_t offset, uint64_t index, const uint8_t *day_key,
		  const struct blob *b, struct err *e)
{
	scoped(mem) char *bytes = malloc(BLOB_OVER + b->size);
	struct vault_plain p = { .size = BOX_SALT + b->size };

	p.bytes = malloc(p.size);
	if (!bytes || !p.bytes) {
		free(p.bytes);
		return err_sys(e, "memory for a payload");
	}
	if (vault_read(v->data, bytes, BLOB_OVER + b->size, offset) == 0 &&
	    unseal(&p, v, (const uint8_t *)bytes, b, day_key)) {
		*out = p;
		return VAULT_GOT;
	}
	vault_plain_free(&p);
	return err_set(e, ERR_INPUT, "the payload of record %llu is damaged, or is another one's",
		       (unsigned long long)index);
}

int vault_get(struct vault_plain *out, struct vault *v, uint64_t index, struct err *e)
{
	uint8_t head[BLOB_HEAD], *day_key;
	uint64_t offset;
	struct blob b;
	bool there;

	if (!index_find(&offset, v, index))
		return VAULT_GONE;
	if (vault_read(v->data, head, sizeof(head), offset) < 0 || !blob_head_read(&b, head) || b.index != index)
		return err_set(e, ERR_INPUT, "the vault changed while it was read");
	if (keys_of(&day_key, &there, v, &b, false, e) < 0)
		return -1;
	return there ? get_at(out, v, offset, index, day_key, &b, e) : VAULT_GONE;
}
