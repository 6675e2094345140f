/* HTTP to a proxy: CONNECT, or one request for http://, and what each is told. A connection carries one of them. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "proxy/proxy.h"
#include "seal/seal.h"

enum { SAID_MOST = 4096 };

static const char *phrase(unsigned status)
{
	static const struct {
		unsigned status;
		const char *phrase;
	} phrases[] = {
		{ 400, "Bad Request" }, { 403, "Forbidden" }, { 408, "Request Timeout" }, { 414, "URI Too Long" },
		{ 417, "Expectation Failed" }, { 431, "Request Header Fields Too Large" }, { 502, "Bad Gateway" },
		{ 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	};
	size_t i;

	for (i = 0; i < count_of(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Refused";
}

void http_refuse(struct proxy *p, struct link *l, unsigned status, const char *text)
{
	scoped(buf) struct buf body = BUF(SAID_MOST), all = BUF(2 * (size_t)SAID_MOST);
	char line[NET_PHRASE];

	if (strncmp(text, "reeve", 5) != 0)
		buf_puts(&body, "reeve: ");
	text_visible(&body, text, strlen(text));
	buf_puts(&body, "\n");
	buf_printf(&all,
		   "HTTP/1.1 %u %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
		   "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
		   status, net_phrase(line, text, phrase(status)), body.size);
	buf_add(&all, body.data, body.size);
	link_say(p, l, all.data, all.size);
	buf_free(&body);
}

static void denied(struct proxy *p, struct link *l, const struct answer *x)
{
	static const unsigned statuses[NET_NOES] = {
		[NET_REFUSED] = 403, [NET_BAD] = 400, [NET_UNKNOWN] = 502, [NET_PRIVATE] = 403,
		[NET_UNREACHABLE] = 502, [NET_LATE] = 504, [NET_BUSY] = 503,
	};
	bool own = x->no == NET_BAD && l->status;

	http_refuse(p, l, own ? l->status : statuses[x->no], x->text);
	link_linger(p, l);
}

static void connected(struct proxy *p, struct link *l)
{
	static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n";

	link_say(p, l, yes, sizeof(yes) - 1);
	l->look = LOOK_FIRST;
	link_open(p, l);
}

/* Whoever asks whether it may send its body is told by us: the server is not asked twice. */
static void requested(struct proxy *p, struct link *l)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (l->expects && l->look != LOOK_AFTER)
		link_say(p, l, go_on, sizeof(go_on) - 1);
	link_open(p, l);
}

static const struct manner by_connect = { .opened = connected, .denied = denied };
static const struct manner by_request = { .opened = requested, .denied = denied };

static void fault(struct proxy *p, struct link *l, unsigned status, const char *why)
{
	l->status = (uint16_t)status;
	link_fault(p, l, why);
}

static void ask_connect(struct proxy *p, struct link *l)
{
	struct net_ask q = net_ask_of(l, "tcp");

	if (!l->busy && hand_is_for(p, l->host, l->port)) {
		l->manner->opened(p, l);
		hand_over(p, l);
		return;
	}
	link_ask(p, l, &q);
}

/* The head that will be sent is made now: what is judged is what was made. */
static void ask_request(struct proxy *p, struct link *l, const struct egress_http *h)
{
	static const enum look looks[] = { [EGRESS_NO_BODY] = LOOK_AFTER, [EGRESS_SIZED] = LOOK_SIZED,
					   [EGRESS_CHUNKED] = LOOK_CHUNKED };
	struct buf *head = &l->lanes[AGENT].held;
	struct net_ask q = net_ask_of(l, "http");
	uint16_t status = 400;
	const char *why = head_ask(&q, h, &status);

	if (!why)
		why = head_rewrite(head, h, l->host->text, l->host->bits == 128, l->port, &status);
	if (why) {
		fault(p, l, status, why);
		return;
	}
	seal_digest(q.digest, head->data, head->size);
	l->look = h->body == EGRESS_SIZED && h->length == 0 ? LOOK_AFTER : looks[h->body];
	l->left = h->length;
	l->expects = head_expects(h);
	link_ask(p, l, &q);
}

/* Who was reached before is told nothing; the request has a connection, an intent and an outcome of its own. */
void http_again(struct proxy *p, struct link *l, const struct egress_http *h)
{
	static const struct net_over over = { .status = "ok", .why = "HTTP in clear: its request is judged by itself" };

	deadline_clear(p, &l->deadline);
	ask_over(p, &l->asker, &over);
	proxy_unwatch(p, &l->ends[WORLD].watch);
	l->lanes[AGENT].moved = 0;
	l->manner = &by_request;
	l->way = NET_BY_HTTP;
	l->state = LINK_HEAD;
	ask_request(p, l, h);
}

static void read_head(struct proxy *p, struct link *l, size_t size)
{
	const char *why = "a head that changed while it was read";
	struct egress_http h;

	if (!link_take(p, l, size)) {
		link_die(p, l, false);
		return;
	}
	if (egress_read_http(&h, p->bytes, size, &why) != EGRESS_WHOLE || h.size != size) {
		fault(p, l, 400, why);
		return;
	}
	l->manner = h.connect ? &by_connect : &by_request;
	l->way = h.connect ? NET_BY_CONNECT : NET_BY_HTTP;
	if (!link_judge(p, l, &h.host, h.port))
		fault(p, l, 400, "an address of 198.18.0.0/15 that stands for no name");
	else if (h.connect)
		ask_connect(p, l);
	else
		ask_request(p, l, &h);
}

/* `size` is what link_peek() gave. */
static void words(struct proxy *p, struct link *l, ssize_t size)
{
	struct egress_http h;
	const char *why;

	if (size < 0)
		return;
	if (size == 0) {
		link_die(p, l, false);
		return;
	}
	switch (egress_read_http(&h, p->bytes, (size_t)size, &why)) {
	case EGRESS_WHOLE:
		read_head(p, l, h.size);
		break;
	case EGRESS_BAD:
		fault(p, l, size >= EGRESS_HEAD ? 431 : 400, why);
		break;
	case EGRESS_MORE:
		if (l->ends[AGENT].ended)
			fault(p, l, 400, "it ended before its head did");
		break;
	}
}

/* What has come to the proxy's port; the first byte says whether it is SOCKS. */
static void stranger(struct proxy *p, struct link *l)
{
	ssize_t size = link_peek(p, l);

	if (size > 0 && p->bytes[0] == 5) {
		l->manner = &manner_socks;
		l->way = NET_BY_SOCKS;
		socks_words(p, l);
	} else {
		words(p, l, size);
	}
}

void ear_stranger(struct proxy *p, struct ear *ear, int fd)
{
	static const struct manner any = { .words = stranger, .denied = denied };

	(void)ear;
	(void)!link_new(p, fd, &any, NET_BY_CONNECT);
}
