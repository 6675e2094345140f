/*
 * What an agent asks of a tool server becomes a struct call that can be judged: asked of whom, in
 * which bytes, about what. The bytes are made before the verdict, so that what is judged, recorded
 * and forwarded are one thing.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "broker/broker.h"

/* On the joined socket a tool or prompt is SERVER__NAME; no server's name holds "__". */
static struct server *find_server(struct session *s, struct mcp_asked *m)
{
	const char *cut = strstr(m->name, "__");
	size_t i, size;

	if (s->server)
		return s->server;
	for (i = 0; cut && i < s->broker->server_count; i++) {
		size = strlen(s->broker->servers[i].name);
		if (size != (size_t)(cut - m->name) ||
		    memcmp(s->broker->servers[i].name, m->name, size) != 0)
			continue;
		m->name = cut + 2;
		return *m->name ? &s->broker->servers[i] : NULL;
	}
	return NULL;
}

/* The argument that says what the call is about, if the operator named one for this tool. */
void ask_find_resource(struct call *c)
{
	const struct server *s = c->server;
	const json_t *value = c->action.kind == ACTION_RESOURCE_READ
				      ? json_object_get(c->action.args, "uri")
				      : NULL;
	size_t i;

	for (i = 0; c->what == MCP_CALL_TOOL && i < s->resource_count && !value; i++)
		if (strcmp(s->resources[i].tool, c->action.tool) == 0)
			value = json_at(c->action.args, s->resources[i].pointer);
	ask_resource(c, value);
}

