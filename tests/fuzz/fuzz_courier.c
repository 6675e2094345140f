/* tests/fuzz/fuzz_courier.c - whatever the stream, its events are the same however its bytes come, and bounded. */
#include <stdint.h>
#include <string.h>

#include "courier/courier.h"

struct sum {
	uint64_t hash;
	size_t events;
};

static int hear(void *to, const char *data, size_t size, struct err *e)
{
	struct sum *s = to;
	size_t i;

	(void)e;
	if (size == 0 || size > MCP_LINE)
		__builtin_trap();
	for (i = 0; i < size; i++)
		s->hash = (s->hash ^ (uint8_t)data[i]) * UINT64_C(1099511628211);
	s->hash += ++s->events;
	return 0;
}

static struct sum feed(const char *bytes, size_t size, size_t step, char id[WORD_MOST])
{
	struct sum s = { .hash = 1 };
	struct err e = { 0 };
	struct events v;
	size_t at, take;

	events_begin(&v);
	for (at = 0; at < size; at += take) {
		take = step < size - at ? step : size - at;
		if (events_feed(&v, bytes + at, take, hear, &s, &e) < 0)
			break;
	}
	if (v.id[0] && !header_value_is_sound(v.id))
		__builtin_trap();
	memcpy(id, v.id, WORD_MOST);
	events_free(&v);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char one_id[WORD_MOST], all_id[WORD_MOST];
	struct sum one = feed((const char *)data, size, 1, one_id);
	struct sum all = feed((const char *)data, size, size ? size : 1, all_id);

	if (one.hash != all.hash || one.events != all.events || strcmp(one_id, all_id) != 0)
		__builtin_trap();
	return 0;
}
