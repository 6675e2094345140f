/*
 * Which addresses are not simply somewhere in the public network. One table, for all who connect.
 * The sources are the registries of IANA (iana-ipv4-special-registry, iana-ipv6-special-registry,
 * ipv6-address-space, multicast) and, for metadata, what the clouds document. The first row that
 * holds an address says what it is, so a narrower one stands before the wider.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/err.h"
#include "egress/egress.h"

enum { SOMEWHERE = 255 };

static const struct range {
	const char *net;
	unsigned bits;
	enum egress_reach reach;
	const char *what;
	unsigned inner; /* where an address of IPv4 stands in it, to be judged too; 0: nowhere */
} ranges4[] = {
	{ "0.0.0.0", 8, EGRESS_NEVER, "no address", 0 },			/* RFC 791 */
	{ "10.0.0.0", 8, EGRESS_PRIVATE, "a private address", 0 },		/* RFC 1918 */
	{ "100.100.100.200", 32, EGRESS_ALONE, "where a cloud keeps its metadata", 0 }, /* Alibaba */
	{ "100.64.0.0", 10, EGRESS_PRIVATE, "a carrier's private address", 0 }, /* RFC 6598 */
	{ "127.0.0.0", 8, EGRESS_PRIVATE, "a loopback address", 0 },		/* RFC 1122 */
	{ "168.63.129.16", 32, EGRESS_ALONE, "where a cloud keeps its metadata", 0 }, /* Azure */
	{ "169.254.0.0", 16, EGRESS_ALONE,
	  "a link-local address, where clouds keep their metadata", 0 },     /* RFC 3927 */
	{ "172.16.0.0", 12, EGRESS_PRIVATE, "a private address", 0 },	     /* RFC 1918 */
	{ "192.0.0.0", 24, EGRESS_ALONE, "an address of IETF protocols", 0 },/* RFC 6890; Oracle */
	{ "192.0.2.0", 24, EGRESS_PRIVATE, "an address for documentation", 0 },	   /* RFC 5737 */
	{ "192.88.99.0", 24, EGRESS_PRIVATE, "an address of 6to4 relays", 0 },	   /* RFC 7526 */
	{ "192.168.0.0", 16, EGRESS_PRIVATE, "a private address", 0 },		   /* RFC 1918 */
	{ "198.18.0.0", 15, EGRESS_PRIVATE, "an address for measuring", 0 },	   /* RFC 2544 */
	{ "198.51.100.0", 24, EGRESS_PRIVATE, "an address for documentation", 0 }, /* RFC 5737 */
	{ "203.0.113.0", 24, EGRESS_PRIVATE, "an address for documentation", 0 },  /* RFC 5737 */
	{ "224.0.0.0", 4, EGRESS_NEVER, "no address of one machine", 0 },	   /* RFC 5771 */
	{ "240.0.0.0", 4, EGRESS_NEVER, "no address of one machine", 0 },    /* RFC 1112, 919 */
}, ranges6[] = {
	{ "::", 128, EGRESS_NEVER, "no address", 0 },				/* RFC 4291 */
	{ "::1", 128, EGRESS_PRIVATE, "a loopback address", 0 },		/* RFC 4291 */
	{ "::", 96, EGRESS_NEVER, "an address of IPv4 as it was once written", 12 }, /* RFC 4291 */
	{ "::ffff:0:0", 96, EGRESS_PUBLIC, "an address of IPv4", 12 },		/* RFC 4291 */
	{ "64:ff9b::", 96, EGRESS_PUBLIC, "a translated address of IPv4", 12 }, /* RFC 6052 */
	{ "64:ff9b:1::", 48, EGRESS_PRIVATE, "a private translated address", SOMEWHERE }, /* RFC 8215 */
	{ "100::", 63, EGRESS_NEVER, "an address that leads nowhere", 0 }, /* RFC 6666, 9780 */
	{ "2001::", 23, EGRESS_PRIVATE, "an address of IETF protocols", 0 }, /* RFC 2928, 4380 */
	{ "2001:db8::", 32, EGRESS_PRIVATE, "an address for documentation", 0 }, /* RFC 3849 */
	{ "2002::", 16, EGRESS_PRIVATE, "a tunnel to an address of IPv4", 2 },	 /* RFC 3056 */
	{ "3fff::", 20, EGRESS_PRIVATE, "an address for documentation", 0 },	 /* RFC 9637 */
	{ "2000::", 3, EGRESS_PUBLIC, "a public address", 0 },			 /* RFC 4291 */
	{ "fd00:ec2::", 32, EGRESS_ALONE, "where a cloud keeps its metadata", 0 },	/* AWS */
	{ "fd20:ce::254", 128, EGRESS_ALONE, "where a cloud keeps its metadata", 0 },	/* GCP */
	{ "fc00::", 7, EGRESS_PRIVATE, "a private address", 0 },		/* RFC 4193 */
	{ "fe80::", 10, EGRESS_NEVER, "a link-local address", 0 },		/* RFC 4291 */
	{ "fec0::", 10, EGRESS_PRIVATE, "a site-local address", 0 },		/* RFC 3879 */
	{ "ff00::", 8, EGRESS_NEVER, "no address of one machine", 0 },		/* RFC 4291 */
	{ "::", 0, EGRESS_PRIVATE, "an address that nobody was given", 0 },	/* RFC 4291 */
};

