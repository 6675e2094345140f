/*
 * What a call was made with and what it brought, for servers whose operator wants that kept. It goes to the recorder
 * before the record that it is of, with that record's tag, and is forgotten here.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"

enum { PIECE = 60000, PAYLOAD_LARGEST = (4 << 20) + (64 << 10) };	/* more is not kept, and no record says it was */

static bool is_kept(const struct call *c, size_t size)
{
	return c->server && c->server->payloads && !c->up && size > 0 && size <= PAYLOAD_LARGEST;
}

/* The bytes that were judged. */
void payload_ask(struct call *c)
{
	if (!is_kept(c, c->forward.size))
		return;
	c->about.payload = (struct payload){ c->forward.data, c->forward.size };
}

/* The backend's own answer, before anything was changed in it. */
void payload_answer(const struct call *c, struct outcome *o)
{
	if (!is_kept(c, o->payload.size))
		o->payload = (struct payload){ 0 };
	else
		o->retention = c->action.retention;
}

int payload_send(struct wire *recorder, uint64_t tag, const struct payload *p, struct err *e)
{
	size_t at, left;

	for (at = 0; at < p->size; at += left) {
		left = p->size - at < PIECE ? p->size - at : PIECE;
		if (wire_send(recorder, MSG_PAYLOAD, tag, p->bytes + at, left, NULL, 0, e) < 0)
			return err_in(e, "recorder");
	}
	return 0;
}
