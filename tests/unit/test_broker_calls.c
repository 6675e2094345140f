/* tests/unit/test_broker_calls.c - a broker, with this test as its launcher, recorder, agent and tools. */
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

enum { WAIT_MS = 5000, QUIET_MS = 30 };

static const char policy_text[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":["
	"{\"id\":\"no-shell\",\"then\":\"refuse\",\"when\":{\"tool\":\"fs/shell\"},\"why\":\"no shells here\"},"
	"{\"id\":\"files\",\"then\":\"allow\",\"when\":{\"tool\":[\"fs/read\",\"fs/slow\"]},\"why\":\"to read\"},"
	"{\"id\":\"paths\",\"then\":\"allow\",\"when\":{\"tool\":\"fs/open\",\"args\":{\"/path\":{\"under\":\"/w\"}}},"
	"\"why\":\"only what lies beneath\"},"
	"{\"id\":\"programs\",\"then\":\"allow\",\"when\":{\"tool\":\"run/count\"},\"why\":\"to count\"}]}";

static const char exec_tools[] =
	"[{\"name\":\"count\",\"description\":\"counts\",\"inputSchema\":{\"type\":\"object\",\"properties\":{"
	"\"what\":{\"type\":\"string\",\"maxLength\":8},\"deep\":{\"type\":\"boolean\"},"
	"\"most\":{\"type\":\"integer\",\"minimum\":0,\"default\":12}},\"required\":[\"what\"],\"additionalProperties\":false}}]";

struct stage {
	pid_t pid;
	struct wire launcher, recorder;
	int agent, tool;	/* the agent's connection; the tool server's end */
	uint64_t index;		/* of the last record */
	uint64_t spawn_tag;	/* the broker's name for the tool server */
	struct msg msg;
	struct buf agent_in, tool_in;
};

static void must_ok(int done, const struct err *e)
{
	if (done < 0)
		fail_msg("%s", e->text);
}

static bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

static void tell(struct stage *s, enum msg_type t, const struct pack *body, int fd)
{
	struct err e = { 0 };

	must_ok(wire_send(&s->launcher, t, 0, body ? body->at : NULL, body ? body->size : 0, &fd, fd >= 0, &e), &e);
}

static void tell_server(struct stage *s, unsigned kind, const char *name, unsigned ms, const char *tools)
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

static int listener(struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(at->sun_path, sizeof(at->sun_path), "/tmp/reeve-test-%d.sock", (int)getpid());
	unlink(at->sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static void tell_all(struct stage *s, int recorder, int listening, unsigned ms)
{
	struct pack run = { .at = (uint8_t[8]){ 7 }, .size = 8 }, joined = { .at = (uint8_t[2]){ 0xff, 0xff }, .size = 2 };
	uint8_t body[64];
	struct pack name = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };
	int fd = -1;

	tell(s, MSG_LEDGER, &run, recorder);
	pack_text(&name, "test", 4);
	must_ok(fd_of_bytes(&fd, "policy", policy_text, sizeof(policy_text) - 1, &e), &e);
	tell(s, MSG_POLICY, &name, fd);
	close(fd);
	tell_server(s, 0, "fs", ms, "");
	tell_server(s, 1, "run", ms, exec_tools);
	tell(s, MSG_LISTEN, &joined, listening);
	tell(s, MSG_START, NULL, -1);
}

static struct msg *hear(struct stage *s, struct wire *w, enum msg_type t)
{
	struct err e = { 0 };

	assert_true(readable(w->fd, WAIT_MS));
	assert_int_equal(wire_receive(w, &s->msg, true, &e), WIRE_MESSAGE);
	if (s->msg.type == MSG_REJECT && t != MSG_REJECT)
		fail_msg("%.*s", (int)s->msg.size - 4, (const char *)s->msg.body + 4);
	assert_string_equal(msg_name(s->msg.type), msg_name(t));
	return &s->msg;
}

static void begin(struct stage *s, unsigned ms)
{
	int launch[2], record[2], listening;
	struct sockaddr_un at;
	struct err e = { 0 };

	*s = (struct stage){ .agent = -1, .tool = -1, .index = 100, .agent_in = BUF(8 << 20), .tool_in = BUF(8 << 20) };
	must_ok(wire_pair(launch, &e), &e);
	must_ok(wire_pair(record, &e), &e);
	listening = listener(&at);
	s->pid = fork();
	if (s->pid == 0) {
		close(launch[0]);
		close(record[0]);
		close(record[1]);
		_exit(broker_run(launch[1], &e) < 0 ? 3 : 0);
	}
	close(launch[1]);
	s->launcher = (struct wire){ launch[0], ROLE_LAUNCHER, ROLE_BROKER, PHASE_STARTING };
	s->recorder = (struct wire){ record[0], ROLE_RECORDER, ROLE_BROKER, PHASE_RUNNING };
	tell_all(s, record[1], listening, ms);
	close(record[1]);
	close(listening);
	hear(s, &s->launcher, MSG_READY);
	s->launcher.now = PHASE_RUNNING;
	s->agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(s->agent, (struct sockaddr *)&at, sizeof(at)), 0);
	unlink(at.sun_path);
}

static void say(int fd, const char *line)
{
	struct err e = { 0 };

	must_ok(fd_write_all(fd, line, strlen(line), &e), &e);
	must_ok(fd_write_all(fd, "\n", 1, &e), &e);
}

/* The next line, without newline, as a new string. */
static char *line_of(int fd, struct buf *in)
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

static void agent_hears(struct stage *s, const char *part)
{
	char *line = line_of(s->agent, &s->agent_in);

	if (!strstr(line, part))
		fail_msg("the agent heard %s, not %s", line, part);
	free(line);
}

static void tool_hears(struct stage *s, const char *part)
{
	char *line = line_of(s->tool, &s->tool_in);

	if (!strstr(line, part))
		fail_msg("the tool heard %s, not %s", line, part);
	free(line);
}

static const char *said(const struct record *r, enum field f)
{
	static char text[4][600];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(text[turn], sizeof(text[0]), "%.*s", (int)r->value[f].size, r->value[f].set ? r->value[f].text : "");
	return text[turn];
}

/* A record arrives; its receipt is not given yet. */
static struct record recorded(struct stage *s, enum record_kind kind, uint64_t *tag)
{
	struct msg *m = hear(s, &s->recorder, MSG_COMMIT);
	struct err e = { 0 };
	struct record r;

	must_ok(record_unpack(&r, m->body, m->size, &e), &e);
	assert_string_equal(record_word(r.kind), record_word(kind));
	*tag = m->tag;
	return r;
}

static void receipt(struct stage *s, uint64_t tag)
{
	struct err e = { 0 };

	must_ok(wire_send_u64(&s->recorder, MSG_RECEIPT, tag, ++s->index, &e), &e);
}

static void outcome(struct stage *s, const char *status)
{
	uint64_t tag;
	struct record r = recorded(s, RECORD_OUTCOME, &tag);

	assert_string_equal(said(&r, FIELD_STATUS), status);
	receipt(s, tag);
}

static void greet(struct stage *s)
{
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
		      "\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}");
	agent_hears(s, "\"protocolVersion\":\"2025-06-18\"");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
}

