#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "broker/broker.h"

static void keep_id(struct call *c, json_t *id)
{
	struct buf text = BUF(sizeof(c->request) * 6);

	c->id = json_incref(id);
	if (!id || !json_write(&text, id) || text.size >= sizeof(c->request)) {
		buf_free(&text);
		return;
	}
	snprintf(c->request, sizeof(c->request), "%s", buf_text(&text));
	c->about.request = c->request;
	buf_free(&text);
}

static struct call *make(struct broker *b, struct session *s, struct request *r, struct err *e)
{
	struct call *c = calloc(1, sizeof(*c));

	if (!c) {
		err_sys(e, "memory for a call");
		return NULL;
	}
	c->broker = b;
	c->session = s;
	c->about.size = r->size;
	c->modern = r->modern;
	c->envelope = r->envelope;
	c->envelope.version = NULL; /* it was borrowed */
	c->listen = r->listen;
	c->retry = r->retry;
	r->retry = (struct modern_retry){ 0 };
	c->forward = BUF(FORWARD_MOST);
	c->exec.values = BUF(EXEC_VALUES);
	c->exec.output = BUF(EXEC_OUTPUT);
	c->exec.out = -1;
	c->tag = b->tag += TAG_STEP;
	keep_id(c, r->m.id);
	TAILQ_INSERT_TAIL(&b->calls, c, all);
	return c;
}

struct call *call_new(struct session *s, struct request *r, struct err *e)
{
	struct call *c = make(s->broker, s, r, e);

	if (!c)
		return NULL;
	s->broker->call_count++;
	s->calls++;
	return c;
}

/* What a server asks is held against that server, not against the agent. */
struct call *call_new_up(struct server *s, struct session *to, struct request *r, struct err *e)
{
	const char *url = json_string_value(json_object_get(r->m.params, "elicitationId"));
	struct call *c = make(s->broker, to, r, e);

	if (!c)
		return NULL;
	c->up = c->waited = true; /* whoever asks has told which era is its own */
	c->server = s;
	c->born = s->tag;
	c->shown = url ? strdup(url) : NULL;
	s->upcalls++;
	s->broker->upcalls++;
	return c;
}

struct call *call_of_tag(struct broker *b, uint64_t tag, enum call_state state)
{
	struct call *c;

	TAILQ_FOREACH(c, &b->calls, all)
		if (tag >= c->tag && tag < c->tag + TAG_STEP)
			return c->state == state ? c : NULL;
	return NULL;
}

void call_unqueue(struct call *c)
{
	if (c->queue)
		TAILQ_REMOVE(c->queue, c, queued);
	c->queue = NULL;
}

void call_queue(struct call *c, struct calls *queue, enum call_state state)
{
	call_unqueue(c);
	c->queue = queue;
	c->state = state;
	TAILQ_INSERT_TAIL(queue, c, queued);
}

/* While a tree is kept it counts by its values: they take far more room than their text. */
void call_weigh(struct call *c)
{
	size_t now = c->forward.size + c->exec.values.size;

	if (c->doc)
		now += c->about.size + VALUE_COST * json_values(c->doc);
	c->broker->held += now - c->held;
	c->held = now;
}

void call_judged(struct call *c)
{
	if (c->server && c->server->exec && c->action.fact_count > 0)
		exec_keep_facts(c);
	c->action.args = NULL;
	c->action.resource = NULL;
	c->action.fact_count = 0;
	c->about.resource = NULL;
	if (!input_may_follow(c))
		json_decref(take(&c->doc));
	if (c->server && c->server->exec) /* executed by its values, not by its bytes */
		buf_free(&c->forward);
	call_weigh(c);
}

void call_end(struct call *c)
{
	if (c->state == CALL_ENDED)
		return;
	if (c->questioned || c->resumes)
		park_leave(c);
	call_unqueue(c);
	c->hold = NULL; /* that stands, whoever waits for it */
	if (c->given)
		input_leave(c);
	if (c->listen)
		listen_heard(c->session, c->listen, c->granted ? c->name : NULL);
	if (c->server)
		life_touch(c->server);
	c->broker->held -= c->held;
	c->held = 0;
	fd_close(&c->exec.out);
	quota_ended(c);
	if (c->session && !c->up)
		c->session->calls--;
	c->session = NULL;
	c->state = CALL_ENDED;
	if (c->up)
		c->server->upcalls--;
	*(c->up ? &c->broker->upcalls : &c->broker->call_count) -= 1;
	TAILQ_REMOVE(&c->broker->calls, c, all);
	TAILQ_INSERT_TAIL(&c->broker->dead, c, all);
}

/*
 * Whatever its server said of it by now, in its answer or before, its agent may have read; also if the agent took
 * it back, or its time was over. Asked for its roots an agent reads nothing.
 */
void call_brought(const struct call *c)
{
	if (c->proof && c->began_ns && c->action.kind != ACTION_ROOTS)
		runtime_brought(c->broker->runtime, &c->action, receipt_index(c->proof));
}

int call_conclude(struct call *c, struct outcome o, struct err *e)
{
	int done = 0;

	call_brought(c);
	o.executed = c->began_ns ? c->digest : NULL;
	o.approved = c->about.held ? c->approved : NULL;
	if (c->began_ns && c->about.held && !o.answer)
		c->server->given_up++; /* the same may be asked and approved once more: by another id */
	o.duration_us = c->began_ns ? (clock_mono_ns() - c->began_ns) / 1000 : 0;
	payload_answer(c, &o);
	if (c->proof)
		done = commit_outcome(&c->broker->commits, c->proof, &o, e);
	receipt_free(take(&c->proof));
	c->began_ns = 0;
	return done;
}

int call_close(struct call *c, struct outcome o, struct err *e)
{
	int done = call_conclude(c, o, e);

	call_end(c);
	return done;
}

/* Who is ended while the loop goes through its watches may still stand in one of them. */
void calls_bury(struct broker *b)
{
	struct call *c;

	while ((c = TAILQ_FIRST(&b->dead))) {
		TAILQ_REMOVE(&b->dead, c, all);
		json_decref(c->doc);
		json_decref(c->id);
		json_decref(c->data);
		input_forget(c);
		modern_retry_free(&c->retry);
		json_decref(c->kept_result);
		json_decref(c->kept_error);
		free(c->key);
		json_decref(c->token);
		free(c->name);
		free(c->shown);
		free(c->kept_resource);
		claims_free(c);
		buf_free(&c->forward);
		buf_free(&c->exec.values);
		buf_free(&c->exec.facts);
		buf_free(&c->exec.output);
		receipt_free(c->proof);
		free(c);
	}
}
