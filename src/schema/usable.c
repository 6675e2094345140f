/* A schema on its own, before anything is checked by it: can all that it says be enforced? */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "schema/check.h"
#include "schema/pattern.h"

struct tour {
	const json_t *root;
	size_t left;
	unsigned depth;
	char where[WHERE_MOST];
	struct err *e;
	void (*say)(void *to, const char *at,
		    const char *keyword); /* NULL: unknown keywords are nothing */
	void *to;
	size_t unknown;
};

static int see(struct tour *t, const json_t *schema);

static int no(struct tour *t, const char *what)
{
	struct err why;

	err_set(&why, ERR_INPUT, "%s", what);
	return err_set(t->e, ERR_INPUT, "%.80s: %s", t->where[0] ? t->where : "the schema",
		       why.text);
}

/* Go below by a name, and come back. */
static int see_below(struct tour *t, const json_t *schema, const char *key)
{
	size_t back = strlen(t->where);
	scoped(buf) struct buf shown = BUF(256);
	int done;

	text_visible(&shown, key, text_cut(key, strlen(key), 40));
	snprintf(t->where + back, sizeof(t->where) - back, "/%.*s", (int)shown.size,
		 shown.data ? shown.data : "");
	done = see(t, schema);
	t->where[back] = '\0';
	return done;
}

static int see_list(struct tour *t, const json_t *list)
{
	char key[24];
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		snprintf(key, sizeof(key), "%zu", i);
		if (see_below(t, json_array_get(list, i), key) < 0)
			return -1;
	}
	return 0;
}

static int see_map(struct tour *t, const json_t *map)
{
	json_t *from = to_read(map), *schema;
	const char *key;

	json_object_foreach(from, key, schema)
		if (see_below(t, schema, key) < 0)
			return -1;
	return 0;
}

static int see_parts(struct tour *t, const struct keyword *k, const json_t *its)
{
	size_t back = strlen(t->where);
	int done = 0;

	if (k->below == BELOW_ONE || (k->below == BELOW_EITHER && !json_is_array(its)))
		return see_below(t, its, k->name);
	snprintf(t->where + back, sizeof(t->where) - back, "/%s", k->name);
	if (k->below == BELOW_MAP)
		done = see_map(t, its);
	else if (k->below != BELOW_NOTHING)
		done = see_list(t, its);
	t->where[back] = '\0';
	return done;
}

static int see_pattern(struct tour *t, const char *text)
{
	scoped(pattern) struct pattern *p = NULL;
	struct err why = { 0 };

	if (strlen(text) > SCHEMA_PATTERN)
		return no(t, "a pattern of more than 1024 bytes");
	return pattern_read(&p, text, &why) < 0 ? no(t, why.text) : 0;
}

static int see_patterns(struct tour *t, const json_t *map)
{
	json_t *from = to_read(map), *ignored;
	const char *pattern;

	json_object_foreach(from, pattern, ignored)
		if (see_pattern(t, pattern) < 0)
			return -1;
	return 0;
}

static int see_texts(struct tour *t, const json_t *list)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		if (!json_is_string(json_array_get(list, i)))
			return no(t, "\"type\" and \"required\" list texts");
	return 0;
}

static int see_ref(struct tour *t, const char *ref)
{
	const json_t *target = ref_target(t->root, ref);

	if (target)
		return json_is_object(target) || json_is_boolean(target)
			       ? 0
			       : no(t, "a $ref to what is no schema");
	return ref[0] == '#'
		       ? no(t, "a $ref to what is not there, or by a name: reeve follows #/...")
		       : no(t, "a $ref that leads out of the schema: nothing is fetched");
}

static int see_keyword(struct tour *t, const char *name, const json_t *its)
{
	const struct keyword *k = keyword_named(name);
	char what[80];

	if (!k) {
		t->unknown++;
		if (t->say)
			t->say(t->to, t->where, name);
		return 0;
	}
	if (!keyword_shaped(k, its)) {
		snprintf(what, sizeof(what), "\"%s\" has a value that it cannot have", k->name);
		return no(t, what);
	}
	if (k->holds == holds_ref && see_ref(t, json_string_value(its)) < 0)
		return -1;
	if (k->holds == holds_pattern && see_pattern(t, json_string_value(its)) < 0)
		return -1;
	if (k->holds == holds_patterns && see_patterns(t, its) < 0)
		return -1;
	if ((k->holds == holds_type || k->holds == holds_required) && see_texts(t, its) < 0)
		return -1;
	return see_parts(t, k, its);
}

static int see(struct tour *t, const json_t *schema)
{
	json_t *from = to_read(schema), *its;
	const char *name;
	int done = 0;

	if (json_is_boolean(schema))
		return 0;
	if (!json_is_object(schema))
		return no(t, "a schema is an object, true or false");
	if (t->left == 0 || t->depth == JSON_DEPTH)
		return no(t, "it is made of too many schemas");
	t->left--;
	t->depth++;
	json_object_foreach(from, name, its)
		if (done == 0)
			done = see_keyword(t, name, its);
	t->depth--;
	return done;
}

int schema_usable(const json_t *schema, struct err *e)
{
	struct tour t = { .root = schema, .left = SCHEMA_PARTS, .e = e };

	return see(&t, schema);
}

size_t schema_unknown(const json_t *schema,
		      void (*say)(void *to, const char *at, const char *keyword), void *to)
{
	struct err ignored;
	struct tour t = {
		.root = schema, .left = SCHEMA_PARTS, .e = &ignored, .say = say, .to = to
	};

	return see(&t, schema) < 0 ? t.unknown : t.unknown;
}