/* Answers SPAWN or EXEC with one socket pair as both pipes. */
static void spawned(struct stage *s, uint64_t tag)
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
static void refuse_probe(struct stage *s, unsigned id)
{
	char line[128];

	tool_hears(s, "\"method\":\"server/discover\"");
	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%u,\"error\":{\"code\":-32601,\"message\":\"no\"}}", id);
	say(s->tool, line);
}

/* first_id: of the initialize that follows the probe; 0: it is known not to need one. */
static void start_server(struct stage *s, unsigned first_id)
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

static void list_tools(struct stage *s, unsigned first_id)
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
	outcome(s, "ok");
}

static void end(struct stage *s, int expect)
{
	int status = 0;

	close(s->launcher.fd);
	close(s->recorder.fd);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expect);
	close(s->agent);
	if (s->tool >= 0)
		close(s->tool);
	buf_free(&s->agent_in);
	buf_free(&s->tool_in);
	free(s);
}

static void end_run(struct stage *s)
{
	struct err e = { 0 };

	must_ok(wire_send(&s->launcher, MSG_END, 0, NULL, 0, NULL, 0, &e), &e);
	hear(s, &s->launcher, MSG_DONE);
	end(s, 0);
}

static struct stage *stage_new(unsigned ms)
{
	struct stage *s = malloc(sizeof(*s));

