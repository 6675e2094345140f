/* ledger/pack.h - numbers and texts one behind the other, for a recorder's own states: little-endian, sizes first. */
#ifndef LEDGER_PACK_H
#define LEDGER_PACK_H

#include <string.h>

#include "base/buf.h"

struct packed {
	const char *at;
	size_t left;
	bool bad;	/* it ended early, or holds what cannot be: sticky */
};

static inline void pack_number(struct buf *out, uint64_t number)
{
	buf_add(out, &number, sizeof(number));
}

static inline void pack_bytes(struct buf *out, const void *bytes, size_t size)
{
	pack_number(out, size);
	buf_add(out, bytes, size);
}

static inline const char *packed_take(struct packed *p, size_t size)
{
	const char *at = p->at;

	p->bad = p->bad || size > p->left;
	if (p->bad)
		return NULL;
	p->at += size;
	p->left -= size;
	return at;
}

static inline uint64_t packed_number(struct packed *p)
{
	const char *at = packed_take(p, sizeof(uint64_t));
	uint64_t number = 0;

	if (at)
		memcpy(&number, at, sizeof(number));
	return number;
}

static inline const char *packed_bytes(struct packed *p, size_t *size)
{
	*size = packed_number(p);
	return packed_take(p, *size);
}

/* Exactly that many bytes. */
static inline void packed_fixed(struct packed *p, void *out, size_t size)
{
	size_t found;
	const char *at = packed_bytes(p, &found);

	p->bad = p->bad || found != size;
	if (!p->bad)
		memcpy(out, at, size);
}

/* How many follow: no more than could. */
static inline size_t packed_count(struct packed *p, size_t most)
{
	uint64_t count = packed_number(p);

	p->bad = p->bad || count > most || count > p->left;
	return p->bad ? 0 : (size_t)count;
}

#endif
