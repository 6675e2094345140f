/*
 * The id of an answer that is not read as JSON, because it is too large. Only our own ids are
 * looked for, and only to say whose answer is missing: a server that lies here spoils its own
 * calls.
 */
#include <ctype.h>
#include <string.h>

#include "mcp/mcp.h"

struct look {
	const char *at, *end;
};

static void skip_blanks(struct look *l)
{
	while (l->at < l->end && strchr(" \t\r", *l->at))
		l->at++;
}

static bool skip_char(struct look *l, char c)
{
	skip_blanks(l);
	if (l->at == l->end || *l->at != c)
		return false;
	l->at++;
	return true;
}

/* From behind its opening quote to behind its closing one. */
static bool skip_string(struct look *l)
{
	for (; l->at < l->end && *l->at != '"'; l->at++)
		if (*l->at == '\\')
			l->at++;
	return l->at++ < l->end;
}

/* Whatever stands there, to the comma or bracket after it. */
static bool skip_value(struct look *l)
{
	size_t depth = 0;

	for (; l->at < l->end; l->at++) {
		if (*l->at == '"') {
			l->at++;
			if (!skip_string(l))
				return false;
			l->at--;
		} else if (*l->at == '{' || *l->at == '[') {
			depth++;
		} else if (depth == 0 && (*l->at == ',' || *l->at == '}' || *l->at == ']')) {
			return true;
		} else if (*l->at == '}' || *l->at == ']') {
			depth--;
		}
	}
	return false;
}

static bool read_id(uint64_t *id, struct look *l)
{
	uint64_t number = 0;
	size_t digits;

	skip_blanks(l);
	for (digits = 0; l->at < l->end && isdigit((unsigned char)*l->at) && digits < 16; digits++)
		number = number * 10 + (uint64_t)(*l->at++ - '0');
	skip_blanks(l);
	if (digits == 0 || l->at == l->end || !strchr(",}", *l->at))
		return false;
	*id = number;
	return true;
}

static bool find_in_head(uint64_t *id, struct look l)
{
	const char *key;

	if (!skip_char(&l, '{'))
		return false;
	do {
		if (!skip_char(&l, '"'))
			return false;
		key = l.at;
		if (!skip_string(&l) || !skip_char(&l, ':'))
			return false;
		if (strncmp(key, "id\"", 3) == 0)
			return read_id(id, &l);
	} while (skip_value(&l) && skip_char(&l, ','));
	return false;
}

/* ,"id":7} as the last there is: what stands before the last bracket is a member of the whole. */
static bool find_in_tail(uint64_t *id, struct look l)
{
	const char *at, *found = NULL;
	uint64_t number;

	for (at = l.at; at + 5 <= l.end; at++)
		if (memcmp(at, ",\"id\"", 5) == 0)
			found = at + 5;
	if (!found)
		return false;
	l.at = found;
	if (!skip_char(&l, ':') || !read_id(&number, &l) || !skip_char(&l, '}'))
		return false;
	skip_blanks(&l);
	if (l.at == l.end)
		*id = number;
	return l.at == l.end;
}

bool mcp_find_id(uint64_t *id, const char *head, size_t head_size, const char *tail,
		 size_t tail_size)
{
	return find_in_head(id, (struct look){ head, head + head_size }) ||
	       find_in_tail(id, (struct look){ tail, tail + tail_size });
}
