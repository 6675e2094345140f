/*
 * A payload as it lies in the data file: a head in the clear, the payload's own key wrapped by the key of its class
 * and day, and salt and payload under that key. All of it is bound to the head and so to one record of one ledger.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/vault_store.h"

static const char MARK[4] = { 'R', 'v', 'B', '1' }, END_MARK[4] = { 'R', 'v', 'E', '1' };

enum { AT_SUM = 4, AT_CLASS = 8, AT_DAY = 12, AT_INDEX = 16, AT_SIZE = 24 };

const char vault_magic[VAULT_MAGIC + 1] = "reeve-vault/1\n\0\0";

static void put(uint8_t *out, uint64_t number, size_t bytes)
{
	for (; bytes > 0; bytes--, number >>= 8)
		*out++ = (uint8_t)number;
}

static uint64_t get(const uint8_t *from, size_t bytes)
{
	uint64_t number = 0;

	while (bytes > 0)
		number = number << 8 | from[--bytes];
	return number;
}

/* The sum is of what is bound and not of the rest, so that what is bound never changes after it was. */
void blob_head_write(uint8_t out[BLOB_HEAD], const struct blob *b)
{
	memset(out, 0, BLOB_BOUND);
	memcpy(out, MARK, sizeof(MARK));
	out[AT_CLASS] = (uint8_t)b->class;
	put(out + AT_DAY, b->day, 4);
	put(out + AT_INDEX, b->index, 8);
	put(out + AT_SIZE, b->size, 8);
	put(out + AT_SUM, crc32c(0, out + AT_CLASS, BLOB_BOUND - AT_CLASS), 4);
}

bool blob_head_read(struct blob *out, const uint8_t head[BLOB_HEAD])
{
	if (memcmp(head, MARK, sizeof(MARK)) != 0 || head[AT_CLASS] >= VAULT_CLASSES ||
	    get(head + AT_SUM, 4) != crc32c(0, head + AT_CLASS, BLOB_BOUND - AT_CLASS) || get(head + AT_CLASS + 1, 3))
		return false;
	out->class = (enum vault_class)head[AT_CLASS];
	out->day = (unsigned)get(head + AT_DAY, 4);
	out->index = get(head + AT_INDEX, 8);
	out->size = get(head + AT_SIZE, 8);
	return out->size <= VAULT_PAYLOAD && out->day < VAULT_DAYS;
}

/* Padded, and with a mark behind it: what a crash left unfinished has none, and takes nothing in that comes later. */
uint64_t blob_whole(uint64_t size)
{
	return (BLOB_OVER + size + BLOB_ALIGN - 1) / BLOB_ALIGN * BLOB_ALIGN + BLOB_END;
}

void blob_end_write(uint8_t *bytes, uint64_t size)
{
	uint64_t filled = BLOB_OVER + size, whole = blob_whole(size);

	memset(bytes + filled, 0, whole - BLOB_END - filled);
	put(bytes + whole - BLOB_END, whole / BLOB_ALIGN, 4);
	memcpy(bytes + whole - BLOB_END + 4, END_MARK, sizeof(END_MARK));
}

static bool has_end(int fd, uint64_t at, uint64_t whole)
{
	uint8_t mark[BLOB_END];

	return vault_read(fd, mark, sizeof(mark), at + whole - BLOB_END) == 0 && get(mark, 4) == whole / BLOB_ALIGN &&
	       memcmp(mark + 4, END_MARK, sizeof(END_MARK)) == 0;
}

size_t vault_bind(uint8_t out[BLOB_BOUND + SEAL_NAME], const void *head, size_t size, const char *origin)
{
	size_t length = strnlen(origin, SEAL_NAME);

	memcpy(out, head, size);
	memcpy(out + size, origin, length);
	return size + length;
}

/* Where there is none, it is looked for: what is unfinished or damaged hides nothing behind it. */
bool blob_next(struct blob *out, uint64_t *at, int fd, uint64_t end)
{
	uint8_t head[BLOB_HEAD];

	for (; *at + BLOB_HEAD <= end; *at += BLOB_ALIGN)
		if (vault_read(fd, head, sizeof(head), *at) == 0 && blob_head_read(out, head) &&
		    *at + blob_whole(out->size) <= end && has_end(fd, *at, blob_whole(out->size)))
			return true;
	return false;
}

int vault_look(enum vault_seen *out, int fd, const struct vault_at *at, uint64_t index, const char *sealed,
	       struct err *e)
{
	char digest[SEAL_DIGEST_TEXT];
	uint8_t head[BLOB_HEAD];
	scoped(mem) char *bytes = NULL;
	struct blob b;

	*out = VAULT_MISSING;
	if (vault_read(fd, head, sizeof(head), at->offset) < 0 || !blob_head_read(&b, head))
		return 0;
	*out = VAULT_OTHER;
	if (b.class != at->class || b.day != at->day || b.index != index)
		return 0;
	bytes = malloc(BLOB_OVER + b.size);
	if (!bytes)
		return err_sys(e, "memory for a payload");
	if (vault_read(fd, bytes, BLOB_OVER + b.size, at->offset) < 0)
		return 0;
	seal_digest(digest, bytes, BLOB_OVER + b.size);
	*out = strcmp(digest, sealed) == 0 ? VAULT_WHOLE : VAULT_OTHER;
	return 0;
}
