/*
 * The ClientHello, RFC 8446 4.1.2, in as many records as it comes in (5.1), and its server_name (RFC 6066 3).
 * Only lengths are walked; every one must end where the one around it says.
 */
#include <string.h>

#include "egress/egress.h"

enum {
	RECORD_HEADER = 5, RECORD_MOST = 1 << 14, HANDSHAKE = 22, CLIENT_HELLO = 1,
	SERVER_NAME = 0, HOST_NAME = 0, ENCRYPTED_HELLO = 0xfe0d,
};

struct part {
	const uint8_t *at;
	size_t left;
	bool wrong;	/* something was longer than what it stands in */
};

static size_t number(struct part *p, unsigned bytes)
{
	size_t value = 0;

	if (p->left < bytes) {
		p->wrong = true;
		return 0;
	}
	p->left -= bytes;
	while (bytes--)
		value = value << 8 | *p->at++;
	return value;
}

/* What is preceded by its length, of so many bytes. */
static struct part vector(struct part *p, unsigned bytes)
{
	struct part in = { .left = number(p, bytes) };

	if (p->wrong || in.left > p->left) {
		p->wrong = true;
		return (struct part){ .wrong = true };
	}
	in.at = p->at;
	p->at += in.left;
	p->left -= in.left;
	return in;
}

static enum egress_got bad(const char **why, const char *text)
{
	*why = text;
	return EGRESS_BAD;
}

/* One name, a host's; RFC 6066 forbids two of a kind, and addresses. */
static bool read_names(struct egress_hello *out, struct part extension)
{
	struct part list = vector(&extension, 2), name;
	size_t kind = number(&list, 1);

	name = vector(&list, 2);
	return !extension.wrong && extension.left == 0 && !list.wrong && list.left == 0 && kind == HOST_NAME &&
	       !out->name.text[0] && name.left > 0 && name.at[name.left - 1] != '.' &&
	       egress_host(&out->name, (const char *)name.at, name.left, false) && out->name.bits == 0;
}

static bool read_extensions(struct egress_hello *out, struct part all)
{
	struct part one;
	size_t type;

	while (all.left > 0 && !all.wrong) {
		type = number(&all, 2);
		one = vector(&all, 2);
		if (all.wrong || (type == SERVER_NAME && !read_names(out, one)))
			return false;
		out->ech = out->ech || type == ENCRYPTED_HELLO;
	}
	return !all.wrong;
}

static bool read_body(struct egress_hello *out, struct part p)
{
	struct part extensions;

	number(&p, 2); /* version */
	if (p.left < 32)
		return false;
	p.at += 32; /* random */
	p.left -= 32;
	vector(&p, 1); /* session id */
	vector(&p, 2); /* cipher suites */
	vector(&p, 1); /* compression */
	if (p.wrong)
		return false;
	if (p.left == 0)
		return true;
	extensions = vector(&p, 2);
	return !p.wrong && p.left == 0 && read_extensions(out, extensions);
}

/* Take the records apart into `room`, until the handshake message in them is whole. */
static enum egress_got gather(uint8_t *room, size_t *held, struct egress_hello *out, const uint8_t *bytes,
			      size_t size, const char **why)
{
	size_t at = 0, length;

	for (*held = 0;; at += RECORD_HEADER + length) {
		if (*held >= 4 && *held >= 4 + ((size_t)room[1] << 16 | (size_t)room[2] << 8 | room[3]))
			break;
		if ((size > at && bytes[at] != HANDSHAKE) || (size > at + 1 && bytes[at + 1] != 3))
			return bad(why, "this is not TLS");
		if (size < at + RECORD_HEADER)
			return EGRESS_MORE;
		length = (size_t)bytes[at + 3] << 8 | bytes[at + 4];
		if (length == 0 || length > RECORD_MOST || *held + length > EGRESS_HELLO)
			return bad(why, "a record of TLS of a size that none has");
		if (size - at - RECORD_HEADER < length)
			return EGRESS_MORE;
		memcpy(room + *held, bytes + at + RECORD_HEADER, length);
		*held += length;
	}
	out->size = at;
	return EGRESS_WHOLE;
}

enum egress_got egress_read_hello(struct egress_hello *out, const uint8_t *bytes, size_t size,
				  const char **why)
{
	uint8_t room[EGRESS_HELLO];
	struct part p = { .at = room }, body;
	enum egress_got got;

	*out = (struct egress_hello){ .ech = false };
	got = gather(room, &p.left, out, bytes, size, why);
	if (got == EGRESS_MORE && size >= EGRESS_HELLO)
		return bad(why, "a ClientHello larger than any");
	if (got != EGRESS_WHOLE)
		return got;
	if (number(&p, 1) != CLIENT_HELLO)
		return bad(why, "TLS that does not begin with a ClientHello");
	body = vector(&p, 3);
	if (p.wrong || p.left > 0 || !read_body(out, body))
		return bad(why, "a malformed ClientHello");
	return EGRESS_WHOLE;
}
