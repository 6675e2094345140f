/* tests/unit/broker_stage.h - a broker, with the test as its launcher, recorder, agent, porter and tool server. */
#ifndef TESTS_UNIT_BROKER_STAGE_H
#define TESTS_UNIT_BROKER_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "broker/broker.h"

/* The one policy file of the run: who includes this says it. */
extern const char policy_text[];

enum { WAIT_MS = 5000, QUIET_MS = 30 };

static const char exec_tools[] =
	"[{\"name\":\"count\",\"description\":\"counts\",\"inputSchema\":{\"type\":\"object\",\"properties\":{"
	"\"what\":{\"type\":\"string\",\"maxLength\":8},\"deep\":{\"type\":\"boolean\"},"
	"\"most\":{\"type\":\"integer\",\"minimum\":0,\"default\":12}},\"required\":[\"what\"],\"additionalProperties\":false}}]";

struct stage {
	pid_t pid;
	struct sockaddr_un at;	/* where agents connect */
	struct wire launcher, recorder, porter;
	int agent, other, tool;	/* the agent's connection, and a second one; the tool server's end */
	uint64_t index;		/* of the last record */
	uint64_t spawn_tag;	/* the broker's name for the tool server */
	struct msg msg;
	struct unpack commits;	/* records that came with the last one, and their first tag */
	uint64_t commits_tag;
	uint8_t commits_room[WIRE_COMMIT];
	struct buf agent_in, tool_in;
};

static inline void must_ok(int done, const struct err *e)
{
	if (done < 0)
		fail_msg("%s", e->text);
}

static inline bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

static inline void tell(struct stage *s, enum msg_type t, const struct pack *body, int fd)
{
	struct err e = { 0 };

	must_ok(wire_send(&s->launcher, t, 0, body ? body->at : NULL, body ? body->size : 0, &fd, fd >= 0, &e), &e);
}

static inline void tell_server(struct stage *s, unsigned kind, const char *name, unsigned ms, const char *tools)
{
	uint8_t body[512];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };
	int fd = -1;

	pack_number(&p, kind, 2);
	pack_text(&p, name, strlen(name));
	pack_number(&p, ms, 4);
	pack_number(&p, 30000, 4);	/* to start, then idle, then between two starts */
	pack_number(&p, 0, 4);
	pack_number(&p, 0, 4);
	pack_number(&p, 1, 1);
	pack_number(&p, 1, 2);
	pack_text(&p, "read", 4);
	pack_text(&p, "/file", 5);
	must_ok(fd_of_bytes(&fd, name, tools, strlen(tools), &e), &e);
	tell(s, MSG_SERVER, &p, fd);
	close(fd);
}

static inline int listener(struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(at->sun_path, sizeof(at->sun_path), "/tmp/reeve-test-%d.sock", (int)getpid());
	unlink(at->sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

/* alice and bob lead; the boss is a person. */
static inline void tell_reviewers(struct stage *s)
{
	static const char *const groups[][3] = { { "leads", "alice", "bob" }, { "alice", "alice" }, { "bob", "bob" }, { "boss", "boss" } };
	uint8_t body[256];
	struct pack p = { .at = body, .room = sizeof(body) };
	size_t i, j, count;

	for (i = 0; i < count_of(groups); i++) {
		count = groups[i][2] ? 2 : 1;
		pack_text(&p, groups[i][0], strlen(groups[i][0]));
		pack_number(&p, count, 2);
		for (j = 1; j <= count; j++)
			pack_text(&p, groups[i][j], strlen(groups[i][j]));
	}
	tell(s, MSG_REVIEWERS, &p, -1);
}

static inline void tell_all(struct stage *s, int recorder, int porter, int listening, unsigned ms)
{
	struct pack run = { .at = (uint8_t[8]){ 7 }, .size = 8 }, joined = { .at = (uint8_t[2]){ 0xff, 0xff }, .size = 2 };
	uint8_t body[64];
	struct pack name = { .at = body, .room = sizeof(body) }, policy = { .at = (uint8_t[32]){ 0 }, .room = 32 };
	struct err e = { 0 };
	int fd = -1;

	pack_text(&policy, "sha256:policy", 13);
	tell(s, MSG_LEDGER, &run, recorder);
	pack_text(&name, "test", 4);
	must_ok(fd_of_bytes(&fd, "policy", policy_text, strlen(policy_text), &e), &e);
	tell(s, MSG_POLICY, &name, fd);
	close(fd);
	tell_server(s, 0, "fs", ms, "");
	tell_server(s, 1, "run", ms, exec_tools);
	tell_reviewers(s);
	tell(s, MSG_LISTEN, &joined, listening);
	tell(s, MSG_PORTER, NULL, porter);
	tell(s, MSG_START, &policy, -1);
}

static inline struct msg *hear(struct stage *s, struct wire *w, enum msg_type t)
{
	struct err e = { 0 };

	assert_true(readable(w->fd, WAIT_MS));
	assert_int_equal(wire_receive(w, &s->msg, true, &e), WIRE_MESSAGE);
	if (s->msg.type == MSG_REJECT && t != MSG_REJECT)
		fail_msg("%.*s", (int)s->msg.size - 4, (const char *)s->msg.body + 4);
	assert_string_equal(msg_name(s->msg.type), msg_name(t));
	return &s->msg;
}

static inline int agent_comes(struct stage *s)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&s->at, sizeof(s->at)), 0);
	return fd;
}

