/*
 * Hosts and addresses out of texts that an agent wrote: what src/egress reads of them, all programs
 * read alike. Everything else cannot be judged.
 */
#include <string.h>

#include "egress/egress.h"
#include "policy/rule.h"

bool net_cidr_usable(const char *range)
{
	struct egress_network n;

	return egress_network(&n, range) && !egress_embeds(n.address, n.bits);
}

/* An address in which another one stands: whoever passes it on decides which of them it is. */
static enum held hold_address(const char *range, const struct egress_host *h)
{
	struct egress_network n;

	if (egress_embeds(h->address, h->bits))
		return HELD_UNKNOWN;
	if (!egress_network(&n, range))
		return HELD_NO;
	return egress_within(&n, h->address, h->bits) ? HELD_YES : HELD_NO;
}

enum held net_cidr_holds(const char *range, const char *text, size_t size)
{
	struct egress_host h;

	if (!egress_named(&h, text, size) || h.bits == 0)
		return HELD_UNKNOWN;
	return hold_address(range, &h);
}

bool net_cidr_covers(const char *wide, const char *narrow)
{
	struct egress_network w, n;

	return egress_network(&w, wide) && egress_network(&n, narrow) && w.length <= n.length &&
	       egress_within(&w, n.address, n.bits);
}

/*
 * "example.com", or "*.example.com": any name that ends so, with at least one label more; or an
 * address in its one form.
 */
bool net_host_usable(const char *pattern)
{
	bool wild = strncmp(pattern, "*.", 2) == 0;
	struct egress_host h;

	pattern += wild ? 2 : 0;
	if (!egress_host(&h, pattern, strlen(pattern), false))
		return false;
	if (h.bits)
		return !wild && strcmp(h.text, pattern) == 0 && net_cidr_usable(pattern);
	return strlen(h.text) == strlen(pattern);
}

enum held net_host_holds(const char *pattern, const char *text, size_t size)
{
	struct egress_host h;

	if (!egress_named(&h, text, size))
		return HELD_UNKNOWN;
	if (h.bits)
		return net_cidr_usable(pattern) ? hold_address(pattern, &h) : HELD_NO;
	return egress_matches(pattern, h.text) ? HELD_YES : HELD_NO;
}
