/* json/write.h - what both writers share; private to json. */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include <stdint.h>

#include "json/json.h"

bool write_string(struct buf *out, const char *text, size_t size);

/* jansson's iterators want a pointer that is not const, though they change nothing. */
static inline json_t *for_reading(const json_t *value)
{
	return (json_t *)(uintptr_t)value;
}

#endif
