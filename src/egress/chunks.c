/* A chunked body going by: how far it reaches, strictly. size CR LF, so many bytes, CR LF; 0 CR LF CR LF ends it. */
#include "egress/egress.h"

enum { SIZE, SIZE_LF, DATA, DATA_CR, DATA_LF, LAST_CR, LAST_LF, ENDED, SIZE_DIGITS = 12 };

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_size(struct egress_chunks *c, uint8_t byte)
{
	int digit = hex(byte);

	if (digit < 0) {
		c->state = SIZE_LF;
		return byte == '\r' && c->digits > 0;
	}
	c->left = c->left << 4 | (uint64_t)digit;
	return ++c->digits <= SIZE_DIGITS;
}

static bool expect(struct egress_chunks *c, uint8_t byte, uint8_t wanted, unsigned next)
{
	c->state = next;
	return byte == wanted;
}

/* One byte that is not of a chunk's data. */
static bool take_byte(struct egress_chunks *c, uint8_t byte)
{
	switch (c->state) {
	case SIZE:
		return take_size(c, byte);
	case SIZE_LF:
		return expect(c, byte, '\n', c->left ? DATA : LAST_CR);
	case DATA_CR:
		return expect(c, byte, '\r', DATA_LF);
	case DATA_LF:
		c->digits = 0;
		return expect(c, byte, '\n', SIZE);
	case LAST_CR:
		return expect(c, byte, '\r', LAST_LF);
	case LAST_LF:
		return expect(c, byte, '\n', ENDED);
	default:
		return false;
	}
}

enum egress_got egress_take_chunk(struct egress_chunks *c, const char *bytes, size_t size, size_t *used,
				  struct egress_span *data)
{
	*data = (struct egress_span){ bytes, 0 };
	for (*used = 0; *used < size && c->state != ENDED && data->size == 0;) {
		if (c->state == DATA) {
			*data = (struct egress_span){ bytes + *used,
						      c->left < size - *used ? (size_t)c->left : size - *used };
			*used += data->size;
			c->left -= data->size;
			c->state = c->left ? DATA : DATA_CR;
		} else if (!take_byte(c, (uint8_t)bytes[(*used)++])) {
			return EGRESS_BAD;
		}
	}
	return c->state == ENDED ? EGRESS_WHOLE : EGRESS_MORE;
}

enum egress_got egress_read_chunks(struct egress_chunks *c, const char *bytes, size_t size, size_t *used)
{
	enum egress_got got = EGRESS_MORE;
	struct egress_span data;
	size_t some;

	for (*used = 0; *used < size && got == EGRESS_MORE; *used += some)
		got = egress_take_chunk(c, bytes + *used, size - *used, &some, &data);
	return c->state == ENDED ? EGRESS_WHOLE : got;
}