	begin(s, ms);
	return s;
}

/* The bytes the tool gets are those whose digest stands in the intent and in the outcome. */
static void forwards_what_was_judged(void **state)
{
	struct stage *s = stage_new(5000);
	char digest[SEAL_DIGEST_TEXT], intended[SEAL_DIGEST_TEXT], *line, answer[200];
	struct record r;
	uint64_t tag;

	(void)state;
	greet(s);
	say(s->agent, "{\"params\":{\"_meta\":{\"x\":1},\"arguments\":{\"file\":\"a\\u0041\"},\"name\":\"fs__read\"},"
		      "\"id\":\"7\",\"method\":\"tools/call\",\"jsonrpc\":\"2.0\"}");
	start_server(s, 3);	/* only then it is known in which bytes it can be asked */
	list_tools(s, 3);
	r = recorded(s, RECORD_INTENT, &tag);
	assert_string_equal(said(&r, FIELD_ACTION), "tool.call");
	assert_string_equal(said(&r, FIELD_TOOL), "read");
	assert_string_equal(said(&r, FIELD_REQUEST), "\"7\"");
	assert_string_equal(said(&r, FIELD_RESOURCE), "aA");
	assert_string_equal(said(&r, FIELD_RULE), "test:files");
	snprintf(intended, sizeof(intended), "%s", said(&r, FIELD_DIGEST));
	assert_false(readable(s->tool, QUIET_MS));	/* nothing is sent yet */
	receipt(s, tag);
	line = line_of(s->tool, &s->tool_in);
	assert_string_equal(line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"read\","
				  "\"arguments\":{\"file\":\"aA\"}}}");
	seal_digest(digest, line, strlen(line));
	assert_string_equal(digest, intended);
	free(line);
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":{\"content\":[]}}");	/* nobody's */
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{\"content\":[]}}");	/* a string is not the number */
	say(s->tool, "this is no JSON");
	snprintf(answer, sizeof(answer), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}}");
	say(s->tool, answer);
	say(s->tool, answer);	/* twice */
	r = recorded(s, RECORD_OUTCOME, &tag);
	assert_string_equal(said(&r, FIELD_STATUS), "ok");
	assert_string_equal(said(&r, FIELD_EXECUTED), intended);
	seal_digest(digest, answer, strlen(answer));
	assert_string_equal(said(&r, FIELD_ANSWER), digest);
	assert_int_equal(r.ref, 103);
	receipt(s, tag);
	agent_hears(s, "{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}}");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"tools/list\"}");
	line = line_of(s->agent, &s->agent_in);
	assert_non_null(strstr(line, "\"fs__read\""));
	assert_non_null(strstr(line, "\"run__count\""));
	assert_null(strstr(line, "secret"));
	free(line);
	end_run(s);
}

static void refuses_only_with_a_receipt(void **state)
{
	struct stage *s = stage_new(5000);
	struct record r;
	uint64_t tag;

	(void)state;
	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__shell\"}}");
	r = recorded(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_REASON), "rule-refuses");
	assert_string_equal(said(&r, FIELD_WHY), "no shells here");
	assert_false(readable(s->agent, QUIET_MS));
	receipt(s, tag);
	agent_hears(s, "reeve refused fs/shell: rule test:no-shell: no shells here");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__secret\"}}");
	r = recorded(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_REASON), "no-rule");
	receipt(s, tag);
	agent_hears(s, "\"isError\":true");
	assert_false(readable(s->launcher.fd, QUIET_MS));
	end_run(s);
}

