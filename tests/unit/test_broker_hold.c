/* tests/unit/test_broker_hold.c - calls that a person has to approve: the test is launcher, recorder and agents. */
#include "broker_stage.h"

const char policy_text[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":["
	"{\"id\":\"ask\",\"then\":\"review\",\"review\":{\"by\":[\"leads\"],\"within\":\"15m\",\"wait\":\"10m\",\"then\":[{\"by\":[\"boss\"],\"after\":\"10m\"}]},"
	"\"when\":{\"tool\":[\"run/count\",\"fs/read\"]},\"why\":\"it costs\"},"
	"{\"id\":\"short\",\"then\":\"review\",\"review\":{\"by\":1,\"within\":\"15m\",\"wait\":\"1s\"},\"when\":{\"tool\":\"fs/slow\"},\"why\":\"it costs\"},"
	"{\"id\":\"soon\",\"then\":\"review\",\"review\":{\"by\":[\"leads\"],\"count\":2,\"within\":\"15m\",\"then\":[{\"by\":[\"boss\"],\"after\":\"1s\"}]},"
	"\"when\":{\"tool\":\"fs/soon\"},\"why\":\"it costs\"},"
	"{\"id\":\"nobody\",\"then\":\"review\",\"review\":{\"by\":[\"carol\"],\"within\":\"15m\"},\"when\":{\"tool\":\"fs/nobody\"},\"why\":\"it costs\"},"
	"{\"id\":\"many\",\"then\":\"review\",\"review\":{\"by\":4,\"within\":\"15m\"},\"when\":{\"tool\":\"fs/many\"},\"why\":\"it costs\"},"
	"{\"id\":\"path\",\"then\":\"review\",\"review\":{\"by\":1,\"within\":\"15m\"},\"when\":{\"tool\":\"fs/path\",\"args\":{\"/path\":{\"under\":\"/w\"}}},\"why\":\"it costs\"},"
	"{\"id\":\"free\",\"then\":\"allow\",\"when\":{\"tool\":\"fs/free\"},\"why\":\"to look\"}]}";

#define COUNT(id, what) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\"," \
	"\"arguments\":{\"what\":\"" what "\"}}}"

/* What is asked of the recorder. */
struct asked {
	uint64_t tag;
	char digest[SEAL_DIGEST_TEXT];
	struct record record;
	uint8_t room[RECORD_MOST];
	struct buf payload;
};

static void is_held(struct stage *s, struct asked *a)
{
	struct err e = { 0 };
	bool more;

	*a = (struct asked){ .payload = BUF(8 << 20) };
	do {
		assert_true(readable(s->recorder.fd, WAIT_MS));
		assert_int_equal(wire_receive(&s->recorder, &s->msg, true, &e), WIRE_MESSAGE);
		more = s->msg.type == MSG_PAYLOAD;
		assert_true(more || s->msg.type == MSG_HOLD);
		assert_true(a->tag == 0 || a->tag == s->msg.tag);
		a->tag = s->msg.tag;
		if (more)
			buf_add(&a->payload, s->msg.body, s->msg.size);
	} while (more);
	memcpy(a->room, s->msg.body, s->msg.size);
	must_ok(record_unpack(&a->record, a->room, s->msg.size, &e), &e);
	assert_int_equal(a->record.kind, RECORD_HELD);
	seal_digest(a->digest, a->payload.data, a->payload.size);
	assert_string_equal(a->digest, said(&a->record, FIELD_DIGEST));
	buf_free(&a->payload);
}

static void holds(struct stage *s, const struct asked *a, uint64_t index, int state, const char *who, const char *why)
{
	uint8_t body[512];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };

	pack_number(&p, index, 8);
	pack_number(&p, (uint64_t)state, 1);
	pack_number(&p, *who ? index + 1 : 0, 8);
	pack_number(&p, 900, 4);
	pack_text(&p, who, strlen(who));
	pack_text(&p, why, strlen(why));
	must_ok(wire_send(&s->recorder, MSG_HOLDS, a->tag, p.at, p.size, NULL, 0, &e), &e);
}

