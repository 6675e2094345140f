/*
 * tests/fuzz/fuzz_ledger_vault.c - whatever stands in the file of payloads, the walk over it ends, stays inside, and calls
 * nothing whole that was not sealed.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "ledger/vault_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool property)
{
	if (!property)
		__builtin_trap();
}

static void one_head(const uint8_t *head)
{
	uint8_t again[BLOB_HEAD];
	struct blob b;

	if (!blob_head_read(&b, head))
		return;
	blob_head_write(again, &b);
	hold(memcmp(again, head, BLOB_BOUND) == 0);
	hold(blob_whole(b.size) % BLOB_ALIGN == 0 && blob_whole(b.size) >= BLOB_OVER + b.size + BLOB_END);
}

/* A payload is looked at by what its record says: another class, day, index or digest is never the whole one. */
static void look(int fd, const struct blob *b, uint64_t offset)
{
	static const char none[] = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
	struct vault_at at = { .class = b->class, .day = b->day, .offset = offset };
	struct err e = { .kind = ERR_NONE };
	enum vault_seen seen;

	hold(vault_look(&seen, fd, &at, b->index, none, &e) < 0 || seen != VAULT_WHOLE);
	hold(vault_look(&seen, fd, &at, b->index + 1, none, &e) < 0 || seen == VAULT_OTHER);
	at.day++;
	hold(vault_look(&seen, fd, &at, b->index, none, &e) < 0 || seen == VAULT_OTHER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(fd) int fd = memfd_create("payloads", MFD_CLOEXEC);
	uint64_t at = 0, before;
	struct blob b;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	if (size >= BLOB_HEAD)
		one_head(data);
	while (blob_next(&b, &at, fd, size)) {
		before = at;
		hold(at % BLOB_ALIGN == 0 && at + blob_whole(b.size) <= size);
		look(fd, &b, at);
		at += blob_whole(b.size);
		hold(at > before);
	}
	hold(at + BLOB_HEAD > size);
	return 0;
}
