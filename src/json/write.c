#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool write_escape(struct buf *out, char c)
{
	static const char letter[] = "\"\\\b\f\n\r\t", word[] = "\"\\bfnrt";
	const char *found = strchr(letter, c);

	return found ? buf_printf(out, "\\%c", word[found - letter])
		     : buf_printf(out, "\\u%04x", (unsigned char)c);
}

bool write_string(struct buf *out, const char *text, size_t size)
{
	size_t from = 0, i;

	buf_add(out, "\"", 1);
	for (i = 0; i < size; i++) {
		if ((unsigned char)text[i] >= 0x20 && text[i] != '"' && text[i] != '\\')
			continue;
		buf_add(out, text + from, i - from);
		write_escape(out, text[i]);
		from = i + 1;
	}
	buf_add(out, text + from, size - from);
	return buf_add(out, "\"", 1);
}

/* The shortest of three that reads back as the same double, and as a real: 1e5 is not 100000. */
static bool write_real(struct buf *out, double value)
{
	char text[40];
	int digits = 15;

	do
		snprintf(text, sizeof(text), "%.*g", digits, value);
	while (++digits <= 17 && strtod(text, NULL) != value);
	buf_puts(out, text);
	return strpbrk(text, ".e") ? !out->over : buf_puts(out, ".0");
}

static bool write_array(struct buf *out, const json_t *array)
{
	size_t i;

	buf_add(out, "[", 1);
	for (i = 0; i < json_array_size(array); i++) {
		if (i > 0)
			buf_add(out, ",", 1);
		json_write(out, json_array_get(array, i));
	}
	return buf_add(out, "]", 1);
}

static bool write_object(struct buf *out, const json_t *object)
{
	json_t *from = for_reading(object);
	void *at = json_object_iter(from);

	buf_add(out, "{", 1);
	while (at) {
		write_string(out, json_object_iter_key(at), json_object_iter_key_len(at));
		buf_add(out, ":", 1);
		json_write(out, json_object_iter_value(at));
		at = json_object_iter_next(from, at);
		if (at)
			buf_add(out, ",", 1);
	}
	return buf_add(out, "}", 1);
}

bool json_write(struct buf *out, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return write_object(out, value);
	case JSON_ARRAY:
		return write_array(out, value);
	case JSON_STRING:
		return write_string(out, json_string_value(value), json_string_length(value));
	case JSON_INTEGER:
		return buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_REAL:
		return write_real(out, json_real_value(value));
	case JSON_TRUE:
		return buf_puts(out, "true");
	case JSON_FALSE:
		return buf_puts(out, "false");
	case JSON_NULL:
		return buf_puts(out, "null");
	}
	return false;
}
