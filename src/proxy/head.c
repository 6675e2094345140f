/*
 * The head of one http:// request as it goes to its server: origin form, Host from what was judged, without what was
 * meant for us (RFC 9110 7.6.1) or would make of this connection something else (Upgrade), and the last on it.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proxy/proxy.h"

static bool is_word(const struct egress_span *s, const char *word)
{
	return s->size == strlen(word) && strncasecmp(s->at, word, s->size) == 0;
}

static struct egress_span name_of(const struct egress_span *line)
{
	const char *colon = memchr(line->at, ':', line->size);

	must(colon);
	return (struct egress_span){ line->at, (size_t)(colon - line->at) };
}

static bool same_word(struct egress_span a, struct egress_span b)
{
	return a.size == b.size && strncasecmp(a.at, b.at, a.size) == 0;
}

/* Between commas, without blanks around; false: no more. */
static bool next_word(struct egress_span *rest, struct egress_span *out)
{
	const char *comma = rest->size ? memchr(rest->at, ',', rest->size) : NULL;
	size_t size = comma ? (size_t)(comma - rest->at) : rest->size, used = comma ? size + 1 : size;

	if (rest->size == 0)
		return false;
	*out = (struct egress_span){ rest->at, size };
	rest->at += used;
	rest->size -= used;
	while (out->size && (out->at[0] == ' ' || out->at[0] == '\t')) {
		out->at++;
		out->size--;
	}
	while (out->size && (out->at[out->size - 1] == ' ' || out->at[out->size - 1] == '\t'))
		out->size--;
	return true;
}

/* Does a Connection field name it? Then it was meant for the next on the way, and that is us. */
static bool is_named(const struct egress_http *h, struct egress_span name)
{
	struct egress_span value, word;
	size_t i;

	for (i = 0; i < h->field_count; i++) {
		if (!egress_field_is(&h->fields[i], "connection", &value))
			continue;
		while (next_word(&value, &word))
			if (same_word(word, name))
				return true;
	}
	return false;
}

static bool is_ours(const struct egress_http *h, const struct egress_span *line)
{
	static const char *const ours[] = { "host", "connection", "keep-alive", "te", "trailer", "upgrade",
					    "http2-settings", "expect" };
	struct egress_span name = name_of(line);
	size_t i;

	for (i = 0; i < count_of(ours); i++)
		if (is_word(&name, ours[i]))
			return true;
	return (name.size > 6 && strncasecmp(name.at, "proxy-", 6) == 0) || is_named(h, name);
}

/* A field that says where a request goes or ends cannot be for one on the way only. */
static bool hides_its_end(const struct egress_http *h)
{
	static const char *const fields[] = { "host", "content-length", "transfer-encoding" };
	size_t i;

	for (i = 0; i < count_of(fields); i++)
		if (is_named(h, (struct egress_span){ fields[i], strlen(fields[i]) }))
			return true;
	return false;
}

bool head_expects(const struct egress_http *h)
{
	struct egress_span value;
	size_t i;

	for (i = 0; i < h->field_count; i++)
		if (egress_field_is(&h->fields[i], "expect", &value))
			return true;
	return false;
}

static bool expects_other(const struct egress_http *h)
{
	struct egress_span value;
	size_t i;

	for (i = 0; i < h->field_count; i++)
		if (egress_field_is(&h->fields[i], "expect", &value) && !is_word(&value, "100-continue"))
			return true;
	return false;
}

const char *head_rewrite(struct buf *out, const struct egress_http *h, const char *host, bool brackets, uint16_t port,
			 uint16_t *status)
{
	size_t i;

	*status = 400;
	if (hides_its_end(h))
		return "Connection names a field that says where the request goes or ends";
	buf_add(out, h->method.at, h->method.size);
	buf_printf(out, " %.*s HTTP/1.1\r\nHost: %s%s%s", h->target.size ? (int)h->target.size : 1,
		   h->target.size ? h->target.at : "/", brackets ? "[" : "", host, brackets ? "]" : "");
	if (port != 80)
		buf_printf(out, ":%u", (unsigned)port);
	buf_puts(out, "\r\n");
	for (i = 0; i < h->field_count; i++) {
		if (is_ours(h, &h->fields[i]))
			continue;
		buf_add(out, h->fields[i].at, h->fields[i].size);
		buf_puts(out, "\r\n");
	}
	buf_puts(out, "Connection: close\r\n\r\n");
	*status = 431;
	return out->over ? "a head for which there is no room" : NULL;
}

const char *head_ask(struct net_ask *q, const struct egress_http *h, uint16_t *status)
{
	const char *question = h->target.size ? memchr(h->target.at, '?', h->target.size) : NULL;
	size_t path = question ? (size_t)(question - h->target.at) : h->target.size;
	size_t query = question ? h->target.size - path - 1 : 0;

	*status = 414;
	if (path > NET_PATH || query > NET_PATH)
		return "a path or a query of more than 1024 bytes";
	*status = 400;
	if (h->method.size >= sizeof(q->method))
		return "a method of more than 31 letters";
	if (!egress_path_is_plain(h->target.at, path))
		return "a path with \".\" or \"..\" in it, which its server may read as another";
	*status = 417;
	if (expects_other(h))
		return "it expects something else than \"100-continue\"";
	snprintf(q->method, sizeof(q->method), "%.*s", (int)h->method.size, h->method.at);
	snprintf(q->path, sizeof(q->path), "%.*s", path ? (int)path : 1, path ? h->target.at : "/");
	if (query)
		snprintf(q->query, sizeof(q->query), "%.*s", (int)query, question + 1);
	return NULL;
}
