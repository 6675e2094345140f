/*
 * What reviewers ask. An answer of many messages goes out a few at a time, only while its socket has room, and from
 * the held calls as they are then: so who reads slowly, or not at all, costs nobody anything but a place.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "recorder/recorder.h"

/* Said in the log at most once a second, with how many it was since. */
static void log_turned(struct recorder *r, const struct client *c, const struct err *why)
{
	uint64_t now = clock_mono_ns();

	r->turned++;
	if (r->turned_ns && now - r->turned_ns < 1000000000)
		return;
	log_say("uid %u was turned away (%" PRIu64 " times since this was last said): %s", c->who.uid, r->turned, why->text);
	r->turned_ns = now;
	r->turned = 0;
}

static int turn_away(struct client *c, uint64_t tag, const char *why)
{
	struct err e = { .kind = ERR_NONE };

	if (!client_writable(c) || wire_send_text(&c->wire, MSG_TURNED_AWAY, tag, why, &e) < 0)
		c->gone = true;
	return 0;
}

/* Of a decision: that is logged, and who goes on trying is cut off. */
void review_refuse(struct recorder *r, struct client *c, uint64_t tag, const struct err *why)
{
	log_turned(r, c, why);
	turn_away(c, tag, why->text);
	c->gone = c->gone || ++c->turns > RECORDER_TURNS;
}

static const char UNKNOWN[] = "no such call is held, or it ended too long ago: reeve-audit show has it";

static int on_query(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	bool follow = unpack_number(&u, 1) != 0;
	uint64_t index = unpack_number(&u, 8);

	if (!unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed QUERY");
	if (index && !holds_find(ledger_holds(r->ledger), index))
		return turn_away(c, m->tag, UNKNOWN);
	c->look = (struct look){ .kind = LOOK_LIST, .tag = m->tag, .held = index, .follow = follow,
				 .told = ledger_holds(r->ledger)->changes };
	return 0;
}

static int on_see(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t index = unpack_number(&u, 8);
	struct hold *h = holds_find(ledger_holds(r->ledger), index);

	if (!unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed SEE");
	if (!h)
		return turn_away(c, m->tag, UNKNOWN);
	/* Once it has ended nobody decides on it any more: then its payload is the owner's alone, by REVEAL. */
	if (!holds_open(ledger_holds(r->ledger), index))
		return turn_away(c, m->tag, "it ended: its payload is shown while there is something to decide");
	if (!h->payload && !holding_make_room(r, RECORDER_PAYLOAD))
		return turn_away(c, m->tag, "too much is being looked at just now: try again");
	if (!h->payload && !vault_recall(r, h))
		return turn_away(c, m->tag, "its payload is not here: its key was destroyed, or it is of a class of which nothing is stored and the recorder was started anew; it comes back when its agent asks again");
	c->look = (struct look){ .kind = LOOK_PAYLOAD, .tag = m->tag, .held = index };
	return 0;
}

static int (*const asks[MSG_TYPES])(struct recorder *, struct client *, const struct msg *, struct err *) = {
	[MSG_QUERY] = on_query,
	[MSG_SEE] = on_see,
	[MSG_DECIDE] = review_decide,
	[MSG_REVEAL] = reveal_begin,
	[MSG_DESTROY] = purge_message,
	[MSG_ROTATE] = rotate_message,
	[MSG_VOUCH] = vouch_message,
	[MSG_ACCESS] = access_message,
};

int review_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	if (!asks[m->type])
		return turn_away(c, m->tag, "that is not done here");
	return asks[m->type](r, c, m, e);
}

/* --- telling --- */

static void send_piece(struct client *c, enum msg_type t, const void *bytes, size_t size)
{
	struct err e = { .kind = ERR_NONE };

	if (wire_send(&c->wire, t, c->look.tag, bytes, size, NULL, 0, &e) < 0)
		c->gone = true;
}

static void send_stands(struct recorder *r, struct client *c, struct hold *h)
{
	uint8_t body[65536];
	struct pack p = { .at = body, .room = sizeof(body) };
	size_t v;

	pack_text(&p, h->line, h->size);
	pack_number(&p, h->state, 1);
	pack_number(&p, ledger_left_us(r->ledger, h) / 1000000, 4);
	for (v = 0; v < h->vote_count && p.room - p.size >= h->votes[v].size + 4; v++)
		pack_text(&p, h->votes[v].line, h->votes[v].size);
	send_piece(c, MSG_STANDS, body, p.size);
}

/* The first that stands open from this index on. */
static struct hold *next_open(const struct holds *hs, uint64_t from)
{
	size_t i;

	for (i = 0; i < hs->open_count; i++)
		if (hs->open[i]->index >= from)
			return hs->open[i];
	return NULL;
}

static void tell_list(struct recorder *r, struct client *c)
{
	struct holds *hs = ledger_holds(r->ledger);
	struct hold *h = c->look.at ? NULL : holds_find(hs, c->look.held);

	if (c->look.held == 0)
		h = next_open(hs, c->look.at);
	if (h) {
		send_stands(r, c, h);
		c->look.at = h->index + 1;
		return;
	}
	send_piece(c, MSG_STANDS, NULL, 0);
	c->look.kind = LOOK_NOTHING;
}

static void tell_payload(struct recorder *r, struct client *c)
{
	const struct hold *h = holds_find(ledger_holds(r->ledger), c->look.held);
	size_t left;

	if (!h || !h->payload) {
		c->look.kind = LOOK_NOTHING;
		turn_away(c, c->look.tag, "it ended while it was shown");
		return;
	}
	left = h->payload_size - (size_t)c->look.at;
	left = left < RECORDER_PIECE ? left : RECORDER_PIECE;
	send_piece(c, MSG_PIECE, h->payload + c->look.at, left);
	c->look.at += left;
	if (left == 0)
		c->look.kind = LOOK_NOTHING;
}

static struct hold *earlier(struct hold *a, struct hold *b, const struct look *l)
{
	if (b->changed <= l->told || (l->held && b->index != l->held))
		return a;
	return a && a->changed <= b->changed ? a : b;
}

/* The next change that it does not know of; what changed twice meanwhile is told once. */
static struct hold *next_change(const struct recorder *r, const struct client *c)
{
	const struct holds *hs = ledger_holds(r->ledger);
	struct hold *next = NULL;
	size_t i;

	if (!c->look.follow || c->look.told == hs->changes)
		return NULL;
	for (i = 0; i < hs->open_count; i++)
		next = earlier(next, hs->open[i], &c->look);
	for (i = 0; i < hs->ended_count; i++)
		next = earlier(next, hs->ended[i], &c->look);
	return next;
}

static void tell_change(struct recorder *r, struct client *c)
{
	struct hold *h = next_change(r, c);

	if (!h) {
		c->look.told = ledger_holds(r->ledger)->changes;
		return;
	}
	send_stands(r, c, h);
	c->look.told = h->changed;
}

bool review_wants(const struct recorder *r, const struct client *c)
{
	return c->wire.peer == ROLE_REVIEWER && (c->look.kind != LOOK_NOTHING || next_change(r, c));
}

void review_tell(struct recorder *r, struct client *c)
{
	static void (*const tells[])(struct recorder *, struct client *) = {
		[LOOK_NOTHING] = tell_change,
		[LOOK_LIST] = tell_list,
		[LOOK_PAYLOAD] = tell_payload,
		[LOOK_REVEAL] = reveal_tell,
	};
	int i;

	for (i = 0; i < RECORDER_PIECES && !c->gone && review_wants(r, c) && client_writable(c); i++)
		tells[c->look.kind](r, c);
}
