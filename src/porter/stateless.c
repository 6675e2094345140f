/*
 * The stateless revision over HTTP: each request stands alone, has a connection to the broker of its own, and says in its
 * headers what its body says. Who hangs up has cancelled it.
 */
#include <string.h>

#include "mcp/modern.h"
#include "porter/porter.h"

bool stateless_is(struct span version)
{
	return span_is(version, MODERN_REVISION);
}

/* The status that goes with an error of the protocol; what a tool's server says itself is an answer like any other. */
unsigned stateless_status(const json_t *error)
{
	static const struct {
		int code;
		unsigned status;
	} statuses[] = {
		{ MCP_NO_METHOD, 404 },   { MCP_PARSE, 400 },	       { MCP_INVALID, 400 },
		{ MODERN_HEADERS, 400 }, { MODERN_CAPABILITY, 400 }, { MODERN_VERSION, 400 },
	};
	size_t i;

	for (i = 0; i < count_of(statuses); i++)
		if (json_integer_value(json_object_get(error, "code")) == statuses[i].code)
			return statuses[i].status;
	return 200;
}

void stateless_refuse_version(struct caller *c, const struct mcp_message *m, const char *asked)
{
	static const char text[] = "no such Mcp-Protocol-Version";
	scoped(json) json_t *error = json_pack("{s:i, s:s, s:o}", "code", MODERN_VERSION, "message", text, "data",
					       modern_supported(asked));
	struct buf line = BUF(2ul * HEAD_MOST);

	if (!error || !mcp_write_failure(&line, m->id, error))
		mcp_write_error(&line, m->id, MODERN_VERSION, text);
	caller_hold(c, turned_note(c->porter, REASON_BAD_HTTP, text, c->body.size), 400, line.data, line.size);
	buf_free(&line);
}

static bool refuse(struct caller *c, int code, enum reason reason, const char *text)
{
	caller_refuse(c, 400, code, reason, text);
	return false;
}

static bool check_envelope(struct caller *c, const struct mcp_message *m)
{
	struct span version = c->head.line[HEAD_VERSION];
	struct modern_envelope envelope = { 0 };
	struct mcp_fault fault = { 0 };
	bool whole = modern_read_envelope(&envelope, m, &fault);

	if (!version.at)
		return refuse(c, MODERN_HEADERS, REASON_BAD_HTTP, "Mcp-Protocol-Version is missing");
	if (envelope.version && !span_is(version, envelope.version))
		return refuse(c, MODERN_HEADERS, REASON_BAD_HTTP, "Mcp-Protocol-Version is not what the body says");
	return whole ? true : refuse(c, fault.code, fault.reason, fault.text);
}

static bool check(struct caller *c, const struct mcp_message *m)
{
	const struct porter *p = c->porter;
	const char *why;

	if (m->kind == MCP_RESPONSE)
		return refuse(c, MCP_INVALID, REASON_UNSOLICITED, "this revision asks clients nothing");
	if (m->kind == MCP_NOTIFICATION)
		return true;
	if (!check_envelope(c, m))
		return false;
	why = mirror_check(&c->head, m, p->declared, p->declared_count, c->server);
	return why ? refuse(c, MODERN_HEADERS, REASON_BAD_HTTP, why) : true;
}

void stateless_serve(struct caller *c, const struct mcp_message *m)
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
