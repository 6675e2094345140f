/* What a tool server says: an answer, a question, or news. Whatever is none of these is dropped. */
#include <string.h>

#include "broker/broker.h"

static int hear_request(struct server *s, const struct mcp_message *m)
{
	if (strcmp(m->method, "ping") == 0) {
		scoped(json) json_t *nothing = json_object();

		mcp_write_result(&s->outlet.out, m->id, nothing);
	} else {
		mcp_write_error(&s->outlet.out, m->id, MCP_NO_METHOD,
				"reeve does not offer this method");
	}
	return 0;
}

static int hear_notification(struct server *s, const struct mcp_message *m, struct err *e)
{
	int which;

	for (which = 0; which < MCP_LISTS; which++)
		if (strcmp(m->method, mcp_list_info((enum mcp_list)which)->changed) == 0 &&
		    listing_changed(s, (enum mcp_list)which, e) < 0)
			return -1;
	return 0;
}

static int hear_response(struct server *s, const struct mcp_message *m, const char *line,
			 size_t size, struct err *e)
{
	uint64_t id = json_is_integer(m->id) ? (uint64_t)json_integer_value(m->id) : 0;
	int which;

	if (id && id == s->probe_id)
		return era_hear(s, m, e);
	if (id && id == s->greet_id)
		return start_hear(s, m, e);
	for (which = 0; which < MCP_LISTS; which++)
		if (id && id == s->lists[which].id)
			return listing_hear(s, (enum mcp_list)which, m, size, e);
	return relay_answer(s, m, line, size, e);
}

int hear_line(struct server *s, const char *line, size_t size, struct err *e)
{
	scoped(json) json_t *doc = NULL;
	struct mcp_fault fault;
	struct mcp_message m;
	struct err why = { 0 };

	if (json_read_message(&doc, line, size, &why) < 0 || !mcp_read(&m, doc, &fault)) {
		server_note(s, "sent a line that is no MCP message");
		return 0;
	}
	if (m.kind == MCP_REQUEST)
		return hear_request(s, &m);
	if (m.kind == MCP_NOTIFICATION)
		return hear_notification(s, &m, e);
	return hear_response(s, &m, line, size, e);
}
