/* Rows of the index as bytes: all numbers little-endian, no padding. What is read may be anybody's. */
#include <string.h>

#include "audit/index.h"

enum { FAR = 0xffff };

static bool get(void *out, size_t size, const uint8_t **at, const uint8_t *end)
{
	if ((size_t)(end - *at) < size)
		return false;
	memcpy(out, *at, size);
	*at += size;
	return true;
}

/* "count wide ids hashes": u16, u16, 1024 ids of one byte or two, a u32 for each value. */
bool index_column_read(struct index_column *out, const uint8_t *bytes, size_t size)
{
	const uint8_t *at = bytes, *end = bytes + size;
	uint16_t count, wide;
	size_t i;

	if (!get(&count, 2, &at, end) || !get(&wide, 2, &at, end) || wide > 1 || count > INDEX_BLOCK ||
	    (size_t)(end - at) != ((size_t)INDEX_BLOCK << wide) + 4 * (size_t)count)
		return false;
	*out = (struct index_column){ .count = count, .wide = wide, .ids = at, .hashes = at + ((size_t)INDEX_BLOCK << wide) };
	for (i = 0; i < INDEX_BLOCK; i++)
		if (index_column_id(out, i) > count)
			return false;
	return true;
}

unsigned index_column_id(const struct index_column *c, size_t i)
{
	return c->wide ? c->ids[2 * i] | (unsigned)c->ids[2 * i + 1] << 8 : c->ids[i];
}

uint32_t index_column_hash(const struct index_column *c, size_t k)
{
	uint32_t hash;

	memcpy(&hash, c->hashes + 4 * k, sizeof(hash));
	return hash;
}

/* Part of the form: what it gives is in the file. No secret: what collides is only looked at once more. */
uint32_t index_hash(const char *text, size_t size)
{
	uint64_t h = size * 0x9e3779b97f4a7c15u, word;

	for (; size >= sizeof(word); text += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		h = (h ^ word) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	word = 0;
	memcpy(&word, text, size);
	h = (h ^ word) * 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(h ^ h >> 32);
}

/* u16 size, bytes. */
bool index_value(const char **text, size_t *size, const uint8_t **at, const uint8_t *end)
{
	uint16_t length;

	if (!get(&length, 2, at, end) || (size_t)(end - *at) < length)
		return false;
	*text = (const char *)*at;
	*size = length;
	*at += length;
	return true;
}

/*
 * u16 count of runs, their numbers as u32, a u16 for each record: which of them. Then a u16 for each: how far back the
 * intent stands, 0 none, FAR: in the list behind, of u32.
 */
bool index_links_read(struct index_links *out, const uint8_t *bytes, size_t size)
{
	const uint8_t *at = bytes, *end = bytes + size, *ids, *back, *far;
	uint16_t count, word;
	size_t i;

	if (!get(&count, 2, &at, end) || count > INDEX_BLOCK || (size_t)(end - at) < 4 * (size_t)count + 4 * (size_t)INDEX_BLOCK)
		return false;
	ids = at + 4 * (size_t)count;
	back = ids + 2 * (size_t)INDEX_BLOCK;
	far = back + 2 * (size_t)INDEX_BLOCK;
	for (i = 0; i < INDEX_BLOCK; i++) {
		memcpy(&word, ids + 2 * i, 2);
		if (word >= count)
			return false;
		memcpy(&out->run[i], at + 4 * (size_t)word, 4);
		memcpy(&word, back + 2 * i, 2);
		out->back[i] = word;
		if (word == FAR && !get(&out->back[i], 4, &far, end))
			return false;
	}
	return far == end;
}

void index_links_write(struct buf *out, const struct index_links *l)
{
	uint32_t runs[INDEX_BLOCK] = { 0 };
	uint16_t ids[INDEX_BLOCK], back[INDEX_BLOCK], count = 0, k = 0;
	size_t i;

	for (i = 0; i < INDEX_BLOCK; i++) {
		if (count == 0 || runs[k] != l->run[i])
			for (k = 0; k < count && runs[k] != l->run[i]; k++)
				;
		if (k == count)
			runs[count++] = l->run[i];
		ids[i] = k;
		back[i] = l->back[i] < FAR ? (uint16_t)l->back[i] : FAR;
	}
	buf_add(out, &count, 2);
	buf_add(out, runs, 4 * (size_t)count);
	buf_add(out, ids, sizeof(ids));
	buf_add(out, back, sizeof(back));
	for (i = 0; i < INDEX_BLOCK; i++)
		if (back[i] == FAR)
			buf_add(out, &l->back[i], 4);
}

static size_t part_at(const char *text)
{
	uint32_t part;

	memcpy(&part, text, INDEX_PART);
	return (part * 0x9e3779b1u) >> 16;
}

/* Of digests and times there are so many that all their parts would stand in every block. */
bool index_is_digits(const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size && text[i] && strchr("0123456789abcdefhmsTZ:.-", text[i]); i++)
		;
	return i == size;
}

void index_parts_add(uint8_t bits[PARTS_BITS / 8], const char *text, size_t size)
{
	size_t i, at;

	for (i = 0; i + INDEX_PART <= size; i++) {
		at = part_at(text + i);
		bits[at / 8] |= (uint8_t)(1u << at % 8);
	}
}

bool index_parts_may(const uint8_t bits[PARTS_BITS / 8], const char *text, size_t size)
{
	size_t i, at;

	for (i = 0; i + INDEX_PART <= size; i++) {
		at = part_at(text + i);
		if (!(bits[at / 8] >> at % 8 & 1))
			return false;
	}
	return true;
}
