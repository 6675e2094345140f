/* A map: JSON, since people write it. Whatever it names must exist, so that a typo compares nothing silently. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/reconcile.h"

static const struct json_member members[] = {
	{ "reeve", JSON_STRING, JSON_MUST },   { "calls", JSON_ARRAY, JSON_MUST },  { "statuses", JSON_ARRAY, JSON_MAY },
	{ "lines", JSON_OBJECT, JSON_MUST },   { "time", JSON_OBJECT, JSON_MUST },  { "match", JSON_OBJECT, JSON_MUST },
	{ "compare", JSON_OBJECT, JSON_MAY },  { "only", JSON_OBJECT, JSON_MAY },   { "about", JSON_STRING, JSON_MAY },
	{ "joined", JSON_OBJECT, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member line_members[] = {
	{ "pattern", JSON_STRING, JSON_MAY }, { "ignore", JSON_STRING, JSON_MAY }, { "columns", JSON_ARRAY, JSON_MAY }, { "json", JSON_OBJECT, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member time_members[] = {
	{ "column", JSON_STRING, JSON_MUST }, { "format", JSON_STRING, JSON_MUST }, { "within", JSON_REAL, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static int read_calls(struct map *m, struct err *e)
{
	const json_t *calls = json_object_get(m->file.root, "calls");
	struct err why = { .kind = ERR_NONE };
	const char *text;
	size_t i;

	for (i = 0; i < json_array_size(calls); i++) {
		text = json_string_value(json_array_get(calls, i));
		if (!text || question_where(&m->calls, text, &why) < 0)
			return json_wrong(&m->file, "/calls", false, e, "%s", text ? why.text : "expected texts such as \"server=billing\"");
	}
	return 0;
}

static int add_column(struct map *m, const char *name, const char *pointer, struct err *e)
{
	if (!name || !name[0] || !pointer)
		return json_wrong(&m->file, "/lines", false, e, "\"lines\": expected names of columns");
	if (m->column_count == MAP_COLUMNS)
		return json_wrong(&m->file, "/lines", false, e, "\"lines\": at most %d columns", MAP_COLUMNS);
	m->columns[m->column_count] = name;
	m->pointers[m->column_count++] = pointer;
	return 0;
}

static int compile(bool *done, regex_t *to, struct map *m, const char *member, struct err *e)
{
	const char *pattern = json_string_value(json_object_get(json_object_get(m->file.root, "lines"), member));
	char why[200], at[32];
	int wrong;

	if (!pattern)
		return 0;
	wrong = regcomp(to, pattern, REG_EXTENDED);
	*done = wrong == 0;
	if (*done)
		return 0;
	regerror(wrong, to, why, sizeof(why));
	snprintf(at, sizeof(at), "/lines/%s", member);
	return json_wrong(&m->file, at, false, e, "\"%s\": %s (POSIX extended)", member, why);
}

static int read_pattern(struct map *m, const json_t *columns, struct err *e)
{
	size_t i;

	for (i = 0; i < json_array_size(columns); i++)
		if (add_column(m, json_string_value(json_array_get(columns, i)), "", e) < 0)
			return -1;
	if (compile(&m->compiled, &m->pattern, m, "pattern", e) < 0)
		return -1;
	if (m->pattern.re_nsub != m->column_count)
		return json_wrong(&m->file, "/lines/columns", false, e, "\"columns\": the pattern has %zu groups, here are %zu names",
				  m->pattern.re_nsub, m->column_count);
	return 0;
}

static int read_lines(struct map *m, struct err *e)
{
	json_t *lines = json_object_get(m->file.root, "lines"), *pointers = json_object_get(lines, "json"), *pointer;
	const char *name;

	if (json_members(&m->file, "/lines", line_members, e) < 0)
		return -1;
	m->json = pointers != NULL;
	if (m->json == (json_object_get(lines, "pattern") != NULL) || m->json == (json_object_get(lines, "columns") != NULL))
		return json_wrong(&m->file, "/lines", false, e, "\"lines\": expected \"pattern\" and \"columns\", or \"json\"");
	if (compile(&m->ignores, &m->ignore, m, "ignore", e) < 0)
		return -1;
	if (!m->json)
		return read_pattern(m, json_object_get(lines, "columns"), e);
	json_object_foreach(pointers, name, pointer)
		if (add_column(m, name, json_string_value(pointer), e) < 0)
			return -1;
	return 0;
}

static bool has_column(const struct map *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->column_count; i++)
		if (strcmp(m->columns[i], name) == 0)
			return true;
	return false;
}

const char *join_step(const char **at, size_t *size, bool *column)
{
	const char *begin = *at, *end = strchr(begin, *begin == '{' ? '}' : '{');

	*column = *begin == '{';
	if (*column && !end)
		return NULL;
	*size = *column ? (size_t)(end - begin) - 1 : end ? (size_t)(end - begin) : strlen(begin);
	*at = *column ? end + 1 : begin + *size;
	return *column ? begin + 1 : begin;
}

static bool join_holds(const struct map *m, const char *text)
{
	const char *part;
	char name[64];
	size_t size;
	bool column;

	while (*text) {
		part = join_step(&text, &size, &column);
		if (part && column)
			snprintf(name, sizeof(name), "%.*s", (int)size, part);
		if (!part || (column && (size >= sizeof(name) || !has_column(m, name))))
			return false;
	}
	return true;
}

/* Columns that are made of others, for a record that has in one member what a log has in two places. */
static int read_joined(struct map *m, struct err *e)
{
	json_t *joined = json_object_get(m->file.root, "joined"), *text;
	const char *name;

	m->plain_count = m->column_count;
	json_object_foreach(joined, name, text) {
		if (m->column_count - m->plain_count == MAP_JOINS)
			return json_wrong(&m->file, "/joined", false, e, "\"joined\": at most %d", MAP_JOINS);
		if (!json_is_string(text) || !join_holds(m, json_string_value(text)))
			return json_wrong(&m->file, "/joined", false, e, "\"joined\": expected a text such as \"{host}:{port}\" with columns of \"lines\"");
		m->joins[m->column_count - m->plain_count] = json_string_value(text);
		if (add_column(m, name, "", e) < 0)
			return -1;
	}
	return 0;
}