static inline void begin(struct stage *s, unsigned ms)
{
	int launch[2], record[2], port[2], listening;
	struct err e = { 0 };

	*s = (struct stage){ .agent = -1, .tool = -1, .index = 100, .agent_in = BUF(8 << 20), .tool_in = BUF(8 << 20) };
	must_ok(wire_pair(launch, &e), &e);
	must_ok(wire_pair(record, &e), &e);
	must_ok(wire_pair(port, &e), &e);
	listening = listener(&s->at);
	s->pid = fork();
	if (s->pid == 0) {
		close(launch[0]);
		close(record[0]);
		close(record[1]);
		close(port[0]);
		close(port[1]);
		_exit(broker_run(launch[1], &e) < 0 ? 3 : 0);
	}
	close(launch[1]);
	s->launcher = (struct wire){ launch[0], ROLE_LAUNCHER, ROLE_BROKER, PHASE_STARTING };
	s->recorder = (struct wire){ record[0], ROLE_RECORDER, ROLE_BROKER, PHASE_RUNNING };
	s->porter = (struct wire){ port[0], ROLE_PORTER, ROLE_BROKER, PHASE_RUNNING };
	tell_all(s, record[1], port[1], listening, ms);
	close(record[1]);
	close(port[1]);
	close(listening);
	hear(s, &s->launcher, MSG_READY);
	s->launcher.now = PHASE_RUNNING;
	s->agent = agent_comes(s);
	s->other = agent_comes(s);
}

static inline void say(int fd, const char *line)
{
	struct err e = { 0 };

	must_ok(fd_write_all(fd, line, strlen(line), &e), &e);
	must_ok(fd_write_all(fd, "\n", 1, &e), &e);
}

/* The next line, without newline, as a new string. */
static inline char *line_of(int fd, struct buf *in)
{
	char *end, *line;
	ssize_t got;

	while (in->size == 0 || !(end = memchr(in->data, '\n', in->size))) {
		assert_true(readable(fd, WAIT_MS));
		assert_true(buf_reserve(in, 65536));
		got = read(fd, in->data + in->size, 65536);
		assert_true(got > 0);
		in->size += (size_t)got;
	}
	line = strndup(in->data, (size_t)(end - in->data));
	buf_drop(in, (size_t)(end - in->data) + 1);
	return line;
}

static inline void agent_hears(struct stage *s, const char *part)
{
	char *line = line_of(s->agent, &s->agent_in);

	if (!strstr(line, part))
		fail_msg("the agent heard %s, not %s", line, part);
	free(line);
}

static inline void tool_hears(struct stage *s, const char *part)
{
	char *line = line_of(s->tool, &s->tool_in);

	if (!strstr(line, part))
		fail_msg("the tool heard %s, not %s", line, part);
	free(line);
}

static inline const char *said(const struct record *r, enum field f)
{
	static char text[4][600];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(text[turn], sizeof(text[0]), "%.*s", (int)r->value[f].size, r->value[f].set ? r->value[f].text : "");
	return text[turn];
}

/* A record arrives; its receipt is not given yet. */
static inline struct record next_record(struct stage *s, uint64_t *tag)
{
	struct err e = { 0 };
	struct record r;
	struct msg *m;
	const char *bytes;
	size_t size = 0;

	if (s->commits.left == 0) {
		m = hear(s, &s->recorder, MSG_COMMIT);
		memcpy(s->commits_room, m->body, m->size);
		s->commits = (struct unpack){ .at = s->commits_room, .left = m->size };
		s->commits_tag = m->tag;
	}
	bytes = unpack_text(&s->commits, &size);
	assert_non_null(bytes);
	must_ok(record_unpack(&r, (const uint8_t *)bytes, size, &e), &e);
	*tag = s->commits_tag++;
	return r;
}

static inline struct record recorded(struct stage *s, enum record_kind kind, uint64_t *tag)
{
	struct record r = next_record(s, tag);

	assert_string_equal(record_word(r.kind), record_word(kind));
	return r;
}

static inline void receipt(struct stage *s, uint64_t tag)
{
	struct err e = { 0 };

	must_ok(wire_send_u64(&s->recorder, MSG_RECEIPT, tag, ++s->index, &e), &e);
}

static inline void outcome(struct stage *s, const char *status)
{
	uint64_t tag;
	struct record r = recorded(s, RECORD_OUTCOME, &tag);

	assert_string_equal(said(&r, FIELD_STATUS), status);
	receipt(s, tag);
}

