/*
 * What the remote server says. Nothing of it goes on that is not a whole message, read as strictly
 * as any; and for a request there is always one answer, the server's or a sentence of ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "courier/courier.h"

enum { RETRY_MS = 1000, RETRY_MOST_MS = 30000 };

/* "Name: value" as a text without what stands around it; false: another header, or too long. */
static bool header_is(char *out, size_t room, const char *line, size_t size, const char *name)
{
	size_t length = strlen(name);

	if (size <= length || strncasecmp(line, name, length) != 0 || line[length] != ':')
		return false;
	line += length + 1;
	size -= length + 1;
	while (size > 0 && strchr(" \t", *line)) {
		line++;
		size--;
	}
	while (size > 0 && strchr(" \t\r\n", line[size - 1]))
		size--;
	if (size >= room || memchr(line, '\0', size))
		return false;
	memcpy(out, line, size);
	out[size] = '\0';
	return true;
}

/* With another status line another answer begins. */
size_t answer_header(char *bytes, size_t one, size_t size, void *exchange)
{
	struct exchange *x = exchange;

	size *= one;
	if (size >= 5 && memcmp(bytes, "HTTP/", 5) == 0)
		x->type[0] = x->location[0] = x->session[0] = '\0';
	(void)header_is(x->location, sizeof(x->location), bytes, size, "location");
	(void)header_is(x->session, sizeof(x->session), bytes, size, "mcp-session-id");
	if (header_is(x->type, sizeof(x->type), bytes, size, "content-type"))
		x->type[strcspn(x->type, "; \t")] = '\0';
	return size;
}

static long status_of(const struct exchange *x)
{
	long code = 0;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &code);
	return code;
}

static enum body_kind kind_of_body(const struct exchange *x)
{
	long code = status_of(x);

	if (x->kind == EXCHANGE_DELETE)
		return BODY_OTHER;
	if (strcasecmp(x->type, "text/event-stream") == 0 && code == 200)
		return BODY_EVENTS;
	return strcasecmp(x->type, "application/json") == 0 && x->kind == EXCHANGE_POST &&
			       !x->resuming
		       ? BODY_JSON
		       : BODY_OTHER;
}

/* What the first answer of a session settles for all that come after it. */
static int settle_session(struct exchange *x, const json_t *doc, struct err *e)
{
	struct courier *c = x->courier;
	const char *revision = json_text(json_object_get(doc, "result"), "protocolVersion");

	if (x->session[0] && (!header_value_is_sound(x->session) || strchr(x->session, ' ')))
		return err_set(e, ERR_INPUT,
			       "the remote server gives its session an id that is none");
	snprintf(c->session, sizeof(c->session), "%s", x->session);
	snprintf(c->revision, sizeof(c->revision), "%.40s",
		 header_value_is_sound(revision) ? revision : "");
	return 0;
}

static int take_message(void *exchange, const char *bytes, size_t size, struct err *e)
{
	struct exchange *x = exchange;
	scoped(buf) struct buf less = BUF(MCP_LINE);
	scoped(json) json_t *doc = NULL;
	struct err why = { 0 };
	bool answer;

	if (size > MCP_LINE)
		return err_set(e, ERR_LIMIT, "the remote server sent a message of more than 4 MiB");
	if (json_read_message(&doc, bytes, size, &why) < 0 || !json_is_object(doc))
		return err_set(e, ERR_INPUT, "the remote server sent what is no message%s%.120s",
			       doc ? "" : ": ", doc ? "" : why.text);
	answer = x->id && json_equal(json_object_get(doc, "id"), x->id) &&
		 !json_object_get(doc, "method");
	if (answer && x->initialize && settle_session(x, doc, e) < 0)
		return -1;
	if (answer && x->modern && params_learn(x->courier, doc)) {
		if (!json_write(&less, doc))
			return err_set(e, ERR_LIMIT, "a list of tools could not be written again");
		bytes = less.data;
		size = less.size;
	}
	x->answered = x->answered || answer;
	x->news++;
	x->failures = 0;
	say_line(bytes, size);
	return 0;
}

/* A size other than what came makes libcurl end the request. */
size_t answer_body(char *bytes, size_t one, size_t size, void *exchange)
{
	struct exchange *x = exchange;

	size *= one;
	if (x->body == BODY_NONE)
		x->body = kind_of_body(x);
	if (x->body == BODY_OTHER)
		return 0;
	x->total += size;
	if (x->kind == EXCHANGE_POST && x->total > BODY_MOST) {
		err_set(&x->why, ERR_LIMIT, "the remote server's answer is longer than 16 MiB");
		return 0;
	}
	if (x->body == BODY_EVENTS)
		return events_feed(&x->events, bytes, size, take_message, x, &x->why) < 0 ? 0
											  : size;
	if (buf_add(&x->in, bytes, size))
		return size;
	err_set(&x->why, ERR_LIMIT, "the remote server sent a message of more than 4 MiB");
	return 0;
}

static void fail(struct exchange *x, const char *text)
{
	scoped(buf) struct buf seen = BUF(8192);

	text_visible(&seen, text, strlen(text));
	if (x->kind == EXCHANGE_POST && !x->answered)
		say_error(x->id, buf_text(&seen));
	exchange_free(x);
}