static const struct {
	const char *what, *line, *reason, *code;
} rows[] = {
	{ "no JSON", "{", "bad-json", "-32700" },
	{ "an empty line", "", "bad-json", "-32700" },
	{ "duplicate keys", "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}", "bad-json", "-32700" },
	{ "a batch", "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", "bad-message", "-32600" },
	{ "a case variant", "{\"jsonrpc\":\"2.0\",\"id\":1,\"Method\":\"ping\",\"method\":\"ping\"}", "bad-message", "\"id\":1,\"error\":{\"code\":-32600" },
	{ "id null", "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", "bad-message", "\"id\":null,\"error\":{\"code\":-32600" },
	{ "id 1.5", "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", "bad-message", "-32600" },
	{ "no version", "{\"id\":1,\"method\":\"ping\"}", "bad-message", "-32600" },
	{ "params no object", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", "bad-message", "-32600" },
	{ "unknown method", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/Call\"}", "no-method", "-32601" },
	{ "unknown server", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"x__y\"}}", "no-server", "-32602" },
	{ "no joined name", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"read\"}}", "no-server", "-32602" },
	{ "a member too many", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__read\",\"Name\":\"q\"}}", "bad-params", "-32602" },
	{ "arguments no object", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__read\",\"arguments\":[]}}", "bad-params", "-32602" },
	{ "exec: type", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\",\"arguments\":{\"what\":1}}}", "bad-params", "what must be of type string" },
	{ "exec: missing", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\"}}", "bad-params", "what is missing" },
	{ "exec: unknown", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\",\"arguments\":{\"what\":\"a\",\"x\":1}}}", "bad-params", "x is no parameter" },
	{ "exec: no such tool", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run__other\"}}", "bad-params", "no such tool" },
	{ "a second initialize", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"x\"}}", "bad-message", "-32600" },
	{ "an answer", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", "unsolicited", NULL },
	{ "an unknown notification", "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\"}", "no-method", NULL },
	{ "a cursor", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"cursor\":\"0.1x\"}}", "bad-params", "-32602" },
};

static void records_what_is_malformed(void **state)
{
	struct stage *s = stage_new(5000);
	struct record r;
	uint64_t tag;
	size_t i;

	(void)state;
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
	r = recorded(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_REASON), "not-ready");
	receipt(s, tag);
	agent_hears(s, "-32600");
	greet(s);
	for (i = 0; i < count_of(rows); i++) {
		say(s->agent, rows[i].line);
		r = recorded(s, RECORD_REFUSAL, &tag);
		if (strcmp(said(&r, FIELD_REASON), rows[i].reason) != 0)
			fail_msg("%s: %s", rows[i].what, said(&r, FIELD_REASON));
		receipt(s, tag);
		if (rows[i].code)
			agent_hears(s, rows[i].code);
	}
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}");
	agent_hears(s, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}");	/* the session goes on, nothing was left over */
	end_run(s);
}

static void refuses_a_line_too_long(void **state)
{
	struct stage *s = stage_new(5000);
	size_t size = (4 << 20) + 5;
	char *line = malloc(size + 1);
	struct record r;
	uint64_t tag;

	(void)state;
	memset(line, ' ', size);
	line[size] = '\0';
	say(s->agent, line);
	r = recorded(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_REASON), "too-long");
	assert_int_equal(r.value[FIELD_SIZE].number, size);
	receipt(s, tag);
	agent_hears(s, "4 MiB");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}");
	agent_hears(s, "\"id\":2,\"result\"");
	free(line);
	end_run(s);
}

