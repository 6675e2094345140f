#include <string.h>

#include "ledger/ledger.h"

/* As it lies on disk; little-endian, no padding. The sum covers everything but itself. */
struct head {
	uint32_t size, sum;
	uint64_t index, run, ref;
	uint16_t kind, zero;
	uint32_t zeros;
};

_Static_assert(sizeof(struct head) == FRAME_HEAD, "the header has no padding");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the journal is little-endian");

const char journal_magic[JOURNAL_MAGIC + 1] = "reeve-journal/1\n";

static size_t padding(size_t size)
{
	return (FRAME_ALIGN - size % FRAME_ALIGN) % FRAME_ALIGN;
}

size_t frame_whole(const struct frame *f)
{
	return FRAME_HEAD + f->size + padding(f->size);
}

static uint32_t sum_of(const struct head *h, const char *body)
{
	uint32_t sum = crc32c(0, &h->size, sizeof(h->size));

	sum = crc32c(sum, &h->index, FRAME_HEAD - offsetof(struct head, index));
	return crc32c(sum, body, h->size);
}

bool frame_put(struct buf *out, const struct frame *f)
{
	struct head h = { .size = (uint32_t)f->size, .index = f->index, .run = f->run,
			  .ref = f->ref, .kind = f->kind };

	must(f->size > 0 && f->size <= RECORD_MOST);
	h.sum = sum_of(&h, f->body);
	buf_add(out, &h, sizeof(h));
	buf_add(out, f->body, f->size);
	return buf_add(out, "\0\0\0\0\0\0\0", padding(f->size));
}

static bool is_zero(const char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/*
 * A zero size alone is no end: a header with anything else in it is a damaged one. Padding that the
 * file's end cut off is no loss: behind it stand zeros.
 */
enum frame_got frame_get(struct frame *out, const char *bytes, size_t left)
{
	struct head h = { 0 };
	size_t behind;

	memcpy(&h, bytes, left < sizeof(h) ? left : sizeof(h));
	if (is_zero(bytes, left < sizeof(h) ? left : sizeof(h)))
		return FRAME_END;
	if (left < FRAME_HEAD || h.size == 0 || h.size > RECORD_MOST || h.zero || h.zeros ||
	    left < FRAME_HEAD + h.size || h.sum != sum_of(&h, bytes + FRAME_HEAD))
		return FRAME_BAD;
	behind = left - FRAME_HEAD - h.size;
	if (!is_zero(bytes + FRAME_HEAD + h.size, behind < padding(h.size) ? behind : padding(h.size)))
		return FRAME_BAD;
	*out = (struct frame){ .kind = h.kind, .index = h.index, .run = h.run, .ref = h.ref,
			       .body = bytes + FRAME_HEAD, .size = h.size };
	return FRAME_WHOLE;
}
