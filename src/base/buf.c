#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool buf_reserve(struct buf *b, size_t more)
{
	size_t want, room;
	char *data;

	if (b->over || more > b->most || b->size > b->most - more)
		return !(b->over = true);
	want = b->size + more;
	if (want <= b->room)
		return true;
	room = b->room ? b->room : 256;
	while (room < want)
		room *= 2;
	room = room < b->most ? room : b->most;
	data = realloc(b->data, room);
	if (!data)
		return !(b->over = true);
	b->data = data;
	b->room = room;
	return true;
}

bool buf_add(struct buf *b, const void *bytes, size_t size)
{
	if (!buf_reserve(b, size))
		return false;
	if (size)
		memcpy(b->data + b->size, bytes, size);
	b->size += size;
	return true;
}

bool buf_puts(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
	char small[512];
	va_list ap;
	int size;

	va_start(ap, fmt);
	size = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (size < 0)
		return !(b->over = true);
	if ((size_t)size < sizeof(small))
		return buf_add(b, small, (size_t)size);
	if (!buf_reserve(b, (size_t)size + 1))	/* with its NUL */
		return false;
	va_start(ap, fmt);
	vsnprintf(b->data + b->size, (size_t)size + 1, fmt, ap);
	va_end(ap);
	b->size += (size_t)size;
	return true;
}

void buf_drop(struct buf *b, size_t count)
{
	if (count < b->size)
		memmove(b->data, b->data + count, b->size - count);
	b->size = count < b->size ? b->size - count : 0;
}

/* The NUL stands beyond `size` and is not part of the contents, so it may exceed `most` by one. */
const char *buf_text(struct buf *b)
{
	char *data;

	if (b->over)
		return NULL;
	if (b->size == b->room) {
		data = realloc(b->data, b->room + 1);
		if (!data)
			return NULL;
		b->data = data;
		b->room++;
	}
	b->data[b->size] = '\0';
	return b->data;
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = BUF(b->most);
}
