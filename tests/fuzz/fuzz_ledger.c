/* tests/fuzz/fuzz_ledger.c - whatever the bytes, reading ends, stays inside, and what is accepted is canonical. */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "ledger/agents.h"
#include "ledger/holds.h"

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

static void hold_states(const struct holds *h)
{
	size_t i;

	hold(h->open_count <= HOLDS_MOST && h->ended_count <= HOLDS_ENDED);
	for (i = 0; i < h->open_count; i++) {
		hold(h->open[i]->state == HOLD_WAITING || h->open[i]->state == HOLD_APPROVED);
		hold((h->open[i]->state == HOLD_APPROVED) == (hold_lacks(h->open[i]) == 0));
		hold(i == 0 || h->open[i - 1]->index < h->open[i]->index);
	}
	for (i = 0; i < h->ended_count; i++)
		hold(h->ended[i]->state > HOLD_APPROVED && !holds_open(h, h->ended[i]->index));
}

/* Lines as records, one after another: what is taken leaves held calls as they may be, what is not says why. */
static void one_after_another(const char *bytes, size_t size)
{
	struct holds h = { .keep = HOLDS_ENDED };
	struct agents a = { .count = 0 };
	const char *at = bytes, *end = bytes + size, *line;
	char room[RECORD_MOST];
	struct record r;

	for (; at < end; at = line + 1) {
		struct err e = { .kind = ERR_NONE };

		line = memchr(at, '\n', (size_t)(end - at));
		line = line ? line : end;
		if (entry_read(&r, room, at, (size_t)(line - at), &e) < 0)
			continue;
		if ((r.kind == RECORD_AGENT ? agents_take(&a, &r, &e) : holds_take(&h, &r, at, (size_t)(line - at), &e)) < 0)
			hold(e.kind != ERR_NONE);
		hold_states(&h);
	}
	holds_free(&h);
	agents_free(&a);
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
	one_after_another((const char *)data, size);
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
