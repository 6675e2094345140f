/*
 * tests/fuzz/fuzz_broker_session.c - a whole broker between a hostile agent and a hostile tool server. This
 * is its launcher and its recorder, and sees to it that: nothing reaches the server whose exact bytes are
 * not in an intent that has its receipt; what policy refuses does not reach it at all, and what a person must approve
 * only as the very bytes that were approved, once; whatever the agent
 * hears is one strict message a line, and no question of it is answered twice; every intent is closed; no
 * byte of either ends the run; and when both have gone, nothing is left of them.
 *
 * A line is the agent's, unless it begins with '>': then it is what the server says next, in place of its
 * usual answer to a call ('@' stands for that call's id); or with '!': d, the server dies; h, the agent
 * hangs up and another comes; f, the server cannot be started. A '@' in a line of the agent's stands for the last
 * requestState it was given. What is held is decided on by '!' and a letter, and a digit that says which one of them (or
 * the last): a, approved; n, denied; x, its time is over; w, withdrawn; u, used by another run. '!z': the next is not
 * held; '!j': the next is taken for the one before. Of the two servers, of which one runs at a time, t is of the older era and n of the newer.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "broker/hold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INTENTS = 512, TURNS = 400, INPUT_MOST = 64 << 10, HELD = 100 };

static const char policy_text[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":["
	"{\"id\":\"no\",\"then\":\"refuse\",\"when\":{\"tool\":\"t/no\"}},"
	"{\"id\":\"root\",\"then\":\"refuse\",\"when\":{\"args\":{\"/forbidden\":{\"equal\":true}}}},"
	"{\"id\":\"ask\",\"then\":\"review\",\"review\":{\"by\":1,\"within\":\"15m\",\"wait\":\"15m\"},\"when\":{\"tool\":\"*/ask\"}},"
	"{\"id\":\"both\",\"then\":\"review\",\"review\":{\"by\":[\"alice\",\"bob\"],\"count\":2,\"within\":\"1h\",\"wait\":\"1h\"},"
	"\"when\":{\"args\":{\"/ask\":{\"equal\":true}}}},"
	"{\"id\":\"run\",\"then\":\"review\",\"review\":{\"by\":1,\"within\":\"15m\",\"wait\":\"15m\"},"
	"\"when\":{\"tool\":\"run/*\",\"args\":{\"/what\":{\"equal\":\"ask\"}}}},"
	"{\"id\":\"any\",\"then\":\"allow\",\"when\":{\"tool\":\"*/*\"}},"
	"{\"id\":\"other\",\"then\":\"allow\",\"when\":{\"action\":[\"resource.read\",\"prompt.get\",\"completion.complete\","
	"\"elicitation.create\",\"sampling.create\",\"roots.list\"]}}]}";
static const char exec_tools[] =
	"[{\"name\":\"count\",\"description\":\"counts\",\"inputSchema\":{\"type\":\"object\",\"properties\":{"
	"\"what\":{\"type\":\"string\",\"maxLength\":8}},\"required\":[\"what\"],\"additionalProperties\":false}}]";
static const char tool_list[] = "{\"tools\":[{\"name\":\"echo\",\"inputSchema\":{\"type\":\"object\"}},"
				"{\"name\":\"ask\",\"inputSchema\":{\"type\":\"object\"}},"
				"{\"name\":\"no\",\"inputSchema\":{\"type\":\"object\"}}]}";

/* One broker for all inputs: that nothing is left of one is part of what is tried. */
static struct stage {
	struct broker *b;
	struct wire launcher, recorder;
	struct sockaddr_un at[2];
	socklen_t at_size[2];
	uint64_t index;
	int agent, tool;		/* -1: none */
	uint64_t tool_tag;
	bool fails;			/* the next start */
	bool newer;			/* the tool server that runs, or ran */
	char state[64];			/* the last requestState that the agent was given */
	struct buf heard, asked;	/* by the agent; by the tool server */
	char *says;			/* the server's next line, or NULL */
	struct {
		uint64_t index;
		char digest[SEAL_DIGEST_TEXT];
		bool open, approved;
	} intents[INTENTS];
	size_t intent_count;
	struct standing {
		uint64_t index, tag;
		char digest[SEAL_DIGEST_TEXT];
		enum hold_state state;
	} holds[HELD];
	size_t held_count;
	struct buf payload;		/* of the HOLD that comes next */
	bool not_held, joined;		/* the next */
	json_t *answered;		/* ids that the agent heard an answer to, as JSON */
	struct msg msg;
} stage;

