/*
 * Held calls, as brokers see them. A HOLD makes a record or joins one that stands open; from then on its broker is
 * told how that stands, after each commit that changed it, the latest only. Nothing waits in a queue for a broker that
 * does not read: what it has not heard yet is asked of the ledger again when it does.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "recorder/recorder.h"

enum { NO_HOLD = 0 };

/* --- payload --- */

static size_t bytes_kept(const struct recorder *r)
{
	const struct holds *h = ledger_holds(r->ledger);
	size_t i, bytes = 0;

	for (i = 0; i < r->count; i++)
		bytes += r->clients[i]->payload.size;
	for (i = 0; i < h->open_count; i++)
		bytes += h->open[i]->payload_size;
	return bytes;
}

/* Where it serves several users, what one of them leaves unfinished takes no room from the others. */
static bool has_room_for(const struct recorder *r, const struct client *c, size_t size)
{
	size_t i, own = 0, kept = bytes_kept(r);

	for (i = 0; r->owners && i < r->count; i++)
		own += r->clients[i]->who.uid == c->who.uid ? r->clients[i]->payload.size : 0;
	return kept + size <= RECORDER_PAYLOADS && (!r->owners || own + size <= share_of(RECORDER_PAYLOADS, kept - own, SHARE_HELD));
}

static bool is_looked_at(const struct recorder *r, const struct hold *h)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->clients[i]->look.kind == LOOK_PAYLOAD && r->clients[i]->look.held == h->index)
			return true;
	return false;
}

/* What the vault has comes back when somebody looks: of that none need stay. */
bool holding_make_room(struct recorder *r, size_t size)
{
	const struct holds *h = ledger_holds(r->ledger);
	struct hold *one;
	size_t i;

	for (i = 0; i < h->open_count && bytes_kept(r) + size > RECORDER_PAYLOADS; i++) {
		one = h->open[i];
		if (!one->payload || !one->record.value[FIELD_VAULT].set || is_looked_at(r, one))
			continue;
		free(one->payload);
		one->payload = NULL;
		one->payload_size = 0;
	}
	return bytes_kept(r) + size <= RECORDER_PAYLOADS;
}

static void drop_payload(struct client *c)
{
	buf_free(&c->payload);
	c->payload = (struct buf){ .most = RECORDER_PAYLOAD };
}

int holding_payload(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	if (c->payload_tag != m->tag)
		drop_payload(c);
	c->payload.most = RECORDER_PAYLOAD;
	c->payload_tag = m->tag;
	if (m->size > RECORDER_PAYLOAD - c->payload.size)
		return err_set(e, ERR_PEER, "PAYLOAD of more than %d bytes", RECORDER_PAYLOAD);
	if (!has_room_for(r, c, m->size) || !buf_add(&c->payload, m->body, m->size))
		c->payload.over = true;	/* its HOLD is told so */
	return 0;
}

/* --- telling --- */

/* Who is waited for, or who ended it. */
static const char *who_of(const struct recorder *r, const struct hold *h, struct buf *room)
{
	const char *text = NULL;

	if (h->state == HOLD_WAITING && hold_awaits(room, h, ledger_since_us(r->ledger, h)))
		text = buf_text(room);
	return text ? text : h->who;
}

static int send_holds(struct recorder *r, struct watch *w, struct hold *h, struct err *e)
{
	scoped(buf) struct buf names = BUF(HOLD_STEPS * 1024ul);
	uint8_t body[512];
	struct pack p = { .at = body, .room = sizeof(body) };
	const char *who = who_of(r, h, &names);

	pack_number(&p, h->index, 8);
	pack_number(&p, h->state, 1);
	pack_number(&p, h->decision, 8);
	pack_number(&p, ledger_left_us(r->ledger, h) / 1000000, 4);
	pack_text(&p, who, text_cut(who, strlen(who), 200));
	pack_text(&p, h->why, text_cut(h->why, strlen(h->why), 240));
	must(!p.over);
	return wire_send(&w->to->wire, MSG_HOLDS, w->tag, body, p.size, NULL, 0, e);
}

/* It is not held, and never was: index 0. */
static int refuse(struct client *c, uint64_t tag, const char *why, struct err *e)
{
	uint8_t body[512];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err ignored;

	(void)e;
	pack_number(&p, NO_HOLD, 8);
	pack_number(&p, HOLD_WITHDRAWN, 1);
	pack_number(&p, 0, 8);
	pack_number(&p, 0, 4);
	pack_text(&p, "", 0);
	pack_text(&p, why, text_cut(why, strlen(why), 240));
	if (!client_writable(c) || wire_send(&c->wire, MSG_HOLDS, tag, body, p.size, NULL, 0, &ignored) < 0)
		c->gone = true;	/* nobody waits for a broker that does not read what it asks for */
	return 0;
}

