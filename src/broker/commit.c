/*
 * Records leave in order, together, when the loop has let go of all that agents and tools were to
 * get. At most WINDOW are unanswered, so that neither side can ever
 * wait for the other with both socket queues full. What is above waits here; it is bounded by the calls in
 * flight.
 */
#include "broker/commit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "broker/alert.h"

enum { WINDOW = 128, PATIENCE_NS = 2000000 };

struct receipt {
	TAILQ_ENTRY(receipt) next;
	struct commit_then then;
	uint64_t tag, index;
	char *payload; /* owned, until it is sent */
	size_t payload_size, size;
	uint8_t record[]; /* packed */
};

void commits_begin(struct commits *q, struct wire *recorder)
{
	*q = (struct commits){ .recorder = recorder };
	TAILQ_INIT(&q->sent);
	TAILQ_INIT(&q->queued);
}

/* Of what waits, only the first has been sent its payload: the next with one begins a message of its own. */
static int send_payload(struct commits *q, struct receipt *r, struct err *e)
{
	const struct payload p = { r->payload, r->payload_size };
	int done = payload_send(q->recorder, r->tag, &p, e);

	free(r->payload);
	r->payload = NULL;
	return done;
}

/* As many as one message takes; their tags follow one another. */
static int send_some(struct commits *q, struct err *e)
{
	uint8_t body[WIRE_COMMIT];
	struct pack p = { .at = body, .room = sizeof(body) };
	uint64_t tag = TAILQ_FIRST(&q->queued)->tag;
	struct receipt *r;
	size_t count = 0;

	while (q->sent_count < WINDOW && count < WIRE_RECORDS && (r = TAILQ_FIRST(&q->queued)) &&
	       r->tag == tag + count && p.room - p.size >= r->size + 4 && !(r->payload && count > 0)) {
		if (r->payload && send_payload(q, r, e) < 0)
			return -1;
		pack_text(&p, (const char *)r->record, r->size);
		TAILQ_REMOVE(&q->queued, r, next);
		TAILQ_INSERT_TAIL(&q->sent, r, next);
		q->sent_count++;
		count++;
	}
	if (wire_send(q->recorder, MSG_COMMIT, tag, body, p.size, NULL, 0, e) < 0)
		return err_in(e, "recorder");
	return 0;
}

/*
 * An outcome that left at once would have an fdatasync to itself, and the next intent would have to
 * wait behind that. Together they cost one.
 */
static bool may_wait(struct commits *q)
{
	uint64_t now;

	if (q->awaited || q->count - q->sent_count >= WIRE_RECORDS)
		return false;
	now = clock_mono_ns();
	if (q->due_ns == 0)
		q->due_ns = now + PATIENCE_NS;
	return now < q->due_ns;
}

int commits_flush(struct commits *q, bool all, struct err *e)
{
	if (TAILQ_EMPTY(&q->queued) || (!all && may_wait(q)))
		return 0;
	while (q->sent_count < WINDOW && !TAILQ_EMPTY(&q->queued))
		if (send_some(q, e) < 0)
			return -1;
	q->awaited = !TAILQ_EMPTY(&q->queued);
	q->due_ns = 0;
	return 0;
}

uint64_t commits_due(const struct commits *q)
{
	return q->due_ns ? q->due_ns : UINT64_MAX;
}

static int keep(struct receipt *r, const struct payload *payload, struct err *e)
{
	if (!payload || payload->size == 0)
		return 0;
	r->payload = malloc(payload->size);
	if (!r->payload) {
		free(r);
		return err_sys(e, "memory for a payload");
	}
	memcpy(r->payload, payload->bytes, payload->size);
	return 0;
}

static int commit(struct commits *q, const struct record *record, const struct payload *payload,
		  struct commit_then then, struct err *e)
{
	uint8_t packed[RECORD_MOST];
	size_t size = record_pack(packed, record);
	struct receipt *r;

