/* What a text says to who decodes it: escapes, base64, hexadecimal. */
#include <string.h>

#include "base/text.h"
#include "inspect/held.h"

enum { LEAST = 8 }; /* bytes: a shorter text is a word before it is an encoding */

/* All of it, but for padding and blanks at its end. */
static bool is_run(const char *text, size_t size, bool hex)
{
	size_t at = 0, end = size;

	while (end > 0 && strchr("= \r\n", text[end - 1]))
		end--;
	return end >= LEAST && view_run(text, end, &at, hex, LEAST) == end;
}

bool inspect_reading(struct buf *out, const char *text, size_t size, unsigned n)
{
	static const char marks[] = { '%', '\\' };
	size_t from = out->size, i;

	if (n < 2) {
		if (memchr(text, marks[n], size))
			view_escapes(out, text, size, marks[n]);
		for (i = from; i < out->size; i++)
			if (!out->data[i])
				out->data[i] = '\n'; /* between what is far apart */
	} else if (is_run(text, size, n == 3)) {
		(n == 3 ? view_hex : view_base64)(out, text, size, 0);
	}
	return out->size > from && text_is_utf8(out->data + from, out->size - from) &&
	       !memchr(out->data + from, '\0', out->size - from);
}
