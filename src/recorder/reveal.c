/*
 * REVEAL: payloads to the ledger's owner. That they are shown is on disk before the first byte is, since what is told
 * is told after a commit. They go out as everything in pieces does: a few messages a round, while the socket has room.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "recorder/recorder.h"

enum { HERE, DAMAGED, GONE, ALL };

static void say(struct client *c, unsigned what, uint64_t index, const struct vault_plain *plain)
{
	uint8_t body[64];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { .kind = ERR_NONE };

	pack_number(&p, what, 1);
	pack_number(&p, index, 8);
	pack_number(&p, plain ? plain->size - BOX_SALT : 0, 8);
	pack_text(&p, plain ? (const char *)plain->bytes : "", plain ? BOX_SALT : 0);
	if (wire_send(&c->wire, MSG_REVEALED, c->look.tag, body, p.size, NULL, 0, &e) < 0)
		c->gone = true;
}

static int record_access(uint64_t *index, struct recorder *r, const struct client *c, const struct look *l,
			 const char *why, struct err *e)
{
	struct record record = { .kind = RECORD_ACCESS };
	char range[64];

	snprintf(range, sizeof(range), "%" PRIu64 " %" PRIu64, l->next, l->last);
	record_text(&record, FIELD_VAULT, range);
	record_number(&record, FIELD_UID, c->who.uid);
	record_text(&record, FIELD_WHY, why);
	return ledger_append(index, r->ledger, &record, 0, e);
}

static int refuse(struct recorder *r, struct client *c, uint64_t tag, const char *why)
{
	struct err e = { .kind = ERR_NONE };

	err_set(&e, ERR_INPUT, "%s", why);
	review_refuse(r, c, tag, &e);
	return 0;
}

int reveal_begin(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	struct look l = { .kind = LOOK_REVEAL, .tag = m->tag };
	char why[257];
	uint64_t first;

	l.next = unpack_number(&u, 8);
	l.last = unpack_number(&u, 8);
	if (!unpack_copy(&u, why, sizeof(why)) || !unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed REVEAL");
	if (!c->custodian)
		return refuse(r, c, m->tag, "payloads are shown to the ledger's owner alone");
	if (!why[0])
		return refuse(r, c, m->tag, "say why: it is recorded");
	if (!vault_next(&first, r->vault, l.next) || first > l.last || l.last >= ledger_order(r->ledger)->next)
		return refuse(r, c, m->tag, "no payload is kept of that");
	if (record_access(&l.access, r, c, &l, why, e) < 0)
		return -1;
	c->look = l;
	return 0;
}

/* The next one, or that there is none. */
static void open_next(struct recorder *r, struct client *c)
{
	struct err e = { .kind = ERR_NONE };
	uint64_t index;
	int got;

	if (!vault_next(&index, r->vault, c->look.next) || index > c->look.last) {
		say(c, ALL, c->look.access, NULL);
		c->look.kind = LOOK_NOTHING;
		return;
	}
	c->look.next = index + 1;
	c->look.at = BOX_SALT;
	got = vault_get(&c->shown, r->vault, index, &e);
	say(c, got == VAULT_GOT ? HERE : got == VAULT_GONE ? GONE : DAMAGED, index, got == VAULT_GOT ? &c->shown : NULL);
}

void reveal_tell(struct recorder *r, struct client *c)
{
	struct err e = { .kind = ERR_NONE };
	size_t left = c->shown.bytes ? c->shown.size - (size_t)c->look.at : 0;

	if (left == 0) {
		vault_plain_free(&c->shown);
		open_next(r, c);
		return;
	}
	left = left < RECORDER_PIECE ? left : RECORDER_PIECE;
	if (wire_send(&c->wire, MSG_PIECE, c->look.tag, c->shown.bytes + c->look.at, left, NULL, 0, &e) < 0)
		c->gone = true;
	c->look.at += left;
}