static void hold_at(bool property, int line)
{
	if (property)
		return;
	fprintf(stderr, "fuzz_broker_session.c:%d does not hold\n", line);
	__builtin_trap();
}
#define hold(property) hold_at(property, __LINE__)

static void done(int rc, const struct err *e)
{
	if (rc < 0)
		fprintf(stderr, "%s\n", e->text);
	hold(rc >= 0);
}

/* --- the recorder --- */

static const char *said(const struct record *r, enum field f, char *room, size_t size)
{
	snprintf(room, size, "%.*s", r->value[f].set ? (int)r->value[f].size : 0,
		 r->value[f].text ? r->value[f].text : "");
	return room;
}

static void close_intent(struct stage *s, uint64_t index)
{
	size_t i;

	for (i = 0; i < s->intent_count && s->intents[i].index != index; i++)
		;
	hold(i < s->intent_count && s->intents[i].open);
	s->intents[i].open = false;
}

static void tell_holds(struct stage *s, uint64_t tag, uint64_t index, enum hold_state state)
{
	uint8_t body[64];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };

	pack_number(&p, index, 8);
	pack_number(&p, state, 1);
	pack_number(&p, state == HOLD_WAITING ? 0 : 1, 8);
	pack_number(&p, 900, 4);
	pack_text(&p, "alice", 5);
	pack_text(&p, "seen", 4);
	done(wire_send(&s->recorder, MSG_HOLDS, tag, body, p.size, NULL, 0, &e), &e);
}

/* The one of this index that was told last; an index may have two tags. */
static struct standing *held_at(struct stage *s, uint64_t index)
{
	size_t i;

	for (i = s->held_count; i > 0 && s->holds[i - 1].index != index; i--)
		;
	return i ? &s->holds[i - 1] : NULL;
}

static void becomes(struct stage *s, uint64_t index, enum hold_state state)
{
	size_t i;

	for (i = 0; i < s->held_count; i++)
		if (s->holds[i].index == index && s->holds[i].state <= HOLD_APPROVED && s->holds[i].state != state) {
			s->holds[i].state = state;
			tell_holds(s, s->holds[i].tag, index, state);
		}
}

static void hear_hold(struct stage *s, const struct msg *m)
{
	struct standing *h = &s->holds[s->held_count], *before = s->held_count ? h - 1 : NULL;
	struct err e = { 0 };
	struct record r;

	done(record_unpack(&r, m->body, m->size, &e), &e);
	hold(r.kind == RECORD_HELD && r.ref == 0);
	if (s->not_held || s->held_count == HELD) {
		s->not_held = false;
		tell_holds(s, m->tag, 0, HOLD_WITHDRAWN);
		return;
	}
	*h = (struct standing){ .index = ++s->index, .tag = m->tag };
	said(&r, FIELD_DIGEST, h->digest, sizeof(h->digest));
	if (s->joined && before) {
		h->index = before->index;
		h->state = before->state;
	}
	s->joined = false;
	s->held_count++;
	tell_holds(s, h->tag, h->index, h->state);
}

/* What is held is what would be forwarded, to the byte. */
static void hear_payload(struct stage *s, const struct msg *m)
{
	char digest[SEAL_DIGEST_TEXT], told[SEAL_DIGEST_TEXT];
	struct err e = { 0 };
	struct record r;

	if (m->type == MSG_PAYLOAD) {
		hold(buf_add(&s->payload, m->body, m->size));
		return;
	}
	done(record_unpack(&r, m->body, m->size, &e), &e);
	seal_digest(digest, s->payload.data, s->payload.size);
	hold(strcmp(digest, said(&r, FIELD_DIGEST, told, sizeof(told))) == 0);
	s->payload.size = 0;
	hear_hold(s, m);
}

static void hear_withdraw(struct stage *s, const struct msg *m)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t index = unpack_number(&u, 8);

	hold(held_at(s, index) != NULL);
	becomes(s, index, HOLD_WITHDRAWN);
}

