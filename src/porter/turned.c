/*
 * What was turned away, on its way to the ledger: counted here by its sentence until the broker has room to hear it. Who
 * was turned away is held until the broker says that it is recorded. Tags rise in the order in which they are sent.
 */
#include <string.h>

#include "porter/porter.h"

uint64_t turned_note(struct porter *p, enum reason reason, const char *why, size_t size)
{
	struct turning *t = p->turned;

	while (t < p->turned + p->turned_count && (t->reason != reason || strcmp(t->why, why) != 0))
		t++;
	if (t == p->turned + PORTER_TURNED)
		t--; /* more sentences than we have */
	else if (t == p->turned + p->turned_count)
		*t = (struct turning){ .tag = ++p->turned_tag, .reason = reason, .why = why };
	if (t == p->turned + p->turned_count)
		p->turned_count++;
	t->count++;
	t->size = size;
	return t->tag;
}

static int send_one(struct porter *p, const struct turning *t, struct err *e)
{
	uint8_t body[512];
	struct pack b = { .at = body, .room = sizeof(body) };

	pack_number(&b, (uint64_t)t->reason, 2);
	pack_number(&b, t->count < UINT32_MAX ? t->count : UINT32_MAX, 8);
	pack_number(&b, t->size < UINT32_MAX ? t->size : UINT32_MAX, 8);
	pack_text(&b, t->why, strlen(t->why));
	must(!b.over);
	return wire_send(&p->broker, MSG_TURNED, t->tag, body, b.size, NULL, 0, e);
}

int turned_send(struct porter *p, struct err *e)
{
	size_t sent = 0;
	int done = 0;

	while (done == 0 && sent < p->turned_count && porter_has_room(p))
		done = send_one(p, &p->turned[sent++], e);
	p->turned_count -= sent;
	memmove(p->turned, p->turned + sent, p->turned_count * sizeof(p->turned[0]));
	return done;
}

static void tell_all(struct porter *p, uint64_t tag)
{
	struct caller *c;
	size_t i;

	for (i = 0; i < p->caller_count; i++) {
		c = p->callers[i];
		if (c->state != CALLER_HELD || c->held > tag)
			continue;
		if (c->http)
			caller_tell(c);
		else
			gate_tell(c);
	}
}

int turned_hear(struct porter *p, struct err *e)
{
	int got;

	while ((got = wire_receive(&p->broker, &p->msg, false, e)) == WIRE_MESSAGE) {
		if (p->msg.tag > p->turned_tag)
			return err_set(e, ERR_PEER, "TOLD of what it was not told");
		tell_all(p, p->msg.tag);
	}
	return got;
}
