#include <string.h>

#include "broker/broker.h"

/* Where the answer goes; NULL: nobody waits for it. */
static struct buf *way_out(const struct call *c)
{
	if (c->silent || c->listen || (c->up && (c->server->in < 0 || c->server->tag != c->born)))
		return NULL;
	if (c->up)
		return &c->server->outlet.out;
	return c->session ? &c->session->outlet.out : NULL;
}

void answer_result(struct call *c, const json_t *result)
{
	struct buf *out = way_out(c);
	scoped(json) json_t *shown = out ? era_result(c, result) : NULL;

	if (shown && c->id)
		mcp_write_result(out, c->id, shown);
	else if (out && !shown)
		answer_error(c, MCP_INTERNAL, "reeve is out of memory");
}

void answer_failure(struct call *c, const json_t *error)
{
	struct buf *out = way_out(c);
	scoped(json) json_t *shown = out ? era_error(c, error) : NULL;

	if (shown && c->id)
		mcp_write_failure(out, c->id, shown);
}

/* What could not be read may have had an id we cannot know: JSON-RPC then says null. */
void answer_error(struct call *c, int code, const char *text)
{
	scoped(json) json_t *whole = NULL;
	struct buf *out = way_out(c);

	if (!out)
		return;
	if (c->data)
		whole = json_pack("{s:i, s:s, s:O}", "code", code, "message", text, "data", c->data);
	if (whole)
		mcp_write_failure(out, c->id, whole);
	else
		mcp_write_error(out, c->id, code, text);
}

/* A tool's failure is a result, so that its model reads it and goes on; anything else's is an error. */
void answer_text(struct call *c, int code, const char *text)
{
	scoped(json) json_t *result = NULL;

	if (c->action.kind == ACTION_TOOL_CALL)
		result = mcp_text_result(true, text, strlen(text), NULL);
	if (result)
		answer_result(c, result);
	else
		answer_error(c, code, text);
}