/* The launcher is told; the index that it is told of. */
static void is_told(struct stage *s, uint64_t index, const char *part)
{
	struct msg *m = hear(s, &s->launcher, MSG_HOLDING);
	struct unpack u = { .at = m->body, .left = m->size };
	const char *text, *line;
	char number[32];
	size_t size;

	assert_int_equal(unpack_number(&u, 8), index);
	text = unpack_text(&u, &size);
	assert_non_null(text);
	line = unpack_text(&u, &size);
	assert_true(line && unpack_done(&u) && line[size - 1] == '\n');
	if (!memmem(line, size, part, strlen(part)))
		fail_msg("the hook hears %.*s", (int)size, line);
	snprintf(number, sizeof(number), "\"held\":%llu,", (unsigned long long)index);
	assert_non_null(memmem(line, size, number, strlen(number)));
}

static void stands(struct stage *s, struct asked *a, uint64_t index)
{
	is_held(s, a);
	holds(s, a, index, HOLD_WAITING, "", "");
	is_told(s, index, "\"asked\":[");
}

static void quiet(const struct stage *s)
{
	assert_int_equal(s->commits.left, 0);
	assert_false(readable(s->recorder.fd, QUIET_MS));
	assert_false(readable(s->launcher.fd, 0));
}

/* The program of an exec tool is asked for, and ends. */
static void is_executed(struct stage *s)
{
	uint8_t status[4] = { 0 };
	struct err e = { 0 };
	uint64_t tag = hear(s, &s->launcher, MSG_EXEC)->tag;

	spawned(s, tag);
	close(s->tool);
	s->tool = -1;
	must_ok(wire_send(&s->launcher, MSG_EXITED, tag, status, 4, NULL, 0, &e), &e);
}

/* Its intent names what it was approved as, its outcome what was executed: the same bytes. */
static void is_done(struct stage *s, const struct asked *a, uint64_t index)
{
	uint64_t tag;
	struct record r = recorded(s, RECORD_INTENT, &tag);

	assert_int_equal(r.ref, index);
	assert_string_equal(said(&r, FIELD_REASON), "approved");
	assert_string_equal(said(&r, FIELD_DIGEST), a->digest);
	assert_string_equal(said(&r, FIELD_RULE), "test:ask");
	assert_false(readable(s->launcher.fd, QUIET_MS));	/* no receipt, no effect */
	receipt(s, tag);
	is_executed(s);
	r = recorded(s, RECORD_OUTCOME, &tag);
	assert_string_equal(said(&r, FIELD_APPROVED), a->digest);
	assert_string_equal(said(&r, FIELD_EXECUTED), a->digest);
	receipt(s, tag);
}

static struct record refused(struct stage *s, const char *reason)
{
	uint64_t tag;
	struct record r = recorded(s, RECORD_REFUSAL, &tag);

	assert_string_equal(said(&r, FIELD_REASON), reason);
	receipt(s, tag);
	return r;
}