	if (size == 0)
		return err_set(e, ERR_LIMIT, "a record of more than %d bytes", RECORD_MOST);
	r = malloc(sizeof(*r) + size);
	if (!r)
		return err_sys(e, "memory for a record");
	*r = (struct receipt){ .then = then, .tag = ++q->tag, .payload_size = payload ? payload->size : 0, .size = size };
	memcpy(r->record, packed, size);
	if (keep(r, payload, e) < 0)
		return -1;
	TAILQ_INSERT_TAIL(&q->queued, r, next);
	q->count++;
	q->awaited |= record->kind != RECORD_OUTCOME;
	return 0;
}

/* What a connection was, where there was one. */
static void set_carried(struct record *r, struct buf *room, const struct outcome *o)
{
	record_text(r, FIELD_ADDRESS, o->address);
	if (o->http)
		record_number(r, FIELD_HTTP, o->http);
	if (o->carried) {
		record_number(r, FIELD_RECEIVED, o->received);
		record_number(r, FIELD_SENT, o->sent);
	}
	record_visible(r, FIELD_SNI, room, o->sni);
}

int commit_verdict(struct commits *q, const struct action *a, const struct verdict *v,
		   const struct commit_about *about, struct commit_then then, struct err *e)
{
	struct buf room = BUF(RECORD_ROOM);
	struct record r = { .kind = v->kind == VERDICT_ALLOW ? RECORD_INTENT : RECORD_REFUSAL, .ref = about->held };
	int done;

	if (!buf_reserve(&room, room.most)) /* its text is borrowed below: it must not move */
		return err_set(e, ERR_SYSTEM, "memory for a record");
	record_fill(&r, &room, a, v, about);
	done = commit(q, &r, &about->payload, then, e);
	buf_free(&room);
	return done;
}

/* Nothing waits for an outcome but the end of the run. */
static int closed(void *whose, struct receipt *proof, struct err *e)
{
	(void)whose;
	(void)e;
	receipt_free(proof);
	return 0;
}

int commit_outcome(struct commits *q, const struct receipt *proof, const struct outcome *o,
		   struct err *e)
{
	struct record r = { .kind = RECORD_OUTCOME, .ref = receipt_index(proof) };
	scoped(buf) struct buf room = BUF(2048);

	if (o->sni && !buf_reserve(&room, room.most)) /* it is borrowed below: it must not move */
		return err_set(e, ERR_SYSTEM, "memory for a record");
	if (o->altered_size)
		record_list(&r, FIELD_ALTERED, o->altered, o->altered_size);
	record_text(&r, FIELD_ANSWER, o->answer);
	record_text(&r, FIELD_APPROVED, o->approved);
	record_number(&r, FIELD_DURATION, o->duration_us);
	record_text(&r, FIELD_EXECUTED, o->executed);
	if (o->exit >= 0)
		record_number(&r, FIELD_EXIT, (uint64_t)o->exit);
	if (o->size)
		record_number(&r, FIELD_SIZE, o->size);
	set_carried(&r, &room, o);
	record_text(&r, FIELD_RETENTION, o->retention);
	record_text(&r, FIELD_STATUS, o->status);
	record_text(&r, FIELD_WHY, o->why);
	return commit(q, &r, &o->payload, (struct commit_then){ .proved = closed }, e);
}

int commit_dropped(struct commits *q, const struct commit_dropped *d, struct err *e)
{
	struct record r = { .kind = RECORD_DROPPED };

	record_number(&r, FIELD_COUNT, d->count);
	record_text(&r, FIELD_DIGEST, d->digest);
	record_text(&r, FIELD_REASON, reason_word(d->reason));
	record_text(&r, FIELD_SERVER, d->server);
	if (d->size)
		record_number(&r, FIELD_SIZE, d->size);
	return commit(q, &r, NULL, (struct commit_then){ .proved = closed }, e);
}

