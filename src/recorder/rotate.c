/*
 * When an epoch is over: after so many hours or so many records. Hours are counted by a clock that nobody sets, but for
 * those before this recorder was there, of which only the ledger's own times tell.
 */
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "recorder/recorder.h"

static void reckon(struct recorder *r)
{
	const struct epochs *s = ledger_epochs(r->ledger);

	if (r->rotation.epochs == s->count)
		return;
	r->rotation.epochs = s->count;
	r->rotation.due_us = clock_boot_us() + epochs_left_us(s, clock_wall_us(), r->rotation.every_us);
}

/* Nobody who signs with more keys than a ledger may have is believed: the last one stays. */
static bool may(const struct recorder *r)
{
	size_t epochs = ledger_epochs(r->ledger)->count;

	return signing_rotate(r->signing) && epochs > 1 && epochs < EPOCHS_MOST && !r->halted[0];
}

static bool is_full(const struct recorder *r)
{
	return ledger_order(r->ledger)->next - epochs_now(ledger_epochs(r->ledger))->size >= r->rotation.records;
}

int rotate_ms(struct recorder *r)
{
	uint64_t now, left;

	if (!may(r))
		return -1;
	reckon(r);
	now = clock_boot_us();
	left = r->rotation.due_us > now ? (r->rotation.due_us - now) / 1000 + 1 : 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

/* Where the next one cannot begin, the one that there is goes on, and that is no reason to stop recording. */
static int rotate(struct recorder *r, struct err *why, struct err *e)
{
	if (ledger_room(r->ledger, why) == 0 && ledger_rotate(r->ledger, why) == 0)
		return 0;
	if (ledger_is_sound(r->ledger))
		return 1;
	*e = *why;
	return -1;
}

int rotate_if_due(struct recorder *r, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	bool late = rotate_ms(r) == 0;
	int done;

	if (!may(r) || (!late && (!is_full(r) || clock_boot_us() < r->rotation.again_us)))
		return 0;
	done = rotate(r, &why, e);
	if (done <= 0)
		return done;
	log_say("the change of epochs is not whole: %s", why.text);
	reckon(r);	/* an epoch may have begun, and only the former one's key be there still */
	r->rotation.due_us = r->rotation.again_us = clock_boot_us() + EPOCH_AGAIN_MS * UINT64_C(1000);
	return 0;
}

static int turn_away(struct recorder *r, struct client *c, uint64_t tag, const char *why)
{
	struct err e = { .kind = ERR_NONE };

	err_set(&e, ERR_INPUT, "%s", why);
	review_refuse(r, c, tag, &e);
	return 0;
}

static int say(struct recorder *r, struct client *c, uint64_t tag)
{
	const struct epochs *s = ledger_epochs(r->ledger);
	char verifier[SEAL_VERIFIER_TEXT];
	struct err e = { .kind = ERR_NONE };
	uint8_t body[512];
	struct pack p = { .at = body, .room = sizeof(body) };

	seal_verifier_text(verifier, &epochs_now(s)->key);
	pack_number(&p, s->count - 1, 8);
	pack_number(&p, epochs_now(s)->record, 8);
	pack_text(&p, verifier, strlen(verifier));
	if (wire_send(&c->wire, MSG_ROTATED, tag, body, p.size, NULL, 0, &e) < 0)
		c->gone = true;
	return 0;
}

int rotate_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	int done;

	if (!c->custodian)
		return turn_away(r, c, m->tag, "an epoch is ended by the ledger's owner alone");
	if (!may(r))
		return turn_away(r, c, m->tag, "no epoch can begin: there is no room, or there are as many as a ledger may have");
	if (client_commit(r, e) < 0 || (done = rotate(r, &why, e)) < 0)
		return -1;
	return done ? turn_away(r, c, m->tag, why.text) : say(r, c, m->tag);
}
