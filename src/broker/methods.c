#include <string.h>

#include "broker/broker.h"

static void reply(struct session *s, const struct request *r, json_t *result)
{
	if (result)
		mcp_write_result(&s->outlet.out, r->m.id, result);
	else
		mcp_write_error(&s->outlet.out, r->m.id, MCP_INTERNAL, "reeve is out of memory");
	json_decref(result);
}

/* The tool servers behind this connection, as far as the policy could allow anything of the kind. */
static bool could(const struct session *s, enum action_kind kind)
{
	const struct broker *b = s->broker;
	const struct server *at;

	for (at = b->servers; at < b->servers + b->server_count; at++)
		if ((!s->server || s->server == at) && (!at->exec || kind == ACTION_TOOL_CALL) &&
		    policy_may_allow(b->policy, &b->about, kind, at->name, NULL))
			return true;
	return false;
}

/* What could be asked here: servers are started when something is, so what they have is not known yet. */
json_t *method_capabilities(const struct session *s)
{
	json_t *out = json_pack("{s:{s:b}, s:{}}", "tools", "listChanged", 1, "logging");

	if (could(s, ACTION_RESOURCE_READ))
		json_object_set_new(out, "resources", json_pack("{s:b, s:b}", "subscribe", 1, "listChanged", 1));
	if (could(s, ACTION_PROMPT_GET))
		json_object_set_new(out, "prompts", json_pack("{s:b}", "listChanged", 1));
	if (could(s, ACTION_COMPLETION))
		json_object_set_new(out, "completions", json_object());
	return out;
}

static int serve_initialize(struct session *s, struct request *r, struct err *e)
{
	static const struct mcp_fault twice = { MCP_INVALID, REASON_BAD_MESSAGE,
						"this connection is initialized already" };
	static const struct mcp_fault shapeless = {
		MCP_BAD_PARAMS, REASON_BAD_PARAMS,
		"initialize needs a protocolVersion, a string, and capabilities, an object"
	};
	const char *asked = json_string_value(json_object_get(r->m.params, "protocolVersion"));
	json_t *can = json_object_get(r->m.params, "capabilities");

	if (s->greeted || !asked || (can && !json_is_object(can)))
		return session_fault(s, r, s->greeted ? &twice : &shapeless, e);
	s->greeted = true;
	s->can = mcp_can_read(can);
	s->shown = json_object();
	reply(s, r,
	      json_pack("{s:s, s:o, s:{s:s, s:s}}", "protocolVersion", mcp_revision(asked),
			"capabilities", method_capabilities(s), "serverInfo", "name", "reeve", "version",
			REEVE_VERSION));
	return 0;
}

static int serve_ping(struct session *s, struct request *r, struct err *e)
{
	(void)e;
	reply(s, r, json_object());
	return 0;
}

static int serve_set_level(struct session *s, struct request *r, struct err *e)
{
	static const struct mcp_fault unknown = { MCP_BAD_PARAMS, REASON_BAD_PARAMS,
						  "level must be one of debug, info, notice, warning, "
						  "error, critical, alert and emergency" };
	int level = news_level(json_string_value(json_object_get(r->m.params, "level")));

	if (level < 0)
		return session_fault(s, r, &unknown, e);
	s->log_level = level;
	reply(s, r, json_object());
	return 0;
}

static int serve_cancelled(struct session *s, struct request *r, struct err *e)
{
	const json_t *id = json_object_get(r->m.params, "requestId");
	struct call *c;

	if (listen_cancel(s, id))
		return 0;
	TAILQ_FOREACH(c, &s->broker->calls, all)
		if (c->session == s && !c->up && c->id && json_equal(c->id, id))
			return cancel_call(c, e);
	return 0;
}

/* A tool server that has its roots may ask for them again: it is told once, and nothing else. */
static int serve_roots_changed(struct session *s, struct request *r, struct err *e)
{
	struct broker *b = s->broker;
	size_t i;

	(void)e;
	for (i = 0; i < b->server_count; i++) {
		if (b->servers[i].rooted != s)
			continue;
		mcp_write_notification(&b->servers[i].outlet.out, r->m.method, NULL);
		b->servers[i].rooted = NULL;
	}
	return 0;
}

static int serve_nothing(struct session *s, struct request *r, struct err *e)
{
	(void)s;
	(void)r;
	(void)e;
	return 0;
}

static const struct {
	const char *name;
	enum mcp_kind kind;
	bool early; /* also before initialize */
	int (*serve)(struct session *s, struct request *r, struct err *e);
} methods[] = {
	{ "ping", MCP_REQUEST, true, serve_ping },
	{ "server/discover", MCP_REQUEST, true, era_discover },
	{ "subscriptions/listen", MCP_REQUEST, true, listen_serve },
	{ "initialize", MCP_REQUEST, true, serve_initialize },
	{ "notifications/initialized", MCP_NOTIFICATION, true, serve_nothing },
	{ "notifications/cancelled", MCP_NOTIFICATION, true, serve_cancelled },
	{ "notifications/progress", MCP_NOTIFICATION, true, serve_nothing },
	{ "notifications/roots/list_changed", MCP_NOTIFICATION, true, serve_roots_changed },
	{ "logging/setLevel", MCP_REQUEST, false, serve_set_level },
};

static bool id_in_flight(const struct session *s, const json_t *id)
{
	const struct call *c;

	TAILQ_FOREACH(c, &s->broker->calls, all)
		if (c->session == s && !c->up && c->id && json_equal(c->id, id))
			return true;
	return listen_has(s, id);
}

/* Lists, and what is asked of a tool server, have tables of their own: mcp/lists.c, mcp/asked.c. */
static bool is_listing(struct request *r)
{
	int which;

	for (which = 0; which < MCP_LISTS && r->m.kind == MCP_REQUEST; which++)
		if (strcmp(mcp_list_info((enum mcp_list)which)->method, r->m.method) == 0) {
			r->list = (enum mcp_list)which;
			return true;
		}
	return false;
}

static bool is_asking(struct request *r)
{
	int what;

	for (what = 0; what < MCP_ASKS && r->m.kind == MCP_REQUEST; what++)
		if (strcmp(mcp_ask_method((enum mcp_ask)what), r->m.method) == 0) {
			r->what = (enum mcp_ask)what;
			return true;
		}
	return false;
}

int method_serve(struct session *s, struct request *r, struct err *e)
{
	struct mcp_fault f = { MCP_NO_METHOD, REASON_NO_METHOD,
			       "reeve does not offer this method" };
	bool asking = is_asking(r), listing = is_listing(r);
	size_t i;

	for (i = 0; i < count_of(methods); i++)
		if (methods[i].kind == r->m.kind && strcmp(methods[i].name, r->m.method) == 0)
			break;
	if (i == count_of(methods) && r->m.kind == MCP_NOTIFICATION)
		f.code = 0; /* a notification is never answered */
	else if (r->m.kind == MCP_REQUEST && id_in_flight(s, r->m.id))
		f = (struct mcp_fault){ MCP_INVALID, REASON_ID_REUSED,
					"this id is in flight already" };
	else if (!era_admit(s, r, &f))
		return session_fault(s, r, &f, e);
	else if ((asking || listing || (i < count_of(methods) && !methods[i].early)) &&
		 !s->greeted && !r->modern)
		f = (struct mcp_fault){ MCP_INVALID, REASON_NOT_READY, "initialize first" };
	else if (asking || listing)
		return asking ? ask_serve(s, r, e) : list_serve(s, r, e);
	else if (i < count_of(methods))
		return methods[i].serve(s, r, e);
	return session_fault(s, r, &f, e);
}
