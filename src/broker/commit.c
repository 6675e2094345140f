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
#include "base/text.h"
#include "json/json.h"

enum { WINDOW = 128, PATIENCE_NS = 2000000 };

struct receipt {
	TAILQ_ENTRY(receipt) next;
	struct commit_then then;
	uint64_t tag, index;
	size_t size;
	uint8_t record[]; /* packed */
};

void commits_begin(struct commits *q, struct wire *recorder)
{
	*q = (struct commits){ .recorder = recorder };
	TAILQ_INIT(&q->sent);
	TAILQ_INIT(&q->queued);
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
	       p.room - p.size >= r->size + 4) {
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

static int commit(struct commits *q, const struct record *record, struct commit_then then,
		  struct err *e)
{
	uint8_t packed[RECORD_MOST];
	size_t size = record_pack(packed, record);
	struct receipt *r;

	if (size == 0)
		return err_set(e, ERR_LIMIT, "a record of more than %d bytes", RECORD_MOST);
	r = malloc(sizeof(*r) + size);
	if (!r)
		return err_sys(e, "memory for a record");
	*r = (struct receipt){ .then = then, .tag = ++q->tag, .size = size };
	memcpy(r->record, packed, size);
	TAILQ_INSERT_TAIL(&q->queued, r, next);
	q->count++;
	q->awaited |= record->kind != RECORD_OUTCOME;
	return 0;
}

/* Control characters cost six bytes each once a record is JSON: made visible, they cost five for
 * four. */
static void set_visible(struct record *r, enum field f, struct buf *room, const char *text)
{
	size_t from = room->size;

	if (text && text_visible(room, text, strnlen(text, 600)))
		record_bytes(r, f, room->data + from, room->size - from);
}

/* "action allow file:id" for each layer that says something: reeve-ledger(5). */
static void set_layers(struct record *r, struct buf *room, const struct verdict *v)
{
	size_t from = room->size;
	int i;

	for (i = 0; i < POLICY_LAYERS; i++) {
		const struct layer_said *said = &v->layers[i];

		if (said->word == SAID_NOTHING)
			continue;
		buf_printf(room, "%s %s%s%s", layer_word((enum policy_layer)i), said_word(said->word),
			   said->by ? " " : "", said->by ? said->by : "");
		buf_add(room, "", 1);
	}
	if (room->size > from)
		record_list(r, FIELD_LAYERS_SAID, room->data + from, room->size - from);
}

static bool holds_item(const struct buf *room, size_t from, const char *item)
{
	for (; from < room->size; from += strlen(room->data + from) + 1)
		if (strcmp(room->data + from, item) == 0)
			return true;
	return false;
}

static void add_items(struct buf *room, size_t from, const json_t *list)
{
	const char *item;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		item = json_string_value(json_array_get(list, i));
		if (!holds_item(room, from, item))
			buf_add(room, item, strlen(item) + 1);
	}
}

/* What a layer says at least that had a part in this: what waits for a person, and what one did not want, hangs on
 * the rules that ask for one. */
static enum said part_in(const struct verdict *v)
{
	bool by_person = v->kind == VERDICT_REVIEW || v->reason == REASON_REVIEW || v->reason == REASON_DENIED ||
			 v->reason == REASON_EXPIRED || v->reason == REASON_NO_REVIEWER;

	return by_person ? SAID_REVIEW : v->kind == VERDICT_ALLOW ? SAID_ALLOW : SAID_UNDECIDABLE;
}

/* Those of the tool, and of every rule that says what was decided, each once. */
static void set_controls(struct record *r, struct buf *room, const struct action *a, const struct verdict *v)
{
	enum said decided = part_in(v);
	size_t from = room->size;
	int i;

	add_items(room, from, a->controls);
	for (i = 0; i < POLICY_LAYERS; i++)
		if (v->layers[i].word >= decided)
			add_items(room, from, v->layers[i].controls);
	if (room->size > from)
		record_list(r, FIELD_CONTROLS, room->data + from, room->size - from);
}

