#include "broker/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "mcp/mcp.h"

enum { READ_SIZE = 64 << 10, KEEP_SIZE = 128 << 10 };

/* How it began and how it ended is kept of a line that is not. */
static void keep_ends(struct lines *l, const char *bytes, size_t size)
{
	size_t head = sizeof(l->head) - l->head_size, more = size < sizeof(l->tail) ? size : sizeof(l->tail);
	size_t old = sizeof(l->tail) - more;

	head = size < head ? size : head;
	memcpy(l->head + l->head_size, bytes, head);
	l->head_size += head;
	old = l->tail_size < old ? l->tail_size : old;
	memmove(l->tail, l->tail + l->tail_size - old, old);
	memcpy(l->tail + old, bytes + size - more, more);
	l->tail_size = old + more;
}

/* Keep a skipped line from growing: only its length is of interest until its newline comes. */
static void skip(struct lines *l)
{
	if (!l->skipping)
		l->head_size = l->tail_size = 0;
	keep_ends(l, l->in.data + l->at, l->in.size - l->at);
	l->skipped += l->in.size - l->at;
	l->skipping = true;
	l->in.size = l->at;
	l->seen = l->at;
}

int lines_read(struct lines *l, int fd)
{
	ssize_t got;

	lines_tidy(l);
	if (!buf_reserve(&l->in, READ_SIZE))
		return -1;
	do
		got = read(fd, l->in.data + l->in.size, READ_SIZE);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	l->in.size += (size_t)got;
	return got > 0 ? 1 : -1;
}

enum lines_got lines_next(struct lines *l, const char **line, size_t *size)
{
	const char *from = l->in.data + l->seen, *end = NULL;
	size_t length;

	if (l->seen < l->in.size)
		end = memchr(from, '\n', l->in.size - l->seen);
	if (!end) {
		l->seen = l->in.size;
		if (l->skipping || l->in.size - l->at > l->most)
			skip(l);
		return LINES_NONE;
	}
	*line = l->in.data + l->at;
	length = (size_t)(end - *line);
	*size = length + l->skipped;
	l->at += length + 1;
	l->seen = l->at;
	l->skipped = 0;
	if (!l->skipping && length <= l->most)
		return LINES_LINE;
	if (!l->skipping)
		l->head_size = l->tail_size = 0;
	keep_ends(l, *line, length);
	l->skipping = false;
	return LINES_LONG;
}

void lines_tidy(struct lines *l)
{
	buf_drop(&l->in, l->at);
	l->seen -= l->at;
	l->at = 0;
	if (l->in.size == 0 && l->in.room > KEEP_SIZE)
		buf_free(&l->in);
}

void lines_free(struct lines *l)
{
	buf_free(&l->in);
}

/* Who reads slowly but steadily must not fill the buffer with what it has read. */
static bool keep(struct outlet *o)
{
	if (o->at > OUT_PAUSE) {
		buf_drop(&o->out, o->at);
		o->at = 0;
	}
	return !o->out.over;
}

bool outlet_flush(struct outlet *o, int fd)
{
	ssize_t done;

	while (outlet_left(o) > 0) {
		done = write(fd, o->out.data + o->at, outlet_left(o));
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? keep(o) : false;
		o->at += (size_t)done;
	}
	o->out.size = 0;
	o->at = 0;
	if (o->out.room > KEEP_SIZE)
		buf_free(&o->out);
	return !o->out.over;
}
