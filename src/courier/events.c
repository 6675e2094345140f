/*
 * Server-sent events, as the HTML standard cuts them: lines by LF, CR or CRLF, fields by the first
 * colon, an empty line ends an event. Bounded: a line, and the data of an event, may be as long as
 * a message.
 */
#include <stdlib.h>
#include <string.h>

#include "courier/courier.h"

enum { LINE_MOST = MCP_LINE + 64 };

void events_begin(struct events *v)
{
	*v = (struct events){ .line = BUF(LINE_MOST), .data = BUF(MCP_LINE + 1), .message = true };
}

void events_free(struct events *v)
{
	buf_free(&v->line);
	buf_free(&v->data);
}

static bool is(const char *name, size_t size, const char *word)
{
	return size == strlen(word) && memcmp(name, word, size) == 0;
}

/* An id is said again in a header: what cannot stand there is none. */
static void take_id(struct events *v, const char *value, size_t size)
{
	char id[WORD_MOST];

	if (size >= sizeof(id) || memchr(value, '\0', size))
		return;
	memcpy(id, value, size);
	id[size] = '\0';
	if (header_value_is_sound(id) || size == 0)
		memcpy(v->id, id, size + 1);
}

static void take_retry(struct events *v, const char *value, size_t size)
{
	unsigned ms = 0;
	size_t i;

	for (i = 0; i < size; i++) {
		if (value[i] < '0' || value[i] > '9' || ms > 1000000)
			return;
		ms = ms * 10 + (unsigned)(value[i] - '0');
	}
	if (size > 0)
		v->retry_ms = ms ? ms : 1;
}

static void take_field(struct events *v, const char *line, size_t size)
{
	const char *colon = memchr(line, ':', size), *value;
	size_t name = colon ? (size_t)(colon - line) : size, left;

	value = colon ? colon + 1 : line + size;
	left = size - (size_t)(value - line);
	if (left > 0 && *value == ' ') {
		value++;
		left--;
	}
	if (is(line, name, "data")) {
		buf_add(&v->data, value, left);
		buf_add(&v->data, "\n", 1);
	} else if (is(line, name, "id")) {
		take_id(v, value, left);
	} else if (is(line, name, "retry")) {
		take_retry(v, value, left);
	} else if (is(line, name, "event")) {
		v->message = left == 0 || is(value, left, "message");
	}
}

/* The last newline is the event's, not the data's. */
static int end_event(struct events *v,
		     int (*each)(void *to, const char *data, size_t size, struct err *e), void *to,
		     struct err *e)
{
	int done = 0;

	if (v->data.size > 0)
		v->data.size--;
	if (v->data.size > 0 && v->message)
		done = each(to, v->data.data, v->data.size, e);
	v->data.size = 0;
	v->message = true;
	return done;
}

static int end_line(struct events *v,
		    int (*each)(void *to, const char *data, size_t size, struct err *e), void *to,
		    struct err *e)
{
	static const char mark[] = "\xef\xbb\xbf";
	const char *line = v->line.size ? v->line.data : "";
	size_t size = v->line.size;
	int done = 0;

	if (v->begun++ == 0 && size >= 3 && memcmp(line, mark, 3) == 0) {
		line += 3;
		size -= 3;
	}
	if (size > 0)
		take_field(v, line, size);
	else
		done = end_event(v, each, to, e);
	v->line.size = 0;
	return done;
}

int events_feed(struct events *v, const char *bytes, size_t size,
		int (*each)(void *to, const char *data, size_t size, struct err *e), void *to,
		struct err *e)
{
	size_t step;

	while (size > 0) {
		if (v->after_return && *bytes == '\n') {
			bytes++;
			size--;
		}
		v->after_return = false;
		for (step = 0; step < size && bytes[step] != '\n' && bytes[step] != '\r'; step++)
			;
		buf_add(&v->line, bytes, step);
		if (v->line.over || v->data.over)
			return err_set(e, ERR_LIMIT, "an event is longer than 4 MiB");
		bytes += step;
		size -= step;
		if (size == 0)
			break;
		v->after_return = *bytes == '\r';
		bytes++;
		size--;
		if (end_line(v, each, to, e) < 0)
			return -1;
	}
	return 0;
}
