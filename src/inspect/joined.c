/*
 * All texts of a value as one: what is split over two that stand next to each other is whole again.
 * First the values alone, then the names alone, then both as they come, of long values only the
 * ends.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inspect/held.h"
#include "json/json.h"

enum { END = 96, APART = 16, COLUMNS = 16 };

struct joining {
	struct buf *out;
	bool names, values, columns;
};

static void add_apart(struct buf *out)
{
	static const char apart[APART];

	buf_add(out, apart, sizeof(apart));
}

static void add_text(const struct joining *j, const char *text, size_t size)
{
	bool only_ends = (j->columns || (j->names && j->values)) && size > 2 * END + APART;

	if (!only_ends) {
		buf_add(j->out, text, size);
		return;
	}
	buf_add(j->out, text, END);
	add_apart(j->out);
	buf_add(j->out, text + size - END, END);
}

static void add_scalar(const struct joining *j, const json_t *value)
{
	char number[32];
	int size = 0;

	if (json_is_string(value))
		add_text(j, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		size = snprintf(number, sizeof(number), "%" PRId64,
				(int64_t)json_integer_value(value));
	else if (json_is_real(value))
		size = snprintf(number, sizeof(number), "%.17g", json_real_value(value));
	if (size > 0)
		add_text(j, number, (size_t)size);
}

static void add_columns(const struct joining *j, const json_t *array)
{
	json_t *first = json_array_get(array, 0);
	void *member = json_array_size(array) > 1 ? json_object_iter(first) : NULL;
	size_t i, column;

	for (column = 0; member && column < COLUMNS; column++) {
		for (i = 0; i < json_array_size(array); i++)
			add_scalar(j, json_object_get(json_array_get(array, i),
						      json_object_iter_key(member)));
		add_apart(j->out);
		member = json_object_iter_next(first, member);
	}
}

/* Values are at most JSON_DEPTH deep. */
static void add_value(const struct joining *j, const json_t *value)
{
	void *member = json_object_iter((json_t *)(uintptr_t)value);
	size_t i;

	for (i = 0; i < json_array_size(value); i++)
		add_value(j, json_array_get(value, i));
	for (; member; member = json_object_iter_next((json_t *)(uintptr_t)value, member)) {
		if (j->names)
			add_text(j, json_object_iter_key(member),
				 strlen(json_object_iter_key(member)));
		add_value(j, json_object_iter_value(member));
	}
	if (j->columns)
		add_columns(j, value);
	if (j->values)
		add_scalar(j, value);
}

bool joined_texts(struct buf *out, const json_t *value)
{
	static const struct joining ways[] = {
		{ .values = true },
		{ .names = true },
		{ .names = true, .values = true },
		{ .columns = true },
	};
	struct joining j;
	size_t i;

	for (i = 0; i < count_of(ways); i++) {
		j = ways[i];
		j.out = out;
		add_value(&j, value);
		add_apart(out);
	}
	return !out->over;
}
