/*
 * Hosts and addresses out of texts that an agent wrote. There are many programs that read such a
 * text and they differ, so only what all of them read alike is judged: a bare host, a host and a
 * port, or a URL without a name and password in front of its host. Everything else cannot be
 * judged.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "policy/rule.h"

enum { HOST_MOST = 253, LABEL_MOST = 63 };

struct text {
	const char *at;
	size_t size;
};

struct address {
	uint8_t bytes[16];
	unsigned bits; /* 32 or 128 */
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char digits[] = "0123456789";

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

/* Blanks and controls are cut out by some readers, a backslash is a slash to some. */
static bool is_odd(struct text t)
{
	size_t i;

	for (i = 0; i < t.size; i++)
		if ((unsigned char)t.at[i] <= 0x20 || (unsigned char)t.at[i] >= 0x7f ||
		    t.at[i] == '\\')
			return true;
	return t.size == 0;
}

static size_t span(struct text t, const char *stop)
{
	size_t i;

	for (i = 0; i < t.size && !is_one_of(t.at[i], stop); i++)
		;
	return i;
}

/* "https://HOST:1/…" to "HOST:1"; a text without "://" is left as it is. */
static bool cut_url(struct text *t)
{
	const char *colon = memmem(t->at, t->size, "://", 3);
	size_t i;

	if (!colon)
		return true;
	for (i = 0; t->at + i < colon; i++)
		if (!is_one_of(t->at[i], letters) &&
		    (i == 0 || (!is_one_of(t->at[i], digits) && !is_one_of(t->at[i], "+-."))))
			return false;
	if (i == 0)
		return false;
	t->size -= i + 3;
	t->at += i + 3;
	t->size = span(*t, "/?#");
	return true;
}

static bool is_port(struct text t)
{
	size_t i;

	for (i = 0; i < t.size; i++)
		if (!is_one_of(t.at[i], digits))
			return false;
	return t.size > 0 && t.size <= 5;
}

/* "[::1]:80" to "::1", "a.b:80" to "a.b". An address of version 6 may also stand bare. */
static bool cut_port(struct text *t, bool *six)
{
	size_t i = span(*t, "]:");
	struct text rest;

	*six = t->size > 0 && t->at[0] == '[';
	if (*six) {
		i = span(*t, "]");
		if (i == t->size)
			return false;
		rest = (struct text){ t->at + i + 1, t->size - i - 1 };
		*t = (struct text){ t->at + 1, i - 1 };
		return rest.size == 0 ||
		       (rest.at[0] == ':' && is_port((struct text){ rest.at + 1, rest.size - 1 }));
	}
	if (i == t->size)
		return true;
	rest = (struct text){ t->at + i + 1, t->size - i - 1 };
	*six = t->at[i] == ':' && memchr(rest.at, ':', rest.size);
	if (*six)
		return true;
	t->size = i;
	return rest.at[-1] == ':' && is_port(rest);
}

static bool cut_host(struct text *t, bool *six)
{
	return !is_odd(*t) && cut_url(t) && cut_port(t, six) && t->size > 0;
}

/* inet_pton() takes exactly four decimal numbers, or the form with colons: nothing else. */
static bool read_address(struct address *out, struct text t, bool six)
{
	char copy[64];

	if (t.size >= sizeof(copy))
		return false;
	memcpy(copy, t.at, t.size);
	copy[t.size] = '\0';
	out->bits = six ? 128 : 32;
	return inet_pton(six ? AF_INET6 : AF_INET, copy, out->bytes) == 1;
}

/* Addresses of version 6 that stand for one of version 4: ::ffff:a.b.c.d is that one. */
static enum held fold(struct address *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, zero[12] = { 0 };
	static const uint8_t nat64[4] = { 0x00, 0x64, 0xff, 0x9b }, tunnel[2] = { 0x20, 0x02 };

	if (a->bits == 32)
		return HELD_YES;
	if (memcmp(a->bytes, mapped, sizeof(mapped)) == 0) {
		memmove(a->bytes, a->bytes + 12, 4);
		a->bits = 32;
		return HELD_YES;
	}
	if (memcmp(a->bytes, nat64, sizeof(nat64)) == 0 ||
	    memcmp(a->bytes, tunnel, sizeof(tunnel)) == 0)
		return HELD_UNKNOWN;
	/* ::a.b.c.d of old; :: and ::1 are what they are */
	if (memcmp(a->bytes, zero, sizeof(zero)) == 0 && memcmp(a->bytes + 12, "\0\0\0", 3) != 0)
		return HELD_UNKNOWN;
	return HELD_YES;
}

