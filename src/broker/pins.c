/*
 * A call is judged and checked by what was accepted, also while its server does not run; what runs
 * is held against that before anything is sent to it.
 */
#include <stdio.h>
#include <string.h>

#include "broker/broker.h"
#include "schema/schema.h"

/* What is asked for by its name; of anything else the server alone must be the accepted one. */
static enum listed kind_of_ask(enum mcp_ask what)
{
	return what == MCP_CALL_TOOL    ? LISTED_TOOLS
	       : what == MCP_GET_PROMPT ? LISTED_PROMPTS
					: LISTED_KINDS;
}

enum mcp_list pins_list(enum listed kind)
{
	return kind == LISTED_TOOLS ? MCP_TOOL_LIST : MCP_PROMPT_LIST;
}

/* By what it is judged and checked; NULL: by nothing, because nothing was accepted. */
static const json_t *definition_of(const struct server *s, enum listed kind, const char *name)
{
	return s->unpinned || kind == LISTED_KINDS ? NULL
						   : catalogue_pinned(s->catalogue, kind, name);
}

static bool has_defaults(const json_t *schema)
{
	json_t *declared = json_object_get(schema, "properties"), *one;
	const char *name;

	json_object_foreach(declared, name, one)
		if (json_object_get(one, "default"))
			return true;
	return false;
}

void pins_fill(struct server *s, enum mcp_ask what, struct mcp_asked *m, json_t *params)
{
	const json_t *definition =
		what == MCP_CALL_TOOL ? definition_of(s, LISTED_TOOLS, m->name) : NULL;
	const json_t *schema = json_object_get(definition, "inputSchema");

	if (!has_defaults(schema))
		return;
	if (!m->args) {
		json_object_set_new(params, "arguments", json_object());
		m->args = json_object_get(params, "arguments");
	}
	schema_fill(schema, m->args);
}

/* What the catalogue says of it, for policy and record. */
static void set_words(struct call *c, enum listed kind)
{
	struct words w =
		catalogue_words(c->server->catalogue,
				kind == LISTED_KINDS ? LISTED_RESOURCES : kind, c->action.tool);

	c->action.category = w.category;
	c->action.class = w.class;
	c->action.retention = w.retention;
	c->action.controls = w.controls;
	c->action.flow = w.flow;
	c->action.flow_known = w.flow_known;
	if (w.resource && c->what == MCP_CALL_TOOL)
		ask_resource(c, json_at(c->action.args, w.resource));
}

static bool say(char *text, size_t room, enum reason why, const struct call *c, const char *what)
{
	const char *server = c->server->name;

	if (why == REASON_SHADOWED)
		snprintf(text, room,
			 "its name is, or looks like, that of another tool. Nobody could tell "
			 "which is meant: "
			 "the operator of this run must rename or leave out one of them.");
	else if (why == REASON_CHANGED)
		snprintf(text, room,
			 "it is not what was accepted: %s. The operator of this run sees what "
			 "changed, and "
			 "accepts it, with: reeve tools pin %s",
			 what, server);
	else
		snprintf(text, room,
			 "nobody has accepted what it is. The operator of this run sees that, and "
			 "accepts it, "
			 "with: reeve tools pin %s",
			 server);
	return false;
}

/* It runs: is this one of those that did not pass? */
static bool passes(const struct call *c, enum listed kind, enum reason *reason, char *text,
		   size_t room)
{
	const struct server *s = c->server;
	const json_t *held = json_object_get(s->withheld[kind], c->action.tool);
	const struct listing *l = &s->lists[pins_list(kind)];

	if (s->state != SERVER_READY)
		return true;
	if (!held &&
	    (s->unpinned || (l->offered && !l->items) || json_object_get(l->keys, c->action.tool)))
		return true;
	*reason = held ? (enum reason)json_integer_value(json_object_get(held, "reason"))
		       : REASON_CHANGED;
	return say(text, room, *reason, c,
		   held ? json_text(held, "what") : "the server does not list it any more");
}

static bool same(const json_t *pinned, const json_t *now)
{
	return !pinned == !now && (!pinned || json_equal(pinned, now));
}

