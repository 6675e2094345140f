/* The other side's log: lines of whoever was called. What cannot be read is counted and told, never passed over. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/reconcile.h"

struct columns {
	const char *text[MAP_COLUMNS];
	size_t size[MAP_COLUMNS];
	char number[MAP_COLUMNS][32], joined[MAP_JOINS][JOIN_MOST];
};

bool key_add(struct buf *out, const char *text, size_t size)
{
	return buf_printf(out, "%zu:", size) && buf_add(out, text, size);
}

/* Without a zone in the format it is UTC. */
bool stamp_read(int64_t *out, const char *text, const char *format)
{
	static const struct {
		const char *word;
		int64_t us;
	} epochs[] = { { "epoch", 1000000 }, { "epoch-ms", 1000 }, { "epoch-us", 1 } };
	const char *fraction = strstr(format, "%f");
	char first[128], *end;
	int64_t us = 0, unit = 100000;
	struct tm tm = { .tm_mday = 1 };
	const char *at = text;
	long east;
	size_t i;

	for (i = 0; i < count_of(epochs); i++)
		if (strcmp(format, epochs[i].word) == 0) {
			*out = (int64_t)(strtoull(text, &end, 10) % (UINT64_C(1) << 52)) * epochs[i].us;
			return *text >= '0' && *text <= '9' && !*end;
		}
	snprintf(first, sizeof(first), "%.*s", (int)(fraction ? (size_t)(fraction - format) : strlen(format)), format);
	at = strptime(at, first, &tm);
	for (; fraction && at && *at >= '0' && *at <= '9'; at++, unit /= 10)
		us += (*at - '0') * unit;
	if (fraction && at)
		at = strptime(at, fraction + 2, &tm);
	if (!at || *at)
		return false;
	east = tm.tm_gmtoff; /* timegm() would clear it */
	*out = ((int64_t)timegm(&tm) - east) * 1000000 + us;
	return true;
}

static bool by_pattern(struct columns *c, const struct map *m, const char *line)
{
	regmatch_t at[MAP_COLUMNS + 1];
	size_t i;

	if (regexec(&m->pattern, line, MAP_COLUMNS + 1, at, 0) != 0)
		return false;
	for (i = 0; i < m->plain_count; i++) {
		c->text[i] = at[i + 1].rm_so < 0 ? "" : line + at[i + 1].rm_so;
		c->size[i] = at[i + 1].rm_so < 0 ? 0 : (size_t)(at[i + 1].rm_eo - at[i + 1].rm_so);
	}
	return true;
}

