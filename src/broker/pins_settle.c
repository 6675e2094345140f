/*
 * A tool server says itself what its tools are. So what it says is held against what a person has
 * accepted, before anybody sees it, and again whenever it says that it changed.
 */
#include <string.h>

#include "broker/broker.h"
#include "inspect/inspect.h"

/* LISTED_KINDS: a list of another kind (resources are data, and no definitions). */
static enum listed kind_of_list(enum mcp_list which)
{
	return which == MCP_TOOL_LIST       ? LISTED_TOOLS
	       : which == MCP_PROMPT_LIST   ? LISTED_PROMPTS
	       : which == MCP_TEMPLATE_LIST ? LISTED_RESOURCES
					    : LISTED_KINDS;
}

void pins_spawned(struct server *s, const struct msg *m)
{
	struct unpack u = { .at = m->body, .left = m->size };
	char name[1025], what[321];

	json_decref(s->program);
	s->program = m->size ? json_object() : NULL;
	while (u.left > 0 && unpack_copy(&u, name, sizeof(name)) &&
	       unpack_copy(&u, what, sizeof(what)))
		json_object_set_new(s->program, name, json_string(what));
}

/* A remote server is its origin, and who it says it is there. */
void pins_greeted(struct server *s, const json_t *result)
{
	const json_t *older = json_object_get(result, "serverInfo");
	const json_t *info =
		older ? older
		      : json_object_get(json_object_get(result, "_meta"), MODERN_KEY "serverInfo");
	json_t *said = json_object_get(result, "instructions");

	json_decref(s->instructions);
	s->instructions = json_is_string(said) ? json_incref(said) : NULL;
	if (json_object_get(s->program, "origin"))
		json_object_set_new(
			s->program, "server",
			json_sprintf("%s %s", json_text(info, "name"), json_text(info, "version")));
}

void pins_forget(struct server *s)
{
	int kind;

	json_decref(take(&s->instructions));
	json_decref(take(&s->program));
	for (kind = 0; kind < LISTED_KINDS; kind++)
		json_decref(take(&s->withheld[kind]));
}

static int show_line(struct server *s, json_t *line, struct err *e)
{
	struct buf text = BUF(2ul * MCP_LINE);
	size_t at = 0, size;
	int done = 0;

	if (line && json_write(&text, line) && buf_puts(&text, "\n"))
		for (; done == 0 && at < text.size; at += size) {
			size = text.size - at < 65536 ? text.size - at : 65536;
			done = wire_send(&s->broker->launcher, MSG_SHOW, 0, text.data + at, size,
					 NULL, 0, e);
		}
	buf_free(&text);
	json_decref(line);
	return done;
}

/* For who is about to accept it: as it came. */
static int show(struct server *s, enum mcp_list which, struct err *e)
{
	json_t *line = json_pack("{s:s, s:o}", "server", s->name, "offers", json_object()), *offers;

	if (!line)
		return err_set(e, ERR_SYSTEM, "out of memory");
	offers = json_object_get(line, "offers");
	json_object_set(offers, mcp_list_info(which)->member, s->lists[which].fresh);
	if (s->program)
		json_object_set(offers, "program", s->program);
	if (s->instructions)
		json_object_set(offers, "instructions", s->instructions);
	return show_line(s, line, e);
}

static void withhold(struct server *s, enum listed kind, const char *name, enum reason reason,
		     const char *what)
{
	if (!s->withheld[kind])
		s->withheld[kind] = json_object();
	json_object_set_new(s->withheld[kind], name,
			    json_pack("{s:i, s:s}", "reason", (int)reason, "what", what));
}

/* What a name is taken for; false: nothing that could be compared, so it stands for anything. */
static bool skeleton(struct buf *out, const char *name)
{
	return inspect_skeleton(out, name, strlen(name)) && buf_text(out);
}

static void count_name(json_t *counts, const char *name)
{
	scoped(buf) struct buf bones = BUF(4 * MCP_URI + 16);

	if (skeleton(&bones, name))
		json_object_set_new(counts, buf_text(&bones),
				    json_integer(1 + json_integer_value(json_object_get(
							     counts, buf_text(&bones)))));
}

