/*
 * Names and the addresses that stand for them: 198.18.0.1 is the first that was asked for, and none is another's later.
 * A table of twice as many slots as names, by hash, the next free one after it.
 */
#include <stdlib.h>
#include <string.h>

#include "proxy/proxy.h"

enum { FIRST = 198, SECOND = 18 };

static uint32_t slot_of(const struct names *n, const char *text)
{
	uint64_t hash = n->seed ^ UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return (uint32_t)((hash ^ hash >> 32) % count_of(n->slots));
}

/* Where it is, or would be. */
static uint32_t place_of(const struct names *n, const char *text)
{
	uint32_t at = slot_of(n, text);

	while (n->slots[at] && strcmp(n->all[n->slots[at] - 1]->text, text) != 0)
		at = (at + 1) % count_of(n->slots);
	return at;
}

struct name *name_find(const struct names *n, const char *text)
{
	uint32_t at = place_of(n, text);

	return n->slots[at] ? n->all[n->slots[at] - 1] : NULL;
}

struct name *name_add(struct names *n, const char *text)
{
	size_t size = strlen(text) + 1;
	struct name *name = n->count < PROXY_NAMES ? calloc(1, sizeof(*name) + size) : NULL;

	if (!name)
		return NULL;
	memcpy(name->text, text, size);
	name->number = n->count;
	TAILQ_INIT(&name->waiting);
	n->slots[place_of(n, text)] = n->count + 1;
	n->all[n->count++] = name;
	return name;
}

void name_address(uint8_t out[4], uint32_t number)
{
	number++;
	out[0] = FIRST;
	out[1] = (uint8_t)(SECOND + (number >> 16));
	out[2] = (uint8_t)(number >> 8);
	out[3] = (uint8_t)number;
}

bool name_is_stand_in(const struct egress_host *h, uint32_t *number)
{
	if (h->bits != 32 || h->address[0] != FIRST || (h->address[1] & 0xfe) != SECOND)
		return false;
	*number = ((uint32_t)(h->address[1] & 1) << 16 | (uint32_t)h->address[2] << 8 | h->address[3]) - 1;
	return true;
}
