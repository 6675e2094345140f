/*
 * Patterns, in time that grows with the text alone. The agent writes the text, so no pattern may be
 * made to try again and again: what stands between two '*' is found at its first place, once.
 */
#include <stddef.h>
#include <string.h>

#include "policy/rule.h"

static bool is_inside(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Does the part stand right here? How many bytes of the text it takes, or -1. */
static ptrdiff_t part_at(const char *part, size_t part_size, const char *text, size_t size,
			 bool points)
{
	size_t at = 0, i;

	for (i = 0; i < part_size; i++) {
		if (at == size || (part[i] != text[at] && !(points && part[i] == '?')))
			return -1;
		if (points && part[i] == '?')
			while (at + 1 < size && is_inside(text[at + 1]))
				at++;
		at++;
	}
	return (ptrdiff_t)at;
}

/*
 * Every place at once: bit i says that part[0..i] ends here. A '?' takes a byte that begins a
 * character, and stays while the character goes on. Returns the byte after the first place, or
 * NULL.
 */
static const char *find_points(const char *part, size_t part_size, const char *text, size_t size)
{
	uint64_t takes[256] = { 0 }, any = 0, now = 0, last = UINT64_C(1) << (part_size - 1);
	size_t i;

	for (i = 0; i < part_size; i++)
		*(part[i] == '?' ? &any : &takes[(unsigned char)part[i]]) |= UINT64_C(1) << i;
	for (i = 0; i < size; i++) {
		if (is_inside(text[i]))
			now = ((now << 1) & takes[(unsigned char)text[i]]) | (now & any);
		else
			now = (now << 1 | 1) & (takes[(unsigned char)text[i]] | any);
		if (now & last && (i + 1 == size || !is_inside(text[i + 1])))
			return text + i + 1;
	}
	return NULL;
}

static const char *find_part(const char *part, size_t part_size, const char *text, size_t size,
			     bool points)
{
	const char *found;

	if (points && memchr(part, '?', part_size))
		return find_points(part, part_size, text, size);
	found = memmem(text, size, part, part_size);
	return found ? found + part_size : NULL;
}

/* The last part stands at the end: as far before it as it has characters. */
static bool ends_with(const char *part, size_t part_size, const char *text, size_t size,
		      bool points)
{
	const char *at = text + size;
	size_t i;

	for (i = 0; i < part_size; i++) {
		if (at == text)
			return false;
		at--;
		if (points && part[part_size - 1 - i] == '?')
			while (at > text && is_inside(*at))
				at--;
	}
	return part_at(part, part_size, at, (size_t)(text + size - at), points) == text + size - at;
}

bool glob_matches(const char *pattern, const char *text, size_t size, bool points)
{
	const char *end = text + size, *star = strchr(pattern, '*');
	size_t part = star ? (size_t)(star - pattern) : strlen(pattern);
	ptrdiff_t first = part_at(pattern, part, text, size, points);

	if (first < 0 || !star)
		return first >= 0 && (size_t)first == size;
	for (text += first; text && star;) {
		pattern = star + 1;
		star = strchr(pattern, '*');
		if (!star)
			return ends_with(pattern, strlen(pattern), text, (size_t)(end - text),
					 points);
		part = (size_t)(star - pattern);
		text = find_part(pattern, part, text, (size_t)(end - text), points);
	}
	return false;
}

/* find_points() has a bit for each byte of a part. */
bool glob_usable(const char *pattern, size_t size)
{
	size_t part;

	if (size == 0 || size > GLOB_MOST)
		return false;
	for (; *pattern; pattern += part + (pattern[part] == '*')) {
		part = strcspn(pattern, "*");
		if (part > GLOB_PART && memchr(pattern, '?', part))
			return false;
	}
	return true;
}