static json_int_t count_of_name(const json_t *counts, const char *name)
{
	scoped(buf) struct buf bones = BUF(4 * MCP_URI + 16);

	return skeleton(&bones, name)
		       ? json_integer_value(json_object_get(counts, buf_text(&bones)))
		       : SERVERS;
}

static json_t *count_items(const json_t *items, const char *key)
{
	json_t *counts = json_object();
	size_t i;

	for (i = 0; i < json_array_size(items); i++)
		count_name(counts, json_text(json_array_get(items, i), key));
	return counts;
}

/* The names that were accepted for other servers; only who has no pins of its own is held against
 * them. */
static json_t *count_others(const struct server *s, enum listed kind)
{
	const struct server *other = s->broker->servers;
	json_t *counts = json_object(), *pin, *ignored;
	const char *name;
	size_t i, j;

	for (i = 0; s->unpinned && i < s->broker->server_count; i++, other++) {
		const json_t *items = other->lists[pins_list(kind)].items;

		if (other == s || other->unpinned)
			continue;
		for (j = 0; other->exec && kind == LISTED_TOOLS && j < json_array_size(items); j++)
			count_name(counts, json_text(json_array_get(items, j), "name"));
		pin = json_object_get(catalogue_pin(other->catalogue), listed_word(kind));
		json_object_foreach(pin, name, ignored)
			count_name(counts, name);
	}
	return counts;
}

/* The accepted ones, whatever else is listed beside them. */
static json_t *accepted(struct server *s, enum listed kind, const json_t *items)
{
	json_t *passing = json_array(), *item;
	const char *what = NULL;
	size_t i;

	json_array_foreach(items, i, item) {
		switch (s->unpinned ? PIN_SAME
				    : catalogue_compare(s->catalogue, kind, item, s->instructions,
							s->program, &what)) {
		case PIN_SAME:
			json_array_append(passing, item);
			break;
		case PIN_UNPINNED:
			withhold(s, kind, listed_name(kind, item), REASON_UNPINNED, "");
			break;
		case PIN_CHANGED:
			withhold(s, kind, listed_name(kind, item), REASON_CHANGED, what);
			break;
		}
	}
	return passing;
}

static int empty(struct server *s, enum mcp_list which, struct err *e)
{
	struct listing *l = &s->lists[which];

	json_decref(l->fresh);
	json_decref(l->fresh_keys);
	l->fresh = json_array();
	l->fresh_keys = json_object();
	return l->fresh && l->fresh_keys ? 0 : err_set(e, ERR_SYSTEM, "out of memory");
}

/* Of those, the ones whose names stand for one thing only. A template is known by its URI. */
static int keep(struct server *s, enum mcp_list which, enum listed kind, const json_t *passing,
		struct err *e)
{
	scoped(json) json_t *counts = count_items(passing, mcp_list_info(which)->key);
	scoped(json) json_t *others = count_others(s, kind);
	const char *name;
	json_t *item;
	size_t i;

	if (!counts || !others || empty(s, which, e) < 0)
		return err_set(e, ERR_SYSTEM, "out of memory");
	json_array_foreach(passing, i, item) {
		name = listed_name(kind, item);
		if (kind != LISTED_RESOURCES &&
		    (count_of_name(counts, name) > 1 || count_of_name(others, name) > 0)) {
			withhold(s, kind, name, REASON_SHADOWED, "");
			continue;
		}
		json_array_append(s->lists[which].fresh, item);
		json_object_set_new(s->lists[which].fresh_keys, name, json_true());
	}
	return 0;
}

int pins_settle(struct server *s, enum mcp_list which, struct err *e)
{
	enum listed kind = kind_of_list(which);
	json_t *passing;
	int done;

	if (s->broker->show && show(s, which, e) < 0)
		return -1;
	if (kind == LISTED_KINDS) /* of who is not what was accepted there is nothing to be read */
		return pins_server_stands(s) ? 0 : empty(s, which, e);
	json_decref(take(&s->withheld[kind]));
	passing = accepted(s, kind, s->lists[which].fresh);
	if (!passing)
		return err_set(e, ERR_SYSTEM, "out of memory");
	done = keep(s, which, kind, passing, e);
	json_decref(passing);
	return done;
}
