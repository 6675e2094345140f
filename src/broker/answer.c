#include <string.h>

#include "broker/broker.h"

/* Where the answer goes; NULL: nobody waits for it. */
static struct buf *way_out(const struct call *c)
{
	return c->session && c->id && !c->silent ? &c->session->outlet.out : NULL;
}

void answer_result(struct call *c, const json_t *result)
{
	struct buf *out = way_out(c);

	if (out)
		mcp_write_result(out, c->id, result);
}

void answer_failure(struct call *c, const json_t *error)
{
	struct buf *out = way_out(c);

	if (out)
		mcp_write_failure(out, c->id, error);
}

/* What could not be read may have had an id we cannot know: JSON-RPC then says null. */
void answer_error(struct call *c, int code, const char *text)
{
	if (c->session && !c->silent)
		mcp_write_error(&c->session->outlet.out, c->id, code, text);
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
