/* What was turned away, on its way to the ledger: counted here by its sentence until the broker has room to hear it. */
#include <string.h>

#include "porter/porter.h"

void turned_note(struct porter *p, enum reason reason, const char *why, size_t size)
{
	struct turning *t = p->turned;

	while (t < p->turned + p->turned_count && (t->reason != reason || strcmp(t->why, why) != 0))
		t++;
	if (t == p->turned + PORTER_TURNED)
		t--; /* more sentences than we have */
	else if (t == p->turned + p->turned_count)
		*t = (struct turning){ .reason = reason, .why = why };
	if (t == p->turned + p->turned_count)
		p->turned_count++;
	t->count++;
	t->size = size;
}

int turned_send(struct porter *p, struct err *e)
{
	uint8_t body[512];
	struct pack b;
	struct turning *t;

	while (p->turned_count > 0 && porter_has_room(p)) {
		t = &p->turned[p->turned_count - 1];
		b = (struct pack){ .at = body, .room = sizeof(body) };
		pack_number(&b, (uint64_t)t->reason, 2);
		pack_number(&b, t->count < UINT32_MAX ? t->count : UINT32_MAX, 8);
		pack_number(&b, t->size < UINT32_MAX ? t->size : UINT32_MAX, 8);
		pack_text(&b, t->why, strlen(t->why));
		must(!b.over);
		if (wire_send(&p->broker, MSG_TURNED, 0, body, b.size, NULL, 0, e) < 0)
			return -1;
		p->turned_count--;
	}
	return 0;
}
