/* What should not stand in a definition. Findings, not proofs: a person reads them. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/file.h"
#include "inspect/inspect.h"
#include "schema/schema.h"

enum { TEXT_LONG = 4096, DEFINITION_LONG = 64 << 10, NAME_LONG = 128, AT_MOST = 512 };

struct scan {
	const json_t *offered, *names; /* names: of all tools, as members */
	const char *own;               /* of the one looked at */
	char shown[256], at[AT_MOST];
	void (*say)(void *to, const struct finding *f);
	void *to;
	size_t count;
};

static void found(struct scan *s, const char *word, const char *text)
{
	struct finding f = { .tool = s->shown, .at = s->at, .word = word, .text = text };

	s->count++;
	if (s->say)
		s->say(s->to, &f);
}

/* Appends to *at so that it can be printed; returns what to cut it back to. */
static size_t go_below(struct scan *s, const char *key)
{
	scoped(buf) struct buf shown = BUF(512);
	size_t back = strlen(s->at);

	text_visible(&shown, key, text_cut(key, strlen(key), 60));
	snprintf(s->at + back, sizeof(s->at) - back, "/%s",
		 buf_text(&shown) ? buf_text(&shown) : "?");
	return back;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Lines may break in a description; nothing else that is not seen belongs there. */
static bool hides(const char *text)
{
	scoped(buf) struct buf shown = BUF(8 * strlen(text) + 8), plain = BUF(strlen(text) + 1);
	const char *at;

	for (at = text; *at; at++)
		buf_add(&plain, is_blank(*at) ? " " : at, 1);
	return plain.size > 0 &&
	       (!text_visible(&shown, plain.data, plain.size) || shown.size != plain.size);
}

/* What a text is taken for, runs of white space one blank. */
static bool skeleton(struct buf *out, const char *text)
{
	scoped(buf) struct buf bones = BUF(4 * strlen(text) + 16);
	bool blank = true;
	size_t i;

	if (!inspect_skeleton(&bones, text, strlen(text)))
		return false;
	for (i = 0; i < bones.size; blank = is_blank(bones.data[i++]))
		if (!is_blank(bones.data[i]) || !blank)
			buf_add(out, is_blank(bones.data[i]) ? " " : bones.data + i, 1);
	return buf_add(out, "", 1);
}

static void look_for_phrases(struct scan *s, const char *text)
{
	static const char *const phrases[] = {
#define PHRASE(text) text,
#include "catalogue/phrases.def"
#undef PHRASE
	};
	scoped(buf) struct buf bones = BUF(4 * strlen(text) + 32);
	char sentence[128];
	size_t i;

	if (!skeleton(&bones, text))
		return;
	for (i = 0; i < count_of(phrases); i++) {
		scoped(buf) struct buf phrase = BUF(256);

		if (!skeleton(&phrase, phrases[i]) || !strstr(bones.data, phrase.data))
			continue;
		snprintf(sentence, sizeof(sentence), "speaks to the model, not of the tool: \"%s\"",
			 phrases[i]);
		found(s, "instructions", sentence);
		return;
	}
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* A name that no sentence would hold by chance. */
static bool is_telling(const char *name)
{
	size_t i, size = strlen(name);

	for (i = 1; size > 3 && i < size; i++)
		if (name[i] == '_' || name[i] == '-' || name[i] == '.' ||
		    (name[i] >= 'A' && name[i] <= 'Z'))
			return true;
	return false;
}

static bool names_tool(const char *text, const char *name)
{
	const char *hit;

	for (hit = strstr(text, name); hit; hit = strstr(hit + 1, name))
		if ((hit == text || !is_word(hit[-1])) && !is_word(hit[strlen(name)]))
			return true;
	return false;
}

static void look_for_names(struct scan *s, const char *text)
{
	char sentence[192];
	const char *name;
	json_t *ignored;

	json_object_foreach(unconst(s->names), name, ignored) {
		if (strcmp(name, s->own) == 0 || !is_telling(name) || !names_tool(text, name))
			continue;
		snprintf(sentence, sizeof(sentence), "names another tool, %.100s", name);
		found(s, "other-tool", sentence);
	}
}

static void scan_text(struct scan *s, const char *key, const char *text)
{
	if (hides(text))
		found(s, "hidden", "holds control, bidi, zero-width or tag characters");
	if (strlen(text) > TEXT_LONG)
		found(s, "long", "is longer than 4096 bytes: nobody reads that, but a model does");
	if ((strcmp(key, "$ref") == 0 || strcmp(key, "$dynamicRef") == 0) && text[0] != '#')
		found(s, "remote-ref", "refers to something outside the definition");
	look_for_phrases(s, text);
	if (strcmp(key, "name") != 0)
		look_for_names(s, text);
}

static void scan_value(struct scan *s, const char *key, const json_t *value);

static void scan_members(struct scan *s, const json_t *object)
{
	const char *name;
	json_t *value;
	size_t back;

	json_object_foreach(unconst(object), name, value) {
		back = go_below(s, name);
		if (hides(name))
			found(s, "hidden",
			      "a member's name holds control, bidi, zero-width or tag characters");
		look_for_phrases(s, name);
		scan_value(s, name, value);
		s->at[back] = '\0';
	}
}

static void scan_value(struct scan *s, const char *key, const json_t *value)
{
	char index[24];
	size_t i, back;

	if (json_is_string(value))
		scan_text(s, key, json_string_value(value));
	if (json_is_object(value))
		scan_members(s, value);
	for (i = 0; i < json_array_size(value); i++) {
		snprintf(index, sizeof(index), "%zu", i);
		back = go_below(s, index);
		scan_value(s, "", json_array_get(value, i));
		s->at[back] = '\0';
	}
}

static void scan_name(struct scan *s, const char *name)
{
	const char *at;

	for (at = name; is_word(*at) || *at == '.'; at++)
		;
	if (*at || at == name || strlen(name) > NAME_LONG)
		found(s, "name", "a tool's name is 1 to 128 of A-Z, a-z, 0-9, '_', '-' and '.'");
}

static void scan_schemas(struct scan *s, const json_t *definition)
{
	static const char *const schemas[] = { "inputSchema", "outputSchema" };
	const json_t *schema;
	size_t i, back;

	for (i = 0; i < count_of(schemas); i++) {
		struct err why = { 0 };

		schema = json_object_get(definition, schemas[i]);
		if (!schema || schema_usable(schema, &why) == 0)
			continue;
		back = go_below(s, schemas[i]);
		found(s, "schema", why.text);
		s->at[back] = '\0';
	}
}

static void show_name(struct scan *s, const char *name)
{
	scoped(buf) struct buf shown = BUF(1024);

	text_visible(&shown, name, text_cut(name, strlen(name), 60));
	snprintf(s->shown, sizeof(s->shown), "%s", buf_text(&shown) ? buf_text(&shown) : "");
	s->own = name;
	s->at[0] = '\0';
}

static void scan_definition(struct scan *s, enum listed kind, const json_t *definition)
{
	show_name(s, listed_name(kind, definition));
	if (kind != LISTED_RESOURCES)
		scan_name(s, s->own);
	scan_schemas(s, definition);
	if (json_values(definition) > JSON_VALUES / 10)
		found(s, "long", "is made of more than 10000 values");
	scan_value(s, "", definition);
}

/* By skeletons: two names that people and models take for each other. */
static void scan_twins(struct scan *s, const json_t *list)
{
	scoped(json) json_t *seen = json_object();
	char sentence[192];
	const char *name, *other;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		scoped(buf) struct buf bones = BUF(2048);

		name = json_text(json_array_get(list, i), "name");
		if (!skeleton(&bones, name))
			continue;
		other = json_string_value(json_object_get(seen, bones.data));
		show_name(s, name);
		if (other) {
			snprintf(sentence, sizeof(sentence), "%s the name of tool %.60s",
				 strcmp(other, s->shown) == 0 ? "is also" : "looks like", other);
			found(s, "look-alike", sentence);
		}
		json_object_set_new(seen, bones.data, json_string(s->shown));
	}
}

static json_t *names_of(const json_t *list)
{
	json_t *names = json_object();
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		json_object_set_new(names, json_text(json_array_get(list, i), "name"), json_true());
	return names;
}

size_t catalogue_scan(const json_t *offered, void (*say)(void *to, const struct finding *f),
		      void *to)
{
	const json_t *list, *instructions = json_object_get(offered, "instructions");
	scoped(json) json_t *names = names_of(json_object_get(offered, "tools"));
	struct scan s = { .offered = offered, .names = names, .say = say, .to = to };
	size_t i;
	int kind;

	show_name(&s, "");
	if (instructions) {
		go_below(&s, "instructions");
		scan_value(&s, "", instructions);
	}
	for (kind = 0; kind < LISTED_KINDS; kind++) {
		list = json_object_get(offered, listed_member((enum listed)kind));
		for (i = 0; i < json_array_size(list); i++)
			scan_definition(&s, (enum listed)kind, json_array_get(list, i));
	}
	scan_twins(&s, json_object_get(offered, "tools"));
	return s.count;
}

static void say_unknown(void *scan, const char *at, const char *keyword)
{
	struct scan *s = scan;
	char text[160];
	size_t back = strlen(s->at);

	snprintf(s->at + back, sizeof(s->at) - back, "%s", at);
	snprintf(text, sizeof(text), "\"%.60s\" is not enforced", keyword);
	found(s, "not-enforced", text);
	s->at[back] = '\0';
}

size_t catalogue_unenforced(const json_t *offered, void (*say)(void *to, const struct finding *f),
			    void *to)
{
	static const char *const schemas[] = { "inputSchema", "outputSchema" };
	const json_t *list = json_object_get(offered, "tools"), *schema;
	struct scan s = { .offered = offered, .say = say, .to = to };
	size_t i, j;

	for (i = 0; i < json_array_size(list); i++)
		for (j = 0; j < count_of(schemas); j++) {
			show_name(&s, json_text(json_array_get(list, i), "name"));
			schema = json_object_get(json_array_get(list, i), schemas[j]);
			if (!schema)
				continue;
			go_below(&s, schemas[j]);
			schema_unknown(schema, say_unknown, &s);
		}
	return s.count;
}

bool catalogue_alike(const char *a, const char *b)
{
	return inspect_look_alike(a, b);
}
