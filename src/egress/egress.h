/*
 * egress/egress.h - what a program in the jail asks of the network, read out of its own bytes: a proxy's
 * request (HTTP, SOCKS 5), a DNS question, the first words of TLS. No I/O, nothing owned: what is read
 * borrows from the bytes or is copied into the struct.
 *
 * Many programs read such bytes, and they differ. So only what all of them read alike is taken; the
 * rest is bad, and *why says why.
 */
#ifndef EGRESS_EGRESS_H
#define EGRESS_EGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum {
	EGRESS_NAME = 253,	/* bytes of a host's name, RFC 1035 */
	EGRESS_HEAD = 16 << 10,	/* bytes of an HTTP head */
	EGRESS_FIELDS = 100,	/* of an HTTP head */
	EGRESS_HELLO = 16 << 10,/* bytes of a ClientHello with its record headers */
	EGRESS_QUESTION = 512,	/* bytes of a DNS question, RFC 1035 4.2.1 */
	EGRESS_LABELS = 140,	/* bytes of a name that may be asked for: longer ones are tunnels */
};

enum egress_got {
	EGRESS_BAD,	/* zero refuses */
	EGRESS_MORE,	/* so far good, but not whole: read on */
	EGRESS_WHOLE,
};

/* A host as it is judged: a name in lower case without the dot at its end, or an address (::ffff:a.b.c.d is a.b.c.d). */
struct egress_host {
	char text[EGRESS_NAME + 1];	/* of an address its one form (RFC 5952), without brackets */
	uint8_t address[16];
	unsigned bits;			/* 32 or 128; 0: a name */
};

/* A bare host; an address of version 6 with brackets only if `brackets`. */
bool egress_host(struct egress_host *out, const char *text, size_t size, bool brackets);

/* The host that a text names: alone, before a port, or in a URL. Not where readers of URLs differ. */
bool egress_named(struct egress_host *out, const char *text, size_t size);

/* An address as text; false: `bits` is neither 32 nor 128, or there is no room. */
bool egress_address(char *out, size_t room, const uint8_t *bytes, unsigned bits);

/* 1 to 65535, without leading zeros. */
bool egress_port(uint16_t *out, const char *text, size_t size);

/* "HOST:PORT", the port required. */
bool egress_authority(struct egress_host *host, uint16_t *port, const char *text, size_t size);

bool egress_same_host(const struct egress_host *a, const struct egress_host *b);

/* Is the host, or are all that a pattern stands for, what a pattern says: "HOST", or "*.HOST" for all beneath it? */
bool egress_matches(const char *pattern, const char *host);

/* --- which addresses are whose (ranges.c) --- */

enum egress_reach {
	EGRESS_PUBLIC,
	EGRESS_PRIVATE,	/* reached where a network that holds it was named */
	EGRESS_ALONE,	/* reached where it was named itself, and no network around it: metadata of clouds */
	EGRESS_NEVER,	/* of no one machine */
};

/* `bits` is 32 or 128. *what is "a private address", for a sentence. */
enum egress_reach egress_reach(const uint8_t *address, unsigned bits, const char **what);

/* Does an address of IPv4 stand in it, for somebody on the way to find? */
bool egress_embeds(const uint8_t *address, unsigned bits);

/* ::ffff:a.b.c.d is a.b.c.d; all others are what they are. */
void egress_fold(uint8_t address[16], unsigned *bits);

struct egress_network {
	uint8_t address[16];
	unsigned bits, length;	/* 32 or 128; how many of them it names */
};

/* "10.0.0.0/8"; without a length the address alone. What lies behind the length must be zero. */
bool egress_network(struct egress_network *out, const char *text);
bool egress_within(const struct egress_network *n, const uint8_t *address, unsigned bits);

/* --- HTTP/1.1 (RFC 9110, 9112) --- */

struct egress_span {
	const char *at;
	size_t size;
};

enum egress_body {
	EGRESS_NO_BODY,
	EGRESS_SIZED,	/* Content-Length: `length` bytes */
	EGRESS_CHUNKED,
};

struct egress_http {
	bool connect;			/* CONNECT HOST:PORT; otherwise http://HOST[:PORT]/… */
	bool old;			/* CONNECT of HTTP/1.0 */
	struct egress_host host;
	uint16_t port;
	struct egress_span method;
	struct egress_span target;	/* of CONNECT empty; otherwise path and query, "" where it was missing */
	struct egress_span fields[EGRESS_FIELDS];	/* whole lines, without CR LF */
	size_t field_count;
	enum egress_body body;
	uint64_t length;
	size_t size;			/* bytes of the head */
};

