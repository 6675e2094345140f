/*
 * The first bytes of a program over a connection that is open. If they are TLS, the server they name must be the one that
 * was judged: many servers stand behind one address. Nothing is sent to the other end before that is known. Bytes are
 * judged twice, where they lie and in the copy that is sent, because their sender can change the first (words.c).
 */
#include <stdio.h>
#include <string.h>

#include "proxy/proxy.h"

enum { ALERT = 21, HANDSHAKE = 22, CHANGE_CIPHER = 20, APPLICATION = 23, CLIENT_HELLO = 1, TLS_3 = 3,
       RECORD = 5, CHANGE_CIPHER_SIZE = 6, UPGRADE_SIZE = 8 };

/* What TLS has to say about it: access_denied, decode_error, unrecognized_name. */
enum { NO_ACCESS = 49, NOT_READ = 50, NO_SUCH_NAME = 112 };

struct sight {
	enum {
		SEES_BAD,
		SEES_PART,	/* wait for more */
		SEES_PLAIN,	/* nothing to look at, now or later */
		SEES_UPGRADE,	/* TLS is yet to come */
		SEES_HELLO,
	} what;
	size_t size;		/* bytes that may go */
	uint8_t alert;
	const char *why;
	char name[EGRESS_NAME + 1];
};

static void sees_bad(struct sight *s, uint8_t alert, const char *why)
{
	s->what = SEES_BAD;
	s->alert = alert;
	s->why = why;
}

/* PostgreSQL asks in clear whether it may speak TLS, or GSSAPI and then TLS. */
static bool is_upgrade(struct sight *s, const uint8_t *bytes, size_t size)
{
	static const uint8_t asks[][UPGRADE_SIZE] = { { 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f },
						      { 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30 } };
	size_t some = size < UPGRADE_SIZE ? size : UPGRADE_SIZE, i;

	for (i = 0; i < count_of(asks); i++) {
		if (memcmp(bytes, asks[i], some) != 0)
			continue;
		s->what = some < UPGRADE_SIZE ? SEES_PART : SEES_UPGRADE;
		s->size = some;
		return true;
	}
	return false;
}

static void see_hello(struct sight *s, const struct proxy *p, const struct link *l, const uint8_t *bytes, size_t size)
{
	struct egress_hello hello;
	const char *why = NULL;
	enum egress_got got = egress_read_hello(&hello, bytes, size, &why);

	s->what = SEES_PART;
	if (got == EGRESS_MORE)
		return;
	memcpy(s->name, hello.name.text, sizeof(s->name));
	if (got == EGRESS_BAD)
		sees_bad(s, NOT_READ, why);
	else if (hello.ech && !p->ech)
		sees_bad(s, NO_ACCESS, "an encrypted ClientHello hides whom it is for; \"ech\": \"record\" lets it by");
	else if (!hello.name.text[0] && l->host->bits == 0)
		sees_bad(s, NO_SUCH_NAME, "a ClientHello that names no server");
	else if (hello.name.text[0] && !egress_same_host(&hello.name, l->host))
		sees_bad(s, NO_SUCH_NAME, "a ClientHello for another server than was asked for");
	else
		*s = (struct sight){ .what = SEES_HELLO, .size = hello.size };
}

/* After the first ClientHello: a second one, behind one record that means nothing (RFC 8446, D.4), or anything else. */
static void see_second(struct sight *s, const struct proxy *p, const struct link *l, const uint8_t *bytes, size_t size)
{
	*s = (struct sight){ .what = SEES_PLAIN, .size = size };
	if (bytes[0] != HANDSHAKE && bytes[0] != CHANGE_CIPHER)
		return;
	if (size <= RECORD)
		s->what = SEES_PART;
	else if (bytes[0] == CHANGE_CIPHER && (bytes[3] != 0 || bytes[4] != 1))
		sees_bad(s, NOT_READ, "a record of TLS of a size that none has"); /* what is in it could be a ClientHello */
	else if (bytes[0] == CHANGE_CIPHER)
		*s = (struct sight){ .what = SEES_UPGRADE, .size = CHANGE_CIPHER_SIZE };
	else if (bytes[RECORD] == CLIENT_HELLO || (bytes[3] == 0 && bytes[4] == 0))
		see_hello(s, p, l, bytes, size);
}

