#include <string.h>

#include "wire/wire.h"

void pack_number(struct pack *p, uint64_t number, size_t bytes)
{
	if (p->over || p->room - p->size < bytes) {
		p->over = true;
		return;
	}
	for (; bytes > 0; bytes--, number >>= 8)
		p->at[p->size++] = (uint8_t)number;
}

void pack_text(struct pack *p, const char *text, size_t size)
{
	pack_number(p, size, 4);
	if (p->over || p->room - p->size < size) {
		p->over = true;
		return;
	}
	if (size)
		memcpy(p->at + p->size, text, size);
	p->size += size;
}

uint64_t unpack_number(struct unpack *u, size_t bytes)
{
	uint64_t number = 0;
	size_t i;

	if (u->bad || u->left < bytes) {
		u->bad = true;
		return 0;
	}
	for (i = 0; i < bytes; i++)
		number |= (uint64_t)u->at[i] << (8 * i);
	u->at += bytes;
	u->left -= bytes;
	return number;
}

const char *unpack_text(struct unpack *u, size_t *size)
{
	size_t count = unpack_number(u, 4);
	const char *text = (const char *)u->at;

	if (u->bad || u->left < count) {
		u->bad = true;
		return NULL;
	}
	u->at += count;
	u->left -= count;
	*size = count;
	return text;
}

bool unpack_copy(struct unpack *u, char *out, size_t room)
{
	size_t size = 0;
	const char *text = unpack_text(u, &size);

	if (!text || size >= room || memchr(text, '\0', size)) {
		u->bad = true;
		return false;
	}
	memcpy(out, text, size);
	out[size] = '\0';
	return true;
}

bool unpack_done(const struct unpack *u)
{
	return !u->bad && u->left == 0;
}
