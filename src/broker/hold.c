/*
 * A rule asks for a person's word. What would be sent, to the byte, goes to the recorder with a record that says who
 * is asked; only that is ever approved, and once. So the bytes must not depend on when it was asked: the id by which
 * the tool server knows the call is made of the rest of it. Who asks again the same way finds what was decided.
 */
#include "broker/hold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { PIECE = 65536, SENT_MOST = 3100 /* bytes of the record: with what the recorder adds it must stay whole */ };

int hold_refuse(struct call *c, enum reason reason, struct err *e)
{
	c->verdict.kind = VERDICT_REFUSE;
	c->verdict.reason = reason;
	if (c->text[0])
		c->verdict.why = c->text;
	return session_record(c, e);
}

static int refuse(struct call *c, enum reason reason, const char *why, struct err *e)
{
	snprintf(c->text, sizeof(c->text), "%s", why);
	return hold_refuse(c, reason, e);
}

/* --- what would be done --- */

/* Of a tool without a server there are no bytes: what is executed, in its one form. */
static bool write_values(struct call *c)
{
	scoped(json) json_t *all = json_pack("{s:s, s:s, s:O?}", "server", c->server->name, "tool", c->action.tool,
					     "arguments", c->action.args);

	c->forward.size = 0;
	if (!all || !json_canonical_any(&c->forward, all))
		return false;
	seal_digest(c->values, c->exec.values.data ? c->exec.values.data : "", c->exec.values.size);
	seal_digest(c->digest, c->forward.data, c->forward.size);
	c->about.size = c->forward.size;
	return true;
}

static bool write_whole(struct call *c)
{
	struct err e = { 0 };

	if (c->server->exec)
		return write_values(c);
	return c->server->era != MCP_ERA_OPEN && ask_write_alike(c, &e) == 0 && !c->forward.over;
}

bool hold_stands(const struct call *c, char *text, size_t room)
{
	char now[SEAL_DIGEST_TEXT];
	const struct buf *what = c->server->exec ? &c->exec.values : &c->forward;

	if (!c->about.held)
		return true;
	seal_digest(now, what->data ? what->data : "", what->size);
	if (strcmp(now, c->server->exec ? c->values : c->approved) == 0 && strcmp(c->approved, c->digest) == 0)
		return true;
	snprintf(text, room, "reeve did not send %s/%.128s: it is not what was approved", c->server->name, c->action.tool);
	return false;
}

/* --- the hold --- */

static bool write_key(struct hold *h, const struct call *c, const struct buf *asked)
{
	const char *const parts[] = { c->server->name, c->action.tool, c->verdict.rule ? c->verdict.rule : "" };
	size_t i;

	for (i = 0; i < count_of(parts); i++)
		buf_add(&h->key, parts[i], strlen(parts[i]) + 1);
	h->asked = h->key.size;
	return buf_add(&h->key, asked->data, asked->size);
}

static struct hold *make(struct call *c, const struct buf *asked)
{
	struct broker *b = c->broker;
	struct hold *h = calloc(1, sizeof(*h));
	size_t i;

	if (!h)
		return NULL;
	*h = (struct hold){ .state = HOLD_WAITING, .key = BUF(8192), .began_ns = clock_mono_ns(), .next_ns = UINT64_MAX };
	snprintf(h->digest, sizeof(h->digest), "%s", c->digest);
	snprintf(h->policy, sizeof(h->policy), "%s", b->policy_digest);
	h->within_s = REVIEW_WITHIN;
	for (i = 0; i < c->verdict.review_count; i++)
		if (c->verdict.reviews[i]->within_s < h->within_s)
			h->within_s = c->verdict.reviews[i]->within_s;
	h->expires_us = clock_wall_us() + h->within_s * UINT64_C(1000000);
	if (write_key(h, c, asked))
		return h;
	buf_free(&h->key);
	free(h);
	return NULL;
}

static bool is_same(const struct hold *a, const struct hold *h)
{
	return strcmp(a->digest, h->digest) == 0 && strcmp(a->policy, h->policy) == 0 && a->key.size == h->key.size &&
	       memcmp(a->key.data, h->key.data, a->key.size) == 0;
}

