/* A line of the broker's becomes a request to the remote server. */
#include <string.h>

#include "base/log.h"
#include "courier/courier.h"

/* Who says its revision in each request has no session: 2026-07-28 and after. */
static bool is_modern(const struct mcp_message *m)
{
	return json_is_string(json_object_get(json_object_get(m->params, "_meta"),
					      "io.modelcontextprotocol/protocolVersion"));
}

/* Without a session an answer that is not wanted any more is one whose connection is closed. */
static bool cancel(struct courier *c, const struct mcp_message *m)
{
	struct exchange *x;

	if (m->kind != MCP_NOTIFICATION || strcmp(m->method, "notifications/cancelled") != 0)
		return false;
	TAILQ_FOREACH(x, &c->exchanges, all)
		if (x->modern && x->id &&
		    json_equal(x->id, json_object_get(m->params, "requestId"))) {
			exchange_free(x);
			return true;
		}
	return is_modern(m);
}

static void begin_session(struct courier *c)
{
	c->session[0] = c->revision[0] = '\0';
}

int take_line(struct courier *c, const char *line, size_t size, struct err *e)
{
	scoped(json) json_t *doc = NULL;
	struct mcp_fault fault = { 0 };
	struct mcp_message m;
	struct exchange *x;
	struct err why = { 0 };

	if (json_read_message(&doc, line, size, &why) < 0 || !mcp_read(&m, doc, &fault))
		return err_set(e, ERR_PEER, "the broker sent what is no message: %s",
			       why.text[0] ? why.text : fault.text);
	if (cancel(c, &m))
		return 0;
	x = exchange_new(c, EXCHANGE_POST);
	if (!x || !buf_add(&x->sent, line, size))
		return err_set(e, ERR_SYSTEM, "no memory for a message");
	x->id = m.kind == MCP_REQUEST ? json_incref(m.id) : NULL;
	x->modern = is_modern(&m);
	x->initialize = m.kind == MCP_REQUEST && strcmp(m.method, "initialize") == 0;
	x->initialized =
		m.kind == MCP_NOTIFICATION && strcmp(m.method, "notifications/initialized") == 0;
	if (x->initialize)
		begin_session(c);
	if (exchange_send(x, &why) < 0) {
		say_error(x->id, why.text);
		exchange_free(x);
	}
	return 0;
}