/* As the recorder does: only what stands approved, of the same bytes, once. False: no receipt, but how it stands. */
static bool is_due(const struct stage *s, const struct record *r)
{
	char digest[SEAL_DIGEST_TEXT];
	size_t i;

	said(r, FIELD_DIGEST, digest, sizeof(digest));
	for (i = 0; i < s->held_count; i++)
		if (s->holds[i].index == r->ref && strcmp(s->holds[i].digest, digest) == 0)
			return s->holds[i].state == HOLD_APPROVED;
	hold(false); /* by the approval of other bytes */
	return false;
}

/* False: it is not taken. */
static bool record(struct stage *s, const void *bytes, size_t size, uint64_t *used)
{
	struct err e = { 0 };
	struct record r;

	done(record_unpack(&r, bytes, size, &e), &e);
	if (r.kind == RECORD_INTENT && r.ref && !is_due(s, &r))
		return false;
	s->index++;
	if (r.kind == RECORD_OUTCOME)
		close_intent(s, r.ref);
	if (r.kind != RECORD_INTENT)
		return true;
	*used = r.ref ? r.ref : *used;
	if (s->intent_count < INTENTS) {
		s->intents[s->intent_count].index = s->index;
		s->intents[s->intent_count].open = true;
		s->intents[s->intent_count].approved = r.ref != 0;
		said(&r, FIELD_DIGEST, s->intents[s->intent_count].digest, SEAL_DIGEST_TEXT);
		s->intent_count++;
	}
	return true;
}

static void commit(struct stage *s, const struct msg *m)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t tag = m->tag, used;
	const char *bytes;
	struct err e = { 0 };
	size_t size;

	hold(m->size > 0);
	for (; u.left && (bytes = unpack_text(&u, &size)); tag++) {
		used = 0;
		if (record(s, bytes, size, &used))
			done(wire_send_u64(&s->recorder, MSG_RECEIPT, tag, s->index, &e), &e);
		if (used)
			becomes(s, used, HOLD_USED);
	}
	hold(unpack_done(&u));
}

static void recorder_hears(struct stage *s, const struct msg *m)
{
	hold(m->type == MSG_COMMIT || m->type == MSG_PAYLOAD || m->type == MSG_HOLD || m->type == MSG_WITHDRAW);
	if (m->type == MSG_COMMIT)
		commit(s, m);
	else if (m->type == MSG_WITHDRAW)
		hear_withdraw(s, m);
	else
		hear_payload(s, m);
}

static bool has_receipt(const struct stage *s, const char *line, size_t size, bool approved)
{
	char digest[SEAL_DIGEST_TEXT];
	size_t i;

	seal_digest(digest, line, size);
	for (i = 0; i < s->intent_count; i++)
		if (strcmp(s->intents[i].digest, digest) == 0 && s->intents[i].open && (s->intents[i].approved || !approved))
			return true;
	return s->intent_count == INTENTS;
}

/* --- the tool server --- */

static void tool_says(struct stage *s, const char *bytes, size_t size)
{
	struct err ignored;

	if (s->tool >= 0 && size)
		(void)!fd_write_all(s->tool, bytes, size, &ignored);
}

static void tool_answers(struct stage *s, const char *id, const char *member, const char *body)
{
	scoped(buf) struct buf out = BUF(1 << 20);

	buf_printf(&out, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"%s\":%s}\n", id, member, body);
	tool_says(s, out.data, out.size);
}

static void tool_says_next(struct stage *s, const char *id)
{
	scoped(buf) struct buf out = BUF(1 << 20);
	char *at;

	for (at = s->says; *at; at++)
		if (*at == '@')
			buf_puts(&out, id);
		else
			buf_add(&out, at, 1);
	buf_puts(&out, "\n");
	free(s->says);
	s->says = NULL;
	tool_says(s, out.data, out.size);
}