/* What was denied is not put to people again, for as long as it would have been held. */
static bool is_past(const struct hold *h)
{
	return h->state == HOLD_DENIED && clock_mono_ns() > h->began_ns + h->within_s * UINT64_C(1000000000);
}

static struct hold *find(const struct broker *b, const struct hold *like)
{
	struct hold *h;

	TAILQ_FOREACH(h, &b->holds, next)
		if (!h->stale && is_same(h, like) && !is_past(h))
			return h;
	return NULL;
}

void hold_forget(struct broker *b, struct hold *h)
{
	struct call *c;

	TAILQ_FOREACH(c, &b->holding, queued)
		must(c->hold != h);
	TAILQ_REMOVE(&b->holds, h, next);
	b->hold_count--;
	buf_free(&h->key);
	json_decref(h->told);
	free(h);
}

/* --- its record --- */

/* As it will stand in the ledger, at most. */
static size_t written(const struct record *r)
{
	size_t size = 0, i;
	int f;

	for (f = 0; f < FIELDS; f++) {
		if (!r->value[f].set)
			continue;
		size += strlen(field_info((enum field)f)->name) + 6 + r->value[f].size;
		for (i = 0; r->value[f].text && i < r->value[f].size; i++)
			size += r->value[f].text[i] == '"' || r->value[f].text[i] == '\\' || r->value[f].text[i] == '\0' ? 2 : 0;
	}
	return size;
}

/*
 * Who is asked, and what is approved, is never cut. First goes what the payload shows anyway, or nobody asks for: an
 * agent that writes much of it takes neither its claims nor the operator's words away from who decides.
 */
static void fit(struct record *r)
{
	static const enum field spare[] = { FIELD_REQUEST, FIELD_RESOURCE, FIELD_CLAIMS, FIELD_LAYERS_SAID, FIELD_CONTROLS };
	size_t i;

	for (i = 0; i < count_of(spare) && written(r) > SENT_MOST; i++)
		r->value[spare[i]].set = false;
}

static int send_record(struct call *c, const struct hold *h, struct err *e)
{
	struct buf room = BUF(RECORD_ROOM);
	struct broker *b = c->broker;
	struct record r = { .kind = RECORD_HELD };
	int done;

	if (!buf_reserve(&room, room.most))
		return err_set(e, ERR_SYSTEM, "memory for a record");
	record_fill(&r, &room, &c->action, &c->verdict, &c->about);
	record_text(&r, FIELD_POLICY, h->policy);
	record_text(&r, FIELD_AGENT, b->about.party[PARTY_AGENT]);
	record_text(&r, FIELD_OWNER, b->about.party[PARTY_OWNER]);
	record_text(&r, FIELD_TENANT, b->about.party[PARTY_TENANT]);
	record_list(&r, FIELD_ASKED_OF, h->key.data + h->asked, h->key.size - h->asked);
	record_number(&r, FIELD_WITHIN, h->within_s);
	fit(&r);
	done = wire_send_record(&b->recorder, MSG_HOLD, h->tag, &r, e);
	buf_free(&room);
	return done;
}

static int send_hold(struct call *c, struct hold *h, struct err *e)
{
	struct broker *b = c->broker;
	size_t at, left;

	h->tag = HOLD_TAGS + ++b->hold_tag;
	for (at = 0; at < c->forward.size; at += PIECE) {
		left = c->forward.size - at;
		if (wire_send(&b->recorder, MSG_PAYLOAD, h->tag, c->forward.data + at, left < PIECE ? left : PIECE, NULL, 0, e) < 0)
			return err_in(e, "recorder");
	}
	return send_record(c, h, e) < 0 ? err_in(e, "recorder") : 0;
}

/* --- waiting --- */

/* Of the agent's message nothing is kept but what would be sent: from that it is read again. */
static bool keep(struct call *c)
{
	struct buf bytes = c->forward;
	char *resource = c->about.resource ? strdup(c->about.resource) : NULL;

	if (c->about.resource && !resource)
		return false;
	free(c->kept_resource);
	c->kept_resource = resource;
	hold_keep_answers(c);
	c->forward = BUF(FORWARD_MOST);
	call_judged(c);
	c->forward = bytes;
	call_weigh(c);
	c->about.resource = c->kept_resource;
	return true;
}

