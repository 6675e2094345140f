/* tests/fuzz/fuzz_porter.c - a head is whole, unfinished or bad; what is whole can be read in one way only. */
#include <string.h>

#include "porter/porter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_within(struct span s, const char *bytes, size_t size)
{
	return !s.at || (s.at >= bytes && s.at + s.size <= bytes + size);
}

/* No line's end but CR LF, nothing after the empty line, one way to find the body's. */
static void check_whole(const struct head *h, const char *bytes, size_t size)
{
	size_t i;

	if (h->size > size || h->size > HEAD_MOST || (h->chunked && h->length) ||
	    (h->line[HEAD_LENGTH].at && h->line[HEAD_CODING].at) || memcmp(bytes + h->size - 4, "\r\n\r\n", 4) != 0)
		__builtin_trap();
	for (i = 0; i < h->size; i++)
		if (bytes[i] == '\0' || (bytes[i] == '\r') != (i + 1 < h->size && bytes[i + 1] == '\n') ||
		    (i + 4 < h->size && memcmp(bytes + i, "\r\n\r\n", 4) == 0))
			__builtin_trap();
	for (i = 0; i < HEAD_KNOWN; i++)
		if (!is_within(h->line[i], bytes, h->size))
			__builtin_trap();
	for (i = 0; i < h->param_count; i++)
		if (!is_within(h->params[i].name, bytes, h->size) || !is_within(h->params[i].value, bytes, h->size))
			__builtin_trap();
}

/* Any part of it is unfinished: what was looked at too early is looked at again, and never turned away for it. */
static void check_parts(const char *bytes, size_t size)
{
	struct head_fault fault;
	struct head h;
	size_t part;

	for (part = 0; part < size; part += 1 + size / 64)
		if (head_read(&h, bytes, part, &fault) != HEAD_MORE)
			__builtin_trap();
}

static void check_values(const struct head *h)
{
	size_t i;

	for (i = 0; i < h->param_count; i++) {
		scoped(buf) struct buf out = BUF(HEAD_MOST);

		if (mirror_decode(&out, h->params[i].value) && out.size > h->params[i].value.size)
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct head_fault fault = { 0 };
	struct head h = { 0 };
	enum head_got got = head_read(&h, bytes, size, &fault);

	if ((got == HEAD_BAD) != (fault.text != NULL) || (got == HEAD_MORE && size >= HEAD_MOST))
		__builtin_trap();
	if (got != HEAD_WHOLE)
		return 0;
	check_whole(&h, bytes, size);
	check_parts(bytes, h.size);
	check_values(&h);
	if (head_judge(&h, 7338, MCP_LINE, &fault) != (fault.text == NULL))
		__builtin_trap();
	return 0;
}
