#include "cli/learn.h"

#include <string.h>

static bool is_plain(const json_t *value)
{
	return !json_is_object(value) && !json_is_array(value);
}

static bool newline(struct buf *out, unsigned indent)
{
	return buf_printf(out, "\n%*s", (int)indent, "");
}

static bool write_key(struct buf *out, const char *key)
{
	scoped(json) json_t *text = json_string(key);

	return json_write(out, text) && buf_puts(out, ": ");
}

static bool write_object(struct buf *out, json_t *object, unsigned indent)
{
	const char *key;
	json_t *value;
	size_t n = 0;

	buf_puts(out, "{");
	json_object_foreach(object, key, value) {
		buf_puts(out, n++ ? "," : "");
		newline(out, indent + 2);
		write_key(out, key);
		json_write_pretty(out, value, indent + 2);
	}
	if (n)
		newline(out, indent);
	return buf_puts(out, "}");
}

static bool write_array(struct buf *out, const json_t *array, unsigned indent)
{
	const json_t *value;
	bool plain = true;
	size_t i;

	json_array_foreach(array, i, value)
		plain = plain && is_plain(value);
	buf_puts(out, "[");
	json_array_foreach(array, i, value) {
		buf_puts(out, i ? "," : "");
		if (!plain || json_array_size(array) > 4)
			newline(out, indent + 2);
		else if (i)
			buf_puts(out, " ");
		json_write_pretty(out, value, indent + 2);
	}
	if (json_array_size(array) && (!plain || json_array_size(array) > 4))
		newline(out, indent);
	return buf_puts(out, "]");
}

bool json_write_pretty(struct buf *out, const json_t *value, unsigned indent)
{
	if (json_is_object(value))
		return write_object(out, (json_t *)(uintptr_t)value, indent);
	if (json_is_array(value))
		return write_array(out, value, indent);
	return json_write(out, value);
}
