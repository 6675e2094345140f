/*
 * Which addresses are connected to. A name is looked up by us and not by libcurl, and each address
 * is judged twice: when it is found, and when a socket is made for it. So no name can lead
 * elsewhere between the two.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "courier/courier.h"

enum { RESOLVE_SECONDS = 60, ADDRESSES = 16 };

/* RFC 6890 and the registries it began; `ever`: refused whoever asks. */
static const struct {
	const char *net;
	unsigned bits;
	bool ever;
	const char *what;
} special4[] = {
	{ "0.0.0.0", 8, true, "no address" },
	{ "10.0.0.0", 8, false, "a private address" },
	{ "100.64.0.0", 10, false, "a carrier's private address" },
	{ "127.0.0.0", 8, false, "a loopback address" },
	{ "169.254.0.0", 16, true, "a link-local address, where clouds keep their metadata" },
	{ "172.16.0.0", 12, false, "a private address" },
	{ "192.0.0.0", 24, true, "an address of IETF protocols" },
	{ "192.168.0.0", 16, false, "a private address" },
	{ "198.18.0.0", 15, false, "an address for measuring" },
	{ "224.0.0.0", 3, true, "no address of one machine" },
}, special6[] = {
	{ "::", 128, true, "no address" },
	{ "::1", 128, false, "a loopback address" },
	{ "64:ff9b:1::", 48, false, "a private translated address" },
	{ "100::", 64, true, "an address that leads nowhere" },
	{ "fd00:ec2::", 32, true, "where a cloud keeps its metadata" },
	{ "fc00::", 7, false, "a private address" },
	{ "fe80::", 10, true, "a link-local address" },
	{ "fec0::", 10, false, "a site-local address" },
	{ "ff00::", 8, true, "no address of one machine" },
};

static bool is_within(const uint8_t *address, const uint8_t *net, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(address, net, whole) != 0)
		return false;
	return rest == 0 || (address[whole] ^ net[whole]) >> (8 - rest) == 0;
}

static const char *refused4(const uint8_t *address, bool private_too)
{
	uint8_t net[4];
	size_t i;

	for (i = 0; i < count_of(special4); i++) {
		must(inet_pton(AF_INET, special4[i].net, net) == 1);
		if (is_within(address, net, special4[i].bits))
			return special4[i].ever || !private_too ? special4[i].what : NULL;
	}
	return NULL;
}

/* Where an IPv4 address stands in one of IPv6: mapped, compatible, NAT64, 6to4. */
static const uint8_t *inner4(const uint8_t *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff },
			     nat64[12] = { 0, 0x64, 0xff, 0x9b }, none[12] = { 0 };

	if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
		return a + 12;
	if (memcmp(a, none, 12) == 0 && (a[12] || a[13] || a[14]))
		return a + 12;
	return a[0] == 0x20 && a[1] == 0x02 ? a + 2 : NULL;
}

static const char *refused6(const uint8_t *address, bool private_too)
{
	const uint8_t *inner = inner4(address);
	uint8_t net[16];
	size_t i;

	if (inner)
		return refused4(inner, private_too);
	for (i = 0; i < count_of(special6); i++) {
		must(inet_pton(AF_INET6, special6[i].net, net) == 1);
		if (is_within(address, net, special6[i].bits))
			return special6[i].ever || !private_too ? special6[i].what : NULL;
	}
	return NULL;
}

const char *address_refused(const struct sockaddr *a, bool private_too)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (a->sa_family == AF_INET) {
		memcpy(&v4, a, sizeof(v4));
		return refused4((const uint8_t *)&v4.sin_addr, private_too);
	}
	if (a->sa_family != AF_INET6)
		return "no internet address";
	memcpy(&v6, a, sizeof(v6));
	return refused6(v6.sin6_addr.s6_addr, private_too);
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
