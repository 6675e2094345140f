/* What a person is shown before a pin: by lines, and nothing in it can hide or pretend to be ours.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/file.h"

enum { AROUND = 2, LINES_MOST = 1500 };

/* A text cut into lines, each borrowed from it. */
struct text_lines {
	char *text; /* owned */
	const char **line;
	size_t count;
};

static void lines_free(struct text_lines *l)
{
	free(l->text);
	free(l->line);
}

/* The value as indented JSON, members sorted: their order is no difference. */
static bool lines_of(struct text_lines *out, const json_t *value)
{
	char *at;
	size_t i;

	*out = (struct text_lines){ .text = json_dumps(value, JSON_INDENT(2) | JSON_SORT_KEYS |
								      JSON_ENCODE_ANY) };
	if (!out->text)
		return false;
	for (at = out->text; *at; at++)
		out->count += *at == '\n';
	out->line = calloc(++out->count, sizeof(*out->line));
	if (!out->line)
		return false;
	for (i = 0, at = out->text; i < out->count; i++) {
		out->line[i] = at;
		at += strcspn(at, "\n");
		if (*at)
			*at++ = '\0';
	}
	return true;
}

static void put_line(struct buf *out, char sign, const char *line)
{
	buf_printf(out, "    %c ", sign);
	text_visible(out, line, strlen(line));
	buf_puts(out, "\n");
}

static bool same_line(const struct text_lines *a, size_t i, const struct text_lines *b, size_t j)
{
	return strcmp(a->line[i], b->line[j]) == 0;
}

/* The longest common lines of a[from..a_end) and b[from..b_end), from the ends: table[i][j]. */
static uint16_t *common(const struct text_lines *a, size_t a_end, const struct text_lines *b,
			size_t b_end, size_t from)
{
	size_t rows = a_end - from, columns = b_end - from, i, j;
	uint16_t *table = calloc((rows + 1) * (columns + 1), sizeof(*table)), *at, below, right;

	for (i = rows; table && i-- > 0;)
		for (j = columns; j-- > 0;) {
			at = &table[i * (columns + 1) + j];
			below = at[columns + 1];
			right = at[1];
			*at = same_line(a, from + i, b, from + j) ? (uint16_t)(at[columns + 2] + 1)
			      : below > right                     ? below
								  : right;
		}
	return table;
}

static void put_middle(struct buf *out, const struct text_lines *a, size_t a_end,
		       const struct text_lines *b, size_t b_end, size_t from)
{
	bool small = a_end - from <= LINES_MOST && b_end - from <= LINES_MOST;
	uint16_t *table = small ? common(a, a_end, b, b_end, from) : NULL;
	size_t i = from, j = from, columns = b_end - from + 1;

	while (i < a_end || j < b_end) {
		if (table && i < a_end && j < b_end && same_line(a, i, b, j)) {
			put_line(out, ' ', a->line[i++]);
			j++;
		} else if (i < a_end && (j == b_end || !table ||
					 table[(i + 1 - from) * columns + j - from] >=
						 table[(i - from) * columns + j + 1 - from])) {
			put_line(out, '-', a->line[i++]);
		} else {
			put_line(out, '+', b->line[j++]);
		}
	}
	free(table);
}

static void put_difference(struct buf *out, const struct text_lines *a, const struct text_lines *b)
{
	size_t from = 0, a_end = a->count, b_end = b->count, i;

	while (from < a_end && from < b_end && same_line(a, from, b, from))
		from++;
	while (a_end > from && b_end > from && same_line(a, a_end - 1, b, b_end - 1)) {
		a_end--;
		b_end--;
	}
	for (i = from > AROUND ? from - AROUND : 0; i < from; i++)
		put_line(out, ' ', a->line[i]);
	put_middle(out, a, a_end, b, b_end, from);
	for (i = a_end; i < a->count && i < a_end + AROUND; i++)
		put_line(out, ' ', a->line[i]);
}

