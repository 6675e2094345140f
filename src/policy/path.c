/*
 * Paths of requests, and of unix sockets. Servers differ in what they do to a path before they walk it, so
 * only one that all walk alike is judged.
 */
#include <string.h>

#include "policy/rule.h"

static int digit(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)((at - digits) % 16) : -1;
}

/* The character that stands here, or -1: some programs see another one. */
static int next_point(const char *text, size_t size, size_t *at)
{
	unsigned char c = (unsigned char)text[*at];
	int value;

	(*at)++;
	if (c < 0x20 || c >= 0x7f || strchr("\\;?#", c))
		return -1;
	if (c != '%')
		return c;
	if (size - *at < 2 || digit(text[*at]) < 0 || digit(text[*at + 1]) < 0)
		return -1;
	value = digit(text[*at]) * 16 + digit(text[*at + 1]);
	*at += 2;
	return value < 0x20 || value == 0x7f || strchr("/\\.%;", value) ? -1 : value;
}

/* Not empty but at the end, not "." and not "..". */
static bool is_segment(const char *text, size_t size, bool last)
{
	return size == 0 ? last : size > 2 || memcmp(text, "..", size) != 0;
}

static bool is_walked_alike(const char *text, size_t size)
{
	size_t at = 0, start;

	if (size == 0 || text[0] != '/')
		return false;
	while (at < size) {
		for (start = ++at; at < size && text[at] != '/';)
			if (next_point(text, size, &at) < 0)
				return false;
		if (!is_segment(text + start, at - start, at == size))
			return false;
	}
	return true;
}

enum held net_path_holds(const char *pattern, const char *text, size_t size)
{
	size_t at = 0, i;

	if (!is_walked_alike(text, size))
		return HELD_UNKNOWN;
	for (i = 0; pattern[i] && pattern[1]; i++)
		if (at == size || next_point(text, size, &at) != pattern[i])
			return HELD_NO;
	return !pattern[1] || at == size || text[at] == '/' ? HELD_YES : HELD_NO;
}

bool net_path_usable(const char *pattern, size_t size)
{
	return size <= POINTER_MOST && is_walked_alike(pattern, size) && !memchr(pattern, '%', size) &&
	       (size == 1 || pattern[size - 1] != '/');
}
