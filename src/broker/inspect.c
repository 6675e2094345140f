/*
 * What may not pass, in either direction: secrets that reeve holds, which no rule can allow; and
 * what servers say beyond their bounds, or so that it hides or acts. What was changed is said in
 * the record.
 */
#include <stdio.h>
#include <string.h>

#include "broker/broker.h"

/* All that the server, or a record, would get of a call: arguments, what its user answered, its name, its id,
 * and what passes for the server's own state: an agent may write there what it likes. */
static enum inspect_found find_in_call(const struct call *c, const char **name)
{
	scoped(json) json_t *all = json_array();

	if (!all)
		return INSPECT_UNSURE;
	if (c->action.args)
		json_array_append(all, c->action.args);
	if (c->retry.responses)
		json_array_append(all, c->retry.responses);
	if (c->retry.state)
		json_array_append(all, c->retry.state);
	if (c->action.tool)
		json_array_append_new(all, json_string(c->action.tool));
	if (c->id)
		json_array_append(all, c->id);
	return inspect_find(c->broker->secrets, all, name);
}

/* What the record of a refusal says is what the agent wrote: then it says nothing of it. */
static void veil(struct call *c)
{
	static const char hidden[] = "[held by reeve]";

	c->action.tool = c->action.kind == ACTION_MESSAGE ? NULL : hidden;
	c->about.request = c->about.resource = NULL;
}

bool inspect_ask(struct call *c, enum reason *reason, char *text, size_t room)
{
	const char *name = NULL;

	if (!c->broker->secrets)
		return true;
	c->inspected = true;
	switch (find_in_call(c, &name)) {
	case INSPECT_NONE:
		return true;
	case INSPECT_FOUND:
		*reason = REASON_HELD_SECRET;
		snprintf(text, room,
			 "it holds the secret %s, which reeve keeps and lets nobody send. Leave it "
			 "out: the tool "
			 "server has what it needs.",
			 name);
		break;
	case INSPECT_UNSURE:
		*reason = REASON_UNDECIDABLE;
		snprintf(text, room,
			 "whether it holds a secret cannot be told: too much is encoded within "
			 "something encoded. Send "
			 "it plainer or in parts.");
		break;
	}
	veil(c);
	return false;
}

void inspect_refused(struct call *c)
{
	const char *name;

	if (c->broker->secrets && !c->inspected && find_in_call(c, &name) != INSPECT_NONE)
		veil(c);
}

static void say_altered(struct call *c, const char *what, const char *more)
{
	size_t room = sizeof(c->altered) - c->altered_size;
	int size = snprintf(c->altered + c->altered_size, room, "%s%s", what, more);

	if (size > 0 && (size_t)size < room)
		c->altered_size += (size_t)size + 1;
}

/* In its place stands that it was withheld, as a result that a model reads or as an error. */
static void withhold(struct call *c, struct answer *a, const char *why)
{
	json_t *result = NULL;

	json_decref(take(&a->result));
	json_decref(take(&a->error));
	if (!c->up && c->action.kind == ACTION_TOOL_CALL)
		result = mcp_text_result(true, why, strlen(why), NULL);
	a->result = result;
	if (!result)
		a->error = json_pack("{s:i, s:s}", "code", MCP_REFUSED, "message", why);
}

/* Whichever way it goes: to the agent, who is told that one was there, or to a server, who gets
 * nothing. */
static void guard(struct call *c, struct answer *a, json_t *value)
{
	const char *name = NULL;
	enum inspect_found found = c->up ? inspect_find(c->broker->secrets, value, &name)
					 : inspect_clean(c->broker->secrets, value, &name);

	if (found == INSPECT_NONE)
		return;
	say_altered(c, "secret ", name ? name : "undecided");
	if (a->outcome.why == c->text) /* a sentence that may quote it: pins_check_result() */
		a->outcome.why = "its answer does not fit what was accepted";
	if (c->up || found == INSPECT_UNSURE)
		withhold(c, a,
			 "[reeve: the answer was withheld: it holds a secret that reeve keeps, or "
			 "too much within "
			 "encodings to tell]");
}

static void bound(struct call *c, struct answer *a, json_t *value)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = { { ALTERED_TEXT, "text" }, { ALTERED_CUT, "cut" }, { ALTERED_LINK, "link" } };
	unsigned altered = inspect_bound(value, &c->server->bounds);
	size_t i;

	for (i = 0; i < count_of(words); i++)
		if (altered & words[i].bit)
			say_altered(c, words[i].word, "");
	if (altered & ALTERED_FAILED)
		withhold(c, a, "[reeve: the answer was withheld: out of memory]");
}

void inspect_answer(struct call *c, struct answer *a)
{
	guard(c, a, a->result ? a->result : a->error);
	if (!c->up)
		bound(c, a, a->result ? a->result : a->error);
	a->outcome.altered = c->altered;
	a->outcome.altered_size = c->altered_size;
}

bool inspect_heard(struct server *s, json_t *value)
{
	const char *name;
	enum inspect_found found = inspect_clean(s->broker->secrets, value, &name);

	s->leaked = s->leaked || found != INSPECT_NONE;
	return found != INSPECT_UNSURE && !(inspect_tidy(value, s->bounds.show) & ALTERED_FAILED);
}

/* What cannot be cleaned of a list is not in it. */
void inspect_list(struct server *s, enum mcp_list which)
{
	const char *key = mcp_list_info(which)->key;
	struct listing *l = &s->lists[which];
	json_t *item;
	size_t i = 0;

	while ((item = json_array_get(l->items, i))) {
		if (inspect_heard(s, item)) {
			i++;
			continue;
		}
		json_object_del(l->keys, json_text(item, key));
		json_array_remove(l->items, i);
	}
}
