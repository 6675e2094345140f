/*
 * An agent takes a call back. What has not begun is not done; what a tool server has it is told of;
 * whether that had an effect we cannot know, so the outcome says cancelled and what was executed.
 */
#include "broker/broker.h"

static int cancel_flying(struct call *c, struct err *e)
{
	scoped(json) json_t *params = json_pack("{s:I}", "requestId", (json_int_t)c->relay_id);

	if (c->server->exec)
		return wire_send(&c->broker->launcher, MSG_STOP, c->tag, NULL, 0, NULL, 0, e);
	mcp_write_notification(&c->server->outlet.out, "notifications/cancelled", params);
	return 0;
}

int cancel_call(struct call *c, struct err *e)
{
	c->silent = true;
	if (c->state == CALL_ASKING || c->state == CALL_STARTING || c->state == CALL_LISTING ||
	    c->state == CALL_INPUT || c->state == CALL_HELD) {
		call_end(c);
		return 0;
	}
	if (c->state == CALL_FLYING && cancel_flying(c, e) < 0)
		return -1;
	if (c->state != CALL_FLYING && c->state != CALL_WAITING)
		return 0; /* it is being recorded: session_proved() will not act on it */
	return call_close(c,
			  (struct outcome){ .status = "cancelled",
					    .why = "the agent took it back",
					    .exit = -1 },
			  e);
}
