/* tests/fuzz/fuzz_json.c - what is read can be written, read again, and is the same, byte for byte. */
#include <stdint.h>
#include <string.h>

#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(json) json_t *doc = NULL, *again = NULL;
	scoped(buf) struct buf first = BUF(16 << 20), second = BUF(16 << 20);
	struct json_place at = { 0 };
	struct err e = { 0 };

	if (json_read(&doc, (const char *)data, size, &at, &e) < 0) {
		if (doc || at.line == 0 || !e.text[0])
			__builtin_trap();
		return 0;
	}
	if (!json_write(&first, doc) || json_read(&again, first.data, first.size, NULL, &e) < 0 ||
	    !json_equal(doc, again) || !json_write(&second, again) || first.size != second.size ||
	    memcmp(first.data, second.data, first.size) != 0)
		__builtin_trap();
	return 0;
}
