/*
 * Lists: of the servers a connection reaches, what the policy could ever allow. Page by page; where
 * a page ends is a place in the servers' own lists, so it holds whatever else becomes of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"

enum { PAGE_ITEMS = 1000, PAGE_BYTES = 2 << 20 };

static bool concerns(const struct call *c, const struct server *s)
{
	enum action_kind kind = mcp_list_info(c->list)->action;

	if ((c->session->server && c->session->server != s) || (s->exec && c->list != MCP_TOOL_LIST))
		return false;
	return policy_may_allow(c->broker->policy, &c->broker->about, kind, s->name, NULL);
}

/* A server that could not be started after this list had asked for it is listed without its items. */
static bool is_settled(const struct call *c, const struct server *s)
{
	if (s->exec)
		return true;
	if (s->state == SERVER_IDLE)
		return !s->life.wanted && (c->asked & (UINT32_C(1) << s->index)) != 0;
	return s->state == SERVER_READY && (s->lists[c->list].items || !s->lists[c->list].offered);
}

static int need(struct call *c, struct server *s, struct err *e)
{
	if (s->exec)
		return 0;
	if (s->state == SERVER_READY)
		return s->lists[c->list].offered ? listing_need(s, c->list, e) : 0;
	if (c->asked & (UINT32_C(1) << s->index))
		return 0;
	c->asked |= UINT32_C(1) << s->index;
	return server_need(s, e);
}

/* A URI is the same everywhere; a name has its server before it on the joined socket. */
static json_t *shown(json_t *item, const struct call *c, const struct server *s)
{
	const char *key = mcp_list_info(c->list)->key;
	json_t *copy;

	if (c->session->server || strcmp(key, "name") != 0)
		return json_incref(item);
	copy = json_copy(item);
	if (copy)
		json_object_set_new(copy, key, json_sprintf("%s__%s", s->name, json_text(item, key)));
	return copy;
}

/* What the policy can never allow is not shown. Of a template only its variables are open. */
static bool may_show(const struct call *c, const struct server *s, const json_t *item)
{
	const struct mcp_list_info *info = mcp_list_info(c->list);
	const char *name = c->list == MCP_TEMPLATE_LIST ? NULL : json_text(item, info->key);

	return policy_may_allow(c->broker->policy, &c->broker->about, info->action, s->name, name);
}

struct page {
	json_t *items;
	struct buf scratch; /* to measure by */
	size_t bytes;
	bool full;
};

static void add_items(struct page *p, struct call *c, const struct server *s)
{
	const json_t *items = s->lists[c->list].items;
	json_t *item;

	for (; c->from_item < json_array_size(items); c->from_item++) {
		item = json_array_get(items, c->from_item);
		if (!may_show(c, s, item))
			continue;
		p->scratch.size = 0;
		json_write(&p->scratch, item);
		p->bytes += p->scratch.size;
		p->full = json_array_size(p->items) > 0 &&
			  (json_array_size(p->items) == PAGE_ITEMS || p->bytes > PAGE_BYTES);
		if (p->full)
			return;
		json_array_append_new(p->items, shown(item, c, s));
	}
	c->from_item = 0;
}

static json_t *make_page(struct call *c)
{
	struct page p = { .items = json_array(), .scratch = BUF((size_t)2 * MCP_LINE) };
	struct server *s = c->broker->servers;
	json_t *result;

	for (; c->from_server < c->broker->server_count && !p.full; c->from_server += !p.full)
		if (concerns(c, &s[c->from_server]) &&
		    (s[c->from_server].exec || s[c->from_server].state == SERVER_READY))
			add_items(&p, c, &s[c->from_server]);
		else
			c->from_item = 0;
	buf_free(&p.scratch);
	result = json_pack("{s:o}", mcp_list_info(c->list)->member, p.items);
	if (result && p.full)
		json_object_set_new(result, "nextCursor",
				    json_sprintf("%zu.%zu", c->from_server, c->from_item));
	return result;
}

static void answer(struct call *c)
{
	const struct server *only = c->session->server;
	scoped(json) json_t *result = NULL;

	if (only && concerns(c, only) && !only->exec &&
	    (only->state != SERVER_READY || only->lists[c->list].failed))
		answer_error(c, MCP_INTERNAL,
			     only->state == SERVER_READY
				     ? "the tool server did not say what it has"
				     : "the tool server did not start: the operator's log says why");
	else if ((result = make_page(c)))
		answer_result(c, result);
	else
		answer_error(c, MCP_INTERNAL, "reeve is out of memory");
	call_end(c);
}

/* Also for what has to know the lists before it can be asked: true when no server is waited for. */
int list_await(bool *settled, struct call *c, struct err *e)
{
	struct server *s = c->broker->servers;
	size_t i;

	*settled = true;
	for (i = 0; i < c->broker->server_count && c->state == CALL_LISTING; i++) {
		if (!concerns(c, &s[i]))
			continue;
		if (need(c, &s[i], e) < 0)
			return -1;
		*settled = *settled && is_settled(c, &s[i]);
	}
	*settled = *settled && c->state == CALL_LISTING;
	return 0;
}

static int try_answer(struct call *c, struct err *e)
{
	bool settled;

	if (c->finding)
		return resources_find(c, e);
	if (list_await(&settled, c, e) < 0)
		return -1;
	if (settled)
		answer(c);
	return 0;
}

/* Where a page of ours ended. "" is where the first begins. */
static bool read_cursor(struct call *c, const char *text)
{
	char again[48], *end;

	if (!text || !*text)
		return true;
	c->from_server = strtoul(text, &end, 10);
	c->from_item = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	snprintf(again, sizeof(again), "%zu.%zu", c->from_server, c->from_item);
	return strcmp(again, text) == 0;
}

int list_serve(struct session *s, struct request *r, struct err *e)
{
	static const struct mcp_fault unknown = { MCP_BAD_PARAMS, REASON_BAD_PARAMS,
						  "no such cursor: it is none of ours" };
	struct mcp_fault fault = { 0 };
	const char *cursor;
	struct call *c;

	if (!mcp_read_cursor(&cursor, r->m.params, &fault))
		return session_fault(s, r, &fault, e);
	c = call_new(s, r, e);
	if (!c)
		return -1;
	c->state = CALL_LISTING;
	c->list = r->list;
	if (!read_cursor(c, cursor)) {
		call_end(c);
		return session_fault(s, r, &unknown, e);
	}
	s->told[r->list] = false;
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
