/*
 * A tools/call becomes a struct call that can be judged: whose tool, which bytes, about what. The
 * bytes are made before the verdict, so that what is judged, recorded and forwarded are one thing.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "broker/broker.h"

/* On the joined socket a tool is SERVER__TOOL; no server's name holds "__". */
static struct server *find_server(struct session *s, const char **tool)
{
	const char *cut = strstr(*tool, "__");
	size_t i, size;

	if (s->server)
		return s->server;
	for (i = 0; cut && i < s->broker->server_count; i++) {
		size = strlen(s->broker->servers[i].name);
		if (size != (size_t)(cut - *tool) ||
		    memcmp(s->broker->servers[i].name, *tool, size) != 0)
			continue;
		*tool = cut + 2;
		return **tool ? &s->broker->servers[i] : NULL;
	}
	return NULL;
}

/* The argument that says what the call is about, if the operator named one for this tool. */
static void find_resource(struct call *c)
{
	const struct server *s = c->server;
	const json_t *value = NULL;
	size_t i;

	for (i = 0; i < s->resource_count && !value; i++)
		if (strcmp(s->resources[i].tool, c->action.tool) == 0)
			value = json_at(c->action.args, s->resources[i].pointer);
	c->action.resource = value;
	if (json_is_integer(value))
		snprintf(c->resource, sizeof(c->resource), "%" PRId64,
			 (int64_t)json_integer_value(value));
	else if (json_is_real(value))
		snprintf(c->resource, sizeof(c->resource), "%.15g", json_real_value(value));
	c->about.resource = json_is_string(value) ? json_string_value(value)
			    : c->resource[0]      ? c->resource
						  : NULL;
}

/* Paths no kernel would take are beneath nothing; the launcher need not be asked. */
static bool is_path(const struct fact *f)
{
	return strlen(f->root) < PATH_MAX && strlen(f->path) < PATH_MAX;
}

/* From here the call keeps its tree: what is judged is judged when the answers are there. */
static int ask_facts(struct call *c, struct request *r, struct err *e)
{
	size_t i;

	for (i = 0; i < c->action.fact_count; i++)
		c->unasked += is_path(&c->action.facts[i]);
	c->unresolved = c->unasked;
	if (c->unasked == 0)
		return session_serve(c, e);
	c->doc = take(&r->doc);
	call_weigh(c);
	return launcher_queue(c, CALL_ASKING, e);
}

int ask_next(struct call *c, struct err *e)
{
	uint8_t body[2 * PATH_MAX + 16];
	struct pack p = { .at = body, .room = sizeof(body) };
	const struct fact *f;

	while (!is_path(&c->action.facts[c->fact]))
		c->fact++;
	f = &c->action.facts[c->fact];
	pack_number(&p, c->server->index, 2);
	pack_text(&p, f->root, strlen(f->root));
	pack_text(&p, f->path, strlen(f->path));
	if (--c->unasked == 0)
		call_unqueue(c);
	return launcher_send(c->broker, MSG_RESOLVE, c->tag + c->fact++, body, p.size, e);
}

/* To be beneath nothing would let it past a rule that refuses: what means nothing to its server is not judged. */
static void keep_answer(struct call *c, struct fact *f, unsigned answer)
{
	f->yes = answer == 1;
	if (answer != RESOLVE_NEVER)
		return;
	c->undecidable = true;
	c->why = "the path is no path of the workspace to that server: give an absolute one";
	if (f->path[0] == '/')
		c->why = "a rule asks where the path lies, but the server is not on this machine";
}

int ask_resolved(struct broker *b, uint64_t tag, unsigned answer, struct err *e)
{
	struct call *c = call_of_tag(b, tag, CALL_ASKING);

	if (!c)
		return 0; /* its agent has gone meanwhile */
	if (tag - c->tag >= c->fact || c->unresolved == 0)
		return err_set(e, ERR_PEER, "an answer to no question");
	keep_answer(c, &c->action.facts[tag - c->tag], answer);
	return --c->unresolved ? 0 : session_serve(c, e);
}

static struct call *build_call(struct session *s, struct server *server, const struct mcp_call *m,
			       struct request *r, struct err *e)
{
	struct call *c = call_new(s, r, e);

	if (!c)
		return NULL;
	c->server = server;
	snprintf(c->tool, sizeof(c->tool), "%s", m->name);
	c->action = (struct action){ .kind = ACTION_TOOL_CALL,
				     .server = server->name,
				     .tool = c->tool,
				     .args = m->arguments,
				     .run = &s->broker->about,
				     .wall_us = clock_wall_us() };
	c->relay_id = ++server->next_id;
	mcp_write_call(&c->forward, c->relay_id, m->name, m->arguments);
	c->about.size = c->forward.size;
	find_resource(c);
	return c;
}

/* Well-formed as a message, but nothing this tool could be called with: told as an error. */
static int refuse_call(struct call *c, enum reason reason, const char *text, struct err *e)
{
	c->code = MCP_BAD_PARAMS;
	snprintf(c->text, sizeof(c->text), "%s", text);
	c->verdict = (struct verdict){ .reason = reason, .why = c->text };
	return session_record(c, e);
}

int ask_call(struct session *s, struct request *r, struct err *e)
{
	static const struct mcp_fault nobody = { MCP_BAD_PARAMS, REASON_NO_SERVER,
						 "no such tool: tools/list says which there are" };
	struct mcp_fault fault = { 0 };
	struct mcp_call m = { 0 };
	struct err why = { 0 };
	struct server *server;
	struct call *c;

	if (!mcp_read_call(&m, r->m.params, &fault))
		return session_fault(s, r, &fault, e);
	server = find_server(s, &m.name);
	if (!server || strlen(m.name) > MCP_NAME)
		return session_fault(s, r, &nobody, e);
	if (server->exec)
		exec_fill(server, &m, r->m.params);
	c = build_call(s, server, &m, r, e);
	if (!c)
		return -1;
	if (c->forward.over)
		return refuse_call(c, REASON_TOO_LONG,
				   "the call is too long once it is written out", e);
	seal_digest(c->digest, c->forward.data, c->forward.size);
	c->about.digest = c->digest;
	if (server->exec && exec_prepare(c, &why) < 0)
		return refuse_call(c, REASON_BAD_PARAMS, why.text, e);
	c->undecidable = !policy_questions(s->broker->policy, &c->action);
	return c->undecidable ? session_serve(c, e) : ask_facts(c, r, e);
}
