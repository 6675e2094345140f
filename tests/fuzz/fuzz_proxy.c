/*
 * tests/fuzz/fuzz_proxy.c - a program says anything at all to the proxy, in pieces, and the broker opens what it may. Byte 0: does
 * it; byte 1: the size of a piece. What reaches the world is what was judged, and nothing is left behind.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "proxy/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct proxy *p;
static struct wire broker;
static struct msg m;
static int world;
static bool opened;
static struct net_ask asked, judged;	/* judged: what was opened */
static char sent[1 << 17];
static size_t sent_size;

static void check(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void begin(void)
{
	struct err e = { 0 };
	int ends[2];

	p = proxy_new(&e);
	check(p && wire_pair(ends, &e) == 0 && channel_begin(p, &p->broker, ends[0], ROLE_BROKER, &e) == 0);
	broker = (struct wire){ ends[1], ROLE_BROKER, ROLE_PROXY, PHASE_RUNNING };
}

static void answer(bool yes)
{
	struct err e = { 0 };
	uint8_t body[64];
	struct pack b = { .at = body, .room = sizeof(body) };
	int ends[2];

	if (!yes || asked.fault[0] || opened) {
		pack_number(&b, asked.fault[0] ? NET_BAD : NET_REFUSED, 1);
		pack_number(&b, 0, 2);
		pack_text(&b, "no", 2);
		check(wire_send(&broker, MSG_DENIED, m.tag, body, b.size, NULL, 0, &e) == 0);
		return;
	}
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	pack_text(&b, "x", 1);
	check(wire_send(&broker, MSG_OPENED, m.tag, body, b.size, &ends[0], 1, &e) == 0);
	close(ends[0]);
	world = ends[1];
	judged = asked;
	opened = true;
}

static void hear_broker(bool yes)
{
	struct err e = { 0 };

	while (wire_receive(&broker, &m, false, &e) == WIRE_MESSAGE) {
		if (m.type != MSG_ASK)
			continue;
		check(net_ask_unpack(&asked, &m) && asked.way < NET_WAYS);
		answer(yes);
	}
	check(!e.kind);
}

static void hear_world(void)
{
	ssize_t got = 1;

	while (world >= 0 && got > 0 && sent_size < sizeof(sent)) {
		got = recv(world, sent + sent_size, sizeof(sent) - sent_size, MSG_DONTWAIT);
		sent_size += got > 0 ? (size_t)got : 0;
	}
}

static void turns(bool yes)
{
	unsigned n;

	for (n = 0; n < 4; n++) {
		check(proxy_turn(p, 0) && !p->err.kind);
		hear_broker(yes);
		hear_world();
	}
}

/* What the world was told is TLS for the host that was judged, or no TLS; or the request that was judged, made anew. */
static void check_sent(const struct net_ask *q)
{
	static const char end[] = "\r\nConnection: close\r\n\r\n";
	struct egress_hello hello;
	struct egress_host host;
	const char *why;

	if (q->way == NET_BY_HTTP && sent_size > 0) {
		check(strncmp(sent, q->method, strlen(q->method)) == 0 && sent[strlen(q->method)] == ' ');
		check(memmem(sent, sent_size, end, sizeof(end) - 1) != NULL);
	} else if (sent_size > 0 && egress_read_hello(&hello, (const uint8_t *)sent, sent_size, &why) == EGRESS_WHOLE) {
		check(egress_host(&host, q->host, strlen(q->host), false) && !hello.ech);
		check(hello.name.text[0] ? egress_same_host(&host, &hello.name) : host.bits != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ear ear = { .kind = EAR_PROXY };
	size_t piece, at, some;
	int ends[2];
	bool yes;

	if (size < 2)
		return 0;
	if (!p)
		begin();
	yes = data[0] & 1;
	piece = data[1] ? data[1] : 4096;
	world = -1;
	opened = false;
	sent_size = 0;
	judged = (struct net_ask){ .way = NET_WAYS };
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	ear_stranger(p, &ear, ends[0]);
	for (at = 2; at < size; at += some) {
		some = size - at < piece ? size - at : piece;
		(void)!send(ends[1], data + at, some, MSG_NOSIGNAL | MSG_DONTWAIT);
		turns(yes);
	}
	check_sent(&judged);
	close(ends[1]);
	if (world >= 0)
		close(world);
	world = -1;
	turns(yes);
	proxy_expire(p, p->now + UINT64_C(400000000000));
	turns(yes);
	check(p->link_count == 0 && p->free_count == PROXY_SEATS && p->reports == 0);
	return 0;
}