/* "private 12": of the rules that say what was decided, what made them hold. */
static void set_tainted(struct record *r, struct buf *room, const struct action *a, const struct verdict *v)
{
	enum said decided = part_in(v);
	size_t from = room->size;
	unsigned asked = 0;
	int i;

	for (i = 0; i < POLICY_LAYERS; i++)
		asked |= v->layers[i].word >= decided ? v->layers[i].taints : 0;
	for (i = 0; a->runtime && i < TAINTS; i++) {
		if (!(asked >> i & 1) || !a->runtime->taint_by[i])
			continue;
		buf_printf(room, "%s %llu", taint_word(1U << i), (unsigned long long)a->runtime->taint_by[i]);
		buf_add(room, "", 1);
	}
	if (room->size > from)
		record_list(r, FIELD_TAINTED_BY, room->data + from, room->size - from);
}

static void set_flow(struct record *r, struct buf *room, const struct action *a)
{
	size_t from = room->size;
	unsigned bit;

	for (bit = 1; flow_word(bit); bit <<= 1)
		if (a->flow & bit)
			buf_add(room, flow_word(bit), strlen(flow_word(bit)) + 1);
	if (room->size > from)
		record_list(r, FIELD_FLOW, room->data + from, room->size - from);
}

/* What the catalogue knows of it. */
static void set_words(struct record *r, struct buf *room, const struct action *a)
{
	record_text(r, FIELD_CATEGORY, a->category);
	record_text(r, FIELD_CLASS, a->class);
	set_flow(r, room, a);
	record_text(r, FIELD_PIN, a->pin);
	record_text(r, FIELD_RETENTION, a->retention);
}

/* What a program asked the network for: its words, so they are made visible. */
static void set_net(struct record *r, struct buf *room, const struct commit_net *n)
{
	set_visible(r, FIELD_HOST, room, n->host);
	set_visible(r, FIELD_METHOD, room, n->method);
	set_visible(r, FIELD_PATH, room, n->path);
	if (n->port)
		record_number(r, FIELD_PORT, n->port);
	record_text(r, FIELD_SCHEME, n->scheme);
	record_text(r, FIELD_WAY, n->way);
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
	set_visible(r, FIELD_SNI, room, o->sni);
}

int commit_verdict(struct commits *q, const struct action *a, const struct verdict *v,
		   const struct commit_about *about, struct commit_then then, struct err *e)
{
	struct buf room = BUF(4ul * 8192);
	struct record r = { .kind = v->kind == VERDICT_ALLOW ? RECORD_INTENT : RECORD_REFUSAL };
	int done;

	if (!buf_reserve(&room, room.most)) /* its text is borrowed below: it must not move */
		return err_set(e, ERR_SYSTEM, "memory for a record");
	record_text(&r, FIELD_ACTION, action_word(a->kind));
	set_words(&r, &room, a);
	set_controls(&r, &room, a, v);
	if (about->count)
		record_number(&r, FIELD_COUNT, about->count);
	record_text(&r, FIELD_DIGEST, about->digest);
	set_layers(&r, &room, v);
	if (about->net)
		set_net(&r, &room, about->net);
	set_tainted(&r, &room, a, v);
	record_text(&r, FIELD_REASON, reason_word(v->reason));
	set_visible(&r, FIELD_REQUEST, &room, about->request);
	set_visible(&r, FIELD_RESOURCE, &room, about->resource);
	record_text(&r, FIELD_RULE, v->rule);
	record_text(&r, FIELD_GUARD, v->guard);
	set_visible(&r, FIELD_SERVER, &room, a->server);
	if (about->size)
		record_number(&r, FIELD_SIZE, about->size);
	set_visible(&r, FIELD_TOOL, &room, a->tool);
	record_text(&r, FIELD_WHY, v->why);
	done = commit(q, &r, then, e);
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
	record_number(&r, FIELD_DURATION, o->duration_us);
	record_text(&r, FIELD_EXECUTED, o->executed);
	if (o->exit >= 0)
		record_number(&r, FIELD_EXIT, (uint64_t)o->exit);
	if (o->size)
		record_number(&r, FIELD_SIZE, o->size);
	set_carried(&r, &room, o);
	record_text(&r, FIELD_STATUS, o->status);
	record_text(&r, FIELD_WHY, o->why);
	return commit(q, &r, (struct commit_then){ .proved = closed }, e);
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
	return commit(q, &r, (struct commit_then){ .proved = closed }, e);
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
	free(proof);
}
