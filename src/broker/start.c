/* From a spawned process to a tool server whose tools are known: initialize, initialized,
 * tools/list. */
#include <string.h>

#include "broker/broker.h"

static int ask(struct server *s, const char *method, json_t *params, struct err *e)
{
	(void)e;
	s->own_id = ++s->next_id;
	mcp_write_request(&s->outlet.out, s->own_id, method, params);
	json_decref(params);
	return 0;
}

int start_greet(struct server *s, struct err *e)
{
	json_t *params =
		json_pack("{s:s, s:{}, s:{s:s, s:s}}", "protocolVersion", mcp_revision(NULL),
			  "capabilities", "clientInfo", "name", "reeve", "version", REEVE_VERSION);

	if (!params)
		return err_set(e, ERR_SYSTEM, "out of memory");
	s->state = SERVER_GREETING;
	return ask(s, "initialize", params, e);
}

int start_list(struct server *s, struct err *e)
{
	json_decref(s->fresh);
	json_decref(s->seen);
	s->fresh = json_array();
	s->seen = json_object();
	s->pages = s->list_bytes = s->list_values = 0;
	s->relist = false;
	if (!s->fresh || !s->seen)
		return err_set(e, ERR_SYSTEM, "out of memory");
	return ask(s, "tools/list", NULL, e);
}

/* Servers of the two revisions before ours speak the same tools/list and tools/call. */
static bool speaks(const json_t *result)
{
	static const char *const older[] = { "2025-03-26", "2024-11-05" };
	const char *revision = json_string_value(json_object_get(result, "protocolVersion"));
	size_t i;

	for (i = 0; revision && i < count_of(older); i++)
		if (strcmp(older[i], revision) == 0)
			return true;
	return mcp_knows_revision(revision);
}

static int hear_greeting(struct server *s, const struct mcp_message *m, struct err *e)
{
	if (!m->result || !speaks(m->result))
		return server_stop(s, "failed",
				   "did not start: it speaks no MCP revision that reeve knows", e);
	mcp_write_notification(&s->outlet.out, "notifications/initialized");
	s->state = SERVER_LISTING;
	return start_list(s, e);
}

static int finish_list(struct server *s, struct err *e)
{
	json_t *old = s->tools;

	s->tools = take(&s->fresh);
	json_decref(take(&s->seen));
	s->state = SERVER_READY;
	if (old && !json_equal(old, s->tools))
		agents_tell_changed(s->broker, s);
	json_decref(old);
	if (server_close_start(s, "ok", NULL, e) < 0 || relay_resume(s, e) < 0 ||
	    list_settle(s->broker, e) < 0)
		return -1;
	return s->relist ? start_list(s, e) : 0;
}

static int hear_page(struct server *s, const struct mcp_message *m, size_t size, struct err *e)
{
	json_t *cursor = json_object_get(m->result, "nextCursor");
	const json_t *page = json_object_get(m->result, "tools");

	s->pages++;
	s->list_bytes += size;
	s->list_values += json_values(page);
	if (!json_is_array(page) || (cursor && !json_is_string(cursor)))
		return server_stop(s, "failed", "did not list its tools as MCP says", e);
	if (s->list_bytes > MCP_LINE || s->list_values > JSON_VALUES || s->pages > MCP_PAGES ||
	    !mcp_tools_add(s->fresh, s->seen, page))
		return server_stop(s, "failed", "lists more than 4096 tools, 64 pages, 4 MiB or 100000 values", e);
	if (!cursor)
		return finish_list(s, e);
	return ask(s, "tools/list", json_pack("{s:O}", "cursor", cursor), e);
}

/* The answer to our own question in flight. */
int start_hear(struct server *s, const struct mcp_message *m, size_t size, struct err *e)
{
	s->own_id = 0;
	if (s->state == SERVER_GREETING)
		return hear_greeting(s, m, e);
	return hear_page(s, m, size, e);
}