/* What the broker asks for itself. */
static bool tool_greets(struct stage *s, const char *method, const char *id)
{
	if (strcmp(method, "server/discover") == 0 && s->newer)
		tool_answers(s, id, "result",
			     "{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{"
			     "\"tools\":{\"listChanged\":true},\"resources\":{},\"prompts\":{}}}");
	else if (strcmp(method, "server/discover") == 0)
		tool_answers(s, id, "error", "{\"code\":-32601,\"message\":\"no\"}");
	else if (strcmp(method, "initialize") == 0)
		tool_answers(s, id, "result",
			     "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{},\"resources\":{},"
			     "\"prompts\":{}},\"serverInfo\":{\"name\":\"x\",\"version\":\"1\"}}");
	else if (strcmp(method, "tools/list") == 0)
		tool_answers(s, id, "result", tool_list);
	else
		return strcmp(method, "ping") == 0 || strstr(method, "/list") ||
		       strncmp(method, "notifications/", 14) == 0 || strncmp(method, "resources/un", 12) == 0;
	return true;
}

/* To its lists, as the broker does by itself. */
static bool listens(json_t *doc, const char *method)
{
	return strcmp(method, "subscriptions/listen") == 0 &&
	       !json_at(doc, "/params/notifications/resourceSubscriptions");
}

static bool must_be_approved(json_t *doc)
{
	return strcmp(json_text(json_object_get(doc, "params"), "name"), "ask") == 0 ||
	       (json_is_true(json_at(doc, "/params/arguments/ask")) && strcmp(json_text(doc, "method"), "tools/call") == 0);
}

static void tool_hears(struct stage *s, const char *line, size_t size)
{
	scoped(json) json_t *doc = NULL;
	const char *method;
	struct err e = { 0 };
	char id[64];

	done(json_read(&doc, line, size, NULL, &e), &e);
	method = json_text(doc, "method");
	snprintf(id, sizeof(id), "%lld", (long long)json_integer_value(json_object_get(doc, "id")));
	if (!*method || tool_greets(s, method, id) || listens(doc, method))
		return;
	hold(has_receipt(s, line, size, must_be_approved(doc)));
	hold(strcmp(json_text(json_object_get(doc, "params"), "name"), "no") != 0);
	hold(!json_is_true(json_at(doc, "/params/arguments/forbidden")));
	if (s->says)
		tool_says_next(s, id);
	else
		tool_answers(s, id, "result", "{\"content\":[]}");
}

static void tool_ends(struct stage *s)
{
	uint32_t status = 7;
	struct err ignored;

	if (s->tool < 0)
		return;
	fd_close(&s->tool);
	s->asked.size = 0;
	(void)!wire_send(&s->launcher, MSG_EXITED, s->tool_tag, &status, 4, NULL, 0, &ignored);
}

/* --- the launcher --- */

static void give(struct stage *s, uint64_t tag, const int fds[2])
{
	struct err e = { 0 };

	done(wire_send(&s->launcher, MSG_SPAWNED, tag, NULL, 0, fds, 2, &e), &e);
}

static void spawn(struct stage *s, const struct msg *m)
{
	uint64_t tag = m->tag;
	struct err e = { 0 };
	int pair[2], fds[2];

	if (s->fails) {
		s->fails = false;
		done(wire_send_text(&s->launcher, MSG_FAILED, tag, "as asked", &e), &e);
		return;
	}
	hold(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
	fds[0] = pair[1];
	fds[1] = fcntl(pair[1], F_DUPFD_CLOEXEC, 0);
	tool_ends(s);
	s->newer = m->body[8] == 2;
	s->tool = pair[0];
	s->tool_tag = tag;
	give(s, tag, fds);
	close(fds[0]);
	close(fds[1]);
}

/* Its one argument is the word by which it must be approved: then its intent was. */
static void check_exec(const struct stage *s, const struct msg *m)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t index = unpack_number(&u, 8);
	size_t i;

	for (i = 0; i < s->intent_count && s->intents[i].index != index; i++)
		;
	hold(i < s->intent_count ? s->intents[i].open : s->intent_count == INTENTS);
	if (i < s->intent_count && memmem(m->body, m->size, "\3\0\0\0ask", 7))
		hold(s->intents[i].approved);
}

