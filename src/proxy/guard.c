/*
 * The first bytes of a program over a connection that is open. If they are TLS, or HTTP in clear, the server they name must
 * be the one that was judged: many servers stand behind one address. Nothing is sent to the other end before that is known. Bytes are
 * judged twice, where they lie and in the copy that is sent, because their sender can change the first (words.c).
 */
#include <stdio.h>
#include <string.h>

#include "proxy/proxy.h"

enum { ALERT = 21, HANDSHAKE = 22, CHANGE_CIPHER = 20, APPLICATION = 23, CLIENT_HELLO = 1, TLS_3 = 3,
       RECORD = 5, CHANGE_CIPHER_SIZE = 6, UPGRADE_SIZE = 8, HTTP_PORT = 80,
       VERSIONS = 0x10, /* of a first record: readers of TLS let by whatever is lower (Go's do) */
       OLD_HELLO = 11 };

/* What TLS has to say about it: access_denied, decode_error, unrecognized_name. */
enum { NO_ACCESS = 49, NOT_READ = 50, NO_SUCH_NAME = 112 };

struct sight {
	enum {
		SEES_BAD,
		SEES_PART,	/* wait for more */
		SEES_PLAIN,	/* nothing to look at, now or later */
		SEES_UPGRADE,	/* what is to be looked at is yet to come */
		SEES_HELLO,
		SEES_REQUEST,
	} what;
	bool http;		/* it is to be told so in HTTP */
	bool word;		/* PART: one word so far */
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

/*
 * PostgreSQL asks in clear whether it may speak TLS, or GSSAPI and then TLS. And what comes after empty lines, where a
 * server is told who connects (the PROXY protocol, 2) and what is looked at would only come then.
 */
static bool is_upgrade(struct sight *s, const uint8_t *bytes, size_t size)
{
	static const uint8_t asks[][UPGRADE_SIZE] = { { 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f },
						      { 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30 },
						      { 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n' } };
	size_t some = size < UPGRADE_SIZE ? size : UPGRADE_SIZE, i;

	for (i = 0; i < count_of(asks); i++) {
		if (memcmp(bytes, asks[i], some) != 0)
			continue;
		s->what = some < UPGRADE_SIZE ? SEES_PART : SEES_UPGRADE;
		s->size = some;
		if (some == UPGRADE_SIZE && asks[i][1] == '\r')
			sees_bad(s, 0, "the PROXY protocol: who connects is not the program's to say");
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
	if (s->what != SEES_PART)
		return;
	s->what = SEES_HELLO;
	s->size = hello.size;
}

/* SSL 2 had a ClientHello that named no server (RFC 5246, E.2), and it is still read. */
static void see_old_hello(struct sight *s, const uint8_t *bytes, size_t size)
{
	size_t length, said;

	if ((size > 2 && bytes[2] != CLIENT_HELLO) || (size > 3 && bytes[3] != TLS_3 && bytes[3] != 0))
		return;
	if (size < OLD_HELLO) {
		s->what = SEES_PART;
		return;
	}
	length = (size_t)(bytes[0] & 0x7f) << 8 | bytes[1];
	said = ((size_t)bytes[5] << 8 | bytes[6]) + ((size_t)bytes[7] << 8 | bytes[8]) +
	       ((size_t)bytes[9] << 8 | bytes[10]);
	if (said + OLD_HELLO - 2 == length)
		sees_bad(s, NOT_READ, "a ClientHello of SSL 2, which names no server");
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

/* A request is for the host that was judged, and is judged by itself: a tunnel is no way around a rule about paths. */
static void see_request(struct sight *s, struct egress_http *h, const struct link *l, const char *bytes, size_t size)
{
	enum egress_got got = egress_read_request(h, l->host, l->port, HTTP_PORT, bytes, size, &s->why);

	s->http = true;
	s->what = got == EGRESS_WHOLE ? SEES_REQUEST : got == EGRESS_MORE ? SEES_PART : SEES_BAD;
	s->size = got == EGRESS_WHOLE ? h->size : size;
}

static void see_plain(struct sight *s, const struct link *l, const char *bytes, size_t size)
{
	struct egress_http h;
	size_t blank;
	enum plain what = plain_look(bytes, size, l->ends[AGENT].ended, &blank);

	switch (what) {
	case PLAIN_OTHER:
		return;
	case PLAIN_BLANK:
		*s = (struct sight){ .what = SEES_UPGRADE, .size = blank };
		return;
	case PLAIN_WORD:
	case PLAIN_PART:
		s->what = SEES_PART;
		s->http = true;
		s->word = what == PLAIN_WORD;
		return;
	case PLAIN_REQUEST:
		see_request(s, &h, l, bytes, size);
		return;
	case PLAIN_NEVER:
		s->http = true;
		sees_bad(s, 0, "expected \"METHOD /PATH HTTP/1.1\", and nothing before it");
		return;
	}
}

/* What was one word when nobody would wait any longer. */
static void see_after_word(struct sight *s, const char *bytes, size_t size)
{
	size_t word = plain_word(bytes, size);

	if (word == size)
		s->what = SEES_UPGRADE;
	else if (bytes[word] == ' ' || bytes[word] == '\t')
		sees_bad(s, 0, "a word, nothing for 2 seconds, and then what could make a request of it");
}

static void see(struct sight *s, const struct proxy *p, const struct link *l, const uint8_t *bytes, size_t size)
{
	*s = (struct sight){ .what = SEES_PLAIN, .size = size };
	if (l->look == LOOK_SECOND)
		see_second(s, p, l, bytes, size);
	else if (l->look == LOOK_WORD)
		see_after_word(s, (const char *)bytes, size);
	else if (is_upgrade(s, bytes, size))
		return;
	else if ((bytes[0] & 0xc0) == 0x80) /* 16 KiB at most */
		see_old_hello(s, bytes, size);
	else if (bytes[0] < CHANGE_CIPHER || bytes[0] > APPLICATION || (size > 1 && bytes[1] >= VERSIONS))
		see_plain(s, l, (const char *)bytes, size);
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

static void refuse(struct proxy *p, struct link *l, const struct sight *s)
{
	if (s->http && l->lanes[WORLD].moved == 0 && !l->lanes[WORLD].ended)
		http_refuse(p, l, 400, s->why);
	guard_refuse(p, l, s->why, s->name, s->alert);
}

/* One word alone is the beginning of many things; it goes, and may not become a request then. */
void guard_late(struct proxy *p, struct link *l)
{
	struct sight s = { .why = "what did not come whole within 10 seconds, and could be a ClientHello or a request" };
	ssize_t size = link_peek(p, l);
	size_t word = size > 0 ? plain_word(p->bytes, (size_t)size) : 0;

	if (l->state != LINK_OPEN)
		return;
	s.alert = size > 0 && p->bytes[0] == HANDSHAKE ? NOT_READ : 0;
	s.http = word > 0;
	if (l->look == LOOK_FIRST && word > 0 && word == (size_t)size) {
		l->look = LOOK_WORD;
		l->ends[AGENT].readable = true;
		lanes_move(p, l);
		return;
	}
	refuse(p, l, &s);
}

/* What was seen decides what is looked at next. */
static void go_on(struct proxy *p, struct link *l, const struct sight *s)
{
	deadline_clear(p, &l->deadline);
	if (s->name[0] && !l->sni)
		l->sni = strdup(s->name);
	if (s->what == SEES_UPGRADE)
		return;
	l->look = s->what == SEES_HELLO && l->look == LOOK_FIRST ? LOOK_SECOND : LOOK_NONE;
	if (l->look != LOOK_NONE)
		return;
	free(l->host);
	l->host = NULL;
}

/* In p->bytes. What is open already has carried nothing yet, and gives way to a connection that is the request's. */
static void take_request(struct proxy *p, struct link *l, size_t size)
{
	const struct lane *back = &l->lanes[WORLD];
	struct sight s = { .http = true, .why = "a request to who has spoken or hung up first" };
	struct egress_http h;

	if (back->moved > 0 || back->held.size > 0 || back->pipe || back->ended)
		refuse(p, l, &s);
	else if (egress_read_request(&h, l->host, l->port, HTTP_PORT, p->bytes, size, &s.why) == EGRESS_WHOLE)
		http_again(p, l, &h);
	else
		refuse(p, l, &s);
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
	if (again.what == SEES_REQUEST) {
		take_request(p, l, size);
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
		refuse(p, l, &s);
		return false;
	}
	if (s.what != SEES_PART)
		return let_go(p, l, &s);
	if (l->ends[AGENT].ended) {
		s.why = "a ClientHello or a request that ends early";
		s.alert = s.http ? 0 : NOT_READ;
		refuse(p, l, &s);
		return false;
	}
	l->ends[AGENT].readable = false;
	if (!l->deadline.set || (l->deadline.kind == DELAY_LINGER && !s.word))
		deadline_set(p, &l->deadline, s.word ? DELAY_LINGER : DELAY_HEAD);
	return false;
}
