/*
 * Through all arguments: values, names of members, texts within texts. Values that stand next to each other are
 * also looked at as one, because what is split over two arguments is one word again at the other end.
 */
#include <string.h>

#include "guard/inner.h"
#include "inspect/inspect.h"

static void look(struct told *t, const char *text, size_t size, unsigned about, unsigned depth);

static bool begins_json(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && strchr(" \t\r\n", text[i]) && text[i])
		i++;
	return i < size && (text[i] == '{' || text[i] == '[' || text[i] == '"');
}

static void look_at_json(struct told *t, const char *text, size_t size, unsigned about, unsigned depth)
{
	scoped(json) json_t *inside = NULL;
	struct err unread = { 0 };

	if (begins_json(text, size) && json_read_message(&inside, text, size, &unread) == 0)
		walk(t, inside, about, depth + 1);
}

/* Each way in which it may be written, once within another. */
static void look_at_readings(struct told *t, const char *text, size_t size, unsigned about, unsigned depth)
{
	unsigned n;

	for (n = 0; n < INSPECT_READINGS && !t->found; n++) {
		scoped(buf) struct buf other = BUF(TEXT);

		if (inspect_reading(&other, text, size, n) && other.size > 0)
			look(t, other.data, other.size, about, depth + 1);
		if (other.over)
			tell(t, GUARD_UNCLEAR);
	}
}

static void look(struct told *t, const char *text, size_t size, unsigned about, unsigned depth)
{
	bool runs = t->executes || ((about | t->name) & RUNS);
	struct words w;

	if (depth > NESTED) {
		tell(t, GUARD_UNCLEAR);
		return;
	}
	if (own_in_text(t, text, size))
		return;
	if (runs && command_in_text(t, text, size))
		return;
	if (size <= SHORT) {
		words_of(&w, text, size);
		if (!(runs && w.blanks) && (role_in_text(t, &w, about) || factor_in_text(t, &w, about)))
			return; /* what a command names, it may be taking away */
	}
	look_at_json(t, text, size, about, depth);
	if (!t->found)
		look_at_readings(t, text, size, about, depth);
}

static unsigned means_of_name(const struct told *t, const char *name)
{
	struct words w;

	words_of(&w, name, strnlen(name, SHORT));
	return words_mean(t->g, &w);
}

/* "Global" and "Administrator" in two arguments; "clu", "ster-", "admin" in three. Short texts only. */
static void look_at_joined(struct told *t, const char *const *texts, size_t count, unsigned about)
{
	scoped(buf) struct buf joined = BUF(SHORT);
	struct words w;
	size_t i;

	for (i = 0; i < count; i++)
		if (!buf_puts(&joined, texts[i]))
			return;
	words_of(&w, joined.data ? joined.data : "", joined.size);
	(void)(role_in_text(t, &w, about) || factor_in_text(t, &w, about));
}

enum { SIBLINGS = 3 };

/* The last few texts of one object or array. */
struct siblings {
	const char *at[SIBLINGS];
	size_t count;
};

static void add_sibling(struct told *t, struct siblings *s, const json_t *value, unsigned about)
{
	const char *text = json_string_value(value);
	size_t n;

	if (!text || strlen(text) > SHORT) {
		s->count = 0;
		return;
	}
	if (s->count == SIBLINGS)
		memmove(s->at, s->at + 1, --s->count * sizeof(s->at[0]));
	s->at[s->count++] = text;
	for (n = 2; n <= s->count && !t->found; n++)
		look_at_joined(t, s->at + s->count - n, n, about);
}

/* What is written into a file is data: it acts by what reads it later, and that is asked for again. */
static bool names_file(const struct told *t, const json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
		if (json_is_string(value) && (means_of_name(t, name) & NAMES_FILE))
			return true;
	return false;
}

/*
 * What an object says is to be done: "operation": "reset" beside "target": "mfa", "method": "DELETE" beside a URL. It
 * holds for the whole call. A path is a file's name, and says nothing, unless a method beside it makes it an address.
 */
static void heed(struct told *t, const json_t *object)
{
	const char *name, *text;
	unsigned means;
	struct words w;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		text = json_string_value(value);
		if (!text || strlen(text) > WORD_SIZE)
			continue;
		means = means_of_name(t, name);
		if (!(means & CHOOSES) || (means & NAMES_FILE))
			continue;
		words_of(&w, text, strlen(text));
		t->said |= words_mean(t->g, &w);
	}
	t->reads = t->reads && (!(t->said & CHANGES) || t->a->kind != ACTION_TOOL_CALL);
}

static void walk_object(struct told *t, const json_t *object, unsigned about, unsigned depth)
{
	bool file = names_file(t, object) && !((t->name | about) & RUNS);
	struct siblings near = { .count = 0 };
	unsigned means, all = about;
	const char *name;
	json_t *value;

	heed(t, object);
	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		means = means_of_name(t, name);
		all |= means;
		if (file && (means & CONTENT))
			continue;
		if (t->found || role_in_flag(t, means, value) || factor_in_flag(t, means, value))
			return;
		look(t, name, strlen(name), about, depth + 1);
		add_sibling(t, &near, value, all);
		walk(t, value, about | means, depth);
	}
}

/* Words of a command, one an item. */
static void look_at_words(struct told *t, const json_t *array)
{
	scoped(buf) struct buf line = BUF(COMMAND);
	size_t i;
	json_t *item;

	json_array_foreach(array, i, item)
		if (json_is_string(item) && buf_puts(&line, json_string_value(item)))
			buf_puts(&line, " ");
	if (line.size > 0)
		(void)command_in_text(t, line.data, line.size);
}

static void walk_array(struct told *t, const json_t *array, unsigned about, unsigned depth)
{
	struct siblings near = { .count = 0 };
	size_t i;
	json_t *item;

	if (t->executes || ((about | t->name) & RUNS))
		look_at_words(t, array);
	json_array_foreach(array, i, item) {
		if (t->found)
			return;
		add_sibling(t, &near, item, about);
		walk(t, item, about, depth);
	}
}

void walk(struct told *t, const json_t *value, unsigned about, unsigned depth)
{
	if (t->found)
		return;
	if (++t->values > VALUES || depth > JSON_DEPTH)
		tell(t, GUARD_UNCLEAR);
	else if (json_is_object(value))
		walk_object(t, value, about, depth);
	else if (json_is_array(value))
		walk_array(t, value, about, depth);
	else if (json_is_string(value))
		look(t, json_string_value(value), json_string_length(value), about, depth);
}
