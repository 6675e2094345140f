#include "base/clock.h"
#include "broker/broker.h"

static bool concerns(const struct call *c, const struct server *s)
{
	return (!c->session->server || c->session->server == s) &&
	       policy_may_allow(c->broker->policy, &c->broker->about, ACTION_TOOL_CALL,
				s->name, NULL);
}

/* A server that could not be started after this list had asked for it is listed without its tools.
 */
static bool is_settled(const struct call *c, const struct server *s)
{
	return s->exec || s->state == SERVER_READY ||
	       (s->state == SERVER_IDLE && (c->asked & (UINT32_C(1) << s->index)));
}

static int need(struct call *c, struct server *s, struct err *e)
{
	if (s->exec || s->state == SERVER_READY || (c->asked & (UINT32_C(1) << s->index)))
		return 0;
	c->asked |= UINT32_C(1) << s->index;
	return server_need(s, e);
}

static json_t *named(json_t *tool, const struct server *s)
{
	json_t *copy = json_copy(tool);

	if (copy)
		json_object_set_new(copy, "name",
				    json_sprintf("%s__%s", s->name,
						 json_string_value(json_object_get(tool, "name"))));
	return copy;
}

/* What the policy can never allow is not shown. */
static void add_tools(json_t *list, const struct call *c, const struct server *s)
{
	const char *name;
	json_t *tool;
	size_t i;

	json_array_foreach(s->tools, i, tool)
	{
		name = json_string_value(json_object_get(tool, "name"));
		if (!policy_may_allow(c->broker->policy, &c->broker->about, ACTION_TOOL_CALL, s->name, name))
			continue;
		json_array_append_new(list,
				      c->session->server ? json_incref(tool) : named(tool, s));
	}
}

static void answer(struct call *c)
{
	scoped(json) json_t *list = json_array(), *result = json_pack("{s:O}", "tools", list);
	const struct server *only = c->session->server;
	struct server *s = c->broker->servers;
	size_t i;

	for (i = 0; i < c->broker->server_count; i++)
		if (concerns(c, &s[i]) && (s[i].exec || s[i].state == SERVER_READY))
			add_tools(list, c, &s[i]);
	if (only && concerns(c, only) && !only->exec && only->state != SERVER_READY)
		answer_error(c, MCP_INTERNAL,
			     "the tool server did not start: the operator's log says why");
	else if (result)
		answer_result(c, result);
	call_end(c);
}

static int try_answer(struct call *c, struct err *e)
{
	struct server *s = c->broker->servers;
	bool settled = true;
	size_t i;

	for (i = 0; i < c->broker->server_count && c->state == CALL_LISTING; i++) {
		if (!concerns(c, &s[i]))
			continue;
		if (need(c, &s[i], e) < 0)
			return -1;
		settled = settled && is_settled(c, &s[i]);
	}
	if (settled && c->state == CALL_LISTING)
		answer(c);
	return 0;
}

int list_serve(struct session *s, struct request *r, struct err *e)
{
	static const struct mcp_fault paged = { MCP_BAD_PARAMS, REASON_BAD_PARAMS,
						"no such cursor: the list has one page" };
	struct call *c;

	if (json_object_get(r->m.params, "cursor"))
		return session_fault(s, r, &paged, e);
	c = call_new(s, r, e);
	if (!c)
		return -1;
	c->state = CALL_LISTING;
	return try_answer(c, e);
}

int list_settle(struct broker *b, struct err *e)
{
	struct call *c, *next;

	for (c = TAILQ_FIRST(&b->calls); c; c = next) {
		next = TAILQ_NEXT(c, all);
		if (c->state == CALL_LISTING && try_answer(c, e) < 0)
			return -1;
	}
	return 0;
}
