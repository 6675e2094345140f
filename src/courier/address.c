/*
 * Which addresses are connected to. A name is looked up by us and not by libcurl, and each address
 * is judged twice: when it is found, and when a socket is made for it. So no name can lead
 * elsewhere between the two.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "courier/courier.h"
#include "egress/egress.h"

enum { RESOLVE_SECONDS = 60, ADDRESSES = 16 };

const char *address_refused(const struct sockaddr *a, bool private_too)
{
	const char *what = "no internet address";
	enum egress_reach reach = EGRESS_NEVER;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (a->sa_family == AF_INET) {
		memcpy(&v4, a, sizeof(v4));
		reach = egress_reach((const uint8_t *)&v4.sin_addr, 32, &what);
	} else if (a->sa_family == AF_INET6) {
		memcpy(&v6, a, sizeof(v6));
		reach = egress_reach(v6.sin6_addr.s6_addr, 128, &what);
	}
	return reach == EGRESS_PUBLIC || (reach == EGRESS_PRIVATE && private_too) ? NULL : what;
}

static bool add_address(struct courier *c, struct buf *list, const struct addrinfo *found)
{
	const char *what = address_refused(found->ai_addr, c->words.private);
	char text[64];

	if (getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0,
			NI_NUMERICHOST) != 0)
		return false;
	if (what) {
		snprintf(c->refused, sizeof(c->refused), "%s leads to %s, %s", c->words.host, text,
			 what);
		return false;
	}
	buf_printf(list, found->ai_family == AF_INET6 ? "%s[%s]" : "%s%s", list->size ? "," : "",
		   text);
	return true;
}

static int make_list(struct courier *c, const struct addrinfo *found, struct err *e)
{
	scoped(buf) struct buf list = BUF(4096), entry = BUF(8192);
	size_t count = 0;

	c->refused[0] = '\0';
	for (; found && count < ADDRESSES; found = found->ai_next)
		count += add_address(c, &list, found);
	if (count == 0)
		return err_set(
			e, ERR_INPUT,
			"%s: reeve does not connect there; what is meant to be private takes "
			"\"private\": true in the tool file",
			c->refused[0] ? c->refused : c->words.host);
	curl_slist_free_all(c->resolved);
	c->resolved = NULL;
	if (strchr(c->words.host,
		   ':')) /* an address of IPv6: there is nothing to look up, nor a way to say it */
		return 0;
	buf_printf(&entry, "%s:%u:%s", c->words.host, c->words.port, buf_text(&list));
	c->resolved = curl_slist_append(NULL, buf_text(&entry));
	return c->resolved ? 0 : err_set(e, ERR_SYSTEM, "no memory for addresses");
}

int address_resolve(struct courier *c, struct err *e)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC };
	uint64_t now = clock_mono_ns();
	struct addrinfo *found = NULL;
	int rc;

	if (c->resolved_ns && now - c->resolved_ns < RESOLVE_SECONDS * UINT64_C(1000000000))
		return 0;
	rc = getaddrinfo(c->words.host, NULL, &want, &found);
	if (rc != 0)
		return err_set(e, ERR_SYSTEM, "%s: %s", c->words.host, gai_strerror(rc));
	rc = make_list(c, found, e);
	freeaddrinfo(found);
	c->resolved_ns = rc == 0 ? now : 0;
	return rc;
}
