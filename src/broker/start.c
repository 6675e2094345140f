/* From a spawned process to a tool server whose tools are known: initialize, initialized, its tools. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
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

/* What the policy could never let it ask is not offered. */
static json_t *offers(const struct server *s)
{
	json_t *can = mcp_can_write(s->may), *roots = json_object_get(can, "roots");

	if (roots)
		json_object_set_new(roots, "listChanged", json_true());
	return can;
}

int start_greet(struct server *s, struct err *e)
{
	json_t *params =
		json_pack("{s:s, s:o, s:{s:s, s:s}}", "protocolVersion", mcp_revision(NULL),
			  "capabilities", offers(s), "clientInfo", "name", "reeve", "version", REEVE_VERSION);

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

/* What it says of itself instead, to agent and ledger: so that who reads it need not look elsewhere. */
static int hear_refusal(struct server *s, const struct mcp_message *m, struct err *e)
{
	const char *said = inspect_heard(s, m->error) ? json_text(m->error, "message") : "[withheld]";
	struct buf seen = BUF(64 << 10);
	char why[320];

	text_visible(&seen, said, strlen(said) < 4096 ? strlen(said) : 4096);
	snprintf(why, sizeof(why), "did not start: %.*s", (int)text_cut(seen.data, seen.size, 280),
		 buf_text(&seen) ? buf_text(&seen) : "");
	buf_free(&seen);
	return server_stop(s, "failed", why, e);
}

int start_hear(struct server *s, const struct mcp_message *m, struct err *e)
{
	const char *revision = json_text(m->result, "protocolVersion");
	int done;

	s->greet_id = 0;
	if (m->error)
		return era_spoke(&done, s, e) ? done : hear_refusal(s, m, e);
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
	listen_to(s, capabilities);
	s->state = SERVER_LISTING;
	return s->lists[MCP_TOOL_LIST].offered ? listing_read(s, MCP_TOOL_LIST, e)
					       : listing_none(s, MCP_TOOL_LIST, e);
}
