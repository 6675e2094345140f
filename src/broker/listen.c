/*
 * Subscriptions of the newer era, on either side. An agent's is a request that stays open: what it
 * wants to hear of a resource is asked of that resource's server first, an action like any other.
 * A server of that era is listened to for its lists from when it starts, and for a resource by a
 * subscription of its own, which takes the place of resources/subscribe.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"

enum { LISTENS_MOST = 16 };

/* --- agents --- */

struct listen {
	SLIST_ENTRY(listen) next;
	json_t *id, *uris; /* owned; uris: those granted, as keys */
	bool on[MCP_LISTS], acknowledged;
	size_t asked; /* resources whose server has not answered yet, and one while we ask */
};

static void acknowledge(struct session *s, struct listen *l)
{
	scoped(json) json_t *uris = json_array();
	struct modern_filter f = { .tools = l->on[MCP_TOOL_LIST],
				   .prompts = l->on[MCP_PROMPT_LIST],
				   .resources = l->on[MCP_RESOURCE_LIST],
				   .uris = json_object_size(l->uris) ? uris : NULL };
	const char *uri;
	json_t *yes;

	json_object_foreach(l->uris, uri, yes)
		json_array_append_new(uris, json_string(uri));
	modern_write_acknowledged(&s->outlet.out, &f, l->id);
	l->acknowledged = true;
}

/* `uri`: granted; NULL: what was asked is not. */
void listen_heard(struct session *s, struct listen *l, const char *uri)
{
	if (uri)
		json_object_set_new(l->uris, uri, json_true());
	if (--l->asked == 0 && s && !s->gone)
		acknowledge(s, l);
}

/* As if the agent had asked the older way; nobody gets that answer but listen_heard(). */
static int ask(struct session *s, struct listen *l, const struct request *r, json_t *uri,
	       struct err *e)
{
	struct request one = { .what = MCP_SUBSCRIBE,
			       .modern = true,
			       .envelope = r->envelope,
			       .listen = l,
			       .line = r->line,
			       .size = r->size };
	struct mcp_fault fault;
	int done;

	one.doc = json_pack("{s:s, s:O, s:s, s:{s:O}}", "jsonrpc", "2.0", "id", l->id, "method",
			    "resources/subscribe", "params", "uri", uri);
	if (!one.doc)
		return err_set(e, ERR_SYSTEM, "out of memory");
	must(mcp_read(&one.m, one.doc, &fault));
	l->asked++;
	done = ask_serve(s, &one, e);
	json_decref(one.doc);
	return done;
}

static void grant_lists(struct listen *l, const struct session *s, const struct modern_filter *f)
{
	scoped(json) json_t *can = method_capabilities(s);

	l->on[MCP_TOOL_LIST] = f->tools && json_object_get(can, "tools");
	l->on[MCP_PROMPT_LIST] = f->prompts && json_object_get(can, "prompts");
	l->on[MCP_RESOURCE_LIST] = f->resources && json_object_get(can, "resources");
}

static size_t count_listens(const struct session *s)
{
	const struct listen *l;
	size_t count = 0;

	SLIST_FOREACH(l, &s->listens, next)
		count++;
	return count;
}

bool listen_has(const struct session *s, const json_t *id)
{
	const struct listen *l;

	SLIST_FOREACH(l, &s->listens, next)
		if (json_equal(l->id, id))
			return true;
	return false;
}

int listen_serve(struct session *s, struct request *r, struct err *e)
{
	static const struct mcp_fault many = { MCP_REFUSED, REASON_FLOODING,
					       "a connection may have 16 subscriptions" };
	static const struct mcp_fault busy = { MCP_REFUSED, REASON_FLOODING,
					       "too many calls are in flight: subscribe again later, "
					       "or to fewer resources" };
	struct mcp_fault fault = { 0 };
	struct modern_filter f;
	struct listen *l;
	json_t *uri;
	size_t i;

	if (!modern_read_filter(&f, r->m.params, &fault))
		return session_fault(s, r, &fault, e);
	if (count_listens(s) >= LISTENS_MOST)
		return session_fault(s, r, &many, e);
	if (json_array_size(f.uris) > 1 && s->broker->call_count + json_array_size(f.uris) > BROKER_CALLS)
		return session_fault(s, r, &busy, e); /* each of them is a call */
	l = calloc(1, sizeof(*l));
	if (!l)
		return err_sys(e, "memory for a subscription");
	*l = (struct listen){ .id = json_incref(r->m.id), .uris = json_object(), .asked = 1 };
	grant_lists(l, s, &f);
	SLIST_INSERT_HEAD(&s->listens, l, next);
	json_array_foreach(f.uris, i, uri) {
		if (ask(s, l, r, uri, e) < 0)
			return -1;
	}
	listen_heard(s, l, NULL);
	return 0;
}

static void end(struct session *s, struct listen *l)
{
	struct call *c;

	TAILQ_FOREACH(c, &s->broker->calls, all)
		if (c->listen == l)
			c->listen = NULL, c->silent = true;
	json_decref(l->id);
	json_decref(l->uris);
	free(l);
}

static bool is_granted(const struct session *s, const char *uri)
{
	const struct listen *l;

	SLIST_FOREACH(l, &s->listens, next)
		if (json_object_get(l->uris, uri))
			return true;
	return false;
}

/* What none of its other subscriptions is about it waits for no more. */
static void forget(struct session *s, const json_t *uris)
{
	const char *uri;
	json_t *yes;

	json_object_foreach((json_t *)(uintptr_t)uris, uri, yes) {
		if (!is_granted(s, uri))
			unsubscribe(s, uri);
	}
}

