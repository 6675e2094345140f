/* Every text of a value made fit to be read, names of members too. */
#include <string.h>

#include "inspect/inspect.h"
#include "json/json.h"

enum { TEXTS_MOST = 64 << 20 };

struct tidying {
	enum inspect_show how;
	struct buf room;
	const json_t *whole;
	unsigned altered;
};

/* Of a result: what its reader hands back as it got it, and nobody reads. */
static bool is_opaque(const char *name)
{
	static const char *const names[] = { "requestState", "nextCursor" };
	size_t i;

	for (i = 0; i < count_of(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Is there anything but printable ASCII? Mostly not, and then nothing is copied. */
static bool is_plain(const char *text, size_t size)
{
	size_t i;

	for (i = 0;
	     i < size && ((text[i] >= ' ' && text[i] < 0x7f) || text[i] == '\n' || text[i] == '\t');
	     i++)
		;
	return i == size;
}

/* NULL: it stays as it is. */
static const char *tidy_text(struct tidying *t, const char *text, size_t size)
{
	if (is_plain(text, size))
		return NULL;
	t->room.size = 0;
	if (!inspect_show(&t->room, text, size, t->how))
		return NULL;
	t->altered |= ALTERED_TEXT | (t->room.over ? ALTERED_FAILED : 0);
	return buf_text(&t->room);
}

static json_t *tidy_value(struct tidying *t, json_t *value);

static bool has_untidy_name(json_t *object, enum inspect_show how)
{
	struct tidying t = { .how = how, .room = BUF(TEXTS_MOST) };
	void *at;

	for (at = json_object_iter(object); at && !t.altered;
	     at = json_object_iter_next(object, at))
		tidy_text(&t, json_object_iter_key(at), strlen(json_object_iter_key(at)));
	buf_free(&t.room);
	return t.altered;
}

/* The members stand in the same order under their new names; of two that are one now, the last
 * counts. */
static void rename_members(struct tidying *t, json_t *object)
{
	scoped(json) json_t *old = json_copy(object);
	const char *name, *tidied;
	json_t *value;

	if (!old || json_object_clear(object) < 0) {
		t->altered |= ALTERED_FAILED;
		return;
	}
	json_object_foreach(old, name, value) {
		tidied = tidy_text(t, name, strlen(name));
		json_object_set(object, tidied ? tidied : name, value);
	}
}

static void tidy_members(struct tidying *t, json_t *object)
{
	json_t *made;
	void *at;

	if (has_untidy_name(object, t->how))
		rename_members(t, object);
	for (at = json_object_iter(object); at; at = json_object_iter_next(object, at))
		if (object != t->whole || !is_opaque(json_object_iter_key(at)) ||
		    !json_is_string(json_object_iter_value(at))) {
			made = tidy_value(t, json_object_iter_value(at));
			if (made)
				json_object_iter_set_new(object, at, made);
		}
}

/* At most JSON_DEPTH deep. NULL: the value stays, changed within. */
static json_t *tidy_value(struct tidying *t, json_t *value)
{
	const char *text;
	json_t *made;
	size_t i;

	if (json_is_object(value))
		tidy_members(t, value);
	for (i = 0; i < json_array_size(value); i++)
		if ((made = tidy_value(t, json_array_get(value, i))))
			json_array_set_new(value, i, made);
	if (!json_is_string(value))
		return NULL;
	text = tidy_text(t, json_string_value(value), json_string_length(value));
	return text ? json_stringn(t->room.data, t->room.size) : NULL;
}

unsigned inspect_tidy(json_t *value, enum inspect_show how)
{
	struct tidying t = { .how = how, .room = BUF(TEXTS_MOST), .whole = value };

	if (how != SHOW_AS_IT_IS && (json_is_object(value) || json_is_array(value)))
		tidy_value(&t, value);
	buf_free(&t.room);
	return t.altered;
}