static void id_in_flight_is_refused(void **state)
{
	static const char call[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\",\"arguments\":{\"what\":\"a\"}}}";
	struct stage *s = stage_new(5000);
	uint64_t first, second;
	struct record r;

	(void)state;
	greet(s);
	say(s->agent, call);
	recorded(s, RECORD_INTENT, &first);
	say(s->agent, call);
	r = recorded(s, RECORD_REFUSAL, &second);
	assert_string_equal(said(&r, FIELD_REASON), "id-reused");
	receipt(s, second);	/* in whatever order */
	agent_hears(s, "in flight already");
	close(s->agent);	/* gone before its receipt: nothing is done */
	s->agent = -1;
	assert_false(readable(s->recorder.fd, QUIET_MS));
	receipt(s, first);
	outcome(s, "cancelled");
	end_run(s);
}

static void runs_a_program(void **state)
{
	static const char judged[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
				     "\"count\",\"arguments\":{\"what\":\"a b\",\"most\":12}}}";
	char digest[SEAL_DIGEST_TEXT];
	struct stage *s = stage_new(5000);
	uint8_t status[4] = { 3 };
	struct err e = { 0 };
	struct record r;
	struct unpack u;
	uint64_t tag;
	size_t size;
	struct msg *m;

	(void)state;
	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\","
		      "\"arguments\":{\"what\":\"a b\"}}}");
	r = recorded(s, RECORD_INTENT, &tag);
	seal_digest(digest, judged, strlen(judged));	/* the default is judged like a given value */
	assert_string_equal(said(&r, FIELD_DIGEST), digest);
	assert_string_equal(said(&r, FIELD_SERVER), "run");
	assert_false(readable(s->launcher.fd, QUIET_MS));
	receipt(s, tag);
	m = hear(s, &s->launcher, MSG_EXEC);
	u = (struct unpack){ .at = m->body, .left = m->size };
	assert_int_equal(unpack_number(&u, 8), s->index);
	assert_int_equal(unpack_number(&u, 2), 1);
	assert_int_equal(unpack_number(&u, 2), 0);
	assert_int_equal(unpack_number(&u, 2), 3);
	assert_int_equal(unpack_number(&u, 1), 1);
	assert_memory_equal(unpack_text(&u, &size), "a b", 3);
	assert_int_equal(unpack_number(&u, 1), 0);
	assert_int_equal(unpack_number(&u, 1), 1);
	assert_memory_equal(unpack_text(&u, &size), "12", 2);
	assert_true(unpack_done(&u));
	tag = m->tag;
	spawned(s, tag);
	must_ok(fd_write_all(s->tool, "out\xff", 4, &e), &e);
	close(s->tool);
	s->tool = -1;
	must_ok(wire_send(&s->launcher, MSG_EXITED, tag, status, 4, NULL, 0, &e), &e);
	r = recorded(s, RECORD_OUTCOME, &tag);
	assert_string_equal(said(&r, FIELD_STATUS), "tool-error");
	assert_int_equal(r.value[FIELD_EXIT].number, 3);
	receipt(s, tag);
	agent_hears(s, "{\"type\":\"text\",\"text\":\"out\\\\xff\"},{\"type\":\"text\",\"text\":\"exit status 3\"}],\"isError\":true");
	end_run(s);
}

/* A call in flight: until its deadline, its server's death, or the end of the run. */
static struct stage *flying(unsigned ms)
{
	struct stage *s = stage_new(ms);
	uint64_t tag;

	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__slow\"}}");
	start_server(s, 3);
	list_tools(s, 3);
	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	tool_hears(s, "tools/call");
	return s;
}

static void gives_up_at_the_deadline(void **state)
{
	struct stage *s = flying(50);

	(void)state;
	outcome(s, "timeout");
	agent_hears(s, "did not answer within 50 ms");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");	/* too late: dropped */
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}");
	agent_hears(s, "\"id\":2");
	end_run(s);
}

static void survives_its_server(void **state)
{
	struct stage *s = flying(5000);

	(void)state;
	close(s->tool);
	s->tool = -1;
	outcome(s, "failed");
	agent_hears(s, "tool server fs ended");
	hear(s, &s->launcher, MSG_STOP);
	end_run(s);
}

static void closes_what_is_open_at_the_end(void **state)
{
	struct stage *s = flying(5000);
	struct err e = { 0 };

	(void)state;
	must_ok(wire_send(&s->launcher, MSG_END, 0, NULL, 0, NULL, 0, &e), &e);
	outcome(s, "unknown");
	hear(s, &s->launcher, MSG_DONE);
	end(s, 0);
}

static void restarts_what_has_died(void **state)
{
	struct stage *s = flying(5000);
	uint8_t status[4] = { 9 };
	struct err e = { 0 };
	uint64_t tag;

	(void)state;
	must_ok(wire_send(&s->launcher, MSG_EXITED, s->spawn_tag, status, 4, NULL, 0, &e), &e);
	outcome(s, "failed");
	agent_hears(s, "tool server fs ended with status 9. The call may or may not have had an effect.");
	close(s->tool);
	buf_free(&s->tool_in);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__read\"}}");
	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	start_server(s, 0);
	list_tools(s, 7);
	tool_hears(s, "\"name\":\"read\"");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":6,\"error\":{\"code\":-32602,\"message\":\"no\",\"data\":[1]}}");
	outcome(s, "error");
	agent_hears(s, "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32602,\"message\":\"no\",\"data\":[1]}}");
	end_run(s);
}

