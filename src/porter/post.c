/*
 * A whole request. Its body is parsed here once, strictly, because its headers must say what it says; the bytes that go
 * to the broker are the ones that came, with the white space of other lines made one line's. The broker parses them
 * again and judges: nothing here lets anything through that it would not.
 */
#include <string.h>

#include "base/clock.h"
#include "mcp/modern.h"
#include "porter/porter.h"

enum { VERSION_TEXT = 33 };

static const char OTHER_SERVER[] = "no such session: initialize again";

/* Line breaks can stand between values only; within a string JSON has none. */
static bool say_body(struct door *d, struct buf *body)
{
	size_t i;

	for (i = 0; body->data && i < body->size; i++)
		if (body->data[i] == '\n' || body->data[i] == '\r')
			body->data[i] = ' ';
	return door_say(d, body->data, body->size);
}

void post_forward(struct caller *c, struct door *d, const struct mcp_message *m)
{
	if (m->kind == MCP_REQUEST && route_find(d, m->id)) {
		caller_refuse(c, 400, MCP_INVALID, REASON_ID_REUSED, "this id is in flight already");
		return;
	}
	d->used_ns = clock_mono_ns();
	c->door = d;
	if (!say_body(d, &c->body)) {
		caller_refuse(c, 503, MCP_INTERNAL, REASON_TOO_LONG, "too much waits to be read: try again later");
		return;
	}
	c->body.size = 0;
	buf_free(&c->body);
	if (m->kind != MCP_REQUEST) {
		caller_answer(c, 202, "", 0);
		return;
	}
	c->token = json_incref(json_object_get(json_object_get(m->params, "_meta"), "progressToken"));
	c->state = CALLER_WAITS;
	caller_hears(c);
}

static void greet(struct caller *c, const struct mcp_message *m)
{
	struct door *d = door_open(c->porter, c->server, true);

	if (!d) {
		caller_refuse(c, 503, MCP_INTERNAL, REASON_BAD_HTTP, "there is no room for another session now");
		return;
	}
	c->greets = true;
	post_forward(c, d, m);
}

/* The session that the head names, of this path. NULL: the caller has been told. */
static struct door *session_of(struct caller *c)
{
	struct span id = c->head.line[HEAD_SESSION];
	struct door *d = id.at ? door_of_session(c->porter, id) : NULL;

	if (d && d->server == c->server)
		return d;
	if (id.at)
		caller_refuse(c, 404, MCP_INVALID, REASON_BAD_HTTP, OTHER_SERVER);
	else
		caller_refuse(c, 400, MCP_INVALID, REASON_BAD_HTTP, "Mcp-Session-Id is missing: initialize first");
	return NULL;
}

/* What no revision is called is cut. */
static const char *version_text(char out[VERSION_TEXT], struct span version)
{
	size_t size = version.size < VERSION_TEXT ? version.size : VERSION_TEXT - 1;

	if (size)
		memcpy(out, version.at, size);
	out[size] = '\0';
	return out;
}

/* Without one it is 2025-03-26, as that revision did not say so. */
static bool is_lasting(struct span version)
{
	char text[VERSION_TEXT];

	return !version.at || mcp_knows_revision(version_text(text, version));
}

static void serve_message(struct caller *c, json_t *doc)
{
	struct span version = c->head.line[HEAD_VERSION];
	struct mcp_fault fault = { 0 };
	struct mcp_message m = { 0 };
	bool whole = mcp_read(&m, doc, &fault);
	char text[VERSION_TEXT];
	struct door *d;

	c->id = m.kind == MCP_REQUEST ? json_incref(m.id) : NULL;
	if (!whole) {
		caller_refuse(c, 400, fault.code ? fault.code : MCP_INVALID, fault.reason, fault.text);
	} else if (!is_lasting(version) && !stateless_is(version)) {
		stateless_refuse_version(c, &m, version_text(text, version));
	} else if (stateless_is(version) || modern_era_of(&m) == MCP_ERA_MODERN) {
		stateless_serve(c, &m);
	} else if (m.kind == MCP_REQUEST && !c->head.line[HEAD_SESSION].at && strcmp(m.method, "initialize") == 0) {
		greet(c, &m);
	} else {
		d = session_of(c);
		if (d)
			post_forward(c, d, &m);
	}
}

static void serve_post(struct caller *c)
{
	scoped(json) json_t *doc = NULL;
	struct err why = { 0 };

	if (c->body.over)
		caller_refuse(c, 413, MCP_INVALID, REASON_TOO_LONG, "a message may have at most 4 MiB");
	else if (json_read_message(&doc, c->body.data ? c->body.data : "", c->body.size, &why) < 0)
		caller_refuse(c, 400, MCP_PARSE, REASON_BAD_JSON, "the body is not one strict JSON value");
	else
		serve_message(c, doc);
}

/* A stream for what is no answer to anything. One of them: each message is on one stream only. */
static void serve_get(struct caller *c)
{
	struct door *d = session_of(c);

	if (!d)
		return;
	if (d->stream) {
		caller_refuse(c, 409, MCP_INVALID, REASON_BAD_HTTP, "this session has its stream already");
		return;
	}
	d->stream = c;
	d->used_ns = clock_mono_ns();
	c->door = d;
	c->state = CALLER_STREAMS;
	caller_hears(c);
	route_kept(d);
}

static void serve_delete(struct caller *c)
{
	struct door *d = session_of(c);

	if (!d)
		return;
	route_lost(d);
	door_close(d);
	caller_answer(c, 204, "", 0);
}

void post_serve(struct caller *c)
{
	struct span version = c->head.line[HEAD_VERSION];

	if (c->head.method == HEAD_POST)
		serve_post(c);
	else if (stateless_is(version))
		caller_refuse(c, 405, MCP_INVALID, REASON_BAD_HTTP, "this revision has only POST");
	else if (!is_lasting(version))
		caller_refuse(c, 400, MCP_INVALID, REASON_BAD_HTTP, "no such Mcp-Protocol-Version");
	else if (c->head.method == HEAD_GET)
		serve_get(c);
	else
		serve_delete(c);
}
