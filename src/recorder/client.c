/*
 * What one client may ask. Who speaks and in which phase is the wire's table; which record may
 * follow which is the ledger's order; here stands only what joins the two.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recorder/recorder.h"

void client_owe(struct recorder *r, struct client *c, enum msg_type t, uint64_t tag, uint64_t number)
{
	must(r->answer_count < RECORDER_ANSWERS);
	r->answers[r->answer_count++] = (struct answer){ .to = c, .type = t, .tag = tag, .number = number };
}

/* The first time room is missing, every launcher hears of it; intents simply get no receipt. */
void client_halt(struct recorder *r, const struct err *why)
{
	size_t i;

	if (r->halted[0])
		return;
	snprintf(r->halted, sizeof(r->halted), "%s", why->text);
	for (i = 0; i < r->count; i++)
		if (r->clients[i]->wire.peer == ROLE_LAUNCHER)
			client_owe(r, r->clients[i], MSG_HALT, 0, 0);
}

bool client_has_room(struct recorder *r)
{
	struct err e = { .kind = ERR_NONE };

	if (!r->halted[0] && ledger_room(r->ledger, &e) < 0)
		client_halt(r, &e);
	return !r->halted[0];
}

int client_commit(struct recorder *r, struct err *e)
{
	return vault_sync(r->vault, e) < 0 ? -1 : ledger_commit(r->ledger, e);
}

static int unpack(struct record *out, const struct msg *m, struct err *e)
{
	return record_unpack(out, m->body, m->size, e);
}

void client_free(struct client *c)
{
	close(c->wire.fd);
	peer_free(&c->who);
	free(c->signers);
	buf_free(&c->payload);
	vault_plain_free(&c->shown);
	free(c);
}

/* Kept until its run opens: only then is it known to be the one that the record names. */
static int on_signers(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	const char *text = unpack_text(&u, &c->signers_size);

	(void)r;
	if (!text || !unpack_done(&u) || c->signers)
		return err_set(e, ERR_PEER, "malformed SIGNERS, or a second list");
	c->signers = malloc(c->signers_size + 1);
	if (!c->signers)
		return err_sys(e, "memory for a list of signers");
	memcpy(c->signers, text, c->signers_size);
	return 0;
}

/* The record says which list it brought, and no list that cannot be read later comes in. */
static int keep_signers(struct recorder *r, struct client *c, const struct record *run, struct err *why, struct err *e)
{
	const struct field_value *said = &run->value[FIELD_SIGNERS];
	scoped(ssh_signers) struct ssh_signers *list = NULL;
	char digest[SEAL_DIGEST_TEXT];

	if (!c->signers && !said->set)
		return 0;
	seal_digest(digest, c->signers ? c->signers : "", c->signers_size);
	if (!c->signers || !said->set || said->size != strlen(digest) || memcmp(said->text, digest, said->size) != 0)
		return err_set(e, ERR_PEER, "OPEN names another list of signers than SIGNERS brought");
	if (claims_of_signers(r, digest, why) < 0)
		return -1;
	if (ssh_signers_read(&list, c->signers, c->signers_size, why) < 0)
		return err_in(why, "list of signers");
	return signers_keep(r->signers, c->signers, c->signers_size, why);
}

/* Its run cannot begin; the others go on. */
static int cannot_open(struct client *c, uint64_t tag, const struct err *why)
{
	struct err e = { .kind = ERR_NONE };

	if (!client_writable(c) || wire_send_text(&c->wire, MSG_HALT, tag, why->text, &e) < 0)
		c->gone = true;	/* who asks again and again and reads no answer keeps nobody waiting */
	return 0;
}

static int on_look(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	(void)r;
	(void)m;
	(void)e;
	c->wire.peer = ROLE_REVIEWER;
	c->wire.now = PHASE_RUNNING;
	return 0;
}

static int on_open(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	struct record record;
	uint64_t index;

	if (unpack(&record, m, e) < 0)
		return -1;
	if (record.kind != RECORD_RUN)
		return err_set(e, ERR_PEER, "OPEN with a record of kind %s", record_word(record.kind));
	if (claims_of_run(c, r, &record, &why) < 0 || keep_signers(r, c, &record, &why, e) < 0)
		return e->kind ? -1 : cannot_open(c, m->tag, &why);
	if (!client_has_room(r)) {
		client_owe(r, c, MSG_HALT, m->tag, 0);
		return 0;
	}
	record_number(&record, FIELD_UID, c->who.uid);
	if (ledger_append(&index, r->ledger, &record, 0, e) < 0)
		return -1;
	c->run = index;
	c->wire.now = PHASE_RUNNING;
	client_owe(r, c, MSG_NOTED, m->tag, index);
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

/* Who opened a run, and nobody else, gives it its broker. */
static bool is_its_own(const struct recorder *r, const struct client *c, uint64_t run)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->clients[i]->wire.peer == ROLE_LAUNCHER && r->clients[i]->run == run && !r->clients[i]->gone)
			return peer_same(&r->clients[i]->who, &c->who);
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
	if (!is_its_own(r, c, run))
		return err_set(e, ERR_PEER, "ATTACH to run %" PRIu64 ", which another process opened", run);
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

