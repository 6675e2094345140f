#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/view.h"

enum { GROUPS = 6 }; /* of three digits: more records than could be written in a thousand years */

void tile_name(char out[VIEW_PATH], const struct tile *t)
{
	static const uint64_t thousand[GROUPS] = { 1,          1000,          1000000,
						   1000000000, 1000000000000, 1000000000000000 };
	int group = 0, at;

	while (group + 1 < GROUPS && t->n >= thousand[group + 1])
		group++;
	at = t->level == TILE_ENTRIES ? snprintf(out, VIEW_PATH, "tile/entries")
				      : snprintf(out, VIEW_PATH, "tile/%d", t->level);
	for (; group >= 0; group--)
		at += snprintf(out + at, (size_t)(VIEW_PATH - at), "/%s%03" PRIu64,
			       group ? "x" : "", t->n / thousand[group] % 1000);
	if (t->width < TILE_WIDTH)
		snprintf(out + at, (size_t)(VIEW_PATH - at), ".p/%u", t->width);
}

static bool read_number(uint64_t *out, const char **at, unsigned most_digits)
{
	unsigned digits;

	for (digits = 0; digits < most_digits && **at >= '0' && **at <= '9'; digits++, ++*at)
		*out = *out * 10 + (uint64_t)(**at - '0');
	return digits > 0;
}

/* Read loosely, then demand that writing it again gives the same name: one form only. */
bool tile_parse(struct tile *out, const char *path)
{
	struct tile t = { .width = TILE_WIDTH };
	uint64_t width = 0;
	char again[VIEW_PATH];
	unsigned group;
	const char *at;

	if (strncmp(path, "tile/entries/", 13) == 0) {
		t.level = TILE_ENTRIES;
		at = path + 13;
	} else if (strncmp(path, "tile/", 5) == 0 && path[5] >= '0' &&
		   path[5] < '0' + TILE_LEVELS && path[6] == '/') {
		t.level = path[5] - '0';
		at = path + 7;
	} else {
		return false;
	}
	for (group = 0; *at == 'x'; group++) {
		at++;
		if (group + 1 == GROUPS || !read_number(&t.n, &at, 3) || *at++ != '/')
			return false;
	}
	if (!read_number(&t.n, &at, 3))
		return false;
	if (strncmp(at, ".p/", 3) == 0) {
		at += 3;
		if (!read_number(&width, &at, 3) || width == 0 || width >= TILE_WIDTH)
			return false;
		t.width = (unsigned)width;
	}
	tile_name(again, &t);
	*out = t;
	return strcmp(again, path) == 0;
}

uint64_t tile_hashes(const struct tile *t, uint64_t size)
{
	return t->level == TILE_ENTRIES ? size : size >> (8 * t->level);
}

unsigned tile_width(const struct tile *t, uint64_t size)
{
	uint64_t all = tile_hashes(t, size);

	if (t->n < all / TILE_WIDTH)
		return TILE_WIDTH;
	return t->n == all / TILE_WIDTH ? (unsigned)(all % TILE_WIDTH) : 0;
}

size_t tile_prefix(const struct tile *t, const char *bytes, size_t size, unsigned width)
{
	size_t at = 0;

	if (t->level != TILE_ENTRIES)
		return (size_t)width * SEAL_HASH <= size ? (size_t)width * SEAL_HASH : 0;
	for (; width > 0; width--) {
		if (size - at < 2)
			return 0;
		at += 2 + ((size_t)(uint8_t)bytes[at] << 8 | (uint8_t)bytes[at + 1]);
		if (at > size)
			return 0;
	}
	return at;
}

void epoch_name(char out[VIEW_PATH], size_t number)
{
	snprintf(out, VIEW_PATH, "epochs/%zu", number);
}

bool epoch_parse(size_t *out, const char *path)
{
	const char *at = path + strlen("epochs/");
	char again[VIEW_PATH];
	uint64_t number = 0;

	if (strncmp(path, "epochs/", strlen("epochs/")) != 0 || !read_number(&number, &at, 6) || number == 0)
		return false;
	epoch_name(again, (size_t)number);
	*out = (size_t)number;
	return strcmp(again, path) == 0;
}
