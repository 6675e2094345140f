/*
 * Whether a path can be judged as it is written. Servers take "." and ".." out before they look for what is asked,
 * some of them after decoding, some of them with parameters; a rule that allows "/a/" must not mean "/a/../b".
 */
#include <string.h>

#include "egress/egress.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next character as the most eager server reads it; how many bytes that is in *used. */
static char decoded(const char *at, size_t left, size_t *used)
{
	char c = at[0];

	*used = 1;
	if (c == '%' && left > 2 && digit(at[1]) >= 0 && digit(at[2]) >= 0) {
		*used = 3;
		c = (char)(digit(at[1]) << 4 | digit(at[2]));
	}
	return c == '\\' ? '/' : c;
}

/* The part is "." or ".." if it ends here. */
static bool is_dots(size_t dots, size_t others)
{
	return others == 0 && (dots == 1 || dots == 2);
}

bool egress_is_plain(struct egress_span target)
{
	size_t dots = 0, others = 0, used, i;
	const char *query = target.size ? memchr(target.at, '?', target.size) : NULL;
	size_t size = query ? (size_t)(query - target.at) : target.size;
	char c;

	if (target.size == 0 || target.at[0] != '/' || memchr(target.at, '#', target.size) ||
	    memchr(target.at, '\\', target.size))
		return false;
	for (i = 0; i < size; i += used) {
		c = decoded(target.at + i, size - i, &used);
		if (c == '\0' || ((c == '/' || c == ';') && is_dots(dots, others)))
			return false;
		if (c == '/')
			dots = others = 0;
		else
			*(c == '.' ? &dots : &others) += 1;
	}
	return !is_dots(dots, others);
}
