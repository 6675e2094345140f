/* What the launcher says first: where to, as whom, and whose certificates are trusted. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "courier/courier.h"

static char *copy(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? strdup(text) : NULL;
}

static int read_headers(struct words *w, json_t *headers, struct err *e)
{
	struct buf line = BUF(128 << 10);
	struct curl_slist *more;
	const char *name;
	json_t *value;

	json_object_foreach(headers, name, value) {
		buf_printf(&line, "%s: %s", name,
			   json_string_value(value) ? json_string_value(value) : "");
		more = buf_text(&line) ? curl_slist_append(w->headers, buf_text(&line)) : NULL;
		if (line.data)
			explicit_bzero(line.data, line.room);
		buf_free(&line);
		if (!more)
			return err_set(e, ERR_SYSTEM, "no memory for headers");
		w->headers = more;
	}
	return 0;
}

/* A URL that names such an address means it. */
static bool names_address(const char *host)
{
	struct in6_addr room;

	return inet_pton(AF_INET, host, &room) == 1 || inet_pton(AF_INET6, host, &room) == 1 ||
	       strcmp(host, "localhost") == 0;
}

int words_read(struct words *out, const char *line, size_t size, struct err *e)
{
	scoped(json) json_t *doc = NULL;

	if (json_read(&doc, line, size, NULL, e) < 0)
		return err_in(e, "the launcher's words");
	*out = (struct words){ .url = copy(doc, "url"),
			       .host = copy(doc, "host"),
			       .ca = copy(doc, "ca"),
			       .port = (unsigned)json_integer_value(json_object_get(doc, "port")),
			       .deadline_ms = (unsigned)json_integer_value(
				       json_object_get(doc, "deadline")),
			       .private = json_is_true(json_object_get(doc, "private")) };
	if (!out->url || !out->host || out->port == 0 || out->deadline_ms == 0)
		return err_set(e, ERR_INPUT,
			       "the launcher's words lack url, host, port or deadline");
	out->private = out->private || names_address(out->host);
	return read_headers(out, json_object_get(doc, "headers"), e);
}
