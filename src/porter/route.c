/*
 * Whose a message of the broker is: an answer goes to who asked, progress to whose progress it is, anything else to the
 * session's stream, or, while there is none, to who asked last. Each message goes to one of them, and once.
 */
#include <string.h>

#include "base/fd.h"
#include "porter/porter.h"

struct caller *route_find(const struct door *d, const json_t *id)
{
	const struct porter *p = d->porter;
	size_t i;

	for (i = 0; i < p->caller_count; i++)
		if (p->callers[i]->door == d && p->callers[i]->id && !p->callers[i]->ended &&
		    json_equal(p->callers[i]->id, id))
			return p->callers[i];
	return NULL;
}

static struct caller *of_token(const struct door *d, const json_t *token)
{
	const struct porter *p = d->porter;
	size_t i;

	for (i = 0; token && i < p->caller_count; i++)
		if (p->callers[i]->door == d && p->callers[i]->token && !p->callers[i]->ended &&
		    json_equal(p->callers[i]->token, token))
			return p->callers[i];
	return NULL;
}

static struct caller *last_asked(const struct door *d)
{
	const struct porter *p = d->porter;
	struct caller *last = NULL;
	size_t i;

	for (i = 0; i < p->caller_count; i++)
		if (p->callers[i]->door == d && p->callers[i]->id && !p->callers[i]->ended)
			last = p->callers[i];
	return last;
}

/* Until its client opens a stream or asks again; what is too much for that is lost to it, and the ledger says so. */
static void keep(struct door *d, const char *line, size_t size)
{
	if (d->kept.size + size + 1 > d->kept.most) {
		turned_note(d->porter, REASON_TOO_LONG, "what a server says to a session that has no stream", size);
		return;
	}
	buf_add(&d->kept, line, size);
	buf_puts(&d->kept, "\n");
}

void route_kept(struct door *d)
{
	struct caller *to = d->stream ? d->stream : last_asked(d);
	const char *at = d->kept.data, *end;

	while (to && at && at < d->kept.data + d->kept.size) {
		end = memchr(at, '\n', (size_t)(d->kept.data + d->kept.size - at));
		must(end != NULL);
		caller_event(to, at, (size_t)(end - at));
		at = end + 1;
	}
	if (to)
		d->kept.size = 0;
}

static void route_other(struct door *d, json_t *doc, const char *line, size_t size)
{
	bool progress = strcmp(json_text(doc, "method"), "notifications/progress") == 0;
	struct caller *to = NULL;

	if (progress)
		to = of_token(d, json_object_get(json_object_get(doc, "params"), "progressToken"));
	if (!to)
		to = d->stream;
	if (!to)
		to = last_asked(d);
	if (to)
		caller_event(to, line, size);
	else
		keep(d, line, size);
}

static void route_answer(struct door *d, json_t *doc, const char *line, size_t size)
{
	struct caller *c = route_find(d, json_object_get(doc, "id"));
	const json_t *result = json_object_get(doc, "result"), *error = json_object_get(doc, "error");
	const json_t *tools = json_object_get(result, "tools");

	if (!c)
		return; /* its client has gone; what came of it is in the ledger */
	if (c->greets && result && !door_name(d))
		c->gone = true;
	if (tools)
		declared_learn(d->porter, d->server, tools);
	caller_finish(c, d->lasts || !error ? 200 : stateless_status(error), line, size);
}

void route_line(struct door *d, const char *line, size_t size)
{
	scoped(json) json_t *doc = NULL;
	struct err why = { 0 };

	if (json_read(&doc, line, size, NULL, &why) < 0) {
		route_lost(d); /* out of memory, or the broker misspeaks: this session ends */
		return;
	}
	if (json_object_get(doc, "method"))
		route_other(d, doc, line, size);
	else
		route_answer(d, doc, line, size);
}

void route_lost(struct door *d)
{
	const struct porter *p = d->porter;
	struct caller *c;
	size_t i;

	fd_close(&d->fd);
	d->closing = true;
	d->out.size = 0;
	d->stream = NULL;
	for (i = 0; i < p->caller_count; i++) {
		c = p->callers[i];
		if (c->door != d)
			continue;
		c->door = NULL;
		if (c->state == CALLER_STREAMS) {
			c->ended = true;
			c->deadline_ns = 0;
			web_wake(c);
		} else if (c->state == CALLER_WAITS) {
			caller_refuse(c, 502, MCP_INTERNAL, REASON_BAD_HTTP,
				      "the session ended before the answer");
		}
	}
}
