/* tests/fuzz/fuzz_ledger.c - whatever the bytes, reading ends, stays inside, and what is accepted is canonical. */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "ledger/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool property)
{
	if (!property)
		__builtin_trap();
}

static void one_record(const char *bytes, size_t size)
{
	struct err e = { .kind = ERR_NONE };
	char room[RECORD_MOST], again[RECORD_MOST];
	struct record r;

	if (entry_read(&r, room, bytes, size, &e) == 0)
		hold(entry_write(again, &r) == size && memcmp(again, bytes, size) == 0);
	else
		hold(e.kind != ERR_NONE);
}

static void walk(struct journal *j, uint64_t end)
{
	struct order o = { .next = 0 };
	struct err e = { .kind = ERR_NONE };
	uint64_t at = JOURNAL_MAGIC;
	enum frame_got got;
	struct frame f;

	for (; at < end; at += frame_whole(&f)) {
		hold(journal_frame(j, &f, &got, at, &e) == 0 && got == FRAME_WHOLE);
		if (f.kind == FRAME_COMMIT)
			continue;
		one_record(f.body, f.size);
		if (order_take(&o, (enum record_kind)f.kind, f.run, f.ref, &e) < 0)
			break;
	}
	hold(at <= end);
	order_free(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct seal_verifier nobody = { .name = "nobody" };
	scoped(journal) struct journal *j = NULL;
	struct err e = { .kind = ERR_NONE };
	struct journal_extent x;
	scoped(fd) int fd = -1;

	one_record((const char *)data, size);
	if (fd_of_bytes(&fd, "journal", data, size, &e) < 0)
		return 0;
	if (journal_of_fd(&j, fd, &e) < 0 || journal_extent(&x, j, &nobody, &e) < 0) {
		hold(e.kind != ERR_NONE);
		return 0;
	}
	hold(x.end >= JOURNAL_MAGIC && x.end + x.tail < size + FRAME_ALIGN);	/* padding may be missing */
	walk(j, x.end);
	return 0;
}
