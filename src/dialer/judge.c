/*
 * Which addresses may be connected to: those of the public network that are not this machine's own,
 * and those that the profile names. What is judged here is what is connected to afterwards, the
 * same bytes: nobody looks the name up again.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dialer/dialer.h"

static bool is_named(const struct dialer *d, const struct place *p, bool alone)
{
	const struct egress_network *n;
	size_t i;

	for (i = 0; i < d->network_count; i++) {
		n = &d->networks[i];
		if (egress_within(n, p->address, p->bits) && (!alone || n->length == n->bits))
			return true;
	}
	return false;
}

static void say_refused(struct dial *a, const char *address, const struct place *p,
			enum egress_reach reach, const char *what)
{
	bool itself = strcmp(a->host, address) == 0;

	if (a->refused[0])
		return;
	if (reach == EGRESS_NEVER)
		snprintf(a->refused, sizeof(a->refused), "%.100s%s%s, %s: nobody connects there",
			 itself ? "" : a->host, itself ? "" : " is ", address, what);
	else
		snprintf(a->refused, sizeof(a->refused),
			 "%.100s%s%s, %s; if it is meant, the profile's network needs "
			 "\"private\": [\"%s/%u\"]",
			 itself ? "" : a->host, itself ? "" : " is ", address, what, address,
			 p->bits);
}

bool judge_address(struct dial *a, const struct place *p)
{
	char address[INET6_ADDRSTRLEN];
	const char *what;
	enum egress_reach reach = egress_reach(p->address, p->bits, &what);

	if (reach == EGRESS_PUBLIC && place_kind(p) == PLACE_OURS) {
		reach = EGRESS_PRIVATE;
		what = "an address of this machine";
	}
	if (reach == EGRESS_PUBLIC ||
	    (reach != EGRESS_NEVER && is_named(a->dialer, p, reach == EGRESS_ALONE)))
		return true;
	must(egress_address(address, sizeof(address), p->address, p->bits));
	say_refused(a, address, p, reach, what);
	return false;
}

int judge_networks(struct dialer *d, struct unpack *u, struct err *e)
{
	size_t count = unpack_number(u, 2), i;
	char text[64];

	for (i = 0; i < count && i < NETWORKS && unpack_copy(u, text, sizeof(text)); i++) {
		if (!egress_network(&d->networks[i], text))
			return err_set(e, ERR_PEER, "REACH of \"%s\", which is no network", text);
		d->network_count++;
	}
	return i == count && unpack_done(u) ? 0 : err_set(e, ERR_PEER, "malformed REACH");
}
