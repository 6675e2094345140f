/*
 * What a tool server offers: its tools are read when it starts, what else it has when an agent asks
 * for that. A list is read page by page into one of its own, and takes the old one's place whole.
 */
#include "base/clock.h"
#include "broker/broker.h"

/* A list may be 4 MiB, and all of it is compared and looked through: who changes it on and on is read so often. */
enum { READ_BURST = 8, READ_EACH_SECOND = 1 };

static void forget_reading(struct listing *l)
{
	json_decref(take(&l->fresh));
	json_decref(take(&l->fresh_keys));
	l->pages = l->bytes = l->values = 0;
	l->id = l->due_ns = 0;
}

/* Its process is gone. Its tools are remembered, to see whether they are the same again. */
void listing_forget(struct server *s)
{
	int which;

	for (which = 0; which < MCP_LISTS; which++) {
		forget_reading(&s->lists[which]);
		s->lists[which].again = s->lists[which].failed = false;
		if (which == MCP_TOOL_LIST)
			continue;
		json_decref(take(&s->lists[which].items));
		json_decref(take(&s->lists[which].keys));
	}
}

/* `params` is taken. */
static int ask_page(struct server *s, enum mcp_list which, json_t *params)
{
	struct listing *l = &s->lists[which];

	l->deadline_ns = clock_mono_ns() + s->deadline_ms * UINT64_C(1000000);
	l->id = server_ask(s, mcp_list_info(which)->method, params);
	return 0;
}

int listing_read(struct server *s, enum mcp_list which, struct err *e)
{
	struct listing *l = &s->lists[which];

	forget_reading(l);
	l->again = l->failed = false;
	l->fresh = json_array();
	l->fresh_keys = json_object();
	if (!l->fresh || !l->fresh_keys)
		return err_set(e, ERR_SYSTEM, "out of memory");
	return ask_page(s, which, NULL);
}

int listing_need(struct server *s, enum mcp_list which, struct err *e)
{
	struct listing *l = &s->lists[which];

	if (s->state != SERVER_READY || l->items || l->id)
		return 0;
	return listing_read(s, which, e);
}

/* It was held against the pins: now it may be seen. */
static void take_fresh(struct server *s, enum mcp_list which)
{
	struct listing *l = &s->lists[which];
	json_t *old = l->items;
	bool changed;

	json_decref(l->keys);
	l->items = take(&l->fresh);
	l->keys = take(&l->fresh_keys);
	l->id = 0;
	stages_list(s, which);
	changed = old && !json_equal(old, l->items);
	json_decref(old);
	if (changed)
		agents_tell_changed(s->broker, s, which);
}

static int read_again(struct server *s, enum mcp_list which, struct err *e)
{
	struct listing *l = &s->lists[which];
	uint64_t now = clock_mono_ns();

	if (l->due_ns)
		return 0;
	if (pace_allows(&l->pace, READ_BURST, READ_EACH_SECOND, now))
		return listing_read(s, which, e);
	l->due_ns = now + UINT64_C(1000000000);
	return 0;
}

static int finish(struct server *s, enum mcp_list which, struct err *e)
{
	bool again = s->lists[which].again;

	if (pins_settle(s, which, e) < 0)
		return -1;
	take_fresh(s, which);
	if (s->state == SERVER_LISTING) {
		s->state = SERVER_READY;
		life_ready(s);
		if (server_close_start(s, "ok", NULL, e) < 0 || era_settle(s, e) < 0)
			return -1;
	}
	if (relay_resume(s, e) < 0 || list_settle(s->broker, e) < 0)
		return -1;
	return again && s->state == SERVER_READY ? read_again(s, which, e) : 0;
}

/* Without its tools a server is no server; without another list it has none of that. */
static int fail(struct server *s, enum mcp_list which, const char *why, struct err *e)
{
	struct listing *l = &s->lists[which];

	if (s->state == SERVER_LISTING)
		return server_stop(s, "failed", why, e);
	forget_reading(l);
	if (!l->items) {
		l->failed = true;
		l->items = json_array();
		l->keys = json_object();
	}
	return relay_resume(s, e) < 0 ? -1 : list_settle(s->broker, e);
}

int listing_none(struct server *s, enum mcp_list which, struct err *e)
{
	forget_reading(&s->lists[which]);
	s->lists[which].fresh = json_array();
	s->lists[which].fresh_keys = json_object();
	return finish(s, which, e);
}

int listing_hear(struct server *s, enum mcp_list which, const struct mcp_message *m, size_t size,
		 struct err *e)
{
	struct listing *l = &s->lists[which];
	json_t *cursor = json_object_get(m->result, "nextCursor");
	const json_t *page = json_object_get(m->result, mcp_list_info(which)->member);

	l->id = 0;
	l->pages++;
	l->bytes += size;
	l->values += json_values(page);
	if (!json_is_array(page) || (cursor && !json_is_string(cursor)))
		return fail(s, which, "did not list its tools as MCP says", e);
	if (l->bytes > MCP_LINE || l->values > JSON_VALUES || l->pages > MCP_PAGES ||
	    !mcp_list_add(which, l->fresh, l->fresh_keys, page))
		return fail(s, which,
			    "lists more than 4096 tools, 64 pages, 4 MiB or 100000 values", e);
	if (!cursor)
		return finish(s, which, e);
	return ask_page(s, which, json_pack("{s:O}", "cursor", cursor));
}

/* One reading at a time, and one more when it is done, however often it says so. */
int listing_changed(struct server *s, enum mcp_list which, struct err *e)
{
	struct listing *l = &s->lists[which];

	if (s->state < SERVER_LISTING || (!l->items && !l->id))
		return 0; /* nobody has seen it yet */
	l->again = l->id != 0;
	return l->again ? 0 : read_again(s, which, e);
}

uint64_t listing_deadline(const struct server *s)
{
	uint64_t soonest = UINT64_MAX;
	int which;

	for (which = 0; which < MCP_LISTS && s->state == SERVER_READY; which++) {
		const struct listing *l = &s->lists[which];

		if (l->id && l->deadline_ns < soonest)
			soonest = l->deadline_ns;
		if (l->due_ns && l->due_ns < soonest)
			soonest = l->due_ns;
	}
	return soonest;
}

int listing_expire(struct server *s, uint64_t now, struct err *e)
{
	int which;

	for (which = 0; which < MCP_LISTS && s->state == SERVER_READY; which++) {
		const struct listing *l = &s->lists[which];

		if (l->id && l->deadline_ns <= now && fail(s, (enum mcp_list)which, "", e) < 0)
			return -1;
		if (s->state == SERVER_READY && l->due_ns && l->due_ns <= now &&
		    listing_read(s, (enum mcp_list)which, e) < 0)
			return -1;
	}
	return 0;
}