/* A person is asked about the bytes that the tool gets, all of them and no others. */
static void is_done_to_the_byte(void **state)
{
	struct stage *s = stage_new(5000);
	struct asked a;
	char *line, digest[SEAL_DIGEST_TEXT], answer[160];
	struct record r;
	uint64_t tag;

	(void)state;
	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__read\",\"arguments\":{\"file\":\"\\u0041\"},"
		      "\"_meta\":{\"progressToken\":\"p\",\"reeve/reason\":\"it is due\\u202e\",\"reeve/alternatives\":[\"wait\",\"ask\"]}}}");
	start_server(s, 3);
	say_tools(s, 3);
	is_held(s, &a);
	outcome(s, "ok");
	assert_string_equal(said(&a.record, FIELD_REASON), "review");
	assert_string_equal(said(&a.record, FIELD_RULE), "test:ask");
	assert_string_equal(said(&a.record, FIELD_POLICY), "sha256:policy");
	assert_string_equal(said(&a.record, FIELD_SERVER), "fs");
	assert_string_equal(said(&a.record, FIELD_TOOL), "read");
	assert_string_equal(said(&a.record, FIELD_RESOURCE), "A");
	assert_string_equal(said(&a.record, FIELD_REQUEST), "5");
	assert_int_equal(a.record.value[FIELD_WITHIN].number, 900);
	assert_memory_equal(a.record.value[FIELD_ASKED_OF].text, "1 1 0 alice bob\0" "1 1 600 boss", 29);
	assert_memory_equal(a.record.value[FIELD_CLAIMS].text, "reason it is due\\u{202e}\0" "alternatives wait; ask", 47);
	assert_false(readable(s->launcher.fd, QUIET_MS));	/* nobody is told of what is not durable */
	holds(s, &a, 34, HOLD_WAITING, "", "");
	is_told(s, 34, "\"asked\":[\"alice\",\"bob\"]");
	agent_hears(s, "\"message\":\"held for review (34) by alice, bob until ");
	assert_false(readable(s->tool, QUIET_MS));
	holds(s, &a, 34, HOLD_APPROVED, "alice", "fine");
	r = recorded(s, RECORD_INTENT, &tag);
	assert_int_equal(r.ref, 34);
	assert_string_equal(said(&r, FIELD_RESOURCE), "A");
	assert_memory_equal(r.value[FIELD_CLAIMS].text, "reason it is due\\u{202e}", 24);
	assert_false(readable(s->tool, QUIET_MS));
	receipt(s, tag);
	line = line_of(s->tool, &s->tool_in);
	seal_digest(digest, line, strlen(line));
	assert_string_equal(digest, a.digest);
	assert_null(strstr(line, "due"));
	snprintf(answer, sizeof(answer), "{\"jsonrpc\":\"2.0\",\"id\":%.10s,\"result\":{\"content\":[]}}", strstr(line, "\"id\":") + 5);
	free(line);
	say(s->tool, answer);
	r = recorded(s, RECORD_OUTCOME, &tag);
	assert_string_equal(said(&r, FIELD_APPROVED), a.digest);
	assert_string_equal(said(&r, FIELD_EXECUTED), a.digest);
	receipt(s, tag);
	agent_hears(s, "\"id\":5,\"result\":{\"content\":[]}");
	end_run(s);
}

/* The client has given up; who asks again the same way, also by another id, gets what was decided meanwhile. */
static void is_asked_again(void **state)
{
	struct stage *s = stage_new(5000);
	struct asked a;
	uint64_t tag;

	(void)state;
	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__slow\"}}");
	start_server(s, 3);
	say_tools(s, 3);
	stands(s, &a, 40);
	outcome(s, "ok");
	agent_hears(s, "reeve holds fs/slow for review (40) until ");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__slow\"}}");
	agent_hears(s, "ask again the same way once it is approved");
	quiet(s);
	holds(s, &a, 40, HOLD_APPROVED, "bob", "");
	quiet(s);	/* nobody waits */
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"arguments\":null,\"name\":\"fs__slow\"}}");
	refused(s, "bad-params");	/* that is not the same */
	agent_hears(s, "arguments must be an object");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__slow\"}}");
	assert_int_equal(recorded(s, RECORD_INTENT, &tag).ref, 40);
	receipt(s, tag);
	tool_hears(s, "\"name\":\"slow\"");
	holds(s, &a, 40, HOLD_USED, "", "");
	end_run(s);
}

