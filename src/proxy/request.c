/* The body of one http:// request, exactly as long as its head said; and the status of the answer, for the record. */
#include <stdio.h>
#include <string.h>

#include "proxy/proxy.h"

enum { STATUS_LINE = 12 }; /* "HTTP/1.1 200" */

/* The answer to the first is still to come, so nothing is said here: it is recorded, and no more is read. */
static bool second_request(struct proxy *p, struct link *l)
{
	struct net_ask q = net_ask_of(l, "http");

	snprintf(q.fault, sizeof(q.fault), "a second request on one connection");
	ask_report(p, &q);
	l->lanes[AGENT].ended = true;
	return true;
}

static bool after(struct proxy *p, struct link *l)
{
	ssize_t got = link_peek(p, l);

	if (got < 0)
		return false;
	return got == 0 ? lane_stopped(l, AGENT, 0) : second_request(p, l);
}

static bool refuse(struct proxy *p, struct link *l, const char *why)
{
	if (l->lanes[WORLD].moved == 0)
		http_refuse(p, l, 400, why);
	guard_refuse(p, l, why, "", 0);
	return false;
}

static bool chunked(struct proxy *p, struct link *l)
{
	ssize_t got = recv(l->ends[AGENT].watch.fd, p->bytes, EGRESS_HEAD, MSG_DONTWAIT);
	enum egress_got seen;
	size_t used;

	if (got == 0)
		return refuse(p, l, "a body that ends early");
	if (got < 0)
		return lane_stopped(l, AGENT, got);
	seen = egress_read_chunks(&l->chunks, p->bytes, (size_t)got, &used);
	if (seen == EGRESS_BAD)
		return refuse(p, l, "a body that is badly chunked");
	if (!buf_add(&l->lanes[AGENT].held, p->bytes, used))
		return refuse(p, l, "there is no memory for it now");
	if (seen == EGRESS_WHOLE)
		l->look = LOOK_AFTER;
	return used < (size_t)got ? second_request(p, l) : true;
}

static bool sized(struct proxy *p, struct link *l)
{
	struct lane *lane = &l->lanes[AGENT];

	if (!lane_take(p, l, AGENT, l->left))
		return false;
	if (lane->ended)
		return refuse(p, l, "a body that ends early");
	l->left -= lane->pipe ? lane->pipe->held : lane->held.size;
	if (l->left == 0)
		l->look = LOOK_AFTER;
	return true;
}

bool request_take(struct proxy *p, struct link *l)
{
	if (l->look == LOOK_SIZED)
		return sized(p, l);
	return l->look == LOOK_CHUNKED ? chunked(p, l) : after(p, l);
}

void request_status(struct proxy *p, struct link *l)
{
	char line[STATUS_LINE];
	unsigned status;

	(void)p;
	if (l->way != NET_BY_HTTP || l->status || l->lanes[WORLD].moved > 0 ||
	    recv(l->ends[WORLD].watch.fd, line, sizeof(line), MSG_PEEK | MSG_DONTWAIT) != STATUS_LINE ||
	    memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ')
		return;
	status = (unsigned)(line[9] - '0') * 100 + (unsigned)(line[10] - '0') * 10 + (unsigned)(line[11] - '0');
	if (status >= 200 && status <= 999)
		l->status = (uint16_t)status;
}
