/*
 * DNS, RFC 1035: a header (4.1.1), one question (4.1.2), and at most an EDNS record behind it (RFC 6891).
 * A name is a way out by itself, so what could carry much is refused before anybody is asked.
 */
#include <string.h>

#include "egress/egress.h"

enum {
	HEADER = 12,
	FLAG_RESPONSE = 0x80, FLAGS_OPCODE = 0x78, FLAG_CUT = 0x02, FLAG_RECURSE = 0x01,
	CLASS_IN = 1, TYPE_A = 1, TYPE_AAAA = 28, TYPE_OPT = 41,
	OPT_RECORD = 11,	/* root name, type, class, ttl, length 0 */
	NOTHING = 0xffff,
};

static unsigned number(const uint8_t *at)
{
	return (unsigned)(at[0] << 8 | at[1]);
}

static enum egress_got bad(unsigned *code, unsigned answer, const char **why, const char *text)
{
	*code = answer;
	*why = text;
	return EGRESS_BAD;
}

/* Labels to a text with dots; compression has no place in a question. Gives where it ends, 0: malformed. */
static size_t read_name(char *out, size_t *length, const uint8_t *bytes, size_t size)
{
	size_t at = HEADER, n = 0;

	while (at < size && bytes[at] != 0) {
		if (bytes[at] > 63 || at + 1 + bytes[at] >= size || n + bytes[at] + 1u > EGRESS_NAME ||
		    memchr(bytes + at + 1, '.', bytes[at]))
			return 0;
		memcpy(out + n, bytes + at + 1, bytes[at]);
		n += bytes[at];
		out[n++] = '.';
		at += 1 + (size_t)bytes[at];
	}
	*length = n > 0 ? n - 1 : 0;
	return at < size && n > 0 ? at + 1 : 0;
}

/* What may stand behind the question: nothing, or one OPT record without options. */
static bool ends_well(const uint8_t *bytes, size_t at, size_t size)
{
	unsigned more = number(bytes + 10);

	if (number(bytes + 6) != 0 || number(bytes + 8) != 0)
		return false;
	if (more == 0)
		return at == size;
	return more == 1 && size == at + OPT_RECORD && bytes[at] == 0 && number(bytes + at + 1) == TYPE_OPT &&
	       number(bytes + at + 9) == 0;
}

enum egress_got egress_read_question(struct egress_question *out, const uint8_t *bytes, size_t size,
				     unsigned *code, const char **why)
{
	char name[EGRESS_NAME + 2];
	size_t at, length = 0;

	*out = (struct egress_question){ .id = 0 };
	if (size < HEADER || size > EGRESS_QUESTION || (bytes[2] & FLAG_RESPONSE))
		return bad(code, NOTHING, why, "this is not a question of the DNS");
	out->id = (uint16_t)number(bytes);
	if ((bytes[2] & FLAGS_OPCODE) || (bytes[2] & FLAG_CUT))
		return bad(code, EGRESS_DNS_NOT_HERE, why, "of the DNS only plain questions are answered");
	at = number(bytes + 4) == 1 ? read_name(name, &length, bytes, size) : 0;
	if (at == 0 || at + 4 > size || !ends_well(bytes, at + 4, size))
		return bad(code, EGRESS_DNS_FORMAT, why, "a malformed question of the DNS");
	out->type = (uint16_t)number(bytes + at);
	out->size = at + 4;
	if (number(bytes + at + 2) != CLASS_IN || (out->type != TYPE_A && out->type != TYPE_AAAA))
		return bad(code, EGRESS_DNS_REFUSED, why, "only addresses (A, AAAA) may be asked for");
	if (length > EGRESS_LABELS || !egress_host(&out->host, name, length, false) || out->host.bits)
		return bad(code, EGRESS_DNS_REFUSED, why, "a name that no host has");
	return EGRESS_WHOLE;
}

static size_t put(uint8_t *out, size_t at, unsigned value)
{
	out[at] = (uint8_t)(value >> 8);
	out[at + 1] = (uint8_t)value;
	return at + 2;
}

/* The question is repeated as it was asked, in its own case: some clients check that. */
size_t egress_write_answer(uint8_t *out, const uint8_t *asked, const struct egress_question *q,
			   unsigned code, const uint8_t *address, uint32_t ttl)
{
	size_t at = q->size > HEADER ? q->size : HEADER;
	unsigned flags = (unsigned)(FLAG_RESPONSE | (asked[2] & FLAG_RECURSE)) << 8 | 0x80 | (code & 15);

	memcpy(out, asked, at);
	put(out, 2, flags);
	put(out, 4, at > HEADER);
	put(out, 6, address != NULL);
	put(out, 8, 0);
	put(out, 10, 0);
	if (!address)
		return at;
	at = put(out, at, 0xc000 | HEADER);
	at = put(out, at, TYPE_A);
	at = put(out, at, CLASS_IN);
	at = put(out, at, ttl >> 16);
	at = put(out, at, ttl & 0xffff);
	at = put(out, at, 4);
	memcpy(out + at, address, 4);
	return at + 4;
}