/* The request that a proxy is sent. Host must say what the target says. */
enum egress_got egress_read_http(struct egress_http *out, const char *bytes, size_t size,
				 const char **why) must_use;

/*
 * The request that a server is sent, when whom it is for is known already: "METHOD /PATH", and Host must say
 * that host and port (`otherwise` where it says none).
 */
enum egress_got egress_read_request(struct egress_http *out, const struct egress_host *host, uint16_t port,
				    uint16_t otherwise, const char *bytes, size_t size, const char **why) must_use;

/* A server's answer. Where nothing says its end, that of the connection does. */
enum { EGRESS_ANSWER = 64 << 10 };

struct egress_answer {
	unsigned status;
	struct egress_span line;	/* without CR LF, as the fields */
	struct egress_span fields[EGRESS_FIELDS];
	size_t field_count;
	enum egress_body ends;		/* EGRESS_NO_BODY: it is not said */
	unsigned ends_said;
	uint64_t length;
	size_t size;
};

enum egress_got egress_read_answer(struct egress_answer *out, const char *bytes, size_t size,
				   const char **why) must_use;

/* Is this a line of that field? Its value, without blanks around, in *value. */
bool egress_field_is(const struct egress_span *line, const char *name, struct egress_span *value);

/* Without a step of "." or "..", encoded or not: such a path is judged as one thing and served as another. */
bool egress_path_is_plain(const char *path, size_t size);

/*
 * The end of a chunked body (RFC 9112 7.1), while it goes by. WHOLE: *used bytes belong to it, the
 * last one included; MORE: all of them do. Extensions and trailers are bad: nobody needs them.
 */
struct egress_chunks {
	unsigned state, digits;
	uint64_t left;
};

enum egress_got egress_read_chunks(struct egress_chunks *c, const char *bytes, size_t size, size_t *used) must_use;
/* The same up to the end of the next run of data, which is *data: how the body itself is taken out. */
enum egress_got egress_take_chunk(struct egress_chunks *c, const char *bytes, size_t size, size_t *used,
				  struct egress_span *data) must_use;

/* --- SOCKS 5 (RFC 1928), without authentication, CONNECT only --- */

struct egress_socks {
	struct egress_host host;
	uint16_t port;
	size_t size;
};

/* "I can do these ways": size of it in *used. WHOLE only if "no authentication" is among them. */
enum egress_got egress_read_greeting(const uint8_t *bytes, size_t size, size_t *used, const char **why) must_use;
enum egress_got egress_read_socks(struct egress_socks *out, const uint8_t *bytes, size_t size,
				  const char **why) must_use;

/* --- DNS (RFC 1035): one question, about an address --- */

enum egress_dns_code { EGRESS_DNS_OK = 0, EGRESS_DNS_FORMAT = 1, EGRESS_DNS_FAIL = 2, EGRESS_DNS_NO_NAME = 3,
		       EGRESS_DNS_NOT_HERE = 4, EGRESS_DNS_REFUSED = 5 };

struct egress_question {
	uint16_t id, type;	/* 1: A, 28: AAAA; others are bad */
	struct egress_host host;
	size_t size;		/* of the header and the question, for the answer to repeat */
};

/* A datagram is whole or bad. *code: what to answer if it is bad, 0xffff: nothing at all. */
enum egress_got egress_read_question(struct egress_question *out, const uint8_t *bytes, size_t size, unsigned *code,
				     const char **why) must_use;

/*
 * The answer: with `address` (4 bytes, for an A question) one record of `ttl` seconds; without, none.
 * `out` has room for EGRESS_QUESTION + 16. Gives its size.
 */
size_t egress_write_answer(uint8_t *out, const uint8_t *asked, const struct egress_question *q, unsigned code,
			   const uint8_t *address, uint32_t ttl);

/* --- TLS (RFC 8446, 6066): the ClientHello --- */

struct egress_hello {
	struct egress_host name;	/* of server_name; text "" if it names none */
	bool ech;			/* an encrypted ClientHello (extension 0xfe0d) is offered */
	size_t size;			/* bytes of the records it stood in */
};

/* BAD also where the bytes are not TLS: whether that is allowed is another's question. */
enum egress_got egress_read_hello(struct egress_hello *out, const uint8_t *bytes, size_t size,
				  const char **why) must_use;

#endif