/* An approval is for one: of two agents that ask the same at once one is served, the other is told. */
static void is_used_once(void **state)
{
	struct stage *s = stage_new(5000);
	struct buf other_in = BUF(1 << 20);
	struct asked a, b;
	char *line;

	(void)state;
	greet(s);
	say(s->other, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{}}}");
	free(line_of(s->other, &other_in));
	say(s->agent, COUNT("1", "x"));
	stands(s, &a, 50);
	say(s->other, COUNT("1", "x"));
	quiet(s);
	holds(s, &a, 50, HOLD_APPROVED, "alice", "");
	holds(s, &a, 50, HOLD_APPROVED, "alice", "");	/* said twice, it is still one */
	is_done(s, &a, 50);
	agent_hears(s, "\"isError\":false");
	line = line_of(s->other, &other_in);
	assert_non_null(strstr(line, "another call that asked the same was done by that"));
	free(line);
	holds(s, &a, 50, HOLD_USED, "", "");
	quiet(s);
	say(s->other, COUNT("2", "x"));	/* once more is another call, and asked for anew */
	is_held(s, &b);
	assert_string_equal(a.digest, b.digest);
	assert_int_not_equal(a.tag, b.tag);
	buf_free(&other_in);
	end_run(s);
}

static void is_denied(void **state)
{
	struct stage *s = stage_new(5000);
	struct asked a;
	struct record r;

	(void)state;
	greet(s);
	say(s->agent, COUNT("1", "x"));
	stands(s, &a, 60);
	holds(s, &a, 60, HOLD_DENIED, "bob", "not \x1b[31mtoday");
	r = refused(s, "denied");
	assert_string_equal(said(&r, FIELD_RULE), "test:ask");
	assert_string_equal(said(&r, FIELD_WHY), "bob denied it: not \\x1b[31mtoday");
	agent_hears(s, "reeve refused run/count: bob denied it: not ");
	say(s->agent, COUNT("2", "x"));	/* nobody is asked again */
	refused(s, "denied");
	agent_hears(s, "\"id\":2,");
	quiet(s);
	end_run(s);
}

static void is_too_late(void **state)
{
	struct stage *s = stage_new(5000);
	struct asked a;
	uint64_t tag;

	(void)state;
	greet(s);
	say(s->agent, COUNT("1", "x"));
	stands(s, &a, 60);
	holds(s, &a, 60, HOLD_APPROVED, "bob", "");
	assert_int_equal(recorded(s, RECORD_INTENT, &tag).ref, 60);
	holds(s, &a, 60, HOLD_EXPIRED, "", "");	/* the intent came too late: there is no receipt */
	refused(s, "expired");
	agent_hears(s, "it was not approved within 900 seconds");
	say(s->agent, COUNT("1", "z"));
	stands(s, &a, 65);
	holds(s, &a, 65, HOLD_APPROVED, "bob", "");
	holds(s, &a, 65, HOLD_USED, "", "");	/* another run of this agent was first */
	assert_int_equal(recorded(s, RECORD_INTENT, &tag).ref, 65);
	agent_hears(s, "another call that asked the same was done by that");
	quiet(s);
	say(s->agent, COUNT("1", "z"));
	is_held(s, &a);
	holds(s, &a, 0, HOLD_WITHDRAWN, "", "1024 calls are held already");
	refused(s, "undecidable");
	agent_hears(s, "it cannot be held for review: 1024 calls are held already");
	say(s->agent, COUNT("2", "y"));
	stands(s, &a, 70);
	holds(s, &a, 70, HOLD_EXPIRED, "", "");
	refused(s, "expired");
	agent_hears(s, "it was not approved within 900 seconds");
	end_run(s);
}

/* It takes its wait back, or goes: what is held stands, and nothing is done for nobody. */
static void stands_without_its_agent(void **state)
{
	struct stage *s = stage_new(5000);
	struct asked a;
	uint64_t tag;

	(void)state;
	greet(s);
	say(s->agent, COUNT("1", "x"));
	stands(s, &a, 60);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"ping\"}");
	agent_hears(s, "\"id\":9");
	say(s->agent, COUNT("1", "x"));
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":10,\"method\":\"ping\"}");
	agent_hears(s, "\"id\":10");
	close(s->agent);
	s->agent = agent_comes(s);
	s->agent_in.size = 0;
	greet(s);
	holds(s, &a, 60, HOLD_APPROVED, "alice", "");
	quiet(s);
	say(s->agent, COUNT("1", "y"));	/* for this nobody has said anything */
	is_held(s, &a);
	say(s->agent, COUNT("2", "x"));
	assert_int_equal(recorded(s, RECORD_INTENT, &tag).ref, 60);
	receipt(s, tag);
	is_executed(s);
	outcome(s, "ok");
	agent_hears(s, "\"id\":2,");
	end_run(s);
}

