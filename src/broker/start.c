/* From a spawned process to a tool server whose tools are known: initialize, initialized, its tools. */
#include <string.h>

#include "broker/broker.h"

uint64_t server_ask(struct server *s, const char *method, json_t *params)
{
	const struct modern_envelope plain = { .can = 0 };

	if (s->era == MCP_ERA_MODERN)
		modern_write_request(&s->outlet.out, ++s->next_id, method, params, &plain);
	else
		mcp_write_request(&s->outlet.out, ++s->next_id, method, params);
	json_decref(params);
	return s->next_id;
}

int start_greet(struct server *s, struct err *e)
{
	json_t *params =
		json_pack("{s:s, s:o, s:{s:s, s:s}}", "protocolVersion", mcp_revision(NULL),
			  "capabilities", json_object(), "clientInfo", "name", "reeve", "version", REEVE_VERSION);

	if (!params)
		return err_set(e, ERR_SYSTEM, "out of memory");
	s->state = SERVER_GREETING;
	s->greet_id = server_ask(s, "initialize", params);
	return 0;
}

/* What a server does not announce it is not asked for. */
static void read_offers(struct server *s, const json_t *capabilities)
{
	int which;

	for (which = 0; which < MCP_LISTS; which++)
		s->lists[which].offered = json_is_object(json_object_get(
			capabilities, mcp_list_info((enum mcp_list)which)->capability));
}

int start_hear(struct server *s, const struct mcp_message *m, struct err *e)
{
	const char *revision = json_text(m->result, "protocolVersion");
	int done;

	s->greet_id = 0;
	if (!mcp_knows_revision(revision))
		return era_spoke(&done, s, e)
			       ? done
			       : server_stop(s, "failed",
					     "did not start: it speaks no MCP revision that reeve knows", e);
	pins_greeted(s, m->result);
	if (era_is(s, MCP_ERA_LEGACY, e) < 0)
		return -1;
	mcp_write_notification(&s->outlet.out, "notifications/initialized", NULL);
	return start_offers(s, json_object_get(m->result, "capabilities"), e);
}

int start_offers(struct server *s, const json_t *capabilities, struct err *e)
{
	read_offers(s, capabilities);
	s->state = SERVER_LISTING;
	return s->lists[MCP_TOOL_LIST].offered ? listing_read(s, MCP_TOOL_LIST, e)
					       : listing_none(s, MCP_TOOL_LIST, e);
}