static int wait_for(struct call *c, struct hold *h, struct err *e)
{
	unsigned wait_s = h->within_s;
	size_t i;

	for (i = 0; i < c->verdict.review_count; i++)
		if (c->verdict.reviews[i]->wait_s < wait_s)
			wait_s = c->verdict.reviews[i]->wait_s;
	runtime_judged(c->broker->runtime, &c->action, VERDICT_REVIEW, clock_mono_ns());
	c->hold = h;
	c->looked = c->looked && h->state == HOLD_APPROVED;
	if (!keep(c))
		return err_set(e, ERR_SYSTEM, "memory for a held call");
	quota_pause(c);
	c->deadline_ns = clock_mono_ns() + wait_s * UINT64_C(1000000000);
	c->told_ns = 0;
	call_queue(c, &c->broker->holding, CALL_HELD);
	return h->index ? hold_settle(c->broker, h, e) : 0;
}

static bool may_wait(const struct call *c)
{
	size_t count = 0, bytes = c->forward.size + c->exec.values.size;
	const struct call *other;

	TAILQ_FOREACH(other, &c->broker->holding, queued) {
		count += other->session == c->session;
		bytes += other->held;
	}
	return count < HOLDS_SESSION && bytes <= HOLDS_BYTES;
}

/* One that was denied is only remembered: it makes room. */
static bool has_room(struct broker *b)
{
	struct hold *h;

	if (b->hold_count < HOLDS_RUN)
		return true;
	TAILQ_FOREACH(h, &b->holds, next)
		if (h->state == HOLD_DENIED) {
			hold_forget(b, h);
			return true;
		}
	return false;
}

static int begin(struct call *c, struct hold *h, struct err *e)
{
	struct broker *b = c->broker;

	TAILQ_INSERT_TAIL(&b->holds, h, next);
	b->hold_count++;
	if (hold_describe(h, c, e) < 0 || send_hold(c, h, e) < 0)
		return -1;
	return wait_for(c, h, e);
}

static int hold(struct call *c, const struct buf *asked, struct err *e)
{
	struct hold *h = make(c, asked), *there = h ? find(c->broker, h) : NULL;
	bool room = h && may_wait(c) && (there || has_room(c->broker));

	if (!h)
		return err_set(e, ERR_SYSTEM, "memory for a held call");
	if (!there && room)
		return begin(c, h, e);
	buf_free(&h->key);
	free(h);
	if (room)
		return wait_for(c, there, e);
	snprintf(c->text, sizeof(c->text), "%d calls of this run, %d of this connection, or %d MiB of them, wait for a person's word "
		 "already. Ask again when some of those are decided.", HOLDS_RUN, HOLDS_SESSION, HOLDS_BYTES >> 20);
	return ask_refuse(c, REASON_OVER_QUOTA, e);
}

/* Only what an agent asks once: what it subscribes to, what is asked of it, and what it answers, is under way. */
static bool can_wait(const struct call *c)
{
	return !c->up && !c->listen && !c->resuming && c->session &&
	       (c->what == MCP_CALL_TOOL || c->what == MCP_READ_RESOURCE || c->what == MCP_GET_PROMPT);
}

int hold_serve(struct call *c, struct err *e)
{
	scoped(buf) struct buf asked = BUF(4ul * HOLD_ASKED);

	if (!can_wait(c))
		return refuse(c, REASON_REVIEW, "a rule wants a person to look at it, and what is asked this way cannot wait", e);
	if (!reviewers_ask(&asked, c->broker, &c->verdict, c->text, sizeof(c->text)))
		return hold_refuse(c, REASON_NO_REVIEWER, e);
	if (era_is_open(c))
		return era_wait(c, e);
	if (!write_whole(c))
		return refuse(c, REASON_UNDECIDABLE, "what would be sent is not known, so nobody can approve it: its tool "
			      "server does not start. Ask again later.", e);
	if (c->forward.size > HOLD_PAYLOAD)
		return refuse(c, REASON_TOO_LONG, "it is too long to be shown to who has to approve it: make it smaller.", e);
	return hold(c, &asked, e);
}