/* Either may be NULL: then all of the other went or came. */
static void put_values(struct buf *out, const json_t *old, const json_t *now)
{
	struct text_lines a = { 0 }, b = { 0 };
	size_t i;

	if ((!old || lines_of(&a, old)) && (!now || lines_of(&b, now))) {
		if (old && now)
			put_difference(out, &a, &b);
		for (i = 0; !now && i < a.count; i++)
			put_line(out, '-', a.line[i]);
		for (i = 0; !old && i < b.count; i++)
			put_line(out, '+', b.line[i]);
	} else {
		out->over = true;
	}
	lines_free(&a);
	lines_free(&b);
}

static void put_title(struct buf *out, char sign, const char *what, const char *name)
{
	buf_printf(out, "%c %s ", sign, what);
	text_visible(out, name, strlen(name));
	buf_puts(out, "\n");
}

/* The same but for its name: the one that went, if this one came in its place. */
static const char *renamed_from(const json_t *was, const json_t *is, const json_t *definition)
{
	scoped(json) json_t *bare = json_copy(unconst(definition));
	json_t *other;
	const char *name;

	json_object_del(bare, "name");
	json_object_foreach(unconst(was), name, other) {
		scoped(json) json_t *its = json_copy(json_object_get(other, "definition"));

		json_object_del(its, "name");
		if (!json_object_get(is, name) && json_equal(its, bare))
			return name;
	}
	return NULL;
}

static size_t put_came(struct buf *out, const char *what, const json_t *was, const json_t *is)
{
	const char *name, *before;
	size_t count = 0;
	json_t *one;

	json_object_foreach(unconst(is), name, one) {
		if (json_object_get(was, name))
			continue;
		count++;
		put_title(out, '+', what, name);
		before = renamed_from(was, is, json_object_get(one, "definition"));
		if (before)
			put_title(out, ' ', "  renamed: it was", before);
		put_values(out, NULL, json_object_get(one, "definition"));
	}
	return count;
}

static size_t put_went(struct buf *out, const char *what, const json_t *was, const json_t *is)
{
	const char *name;
	size_t count = 0;
	json_t *one;

	json_object_foreach(unconst(was), name, one) {
		if (json_object_get(is, name))
			continue;
		count++;
		put_title(out, '-', what, name);
	}
	return count;
}

static size_t put_changed(struct buf *out, const char *what, const json_t *was, const json_t *is)
{
	const json_t *old, *now;
	const char *name;
	size_t count = 0;
	json_t *one;

	json_object_foreach(unconst(was), name, one) {
		old = json_object_get(one, "definition");
		now = json_object_get(json_object_get(is, name), "definition");
		if (!now || json_equal(old, now))
			continue;
		count++;
		put_title(out, '~', what, name);
		put_values(out, old, now);
	}
	return count;
}

static size_t put_whole(struct buf *out, const char *what, const json_t *old, const json_t *now)
{
	if (old == now || (old && now && json_equal(old, now)))
		return 0;
	buf_printf(out, "%c %s\n", !old ? '+' : !now ? '-' : '~', what);
	put_values(out, old, now);
	return 1;
}

size_t pin_diff(struct buf *out, const json_t *old, const json_t *now)
{
	static const char *const what[LISTED_KINDS] = { "tool", "prompt", "resource" };
	const json_t *was, *is;
	size_t count = 0;
	int kind;

	count += put_whole(out, "program", json_object_get(old, "program"),
			   json_object_get(now, "program"));
	count += put_whole(out, "instructions", json_object_get(old, "instructions"),
			   json_object_get(now, "instructions"));
	for (kind = 0; kind < LISTED_KINDS; kind++) {
		was = json_object_get(old, listed_word((enum listed)kind));
		is = json_object_get(now, listed_word((enum listed)kind));
		count += put_changed(out, what[kind], was, is);
		count += put_came(out, what[kind], was, is);
		count += put_went(out, what[kind], was, is);
	}
	return count;
}
