/*
 * The host in a text that may be a URL. RFC 3986 and WHATWG's URL standard read many texts apart,
 * and the programs that follow them more so: blanks and controls are cut out or not, a backslash is
 * a slash or not, names come after an '@' or before it, letters are folded, numbers become
 * addresses. What is taken here both read alike; tests/run/url.sh holds it against both.
 */
#include <string.h>
#include <strings.h>

#include "egress/egress.h"

static bool is_odd(const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if ((unsigned char)text[i] <= 0x20 || (unsigned char)text[i] >= 0x7f ||
		    text[i] == '\\')
			return true;
	return size == 0;
}

static bool is_scheme(const char *text, size_t size)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char later[] = "0123456789+-.";
	size_t i;

	for (i = 0; i < size; i++)
		if (!strchr(first, text[i]) && (i == 0 || !strchr(later, text[i])))
			return false;
	/* of a file's URL some take the host for a drive, or for nothing */
	return size > 0 && !(size == 4 && strncasecmp(text, "file", 4) == 0);
}

/* "https://HOST:1/…" to "HOST:1". */
static bool cut_url(const char **text, size_t *size, bool *url)
{
	const char *colon = memmem(*text, *size, "://", 3);
	size_t i;

	*url = colon != NULL;
	if (!colon)
		return true;
	if (!is_scheme(*text, (size_t)(colon - *text)))
		return false;
	*size -= (size_t)(colon + 3 - *text);
	*text = colon + 3;
	for (i = 0; i < *size && !strchr("/?#", (*text)[i]); i++)
		;
	*size = i;
	return true;
}

bool egress_named(struct egress_host *out, const char *text, size_t size)
{
	const char *end;
	size_t host;
	uint16_t port;
	bool url;

	if (is_odd(text, size) || !cut_url(&text, &size, &url) || size == 0)
		return false;
	end = memchr(text, text[0] == '[' ? ']' : ':', size);
	if (text[0] == '[' && !end)
		return false;
	if (text[0] != '[' && end && memchr(end + 1, ':', size - (size_t)(end + 1 - text)))
		return !url && egress_host(out, text, size, false);
	host = end ? (size_t)(end - text) + (text[0] == '[') : size;
	if (!egress_host(out, text, host, text[0] == '['))
		return false;
	return host == size ||
	       (text[host] == ':' && egress_port(&port, text + host + 1, size - host - 1));
}
