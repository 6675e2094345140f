/* tests/tools/lines.h - lines from a descriptor, and whether another one is here already. */
#ifndef TOOLS_LINES_H
#define TOOLS_LINES_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lines {
	int fd;
	char *bytes;
	size_t from, size, room;
};

static inline char *line_end(const struct lines *l)
{
	return l->size > l->from ? memchr(l->bytes + l->from, '\n', l->size - l->from) : NULL;
}

/* One that can be taken without waiting: who answers may then put off flushing. */
static inline bool line_is_here(const struct lines *l)
{
	return line_end(l) != NULL;
}

/* The next line with its newline, until the next call; NULL at the end. */
static inline char *line_next(struct lines *l, size_t *size)
{
	char *end, *line;
	ssize_t got = 1;

	while (!(end = line_end(l)) && got > 0) {
		memmove(l->bytes, l->bytes + l->from, l->size - l->from);
		l->size -= l->from;
		l->from = 0;
		if (l->room - l->size < 65536 && !(l->bytes = realloc(l->bytes, l->room = 2 * l->room + 131072)))
			exit(3);
		do
			got = read(l->fd, l->bytes + l->size, l->room - l->size);
		while (got < 0 && errno == EINTR);
		l->size += got > 0 ? (size_t)got : 0;
	}
	if (!end)
		return NULL;
	line = l->bytes + l->from;
	*size = (size_t)(end + 1 - line);
	l->from += *size;
	return line;
}

#endif
