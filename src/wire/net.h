/* wire/net.h - what is asked and said of one connection of a program in the jail: ASK, DENIED, OVER. */
#ifndef WIRE_NET_H
#define WIRE_NET_H

#include "wire/wire.h"

enum {
	NET_HOST = 253,		/* bytes of a host's name, RFC 1035 */
	NET_PATH = 1024,	/* bytes of a request's path, and of a unix socket's */
	NET_CONNECTIONS = 12288,/* open at once in one run; below ORDER_INTENTS_PER_RUN with the calls */
};

/* How it was asked for. */
enum net_way {
	NET_BY_CONNECT,		/* HTTP CONNECT */
	NET_BY_HTTP,		/* http:// through the proxy: one request */
	NET_BY_SOCKS,
	NET_DIRECTLY,		/* by a program that knows no proxy */
	NET_INSPECTED,		/* https whose TLS ends at the inspector: one request */
	NET_BY_UNIX,
	NET_BY_UDP,
	NET_BY_DNS,		/* only a name's address is asked for */
	NET_BY_NOTIFY,		/* connect(2), stopped by the jail's init */
	NET_WAYS
};

enum { NET_PHRASE = 200 };
/*
 * The reason of an HTTP answer's first line, which is all that most programs show of one: what a sentence of the
 * broker's ("reeve ...") says until its first full stop, as printable ASCII; otherwise as given.
 */
const char *net_phrase(char out[NET_PHRASE], const char *sentence, const char *otherwise);

const char *net_way_word(enum net_way w);	/* "connect", "http", "socks", "direct", … */

/* Why not. */
enum net_no {
	NET_REFUSED,		/* by policy or guard: 403, "not allowed by ruleset", EACCES */
	NET_BAD,		/* what was asked cannot be read: 400 */
	NET_UNKNOWN,		/* the name has no address: 502 */
	NET_PRIVATE,		/* its addresses are not to be reached: 403 */
	NET_UNREACHABLE,	/* nobody answers there; the errno says how: 502 */
	NET_LATE,		/* not in time: 504 */
	NET_BUSY,		/* too many at once: 503 */
	NET_NOES
};

/* Texts are C strings, "" where there is none. A fault refuses: the asker could not read the rest. */
struct net_ask {
	enum net_way way;
	char host[NET_HOST + 1];	/* lower case, no dot at its end; an address in its one form (RFC 5952) */
	uint16_t port;
	char scheme[8];			/* tcp, tls, http, https, udp, unix, dns */
	char method[32];
	char path[NET_PATH + 1];	/* of a request, without its query; of a unix socket */
	char query[NET_PATH + 1];	/* judged, but not recorded: it may hold what is secret */
	char digest[80];		/* sha256:… of the head that is forwarded; "" where none is */
	char fault[200];
};

struct net_over {
	uint64_t sent, received;	/* bytes: of the agent, and to it */
	char status[16];		/* ok, refused (by what was seen later), error, timeout, cancelled */
	char why[200], sni[NET_HOST + 1];
	unsigned http;			/* status of the answer, inspected or http; 0: none was seen */
};

bool net_ask_pack(struct pack *p, const struct net_ask *a) must_use;
bool net_ask_unpack(struct net_ask *out, const struct msg *m) must_use;	/* false: malformed */
bool net_over_pack(struct pack *p, const struct net_over *o) must_use;
bool net_over_unpack(struct net_over *out, const struct msg *m) must_use;

#endif