static void forget_watch(struct recorder *r, size_t i)
{
	r->watches[i].to->watches--;
	memmove(r->watches + i, r->watches + i + 1, (--r->watch_count - i) * sizeof(*r->watches));
}

/* One that was forgotten before its broker could be told is no longer open: that is all that counts. */
static bool tell_one(struct recorder *r, struct watch *w)
{
	struct hold *h = holds_find(ledger_holds(r->ledger), w->held), gone = { .index = w->held, .state = HOLD_WITHDRAWN };
	struct err e = { .kind = ERR_NONE };

	if (w->to->gone || (h && h->changed == w->told))
		return false;
	if (!client_writable(w->to)) {
		w->to->full = true;	/* looked at again once it reads */
		return false;
	}
	if (send_holds(r, w, h ? h : &gone, &e) < 0)
		w->to->gone = true;
	w->told = h ? h->changed : 0;
	return !h || (h->state != HOLD_WAITING && h->state != HOLD_APPROVED);
}

void holding_tell(struct recorder *r)
{
	size_t i = 0;

	while (i < r->watch_count) {
		if (tell_one(r, &r->watches[i]))
			forget_watch(r, i);
		else
			i++;
	}
}

void holding_forget(struct recorder *r, const struct client *c)
{
	size_t i = 0;

	while (i < r->watch_count) {
		if (r->watches[i].to == c)
			forget_watch(r, i);
		else
			i++;
	}
}

/* --- joining --- */

/* The oldest wait of this broker for the same call goes when there are too many: its agent has long given up. */
static bool make_way(struct recorder *r, const struct client *c, uint64_t held)
{
	size_t i, own = 0;

	for (i = 0; r->owners && i < r->count; i++)
		own += r->clients[i]->who.uid == c->who.uid ? r->clients[i]->watches : 0;
	if (c->watches < RECORDER_WATCHES_EACH && r->watch_count < RECORDER_WATCHES &&
	    (!r->owners || own < share_of(RECORDER_WATCHES, r->watch_count - own, SHARE_WATCHES)))
		return true;
	for (i = 0; i < r->watch_count; i++)
		if (r->watches[i].to == c && r->watches[i].held == held) {
			forget_watch(r, i);
			return true;
		}
	return false;
}

static int join(struct recorder *r, struct client *c, uint64_t tag, uint64_t held, struct err *e)
{
	if (!make_way(r, c, held))
		return refuse(c, tag, "too many held calls are waited for at once", e);
	r->watches[r->watch_count++] = (struct watch){ .to = c, .tag = tag, .held = held };
	c->watches++;
	return 0;
}

static bool has_joined(const struct recorder *r, const struct client *c, uint64_t held)
{
	size_t i;

	for (i = 0; i < r->watch_count; i++)
		if (r->watches[i].to == c && r->watches[i].held == held)
			return true;
	return false;
}

/* Whose call it is and who may approve it is the run's own word, not the broker's. */
static int of_its_run(struct record *out, struct recorder *r, const struct client *c, struct err *e)
{
	const struct holds *h = ledger_holds(r->ledger);
	size_t i;

	for (i = 0; i < h->run_count && h->runs[i].index != c->run; i++)
		;
	if (i == h->run_count)
		return err_set(e, ERR_PEER, "HOLD in run %" PRIu64 ", which is not open", c->run);
	record_number(out, FIELD_RUN, c->run);
	out->value[FIELD_AGENT] = out->value[FIELD_OWNER] = out->value[FIELD_SIGNERS] = (struct field_value){ .set = false };
	record_text(out, FIELD_AGENT, h->runs[i].agent[0] ? h->runs[i].agent : NULL);
	record_text(out, FIELD_OWNER, h->runs[i].owner[0] ? h->runs[i].owner : NULL);
	record_text(out, FIELD_SIGNERS, h->runs[i].signers[0] ? h->runs[i].signers : NULL);
	return 0;
}

/* What a reviewer is shown, now or out of the vault, is what the digest says; other bytes are not kept. */
static bool is_of_digest(const struct buf *payload, const struct record *held)
{
	const struct field_value *digest = &held->value[FIELD_DIGEST];
	char found[SEAL_DIGEST_TEXT];

	seal_digest(found, payload->size ? payload->data : "", payload->size);
	return digest->set && digest->size == strlen(found) && memcmp(found, digest->text, digest->size) == 0;
}

/* Whoever joins may bring the bytes that a recorder which ended took with it. */
static void keep_payload(struct client *c, struct hold *h)
{
	if (h->payload || c->payload.size == 0 || c->payload.over || !is_of_digest(&c->payload, &h->record))
		return;
	h->payload = c->payload.data;
	h->payload_size = c->payload.size;
	c->payload = (struct buf){ .most = RECORDER_PAYLOAD };
}