static void see(struct sight *s, const struct proxy *p, const struct link *l, const uint8_t *bytes, size_t size)
{
	*s = (struct sight){ .what = SEES_PLAIN, .size = size };
	if (l->look == LOOK_SECOND)
		see_second(s, p, l, bytes, size);
	else if (is_upgrade(s, bytes, size))
		return;
	else if (bytes[0] < CHANGE_CIPHER || bytes[0] > APPLICATION || (size > 1 && bytes[1] != TLS_3))
		return;
	else if (size == 1)
		s->what = SEES_PART;
	else if (bytes[0] != HANDSHAKE)
		sees_bad(s, NOT_READ, "TLS that does not begin with a ClientHello");
	else
		see_hello(s, p, l, bytes, size);
}

/* The broker first, then the program, in TLS if that is what it speaks. */
void guard_refuse(struct proxy *p, struct link *l, const char *why, const char *sni, uint8_t alert)
{
	const uint8_t words[] = { ALERT, TLS_3, 3, 0, 2, 2, alert };
	struct net_over o = { .status = "refused", .http = l->status };

	snprintf(o.why, sizeof(o.why), "%s", why);
	snprintf(o.sni, sizeof(o.sni), "%s", sni);
	o.sent = l->lanes[AGENT].moved;
	o.received = l->lanes[WORLD].moved;
	ask_over(p, &l->asker, &o);
	if (alert)
		link_say(p, l, words, sizeof(words));
	link_linger(p, l);
}

void guard_late(struct proxy *p, struct link *l)
{
	guard_refuse(p, l, "a ClientHello that did not come whole within 10 seconds", "", NOT_READ);
}

/* What was seen decides what is looked at next. */
static void go_on(struct proxy *p, struct link *l, const struct sight *s)
{
	deadline_clear(p, &l->deadline);
	if (s->what == SEES_UPGRADE)
		return;
	l->look = s->what == SEES_HELLO && l->look == LOOK_FIRST ? LOOK_SECOND : LOOK_NONE;
	if (l->look != LOOK_NONE)
		return;
	free(l->host);
	l->host = NULL;
}

static bool let_go(struct proxy *p, struct link *l, const struct sight *first)
{
	size_t size = first->size;
	struct sight again;

	if (!link_take(p, l, size)) {
		link_over(p, l, &(struct net_over){ .status = "cancelled", .why = "the program broke it off" });
		return false;
	}
	see(&again, p, l, (const uint8_t *)p->bytes, size);
	if (again.what != first->what || again.size != size) {
		guard_refuse(p, l, "its first bytes changed while they were looked at", again.name, NO_ACCESS);
		return false;
	}
	go_on(p, l, &again);
	if (buf_add(&l->lanes[AGENT].held, p->bytes, size))
		return true;
	link_over(p, l, &(struct net_over){ .status = "error", .why = "no memory for it" });
	return false;
}

bool guard_look(struct proxy *p, struct link *l)
{
	ssize_t size = link_peek(p, l);
	struct sight s;

	if (size < 0)
		return false;
	if (size == 0)
		return lane_stopped(l, AGENT, 0);
	see(&s, p, l, (const uint8_t *)p->bytes, (size_t)size);
	if (s.what == SEES_BAD) {
		guard_refuse(p, l, s.why, s.name, s.alert);
		return false;
	}
	if (s.what != SEES_PART)
		return let_go(p, l, &s);
	if (l->ends[AGENT].ended) {
		guard_refuse(p, l, "a ClientHello that ends early", "", NOT_READ);
		return false;
	}
	l->ends[AGENT].readable = false;
	if (!l->deadline.set)
		deadline_set(p, &l->deadline, DELAY_HEAD);
	return false;
}