/* "10.0.0.0/8"; without a length the address alone. What lies behind the length must be zero. */
static bool read_range(struct address *out, unsigned *length, const char *range)
{
	size_t size = strcspn(range, "/"), i;
	struct text port = { range + size + 1,
			     strlen(range + size) ? strlen(range + size) - 1 : 0 };
	bool six = memchr(range, ':', size);

	if (!read_address(out, (struct text){ range, size }, six))
		return false;
	*length = out->bits;
	if (range[size] == '/') {
		if (!is_port(port) || port.size > 3 || (port.size > 1 && port.at[0] == '0'))
			return false;
		for (*length = 0, i = 0; i < port.size; i++)
			*length = *length * 10 + (unsigned)(port.at[i] - '0');
	}
	for (i = *length; i < out->bits; i++)
		if (out->bytes[i / 8] & (0x80 >> i % 8))
			return false;
	return *length <= out->bits;
}

bool net_cidr_usable(const char *range)
{
	struct address a;
	unsigned length;

	return read_range(&a, &length, range) && fold(&a) == HELD_YES &&
	       a.bits == (strchr(range, ':') ? 128 : 32);
}

enum held net_cidr_holds(const char *range, const char *text, size_t size)
{
	struct text t = { text, size };
	struct address a, within;
	unsigned length, i;
	bool six;

	if (!cut_host(&t, &six) || !read_address(&a, t, six) || fold(&a) == HELD_UNKNOWN)
		return HELD_UNKNOWN;
	if (!read_range(&within, &length, range) || a.bits != within.bits)
		return HELD_NO;
	for (i = 0; i < length; i++)
		if ((a.bytes[i / 8] ^ within.bytes[i / 8]) & (0x80 >> i % 8))
			return HELD_NO;
	return HELD_YES;
}

static unsigned length_of(const char *range)
{
	struct address a;
	unsigned length = 0;

	return read_range(&a, &length, range) ? length : 0;
}

bool net_cidr_covers(const char *wide, const char *narrow)
{
	return length_of(wide) <= length_of(narrow) &&
	       net_cidr_holds(wide, narrow, strcspn(narrow, "/")) == HELD_YES;
}

/* Names as DNS has them, without the dot at the end. false also where programs would see a number.
 */
static bool is_name(struct text t)
{
	size_t label = 0, i;
	const char *last;

	if (t.size == 0 || t.size > HOST_MOST)
		return false;
	for (i = 0; i <= t.size; i++) {
		if (i < t.size && t.at[i] != '.') {
			label++;
			if (!is_one_of(t.at[i], letters) && !is_one_of(t.at[i], digits) &&
			    !is_one_of(t.at[i], "-_"))
				return false;
			continue;
		}
		if (label == 0 || label > LABEL_MOST)
			return false;
		label = 0;
	}
	last = memrchr(t.at, '.', t.size);
	last = last ? last + 1 : t.at;
	return !is_one_of(last[0], digits);
}

static struct text without_dot(struct text t)
{
	if (t.size > 1 && t.at[t.size - 1] == '.')
		t.size--;
	return t;
}

/* An address as inet_ntop() writes it, so that it has one form and can be looked up. */
static bool is_address(const char *text)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	char again[INET6_ADDRSTRLEN];
	struct address a;

	return read_address(&a, (struct text){ text, strlen(text) }, family == AF_INET6) &&
	       inet_ntop(family, a.bytes, again, sizeof(again)) && strcmp(again, text) == 0;
}

/* "example.com", or "*.example.com": any name that ends so, with at least one label more; or an address. */
bool net_host_usable(const char *pattern)
{
	if (is_address(pattern))
		return net_cidr_usable(pattern);
	if (strncmp(pattern, "*.", 2) == 0)
		pattern += 2;
	return is_name((struct text){ pattern, strlen(pattern) });
}

enum held net_host_holds(const char *pattern, const char *text, size_t size)
{
	struct text t = { text, size };
	struct address a;
	bool six, wild = pattern[0] == '*';
	size_t wanted;

	if (!cut_host(&t, &six))
		return HELD_UNKNOWN;
	if (read_address(&a, t, six))
		return net_cidr_usable(pattern) ? net_cidr_holds(pattern, text, size) : HELD_NO;
	t = without_dot(t);
	if (six || !is_name(t))
		return HELD_UNKNOWN;
	pattern += wild;
	wanted = strlen(pattern);
	if (wild ? t.size <= wanted : t.size != wanted)
		return HELD_NO;
	return strncasecmp(t.at + t.size - wanted, pattern, wanted) == 0 ? HELD_YES : HELD_NO;
}