/* A recorder that says what it cannot mean has been taken over. */
static void ends_with_what_cannot_be(void **state)
{
	static const struct {
		uint64_t more, index, then;
		int first, second;
	} rows[] = {
		{ 0, 0, 0, HOLD_WAITING, -1 },			/* of no record */
		{ 0, 60, 0, HOLD_STATES, -1 },			/* a state that is none */
		{ 1, 60, 0, HOLD_APPROVED, -1 },		/* of a call that nobody asked to hold */
		{ UINT64_C(1) << 62, 60, 0, HOLD_APPROVED, -1 },
		{ 0, 60, 61, HOLD_WAITING, HOLD_APPROVED },	/* of another call */
	};
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		struct stage *s = stage_new(5000);
		struct asked a;

		greet(s);
		say(s->agent, COUNT("1", "x"));
		is_held(s, &a);
		a.tag += rows[i].more;
		holds(s, &a, rows[i].index, rows[i].first, "", "");
		if (rows[i].second >= 0)
			holds(s, &a, rows[i].then, rows[i].second, "", "");
		end(s, 3);
	}
}

/* What ended stays ended, whatever is said of it afterwards. */
static void ends_once(void **state)
{
	static const int after[] = { HOLD_APPROVED, HOLD_WAITING, HOLD_USED };
	size_t i;

	(void)state;
	for (i = 0; i < count_of(after); i++) {
		struct stage *s = stage_new(5000);
		struct asked a;

		greet(s);
		say(s->agent, COUNT("1", "x"));
		stands(s, &a, 60);
		holds(s, &a, 60, HOLD_DENIED, "bob", "");
		refused(s, "denied");
		agent_hears(s, "denied");
		holds(s, &a, 60, after[i], "alice", "");
		end(s, 3);
	}
}

static void refuses_without_reviewers(void **state)
{
	struct stage *s = stage_new(5000);

	(void)state;
	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__nobody\"}}");
	refused(s, "no-reviewer");
	agent_hears(s, "rule test:nobody asks for the word of 1 person, and of those it names 0 have a key");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__many\"}}");
	refused(s, "no-reviewer");
	agent_hears(s, "the word of 4 people, and of those it names 3 have a key");
	quiet(s);
	end_run(s);
}

/* Each time somebody else is asked the operator is told. */
static void tells_of_each_step(void **state)
{
	struct stage *s = stage_new(5000);
	struct asked a;

	(void)state;
	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__soon\"}}");
	start_server(s, 3);
	say_tools(s, 3);
	is_held(s, &a);
	outcome(s, "ok");
	holds(s, &a, 60, HOLD_WAITING, "", "");
	is_told(s, 60, "\"asked\":[\"alice\",\"bob\"]");
	holds(s, &a, 60, HOLD_WAITING, "alice", "");	/* one of two */
	is_told(s, 60, "\"asked\":[\"alice\",\"bob\",\"boss\"]");
	quiet(s);
	end_run(s);
}

static void says_where(struct stage *s, uint8_t beneath)
{
	uint64_t tag = hear(s, &s->launcher, MSG_RESOLVE)->tag;
	struct err e = { 0 };

	must_ok(wire_send(&s->launcher, MSG_RESOLVED, tag, (uint8_t[2]){ beneath }, 2, NULL, 0, &e), &e);
}

