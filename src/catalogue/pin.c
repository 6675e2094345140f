/* What is pinned: a definition with everything that makes it what it is, and its digest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/file.h"
#include "schema/schema.h"

bool pin_digest(char out[SEAL_DIGEST_TEXT], const json_t *definition, const json_t *instructions,
		const json_t *program)
{
	scoped(json) json_t *whole = json_object();
	scoped(buf) struct buf bytes = BUF(2ul * CATALOGUE_MOST);
	const struct {
		const char *key;
		const json_t *value;
	} parts[] = { { "definition", definition },
		      { "instructions", instructions },
		      { "program", program } };
	size_t i;

	for (i = 0; whole && i < count_of(parts); i++)
		if (parts[i].value &&
		    json_object_set(whole, parts[i].key, unconst(parts[i].value)) < 0)
			return false;
	if (!whole || !json_canonical_any(&bytes, whole))
		return false;
	seal_digest(out, bytes.data, bytes.size);
	return true;
}

static bool add_one(json_t *to, enum listed kind, json_t *definition, const json_t *instructions,
		    const json_t *program)
{
	const char *name = listed_name(kind, definition);
	char digest[SEAL_DIGEST_TEXT];

	if (!*name || json_object_get(to, name))
		return true;
	return pin_digest(digest, definition, instructions, program) &&
	       json_object_set_new(
		       to, name,
		       json_pack("{s:s, s:O}", "digest", digest, "definition", definition)) == 0;
}

static json_t *make_kind(const json_t *offered, enum listed kind)
{
	const json_t *list = json_object_get(offered, listed_member(kind));
	json_t *made = json_object();
	size_t i;

	for (i = 0; made && i < json_array_size(list); i++)
		if (!add_one(made, kind, json_array_get(list, i),
			     json_object_get(offered, "instructions"),
			     json_object_get(offered, "program"))) {
			json_decref(made);
			return NULL;
		}
	return made;
}

json_t *pin_make(const json_t *offered)
{
	static const char *const whole[] = { "program", "instructions" };
	scoped(json) json_t *pin = json_object();
	json_t *part;
	size_t i;
	int kind;

	for (i = 0; pin && i < count_of(whole); i++) {
		part = json_object_get(offered, whole[i]);
		if (part && json_object_set(pin, whole[i], part) < 0)
			return NULL;
	}
	for (kind = 0; pin && kind < LISTED_KINDS; kind++) {
		part = make_kind(offered, (enum listed)kind);
		if (!part || json_object_set_new(pin, listed_word((enum listed)kind), part) < 0)
			return NULL;
	}
	return take(&pin);
}

static int usable_tool(const char *name, const json_t *definition, struct err *e)
{
	static const char *const schemas[] = { "inputSchema", "outputSchema" };
	scoped(buf) struct buf shown = BUF(512);
	const json_t *schema;
	size_t i;

	for (i = 0; i < count_of(schemas); i++) {
		schema = json_object_get(definition, schemas[i]);
		if (!schema || schema_usable(schema, e) == 0)
			continue;
		text_visible(&shown, name, text_cut(name, strlen(name), 60));
		return err_in(e, "%s of tool %s cannot be enforced", schemas[i],
			      buf_text(&shown) ? buf_text(&shown) : "?");
	}
	return 0;
}

int pin_usable(const json_t *pin, struct err *e)
{
	json_t *one;
	const char *name;

	json_object_foreach(json_object_get(pin, "tools"), name, one)
		if (usable_tool(name, json_object_get(one, "definition"), e) < 0)
			return -1;
	return 0;
}

void pin_leave_out(json_t *pin, void (*say)(void *to, const struct finding *f), void *to)
{
	json_t *tools = json_object_get(pin, "tools"), *one;
	const char *name;
	void *next;

	json_object_foreach_safe(tools, next, name, one)
	{
		scoped(buf) struct buf shown = BUF(1024);
		struct finding f = { .at = "", .word = "schema" };
		struct err why = { 0 };

		if (usable_tool(name, json_object_get(one, "definition"), &why) == 0)
			continue;
		text_visible(&shown, name, text_cut(name, strlen(name), 60));
		f.tool = buf_text(&shown) ? buf_text(&shown) : "?";
		f.text = why.text;
		say(to, &f);
		json_object_del(tools, name);
	}
}

/* For a person and for `git diff`: indented, in the order it was given. */
bool pin_write(struct buf *out, const char *server, const json_t *pin)
{
	scoped(json) json_t *file = json_pack("{s:s, s:s, s:O}", "reeve", "catalogue/1", "server",
					      server, "pin", unconst(pin));
	char *text = file ? json_dumps(file, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
	bool fits = text && buf_puts(out, text) && buf_puts(out, "\n");

	free(text);
	return fits;
}

json_t *offered_read(const json_t *saved)
{
	const json_t *result = json_object_get(saved, "result");

	if (json_is_array(saved))
		return json_pack("{s:O}", "tools", unconst(saved));
	if (json_is_object(result))
		saved = result;
	if (!json_is_array(json_object_get(saved, "tools")) &&
	    !json_is_array(json_object_get(saved, "prompts")) &&
	    !json_is_array(json_object_get(saved, "resourceTemplates")))
		return NULL;
	return json_incref(unconst(saved));
}