static void tells_of_a_changed_list(void **state)
{
	struct stage *s = flying(5000);

	(void)state;
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}");
	tool_hears(s, "\"id\":6,\"method\":\"tools/list\"");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":6,\"result\":{\"tools\":[{\"name\":\"open\",\"inputSchema\":{}}]}}");
	agent_hears(s, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/list\"}");
	agent_hears(s, "\"fs__open\"");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\"}");
	agent_hears(s, "\"id\":4");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}");
	outcome(s, "ok");
	assert_false(readable(s->agent, QUIET_MS));	/* cancelled: its answer is not wanted */
	end_run(s);
}

static void asks_the_launcher_about_paths(void **state)
{
	static const struct {
		uint16_t beneath;
		enum record_kind record;
	} answers[] = { { 0, RECORD_REFUSAL }, { 1, RECORD_INTENT } };
	struct stage *s = stage_new(5000);
	struct err e = { 0 };
	uint64_t tag = 0;
	struct unpack u;
	struct msg *m;
	size_t i, size;

	(void)state;
	greet(s);
	for (i = 0; i < count_of(answers); i++) {
		say(s->agent, i ? "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__open\",\"arguments\":{\"path\":\"/w/sub/x\"}}}" :
				  "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__open\",\"arguments\":{\"path\":\"/w/sub/x\"}}}");
		m = hear(s, &s->launcher, MSG_RESOLVE);
		u = (struct unpack){ .at = m->body, .left = m->size };
		assert_int_equal(unpack_number(&u, 2), 0);
		assert_memory_equal(unpack_text(&u, &size), "/w", 2);
		assert_memory_equal(unpack_text(&u, &size), "/w/sub/x", 8);
		assert_false(readable(s->recorder.fd, QUIET_MS));	/* not judged yet */
		must_ok(wire_send(&s->launcher, MSG_RESOLVED, m->tag, &answers[i].beneath, 2, NULL, 0, &e), &e);
		recorded(s, answers[i].record, &tag);
		receipt(s, tag);
		if (!i)
			agent_hears(s, "no rule allows it");
	}
	hear(s, &s->launcher, MSG_SPAWN);	/* allowed, so far: what it is sent depends on its server */
	end(s, 3);
}

static void says_when_a_server_does_not_start(void **state)
{
	struct stage *s = stage_new(5000);
	struct err e = { 0 };
	uint64_t tag;

	(void)state;
	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__read\"}}");
	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	tag = hear(s, &s->launcher, MSG_SPAWN)->tag;
	must_ok(wire_send_text(&s->launcher, MSG_FAILED, tag, "no such program", &e), &e);
	outcome(s, "failed");
	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	outcome(s, "failed");
	agent_hears(s, "tool server fs did not start: no such program. The call was not made.");
	end_run(s);
}

static void ends_with_its_recorder(void **state)
{
	struct stage *s = stage_new(5000);

	(void)state;
	greet(s);
	shutdown(s->recorder.fd, SHUT_RDWR);
	end(s, 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(forwards_what_was_judged),
		cmocka_unit_test(refuses_only_with_a_receipt),
		cmocka_unit_test(records_what_is_malformed),
		cmocka_unit_test(refuses_a_line_too_long),
		cmocka_unit_test(id_in_flight_is_refused),
		cmocka_unit_test(runs_a_program),
		cmocka_unit_test(gives_up_at_the_deadline),
		cmocka_unit_test(survives_its_server),
		cmocka_unit_test(closes_what_is_open_at_the_end),
		cmocka_unit_test(restarts_what_has_died),
		cmocka_unit_test(tells_of_a_changed_list),
		cmocka_unit_test(asks_the_launcher_about_paths),
		cmocka_unit_test(says_when_a_server_does_not_start),
		cmocka_unit_test(ends_with_its_recorder),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
