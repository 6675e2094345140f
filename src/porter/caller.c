/* One caller's life, and what it is told: an answer at once, or events and then the answer. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "porter/porter.h"

enum { FLOOD = 16 << 20 };

struct caller *caller_new(struct porter *p, int fd)
{
	struct caller *c = calloc(1, sizeof(*c));

	if (!c) {
		fd_close(&fd);
		return NULL;
	}
	*c = (struct caller){ .porter = p, .fd = fd, .body = BUF(MCP_LINE), .answer = BUF(PORTER_ANSWER) };
	p->callers[p->caller_count++] = c;
	return c;
}

void caller_free(struct caller *c)
{
	if (!c->http)
		fd_close(&c->fd);
	json_decref(c->id);
	json_decref(c->token);
	buf_free(&c->body);
	buf_free(&c->answer);
	free(c->bytes);
	free(c);
}

/* A request of the stateless era ends with its stream; a session's goes on, and its answer is nobody's. */
static void leave_door(struct caller *c)
{
	struct door *d = take(&c->door);

	if (!d)
		return;
	d->used_ns = clock_mono_ns();
	if (d->stream == c)
		d->stream = NULL;
	if (!d->lasts && c->state != CALLER_DEAD && c->id && !c->ended) {
		struct buf cancel = BUF(4096);

		buf_puts(&cancel, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":");
		json_write(&cancel, c->id);
		buf_puts(&cancel, "}}");
		(void)!door_say(d, cancel.data, cancel.size);
		buf_free(&cancel);
	}
	if (!d->lasts || !d->session[0])
		door_close(d);
}

void caller_closed(struct caller *c)
{
	if (c->state == CALLER_BODY && !c->noted)
		turned_note(c->porter, REASON_BAD_HTTP, "a body that ends early or is badly chunked",
			    c->body.size);
	leave_door(c);
	c->http = NULL;
	c->fd = -1;
	c->state = CALLER_DEAD;
}

static size_t bodies(const struct porter *p)
{
	size_t total = 0, i;

	for (i = 0; i < p->caller_count; i++)
		total += p->callers[i]->body.room;
	return total;
}

/* What is too much is read on for a while, so that its sender reads our answer; then it is cut off. */
void caller_body(struct caller *c, const char *bytes, size_t size)
{
	c->looked += size;
	if (c->body.over)
		c->gone = c->looked > FLOOD;
	else if (bodies(c->porter) > PORTER_BODIES)
		c->body.over = true;
	else
		(void)!buf_add(&c->body, bytes, size);
}

void caller_hears(struct caller *c)
{
	c->deadline_ns = c->ended ? 0 : clock_mono_ns() + QUIET_MS * UINT64_C(1000000);
}

/* It makes a stream of what could have been an answer alone; and who has gone is found out by it. */
void caller_comment(struct caller *c)
{
	if (c->ended)
		return;
	c->state = CALLER_STREAMS;
	buf_puts(&c->answer, ": still waiting\n\n");
	caller_hears(c);
	web_wake(c);
}

void caller_answer(struct caller *c, unsigned status, const char *bytes, size_t size)
{
	c->status = status;
	c->ended = true;
	c->answer.size = 0;
	buf_add(&c->answer, bytes, size);
	c->state = CALLER_ANSWERED;
	c->deadline_ns = 0;
	web_wake(c);
}

/* Who looks whether it hangs up would take one that says no more for one that hears no more: so nobody looks. */
void caller_hold(struct caller *c, uint64_t tag, unsigned status, const char *bytes, size_t size)
{
	c->held = tag;
	c->status = status;
	c->ended = true;
	c->answer.size = 0;
	buf_add(&c->answer, bytes, size);
	c->state = CALLER_HELD;
	c->deadline_ns = 0;
}

void caller_tell(struct caller *c)
{
	c->state = CALLER_ANSWERED;
	web_wake(c);
}

void caller_refuse(struct caller *c, unsigned status, int code, enum reason reason, const char *text)
{
	struct buf line = BUF(4096);

	mcp_write_error(&line, c->id, code, text);
	caller_hold(c, turned_note(c->porter, reason, text, c->body.size), status, line.data, line.size);
	buf_free(&line);
}

void caller_event(struct caller *c, const char *line, size_t size)
{
	c->state = CALLER_STREAMS;
	buf_puts(&c->answer, "event: message\ndata: ");
	buf_add(&c->answer, line, size);
	buf_puts(&c->answer, "\n\n");
	caller_hears(c);
	web_wake(c);
}

void caller_finish(struct caller *c, unsigned status, const char *line, size_t size)
{
	if (c->state == CALLER_WAITS) {
		caller_answer(c, status, line, size);
		return;
	}
	c->ended = true;
	caller_event(c, line, size);
}