static bool shares(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static const struct range *row_of(const uint8_t *address, unsigned bits)
{
	const struct range *rows = bits == 32 ? ranges4 : ranges6;
	size_t count = bits == 32 ? count_of(ranges4) : count_of(ranges6), i;
	uint8_t net[16];

	for (i = 0; i < count; i++) {
		must(inet_pton(bits == 32 ? AF_INET : AF_INET6, rows[i].net, net) == 1);
		if (shares(address, net, rows[i].bits))
			return &rows[i];
	}
	return NULL;
}

bool egress_embeds(const uint8_t *address, unsigned bits)
{
	const struct range *r = row_of(address, bits);

	return r && r->inner != 0;
}

static enum egress_reach judge(const struct range *r, const uint8_t *address, const char **what)
{
	enum egress_reach inner;
	const char *inner_what;

	*what = r->what;
	if (r->inner == 0 || r->inner == SOMEWHERE)
		return r->reach;
	inner = egress_reach(address + r->inner, 32, &inner_what);
	if (inner > r->reach || r->reach == EGRESS_PUBLIC)
		*what = inner_what;
	return inner > r->reach ? inner : r->reach;
}

enum egress_reach egress_reach(const uint8_t *address, unsigned bits, const char **what)
{
	const struct range *r = row_of(address, bits);

	*what = "a public address";
	return r ? judge(r, address, what) : EGRESS_PUBLIC;
}

void egress_fold(uint8_t address[16], unsigned *bits)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (*bits != 128 || memcmp(address, mapped, sizeof(mapped)) != 0)
		return;
	memmove(address, address + sizeof(mapped), 4);
	*bits = 32;
}

static bool read_length(unsigned *out, const char *text, unsigned most)
{
	size_t size = strspn(text, "0123456789"), i;

	if (size == 0 || size > 3 || text[size] != '\0' || (size > 1 && text[0] == '0'))
		return false;
	for (*out = 0, i = 0; i < size; i++)
		*out = *out * 10 + (unsigned)(text[i] - '0');
	return *out <= most;
}

bool egress_network(struct egress_network *out, const char *text)
{
	size_t size = strcspn(text, "/");
	struct egress_host h;
	unsigned i;

	if (!egress_host(&h, text, size, false) || h.bits == 0 ||
	    (h.bits == 32 && memchr(text, ':', size)))
		return false;
	*out = (struct egress_network){ .bits = h.bits, .length = h.bits };
	memcpy(out->address, h.address, h.bits / 8);
	if (text[size] == '/' && !read_length(&out->length, text + size + 1, h.bits))
		return false;
	for (i = out->length; i < h.bits; i++)
		if (out->address[i / 8] & (0x80 >> i % 8))
			return false;
	return true;
}

bool egress_within(const struct egress_network *n, const uint8_t *address, unsigned bits)
{
	return n->bits == bits && shares(address, n->address, n->length);
}