/* What one agent has left standing, in all its runs, takes no place from the others; where users could make agents up: one owner. */
static bool has_share(const struct recorder *r, const struct client *c, const struct record *record)
{
	const struct holds *h = ledger_holds(r->ledger);
	size_t i, count = 0, bytes = c->payload.size;

	for (i = 0; i < h->open_count; i++) {
		if ((!r->owners && !hold_same(&h->open[i]->record, record, FIELD_AGENT)) || !hold_same(&h->open[i]->record, record, FIELD_OWNER))
			continue;
		count++;
		bytes += h->open[i]->payload_size;
	}
	return count < share_of(HOLDS_MOST, h->open_count - count, SHARE_HELD) &&
	       bytes <= share_of(RECORDER_PAYLOADS, bytes_kept(r) - bytes, SHARE_HELD);
}

static int make(struct recorder *r, struct client *c, struct record *record, uint64_t tag, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	uint64_t index;

	if (!has_share(r, c, record))
		return refuse(c, tag, "as much of this agent is held already as may be: decide on some of it first", e);
	if (c->payload.over)
		return refuse(c, tag, "too much is held already to keep its payload too: decide on some of it first", e);
	if (!client_has_room(r))
		return refuse(c, tag, r->halted, e);
	if (!is_of_digest(&c->payload, record))
		drop_payload(c);
	if (vault_keep(r, c, tag, record, &why) < 0 || ledger_append(&index, r->ledger, record, c->run, &why) < 0) {
		if (why.kind != ERR_SYSTEM)
			return refuse(c, tag, why.text, e);
		*e = why;
		return -1;
	}
	keep_payload(c, holds_find(ledger_holds(r->ledger), index));
	return join(r, c, tag, index, e);
}

int holding_hold(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct record record;
	struct hold *h;
	int done;

	if (record_unpack(&record, m->body, m->size, e) < 0)
		return -1;
	if (record.kind != RECORD_HELD || record.ref)
		return err_set(e, ERR_PEER, "HOLD with a record of kind %s", record_word(record.kind));
	if (claims_within(c, r, &record, e) < 0 || of_its_run(&record, r, c, e) < 0 || ledger_expire(r->ledger, e) < 0)
		return -1;
	if (c->payload_tag != m->tag)
		drop_payload(c);
	h = holds_alike(ledger_holds(r->ledger), &record);
	if (h)
		keep_payload(c, h);
	done = h ? join(r, c, m->tag, h->index, e) : make(r, c, &record, m->tag, e);
	drop_payload(c);
	return done;
}

int holding_withdraw(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	struct record record = { .kind = RECORD_DECISION, .ref = unpack_number(&u, 8) };
	const struct hold *h = holds_open(ledger_holds(r->ledger), record.ref);
	char why[257];
	uint64_t index;

	if (!unpack_copy(&u, why, sizeof(why)) || !unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed WITHDRAW");
	if (!h)
		return 0;	/* it ended meanwhile, and its broker hears of that */
	if (h->run != c->run && !has_joined(r, c, record.ref))
		return err_set(e, ERR_PEER, "WITHDRAW of %" PRIu64 ", which is another run's", record.ref);
	record_text(&record, FIELD_DECISION, "withdraw");
	record_text(&record, FIELD_WHY, why);
	return ledger_append(&index, r->ledger, &record, h->run, e);
}

/*
 * What was approved when its broker last heard may be over by now, or used by another call of its own. That is nobody's
 * fault: no record and no receipt, and it hears how the call stands, or has heard that it ended.
 */
int holding_try(struct recorder *r, struct client *c, uint64_t held, struct err *e)
{
	const struct hold *h = holds_find(ledger_holds(r->ledger), held);
	size_t i;

	if (!h || (!has_joined(r, c, held) && holds_open(ledger_holds(r->ledger), held)))
		return err_set(e, ERR_PEER, "an intent approved as %" PRIu64 ", for which this broker did not ask", held);
	if (ledger_expire(r->ledger, e) < 0)
		return -1;
	h = holds_open(ledger_holds(r->ledger), held);
	if (h && h->state == HOLD_APPROVED)
		return 1;
	for (i = 0; i < r->watch_count; i++)
		if (r->watches[i].to == c && r->watches[i].held == held)
			r->watches[i].told = 0;
	return 0;
}

/* Time is over for some; and others are asked now, which their brokers pass on. */
int holding_expire(struct recorder *r, struct err *e)
{
	struct holds *hs = ledger_holds(r->ledger);
	struct hold *h;
	uint64_t begun;
	size_t i;

	if (ledger_expire(r->ledger, e) < 0)
		return -1;
	for (i = 0; i < hs->open_count; i++) {
		h = hs->open[i];
		begun = hold_steps_begun(h, ledger_since_us(r->ledger, h));
		if (h->open_steps && begun != h->open_steps)
			h->changed = ++hs->changes;
		h->open_steps = begun;
	}
	return 0;
}
