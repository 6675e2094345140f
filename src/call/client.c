#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "call/call.h"
#include "mcp/mcp.h"

enum { PIECE = 65536, ANSWER_MOST = 64 << 20 };

/* A line as the broker sent it; borrowed until the next. */
static int next_line(const char **line, size_t *size, struct client *c, struct err *e)
{
	const char *end = NULL;
	ssize_t got;

	buf_drop(&c->in, c->taken);
	c->taken = 0;
	while (c->in.size == 0 || !(end = memchr(c->in.data, '\n', c->in.size))) {
		if (!buf_reserve(&c->in, PIECE))
			return err_set(e, ERR_LIMIT, "the answer is larger than 64 MiB");
		got = recv(c->fd, c->in.data + c->in.size, PIECE, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(e, ERR_PEER, "the broker hung up: the run is ending");
		c->in.size += (size_t)got;
	}
	*line = c->in.data;
	*size = (size_t)(end - c->in.data);
	c->taken = *size + 1;
	return 0;
}

static int send_line(struct client *c, struct buf *line, struct err *e)
{
	size_t at = 0;
	ssize_t done;

	if (line->over)
		return err_set(e, ERR_LIMIT, "a message may have at most 4 MiB");
	while (at < line->size) {
		done = send(c->fd, line->data + at, line->size - at, MSG_NOSIGNAL);
		if (done < 0 && errno != EINTR)
			return err_sys(e, "the broker");
		at += done > 0 ? (size_t)done : 0;
	}
	return 0;
}

/* The message of an error, which has the id null when the broker could not read our line. */
static const char *said(const json_t *doc)
{
	return json_string_value(json_object_get(json_object_get(doc, "error"), "message"));
}

/* The answer to our question; notifications that come before it are passed over. */
static int next_answer(json_t **out, struct client *c, struct err *e)
{
	struct mcp_fault fault;
	struct mcp_message m;
	const char *line = NULL;
	size_t size = 0;

	for (;;) {
		scoped(json) json_t *doc = NULL;

		if (next_line(&line, &size, c, e) < 0 || json_read(&doc, line, size, NULL, e) < 0)
			return -1;
		if (!mcp_read(&m, doc, &fault))
			return err_set(e, ERR_PEER, "%s", said(doc) ? said(doc) : fault.text);
		if (m.kind != MCP_RESPONSE || (uint64_t)json_integer_value(m.id) != c->id)
			continue;
		if (m.error)
			return err_set(e, ERR_INPUT, "%s",
				       json_string_value(json_object_get(m.error, "message")));
		*out = json_incref(m.result);
		return 0;
	}
}

int client_ask(json_t **out, struct client *c, const char *method, const json_t *params,
	       struct err *e)
{
	scoped(buf) struct buf line = BUF(MCP_LINE + 1);

	mcp_write_request(&line, ++c->id, method, params);
	if (send_line(c, &line, e) < 0)
		return -1;
	return next_answer(out, c, e);
}

static int greet(struct client *c, struct err *e)
{
	scoped(json) json_t *params = json_pack("{s:s, s:{}, s:{s:s, s:s}}", "protocolVersion",
						mcp_revision(NULL), "capabilities", "clientInfo",
						"name", "reeve-call", "version", REEVE_VERSION);
	scoped(json) json_t *result = NULL;
	scoped(buf) struct buf line = BUF(256);

	if (!params)
		return err_set(e, ERR_SYSTEM, "out of memory");
	if (client_ask(&result, c, "initialize", params, e) < 0)
		return -1;
	mcp_write_notification(&line, "notifications/initialized", NULL);
	return send_line(c, &line, e);
}

int client_open(struct client *out, const char *server, struct err *e)
{
	struct client c = { .fd = -1, .in = BUF(ANSWER_MOST) };

	if (socket_open(&c.fd, server, e) < 0)
		return -1;
	if (greet(&c, e) < 0) {
		client_close(&c);
		return -1;
	}
	*out = c;
	return 0;
}

void client_close(struct client *c)
{
	fd_close(&c->fd);
	buf_free(&c->in);
}
