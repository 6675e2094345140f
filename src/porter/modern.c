/*
 * The stateless revision over HTTP: each request stands alone, has a connection to the broker of its own, and says in its
 * headers what its body says. Who hangs up has cancelled it.
 */
#include <string.h>

#include "porter/porter.h"

static const char VERSION[] = "2026-07-28";
static const char META_VERSION[] = "io.modelcontextprotocol/protocolVersion";
static const char META_CAPABILITIES[] = "io.modelcontextprotocol/clientCapabilities";

bool modern_is(struct span version)
{
	return span_is(version, VERSION);
}

static json_t *meta_of(const struct mcp_message *m)
{
	return json_object_get(m->params, "_meta");
}

bool modern_claims(const struct mcp_message *m)
{
	return json_object_get(meta_of(m), META_VERSION) != NULL;
}

/* The status that goes with an error of the protocol; what a tool's server says itself is an answer like any other. */
unsigned modern_status(const json_t *error)
{
	switch (json_integer_value(json_object_get(error, "code"))) {
	case MCP_NO_METHOD:
		return 404;
	case MCP_PARSE:
	case MCP_INVALID:
	case PORTER_MISMATCH:
	case PORTER_MISMATCH - 1: /* a capability is missing */
	case PORTER_VERSION:
		return 400;
	default:
		return 200;
	}
}

void modern_refuse_version(struct caller *c, const struct mcp_message *m)
{
	static const char text[] = "no such Mcp-Protocol-Version";
	struct span asked = c->head.line[HEAD_VERSION];
	scoped(json) json_t *error = json_pack("{s:i, s:s, s:{s:[s, s, s, s], s:s%}}", "code", PORTER_VERSION, "message",
					       text, "data", "supported", VERSION, "2025-11-25", "2025-06-18",
					       "2025-03-26", "requested", asked.at, asked.size);
	struct buf line = BUF(HEAD_MOST * 2);

	turned_note(c->porter, REASON_BAD_HTTP, text, c->body.size);
	if (!error || !mcp_write_failure(&line, m->id, error))
		mcp_write_error(&line, m->id, PORTER_VERSION, text);
	caller_answer(c, 400, line.data, line.size);
	buf_free(&line);
}

static bool refuse(struct caller *c, int code, enum reason reason, const char *text)
{
	caller_refuse(c, 400, code, reason, text);
	return false;
}

static bool check_version(struct caller *c, const struct mcp_message *m)
{
	struct span version = c->head.line[HEAD_VERSION];
	const json_t *said = json_object_get(meta_of(m), META_VERSION);

	if (!json_is_string(said))
		return refuse(c, MCP_BAD_PARAMS, REASON_BAD_PARAMS,
			      "_meta needs io.modelcontextprotocol/protocolVersion");
	if (!version.at)
		return refuse(c, PORTER_MISMATCH, REASON_BAD_HTTP, "Mcp-Protocol-Version is missing");
	if (!span_is(version, json_string_value(said)))
		return refuse(c, PORTER_MISMATCH, REASON_BAD_HTTP, "Mcp-Protocol-Version is not what the body says");
	if (!json_is_object(json_object_get(meta_of(m), META_CAPABILITIES)))
		return refuse(c, MCP_BAD_PARAMS, REASON_BAD_PARAMS,
			      "_meta needs io.modelcontextprotocol/clientCapabilities");
	return true;
}

static bool check(struct caller *c, const struct mcp_message *m)
{
	const struct porter *p = c->porter;
	const char *why;

	if (m->kind == MCP_RESPONSE)
		return refuse(c, MCP_INVALID, REASON_UNSOLICITED, "this revision asks clients nothing");
	if (m->kind == MCP_NOTIFICATION)
		return true;
	if (!check_version(c, m))
		return false;
	why = mirror_check(&c->head, m, p->declared, p->declared_count, c->server);
	return why ? refuse(c, PORTER_MISMATCH, REASON_BAD_HTTP, why) : true;
}

void modern_serve(struct caller *c, const struct mcp_message *m)
{
	struct door *d;

	if (!check(c, m))
		return;
	d = door_open(c->porter, c->server, false);
	if (d)
		post_forward(c, d, m);
	else
		caller_refuse(c, 503, MCP_INTERNAL, REASON_BAD_HTTP, "there is no room for another request now");
}
