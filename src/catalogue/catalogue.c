#include "catalogue/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/file.h"

static const struct {
	const char *word, *member, *name;
} kinds[LISTED_KINDS] = {
	[LISTED_TOOLS] = { "tools", "tools", "name" },
	[LISTED_PROMPTS] = { "prompts", "prompts", "name" },
	[LISTED_RESOURCES] = { "resources", "resourceTemplates", "uriTemplate" },
};

const char *listed_word(enum listed kind)
{
	must(kind < LISTED_KINDS);
	return kinds[kind].word;
}

const char *listed_member(enum listed kind)
{
	must(kind < LISTED_KINDS);
	return kinds[kind].member;
}

const char *listed_name(enum listed kind, const json_t *definition)
{
	must(kind < LISTED_KINDS);
	return json_text(definition, kinds[kind].name);
}

int catalogue_new(struct catalogue **out, const char *server, struct err *e)
{
	struct catalogue *c = calloc(1, sizeof(*c));

	if (!c)
		return err_sys(e, "memory for a catalogue");
	snprintf(c->server, sizeof(c->server), "%s", server);
	*out = c;
	return 0;
}

void catalogue_free(struct catalogue *c)
{
	size_t i;

	if (!c)
		return;
	for (i = 0; i < c->count; i++)
		json_decref(c->files[i]);
	free(c);
}

int catalogue_server(char out[CATALOGUE_SERVER], const char *path, const char *bytes, size_t size,
		     struct err *e)
{
	struct json_file f = { 0 };
	int done;

	if (json_file_parse(&f, path, bytes, size, e) < 0)
		return -1;
	done = file_check(&f, e);
	if (done == 0)
		snprintf(out, CATALOGUE_SERVER, "%s", json_text(f.root, "server"));
	json_file_free(&f);
	return done;
}

/* What two files say of one thing: only one may. */
static int check_once(const struct catalogue *c, const struct json_file *f, struct err *e)
{
	json_t *value;
	const char *name;
	size_t i;
	int kind;

	for (i = 0; i < c->count; i++) {
		if (json_object_get(c->files[i], "pin") && json_object_get(f->root, "pin"))
			return json_wrong(f, "/pin", true, e,
					  "another file of this folder pins \"%s\" too", c->server);
		for (kind = 0; kind < LISTED_KINDS; kind++)
			json_object_foreach(json_object_get(f->root, kinds[kind].word), name, value)
				if (json_object_get(json_object_get(c->files[i], kinds[kind].word),
						    name))
					return json_wrong(f, "", false, e,
							  "another file of this folder speaks "
							  "about \"%.60s\" too",
							  name);
	}
	return 0;
}

int catalogue_add(struct catalogue *c, const char *path, const char *bytes, size_t size,
		  struct err *e)
{
	struct json_file f = { 0 };
	int done;

	if (c->count == CATALOGUE_FILES)
		return err_set(e, ERR_LIMIT, "%s: more than %d files about one server", path,
			       CATALOGUE_FILES);
	if (json_file_parse(&f, path, bytes, size, e) < 0)
		return -1;
	done = file_check(&f, e);
	if (done == 0 && strcmp(json_text(f.root, "server"), c->server) != 0)
		done = err_set(e, ERR_INPUT, "%s: is about another server than \"%s\"", path,
			       c->server);
	if (done == 0)
		done = check_once(c, &f, e);
	if (done == 0)
		c->files[c->count++] = json_incref(f.root);
	json_file_free(&f);
	return done;
}

static const json_t *find_words(const struct catalogue *c, enum listed kind, const char *name)
{
	const json_t *found = NULL;
	size_t i;

	for (i = 0; i < c->count && !found; i++)
		found = json_object_get(json_object_get(c->files[i], kinds[kind].word), name);
	return found;
}

struct words catalogue_words(const struct catalogue *c, enum listed kind, const char *name)
{
	const json_t *said = c ? find_words(c, kind, name) : NULL, *flow;
	struct words w = { 0 };
	unsigned bit;
	size_t i;

	if (c && !said)
		said = find_words(c, kind, "*");
	flow = json_object_get(said, "flow");
	w.category = json_string_value(json_object_get(said, "category"));
	w.class = json_string_value(json_object_get(said, "class"));
	w.retention = json_string_value(json_object_get(said, "retention"));
	w.resource = json_string_value(json_object_get(said, "resource"));
	w.controls = json_object_get(said, "controls");
	w.flow_known = flow != NULL;
	for (i = 0; i < json_array_size(flow); i++)
		for (bit = 1; flow_word(bit); bit <<= 1)
			if (strcmp(flow_word(bit), json_string_value(json_array_get(flow, i))) == 0)
				w.flow |= bit;
	return w;
}

const json_t *catalogue_pin(const struct catalogue *c)
{
	const json_t *pin = NULL;
	size_t i;

	for (i = 0; c && i < c->count && !pin; i++)
		pin = json_object_get(c->files[i], "pin");
	return pin;
}

static const json_t *find_pinned(const struct catalogue *c, enum listed kind, const char *name)
{
	return json_object_get(json_object_get(catalogue_pin(c), kinds[kind].word), name);
}

const json_t *catalogue_pinned(const struct catalogue *c, enum listed kind, const char *name)
{
	return json_object_get(find_pinned(c, kind, name), "definition");
}

const char *catalogue_pin_digest(const struct catalogue *c, enum listed kind, const char *name)
{
	return json_string_value(json_object_get(find_pinned(c, kind, name), "digest"));
}

/* Both may be absent. */
static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

enum pin_state catalogue_compare(const struct catalogue *c, enum listed kind,
				 const json_t *definition, const json_t *instructions,
				 const json_t *program, const char **what)
{
	const json_t *pin = catalogue_pin(c), *pinned;
	const char *digest = catalogue_pin_digest(c, kind, listed_name(kind, definition));
	char now[SEAL_DIGEST_TEXT];

	if (!digest)
		return PIN_UNPINNED;
	if (pin_digest(now, definition, instructions, program) && strcmp(now, digest) == 0)
		return PIN_SAME;
	pinned = json_object_get(pin, "program");
	*what = !same(pinned, program) ? "the server's program"
		: !same(json_object_get(pin, "instructions"), instructions)
			? "the server's instructions"
			: "its definition";
	return PIN_CHANGED;
}