static int read_pairs(struct map_pair *to, size_t *count, struct map *m, const char *member, struct err *e)
{
	json_t *pairs = json_object_get(m->file.root, member), *column;
	const char *name;
	char at[32];
	enum field f;

	snprintf(at, sizeof(at), "/%s", member);
	json_object_foreach(pairs, name, column) {
		for (f = 0; f < FIELDS && strcmp(field_info(f)->name, name) != 0; f++)
			;
		if (f == FIELDS || field_info(f)->type == FIELD_TYPE_LIST)
			return json_wrong(&m->file, at, false, e, "\"%s\": no record has a text or number %s", member, name);
		if (!json_is_string(column) || !has_column(m, json_string_value(column)))
			return json_wrong(&m->file, at, false, e, "\"%s\": \"lines\" has no such column for %s", member, name);
		if (*count == MAP_PAIRS)
			return json_wrong(&m->file, at, false, e, "\"%s\": at most %d", member, MAP_PAIRS);
		to[(*count)++] = (struct map_pair){ f, json_string_value(column) };
	}
	return 0;
}

static int read_rest(struct map *m, struct err *e)
{
	json_t *time = json_object_get(m->file.root, "time"), *value;
	const char *name;

	if (json_members(&m->file, "/time", time_members, e) < 0)
		return -1;
	m->time_column = json_text(time, "column");
	m->time_format = json_text(time, "format");
	m->within_us = (int64_t)(json_number_value(json_object_get(time, "within")) * 1e6);
	if (!has_column(m, m->time_column))
		return json_wrong(&m->file, "/time/column", false, e, "\"column\": \"lines\" has no such column");
	if (m->within_us < 0 || m->within_us > INT64_C(86400000000))
		return json_wrong(&m->file, "/time/within", false, e, "\"within\": expected seconds, at most a day");
	m->statuses = json_object_get(m->file.root, "statuses");
	m->only = json_object_get(m->file.root, "only");
	json_object_foreach(m->only, name, value)
		if (!has_column(m, name) || !json_is_string(value))
			return json_wrong(&m->file, "/only", false, e, "\"only\": expected columns of \"lines\" with a text each");
	return 0;
}

int map_read(struct map *out, const char *path, struct err *e)
{
	struct map *m = out;

	*m = (struct map){ .json = false };
	if (json_file_load(&m->file, path, MAP_MOST, e) < 0 || json_members(&m->file, "", members, e) < 0)
		return -1;
	if (strcmp(json_text(m->file.root, "reeve"), "map/1") != 0)
		return json_wrong(&m->file, "/reeve", false, e, "\"reeve\": expected \"map/1\"");
	if (read_calls(m, e) < 0 || read_lines(m, e) < 0 || read_joined(m, e) < 0 || read_rest(m, e) < 0 ||
	    read_pairs(m->match, &m->match_count, m, "match", e) < 0 ||
	    read_pairs(m->compare, &m->compare_count, m, "compare", e) < 0)
		return -1;
	return 0;
}

void map_free(struct map *m)
{
	if (m->compiled)
		regfree(&m->pattern);
	if (m->ignores)
		regfree(&m->ignore);
	json_file_free(&m->file);
}
