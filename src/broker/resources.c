/*
 * Whose URI it is, and who wants to hear of it. On the joined socket a URI has no server before it:
 * it is that server's which lists it, or else whose template covers it. If that is not one, it is
 * nobody's, because which of them would answer is not for chance to say.
 */
#include <stdio.h>
#include <string.h>

#include "broker/broker.h"

/* 0: it has no such URI; 1: a template covers it; 2: it lists it. */
static int claims(const struct server *s, const char *uri)
{
	json_t *item;
	size_t i;

	if (s->exec || s->state != SERVER_READY)
		return 0;
	if (json_object_get(s->lists[MCP_RESOURCE_LIST].keys, uri) ||
	    json_object_get(s->lists[MCP_TEMPLATE_LIST].keys, uri))
		return 2;
	json_array_foreach(s->lists[MCP_TEMPLATE_LIST].items, i, item)
		if (mcp_template_covers(json_text(item, "uriTemplate"), uri))
			return 1;
	return 0;
}

static struct server *find_owner(struct broker *b, const char *uri, const char **why)
{
	struct server *owner = NULL;
	size_t i, count = 0;
	int best = 1, one;

	for (i = 0; i < b->server_count; i++) {
		one = claims(&b->servers[i], uri);
		if (one < best)
			continue;
		count = one > best ? 1 : count + 1;
		best = one;
		owner = &b->servers[i];
	}
	*why = count ? "more than one tool server has this resource: use the socket of one of them"
		     : "no such resource: resources/list says which there are";
	return count == 1 ? owner : NULL;
}

static int refuse(struct call *c, const char *why, struct err *e)
{
	c->about.digest = c->digest;
	c->code = MCP_BAD_PARAMS;
	snprintf(c->text, sizeof(c->text), "%s", why);
	c->action = (struct action){ .kind = ACTION_MESSAGE };
	c->verdict = (struct verdict){ .reason = REASON_NO_SERVER, .why = c->text };
	return session_record(c, e);
}

/* Both lists have to be known before it can be said that nobody else has it. */
int resources_find(struct call *c, struct err *e)
{
	struct request r = { .what = c->what };
	struct mcp_asked m = { 0 };
	struct mcp_fault fault;
	struct server *owner;
	const char *why;
	bool settled;
	int done;

	for (c->list = MCP_RESOURCE_LIST; c->list <= MCP_TEMPLATE_LIST; c->list++) {
		if (list_await(&settled, c, e) < 0)
			return -1;
		if (!settled)
			return 0;
	}
	r.doc = take(&c->doc);
	r.m.params = json_object_get(r.doc, "params");
	must(mcp_read_asked(&m, c->what, r.m.params, &fault));
	owner = find_owner(c->broker, m.name, &why);
	done = owner ? ask_of(c, owner, &m, &r, e) : refuse(c, why, e);
	json_decref(r.doc);
	return done;
}

int resources_ask(struct session *s, struct request *r, struct err *e)
{
	struct call *c = call_new(s, r, e);

	if (!c)
		return -1;
	seal_digest(c->digest, r->line, r->size);
	c->what = r->what;
	c->doc = take(&r->doc);
	c->finding = true;
	c->state = CALL_LISTING;
	call_weigh(c);
	return resources_find(c, e);
}

/* --- subscriptions: by URI, a bit for each server --- */

static json_int_t bit_of(const struct server *s)
{
	return (json_int_t)1 << s->index;
}

static bool holds(const struct session *a, const struct server *s, const char *uri)
{
	return (json_integer_value(json_object_get(a->subscribed, uri)) & bit_of(s)) != 0;
}

/* To it, or to what it lies beneath. */
bool subscribed(const struct session *a, const struct server *s, const char *uri)
{
	char part[MCP_URI + 1];
	size_t size = strlen(uri);

	if (!a->subscribed || size > MCP_URI)
		return false;
	memcpy(part, uri, size + 1);
	for (; size > 0; size--) {
		if (part[size] == '\0' || part[size] == '/') {
			part[size] = '\0';
			if (holds(a, s, part))
				return true;
		}
	}
	return false;
}

bool subscriptions_full(const struct session *a)
{
	return json_object_size(a->subscribed) >= SUBSCRIPTIONS;
}

static json_int_t wanted_servers(const struct session *a)
{
	json_int_t all = 0;
	const char *uri;
	json_t *bits;

	json_object_foreach(a->subscribed, uri, bits)
		all |= json_integer_value(bits);
	return all;
}

void subscribe(struct session *a, const struct server *s, const char *uri, bool yes)
{
	json_int_t bits = json_integer_value(json_object_get(a->subscribed, uri));

	if (!a->subscribed)
		a->subscribed = json_object();
	bits = yes ? bits | bit_of(s) : bits & ~bit_of(s);
	if (bits)
		json_object_set_new(a->subscribed, uri, json_integer(bits));
	else
		json_object_del(a->subscribed, uri);
	a->wants = wanted_servers(a);
}

/* Of whatever server it is. */
void unsubscribe(struct session *a, const char *uri)
{
	json_object_del(a->subscribed, uri);
	a->wants = wanted_servers(a);
}

/* Somebody waits for news of its resources. */
bool subscribed_to(const struct server *s)
{
	const struct broker *b = s->broker;
	size_t i;

	for (i = 0; i < b->session_count; i++)
		if (!b->sessions[i]->gone && (b->sessions[i]->wants & bit_of(s)))
			return true;
	return false;
}

/* Another agent still wants to hear of it. */
bool subscribed_by_others(const struct session *a, const struct server *s, const char *uri)
{
	size_t i;

	for (i = 0; i < a->broker->session_count; i++)
		if (a->broker->sessions[i] != a && !a->broker->sessions[i]->gone &&
		    holds(a->broker->sessions[i], s, uri))
			return true;
	return false;
}