/* An exec tool prints "3" and ends. */
static void execute(struct stage *s, uint64_t tag)
{
	uint32_t status = 0;
	struct err e = { 0 };
	int in[2], out[2], fds[2];

	hold(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && write(out[1], "3\n", 2) == 2);
	fds[0] = in[1];
	fds[1] = out[0];
	give(s, tag, fds);
	close(in[0]), close(in[1]), close(out[0]), close(out[1]);
	done(wire_send(&s->launcher, MSG_EXITED, tag, &status, 4, NULL, 0, &e), &e);
}

static void launch(struct stage *s, const struct msg *m)
{
	uint16_t yes = 1;
	struct err e = { 0 };

	if (m->type == MSG_SPAWN) {
		spawn(s, m);
	} else if (m->type == MSG_EXEC) {
		check_exec(s, m);
		execute(s, m->tag);
	} else if (m->type == MSG_RESOLVE) {
		done(wire_send(&s->launcher, MSG_RESOLVED, m->tag, &yes, 2, NULL, 0, &e), &e);
	} else if (m->type == MSG_STOP && m->tag == s->tool_tag) {
		tool_ends(s);
	}
}

/* --- the agent --- */

static void agent_hears(struct stage *s, const char *line, size_t size)
{
	scoped(json) json_t *doc = NULL;
	scoped(buf) struct buf id = BUF(1 << 10);
	struct mcp_message m;
	struct mcp_fault f;
	struct err e = { 0 };
	json_t *before;

	done(json_read(&doc, line, size, NULL, &e), &e);
	hold(strcmp(json_text(doc, "jsonrpc"), "2.0") == 0);
	if (json_is_string(json_at(doc, "/result/requestState")))
		snprintf(s->state, sizeof(s->state), "%s", json_string_value(json_at(doc, "/result/requestState")));
	if (json_is_null(json_object_get(doc, "id")) || json_object_get(doc, "method"))
		return;
	hold(mcp_read(&m, doc, &f) && m.kind == MCP_RESPONSE && json_write(&id, m.id));
	before = json_object_get(s->answered, buf_text(&id));
	json_object_set_new(s->answered, buf_text(&id), json_integer(json_integer_value(before) + 1));
}

/* Whole lines of what has come; true if anything came. */
static bool lines_of(struct stage *s, int fd, struct buf *in,
		     void (*hear)(struct stage *s, const char *line, size_t size))
{
	ssize_t got;
	char *end;

	hold(fd < 0 || buf_reserve(in, 65536));
	got = fd < 0 ? -1 : read(fd, in->data + in->size, 65536);
	if (got == 0 && fd == s->tool)
		tool_ends(s);	/* its input has ended: it was told to go */
	if (got <= 0)
		return false;
	in->size += (size_t)got;
	while (in->size && (end = memchr(in->data, '\n', in->size))) {
		hear(s, in->data, (size_t)(end - in->data));
		if (in->size)	/* unless it has ended meanwhile */
			buf_drop(in, (size_t)(end - in->data) + 1);
	}
	return true;
}

/* --- all of it --- */

static bool peers_turn(struct stage *s)
{
	struct err e = { 0 };
	bool moved = false;
	int got;

	while ((got = wire_receive(&s->recorder, &s->msg, false, &e)) == WIRE_MESSAGE) {
		recorder_hears(s, &s->msg);
		moved = true;
	}
	done(got, &e);
	while ((got = wire_receive(&s->launcher, &s->msg, false, &e)) == WIRE_MESSAGE) {
		launch(s, &s->msg);
		moved = true;
	}
	done(got, &e);
	moved |= lines_of(s, s->tool, &s->asked, tool_hears);
	moved |= lines_of(s, s->agent, &s->heard, agent_hears);
	return moved;
}

/* Until nobody has anything more to say. */
static void settle(struct stage *s)
{
	struct err e = { 0 };
	int quiet = 0, turns;

	for (turns = 0; quiet < 3 && turns < TURNS; turns++) {
		done(loop_turn(s->b, 0, &e), &e);
		done(commits_flush(&s->b->commits, true, &e), &e);	/* it may wait for company, we do not */
		quiet = peers_turn(s) ? 0 : quiet + 1;
	}
}

static void agent_comes(struct stage *s, size_t which)
{
	s->agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	hold(connect(s->agent, (struct sockaddr *)&s->at[which], s->at_size[which]) == 0);
	hold(fcntl(s->agent, F_SETFL, O_NONBLOCK) == 0);
	json_object_clear(s->answered);
	s->heard.size = 0;
}

