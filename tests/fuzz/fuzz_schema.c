/*
 * tests/fuzz/fuzz_schema.c - an array of a schema and a value: checking ends, says why or nothing, and says the
 * same twice; a schema that can be enforced has patterns that can be read.
 */
#include <stdint.h>
#include <string.h>

#include "schema/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(json) json_t *doc = NULL;
	const json_t *schema, *value;
	struct err e = { 0 }, first = { 0 }, second = { 0 };
	int fits;

	if (json_read_message(&doc, (const char *)data, size, &e) < 0 || json_array_size(doc) != 2)
		return 0;
	schema = json_array_get(doc, 0);
	value = json_array_get(doc, 1);
	fits = schema_check(schema, value, &first);
	if (fits != schema_check(schema, value, &second) || strcmp(first.text, second.text) != 0 ||
	    (fits == 0) != (first.text[0] == '\0'))
		__builtin_trap();
	if ((schema_usable(schema, &e) < 0) != (e.text[0] != '\0'))
		__builtin_trap();
	schema_unknown(schema, NULL, NULL);
	return 0;
}
