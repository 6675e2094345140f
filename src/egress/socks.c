/* SOCKS 5, RFC 1928: the greeting (3), the request (4), the ways a host is written (5). */
#include <string.h>

#include "egress/egress.h"

enum { VERSION = 5, NO_AUTHENTICATION = 0, CONNECT = 1, BY_IPV4 = 1, BY_NAME = 3, BY_IPV6 = 4 };

static enum egress_got bad(const char **why, const char *text)
{
	*why = text;
	return EGRESS_BAD;
}

enum egress_got egress_read_greeting(const uint8_t *bytes, size_t size, size_t *used, const char **why)
{
	if (size > 0 && bytes[0] != VERSION)
		return bad(why, "this is not SOCKS 5");
	if (size < 2 || size < 2 + (size_t)bytes[1])
		return EGRESS_MORE;
	*used = 2 + (size_t)bytes[1];
	if (!memchr(bytes + 2, NO_AUTHENTICATION, bytes[1]))
		return bad(why, "SOCKS 5 is spoken here without authentication only");
	return EGRESS_WHOLE;
}

/* An address is written out and read again, so that there is one reader of hosts. */
static bool read_address(struct egress_host *out, const uint8_t *bytes, unsigned bits)
{
	char text[64];

	return egress_address(text, sizeof(text), bytes, bits) &&
	       egress_host(out, text, strlen(text), false);
}

enum egress_got egress_read_socks(struct egress_socks *out, const uint8_t *bytes, size_t size,
				  const char **why)
{
	size_t from = 4, host;
	bool good;

	if (size < 5)
		return EGRESS_MORE;
	if (bytes[0] != VERSION || bytes[2] != 0)
		return bad(why, "this is not a request of SOCKS 5");
	if (bytes[1] != CONNECT)
		return bad(why, "of SOCKS 5 only CONNECT is offered");
	if (bytes[3] != BY_IPV4 && bytes[3] != BY_IPV6 && bytes[3] != BY_NAME)
		return bad(why, "a kind of address that SOCKS 5 does not have");
	host = bytes[3] == BY_IPV4 ? 4 : bytes[3] == BY_IPV6 ? 16 : bytes[4];
	from += bytes[3] == BY_NAME;
	if (size < from + host + 2)
		return EGRESS_MORE;
	if (bytes[3] == BY_NAME)
		good = egress_host(&out->host, (const char *)bytes + from, host, false);
	else
		good = read_address(&out->host, bytes + from, bytes[3] == BY_IPV4 ? 32 : 128);
	out->port = (uint16_t)(bytes[from + host] << 8 | bytes[from + host + 1]);
	out->size = from + host + 2;
	if (!good || out->port == 0)
		return bad(why, "neither a host's name nor an address, with a port");
	return EGRESS_WHOLE;
}
