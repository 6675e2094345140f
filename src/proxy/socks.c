/* SOCKS 5, RFC 1928: the ways, the request, and its answer. */
#include <errno.h>

#include "proxy/proxy.h"

enum { VERSION = 5, NO_WAY = 0xff, REPLY = 10 };
enum { DONE = 0, FAILURE = 1, NOT_ALLOWED = 2, NO_NETWORK = 3, NO_HOST = 4, REFUSED = 5, NO_COMMAND = 7, NO_KIND = 8 };

static void reply(struct proxy *p, struct link *l, uint8_t code)
{
	const uint8_t bytes[REPLY] = { VERSION, code, 0, 1 };

	link_say(p, l, bytes, sizeof(bytes));
}

static void opened(struct proxy *p, struct link *l)
{
	reply(p, l, DONE);
	l->look = LOOK_FIRST;
	link_open(p, l);
}

static uint8_t code_of(const struct link *l, const struct answer *x)
{
	static const uint8_t codes[NET_NOES] = {
		[NET_REFUSED] = NOT_ALLOWED, [NET_BAD] = FAILURE, [NET_UNKNOWN] = NO_HOST,
		[NET_PRIVATE] = NOT_ALLOWED, [NET_UNREACHABLE] = NO_HOST, [NET_LATE] = NO_HOST, [NET_BUSY] = FAILURE,
	};

	if (x->no == NET_BAD && l->status)
		return (uint8_t)l->status;
	if (x->no == NET_UNREACHABLE && x->error == ECONNREFUSED)
		return REFUSED;
	return x->no == NET_UNREACHABLE && x->error == ENETUNREACH ? NO_NETWORK : codes[x->no];
}

static void denied(struct proxy *p, struct link *l, const struct answer *x)
{
	static const uint8_t no_way[] = { VERSION, NO_WAY };

	if (l->greeted)
		reply(p, l, code_of(l, x));
	else
		link_say(p, l, no_way, sizeof(no_way));
	link_linger(p, l);
}

const struct manner manner_socks = { .words = socks_words, .opened = opened, .denied = denied };

static void fault(struct proxy *p, struct link *l, uint8_t code, const char *why)
{
	l->status = code;
	link_fault(p, l, why);
}

static uint8_t code_of_bad(const uint8_t *bytes)
{
	if (bytes[0] != VERSION || bytes[2] != 0)
		return FAILURE;
	if (bytes[1] != 1)
		return NO_COMMAND;
	return bytes[3] != 1 && bytes[3] != 3 && bytes[3] != 4 ? NO_KIND : FAILURE;
}

static void request(struct proxy *p, struct link *l, const struct egress_socks *s)
{
	struct net_ask q;

	if (!link_judge(p, l, &s->host, s->port)) {
		fault(p, l, FAILURE, "an address of 198.18.0.0/15 that stands for no name");
		return;
	}
	q = net_ask_of(l, "tcp");
	if (l->busy || !hand_is_for(p, l->host, l->port)) {
		link_ask(p, l, &q);
		return;
	}
	reply(p, l, DONE);
	hand_over(p, l);
}

/* What was looked at, read for good and read again: its sender could have changed it. */
static enum egress_got read_greeting(struct proxy *p, struct link *l, size_t size, const char **why)
{
	enum egress_got got = egress_read_greeting((const uint8_t *)p->bytes, size, &size, why);

	if (got != EGRESS_WHOLE)
		return got;
	*why = "a greeting that changed while it was read";
	return link_take(p, l, size) ? egress_read_greeting((const uint8_t *)p->bytes, size, &size, why) : EGRESS_BAD;
}

static enum egress_got read_request(struct proxy *p, struct link *l, struct egress_socks *s, size_t size,
				    const char **why)
{
	enum egress_got got = egress_read_socks(s, (const uint8_t *)p->bytes, size, why);

	if (got != EGRESS_WHOLE)
		return got;
	*why = "a request that changed while it was read";
	return link_take(p, l, s->size) ? egress_read_socks(s, (const uint8_t *)p->bytes, s->size, why) : EGRESS_BAD;
}

static enum egress_got read_words(struct proxy *p, struct link *l, struct egress_socks *s, size_t size, const char **why)
{
	static const uint8_t agreed[] = { VERSION, 0 };
	enum egress_got got;

	if (l->greeted)
		return read_request(p, l, s, size, why);
	got = read_greeting(p, l, size, why);
	if (got != EGRESS_WHOLE)
		return got;
	l->greeted = true;
	link_say(p, l, agreed, sizeof(agreed));
	return EGRESS_MORE;
}

void socks_words(struct proxy *p, struct link *l)
{
	bool greeted = l->greeted;
	ssize_t size = link_peek(p, l);
	struct egress_socks s;
	const char *why = NULL;
	enum egress_got got;

	if (size < 0)
		return;
	if (size == 0) {
		link_die(p, l, false);
		return;
	}
	got = read_words(p, l, &s, (size_t)size, &why);
	if (l->state != LINK_HEAD)
		return;
	if (got == EGRESS_WHOLE)
		request(p, l, &s);
	else if (got == EGRESS_BAD)
		fault(p, l, code_of_bad((const uint8_t *)p->bytes), why);
	else if (greeted != l->greeted)
		socks_words(p, l);
	else if (l->ends[AGENT].ended)
		fault(p, l, FAILURE, "it ended before its request did");
}