void ask_resource(struct call *c, const json_t *value)
{
	c->action.resource = value;
	c->resource[0] = '\0';
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
bool ask_is_path(const struct fact *f)
{
	return strlen(f->root) < PATH_MAX && strlen(f->path) < PATH_MAX;
}

/* From here the call keeps its tree: what is judged is judged when the answers are there. */
static int ask_facts(struct call *c, struct request *r, struct err *e)
{
	size_t i;

	for (i = 0; i < c->action.fact_count; i++)
		c->unasked += ask_is_path(&c->action.facts[i]);
	c->unresolved = c->unasked;
	if (c->unasked == 0)
		return session_serve(c, e);
	if (!c->doc)
		c->doc = take(&r->doc);
	call_weigh(c);
	return launcher_queue(c, CALL_ASKING, e);
}

static int ask_paths(struct call *c, struct request *r, struct err *e)
{
	c->policy_number = c->broker->policy_number;
	c->undecidable = !policy_questions(c->broker->policy, &c->action);
	return c->undecidable ? session_serve(c, e) : ask_facts(c, r, e);
}

int ask_next(struct call *c, struct err *e)
{
	uint8_t body[2 * PATH_MAX + 16];
	struct pack p = { .at = body, .room = sizeof(body) };
	const struct fact *f;

	while (!ask_is_path(&c->action.facts[c->fact]))
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

/* What is judged, recorded and forwarded: the same request for servers of either era, in its form. */
static void write_bytes(struct call *c, const struct mcp_asked *m)
{
	struct modern_envelope envelope = era_envelope(c);
	struct mcp_asked a = *m;

	a.envelope = c->server->era == MCP_ERA_MODERN ? &envelope : NULL;
	a.retry = a.envelope ? &c->retry : NULL;
	c->forward.size = 0;
	if (!a.envelope)
		park_bind(c, m);
	if (listen_is_ours(c))
		listen_write(c, &envelope);
	else
		mcp_write_asked(&c->forward, c->what, c->relay_id, &a);
	c->about.size = c->forward.size;
	seal_digest(c->digest, c->forward.data, c->forward.size);
	c->about.digest = c->digest;
}

/* The request it came from is read once more; what was filled into its arguments stands there. */
static int write_again(struct call *c, struct mcp_asked *a, struct err *e)
{
	struct mcp_fault fault = { 0 };
	struct mcp_message m;

	if (!mcp_read(&m, c->doc, &fault) || !mcp_read_asked(a, c->what, m.params, &fault))
		return err_set(e, ERR_INPUT, "%s", fault.text);
	a->name = c->name;
	write_bytes(c, a);
	return c->forward.over ? err_set(e, ERR_LIMIT, "it is too long once it is written out") : 0;
}

int ask_write(struct call *c, struct err *e)
{
	struct mcp_asked a = { 0 };
	int done = write_again(c, &a, e);

	if (done == 0) {
		c->action.args = a.args;
		ask_find_resource(c);
	}
	return done;
}

/*
 * The id comes from everything else: whoever asks the same of the same server asks it in the same bytes. It lies
 * where no id that is counted comes to.
 */
int ask_write_alike(struct call *c, struct err *e)
{
	struct buf text = BUF(FORWARD_MOST + 256);
	uint8_t hash[SEAL_HASH];
	uint32_t number;
	struct mcp_asked a;

	c->relay_id = 0;
	if (write_again(c, &a, e) < 0)
		return -1;
	buf_printf(&text, "%s %" PRIu64 " ", c->server->name, c->server->given_up);
	if (!buf_add(&text, c->forward.data, c->forward.size)) {
		buf_free(&text);
		return err_set(e, ERR_SYSTEM, "memory for a call");
	}
	seal_hash(hash, text.data, text.size);
	buf_free(&text);
	memcpy(&number, hash, sizeof(number));
	c->relay_id = (UINT32_C(1) << 30) | (number & 0x3fffffff);
	return write_again(c, &a, e);
}

/*
 * Well-formed as a message, but nothing this could be asked with is told as an error; but that the
 * arguments do not fit a tool as a result, which a model reads and mends.
 */
int ask_refuse(struct call *c, enum reason reason, struct err *e)
{
	if (reason == REASON_TOO_LONG || reason == REASON_NO_SERVER ||
	    (reason == REASON_BAD_PARAMS && c->action.kind != ACTION_TOOL_CALL))
		c->code = MCP_BAD_PARAMS;
	if (reason == REASON_OVER_QUOTA && c->session->drops.of[reason].count)
		return session_count_refusal(c, reason, e);
	if (reason == REASON_OVER_QUOTA)
		dropped_first(&c->session->drops, reason, c->forward.data, c->forward.size);
	c->verdict = (struct verdict){ .reason = reason, .why = c->text, .guard = c->guard };
	return session_record(c, e);
}

int ask_call(struct call *c, struct request *r, struct err *e)
{
	enum reason reason = REASON_UNDECIDABLE;

	if (c->forward.over) {
		snprintf(c->text, sizeof(c->text), "it is too long once it is written out");
		return ask_refuse(c, REASON_TOO_LONG, e);
	}
	if (c->what == MCP_SUBSCRIBE && !c->up && subscriptions_full(c->session)) {
		snprintf(c->text, sizeof(c->text), "it has %d subscriptions already", SUBSCRIPTIONS);
		return ask_refuse(c, REASON_FLOODING, e);
	}
	if (!stages_ask(c, &reason))
		return ask_refuse(c, reason, e);
	return ask_paths(c, r, e);
}

/* Another policy is in force by now, whose questions nobody has asked; to answer none would be to answer no. */
int ask_anew(struct call *c, struct err *e)
{
	struct request none = { .what = c->what };

	c->fact = c->unasked = c->unresolved = 0;
	c->undecidable = false;
	c->why = NULL;
	return ask_paths(c, &none, e);
}

int ask_again(struct call *c, struct err *e)
{
	enum reason reason = REASON_UNDECIDABLE;

	if (!pins_ask(c, &reason, c->text, sizeof(c->text)))
		return ask_refuse(c, reason, e);
	return session_serve(c, e);
}

/* The last who wanted to hear of it does no more, or there are others: then the server is not asked. */
static bool unsubscribed(struct call *c, const struct server *server, const struct mcp_asked *m)
{
	scoped(json) json_t *nothing = json_object();

	subscribe(c->session, server, m->name, false);
	if (!subscribed_by_others(c->session, server, m->name))
		return false;
	answer_result(c, nothing);
	call_end(c);
	return true;
}

int ask_of(struct call *c, struct server *server, const struct mcp_asked *m, struct request *r,
	   struct err *e)
{
	int done;

	if (r->what == MCP_UNSUBSCRIBE && unsubscribed(c, server, m))
		return 0;
	c->server = server;
	c->what = r->what;
	c->name = strdup(m->name);
	c->token = json_incref((json_t *)(uintptr_t)m->token);
	if (!c->name)
		return err_sys(e, "memory for a call");
	c->action = (struct action){ .kind = mcp_ask_action(r->what),
				     .server = server->name,
				     .tool = c->name,
				     .args = m->args,
				     .run = &c->broker->about,
				     .wall_us = clock_wall_us() };
	c->relay_id = ++server->next_id;
	if (claims_keep(c, r->m.params, e) < 0)
		return -1;
	ask_find_resource(c);
	write_bytes(c, m);
	c->doc = take(&r->doc); /* it may have to be written anew: for another era, or to wait for a person */
	call_weigh(c);
	return park_resume(&done, c, e) ? done : ask_call(c, r, e);
}

int ask_serve(struct session *s, struct request *r, struct err *e)
{
	static const struct mcp_fault nobody = { MCP_BAD_PARAMS, REASON_NO_SERVER,
						 "no such tool, prompt or resource: "
						 "the lists say which there are" };
	struct mcp_fault fault = { 0 };
	struct mcp_asked m = { 0 };
	struct server *server;
	struct call *c;

	if ((r->modern && !modern_take_retry(&r->retry, r->m.params, &fault)) ||
	    !mcp_read_asked(&m, r->what, r->m.params, &fault) || !claims_check(r->m.params, &fault))
		return session_fault(s, r, &fault, e);
	if (m.is_uri && !s->server)
		return resources_ask(s, r, e);
	server = find_server(s, &m);
	if (!server || (!m.is_uri && strlen(m.name) > MCP_NAME) ||
	    (server->exec && r->what != MCP_CALL_TOOL))
		return session_fault(s, r, &nobody, e);
	if (server->exec)
		exec_fill(server, &m, r->m.params);
	else
		pins_fill(server, r->what, &m, r->m.params);
	c = call_new(s, r, e);
	return c ? ask_of(c, server, &m, r, e) : -1;
}
