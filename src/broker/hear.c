/* What a tool server says: an answer, a question, or news. Whatever is none of these is dropped. */
#include <string.h>

#include "broker/broker.h"

static int hear_request(struct server *s, struct request *r, struct err *e)
{
	scoped(json) json_t *nothing = json_object();
	int what;

	if (outlet_left(&s->outlet) >= OUT_PAUSE) /* it asks on and reads no answer */
		return dropped(s->broker, &s->drops, s->name, REASON_FLOODING, r->line, r->size, e);
	if (!inspect_heard(s, r->m.params)) {
		mcp_write_error(&s->outlet.out, r->m.id, MCP_REFUSED, "this cannot be passed on");
		return 0; /* counted in hear_line() */
	}
	for (what = 0; what < MCP_UPWARDS; what++)
		if (strcmp(r->m.method, mcp_upward_info((enum mcp_upward)what)->method) == 0)
			return upcall_hear(s, (enum mcp_upward)what, r, e);
	if (strcmp(r->m.method, "ping") == 0) {
		mcp_write_result(&s->outlet.out, r->m.id, nothing);
		return 0;
	}
	mcp_write_error(&s->outlet.out, r->m.id, MCP_NO_METHOD, "reeve does not offer this method");
	return dropped(s->broker, &s->drops, s->name, REASON_NO_METHOD, r->line, r->size, e);
}

static int hear_response(struct server *s, const struct mcp_message *m, const char *line,
			 size_t size, struct err *e)
{
	uint64_t id = json_is_integer(m->id) ? (uint64_t)json_integer_value(m->id) : 0;
	int which;

	if (id && id == s->listen_id)
		return 0; /* it tells no more of its lists: they are as they are */
	if (id && id == s->probe_id)
		return era_hear(s, m, e);
	if (id && id == s->greet_id)
		return start_hear(s, m, e);
	for (which = 0; which < MCP_LISTS; which++)
		if (id && id == s->lists[which].id)
			return listing_hear(s, (enum mcp_list)which, m, size, e);
	return relay_answer(s, m, line, size, e);
}

static int hear_message(struct server *s, struct request *r, struct err *e)
{
	if (r->m.kind == MCP_REQUEST)
		return hear_request(s, r, e);
	if (r->m.kind == MCP_NOTIFICATION)
		return news_hear(s, &r->m, r->line, r->size, e);
	return hear_response(s, &r->m, r->line, r->size, e);
}

/* Whose answer it would have been is told so; what is no answer is dropped. */
static int hear_unread(struct server *s, uint64_t id, const char *line, size_t size,
		       const char *why, struct err *e)
{
	struct call *c = relay_find(s, id);
	char digest[SEAL_DIGEST_TEXT];

	if (!c)
		return dropped(s->broker, &s->drops, s->name, REASON_TOO_LONG, line, size, e);
	if (line)
		seal_digest(digest, line, size);
	return cut_unread(c, size, why, line ? digest : NULL, e);
}

static int hear_malformed(struct server *s, const char *line, size_t size, const struct err *why,
			  enum reason reason, struct err *e)
{
	uint64_t id;

	if (why->kind == ERR_LIMIT && mcp_find_id(&id, line, size, line, size))
		return hear_unread(s, id, line, size, "and more than 100000 values", e);
	server_note(s, "sent a line that is no MCP message");
	return dropped(s->broker, &s->drops, s->name, reason, line, size, e);
}

int hear_line(struct server *s, const char *line, size_t size, struct err *e)
{
	struct request r = { .line = line, .size = size };
	struct mcp_fault fault = { .reason = REASON_BAD_JSON };
	struct err why = { 0 };
	int done;

	if (json_read_message(&r.doc, line, size, &why) < 0 || !mcp_read(&r.m, r.doc, &fault))
		done = hear_malformed(s, line, size, &why, fault.reason, e);
	else if (size > MCP_LINE && r.m.kind != MCP_RESPONSE)
		done = dropped(s->broker, &s->drops, s->name, REASON_TOO_LONG, line, size, e);
	else
		done = hear_message(s, &r, e);
	json_decref(r.doc);
	if (done == 0 && s->leaked) /* if it was stopped for what it said, the line is gone with it */
		done = dropped(s->broker, &s->drops, s->name, REASON_HELD_SECRET, s->out < 0 ? NULL : line,
			       size, e);
	s->leaked = false;
	return done;
}

int hear_long(struct server *s, size_t size, struct err *e)
{
	const struct lines *l = &s->lines;
	uint64_t id;

	if (mcp_find_id(&id, l->head, l->head_size, l->tail, l->tail_size))
		return hear_unread(s, id, NULL, size, "more than reeve keeps of one", e);
	server_note(s, "sent a line of more than 4 MiB");
	return dropped(s->broker, &s->drops, s->name, REASON_TOO_LONG, NULL, size, e);
}
