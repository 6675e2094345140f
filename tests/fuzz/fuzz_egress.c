/* tests/fuzz/fuzz_egress.c - the first byte chooses the reader. What is whole stays within its bytes, and less of it is never bad. */
#include <string.h>

#include "egress/egress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		__builtin_trap();
}

/* What is written of a host is read as the same host. */
static void check_host(const struct egress_host *h)
{
	struct egress_host again;

	check(egress_host(&again, h->text, strlen(h->text), false) && egress_same_host(h, &again));
}

static void fuzz_http(const uint8_t *data, size_t size)
{
	struct egress_http r, less;
	const char *why = NULL;
	size_t i;

	if (egress_read_http(&r, (const char *)data, size, &why) != EGRESS_WHOLE)
		return;
	check(r.size <= size && r.port > 0 && (r.field_count > 0 || r.old) && r.field_count <= EGRESS_FIELDS);
	check_host(&r.host);
	for (i = 0; i < r.field_count; i++)
		check(!memchr(r.fields[i].at, '\r', r.fields[i].size) && !memchr(r.fields[i].at, '\n', r.fields[i].size));
	check(egress_read_http(&less, (const char *)data, r.size - 1, &why) == EGRESS_MORE);
}

static void fuzz_socks(const uint8_t *data, size_t size)
{
	struct egress_socks s;
	const char *why = NULL;
	size_t used = 0;

	if (egress_read_greeting(data, size, &used, &why) == EGRESS_WHOLE)
		check(used <= size);
	if (egress_read_socks(&s, data, size, &why) != EGRESS_WHOLE)
		return;
	check(s.size <= size && s.port > 0);
	check_host(&s.host);
}

static void fuzz_dns(const uint8_t *data, size_t size)
{
	uint8_t answer[EGRESS_QUESTION + 16], address[4] = { 198, 18, 0, 1 };
	struct egress_question q;
	const char *why = NULL;
	unsigned code = 0;
	enum egress_got got = egress_read_question(&q, data, size, &code, &why);

	check(got != EGRESS_MORE);
	if (got == EGRESS_WHOLE)
		check_host(&q.host);
	if (got == EGRESS_WHOLE || code != 0xffff)
		check(egress_write_answer(answer, data, &q, code, got == EGRESS_WHOLE ? address : NULL, 1) <= sizeof(answer));
}

static void fuzz_hello(const uint8_t *data, size_t size)
{
	struct egress_hello h, less;
	const char *why = NULL;

	if (egress_read_hello(&h, data, size, &why) != EGRESS_WHOLE)
		return;
	check(h.size <= size && h.name.bits == 0);
	if (h.name.text[0])
		check_host(&h.name);
	check(egress_read_hello(&less, data, h.size - 1, &why) == EGRESS_MORE);
}

static void fuzz_chunks(const uint8_t *data, size_t size)
{
	struct egress_chunks c = { 0 }, bytewise = { 0 };
	enum egress_got got, step = EGRESS_MORE;
	size_t used = 0, one, at;

	got = egress_read_chunks(&c, (const char *)data, size, &used);
	for (at = 0; at < size && step == EGRESS_MORE; at++)
		step = egress_read_chunks(&bytewise, (const char *)data + at, 1, &one);
	check(step == got && (got != EGRESS_WHOLE || at == used));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(const uint8_t *, size_t) = { fuzz_http, fuzz_socks, fuzz_dns, fuzz_hello,
								      fuzz_chunks };

	if (size > 0)
		readers[data[0] % (sizeof(readers) / sizeof(readers[0]))](data + 1, size - 1);
	return 0;
}