/* Approved, it is judged by its own bytes; but where its path lies is asked once more: links can be moved meanwhile. */
static void is_judged_by_where_it_lies_then(void **state)
{
	struct stage *s = stage_new(5000);
	struct asked a;
	uint64_t tag;
	struct record r;

	(void)state;
	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__path\",\"arguments\":{\"path\":\"a/b\"}}}");
	says_where(s, 1);
	start_server(s, 3);
	say_tools(s, 3);
	stands(s, &a, 60);
	outcome(s, "ok");
	holds(s, &a, 60, HOLD_APPROVED, "boss", "");
	says_where(s, 1);
	r = recorded(s, RECORD_INTENT, &tag);
	assert_int_equal(r.ref, 60);
	assert_string_equal(said(&r, FIELD_RULE), "test:path");
	receipt(s, tag);
	tool_hears(s, "\"arguments\":{\"path\":\"a/b\"}");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__path\",\"arguments\":{\"path\":\"a/c\"}}}");
	says_where(s, 1);
	stands(s, &a, 70);
	holds(s, &a, 70, HOLD_APPROVED, "boss", "");
	says_where(s, 0);
	r = recorded(s, RECORD_REFUSAL, &tag);
	receipt(s, tag);
	agent_hears(s, "reeve refused fs/path");
	end_run(s);
}

static void checks_claims(void **state)
{
	static const struct {
		const char *meta, *says;
	} rows[] = {
		{ "\"reeve/reason\":7", "a claim must be a string" },
		{ "\"reeve/reason\":\" \\n\"", "a claim must be a string that says something" },
		{ "\"reeve/trigger\":[]", "a claim has 1 to 16 texts" },
		{ "\"reeve/trigger\":[\"x\",{}]", "each text of a claim must be a string" },
		{ "\"reeve/reasons\":\"x\"", "only trigger, reason and alternatives" },
	};
	struct stage *s = stage_new(5000);
	char line[400];
	size_t i;

	(void)state;
	greet(s);
	for (i = 0; i < count_of(rows); i++) {
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\","
			 "\"arguments\":{\"what\":\"x\"},\"_meta\":{%s}}}", i, rows[i].meta);
		say(s->agent, line);
		if (i == 0)
			refused(s, "bad-params");
		agent_hears(s, rows[i].says);
	}
	quiet(s);
	end_run(s);
}

/* As many as may be held are, and what needs nobody's word goes on beside them. */
static void leaves_room_for_others(void **state)
{
	struct stage *s = stage_new(5000);
	struct buf other_in = BUF(1 << 20);
	struct asked a;
	char line[300];
	uint64_t tag;
	int i;

	(void)state;
	greet(s);
	say(s->other, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{}}}");
	free(line_of(s->other, &other_in));
	for (i = 0; i < 64; i++) {
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\","
			 "\"arguments\":{\"what\":\"%d\"}}}", i + 1, i);
		say(i < 32 ? s->agent : s->other, line);
		stands(s, &a, 1000 + (uint64_t)i);
	}
	say(s->agent, COUNT("100", "more"));
	refused(s, "over-quota");
	agent_hears(s, "wait for a person's word already");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":101,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__free\"}}");
	start_server(s, 3);
	list_tools(s, 3);
	for (i = 0; i < 20; i++) {
		recorded(s, RECORD_INTENT, &tag);
		receipt(s, tag);
		tool_hears(s, "\"name\":\"free\"");
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"content\":[]}}", i ? i + 5 : 1);
		say(s->tool, line);
		outcome(s, "ok");
		agent_hears(s, "\"content\":[]");
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__free\"}}", i + 200);
		say(s->agent, line);
	}
	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	buf_free(&other_in);
	end_run(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_done_to_the_byte),
		cmocka_unit_test(is_asked_again),
		cmocka_unit_test(is_used_once),
		cmocka_unit_test(is_denied),
		cmocka_unit_test(is_too_late),
		cmocka_unit_test(stands_without_its_agent),
		cmocka_unit_test(ends_with_what_cannot_be),
		cmocka_unit_test(ends_once),
		cmocka_unit_test(refuses_without_reviewers),
		cmocka_unit_test(tells_of_each_step),
		cmocka_unit_test(is_judged_by_where_it_lies_then),
		cmocka_unit_test(checks_claims),
		cmocka_unit_test(leaves_room_for_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