/* The agent wants to hear no more of it. */
bool listen_cancel(struct session *s, const json_t *id)
{
	struct listen *l;

	SLIST_FOREACH(l, &s->listens, next)
		if (json_equal(l->id, id))
			break;
	if (!l)
		return false;
	SLIST_REMOVE(&s->listens, l, listen, next);
	forget(s, l->uris);
	end(s, l);
	return true;
}

void listen_drop(struct session *s)
{
	struct listen *l;

	while ((l = SLIST_FIRST(&s->listens))) {
		SLIST_REMOVE_HEAD(&s->listens, next);
		end(s, l);
	}
}

void listen_changed(struct session *s, enum mcp_list which)
{
	struct listen *l;

	SLIST_FOREACH(l, &s->listens, next)
		if (l->acknowledged && l->on[which] && session_hears(s))
			modern_write_tagged(&s->outlet.out, mcp_list_info(which)->changed, NULL,
					    l->id);
}

static bool covers(const struct listen *l, const char *uri)
{
	const char *one;
	json_t *yes;
	size_t size;

	json_object_foreach(l->uris, one, yes) {
		size = strlen(one);
		if (strncmp(one, uri, size) == 0 && (uri[size] == '\0' || uri[size] == '/'))
			return true;
	}
	return false;
}

bool listen_updated(struct session *s, const char *method, const char *uri, const json_t *params)
{
	struct listen *l;

	if (!session_hears(s))
		return false;
	SLIST_FOREACH(l, &s->listens, next)
		if (l->acknowledged && covers(l, uri))
			modern_write_tagged(&s->outlet.out, method, params, l->id);
	return true;
}

/* --- tool servers --- */

static bool tells(const json_t *capabilities, const char *of)
{
	return json_is_true(json_object_get(json_object_get(capabilities, of), "listChanged"));
}

/* Of what it says it can tell of. */
void listen_to(struct server *s, const json_t *capabilities)
{
	struct modern_filter f = { .tools = tells(capabilities, "tools"),
				   .prompts = tells(capabilities, "prompts"),
				   .resources = tells(capabilities, "resources") };

	if (s->era == MCP_ERA_MODERN && (f.tools || f.prompts || f.resources))
		s->listen_id =
			server_ask(s, "subscriptions/listen",
				   json_pack("{s:o}", "notifications", modern_filter_json(&f)));
}

bool listen_is_ours(const struct call *c)
{
	return c->server->era == MCP_ERA_MODERN &&
	       (c->what == MCP_SUBSCRIBE || c->what == MCP_UNSUBSCRIBE);
}

/* What stands for resources/subscribe and unsubscribe with a server that has neither. */
void listen_write(struct call *c, const struct modern_envelope *envelope)
{
	json_t *was = json_object_get(c->server->watched, c->name);
	scoped(json) json_t *params = NULL;

	if (c->what == MCP_SUBSCRIBE) {
		params =
			json_pack("{s:{s:[s]}}", "notifications", "resourceSubscriptions", c->name);
		modern_write_request(&c->forward, c->relay_id, "subscriptions/listen", params,
				     envelope);
	} else {
		params = json_pack("{s:O?}", "requestId", was);
		mcp_write_notification(&c->forward, "notifications/cancelled", params);
	}
	if (c->forward.size > 0)
		c->forward.size--; /* the newline is not judged */
}

/* Who takes a subscription back gets no answer from the server, and needs none. */
int listen_forwarded(struct call *c, struct err *e)
{
	scoped(json) json_t *nothing = json_object();

	if (!listen_is_ours(c) || c->what != MCP_UNSUBSCRIBE)
		return 0;
	json_object_del(c->server->watched, c->name);
	answer_result(c, nothing);
	return call_close(c, (struct outcome){ .status = "ok", .exit = -1 }, e);
}

static struct call *find_asked(struct server *s, const json_t *id)
{
	struct call *c;

	TAILQ_FOREACH(c, &s->flying, queued)
		if (c->what == MCP_SUBSCRIBE && json_is_integer(id) &&
		    c->relay_id == (uint64_t)json_integer_value(id))
			return c;
	return NULL;
}

static bool grants(const json_t *params, const char *uri)
{
	json_t *uris = json_object_get(json_object_get(params, "notifications"),
				       "resourceSubscriptions"),
	       *one;
	size_t i;

	json_array_foreach(uris, i, one) {
		if (json_is_string(one) && strcmp(json_string_value(one), uri) == 0)
			return true;
	}
	return false;
}

/* The server has begun to tell: for who asked that is the answer. False: nobody had asked. */
bool listen_begun(int *done, struct server *s, const struct mcp_message *m, const char *line,
		  size_t size, struct err *e)
{
	json_t *id = json_object_get(json_object_get(m->params, "_meta"), MODERN_SUBSCRIPTION);
	struct mcp_message answer = { .kind = MCP_RESPONSE, .id = id };
	struct call *c = find_asked(s, id);

	*done = 0;
	if (!c)
		return s->listen_id && json_is_integer(id) &&
		       (uint64_t)json_integer_value(id) == s->listen_id;
	if (grants(m->params, c->name)) {
		answer.result = json_object();
		if (!s->watched)
			s->watched = json_object();
		json_object_set(s->watched, c->name, id);
	} else {
		answer.error = json_pack("{s:i, s:s}", "code", MCP_BAD_PARAMS, "message",
					 "the tool server does not tell of this resource");
	}
	*done = relay_answer(s, &answer, line, size, e);
	json_decref(answer.result);
	json_decref(answer.error);
	return true;
}
