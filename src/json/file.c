/* An operator's file while it is checked: every complaint says where it stands and what would do. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "json/scan.h"

static int file_wrong(const char *name, struct json_place at, struct err *e)
{
	return err_in(e, "%s:%zu:%zu", name, at.line, at.column);
}

int json_file_parse(struct json_file *out, const char *name, const char *bytes, size_t size,
		    struct err *e)
{
	struct json_place at = { 1, 1 };
	json_t *root = NULL;

	if (json_read(&root, bytes, size, &at, e) < 0)
		return file_wrong(name, at, e);
	*out = (struct json_file){ .name = name, .bytes = bytes, .size = size, .root = root };
	return 0;
}

void json_file_free(struct json_file *f)
{
	json_decref(f->root);
	free(f->loaded);
	*f = (struct json_file){ 0 };
}

int json_wrong(const struct json_file *f, const char *pointer, bool at_key, struct err *e,
	       const char *fmt, ...)
{
	char text[sizeof(e->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(e, ERR_INPUT, "%s", text);
	return file_wrong(f->name, json_find(f->bytes, f->size, pointer, at_key), e);
}

static const char *const type_words[] = {
	[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",	  [JSON_STRING] = "a string",
	[JSON_INTEGER] = "a number", [JSON_REAL] = "a number",	  [JSON_TRUE] = "true or false",
	[JSON_FALSE] = "true or false", [JSON_NULL] = "null",
};

/* What is expected where the table says so: an integer is narrower than the number found. */
static const char *expected_word(json_type type)
{
	return type == JSON_INTEGER ? "an integer" : type_words[type];
}

static bool fits(const json_t *value, json_type type)
{
	if (type == JSON_NULL)
		return true;
	if (type == JSON_REAL)
		return json_is_number(value);
	if (type == JSON_TRUE || type == JSON_FALSE)
		return json_is_boolean(value);
	return json_typeof(value) == type;
}

/* pointer + "/" + key, the key escaped. False: too long to be found again. */
static const char *member_pointer(struct buf *b, const char *pointer, const char *key)
{
	buf_puts(b, pointer);
	buf_puts(b, "/");
	for (; *key; key++) {
		if (*key == '~' || *key == '/')
			buf_puts(b, *key == '~' ? "~0" : "~1");
		else
			buf_add(b, key, 1);
	}
	return buf_text(b) ? buf_text(b) : pointer;
}

static int unknown_key(const struct json_file *f, const char *pointer, const char *key,
		       const struct json_member *table, struct err *e)
{
	scoped(buf) struct buf at = BUF(4096);
	scoped(buf) struct buf known = BUF(400), shown = BUF(400);
	const char *name;

	for (; table->key; table++)
		buf_printf(&known, "%s%s", known.size ? ", " : "", table->key);
	text_visible(&shown, key, text_cut(key, strlen(key), 40));
	name = buf_text(&shown);
	return json_wrong(f, member_pointer(&at, pointer, key), true, e,
			  "unknown member \"%s\"; expected one of: %s", name ? name : "?",
			  buf_text(&known) ? buf_text(&known) : "none");
}

static int check_keys(const struct json_file *f, const char *pointer, json_t *object,
		      const struct json_member *table, struct err *e)
{
	const struct json_member *m;
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		for (m = table; m->key && strcmp(m->key, key) != 0; m++)
			;
		if (!m->key)
			return unknown_key(f, pointer, key, table, e);
	}
	return 0;
}

static int check_member_type(const struct json_file *f, const char *pointer, json_t *object,
			     const struct json_member *m, struct err *e)
{
	json_t *value = json_object_get(object, m->key);
	scoped(buf) struct buf at = BUF(4096);

	if (!value && m->needs == JSON_MUST)
		return json_wrong(f, pointer, false, e, "expected a member \"%s\" (%s), found none",
				  m->key, expected_word(m->type));
	if (!value || fits(value, m->type))
		return 0;
	return json_wrong(f, member_pointer(&at, pointer, m->key), false, e,
			  "\"%s\": expected %s, found %s", m->key, expected_word(m->type),
			  type_words[json_typeof(value)]);
}

int json_members(const struct json_file *f, const char *pointer, const struct json_member *table,
		 struct err *e)
{
	json_t *object = json_at(f->root, pointer);

	if (!json_is_object(object))
		return json_wrong(f, pointer, false, e, "expected an object, found %s",
				  object ? type_words[json_typeof(object)] : "nothing");
	if (check_keys(f, pointer, object, table, e) < 0)
		return -1;
	for (; table->key; table++)
		if (check_member_type(f, pointer, object, table, e) < 0)
			return -1;
	return 0;
}