static bool by_json(struct columns *c, const struct map *m, json_t *root)
{
	const json_t *value;
	size_t i;

	for (i = 0; i < m->plain_count; i++) {
		value = json_at(root, m->pointers[i]);
		c->text[i] = json_is_string(value) ? json_string_value(value) : c->number[i];
		if (json_is_integer(value))
			snprintf(c->number[i], sizeof(c->number[i]), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		else if (json_is_real(value))
			snprintf(c->number[i], sizeof(c->number[i]), "%.17g", json_real_value(value));
		c->size[i] = strlen(c->text[i]);
	}
	return true;
}

static size_t column_at(const struct map *m, const char *name)
{
	size_t i = 0;

	while (strcmp(m->columns[i], name) != 0)
		i++;
	return i;
}

/* false: there is more of it than a record could say. */
static bool join_one(struct columns *c, const struct map *m, size_t at)
{
	const char *text = m->joins[at], *part;
	char *out = c->joined[at], name[64];
	size_t used = 0, size, from;
	bool column;

	while (*text) {
		part = join_step(&text, &size, &column);
		if (column) {
			snprintf(name, sizeof(name), "%.*s", (int)size, part);
			from = column_at(m, name);
			part = c->text[from];
			size = c->size[from];
		}
		if (size >= JOIN_MOST - used)
			return false;
		if (part)
			memcpy(out + used, part, size);
		used += size;
	}
	c->text[m->plain_count + at] = out;
	c->size[m->plain_count + at] = used;
	return true;
}

static bool join_all(struct columns *c, const struct map *m)
{
	size_t i;

	for (i = 0; m->plain_count + i < m->column_count; i++)
		if (!join_one(c, m, i))
			return false;
	return true;
}

static bool is_about_calls(const struct map *m, const struct columns *c)
{
	const char *name;
	json_t *value;
	size_t at;

	json_object_foreach(m->only, name, value) {
		at = column_at(m, name);
		if (strlen(json_string_value(value)) != c->size[at] || memcmp(json_string_value(value), c->text[at], c->size[at]) != 0)
			return false;
	}
	return true;
}

static char *joined_key(const struct map *m, const struct columns *c, const struct map_pair *pairs, size_t count)
{
	scoped(buf) struct buf key = BUF(2 * (size_t)LOG_LINE);
	size_t i, at;

	for (i = 0; i < count; i++) {
		at = column_at(m, pairs[i].column);
		key_add(&key, c->text[at], c->size[at]);
	}
	return key.over ? NULL : strndup(key.data ? key.data : "", key.size);
}

static int take_columns(struct tells *to, const struct map *m, const struct columns *c, uint64_t number, bool *read, struct err *e)
{
	struct told one = { .n = number, .must = true };
	size_t at = column_at(m, m->time_column);
	char stamp[128];

	snprintf(stamp, sizeof(stamp), "%.*s", (int)c->size[at], c->text[at]);
	*read = stamp_read(&one.time_us, stamp, m->time_format);
	if (!*read || !is_about_calls(m, c))
		return 0;
	one.key = joined_key(m, c, m->match, m->match_count);
	one.rest = joined_key(m, c, m->compare, m->compare_count);
	return tells_add(to, &one, e);
}

static int take_line(struct tells *to, const struct map *m, const char *line, size_t size, uint64_t number, bool *read, struct err *e)
{
	struct columns c = { .number = { "" } };
	struct err why = { .kind = ERR_NONE };
	scoped(json) json_t *root = NULL;

	*read = false;
	if (size >= LOG_LINE || memchr(line, '\0', size))
		return 0;
	if (m->json && (json_read(&root, line, size, NULL, &why) < 0 || !json_is_object(root)))
		return 0;
	if (!(m->json ? by_json(&c, m, root) : by_pattern(&c, m, line)) || !join_all(&c, m)) {
		*read = m->ignores && regexec(&m->ignore, line, 0, NULL, 0) == 0;
		return 0;
	}
	return take_columns(to, m, &c, number, read, e);
}

/* A line without its end, in `line`; as much of it as there is room for. -1: there is no more. */
static ssize_t next_line(char line[LOG_LINE], FILE *from)
{
	size_t size = 0;
	int c;

	for (c = getc_unlocked(from); c != EOF && c != '\n'; c = getc_unlocked(from))
		if (size < LOG_LINE)
			line[size++] = (char)c;
	if (c == EOF && size == 0)
		return -1;
	line[size < LOG_LINE ? size : LOG_LINE - 1] = '\0';
	return (ssize_t)size;
}

int log_read(struct tells *out, const struct map *m, const char *path, struct err *e)
{
	FILE *from = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *line = malloc(LOG_LINE);
	uint64_t number = 0;
	ssize_t size;
	int done = 0;
	bool read;

	if (!from || !line) {
		free(line);
		return err_sys(e, "%s", path);
	}
	while (done == 0 && (size = next_line(line, from)) >= 0) {
		number++;
		if (size == 0)
			continue;
		done = take_line(out, m, line, (size_t)size, number, &read, e);
		out->first_unread = read || out->unread ? out->first_unread : number;
		out->unread += !read;
	}
	if (done == 0 && ferror(from))
		done = err_sys(e, "%s", path);
	free(line);
	if (from != stdin)
		fclose(from);
	return done;
}