/* NULL: as far as it runs, it is the accepted one. */
static const char *other_part(const struct server *s)
{
	const json_t *pin = catalogue_pin(s->catalogue);

	if (s->state < SERVER_LISTING)
		return NULL;
	if (!same(json_object_get(pin, "program"), s->program))
		return "the server's program";
	return same(json_object_get(pin, "instructions"), s->instructions)
		       ? NULL
		       : "the server's instructions";
}

bool pins_server_stands(const struct server *s)
{
	return s->unpinned || (catalogue_pin(s->catalogue) && !other_part(s));
}

/* Of what has no definition of its own: the server as a whole. */
static bool server_passes(const struct call *c, enum reason *reason, char *text, size_t room)
{
	const char *part = other_part(c->server);

	*reason = catalogue_pin(c->server->catalogue) ? REASON_CHANGED : REASON_UNPINNED;
	return pins_server_stands(c->server) || say(text, room, *reason, c, part ? part : "");
}

static bool ask(struct call *c, enum reason *reason, char *text, size_t room)
{
	enum listed kind = kind_of_ask(c->what);
	const struct server *s = c->server;

	if (s->unpinned)
		return kind == LISTED_KINDS || passes(c, kind, reason, text, room);
	if (kind == LISTED_KINDS)
		return server_passes(c, reason, text, room);
	*reason = REASON_UNPINNED;
	if (!catalogue_pinned(s->catalogue, kind, c->action.tool))
		return say(text, room, *reason, c, "");
	return passes(c, kind, reason, text, room);
}

bool pins_ask(struct call *c, enum reason *reason, char *text, size_t room)
{
	enum listed kind = kind_of_ask(c->what);
	const struct server *s = c->server;

	set_words(c, kind);
	if (s->exec) {
		c->action.pin = s->broker->tools_digest;
		return true;
	}
	c->action.pin = s->unpinned ? "none"
			: kind == LISTED_KINDS
				? NULL
				: catalogue_pin_digest(s->catalogue, kind, c->action.tool);
	return ask(c, reason, text, room);
}

bool pins_check_arguments(struct call *c, enum reason *reason, char *text, size_t room)
{
	const json_t *definition =
		c->server->exec ? NULL
				: definition_of(c->server, kind_of_ask(c->what), c->action.tool);
	const json_t *schema = json_object_get(definition, "inputSchema");
	struct err e = { 0 };

	if (!schema || c->what != MCP_CALL_TOOL || schema_check(schema, c->action.args, &e) == 0)
		return true;
	*reason = REASON_BAD_PARAMS;
	snprintf(text, room, "%s", e.text);
	return false;
}

int pins_known(struct call *c, bool *known, struct err *e)
{
	enum listed kind = kind_of_ask(c->what);
	struct server *s = c->server;

	*known = true;
	if (s->unpinned || kind == LISTED_KINDS || !s->lists[pins_list(kind)].offered ||
	    s->lists[pins_list(kind)].items)
		return 0;
	*known = false;
	return listing_need(s, pins_list(kind), e);
}

bool pins_stand(struct call *c, char *text, size_t room)
{
	char why[256];
	enum reason reason;

	if (ask(c, &reason, why, sizeof(why)))
		return true;
	snprintf(text, room, "reeve did not send %s/%.128s: %s", c->server->name, c->action.tool,
		 why);
	return false;
}

static void replace(struct call *c, struct answer *a, const char *why)
{
	json_t *result;

	snprintf(c->text, sizeof(c->text), "its answer does not fit what was accepted: %.180s",
		 why);
	result = mcp_text_result(true, c->text, strlen(c->text), NULL);
	must(result); /* otherwise it would go on unchecked */
	json_decref(a->result);
	a->result = result;
	a->outcome.status = "bad-answer";
	a->outcome.why = c->text;
}

void pins_check_result(struct call *c, struct answer *a)
{
	const json_t *schema, *structured = json_object_get(a->result, "structuredContent");
	struct err e = { 0 };

	if (c->up || c->what != MCP_CALL_TOOL || !a->result || mcp_is_tool_error(a->result))
		return;
	schema = json_object_get(definition_of(c->server, LISTED_TOOLS, c->action.tool),
				 "outputSchema");
	if (!schema)
		return;
	if (!structured)
		replace(c, a, "there is no structuredContent in it");
	else if (schema_check(schema, structured, &e) < 0)
		replace(c, a, e.text);
}