/* Again in a while: the rest of an answer, or the stream. */
static void again(struct exchange *x)
{
	unsigned ms = x->events.retry_ms ? x->events.retry_ms : RETRY_MS;

	if (x->kind == EXCHANGE_STREAM && ms < RETRY_MS)
		ms = RETRY_MS;
	ms = ms < RETRY_MOST_MS ? ms : RETRY_MOST_MS;
	curl_multi_remove_handle(x->courier->multi, x->easy);
	curl_easy_cleanup(x->easy);
	x->easy = NULL;
	x->due_ns = clock_mono_ns() + ms * UINT64_C(1000000);
}

static bool may_resume(struct exchange *x)
{
	return x->id && !x->answered && !x->modern && x->body == BODY_EVENTS && x->events.id[0] &&
	       (x->news > 0 || ++x->failures <= RESUMES);
}

/* What the server itself says of its refusal is worth more than a number. */
static void add_reason(struct exchange *x, char *text, size_t room)
{
	scoped(json) json_t *doc = NULL;
	struct err ignored = { 0 };
	size_t size = strlen(text);

	if (x->body == BODY_JSON && x->in.size > 0 &&
	    json_read_message(&doc, x->in.data, x->in.size, &ignored) == 0 &&
	    json_text(json_object_get(doc, "error"), "message")[0])
		snprintf(text + size, room - size, ": %.160s",
			 json_text(json_object_get(doc, "error"), "message"));
}

static void say_status(struct exchange *x, long code)
{
	char text[640];

	if (code >= 300 && code < 400)
		snprintf(text, sizeof(text),
			 "the remote server redirects to %s, which is not followed: if that is "
			 "right, it belongs "
			 "into the tool file",
			 x->location[0] ? x->location : "nowhere");
	else if (code == 401 || code == 403)
		snprintf(text, sizeof(text),
			 "the remote server refuses reeve's credentials (status %ld)", code);
	else if (code >= 200 && code < 300)
		snprintf(text, sizeof(text),
			 "the remote server answered with %s, which is no MCP answer",
			 x->type[0] ? x->type : "nothing");
	else
		snprintf(text, sizeof(text), "the remote server answered with status %ld", code);
	add_reason(x, text, sizeof(text));
	fail(x, text);
}

static void say_failure(struct exchange *x, CURLcode how)
{
	const struct courier *c = x->courier;
	char text[640];

	if (x->why.kind != ERR_NONE)
		snprintf(text, sizeof(text), "%s", x->why.text);
	else if (c->refused[0] && how == CURLE_COULDNT_CONNECT)
		snprintf(text, sizeof(text), "%s: reeve does not connect there", c->refused);
	else
		snprintf(text, sizeof(text), "the remote server could not be asked: %s",
			 x->curl_why[0] ? x->curl_why : curl_easy_strerror(how));
	fail(x, text);
}

/* A message of a session that is over: the broker begins a new one by starting us again. */
static bool is_session_over(const struct exchange *x, long code)
{
	return code == 404 && x->courier->session[0] && !x->initialize && !x->modern;
}

static void stream_ended(struct exchange *x, long code)
{
	x->failures = x->news > 0 ? 0 : x->failures + 1;
	if (code != 200 && code != 0) {
		exchange_free(x); /* 405: it has none; whatever else it says, it gives none */
	} else if (x->failures > RESUMES || x->why.kind != ERR_NONE) {
		log_say("the stream of the remote server is given up: %s",
			x->why.kind != ERR_NONE ? x->why.text : "it ends at once, again and again");
		exchange_free(x);
	} else {
		again(x);
	}
}

/* The session stands when its second message has been accepted. */
static void open_stream(struct courier *c)
{
	struct exchange *x = exchange_new(c, EXCHANGE_STREAM);
	struct err e = { 0 };

	if (x && exchange_send(x, &e) < 0)
		exchange_free(x);
}

static void post_ended(struct exchange *x, CURLcode how, long code)
{
	struct courier *c = x->courier;
	bool stands = x->initialized && code >= 200 && code < 300;

	if (how == CURLE_OK && x->body == BODY_JSON && code >= 200 && code < 500 && x->id &&
	    x->in.size > 0 && !x->resuming) {
		struct err ignored = { 0 };

		/* A refusal of the request in MCP's own words stands in for the status. */
		(void)!take_message(x, x->in.data, x->in.size, code < 300 ? &x->why : &ignored);
	}
	if (x->answered || (!x->id && code >= 200 && code < 300))
		exchange_free(x);
	else if (x->why.kind == ERR_NONE && may_resume(x)) {
		x->resuming = true;
		again(x);
	} else if (x->why.kind != ERR_NONE || (how != CURLE_OK && how != CURLE_WRITE_ERROR))
		say_failure(x, how);
	else if (x->body == BODY_EVENTS)
		fail(x, "the remote server ended its stream without an answer");
	else if (x->body == BODY_JSON && code < 300)
		fail(x, "the remote server answered something else than what was asked");
	else
		say_status(x, code);
	if (stands)
		open_stream(c);
}

void answer_ended(struct exchange *x, CURLcode how)
{
	long code = status_of(x);

	if (is_session_over(x, code)) {
		x->courier->over = true;
		return;
	}
	if (x->kind == EXCHANGE_POST)
		post_ended(x, how, code);
	else if (x->kind == EXCHANGE_STREAM)
		stream_ended(x, code);
	else
		exchange_free(x);
}
