/*
 * A schema is walked as it stands, beside the value. What can loop (a reference to oneself) or blow
 * up (alternatives within alternatives) ends because every step is paid for: once the work is spent
 * nothing fits any more, and the whole is told as undecided, whatever a "not" would make of it.
 */
#include "schema/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool spend(struct check *c, size_t work)
{
	c->work = c->work > work ? c->work - work : 0;
	return c->work > 0;
}

bool does_not_fit(struct check *c, const char *fmt, ...)
{
	scoped(buf) struct buf shown = BUF(1024);
	char text[160];
	const char *what;
	va_list ap;

	if (c->quiet > 0 || c->work == 0)
		return false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_visible(&shown, text,
		     strlen(text)); /* names may be quoted in it that a stranger chose */
	what = buf_text(&shown) ? buf_text(&shown) : "it does not fit";
	if (c->at == 0)
		err_set(c->e, ERR_INPUT, "%s", what);
	else
		err_set(c->e, ERR_INPUT, "%.80s: %s", c->where, what);
	return false;
}

/* A stranger may have chosen the key. */
static void add_key(struct check *c, const char *key, size_t size)
{
	scoped(buf) struct buf shown = BUF(256);

	text_visible(&shown, key, text_cut(key, size, 40));
	c->at += (size_t)snprintf(c->where + c->at, WHERE_MOST - c->at, "/%.*s", (int)shown.size,
				  shown.data ? shown.data : "");
	if (c->at >= WHERE_MOST)
		c->at = WHERE_MOST - 1;
}

static bool check_part(struct check *c, const json_t *schema, const json_t *value, size_t back)
{
	bool fits = check_schema(c, schema, value);

	c->at = back;
	c->where[back] = '\0';
	return fits;
}

bool check_member(struct check *c, const json_t *schema, const json_t *value, const char *key)
{
	size_t back = c->at;

	if (c->quiet == 0)
		add_key(c, key, strlen(key));
	return check_part(c, schema, value, back);
}

bool check_item(struct check *c, const json_t *schema, const json_t *value, size_t index)
{
	size_t back = c->at;
	char key[24];

	if (c->quiet == 0)
		add_key(c, key, (size_t)snprintf(key, sizeof(key), "%zu", index));
	return check_part(c, schema, value, back);
}

bool check_quietly(struct check *c, const json_t *schema, const json_t *value)
{
	bool fits;

	c->quiet++;
	fits = check_schema(c, schema, value);
	c->quiet--;
	return fits;
}

static bool check_keyword(struct check *c, const struct look *l, const char *name)
{
	const struct keyword *k = keyword_named(name);

	if (!k || !k->holds)
		return true;
	if (!keyword_shaped(k, l->its))
		return does_not_fit(c, "the schema's \"%s\" is malformed, so nothing fits it",
				    name);
	return k->holds(c, l);
}

static bool check_keywords(struct check *c, const json_t *schema, const json_t *value)
{
	struct look l = { .schema = schema, .value = value };
	json_t *from = to_read(schema);
	const char *name;
	json_t *its;

	json_object_foreach(from, name, its) {
		l.its = its;
		if (!spend(c, 1) || !check_keyword(c, &l, name))
			return false;
	}
	return true;
}

bool check_schema(struct check *c, const json_t *schema, const json_t *value)
{
	bool fits;

	if (!spend(c, 1))
		return false;
	if (json_is_boolean(schema))
		return json_is_true(schema) || does_not_fit(c, "nothing may stand here");
	if (!json_is_object(schema))
		return does_not_fit(c, "the schema is malformed, so nothing fits it");
	if (c->depth == SCHEMA_DEPTH) {
		c->work = 0;
		return false;
	}
	c->depth++;
	fits = check_keywords(c, schema, value);
	c->depth--;
	return fits;
}

int schema_check(const json_t *schema, const json_t *value, struct err *e)
{
	struct check c = { .root = schema, .work = SCHEMA_WORK, .e = e };
	scoped(json) json_t *nothing = value ? NULL : json_object();
	struct err why = { 0 };
	bool fits;

	c.e = &why;
	fits = check_schema(&c, schema, value ? value : nothing);
	if (c.work == 0)
		return err_set(e, ERR_LIMIT, "too much work to tell whether it fits the schema");
	if (fits)
		return 0;
	return err_set(e, ERR_INPUT, "%s", why.text[0] ? why.text : "it does not fit the schema");
}

void schema_fill(const json_t *schema, json_t *arguments)
{
	json_t *declared, *value;
	const char *name;

	json_object_foreach(json_object_get(schema, "properties"), name, declared) {
		value = json_object_get(declared, "default");
		if (value && !json_object_get(arguments, name))
			json_object_set_new(arguments, name, json_deep_copy(value));
	}
}
