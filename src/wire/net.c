#include "wire/net.h"

#include <string.h>

const char *net_way_word(enum net_way w)
{
	static const char *const words[] = {
		[NET_BY_CONNECT] = "connect", [NET_BY_HTTP] = "http",	      [NET_BY_SOCKS] = "socks",
		[NET_DIRECTLY] = "direct",    [NET_INSPECTED] = "inspected", [NET_BY_UNIX] = "unix",
		[NET_BY_UDP] = "udp",	      [NET_BY_DNS] = "dns",	      [NET_BY_NOTIFY] = "notify",
	};

	must(w < NET_WAYS);
	return words[w];
}

const char *net_phrase(char out[NET_PHRASE], const char *sentence, const char *otherwise)
{
	const char *stop = strstr(sentence, ". ");
	size_t size = stop ? (size_t)(stop - sentence) : strlen(sentence), i;

	if (strncmp(sentence, "reeve ", 6) != 0)
		return otherwise;
	if (size >= NET_PHRASE)
		size = NET_PHRASE - 1;
	for (i = 0; i < size; i++)
		out[i] = sentence[i] >= ' ' && sentence[i] <= '~' ? sentence[i] : '?';
	out[size] = '\0';
	return out;
}

static void put(struct pack *p, const char *text)
{
	pack_text(p, text, strlen(text));
}

bool net_ask_pack(struct pack *p, const struct net_ask *a)
{
	pack_number(p, a->way, 1);
	pack_number(p, a->port, 2);
	put(p, a->host);
	put(p, a->scheme);
	put(p, a->method);
	put(p, a->path);
	put(p, a->query);
	put(p, a->digest);
	put(p, a->fault);
	return !p->over;
}

bool net_ask_unpack(struct net_ask *out, const struct msg *m)
{
	struct unpack u = { .at = m->body, .left = m->size };

	out->way = (enum net_way)unpack_number(&u, 1);
	out->port = (uint16_t)unpack_number(&u, 2);
	return unpack_copy(&u, out->host, sizeof(out->host)) &&
	       unpack_copy(&u, out->scheme, sizeof(out->scheme)) &&
	       unpack_copy(&u, out->method, sizeof(out->method)) &&
	       unpack_copy(&u, out->path, sizeof(out->path)) &&
	       unpack_copy(&u, out->query, sizeof(out->query)) &&
	       unpack_copy(&u, out->digest, sizeof(out->digest)) &&
	       unpack_copy(&u, out->fault, sizeof(out->fault)) && unpack_done(&u) &&
	       (unsigned)out->way < NET_WAYS;
}

bool net_over_pack(struct pack *p, const struct net_over *o)
{
	pack_number(p, o->sent, 8);
	pack_number(p, o->received, 8);
	pack_number(p, o->http, 2);
	put(p, o->status);
	put(p, o->why);
	put(p, o->sni);
	return !p->over;
}

bool net_over_unpack(struct net_over *out, const struct msg *m)
{
	struct unpack u = { .at = m->body, .left = m->size };

	out->sent = unpack_number(&u, 8);
	out->received = unpack_number(&u, 8);
	out->http = (unsigned)unpack_number(&u, 2);
	return unpack_copy(&u, out->status, sizeof(out->status)) &&
	       unpack_copy(&u, out->why, sizeof(out->why)) &&
	       unpack_copy(&u, out->sni, sizeof(out->sni)) && unpack_done(&u) &&
	       out->sent < UINT64_C(1) << 53 && out->received < UINT64_C(1) << 53;
}
