#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "egress/egress.h"

enum { LABEL_MOST = 63, PORT_DIGITS = 5 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* inet_pton() takes four decimal numbers without leading zeros, or the form with colons; and no zone. */
static bool read_address(struct egress_host *out, const char *text, size_t size, int family)
{
	char copy[INET6_ADDRSTRLEN + 1];

	if (size >= sizeof(copy) || memchr(text, '\0', size))
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (inet_pton(family, copy, out->address) != 1)
		return false;
	out->bits = family == AF_INET ? 32 : 128;
	egress_fold(out->address, &out->bits);
	return egress_address(out->text, sizeof(out->text), out->address, out->bits);
}

bool egress_address(char *out, size_t room, const uint8_t *bytes, unsigned bits)
{
	return (bits == 32 || bits == 128) &&
	       inet_ntop(bits == 32 ? AF_INET : AF_INET6, bytes, out, (socklen_t)room);
}

/* A name of the DNS: letters, digits, hyphens and underscores, in labels. */
static bool is_name(const char *text, size_t size)
{
	size_t label = 0, i;

	for (i = 0; i <= size; i++) {
		if (i == size || text[i] == '.') {
			if (label == 0 || label > LABEL_MOST)
				return false;
			label = 0;
			continue;
		}
		label++;
		if (!is_digit(text[i]) && !(lower(text[i]) >= 'a' && lower(text[i]) <= 'z') &&
		    text[i] != '-' && text[i] != '_')
			return false;
	}
	return size <= EGRESS_NAME;
}

/* To some readers a name whose last label begins with a digit is a number: 127.1, 0x7f.1, 2130706433. */
static bool ends_in_number(const char *text, size_t size)
{
	const char *dot = memrchr(text, '.', size);

	return is_digit(dot ? dot[1] : text[0]);
}

bool egress_host(struct egress_host *out, const char *text, size_t size, bool brackets)
{
	size_t i;

	*out = (struct egress_host){ .bits = 0 };
	if (size > 2 && text[0] == '[' && brackets)
		return text[size - 1] == ']' && read_address(out, text + 1, size - 2, AF_INET6);
	if (size > 0 && memchr(text, ':', size))
		return !brackets && read_address(out, text, size, AF_INET6);
	if (size > 0 && read_address(out, text, size, AF_INET))
		return true;
	if (size > 1 && text[size - 1] == '.')
		size--;
	if (size == 0 || !is_name(text, size) || ends_in_number(text, size))
		return false;
	*out = (struct egress_host){ .bits = 0 };
	for (i = 0; i < size; i++)
		out->text[i] = lower(text[i]);
	return true;
}

bool egress_port(uint16_t *out, const char *text, size_t size)
{
	unsigned long port = 0;
	size_t i;

	for (i = 0; i < size && i <= PORT_DIGITS && is_digit(text[i]); i++)
		port = port * 10 + (unsigned long)(text[i] - '0');
	*out = (uint16_t)port;
	return i == size && size > 0 && text[0] != '0' && port <= UINT16_MAX;
}

bool egress_authority(struct egress_host *host, uint16_t *port, const char *text, size_t size)
{
	const char *colon = memrchr(text, ':', size);

	if (!colon)
		return false;
	return egress_host(host, text, (size_t)(colon - text), true) &&
	       egress_port(port, colon + 1, size - (size_t)(colon - text) - 1);
}

bool egress_same_host(const struct egress_host *a, const struct egress_host *b)
{
	return a->bits == b->bits && strcmp(a->text, b->text) == 0;
}

bool egress_matches(const char *pattern, const char *host)
{
	size_t size = strlen(host), tail = strlen(pattern) - 1;

	if (pattern[0] != '*')
		return strcasecmp(pattern, host) == 0;
	return size > tail && strcasecmp(host + size - tail, pattern + 1) == 0;
}