static void agent_says(struct stage *s, const char *line, size_t size)
{
	scoped(buf) struct buf out = BUF(8 << 20);
	struct err ignored;
	size_t i;

	for (i = 0; i < size; i++)
		if (line[i] == '@')
			buf_puts(&out, s->state);
		else
			buf_add(&out, line + i, 1);
	buf_puts(&out, "\n");
	(void)!fd_write_all(s->agent, out.data, out.size, &ignored);
}

/* Ids may be used again once they have their answer, so no more answers than questions is all there is to hold. */
static void agent_goes(struct stage *s, const char *all, size_t size)
{
	const char *id;
	json_t *times;
	size_t lines = 1, i;

	for (i = 0; i < size; i++)
		lines += all[i] == '\n';
	json_object_foreach(s->answered, id, times)
		hold((size_t)json_integer_value(times) <= lines);
	fd_close(&s->agent);
	settle(s);
}

/* a3: the fourth; a: the last. */
static void decide(struct stage *s, char what, char which)
{
	static const char letters[] = "anxwu";
	static const enum hold_state states[] = { HOLD_APPROVED, HOLD_DENIED, HOLD_EXPIRED, HOLD_WITHDRAWN, HOLD_USED };
	const char *at = what ? strchr(letters, what) : NULL;
	size_t n = which >= '0' && which <= '9' ? (size_t)(which - '0') : s->held_count - 1;

	if (at && n < s->held_count)
		becomes(s, s->holds[n].index, states[at - letters]);
	s->not_held = s->not_held || what == 'z';
	s->joined = s->joined || what == 'j';
}

static void order(struct stage *s, const char *line, size_t size, size_t which)
{
	char what = size > 1 ? line[1] : 0;

	if (line[0] == '>') {
		free(s->says);
		s->says = strndup(line + 1, size - 1);
		return;
	}
	decide(s, what, size > 2 ? line[2] : 0);
	if (what == 'd')
		tool_ends(s);
	if (what == 'f')
		s->fails = true;
	if (what == 'h') {
		fd_close(&s->agent);
		settle(s);
		agent_comes(s, which);
	}
}

static void tell(struct stage *s, enum msg_type t, const struct pack *body, int fd)
{
	struct err e = { 0 };

	done(wire_send(&s->launcher, t, 0, body ? body->at : NULL, body ? body->size : 0, &fd, fd >= 0, &e), &e);
	fd_close(&fd);
}

static void tell_server(struct stage *s, unsigned kind, const char *name, const char *tools)
{
	uint8_t body[256];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };
	int fd = -1, i;

	pack_number(&p, kind, 2);
	pack_text(&p, name, strlen(name));
	for (i = 0; i < 2; i++)
		pack_number(&p, 600000, 4);	/* a call, a start: longer than any input takes */
	for (i = 0; i < 2; i++)
		pack_number(&p, 0, 4);		/* idle, rest */
	pack_number(&p, 1, 1);
	pack_number(&p, 0, 2);
	done(fd_of_bytes(&fd, name, tools, strlen(tools), &e), &e);
	tell(s, MSG_SERVER, &p, fd);
}

