/*
 * Is it HTTP in clear, sent through a tunnel? Then its Host, and not the tunnel, says who answers. Readers of HTTP are
 * lenient, each in its way; so whatever one of them might take for the first line of a request is one, and must then
 * be written as strictly as a request to a proxy.
 */
#include <string.h>
#include <strings.h>

#include "proxy/proxy.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* tchar of RFC 9110 5.6.2: what a method can be made of. */
static bool is_letter(char c)
{
	static const char more[] = "!#$%&'*+-.^_`|~";

	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c && strchr(more, c));
}

size_t plain_word(const char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size && is_letter(bytes[i]); i++)
		;
	return i;
}

/* In capitals or not; `bytes` is no string. */
static bool holds(const char *bytes, size_t size, const char *what)
{
	size_t length = strlen(what), i;

	for (i = 0; i + length <= size; i++)
		if (strncasecmp(bytes + i, what, length) == 0)
			return true;
	return false;
}

/* After the method. A URL and no version is a request of HTTP/0.9, and names a host all the same. */
static enum plain see_line(const char *bytes, size_t size, bool whole)
{
	size_t start, end;

	for (start = 0; start < size && is_blank(bytes[start]); start++)
		;
	if (start == size)
		return whole ? PLAIN_OTHER : PLAIN_PART;
	if ((unsigned char)bytes[start] < ' ' || memchr(bytes, '\0', size))
		return PLAIN_OTHER;
	if (!whole)
		return PLAIN_PART;
	for (end = start; end < size && !is_blank(bytes[end]); end++)
		;
	while (end < size && (is_blank(bytes[end]) || bytes[end] == '\r'))
		end++;
	if (holds(bytes, size, "HTTP/"))
		return PLAIN_REQUEST;
	return end == size && holds(bytes, size, "://") ? PLAIN_NEVER : PLAIN_OTHER;
}

enum plain plain_look(const char *bytes, size_t size, bool ended, size_t *blank)
{
	const char *line;
	size_t word;

	for (*blank = 0; *blank < size && strchr("\r\n \t", bytes[*blank]) && bytes[*blank]; ++*blank)
		;
	if (*blank > 0)
		return PLAIN_BLANK;
	word = plain_word(bytes, size);
	if (size > 6 && memcmp(bytes, "PROXY ", 6) == 0)
		return PLAIN_NEVER; /* the PROXY protocol, 1: a line of its own before a request */
	if (word == size)
		return ended ? PLAIN_OTHER : PLAIN_WORD;
	if (word == 0 || !is_blank(bytes[word]))
		return PLAIN_OTHER;
	line = memchr(bytes, '\n', size);
	return see_line(bytes + word, line ? (size_t)(line - bytes) - word : size - word, line || ended || size >= EGRESS_HEAD);
}