/* Without room for its payload no intent is recorded; of what is done or refused already at least the record is. */
static int keep_payload(struct recorder *r, struct client *c, uint64_t tag, struct record *record, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	int kept = vault_keep(r, c, tag, record, &why);

	if (c->payload_tag == tag) {
		buf_free(&c->payload);
		c->payload.over = false;
	}
	if (kept == 0)
		return 1;
	if (why.kind != ERR_LIMIT) {
		*e = why;
		return -1;
	}
	client_halt(r, &why);
	return record->kind != RECORD_INTENT;
}

static int commit_one(struct recorder *r, struct client *c, uint64_t tag, const char *bytes, size_t size,
		      struct err *e)
{
	struct record record;
	uint64_t index;
	int may;

	if (record_unpack(&record, (const uint8_t *)bytes, size, e) < 0)
		return -1;
	if (record_asker(record.kind) != ROLE_BROKER)
		return err_set(e, ERR_PEER, "COMMIT with a record of kind %s", record_word(record.kind));
	if (record.kind == RECORD_HELD || (record.ref && record.kind != RECORD_OUTCOME && record.kind != RECORD_INTENT))
		return err_set(e, ERR_PEER, "COMMIT with a record of kind %s that has no place there", record_word(record.kind));
	if (record.kind != RECORD_OUTCOME && !client_has_room(r) && (record.kind == RECORD_INTENT || !ledger_spares(r->ledger)))
		return 0;
	if (record.kind == RECORD_INTENT && record.ref) {
		may = holding_try(r, c, record.ref, e);
		if (may <= 0)
			return may;
	}
	if (claims_within(c, r, &record, e) < 0)
		return -1;
	may = keep_payload(r, c, tag, &record, e);
	if (may <= 0)
		return may;
	if (ledger_append(&index, r->ledger, &record, c->run, e) < 0)
		return -1;
	client_owe(r, c, MSG_RECEIPT, tag, index);
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
	bool same;

	if (unpack(&record, m, e) < 0)
		return -1;
	if (record_asker(record.kind) != ROLE_LAUNCHER || record.kind == RECORD_RUN ||
	    record.kind == RECORD_CLOSE)
		return err_set(e, ERR_PEER, "NOTE with a record of kind %s", record_word(record.kind));
	if (claims_within(c, r, &record, e) < 0)
		return -1;
	if (record.kind == RECORD_AGENT) {
		index = ledger_agent(r->ledger, &record, &same);
		if (same) {
			client_owe(r, c, MSG_NOTED, m->tag, index);
			return 0;
		}
		if (index)
			record_number(&record, FIELD_FORMER, index);
	}
	if (!client_has_room(r))
		return 0;
	if (ledger_append(&index, r->ledger, &record, c->run, e) < 0)
		return -1;
	client_owe(r, c, MSG_NOTED, m->tag, index);
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
	client_owe(r, c, MSG_NOTED, m->tag, index);
	return 0;
}

static int (*const handlers[MSG_TYPES])(struct recorder *, struct client *, const struct msg *,
					struct err *) = {
	[MSG_SIGNERS] = on_signers,
	[MSG_OPEN] = on_open,
	[MSG_ATTACH] = on_attach,
	[MSG_COMMIT] = on_commit,
	[MSG_PAYLOAD] = holding_payload,
	[MSG_HOLD] = holding_hold,
	[MSG_WITHDRAW] = holding_withdraw,
	[MSG_LOOK] = on_look,
	[MSG_ANCHOR] = anchor_begin,
	[MSG_NOTE] = on_note,
	[MSG_CLOSE] = on_close,
};

int client_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	if (c->wire.peer == ROLE_REVIEWER)
		return review_message(r, c, m, e);
	if (c->wire.peer == ROLE_ANCHOR)
		return anchor_message(r, c, m, e);
	if (c->guest && m->type != MSG_LOOK)
		return err_set(e, ERR_PEER, "uid %u says %s where only reviewers speak", c->who.uid, msg_name(m->type));
	must(handlers[m->type]);	/* the wire's table lets nothing else through to a recorder */
	return handlers[m->type](r, c, m, e);
}

int client_ended(struct recorder *r, struct client *c, struct err *e)
{
	const struct order *o = ledger_order(r->ledger);

	if (c->run == 0 || c->closed || !order_run(o, c->run))
		return 0;
	if (c->wire.peer == ROLE_BROKER)
		return ledger_end_intents(r->ledger, c->run, "the broker ended before this was known", e);
	return ledger_end_run(r->ledger, c->run, "the launcher ended before the run was closed", e);
}