static void tell_listener(struct stage *s, uint8_t server, uint8_t high, size_t which)
{
	struct pack p = { .at = (uint8_t[2]){ server, high }, .size = 2 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	s->at[which].sun_family = AF_UNIX;
	s->at_size[which] = sizeof(s->at[which]);
	hold(bind(fd, (struct sockaddr *)&s->at[which], sizeof(sa_family_t)) == 0 && listen(fd, 8) == 0);
	hold(getsockname(fd, (struct sockaddr *)&s->at[which], &s->at_size[which]) == 0);
	tell(s, MSG_LISTEN, &p, fd);
}

static void tell_reviewers(struct stage *s)
{
	static const char *const names[] = { "alice", "bob" };
	uint8_t body[64];
	struct pack p = { .at = body, .room = sizeof(body) };
	size_t i;

	for (i = 0; i < count_of(names); i++) {
		pack_text(&p, names[i], strlen(names[i]));
		pack_number(&p, 1, 2);
		pack_text(&p, names[i], strlen(names[i]));
	}
	tell(s, MSG_REVIEWERS, &p, -1);
}

static void set_up(struct stage *s)
{
	struct pack run = { .at = (uint8_t[8]){ 7 }, .size = 8 };
	uint8_t room[16];
	struct pack name = { .at = room, .room = sizeof(room) }, policy = { .at = (uint8_t[32]){ 0 }, .room = 32 };
	int launch[2], recorder[2], fd = -1;
	struct err e = { 0 };

	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	done(wire_pair(launch, &e), &e);
	done(wire_pair(recorder, &e), &e);
	s->b = broker_new(launch[1], &e);
	hold(s->b != NULL);
	s->launcher = (struct wire){ launch[0], ROLE_LAUNCHER, ROLE_BROKER, PHASE_RUNNING };
	s->recorder = (struct wire){ recorder[0], ROLE_RECORDER, ROLE_BROKER, PHASE_RUNNING };
	s->heard = s->asked = BUF(128 << 20);
	s->payload = BUF(HOLD_PAYLOAD);
	s->answered = json_object();
	s->tool = s->agent = -1;
	tell(s, MSG_LEDGER, &run, recorder[1]);
	pack_text(&name, "test", 4);
	done(fd_of_bytes(&fd, "policy", policy_text, sizeof(policy_text) - 1, &e), &e);
	tell(s, MSG_POLICY, &name, fd);
	tell_server(s, 0, "t", "");
	tell_server(s, 1, "run", exec_tools);
	tell_server(s, 0, "n", "");
	tell_reviewers(s);
	tell_listener(s, 0, 0, 0);
	tell_listener(s, 0xff, 0xff, 1);
	pack_text(&policy, "sha256:policy", 13);
	tell(s, MSG_START, &policy, -1);
	done(setup_hear(s->b, &e), &e);
}

/* Nobody waits; what stands open ends, and of that nothing is left but what was denied, which no one may ask again soon. */
static void clear_holds(struct stage *s)
{
	struct hold *h;
	size_t i;

	hold(TAILQ_EMPTY(&s->b->holding));
	for (i = 0; i < s->held_count; i++)
		becomes(s, s->holds[i].index, HOLD_EXPIRED);
	settle(s);
	while ((h = TAILQ_FIRST(&s->b->holds))) {
		hold(h->state == HOLD_DENIED);
		hold_forget(s->b, h);
	}
	s->held_count = 0;
	s->payload.size = 0;
	s->not_held = s->joined = false;
}

/* Nothing is left of either, and nothing is open. */
static void clear(struct stage *s, const char *all, size_t size)
{
	size_t i;

	agent_goes(s, all, size);
	tool_ends(s);
	settle(s);
	clear_holds(s);
	hold(s->b->session_count == 0);
	hold(TAILQ_EMPTY(&s->b->calls));
	hold(s->b->commits.count == 0);
	hold(s->b->held == 0);
	for (i = 0; i < s->intent_count; i++)
		hold(!s->intents[i].open);
	s->intent_count = 0;
	free(s->says);
	s->says = NULL;
	s->fails = false;
	s->state[0] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char greeting[] = "{\"jsonrpc\":\"2.0\",\"id\":\"init\",\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
				       "\"2025-06-18\",\"capabilities\":{\"elicitation\":{},\"sampling\":{},\"roots\":{}},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}";
	const char *at = (const char *)data, *all = at, *end;
	size_t left = size, part, which = size % 2;

	if (size > INPUT_MOST)
		return 0;
	if (!stage.b)
		set_up(&stage);
	agent_comes(&stage, which);
	if (size == 0 || data[0] != '~') /* who does not greet may be of the newer era */
		agent_says(&stage, greeting, strlen(greeting));
	for (; left > 0; at += part, left -= part) {
		end = memchr(at, '\n', left);
		part = end ? (size_t)(end - at) : left;
		if (part && (at[0] == '>' || at[0] == '!'))
			order(&stage, at, part, which);
		else
			agent_says(&stage, at, part);
		settle(&stage);
		part += end != NULL;
	}
	clear(&stage, all, size);
	return 0;
}