int commit_policy(struct commits *q, const struct commit_policy *p, struct commit_then then, struct err *e)
{
	struct record r = { .kind = RECORD_POLICY };
	scoped(buf) struct buf room = BUF(4096);

	if (!buf_reserve(&room, room.most))
		return err_set(e, ERR_SYSTEM, "memory for a record");
	record_text(&r, FIELD_POLICY, p->policy);
	record_text(&r, FIELD_BEFORE, p->before);
	record_text(&r, FIELD_POLICY_BY, p->by);
	record_text(&r, FIELD_STATUS, p->status);
	record_visible(&r, FIELD_WHY, &room, p->why);
	return commit(q, &r, NULL, then, e);
}

int commit_alert(struct commits *q, const struct alert_told *t, struct commit_then then, struct err *e)
{
	struct record r = { .kind = RECORD_ALERT };
	struct buf room = BUF(RECORD_ROOM), why = BUF(1024);
	int done;

	alert_say(&why, t->alert, t->count, t->doubted);
	if (!buf_reserve(&room, room.most) || !buf_text(&why)) {
		buf_free(&room);
		buf_free(&why);
		return err_set(e, ERR_SYSTEM, "memory for a record");
	}
	record_text(&r, FIELD_ACTION, action_word(t->kind));
	record_text(&r, FIELD_ALERT, t->alert->name);
	record_text(&r, FIELD_CATEGORY, t->category);
	record_text(&r, FIELD_CLASS, t->class);
	record_number(&r, FIELD_COUNT, t->count);
	record_text(&r, FIELD_GUARD, t->guard);
	record_text(&r, FIELD_REASON, reason_word(t->reason));
	record_text(&r, FIELD_RULE, t->rule);
	record_visible(&r, FIELD_SERVER, &room, t->server);
	record_visible(&r, FIELD_TOOL, &room, t->tool);
	record_visible(&r, FIELD_WHY, &room, why.data);
	if (t->alert->within_ns)
		record_number(&r, FIELD_WITHIN, t->alert->within_ns / 1000000000);
	done = commit(q, &r, NULL, then, e);
	buf_free(&room);
	buf_free(&why);
	return done;
}

void commit_take_back(struct commits *q, const void *whose)
{
	struct receipts *from = &q->sent;
	struct receipt *r;

	TAILQ_FOREACH(r, from, next)
		if (r->then.whose == whose)
			break;
	if (!r) {
		from = &q->queued;
		TAILQ_FOREACH(r, from, next)
			if (r->then.whose == whose)
				break;
	}
	must(r);
	TAILQ_REMOVE(from, r, next);
	q->sent_count -= from == &q->sent;
	q->count--;
	free(r);
}

static int prove(struct commits *q, uint64_t tag, uint64_t index, struct err *e)
{
	struct receipt *r, *kept;

	TAILQ_FOREACH(r, &q->sent, next)
		if (r->tag == tag)
			break;
	if (!r)
		return err_set(e, ERR_PEER, "a receipt for no record");
	r->index = index;
	TAILQ_REMOVE(&q->sent, r, next);
	q->sent_count--;
	q->count--;
	kept = realloc(r, sizeof(*r)); /* the proof alone: it may be kept for hours, by thousands */
	r = kept ? kept : r;
	return r->then.proved(r->then.whose, r, e);
}

int commit_receive(struct commits *q, const struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t tag = m->tag;

	if (m->size == 0 || m->size % 8)
		return err_set(e, ERR_PEER, "a receipt of %zu bytes", m->size);
	for (; u.left > 0; tag++)
		if (prove(q, tag, unpack_number(&u, 8), e) < 0)
			return -1;
	return 0;
}

uint64_t receipt_index(const struct receipt *proof)
{
	return proof->index;
}

void receipt_free(struct receipt *proof)
{
	if (proof)
		free(proof->payload);
	free(proof);
}
