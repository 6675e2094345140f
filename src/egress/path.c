/*
 * Is a request's path read alike by who judges it and who serves it? One with a step that means "here" or "up" is not:
 * some servers walk it, and some do so after they have decoded it. No client sends one: they walk it themselves.
 */
#include <string.h>
#include <strings.h>

#include "egress/egress.h"

/* The character that stands here, decoded if it is a dot or a kind of slash; its length in *used. */
static char read_char(const char *at, size_t left, size_t *used)
{
	static const struct {
		const char *code;
		char means;
	} codes[] = { { "%2e", '.' }, { "%2f", '/' }, { "%5c", '/' }, { "\\", '/' },
		    { "%00", '\0' }, { "%3b", ';' } };
	size_t i, size;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		size = strlen(codes[i].code);
		if (left < size || strncasecmp(at, codes[i].code, size) != 0)
			continue;
		*used = size;
		return codes[i].means;
	}
	*used = 1;
	return *at;
}

bool egress_path_is_plain(const char *path, size_t size)
{
	size_t dots = 0, others = 0, at, used = 0;
	char c;

	for (at = 0; at < size; at += used) {
		c = read_char(path + at, size - at, &used);
		/* Behind ";" some servers have parameters of the step, which they take away first. */
		if (c == '\0' || ((c == '/' || c == ';') && others == 0 && (dots == 1 || dots == 2)))
			return false;
		if (c == '/') {
			dots = others = 0;
		} else if (c == '.') {
			dots++;
		} else {
			others++;
		}
	}
	return others > 0 || dots == 0 || dots > 2;
}
