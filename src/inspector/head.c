/*
 * A request as it is judged, and as it is sent on. What is between two neighbours stays between them; where a
 * credential belongs to the host, nothing is asked that would make its answer unreadable: no compression, no part
 * of a file that could begin within a secret.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "inspector/inspector.h"

static const struct {
	const char *name;
	bool guarded;	/* only where the answer is searched */
} dropped[] = {
	{ "connection", false },       { "keep-alive", false }, { "proxy-connection", false },
	{ "proxy-authorization", false }, { "te", false },	  { "accept-encoding", true },
	{ "range", true },	       { "if-range", true },
};

static bool is_dropped(const struct egress_span *line, bool guarded)
{
	struct egress_span v;
	size_t i;

	for (i = 0; i < count_of(dropped); i++)
		if ((guarded || !dropped[i].guarded) && egress_field_is(line, dropped[i].name, &v))
			return true;
	return false;
}

static bool digest(char out[80], const struct buf *head)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	size_t size = 0;

	if (EVP_Q_digest(NULL, "SHA256", NULL, head->data, head->size, sum, &size) != 1)
		return false;
	memcpy(out, "sha256:", 8);
	text_hex(out + 7, sum, size);
	return true;
}

static bool copy(char *out, size_t room, struct egress_span s)
{
	if (s.size >= room)
		return false;
	memcpy(out, s.at, s.size);
	out[s.size] = '\0';
	return true;
}

static int judge(struct net_ask *ask, const struct egress_http *r, const char **why)
{
	const char *query = memchr(r->target.at, '?', r->target.size);
	struct egress_span path = { r->target.at, query ? (size_t)(query - r->target.at) : r->target.size };
	struct egress_span rest = { query ? query + 1 : "", query ? r->target.size - path.size - 1 : 0 };

	*ask = (struct net_ask){ .way = NET_INSPECTED, .port = r->port, .scheme = "https" };
	snprintf(ask->host, sizeof(ask->host), "%s", r->host.text);
	if (copy(ask->method, sizeof(ask->method), r->method) && copy(ask->path, sizeof(ask->path), path) &&
	    copy(ask->query, sizeof(ask->query), rest))
		return 0;
	*why = "a method of more than 31 bytes, or a path or query of more than 1024, cannot be judged";
	return -1;
}

/* What would make of this connection something that is not one request and one answer. */
static const char *cannot(const struct egress_http *r)
{
	struct egress_span v;
	size_t i;

	for (i = 0; i < r->field_count; i++)
		if (egress_field_is(&r->fields[i], "upgrade", &v))
			return "Upgrade (WebSocket) cannot be inspected; to allow it, take the host out of \"inspect\"";
	return NULL;
}

int head_forward(struct buf *out, struct net_ask *ask, const struct egress_http *r, bool guarded, const char **why)
{
	size_t i;

	*why = cannot(r);
	if (*why || judge(ask, r, why) < 0)
		return -1;
	buf_add(out, r->method.at, r->method.size);
	buf_puts(out, " ");
	buf_add(out, r->target.at, r->target.size);
	buf_puts(out, " HTTP/1.1\r\n");
	for (i = 0; i < r->field_count; i++)
		if (!is_dropped(&r->fields[i], guarded)) {
			buf_add(out, r->fields[i].at, r->fields[i].size);
			buf_puts(out, "\r\n");
		}
	buf_puts(out, guarded ? "Accept-Encoding: identity\r\nConnection: close\r\n\r\n" : "Connection: close\r\n\r\n");
	*why = "a head that is too large";
	return out->over || !digest(ask->digest, out) ? -1 : 0;
}
