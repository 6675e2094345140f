/*
 * What one client may ask. Who speaks and in which phase is the wire's table; which record may
 * follow which is the ledger's order; here stands only what joins the two.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "recorder/recorder.h"

static void owe(struct recorder *r, struct client *c, enum msg_type t, uint64_t tag, uint64_t number)
{
	must(r->answer_count < RECORDER_ANSWERS);
	r->answers[r->answer_count++] = (struct answer){ c, t, tag, number };
}

/* The first time room is missing, every launcher hears of it; intents simply get no receipt. */
static void halt_all(struct recorder *r, const struct err *why)
{
	size_t i;

	if (r->halted[0])
		return;
	snprintf(r->halted, sizeof(r->halted), "%s", why->text);
	for (i = 0; i < r->count; i++)
		if (r->clients[i]->wire.peer == ROLE_LAUNCHER)
			owe(r, r->clients[i], MSG_HALT, 0, 0);
}

static bool has_room(struct recorder *r)
{
	struct err e = { .kind = ERR_NONE };

	if (!r->halted[0] && ledger_room(r->ledger, &e) < 0)
		halt_all(r, &e);
	return !r->halted[0];
}

static int unpack(struct record *out, const struct msg *m, struct err *e)
{
	return record_unpack(out, m->body, m->size, e);
}

static int on_open(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);
	struct record record;
	uint64_t index;

	if (unpack(&record, m, e) < 0)
		return -1;
	if (record.kind != RECORD_RUN)
		return err_set(e, ERR_PEER, "OPEN with a record of kind %s", record_word(record.kind));
	if (!has_room(r)) {
		owe(r, c, MSG_HALT, m->tag, 0);
		return 0;
	}
	if (getsockopt(c->wire.fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return err_set(e, ERR_PEER, "a connection without credentials");
	record_number(&record, FIELD_UID, who.uid);
	if (ledger_append(&index, r->ledger, &record, 0, e) < 0)
		return -1;
	c->run = index;
	c->wire.now = PHASE_RUNNING;
	owe(r, c, MSG_NOTED, m->tag, index);
	return 0;
}

static bool is_attached(const struct recorder *r, uint64_t run)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->clients[i]->wire.peer == ROLE_BROKER && r->clients[i]->run == run &&
		    !r->clients[i]->gone)
			return true;
	return false;
}

/*
 * The run is durable already, or its launcher would not know the number; so this is answered at
 * once, as the last thing this connection hears as a launcher's.
 */
static int on_attach(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t run = unpack_number(&u, 8);

	if (!unpack_done(&u) || !order_run(ledger_order(r->ledger), run))
		return err_set(e, ERR_PEER, "ATTACH to run %" PRIu64 ", which is not open", run);
	if (is_attached(r, run))
		return err_set(e, ERR_PEER, "ATTACH to run %" PRIu64 ", which has its broker", run);
	if (wire_send_u64(&c->wire, MSG_NOTED, m->tag, run, e) < 0) {
		c->gone = true;
		return 0;
	}
	c->run = run;
	c->wire.peer = ROLE_BROKER;
	c->wire.now = PHASE_RUNNING;
	return 0;
}

static int commit_one(struct recorder *r, struct client *c, uint64_t tag, const char *bytes, size_t size,
		      struct err *e)
{
	struct record record;
	uint64_t index;

	if (record_unpack(&record, (const uint8_t *)bytes, size, e) < 0)
		return -1;
	if (record_asker(record.kind) != ROLE_BROKER)
		return err_set(e, ERR_PEER, "COMMIT with a record of kind %s", record_word(record.kind));
	if (record.kind == RECORD_INTENT && !has_room(r))
		return 0;
	if (ledger_append(&index, r->ledger, &record, c->run, e) < 0)
		return -1;
	owe(r, c, MSG_RECEIPT, tag, index);
	return 0;
}

static int on_commit(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	const char *bytes;
	size_t size = 0, count;

	for (count = 0; count == 0 || u.left > 0; count++) {
		bytes = unpack_text(&u, &size);
		if (!bytes || count == WIRE_RECORDS)
			return err_set(e, ERR_PEER, "malformed COMMIT");
		if (commit_one(r, c, m->tag + count, bytes, size, e) < 0)
			return -1;
	}
	return 0;
}

/* What the launcher saw and did itself. Without room it is told to end the run, as for an intent. */
static int on_note(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct record record;
	uint64_t index;

	if (unpack(&record, m, e) < 0)
		return -1;
	if (record_asker(record.kind) != ROLE_LAUNCHER || record.kind == RECORD_RUN ||
	    record.kind == RECORD_CLOSE)
		return err_set(e, ERR_PEER, "NOTE with a record of kind %s", record_word(record.kind));
	if (!has_room(r))
		return 0;
	if (ledger_append(&index, r->ledger, &record, c->run, e) < 0)
		return -1;
	owe(r, c, MSG_NOTED, m->tag, index);
	return 0;
}

static int on_close(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct record record;
	uint64_t index;

	if (unpack(&record, m, e) < 0)
		return -1;
	if (record.kind != RECORD_CLOSE)
		return err_set(e, ERR_PEER, "CLOSE with a record of kind %s", record_word(record.kind));
	if (ledger_end_intents(r->ledger, c->run, "the run ended before this was known", e) < 0 ||
	    ledger_append(&index, r->ledger, &record, c->run, e) < 0)
		return -1;
	c->closed = true;
	c->wire.now = PHASE_ANY;	/* nothing a launcher may say is accepted here: it hangs up */
	owe(r, c, MSG_NOTED, m->tag, index);
	return 0;
}

static int (*const handlers[MSG_TYPES])(struct recorder *, struct client *, const struct msg *,
					struct err *) = {
	[MSG_OPEN] = on_open,
	[MSG_ATTACH] = on_attach,
	[MSG_COMMIT] = on_commit,
	[MSG_NOTE] = on_note,
	[MSG_CLOSE] = on_close,
};

int client_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	must(handlers[m->type]);	/* the wire's table lets nothing else through to a recorder */
	return handlers[m->type](r, c, m, e);
}

int client_ended(struct recorder *r, const struct client *c, struct err *e)
{
	const struct order *o = ledger_order(r->ledger);

	if (c->run == 0 || c->closed || !order_run(o, c->run))
		return 0;
	if (c->wire.peer == ROLE_BROKER)
		return ledger_end_intents(r->ledger, c->run, "the broker ended before this was known", e);
	return ledger_end_run(r->ledger, c->run, "the launcher ended before the run was closed", e);
}