static inline void greet(struct stage *s)
{
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
		      "\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}");
	agent_hears(s, "\"protocolVersion\":\"2025-06-18\"");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
}

/* Answers SPAWN or EXEC with one socket pair as both pipes. */
static inline void spawned(struct stage *s, uint64_t tag)
{
	int pair[2], give[2];
	struct err e = { 0 };

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	give[0] = pair[1];
	give[1] = dup(pair[1]);
	must_ok(wire_send(&s->launcher, MSG_SPAWNED, tag, NULL, 0, give, 2, &e), &e);
	close(give[0]);
	close(give[1]);
	s->tool = pair[0];
}

/* It does not know the newer era. */
static inline void refuse_probe(struct stage *s, unsigned id)
{
	char line[128];

	tool_hears(s, "\"method\":\"server/discover\"");
	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%u,\"error\":{\"code\":-32601,\"message\":\"no\"}}", id);
	say(s->tool, line);
}

/* first_id: of the initialize that follows the probe; 0: it is known not to need one. */
static inline void start_server(struct stage *s, unsigned first_id)
{
	struct unpack u;
	uint64_t tag;
	struct record r = recorded(s, RECORD_INTENT, &tag);
	struct msg *m;

	assert_string_equal(said(&r, FIELD_ACTION), "server.start");
	assert_false(readable(s->launcher.fd, QUIET_MS));	/* no receipt, no process */
	receipt(s, tag);
	m = hear(s, &s->launcher, MSG_SPAWN);
	u = (struct unpack){ .at = m->body, .left = m->size };
	assert_int_equal(unpack_number(&u, 8), s->index);
	assert_int_equal(unpack_number(&u, 2), 0);
	s->spawn_tag = m->tag;
	spawned(s, m->tag);
	if (first_id)
		refuse_probe(s, first_id - 1);
	tool_hears(s, "\"method\":\"initialize\"");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"ping\"}");
	tool_hears(s, "{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}");
}

/* Its two pages are read; the record that it has started is still to come. */
static inline void say_tools(struct stage *s, unsigned first_id)
{
	char line[512];

	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":{\"protocolVersion\":\"2025-11-25\","
		 "\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"x\",\"version\":\"1\"}}}", first_id);
	say(s->tool, line);
	tool_hears(s, "notifications/initialized");
	tool_hears(s, "tools/list");
	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":{\"tools\":[{\"name\":\"read\","
		 "\"inputSchema\":{\"type\":\"object\"}}],\"nextCursor\":\"\"}}", first_id + 1);
	say(s->tool, line);
	tool_hears(s, "\"cursor\":\"\"");
	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":{\"tools\":[{\"name\":\"secret\","
		 "\"inputSchema\":{\"type\":\"object\"}}]}}", first_id + 2);
	say(s->tool, line);
}

static inline void list_tools(struct stage *s, unsigned first_id)
{
	say_tools(s, first_id);
	outcome(s, "ok");
}

static inline void end(struct stage *s, int expect)
{
	int status = 0;

	unlink(s->at.sun_path);
	close(s->launcher.fd);
	close(s->recorder.fd);
	close(s->porter.fd);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expect);
	close(s->agent);
	close(s->other);
	if (s->tool >= 0)
		close(s->tool);
	buf_free(&s->agent_in);
	buf_free(&s->tool_in);
	free(s);
}

/* The records of the end, each with its receipt; how many were of what somebody said and nobody got. */
static inline size_t end_run_counting(struct stage *s, uint64_t *dropped)
{
	struct pollfd p[] = { { .fd = s->launcher.fd, .events = POLLIN }, { .fd = s->recorder.fd, .events = POLLIN } };
	struct err e = { 0 };
	struct record r;
	size_t count = 0;
	uint64_t tag;

	must_ok(wire_send(&s->launcher, MSG_END, 0, NULL, 0, NULL, 0, &e), &e);
	while (assert_true(poll(p, 2, s->commits.left ? 0 : WAIT_MS) > 0 || s->commits.left), s->commits.left || !p[0].revents) {	/* DONE comes when every record has its receipt */
		r = next_record(s, &tag);
		if (r.kind == RECORD_DROPPED) {
			count++;
			*dropped += r.value[FIELD_COUNT].number;
		}
		receipt(s, tag);
	}
	hear(s, &s->launcher, MSG_DONE);
	end(s, 0);
	return count;
}

static inline void end_run(struct stage *s)
{
	uint64_t dropped = 0;

	end_run_counting(s, &dropped);
}

/* What somebody said and nobody got. */
static inline void drops(struct stage *s, const char *reason, uint64_t count)
{
	uint64_t tag;
	struct record r = recorded(s, RECORD_DROPPED, &tag);

	assert_string_equal(said(&r, FIELD_REASON), reason);
	assert_int_equal(r.value[FIELD_COUNT].number, count);
	receipt(s, tag);
}

static inline struct stage *stage_new(unsigned ms)
{
	struct stage *s = malloc(sizeof(*s));

	begin(s, ms);
	return s;
}

#endif
