/*
 * A server's answer on its way to the agent. Towards hosts that a credential belongs to it is taken apart,
 * searched, and framed anew, since what replaces a secret may be longer; its last chunk is sent only when the
 * server's answer was whole.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "inspector/inspector.h"

enum { SWITCHING = 101, NO_CONTENT = 204, NOT_MODIFIED = 304, PIECE = 16 << 10 };

void answer_begin(struct answer *a, const struct credentials *all, const char *host, bool to_head)
{
	*a = (struct answer){ .to_head = to_head, .guarded = credential_of(all, host), .first = true };
	swap_begin(&a->swap, all, host);
}

void answer_free(struct answer *a)
{
	swap_end(&a->swap);
}

static bool is_dropped(const struct answer *a, const struct egress_span *line)
{
	static const char *const names[] = { "connection", "keep-alive", "proxy-connection", "upgrade", "alt-svc" };
	struct egress_span v;
	size_t i;

	for (i = 0; i < count_of(names); i++)
		if (egress_field_is(line, names[i], &v))
			return true;
	return a->chunked_on &&
	       (egress_field_is(line, "content-length", &v) || egress_field_is(line, "transfer-encoding", &v));
}

static bool is_packed(const struct egress_answer *r)
{
	struct egress_span v;
	size_t i;

	for (i = 0; i < r->field_count; i++)
		if (egress_field_is(&r->fields[i], "content-encoding", &v) &&
		    !(v.size == 8 && strncasecmp(v.at, "identity", 8) == 0))
			return true;
	return false;
}

/* Whole heads are searched on their own, so that nothing of one is held back. */
static bool put_head(struct answer *a, const struct egress_answer *r, struct buf *out)
{
	scoped(buf) struct buf head = BUF(2 * (size_t)EGRESS_ANSWER);
	struct swap swap;
	bool done;
	size_t i;

	buf_puts(&head, "HTTP/1.1");
	buf_add(&head, r->line.at + 8, r->line.size - 8);
	for (i = 0; i < r->field_count; i++)
		if (!is_dropped(a, &r->fields[i])) {
			buf_puts(&head, "\r\n");
			buf_add(&head, r->fields[i].at, r->fields[i].size);
		}
	buf_puts(&head, a->chunked_on ? "\r\nTransfer-Encoding: chunked" : "");
	buf_puts(&head, a->stays || r->status < 200 ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n");
	if (!a->guarded)
		return !head.over && buf_add(out, head.data, head.size);
	swap_begin(&swap, a->swap.all, a->swap.host);
	done = !head.over && swap_feed(&swap, head.data, head.size, true, out);
	swap_end(&swap);
	return done;
}

/* How its body ends, RFC 9112 6.3. */
static void frame(struct answer *a, const struct egress_answer *r)
{
	a->status = r->status;
	a->bare = a->to_head || r->status < 200 || r->status == NO_CONTENT || r->status == NOT_MODIFIED;
	a->ends = r->ends;
	a->left = r->length;
	a->chunked_on = a->guarded && !a->bare;
	a->stays = a->bare || a->chunked_on || r->ends != EGRESS_NO_BODY;
}

static enum egress_got bad(const char **why, const char *text)
{
	*why = text;
	return EGRESS_BAD;
}

static enum egress_got take_head(struct answer *a, struct buf *in, bool ended, struct buf *out, const char **why)
{
	struct egress_answer r;
	enum egress_got got = egress_read_answer(&r, in->data, in->size, why);

	if (got == EGRESS_MORE && ended)
		return bad(why, "the server ended the connection before its answer");
	if (got != EGRESS_WHOLE)
		return got;
	if (r.status == SWITCHING)
		return bad(why, "the server wants to speak another protocol, which nobody asked for");
	frame(a, &r);
	if (a->guarded && !a->bare && is_packed(&r))
		return bad(why, "the answer is compressed, so a credential in it could not be seen");
	if (!put_head(a, &r, out))
		return bad(why, "an answer with a head that is too large");
	buf_drop(in, r.size);
	a->first = a->first && r.status < 200;
	if (r.status >= 200)
		a->at = a->bare || (a->ends == EGRESS_SIZED && a->left == 0 && !a->chunked_on) ? ANSWER_DONE : ANSWER_BODY;
	return EGRESS_WHOLE;
}

static bool put_body(struct answer *a, struct egress_span data, bool last, struct buf *out)
{
	scoped(buf) struct buf clean = BUF(16 * (size_t)TALK_ROOM);

	if (!swap_feed(&a->swap, data.at, data.size, last, &clean))
		return false;
	if (clean.size > 0) {
		buf_printf(out, "%zx\r\n", clean.size);
		buf_add(out, clean.data, clean.size);
		buf_puts(out, "\r\n");
	}
	if (last)
		buf_puts(out, "0\r\n\r\n");
	return !out->over;
}

/* One run of the body out of `in`. *used: with what frames it. */
static enum egress_got next_run(struct answer *a, const struct buf *in, struct egress_span *data, size_t *used)
{
	size_t size = in->size < PIECE ? in->size : PIECE;

	if (a->ends == EGRESS_CHUNKED)
		return egress_take_chunk(&a->chunks, in->data, size, used, data);
	if (a->ends == EGRESS_SIZED && a->left < size)
		size = (size_t)a->left;
	*used = size;
	*data = (struct egress_span){ in->data, size };
	if (a->ends == EGRESS_SIZED)
		a->left -= size;
	return a->ends == EGRESS_SIZED && a->left == 0 ? EGRESS_WHOLE : EGRESS_MORE;
}

/* In its own frame, to which nothing is done; where it cannot be followed, it ends with the connection. */
static enum egress_got pass(struct answer *a, struct buf *in, struct buf *out)
{
	struct egress_span data;
	size_t used = 0;
	enum egress_got got = next_run(a, in, &data, &used);

	if (got == EGRESS_BAD) {
		a->ends = EGRESS_NO_BODY;
		a->stays = false;
		used = in->size < PIECE ? in->size : PIECE;
	}
	if (!buf_add(out, in->data, used))
		return EGRESS_BAD;
	buf_drop(in, used);
	return got == EGRESS_WHOLE ? got : EGRESS_MORE;
}

static enum egress_got search(struct answer *a, struct buf *in, struct buf *out)
{
	struct egress_span data;
	size_t used = 0;
	enum egress_got got = next_run(a, in, &data, &used);

	if (got == EGRESS_BAD || !put_body(a, data, got == EGRESS_WHOLE, out))
		return EGRESS_BAD;
	buf_drop(in, used);
	return got;
}

static enum egress_got take_body(struct answer *a, struct buf *in, bool ended, struct buf *out, const char **why)
{
	const bool all = a->ends == EGRESS_SIZED && a->left == 0;
	enum egress_got got;

	if (in->size == 0 && !ended && !all)
		return EGRESS_MORE;
	if (in->size == 0 && ended && a->ends == EGRESS_NO_BODY) {
		a->at = ANSWER_DONE;
		return a->chunked_on && !put_body(a, (struct egress_span){ "", 0 }, true, out) ? EGRESS_BAD : EGRESS_WHOLE;
	}
	if (in->size == 0 && ended && !all)
		return bad(why, "the server ended its answer before its end");
	got = a->chunked_on ? search(a, in, out) : pass(a, in, out);
	if (got == EGRESS_BAD)
		return bad(why, "the answer's end cannot be told");
	if (got == EGRESS_WHOLE)
		a->at = ANSWER_DONE;
	return EGRESS_WHOLE;
}

enum egress_got answer_take(struct answer *a, struct buf *in, bool ended, struct buf *out, const char **why)
{
	enum egress_got got = EGRESS_WHOLE;

	while (got == EGRESS_WHOLE && a->at != ANSWER_DONE && out->size < TALK_ROOM)
		got = a->at == ANSWER_HEAD ? take_head(a, in, ended, out, why) : take_body(a, in, ended, out, why);
	if (a->at == ANSWER_DONE)
		return EGRESS_WHOLE;
	return got == EGRESS_BAD ? got : EGRESS_MORE;
}
